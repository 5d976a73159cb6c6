"""Octopus' stand-in with small books, a user signed in to it, and its first dossier."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.conformance import NOW
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.octopus.sandboxed import FIRST, KEY, signed_in
from tests.providers.sandboxed import Connected, SandboxTime


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=700, providers=[KEY], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def budgets(sandbox: Sandbox) -> FakeBudgets:
    return FakeBudgets(SandboxTime(sandbox))


@pytest.fixture
def kit(sandbox: Sandbox, budgets: FakeBudgets) -> Kit:
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=SandboxTime(sandbox), budgets=budgets, time_outs=waits)


@pytest.fixture
def connected(sandbox: Sandbox, kit: Kit) -> Connected:
    return signed_in(sandbox, kit)


@pytest.fixture
def source(connected: Connected) -> Iterator[Source]:
    with closing(connected.open()) as opened:
        yield opened


@pytest.fixture
def administration(source: Source) -> Administration:
    return next(found for found in source.administrations() if found.key == FIRST)

"""Minox' stand-in with small books, a consent to it, and its first administration."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.conformance import NOW
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.minox.sandboxed import FIRST, KEY, authorised
from tests.providers.sandboxed import Connected, SandboxTime


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=400, providers=[KEY], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def kit(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)


@pytest.fixture
def connected(sandbox: Sandbox, kit: Kit) -> Connected:
    return authorised(sandbox, kit)


@pytest.fixture
def source(connected: Connected) -> Iterator[Source]:
    with closing(connected.open()) as opened:
        yield opened


@pytest.fixture
def administration(source: Source) -> Administration:
    return next(found for found in source.administrations() if found.key == FIRST)

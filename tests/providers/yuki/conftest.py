"""A sandbox with one portal key, and the administration most tests look at."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.yuki.source import YukiSource
from core.domain.integration import Administration
from sandbox.server import Sandbox
from tests.providers.conformance import NOW
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, SandboxTime
from tests.providers.yuki.test_conformance import ADMINISTRATION, KEY, SEED, keyed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=SEED, lines=600, providers=[KEY], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def kit(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)


@pytest.fixture
def connected(sandbox: Sandbox, kit: Kit) -> Connected:
    return keyed(sandbox, kit)


@pytest.fixture
def source(connected: Connected) -> Iterator[YukiSource]:
    opened = connected.open()
    assert isinstance(opened, YukiSource)
    with closing(opened):
        yield opened


@pytest.fixture
def administration(source: YukiSource) -> Administration:
    return next(found for found in source.administrations() if found.key == ADMINISTRATION)

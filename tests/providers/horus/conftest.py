"""Horus' stand-in with small books, and a kit on its time."""

from collections.abc import Iterator

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from sandbox.server import Sandbox
from tests.providers.conformance import NOW
from tests.providers.horus.sandboxed import KEY
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import SandboxTime


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=400, providers=[KEY], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def kit(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)

"""Calls that may be under way at once: what is taken is given back, whatever happens."""

import contextlib

import pytest

from adapters.providers.kit.calls import (
    Charge,
    Kit,
    Request,
    SizeLimits,
)
from adapters.storage.budgets import MemoryBudgets
from core.domain.failures import (
    Failure,
    FixSettings,
)
from core.ports.budget import BudgetSpent
from core.ports.provider import Limit
from tests.fakes import FakeClock
from tests.providers.kit.scripted import FakeBudgets, ScriptedServer, answer
from tests.providers.kit.test_transport import transport


def _charged(url: str) -> Request:
    return Request(
        method="GET",
        url=url,
        charges=(Charge(scope="a", limits=(Limit(scope="app", calls=1, seconds=0),)),),
    )


@pytest.mark.parametrize(
    ("script", "good"),
    [
        (answer(), True),
        (answer(404), False),
        (answer(body=b"x" * 200), False),
        (b"", False),
    ],
    ids=["answered", "refused", "too large", "cut off"],
)
def test_a_call_is_over_whatever_came_of_it(script: bytes, *, good: bool) -> None:
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    kit = Kit(clock=clock, budgets=budgets, sizes=SizeLimits(answer_bytes=100))
    with ScriptedServer(*[script] * 4) as server, transport(kit) as calls:
        with contextlib.nullcontext() if good else pytest.raises(Failure):
            calls.send(_charged(server.url))
        assert budgets.under_way == []


def test_a_call_that_cannot_leave_is_over_too() -> None:
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    with transport(Kit(clock=clock, budgets=budgets)) as calls, pytest.raises(FixSettings):
        calls.send(_charged("http://books.example.org/"))
    assert budgets.under_way == []


def test_a_streamed_call_is_under_way_until_its_stream_is_left() -> None:
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    kit = Kit(clock=clock, budgets=budgets)
    with ScriptedServer(answer(body=b"books")) as server, transport(kit) as calls:
        with calls.stream(_charged(server.url)) as streamed:
            assert b"".join(streamed.chunks) == b"books"
            assert budgets.under_way == ["a"]
        assert budgets.under_way == []


def test_who_waits_for_a_slot_asks_again_in_a_moment_and_gives_up_after_its_patience() -> None:
    clock = FakeClock()
    budgets = MemoryBudgets(clock)
    kit = Kit(clock=clock, budgets=budgets)
    with ScriptedServer(answer()) as server, transport(kit) as calls:
        request = _charged(server.url)
        budgets.take(request.charges, call="another", seconds=20)
        calls.send(request)
        assert 19 < sum(clock.pauses) < 21, "until the dead process' call no longer counts"
        budgets.take(request.charges, call="another", seconds=3_600)
        with pytest.raises(BudgetSpent):
            calls.send(request)
        assert calls.calls == 1


def test_charges_of_several_scopes_are_taken_together_or_not_at_all() -> None:
    """A call paid for in one scope and held up in the other would leave long after its stamp."""
    clock = FakeClock()
    budgets = MemoryBudgets(clock)
    minute = Limit(scope="app", calls=1, seconds=60)
    for scope in ("a", "b"):
        budgets.spend(scope, [minute])
        clock.pause(30)
    with ScriptedServer(answer()) as server, transport(Kit(clock=clock, budgets=budgets)) as calls:
        both = tuple(Charge(scope=scope, limits=(minute,)) for scope in ("a", "b"))
        calls.send(Request(method="GET", url=server.url, charges=both))
    (left_a, left_b) = budgets.left("", [minute])
    assert left_a.free_at == left_b.free_at

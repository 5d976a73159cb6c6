"""What every implementation of core.ports.budget.Budgets promises; inherited per implementation."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from core.ports.budget import Budgets, Charge
from core.ports.provider import Limit
from tests.fakes import START, FakeClock

MINUTE = Limit(scope="app+administration", calls=3, seconds=60)
DAY = Limit(scope="app", calls=5, seconds=24 * 3600)
ONE_AT_ONCE = Limit(scope="app", calls=1, seconds=0)
SLOTS = Charge(scope="x", limits=(Limit(scope="app", calls=2, seconds=0),))
MIDNIGHT = datetime(2026, 3, 11, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class BudgetsContract:
    """Subclasses give ``open``, called with a clock, and ``shut``."""

    def open(self, clock: FakeClock) -> Budgets:
        raise NotImplementedError

    def shut(self, budgets: Budgets) -> None:
        """Release what it holds."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def budgets(self, clock: FakeClock) -> Iterator[Budgets]:
        budgets = self.open(clock)
        yield budgets
        self.shut(budgets)

    def test_without_limits_every_call_may_leave(self, budgets: Budgets) -> None:
        assert [budgets.spend("x", []) for _ in range(10)] == [None] * 10

    def test_calls_leave_until_the_limit_and_again_when_the_oldest_is_a_window_ago(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        for _ in range(3):
            assert budgets.spend("x", [MINUTE]) is None
            clock.pause(10)
        assert budgets.spend("x", [MINUTE]) == START + seconds(60)
        clock.instant = START + seconds(60) - timedelta(microseconds=1)
        assert budgets.spend("x", [MINUTE]) == START + seconds(60)
        clock.instant = START + seconds(60)
        assert budgets.spend("x", [MINUTE]) is None
        assert budgets.spend("x", [MINUTE]) == START + seconds(70)

    def test_asking_in_vain_costs_nothing(self, budgets: Budgets, clock: FakeClock) -> None:
        for _ in range(3):
            budgets.spend("x", [MINUTE])
        for _ in range(20):
            assert budgets.spend("x", [MINUTE]) == START + seconds(60)
            clock.pause(1)
        clock.instant = START + seconds(60)
        assert [budgets.spend("x", [MINUTE]) for _ in range(3)] == [None] * 3

    def test_scopes_do_not_share(self, budgets: Budgets) -> None:
        other = Limit(scope="endpoint", calls=3, seconds=60)
        for _ in range(3):
            assert budgets.spend("x", [MINUTE]) is None
        assert budgets.spend("x", [MINUTE]) is not None
        assert budgets.spend("y", [MINUTE]) is None
        assert budgets.spend("x", [other]) is None

    def test_all_limits_of_a_spend_are_counted_or_none(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        for _ in range(3):
            assert budgets.spend("x", [MINUTE, DAY]) is None
        for _ in range(10):
            assert budgets.spend("x", [MINUTE, DAY]) == START + seconds(60)
        clock.pause(60)
        # The ten refused ones took nothing from the day: two of five are left.
        assert budgets.spend("x", [DAY]) is None
        assert budgets.spend("x", [DAY]) is None
        assert budgets.spend("x", [MINUTE, DAY]) == MIDNIGHT
        # Nor did the one the day refused take from the minute.
        assert [budgets.spend("x", [MINUTE]) for _ in range(3)] == [None] * 3

    def test_the_stricter_of_two_limits_on_one_window_counts_and_counts_once(
        self, budgets: Budgets
    ) -> None:
        wide = Limit(scope=MINUTE.scope, calls=100, seconds=60)
        assert [budgets.spend("x", [wide, MINUTE]) for _ in range(3)] == [None] * 3
        assert budgets.spend("x", [MINUTE, wide]) is not None
        assert [budgets.spend("x", [wide]) for _ in range(97)] == [None] * 97
        assert budgets.spend("x", [wide]) is not None

    def test_a_day_ends_at_midnight_utc(self, budgets: Budgets, clock: FakeClock) -> None:
        clock.instant = MIDNIGHT - timedelta(microseconds=1)
        for _ in range(5):
            assert budgets.spend("x", [DAY]) is None
        assert budgets.spend("x", [DAY]) == MIDNIGHT
        clock.instant = MIDNIGHT
        for _ in range(5):
            assert budgets.spend("x", [DAY]) is None
        assert budgets.spend("x", [DAY]) == MIDNIGHT + timedelta(days=1)

    # What the provider says itself

    def test_what_the_provider_says_is_left_counts_when_lower(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        budgets.learn("x", DAY, remaining=2, resets_at=START + seconds(600))
        assert [budgets.spend("x", [DAY]) for _ in range(2)] == [None] * 2
        assert budgets.spend("x", [DAY]) == START + seconds(600)
        clock.pause(600)
        assert budgets.spend("x", [DAY]) is None

    def test_what_the_provider_says_never_raises_what_is_left(self, budgets: Budgets) -> None:
        budgets.learn("x", MINUTE, remaining=100, resets_at=START + seconds(30))
        assert [budgets.spend("x", [MINUTE]) for _ in range(3)] == [None] * 3
        assert budgets.spend("x", [MINUTE]) == START + seconds(60)

    def test_an_older_answer_that_arrives_late_does_not_raise_what_is_left(
        self, budgets: Budgets
    ) -> None:
        budgets.learn("x", MINUTE, remaining=1, resets_at=START + seconds(30))
        budgets.learn("x", MINUTE, remaining=2, resets_at=START + seconds(30))
        assert budgets.spend("x", [MINUTE]) is None
        assert budgets.spend("x", [MINUTE]) == START + seconds(30)

    def test_a_provider_that_says_none_is_believed_until_its_reset(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        budgets.learn("x", MINUTE, remaining=-4, resets_at=START + seconds(7))
        assert budgets.spend("x", [MINUTE, DAY]) == START + seconds(7)
        clock.pause(7)
        assert [budgets.spend("x", [MINUTE, DAY]) for _ in range(3)] == [None] * 3

    def test_a_reset_in_the_past_says_nothing(self, budgets: Budgets) -> None:
        budgets.learn("x", MINUTE, remaining=0, resets_at=START)
        assert budgets.spend("x", [MINUTE]) is None

    def test_a_reset_is_never_believed_beyond_one_window(self, budgets: Budgets) -> None:
        budgets.learn("x", MINUTE, remaining=0, resets_at=START + timedelta(days=9_000))
        assert budgets.spend("x", [MINUTE]) == START + seconds(60)

    # Looking without spending

    def test_what_is_left_can_be_looked_at_and_looking_costs_nothing(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        assert list(budgets.left("books:", [MINUTE, DAY])) == []
        for _ in range(3):
            budgets.spend("books:app:1", [MINUTE, DAY])
        budgets.spend("books:app:2", [DAY])
        budgets.spend("other:app:1", [MINUTE])
        for _ in range(5):
            found = [
                (left.scope, left.limit, left.calls, left.free_at)
                for left in budgets.left("books:", [MINUTE, DAY])
            ]
        assert found == [
            ("books:app:1", MINUTE, 0, START + seconds(60)),
            ("books:app:1", DAY, 2, None),
            ("books:app:2", DAY, 4, None),
        ]
        clock.pause(60)
        budgets.learn("books:app:1", DAY, remaining=1, resets_at=START + seconds(600))
        assert [left.calls for left in budgets.left("books:app:1", [MINUTE, DAY])] == [3, 1]

    # A clock that jumps

    @pytest.mark.parametrize("limit", [MINUTE, DAY], ids=["sliding", "fixed"])
    @pytest.mark.parametrize("back", [0.001, 1, 50, 3_600, 90_000, 1e9])
    def test_a_clock_set_back_gives_no_second_allowance_and_never_blocks_for_ever(
        self, budgets: Budgets, clock: FakeClock, limit: Limit, back: float
    ) -> None:
        for _ in range(limit.calls):
            assert budgets.spend("x", [limit]) is None
        clock.instant -= seconds(back)
        set_back = clock.instant
        free_at = budgets.spend("x", [limit])
        assert free_at is not None
        assert set_back < free_at <= set_back + 2 * seconds(limit.seconds)
        clock.instant = free_at
        assert budgets.spend("x", [limit]) is None

    @pytest.mark.parametrize("back", [0.001, 50, 3_600, 90_000, 1e9])
    def test_a_clock_set_back_does_not_stretch_what_the_provider_said(
        self, budgets: Budgets, clock: FakeClock, back: float
    ) -> None:
        budgets.learn("x", MINUTE, remaining=0, resets_at=START + seconds(60))
        clock.instant -= seconds(back)
        free_at = budgets.spend("x", [MINUTE])
        assert free_at == min(START + seconds(60), clock.instant + seconds(60))
        assert budgets.spend("x", [MINUTE]) == free_at
        clock.instant = free_at
        assert budgets.spend("x", [MINUTE]) is None

    # Calls under way

    def test_no_more_calls_are_under_way_than_allowed(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        assert budgets.take([SLOTS], call="a", seconds=300) is None
        assert budgets.take([SLOTS], call="b", seconds=300) is None
        refusal = budgets.take([SLOTS], call="c", seconds=300)
        assert refusal is not None
        assert refusal.passing
        assert clock.now() < refusal.at <= clock.now() + seconds(1)
        budgets.end([SLOTS], call="a")
        budgets.end([SLOTS], call="a")
        assert budgets.take([SLOTS], call="c", seconds=300) is None
        assert budgets.take([SLOTS], call="d", seconds=300) is not None

    def test_a_call_whose_process_died_is_under_way_until_its_time_is_over(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        budgets.take([SLOTS], call="dead", seconds=300)
        budgets.take([SLOTS], call="alive", seconds=400)
        clock.pause(299.9)
        assert budgets.take([SLOTS], call="c", seconds=300) is not None
        clock.pause(0.1)
        assert budgets.take([SLOTS], call="c", seconds=300) is None
        assert budgets.take([SLOTS], call="d", seconds=300) is not None

    def test_a_call_that_finds_no_slot_costs_nothing_and_one_without_budget_holds_none(
        self, budgets: Budgets
    ) -> None:
        both = Charge(scope="x", limits=(MINUTE, ONE_AT_ONCE))
        assert budgets.take([both], call="a", seconds=300) is None
        assert budgets.take([both], call="b", seconds=300) is not None
        budgets.end([both], call="a")
        for call in ("c", "d"):
            assert budgets.take([both], call=call, seconds=300) is None, "the minute has two left"
            budgets.end([both], call=call)
        assert budgets.take([both], call="e", seconds=300) is not None
        slot = Charge(scope="x", limits=(ONE_AT_ONCE,))
        assert budgets.take([slot], call="f", seconds=300) is None

    def test_calls_under_way_can_be_looked_at(self, budgets: Budgets, clock: FakeClock) -> None:
        budgets.take([SLOTS], call="a", seconds=10)
        (limit,) = SLOTS.limits
        (left,) = budgets.left("x", [limit])
        assert (left.calls, left.free_at) == (1, None)
        budgets.take([SLOTS], call="b", seconds=300)
        (left,) = budgets.left("x", [limit])
        assert (left.calls, left.free_at) == (0, clock.now() + seconds(10))

    def test_charges_of_several_scopes_are_counted_all_or_none(self, budgets: Budgets) -> None:
        for _ in range(3):
            budgets.spend("full", [MINUTE])
        charges = [Charge(scope=scope, limits=(MINUTE,)) for scope in ("free", "full")]
        assert budgets.take(charges, call="a", seconds=1) is not None
        assert [budgets.spend("free", [MINUTE]) for _ in range(3)] == [None] * 3

    # Fairness

    def test_two_calls_a_day_are_two_and_the_third_waits_for_midnight(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        twice = Limit(scope="administration+endpoint", calls=2, seconds=24 * 3600)
        assert [budgets.spend("octopus:7:accounts", [twice]) for _ in range(2)] == [None] * 2
        assert budgets.spend("octopus:7:accounts", [twice]) == MIDNIGHT
        assert budgets.spend("octopus:8:accounts", [twice]) is None
        clock.instant = MIDNIGHT
        assert budgets.spend("octopus:7:accounts", [twice]) is None

    def test_in_a_short_window_parties_take_turns(self, budgets: Budgets, clock: FakeClock) -> None:
        """The greedy one asks ten times for every time the others ask."""
        charge = Charge(scope="x", limits=(Limit(scope="app", calls=10, seconds=60),))
        got = dict.fromkeys(("greedy", "b", "c"), 0)
        until = clock.now() + seconds(600)
        while clock.now() < until:
            for party in ("greedy",) * 10 + ("b", "c"):
                got[party] += budgets.take([charge], call=party, seconds=1, party=party) is None
            clock.pause(0.25)
        assert sum(got.values()) >= 0.95 * 100
        assert min(got.values()) >= 0.3 * max(got.values()), got

    def test_a_large_entity_leaves_the_others_their_share_of_the_day(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        """50,000 calls wanted by one, 30 each by four others that were sent away with it."""
        charge = Charge(scope="x", limits=(Limit(scope="domain", calls=200, seconds=86_400),))
        wanted = {"large": 50_000, "b": 30, "c": 30, "d": 30, "e": 30}
        got = dict.fromkeys(wanted, 0)
        for _ in range(200):
            budgets.spend("x", charge.limits)
        for party in wanted:
            assert budgets.take([charge], call=party, seconds=1, party=party) is not None
        clock.instant = MIDNIGHT

        def go_on(party: str) -> None:
            while got[party] < wanted[party]:
                if budgets.take([charge], call=party, seconds=1, party=party) is not None:
                    return
                got[party] += 1

        go_on("large")
        assert got["large"] == 40, "a fifth of the day, although it came first"
        for party in "bcde":
            clock.pause(30)
            go_on(party)
        clock.pause(61)
        go_on("large")
        assert got == {"large": 80, "b": 30, "c": 30, "d": 30, "e": 30}, "and then what is over"

    def test_alone_a_party_may_take_it_all(self, budgets: Budgets) -> None:
        charge = Charge(scope="x", limits=(DAY,))
        for _ in range(DAY.calls):
            assert budgets.take([charge], call="a", seconds=1, party="a") is None

    def test_who_never_comes_back_is_waited_for_an_hour_only(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        charge = Charge(scope="x", limits=(DAY,))
        for _ in range(DAY.calls):
            budgets.take([charge], call="a", seconds=1, party="a")
        budgets.take([charge], call="gone", seconds=1, party="gone")
        clock.instant = MIDNIGHT
        refusal = None
        while refusal is None:
            refusal = budgets.take([charge], call="a", seconds=1, party="a")
        assert refusal.at == MIDNIGHT + timedelta(hours=1)
        clock.instant = refusal.at
        assert budgets.take([charge], call="a", seconds=1, party="a") is None

    def check_steps(self, steps: Sequence["Step"]) -> None:
        clock = FakeClock()
        budgets = self.open(clock)
        limits = [
            Limit(scope="a", calls=3, seconds=30),
            Limit(scope="b", calls=5, seconds=60),
            Limit(scope="c", calls=9, seconds=3_600),
        ]
        left: list[datetime] = []
        for pause, step, figure in steps:
            clock.pause(pause)
            if step == "learn":
                resets_at = clock.now() + seconds(3 * figure)
                budgets.learn("x", limits[figure % 3], remaining=figure, resets_at=resets_at)
                continue
            free_at = budgets.spend("x", limits)
            if free_at is None:
                left.append(clock.now())
            else:
                assert free_at > clock.now()
                if step == "wait":
                    clock.instant = free_at
        self.shut(budgets)
        assert_held(left, limits)


Step = tuple[float, str, int]
"""Seconds that pass, what is done then, and a figure the provider might say."""

steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.001, 1.0, 7.0, 29.999, 30.0, 61.0, 3_000.0]),
        st.sampled_from(["spend", "spend", "wait", "learn"]),
        st.integers(0, 4),
    ),
    max_size=60,
)


def assert_held(left: Sequence[datetime], limits: Sequence[Limit]) -> None:
    """Sliding windows: any stretch. Fixed ones (longer than 300 s): each aligned window."""
    for limit in limits:
        length = seconds(limit.seconds)
        for index, first in enumerate(left):
            if limit.seconds > 300:
                window = int(first.timestamp()) // limit.seconds
                calls = sum(int(at.timestamp()) // limit.seconds == window for at in left)
            else:
                calls = sum(first <= at < first + length for at in left[index:])
            assert calls <= limit.calls, (limit, first)

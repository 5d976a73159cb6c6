"""The life of the books in any order, on memory and on SQLite at once: same answers, same truth.

Hypothesis edits the provider's books, opens nights, imports, kills and pauses workers, lets time
jump, lets old nights go, withdraws the consent and gives it again. Everything is done to two
Monitrs, one over each storage, and everything they say is compared. Whatever happened, a clean run
at the end leaves our books equal to the provider's.
"""

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from adapters.storage.memory.storage import MemoryStorage
from core.domain.failures import Failure
from core.domain.import_run import LEASE_SECONDS, RunStatus
from core.domain.proof import Verdict
from core.ports.books import TrialBalanceRow
from core.services.import_engine import ImportEngine
from core.services.importing import PRESENCE_SECONDS
from tests.fake_books import FakeBooks
from tests.fake_provider import GOOD_CODE
from tests.services.house import BASE, OPERATOR, House
from tests.storage.sql_files import fresh_sql

Told = TypeVar("Told")

ADMINISTRATIONS = ("adm-1", "adm-2")
PAGE_CHANGES = 4
ROUNDS_MAX = 8
"""Sweeps, ten minutes apart, within which a run that nobody disturbs ends."""
DAYLIGHT_SAVING = (
    dt.datetime(2026, 3, 29, 0, 20, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 25, 0, 20, tzinfo=dt.UTC),
)
LEGS = st.sampled_from(
    [("acc-debtors", "acc-turnover"), ("acc-bank", "acc-debtors"), ("acc-bank", "acc-vat")]
)
NUMBERS = st.integers(1, 9)
WHICH = st.integers(0, len(ADMINISTRATIONS) - 1)


class Killed(BaseException):
    """SIGKILL: nothing of that worker runs any more."""


@define
class World:
    """One Monitr following both administrations of one provider."""

    house: House
    integration_id: str = field(init=False)
    entity_ids: tuple[str, ...] = field(init=False)
    workers: int = 0
    told: dict[tuple[str, int], list[TrialBalanceRow]] = field(factory=dict)
    """What each generation's trial balance said when it was the newest."""

    def __attrs_post_init__(self) -> None:
        self.house.exact.page_changes = PAGE_CHANGES
        self.house.exact.on_page = self.read_while_importing
        self.integration_id = self.house.connect_exact()
        followed = self.house.follow(self.integration_id, *ADMINISTRATIONS)
        self.entity_ids = tuple(entity.id for entity in followed)

    def books(self, which: int) -> FakeBooks:
        return self.house.exact.books[which]

    def rows(self, entity_id: str, as_of: int) -> list[TrialBalanceRow]:
        balance = self.house.services.reading.trial_balance(
            self.house.org, entity_id, as_of=str(as_of)
        )
        return list(balance.rows)

    def published(self, entity_id: str) -> int:
        with self.house.storage.reading() as uow:
            entity = uow.entities.get(entity_id)
        assert entity is not None
        return entity.published_generation

    def read_while_importing(self, _key: str, _position: int) -> None:
        """A reader in the middle of an import sees one published generation, whole."""
        for entity_id in self.entity_ids:
            number = self.published(entity_id)
            if (entity_id, number) in self.told:
                balance = self.house.services.reading.trial_balance(self.house.org, entity_id)
                assert list(balance.rows) == self.told[entity_id, number]

    def attempt(self, stopping: Callable[[], bool]) -> list[str]:
        """Answer what the sweep and the doorbell offer with a new worker; how each run was left."""
        self.workers += 1
        worker = f"worker-{self.workers}"
        self.house.services.importing.sweep()
        rung, self.house.doorbell.rung = list(dict.fromkeys(self.house.doorbell.rung)), []
        left = []
        for run_id in rung:
            self.house.services.importing.beat(worker, standing=False)
            try:
                run = ImportEngine(self.house.ports, worker, stopping, pages_in_flight=1).run(
                    run_id
                )
            except Killed:
                left.append("killed")
                break
            left.append("not ours" if run is None else run.status.value)
        return left

    def settle(self) -> None:
        """Workers work and time passes, undisturbed, until nothing waits any more."""
        for _ in range(ROUNDS_MAX):
            self.attempt(lambda: False)
            self.house.clock.advance(dt.timedelta(minutes=10))

    def overtaken(self, batches: int) -> Iterator[bool]:
        """Answers to "stop?" of a worker that is paused past its lease after so many batches."""
        for _ in range(batches):
            yield False
        self.house.clock.advance(dt.timedelta(seconds=LEASE_SECONDS + PRESENCE_SECONDS))
        self.settle()
        while True:
            yield False

    def reconnect(self) -> None:
        self.house.services.connecting.reconnect(
            self.house.org, self.integration_id, {}, operator=OPERATOR, redirect_base=BASE
        )
        self.house.exact.flow.good_codes.add(GOOD_CODE)
        completion = self.house.services.authorising.complete(
            "exact-online", {"state": self.house.exact.flow.states[-1], "code": GOOD_CODE}
        )
        assert completion.connected

    def request(self, which: int) -> None:
        self.house.services.importing.request(
            self.house.org, [self.entity_ids[which]], operator=OPERATOR
        )

    def said(self) -> list[Any]:
        """Everything a front end could show of the books, to hold one world against the other."""
        told: list[Any] = []
        reading, mine = self.house.services.reading, self.house.org
        for entity_id in self.entity_ids:
            status = reading.entity(mine, entity_id)
            told += [status.run, status.published]
            generations = reading.generations(mine, entity_id)
            told.append(generations)
            for generation in generations[:2]:
                as_of = str(generation.number)
                told.append(self.rows(entity_id, generation.number))
                told.append(reading.lines(mine, entity_id, as_of=as_of, limit=200)[1].rows)
            if len(generations) > 1:
                older, newer = str(generations[1].number), str(generations[0].number)
                told.append(reading.changes(mine, entity_id, older=older, newer=newer))
            told.append(self.house.services.nights.history(mine, entity_id))
        return told

    def assert_true(self) -> None:
        """Both entities are proven and equal to the provider's truth."""
        for which, entity_id in enumerate(self.entity_ids):
            status = self.house.services.reading.entity(self.house.org, entity_id)
            assert status.run is not None
            assert status.run.status is RunStatus.SUCCEEDED, status.run.trouble
            assert status.published is not None
            assert status.published.proof.verdict is Verdict.PROVEN
            with self.house.storage.reading() as uow:
                cells_e4 = uow.books.cells(entity_id, self.published(entity_id))
                unfinished = uow.books.cells(entity_id, self.published(entity_id) + 1)
            held = {cell: amount_e4 for cell, amount_e4 in cells_e4.items() if amount_e4}
            truth_e4 = self.books(which).balances_e4().items()
            assert held == {cell: amount_e4 for cell, amount_e4 in truth_e4 if amount_e4}
            assert unfinished == cells_e4, "part of a generation nobody builds is left"


class Nights(RuleBasedStateMachine):
    """Every rule acts on both worlds and compares what they answered."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="monitr-machine-")
        storages = (MemoryStorage(), fresh_sql(Path(self.folder.name)))
        self.worlds = [World(House(storage=storage)) for storage in storages]

    def both(self, act: Callable[[World], Told]) -> Told:
        in_memory, on_sqlite = (_answer(world, act) for world in self.worlds)
        assert in_memory == on_sqlite
        if isinstance(in_memory, Failure):
            raise in_memory
        return in_memory

    # -- the provider's books ----------------------------------------------------------------------

    @rule(which=WHICH, number=NUMBERS, amount=st.integers(1, 5), month=st.integers(1, 6), legs=LEGS)
    def post_or_edit(
        self, which: int, number: int, amount: int, month: int, legs: tuple[str, str]
    ) -> None:
        """A new entry, another one in its place, one in another period, one that comes back."""
        debit, credit = legs
        date = dt.date(2026, month, 15)
        for world in self.worlds:
            world.books(which).post(
                f"sale-{number}", date, (debit, amount * 1_0000), (credit, -amount * 1_0000)
            )

    @rule(which=WHICH, number=NUMBERS)
    def delete(self, which: int, number: int) -> None:
        for world in self.worlds:
            world.books(which).delete(f"sale-{number}")

    @rule()
    def the_consent_is_withdrawn(self) -> None:
        for world in self.worlds:
            world.house.exact.flow.revoke()

    # -- what operators do -------------------------------------------------------------------------

    @rule(which=WHICH)
    def ask_for_an_import(self, which: int) -> None:
        self.both(lambda world: world.request(which))

    @rule()
    def reconnect(self) -> None:
        self.both(World.reconnect)

    # -- workers and time --------------------------------------------------------------------------

    @rule()
    def work(self) -> None:
        self.both(lambda world: world.attempt(lambda: False))

    @rule(which=WHICH, batches=st.integers(0, 6))
    def a_worker_dies(self, which: int, batches: int) -> None:
        self.ask_for_an_import(which)
        self.both(lambda world: world.attempt(_after(batches, Killed())))
        self.time_passes(PRESENCE_SECONDS + 1)

    @rule(which=WHICH, batches=st.integers(0, 6))
    def a_worker_is_stopped(self, which: int, batches: int) -> None:
        self.ask_for_an_import(which)
        self.both(lambda world: world.attempt(_after(batches, None)))

    @rule(which=WHICH, batches=st.integers(0, 6))
    def a_worker_is_paused_and_overtaken(self, which: int, batches: int) -> None:
        self.ask_for_an_import(which)

        def paused(world: World) -> list[str]:
            answers = world.overtaken(batches)
            return world.attempt(lambda: next(answers))

        self.both(paused)

    @rule()
    def a_night_begins(self) -> None:
        self.both(lambda world: len(world.house.services.nights.open_due()))

    @rule(seconds=st.sampled_from([30, 600, 3 * 3600, 24 * 3600, 8 * 24 * 3600, -1800]))
    def time_passes(self, seconds: int) -> None:
        """Backwards, too: machines set their clocks."""
        for world in self.worlds:
            world.house.clock.advance(dt.timedelta(seconds=seconds))

    @rule()
    def the_next_change_of_the_clocks(self) -> None:
        now = self.worlds[0].house.clock.now()
        for world in self.worlds:
            world.house.clock.instant = next((at for at in DAYLIGHT_SAVING if at > now), now)

    @rule(nights=st.sampled_from([None, 1, 3]))
    def old_nights_are_let_go(self, nights: int | None) -> None:
        def compacted(world: World) -> tuple[int, int]:
            """How many row versions that frees is each storage's own affair."""
            retaining, mine = world.house.services.retaining, world.house.org
            retaining.set_retention(mine, nights, operator=OPERATOR)
            done = retaining.compact(mine)
            return done.retired, done.compacted

        self.both(compacted)

    # -- what always holds -------------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        self.both(World.said)

    @invariant()
    def generations_stand(self) -> None:
        """The newest published; those that are kept balance, and say what they said."""
        for world in self.worlds:
            for entity_id in world.entity_ids:
                published = world.published(entity_id)
                reading, mine = world.house.services.reading, world.house.org
                numbers = [found.number for found in reading.generations(mine, entity_id)]
                assert numbers == sorted(numbers, reverse=True)
                assert numbers[:1] == [published][: len(numbers)]
                assert bool(numbers) == bool(published)
                for number in numbers:
                    rows = world.rows(entity_id, number)
                    assert sum(row.closing_e4 for row in rows) == 0
                    assert world.told.setdefault((entity_id, number), rows) == rows

    @invariant()
    def one_unfinished_run_per_entity_at_most(self) -> None:
        for world in self.worlds:
            runs = world.house.services.reading.runs(world.house.org)
            waiting: Counter[str] = Counter(run.entity_id for run in runs if not run.finished)
            assert all(count == 1 for count in waiting.values())

    @invariant()
    def no_slot_opens_twice(self) -> None:
        for world in self.worlds:
            for entity_id in world.entity_ids:
                slots = world.house.services.nights.history(world.house.org, entity_id)
                keys = [record.slot for record in slots]
                assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        """A clean night mends everything."""
        for world in self.worlds:
            world.house.clock.advance(dt.timedelta(days=1))
            world.reconnect()
            world.settle()
            for which in range(len(ADMINISTRATIONS)):
                world.request(which)
            world.settle()
            world.assert_true()
        self.both_say_the_same()
        for world in self.worlds:
            world.house.storage.close()
        self.folder.cleanup()


def _answer(world: World, act: Callable[[World], Told]) -> Told | Failure:
    try:
        return act(world)
    except Failure as failure:
        return _Comparable(failure)


class _Comparable(Failure):
    """A failure equal to another one with the same code and sentence."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence, code=failure.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Failure) and (self.code, self.sentence) == (
            other.code,
            other.sentence,
        )

    __hash__ = Failure.__hash__


def _after(batches: int, killed: BaseException | None) -> Callable[[], bool]:
    """Asked after each batch: after so many it raises ``killed``, or says stop."""
    left = batches

    def asked() -> bool:
        nonlocal left
        left -= 1
        if left < 0 and killed is not None:
            raise killed
        return left < 0

    return asked


def test_whatever_happens_the_books_end_up_true() -> None:
    run_state_machine_as_test(
        Nights, settings=settings(max_examples=5, stateful_step_count=20, deadline=None)
    )


@pytest.mark.fire
@pytest.mark.timeout(900)
def test_whatever_happens_for_longer() -> None:
    run_state_machine_as_test(
        Nights, settings=settings(max_examples=40, stateful_step_count=40, deadline=None)
    )

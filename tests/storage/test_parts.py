"""Batches applied in parts, and removals some at a time, come to the same as all at once."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.storage.memory import MemoryStorage
from adapters.storage.sql import applying, leftovers
from core.domain.books import (
    Batch,
    Delta,
    Everything,
    Invoice,
    JournalEntry,
    JournalLine,
    RecordKind,
    Window,
    scope_of,
)
from core.domain.parts import parts_of, rest_of
from core.ports.books import LineFilter
from core.ports.storage import Storage
from tests.storage.makers import ENT, account, batch, day, entry, generation, invoice, line, pair
from tests.storage.sql_files import fresh_sql
from tests.storage.test_side_by_side import STEPS, Side
from tests.storage.views import view

UNITS_MAX = 500
WHERE = LineFilter()


def in_parts(storage: Storage, number: int, whole: Batch, records_max: int) -> int:
    """Each part in a unit of its own, as the engine does; how many units it took."""
    units = 0
    *before, part = parts_of(whole, records_max)
    for one in before:
        with storage.writing() as unit:
            assert not unit.books.apply(ENT, number, one).more
            unit.commit()
        units += 1
    while units < UNITS_MAX:
        units += 1
        with storage.writing() as unit:
            applied = unit.books.apply(ENT, number, part)
            unit.commit()
        if not applied.more:
            return units
        part = rest_of(part)
    raise AssertionError("it ends")


def settled(storage: Storage, number: int) -> None:
    for _ in range(UNITS_MAX):
        with storage.writing() as unit:
            applied = unit.books.settle(ENT, number)
            unit.commit()
        if not applied.more:
            return
    raise AssertionError("it ends")


def worked_off(storage: Storage, number: int) -> int:
    for units in range(1, UNITS_MAX):
        with storage.writing() as unit:
            done = unit.books.work_off(ENT, number)
            unit.commit()
        if done:
            return units
    raise AssertionError("it ends")


def is_sound(step: Batch | str) -> bool:
    """No provider sends a line or an invoice of an entry that the same batch lets go unseen."""
    if isinstance(step, str):
        return True
    sent = {record.key for record in step.records if isinstance(record, JournalEntry)}
    of_entries = {
        record.entry_key for record in step.records if isinstance(record, JournalLine | Invoice)
    }
    return all(
        of_entries <= sent | covered.present | {None}
        for covered in step.coverage
        if isinstance(covered, Window)
        or (isinstance(covered, Everything) and covered.kind is RecordKind.ENTRY)
    )


SOUND = STEPS.filter(is_sound)


class Piecemeal(Side):
    """The same steps, in the smallest units there are."""

    def play(self, step: Batch | str) -> object:
        number = self.published + 1
        if isinstance(step, Batch):
            in_parts(self.storage, number, step, 2)
        elif step in {"settle", "publish"}:
            settled(self.storage, number)
            if step == "publish":
                super().play("publish")
        else:
            super().play(step)
            worked_off(self.storage, number)
        return None


@pytest.fixture
def small_units() -> Iterator[None]:
    with (
        mock.patch.object(applying, "REMOVED_PER_UNIT", 1),
        mock.patch.object(leftovers, "ROWS_PER_UNIT", 2),
    ):
        yield


@pytest.mark.usefixtures("small_units")
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(SOUND, min_size=1, max_size=12))
def test_small_units_come_to_the_same(steps: list[Batch | str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        sql = fresh_sql(Path(directory))
        whole, pieces = Side(MemoryStorage()), Piecemeal(sql)
        try:
            for step in steps:
                whole.play(step)
                pieces.play(step)
            assert whole.says() == pieces.says()
        finally:
            sql.close()


@settings(max_examples=60, deadline=None)
@given(
    step=SOUND.filter(lambda step: isinstance(step, Batch)),
    records_max=st.integers(min_value=1, max_value=9),
)
def test_parts_are_small_and_end_what_the_batch_ends(step: Batch, records_max: int) -> None:
    parts = list(parts_of(step, records_max))
    whole = {key for c in step.coverage if isinstance(c, Delta) for key in c.whole_entries}
    for part in parts[:-1]:
        loose = [r for r in part.records if getattr(r, "entry_key", None) not in whole]
        assert not part.last
        assert len(loose) <= max(records_max, len(step.records) if whole else 0)
        assert not any(c.last for c in part.coverage if not isinstance(c, Delta))
    of_whole = list(filter(None, map(scope_of, step.coverage)))
    assert list(filter(None, map(scope_of, parts[-1].coverage))) == of_whole
    assert {part.bookmark for part in parts} == {step.bookmark}


@pytest.mark.usefixtures("small_units")
def test_a_long_discard_is_done_in_units_by_whoever_comes(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    side = Side(storage)
    side.play(batch(account("1"), *pair("e1"), *pair("e2")))
    side.play("publish")
    with storage.reading() as unit:
        before = view(unit.books, ENT, 1)
    side.play(batch(*pair("e3"), *pair("e4"), account("1", "Other"), coverage=(gone("e1"),)))
    side.play("discard")
    with storage.reading() as unit:
        assert unit.books.discards_left(limit=9) == [ENT], "remembered until it is done"
        assert view(unit.books, ENT, 1) == before
    assert worked_off(storage, 2) > 2
    with storage.reading() as unit:
        assert unit.books.discards_left(limit=9) == []
        assert view(unit.books, ENT, 2)["cells"] == before["cells"]
        assert view(unit.books, ENT, 2)["counts"] == before["counts"]
    storage.close()


@pytest.mark.usefixtures("small_units")
def test_starting_over_while_a_discard_is_left_does_both(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    side = Side(storage)
    side.play(batch(account("1"), *pair("e1"), *pair("e2"), invoice("i1", "e1")))
    side.play("publish")
    side.play(batch(*pair("e3"), coverage=(gone("e1"),)))
    side.play("discard")
    side.play("start over")
    worked_off(storage, 2)
    in_parts(storage, 2, batch(entry("e1", 1), line("e1-1", "e1", "1000", 5)), 1)
    settled(storage, 2)
    with storage.reading() as unit:
        assert {row.line.key for row in unit.books.lines(ENT, 2, where=WHERE).rows} == {"e1-1"}
        assert unit.books.counts(ENT, 2)[RecordKind.ACCOUNT] == 0
        assert unit.books.counts(ENT, 1)[RecordKind.LINE] == 4
    storage.close()


@pytest.mark.usefixtures("small_units")
def test_a_window_that_lost_many_entries_lets_them_go_in_units(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    side = Side(storage)
    side.play(batch(*(record for number in range(6) for record in pair(f"e{number}", on=5))))
    side.play("publish")
    window = Window(first=day(1), last_day=day(31))
    assert in_parts(storage, 2, batch(*pair("e9", on=5), coverage=(window,)), 9) == 6
    settled(storage, 2)
    with storage.reading() as unit:
        assert unit.books.counts(ENT, 2)[RecordKind.ENTRY] == 1
    side.published = 1
    with storage.writing() as unit:
        unit.books.publish(generation(2))
        unit.commit()
    storage.close()


def gone(key: str) -> Delta:
    return Delta(deleted=frozenset({(RecordKind.ENTRY, key)}))


def test_a_batch_speaks_of_a_scope_once() -> None:
    seen = Everything(kind=RecordKind.ACCOUNT)
    with pytest.raises(AssertionError, match="scope once"):
        batch(coverage=(seen, Delta(), Everything(kind=RecordKind.ACCOUNT, last=False)))

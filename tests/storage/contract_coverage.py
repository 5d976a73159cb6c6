"""What every storage promises about coverage: which deletes may be derived, and which may not.

Each promise for each way to cover: named deletes and whole entries (Delta), a Window of dates, and
Everything of a kind.
"""

from collections.abc import Callable
from typing import Final

import attrs
import pytest

from core.domain.books import (
    Batch,
    Coverage,
    Delta,
    Everything,
    JournalEntry,
    Record,
    RecordKind,
    Window,
)
from core.domain.proof import Cell
from core.ports.books import LineFilter
from core.ports.storage import Storage
from tests.storage.makers import ENT, batch, day, entry, line, pair, publish
from tests.storage.views import keys_of

JANUARY: Final = Window(first=day(1), last_day=day(31))
FEBRUARY: Final = Window(first=day(32), last_day=day(59))
EVERY_ENTRY: Final = Everything(kind=RecordKind.ENTRY)

Page = Callable[[tuple[Record, ...], bool], Batch]
"""(records, whether it is the last page) as a provider of that way sends them."""


def _delta(records: tuple[Record, ...], last: bool) -> Batch:
    whole = {record.key for record in records if isinstance(record, JournalEntry)}
    return batch(*records, coverage=(Delta(whole_entries=frozenset(whole)),))


def _window(records: tuple[Record, ...], last: bool) -> Batch:
    return _covered(records, attrs.evolve(JANUARY, last=last))


def _everything(records: tuple[Record, ...], last: bool) -> Batch:
    return _covered(records, attrs.evolve(EVERY_ENTRY, last=last))


def _covered(records: tuple[Record, ...], coverage: Coverage) -> Batch:
    whole = {record.key for record in records if isinstance(record, JournalEntry)}
    return batch(*records, coverage=(Delta(whole_entries=frozenset(whole)), coverage))


WAYS: Final = pytest.mark.parametrize(
    "page", [_delta, _window, _everything], ids=["delta", "window", "everything"]
)
ENUMERATED: Final = pytest.mark.parametrize(
    "page", [_window, _everything], ids=["window", "everything"]
)


def balance_e4(storage: Storage, number: int, account_key: str = "1000", period: int = 1) -> int:
    with storage.reading() as unit:
        cell = Cell(account_key=account_key, year=2025, period=period)
        return unit.books.cells(ENT, number).get(cell, 0)


class CoverageContract:
    """Coverage."""

    @WAYS
    def test_what_was_not_read_to_its_end_deletes_nothing(
        self, storage: Storage, page: Page
    ) -> None:
        publish(storage, 1, batch(*pair("e1"), *pair("e2"), *pair("e3")))
        publish(storage, 2, page(pair("e1"), False))
        assert len(keys_of(storage, 2)) == 6

    @ENUMERATED
    def test_what_was_read_to_its_end_deletes_what_was_on_no_page(
        self, storage: Storage, page: Page
    ) -> None:
        publish(storage, 1, batch(*pair("e1"), *pair("e2"), *pair("e3")))
        publish(storage, 2, page(pair("e1"), False), page(pair("e3"), True))
        assert keys_of(storage, 2) == ["e1-1", "e1-2", "e3-1", "e3-2"]
        assert len(keys_of(storage, 1)) == 6

    @WAYS
    def test_the_same_row_twice_in_one_run_counts_once(self, storage: Storage, page: Page) -> None:
        publish(storage, 1, batch(*pair("e1", 700)))
        publish(storage, 2, page(pair("e1", 900), False), page(pair("e1", 900), True))
        assert keys_of(storage, 2) == ["e1-1", "e1-2"]
        assert (balance_e4(storage, 1), balance_e4(storage, 2)) == (700, 900)

    @WAYS
    def test_a_row_edited_between_two_pages_has_its_later_state(
        self, storage: Storage, page: Page
    ) -> None:
        """It slipped from the first page to the second, and lost a line on the way."""
        publish(storage, 1, batch(*pair("e1", 100), *pair("e2")))
        later = (entry("e1"), line("e1-1", "e1", "1000", 300))
        publish(
            storage,
            2,
            page(pair("e1", 100), False),
            page((*later, *pair("e2")), True),
        )
        assert keys_of(storage, 2) == ["e1-1", "e2-1", "e2-2"]
        assert balance_e4(storage, 2) == 300 + 100
        assert balance_e4(storage, 2, "8000") == -100

    @WAYS
    def test_an_id_that_comes_back_after_its_deletion_is_alive_again(
        self, storage: Storage, page: Page
    ) -> None:
        gone = Delta(deleted=frozenset({(RecordKind.ENTRY, "e1")}))
        publish(storage, 1, batch(*pair("e1"), *pair("e2")))
        publish(storage, 2, batch(coverage=(gone,)))
        publish(storage, 3, page((*pair("e1"), *pair("e2")), True))
        publish(storage, 4, page((*pair("e1"), *pair("e2")), True))
        assert [len(keys_of(storage, number)) for number in (1, 2, 3, 4)] == [4, 2, 4, 4]
        with storage.reading() as unit:
            assert not unit.books.changed_lines(ENT, older=1, newer=3).changes
            assert not unit.books.changed_lines(ENT, older=3, newer=4).changes

    @WAYS
    def test_an_id_deleted_and_back_within_one_run_is_as_if_untouched(
        self, storage: Storage, page: Page
    ) -> None:
        gone = Delta(deleted=frozenset({(RecordKind.ENTRY, "e1")}))
        publish(storage, 1, batch(*pair("e1")))
        publish(storage, 2, batch(coverage=(gone,)), page(pair("e1"), True))
        with storage.reading() as unit:
            assert not unit.books.changed_lines(ENT, older=1, newer=2).changes
            assert unit.books.counts(ENT, 2)[RecordKind.LINE] == 2

    @pytest.mark.parametrize("order", [(JANUARY, FEBRUARY), (FEBRUARY, JANUARY)])
    def test_an_entry_that_moved_to_another_window_is_found_in_either_order(
        self, storage: Storage, order: tuple[Window, Window]
    ) -> None:
        publish(storage, 1, batch(*pair("e1", on=5), *pair("e2", on=40)))
        found = {JANUARY: (), FEBRUARY: (*pair("e1", on=41), *pair("e2", on=40))}
        publish(storage, 2, *(batch(*found[window], coverage=(window,)) for window in order))
        assert len(keys_of(storage, 2)) == 4
        assert (balance_e4(storage, 2), balance_e4(storage, 2, period=2)) == (0, 200)

    def test_an_entry_that_left_the_windows_read_is_gone_until_its_own_is_read(
        self, storage: Storage
    ) -> None:
        publish(storage, 1, batch(*pair("e1", on=5)))
        publish(storage, 2, batch(coverage=(JANUARY,)))
        assert keys_of(storage, 2) == []
        publish(storage, 3, batch(*pair("e1", on=40), coverage=(FEBRUARY,)))
        assert keys_of(storage, 3) == ["e1-1", "e1-2"]

    def test_a_moved_entry_has_one_date_everywhere(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1", on=5)))
        publish(storage, 2, batch(*pair("e1", on=40)))
        where = LineFilter(date_from=day(1), date_to=day(31))
        with storage.reading() as unit:
            assert not unit.books.lines(ENT, 2, where=where).rows
            assert len(unit.books.lines(ENT, 1, where=where).rows) == 2
            assert len(unit.books.changed_cells(ENT, older=1, newer=2)) == 4

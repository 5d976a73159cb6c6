"""What every storage promises about letting go of generations."""

import attrs
import pytest

from core.domain.ageing import Posting
from core.domain.books import Delta, InvoiceDirection, RecordKind
from core.domain.failures import OurBug
from core.ports.books import LineFilter
from core.ports.storage import Storage
from tests.storage.makers import (
    ENT,
    NOW,
    account,
    batch,
    day,
    entry,
    invoice,
    later,
    line,
    pair,
    publish,
)
from tests.storage.views import all_lines, everything_said

GONE = Delta(deleted=frozenset({(RecordKind.ENTRY, "e2")}))


def five_generations(storage: Storage) -> None:
    publish(storage, 1, batch(account("1000"), *pair("e1"), *pair("e2"), invoice("i1", "e1")))
    publish(storage, 2, batch(*pair("e1", 200), account("1000", "Kas")))
    publish(storage, 3, batch(*pair("e1", 300), *pair("e9", on=40), coverage=(GONE,)))
    publish(storage, 4, batch(*pair("e1", 400), *pair("e2", 7)))
    publish(storage, 5, batch(*pair("e1", 500), invoice("i1", "e1", 200)))


def sweep(storage: Storage, limit: int = 3) -> int:
    """Remove all leftovers, a few at a time, each in a unit of its own."""
    removed, position = 0, None
    while True:
        with storage.reading() as unit:
            found = unit.books.leftovers(ENT, position=position, limit=limit)
        assert len(found.versions) <= limit
        with storage.writing() as unit:
            removed += unit.books.remove(ENT, found.versions)
            unit.commit()
        position = found.next_position
        if position is None:
            return removed


def index_texts(storage: Storage, limit: int = 3) -> None:
    for _ in range(100):  # more steps than there are rows
        with storage.reading() as unit:
            pending = unit.books.pending_texts(ENT, limit=limit)
            assert unit.books.behind(10) == ([] if pending is None else [ENT])
        if pending is None:
            return
        with storage.writing() as unit:
            assert unit.books.index_texts(ENT, pending)
            assert not unit.books.index_texts(ENT, pending), "it was done already"
            unit.commit()
    raise AssertionError("indexing ends")


def let_go(storage: Storage, *numbers: int) -> None:
    with storage.writing() as unit:
        unit.books.retire(ENT, numbers, NOW)
        unit.books.compact(ENT, numbers)
        unit.commit()


class RetentionContract:
    """Retiring, compacting, sweeping."""

    def test_a_retired_generation_is_read_but_not_listed(self, storage: Storage) -> None:
        five_generations(storage)
        before = everything_said(storage, 2)
        with storage.writing() as unit:
            unit.books.retire(ENT, [2, 3], NOW)
            unit.commit()
        assert everything_said(storage, 2) == before
        with storage.reading() as unit:
            books = unit.books
            assert [one.number for one in books.generations(ENT)] == [5, 4, 1]
            assert books.generation(ENT, 2) is not None
            assert [one.retired_at for one in books.marks(ENT)] == [None, NOW, NOW, None, None]
        with storage.writing() as unit:
            unit.books.restore(ENT, [3])
            unit.commit()
        with storage.reading() as unit:
            assert [one.number for one in unit.books.generations(ENT)] == [5, 4, 3, 1]

    def test_what_is_kept_reads_the_same_whatever_goes(self, storage: Storage) -> None:
        five_generations(storage)
        before = {number: everything_said(storage, number) for number in (1, 4, 5)}
        let_go(storage, 2, 3)
        for limit in (1, 100):
            for number, said in before.items():
                now = everything_said(storage, number)
                for name in said.keys() - {"changed cells", "changed lines"}:
                    assert now[name] == said[name], (number, name)
            sweep(storage, limit)
        with storage.reading() as unit:
            changed = unit.books.changed_lines(ENT, older=1, newer=4).changes
            assert {(one.before or one.after).key for one in changed} == {  # type: ignore[union-attr]  # a change has a side
                "e1-1", "e1-2", "e2-1", "e2-2", "e9-1", "e9-2",
            }  # fmt: skip
            assert unit.books.generation(ENT, 2) is None
            assert unit.books.generation_at(ENT, later(2 * 3600)) == 2
            marks = {one.number: one for one in unit.books.marks(ENT)}
            assert marks[2].compacted
            assert not marks[2].swept
            assert not unit.books.leftovers(ENT, position=None, limit=9).versions
        with storage.writing() as unit:
            unit.books.swept(ENT, [2, 3])
            unit.commit()
        with storage.reading() as unit:
            assert [one.swept for one in unit.books.marks(ENT)] == [
                False, True, True, False, False,
            ]  # fmt: skip

    def test_versions_that_stood_in_lost_generations_only_go(self, storage: Storage) -> None:
        five_generations(storage)
        let_go(storage, 2, 3)
        assert sweep(storage) >= 4, "two amounts of two lines at least"
        assert sweep(storage) == 0

    def test_the_generation_being_built_is_not_touched(self, storage: Storage) -> None:
        five_generations(storage)
        with storage.writing() as unit:
            unit.books.apply(ENT, 6, batch(*pair("e1", 600), *pair("e7"), coverage=(GONE,)))
            unit.commit()
        let_go(storage, 1, 2, 3, 4)
        before = everything_said(storage, 5)
        sweep(storage)
        assert everything_said(storage, 5)["cells"] == before["cells"]
        with storage.writing() as unit:
            unit.books.discard(ENT, 6)
            unit.commit()
        assert everything_said(storage, 5)["accounts"] == before["accounts"]
        publish(storage, 6, batch(*pair("e1", 600)))
        with storage.reading() as unit:
            assert [one.number for one in unit.books.generations(ENT)] == [6, 5]

    def test_what_is_not_to_go_is_refused(self, storage: Storage) -> None:
        five_generations(storage)
        with storage.writing() as unit:
            with pytest.raises(OurBug):
                unit.books.retire(ENT, [5], NOW)
            with pytest.raises(OurBug):
                unit.books.compact(ENT, [1])
        foreign = [("journal_lines", 1), ("journal_lines", 2)]
        with storage.writing() as unit:
            assert unit.books.remove(ENT, foreign) == 0, "nothing was let go"
            assert not unit.books.marks("ent_9")

    def test_words_are_found_the_same_once_they_are_indexed(self, storage: Storage) -> None:
        wheres = [
            LineFilter(text=words)
            for words in ("rent", "RENT", "t of", "N-77", "100%", "x_y", "été", "ab", "none")
        ] + [LineFilter(text="rent", account_key="1000", date_to=day(35))]

        def said() -> list[list[str]]:
            with storage.reading() as unit:
                return [
                    [row.line.key for row in all_lines(unit.books, ENT, number, where)]
                    for number in (1, 2, 3)
                    for where in wheres
                ]

        first = batch(
            attrs.evolve(entry("e1", description="Rent of May"), number="N-77"),
            line("1", "e1", description="100% rent"),
            line("2", "e1", "8000", description="x_y"),
            *pair("e2", on=33),
            line("3", "e3", description="été ab"),
        )
        publish(storage, 1, first)
        index_texts(storage)
        moved = line("1", "e1", description="100 rents")
        publish(storage, 2, batch(moved, entry("e2", 33, description="RENT of June")))
        publish(storage, 3, batch(line("4", "e2", on=40), line("2", "e1", "8000")))
        before = said()
        assert any(before)
        index_texts(storage, limit=1)
        assert said() == before
        let_go(storage, 2)
        sweep(storage)
        kept = len(wheres)
        assert said()[:kept] == before[:kept]
        assert said()[2 * kept :] == before[2 * kept :]

    def test_postings_come_by_account_and_date(self, storage: Storage) -> None:
        publish(
            storage,
            1,
            batch(
                entry("e1"),
                line("1", "e1", "1300", 5, on=3, contact_key="c1"),
                line("2", "e1", "1300", 6, on=1),
                line("3", "e1", "1100", 7, on=2),
                line("4", "e1", "1300", 8, on=9),
                line("5", "e1", "8000", 9, on=1),
            ),
        )
        with storage.reading() as unit:
            found = list(unit.books.postings(ENT, 1, ["1300", "1100"], until=day(8)))
        assert found == [
            Posting(account_key="1100", contact_key=None, date=day(2), amount_e4=7),
            Posting(account_key="1300", contact_key=None, date=day(1), amount_e4=6),
            Posting(account_key="1300", contact_key="c1", date=day(3), amount_e4=5),
        ]

    def test_whether_open_amounts_are_told(self, storage: Storage) -> None:
        publish(storage, 1, batch(invoice("i1")))
        with storage.reading() as unit:
            assert not unit.books.has_open_amounts(ENT, 1, InvoiceDirection.SALES)

    def test_lines_of_closed_periods_are_counted(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1", on=1), *pair("e2", on=40)))
        publish(storage, 2, batch(*pair("e1", 7, on=41), *pair("e2", 8, on=40)))
        with storage.reading() as unit:
            cells = unit.books.changed_cells(ENT, older=1, newer=2, closed_through=day(31))
        closed = {(one.cell.account_key, one.cell.period): one.closed for one in cells}
        assert closed == {("1000", 1): 1, ("8000", 1): 1, ("1000", 2): 0, ("8000", 2): 0}

"""What every storage promises about generations of books."""

import attrs
import pytest

from core.domain.books import Applied, Delta, Everything, RecordKind
from core.domain.failures import OurBug
from core.domain.proof import Cell
from core.ports.books import CellChange, LineChange
from core.ports.storage import Storage
from tests.storage.makers import (
    ENT,
    account,
    batch,
    entry,
    generation,
    invoice,
    later,
    line,
    pair,
    publish,
)
from tests.storage.views import everything_said, keys_of

EVERY_ACCOUNT = Everything(kind=RecordKind.ACCOUNT)


class GenerationContract:
    """Generations: building, settling, discarding, publishing, comparing."""

    def test_published_rows_stay_readable_as_they_were(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1000"), *pair("e1"), *pair("e2")))
        before = everything_said(storage, 1)
        gone = Delta(deleted=frozenset({(RecordKind.ENTRY, "e2")}))
        publish(storage, 2, batch(*pair("e1", 999), account("1000", "Kas"), coverage=(gone,)))
        publish(storage, 3, batch(*pair("e2"), coverage=(EVERY_ACCOUNT,)))
        assert everything_said(storage, 1) == before
        assert len(keys_of(storage, 2)) == 2
        assert len(keys_of(storage, 3)) == 4

    def test_changes_within_the_generation_leave_one_version(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1", "A")))
        with storage.writing() as unit:
            books = unit.books
            for name in ("B", "C"):
                assert books.apply(ENT, 2, batch(account("1", name))) == Applied(changed=1)
            assert books.settle(ENT, 2) == Applied(changed=1)
            books.apply(ENT, 2, batch(account("1", "A")))
            assert books.settle(ENT, 2) == Applied(unchanged=1)
            delete = Delta(deleted=frozenset({(RecordKind.ACCOUNT, "1")}))
            books.apply(ENT, 2, batch(coverage=(delete,)))
            assert books.settle(ENT, 2) == Applied(removed=1)
            books.apply(ENT, 2, batch(account("1", "A")))
            assert books.settle(ENT, 2) == Applied(unchanged=1)
            books.apply(ENT, 2, batch(account("2")))
            books.apply(ENT, 2, batch(coverage=(EVERY_ACCOUNT,)))
            assert books.settle(ENT, 2) == Applied(removed=1)
            assert [held.name for held in books.accounts(ENT, 1)] == ["A"]

    def test_a_key_may_return_after_its_deletion(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1")))
        delete = Delta(deleted=frozenset({(RecordKind.ENTRY, "e1")}))
        publish(storage, 2, batch(coverage=(delete,)))
        publish(storage, 3, batch(*pair("e1")))
        assert [len(keys_of(storage, number)) for number in (1, 2, 3)] == [2, 0, 2]
        with storage.reading() as unit:
            assert not unit.books.changed_lines(ENT, older=1, newer=3).changes
            assert not unit.books.changed_cells(ENT, older=1, newer=3)
            assert len(unit.books.changed_lines(ENT, older=2, newer=3).changes) == 2

    def test_discard_restores_what_was_published(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1000"), *pair("e1"), invoice("i1", "e1")))
        before = everything_said(storage, 1)
        delete = Delta(deleted=frozenset({(RecordKind.ENTRY, "e1")}))
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(account("1000", "Kas"), *pair("e2")))
            unit.books.apply(ENT, 2, batch(coverage=(delete,)))
            unit.books.settle(ENT, 2)
            unit.commit()
        with storage.writing() as unit:
            unit.books.discard(ENT, 2)
            unit.books.discard(ENT, 2)
            unit.commit()
        assert everything_said(storage, 1) == before
        assert keys_of(storage, 2) == keys_of(storage, 1)
        with storage.writing() as unit:
            assert unit.books.settle(ENT, 2) == Applied(unchanged=5)

    def test_published_generations_are_not_written(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1")))
        with storage.writing() as unit:
            for write in (unit.books.start_over, unit.books.settle, unit.books.discard):
                with pytest.raises(OurBug):
                    write(ENT, 1)
            with pytest.raises(OurBug):
                unit.books.apply(ENT, 1, batch())

    def test_only_settled_generations_are_published(self, storage: Storage) -> None:
        with storage.writing() as unit:
            unit.books.settle(ENT, 1)
            unit.books.apply(ENT, 1, batch(*pair("e1")))
            with pytest.raises(OurBug):
                unit.books.publish(generation(1))

    def test_starting_over_keeps_what_comes_back(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1000"), *pair("e1"), *pair("e2")))
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(*pair("e3")))
            unit.books.start_over(ENT, 2)
            assert unit.books.counts(ENT, 2) == dict.fromkeys(RecordKind, 0)
            unit.books.apply(ENT, 2, batch(*pair("e1"), line("x", "e1", "1000", 0)))
            assert unit.books.settle(ENT, 2) == Applied(added=1, removed=4, unchanged=3)
            unit.commit()
        assert keys_of(storage, 1) == ["e1-1", "e1-2", "e2-1", "e2-2"]

    def test_settling_drops_entries_without_lines_and_orphaned_invoices(
        self, storage: Storage
    ) -> None:
        publish(storage, 1, batch(*pair("e1"), *pair("e2"), invoice("i1", "e1"), invoice("i9")))
        lines = Delta(deleted=frozenset({(RecordKind.LINE, "e1-1"), (RecordKind.LINE, "e1-2")}))
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(coverage=(lines,)))
            unit.books.apply(ENT, 2, batch(entry("e5"), invoice("i5", "never came")))
            unit.books.apply(ENT, 2, batch(entry("e6")))
            unit.books.apply(ENT, 2, batch(line("e6-1", "e6", "1000", 0)))
            assert unit.books.settle(ENT, 2) == Applied(added=2, removed=4, unchanged=4)
            assert [held.key for held in unit.books.invoices(ENT, 2)] == ["i9"]
            assert unit.books.entry(ENT, 2, "e5") is None
            assert unit.books.entry(ENT, 2, "e6") is not None

    def test_generations_are_kept_with_their_proof(self, storage: Storage) -> None:
        for number in (1, 2, 3):
            publish(storage, number, batch(account(str(number))))
        counted = {kind: number for number, kind in enumerate(RecordKind)}
        with storage.writing() as unit:
            unit.books.settle(ENT, 4)
            unit.books.publish(attrs.evolve(generation(4), counts=counted, bookmark=None))
            unit.commit()
        with storage.reading() as unit:
            books = unit.books
            newest = attrs.evolve(generation(4), counts=counted, bookmark=None)
            assert books.generation(ENT, 4) == newest
            assert books.generation(ENT, 5) is None
            assert books.generation("ent_9", 1) is None
            assert [held.number for held in books.generations(ENT)] == [4, 3, 2, 1]
            assert [held.number for held in books.generations(ENT, before=4, limit=2)] == [3, 2]
            assert books.generation_at(ENT, later(3600 * 2)) == 2
            assert books.generation_at(ENT, later(3600 * 3 - 0.000001)) == 2
            assert books.generation_at(ENT, later(0)) is None
            assert books.generation_at(ENT, later(10**6)) == 4

    def test_changes_between_generations(self, storage: Storage) -> None:
        first = [*pair("e1", on=1), *pair("e2", on=1)]
        publish(storage, 1, batch(*first))
        moved = line("e1-1", "e1", "1000", 100, on=40)
        edited = line("e2-1", "e2", "1000", 300, on=1)
        added = line("n", "e2", "8000", -200, on=1, position=3)
        delete = Delta(deleted=frozenset({(RecordKind.LINE, "e1-2")}))
        publish(storage, 2, batch(moved, edited, added, coverage=(delete,)))
        with storage.reading() as unit:
            said = list(unit.books.changed_cells(ENT, older=1, newer=2))
            page = unit.books.changed_lines(ENT, older=1, newer=2, limit=3)
            rest = unit.books.changed_lines(ENT, older=1, newer=2, cursor=page.next_cursor)
        assert said == [
            cell_change("1000", 1, (0, 1, 1), 200, 300),
            cell_change("8000", 1, (1, 0, 1), -200, -300),
            cell_change("1000", 2, (1, 0, 0), 0, 100),
        ]
        held = {record.key: record for record in first}
        assert [*page.changes, *rest.changes] == [
            LineChange(before=held["e1-1"], after=moved),  # type: ignore[arg-type]  # pairs mix kinds
            LineChange(before=held["e1-2"], after=None),  # type: ignore[arg-type]  # pairs mix kinds
            LineChange(before=held["e2-1"], after=edited),  # type: ignore[arg-type]  # pairs mix kinds
            LineChange(before=None, after=added),
        ]
        assert len(page.changes) == 3
        assert rest.next_cursor is None


def cell_change(
    key: str, period: int, counts: tuple[int, int, int], before_e4: int, after_e4: int
) -> CellChange:
    return CellChange(
        cell=Cell(account_key=key, year=2025, period=period),
        added=counts[0],
        changed=counts[1],
        removed=counts[2],
        before_e4=before_e4,
        after_e4=after_e4,
    )

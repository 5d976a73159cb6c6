"""What every storage promises about books."""

import base64
from typing import Any

import attrs
import pytest

from core.domain.books import Applied, Delta, Everything, RecordKind, Window
from core.domain.failures import CorrectRequest, OurBug
from core.domain.money import AMOUNT_E4_MAX
from core.domain.proof import Cell, Finding, FindingKind
from core.ports.books import CellChange, LineChange, LineFilter
from core.ports.storage import Storage
from tests.storage.makers import (
    ENT,
    account,
    batch,
    contact,
    day,
    entry,
    generation,
    invoice,
    journal,
    later,
    line,
    pair,
    publish,
)
from tests.storage.views import all_lines, view

EVERY_ACCOUNT = Everything(kind=RecordKind.ACCOUNT)
JANUARY = Window(first=day(1), last_day=day(31))


def keys_of(storage: Storage, number: int, kind: str = "lines") -> list[str]:
    """Keys of lines (or accounts, invoices) in a generation."""
    with storage.reading() as unit:
        if kind == "lines":
            rows = all_lines(unit.books, ENT, number, LineFilter())
            return [row.line.key for row in rows]
        return [row.key for row in getattr(unit.books, kind)(ENT, number)]


def everything_said(storage: Storage, number: int) -> dict[str, Any]:
    with storage.reading() as unit:
        return view(unit.books, ENT, number)


class ApplyContract:
    """Applying batches."""

    def test_only_rows_that_differ_are_written(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1000"), *pair("e1")))
        again = batch(account("1000", "Kas"), account("2000"), *pair("e1"))
        with storage.writing() as unit:
            applied = unit.books.apply(ENT, 2, again)
            assert applied == Applied(added=1, changed=1, unchanged=3)
            assert unit.books.apply(ENT, 2, again) == Applied(unchanged=5)
            assert unit.books.settle(ENT, 2) == Applied(added=1, changed=1, unchanged=3)
            assert unit.books.settle(ENT, 2) == Applied(added=1, changed=1, unchanged=3)

    def test_the_later_of_two_records_with_one_key_counts(self, storage: Storage) -> None:
        with storage.writing() as unit:
            unit.books.apply(ENT, 1, batch(account("1", "A"), account("1", "B")))
            assert [held.name for held in unit.books.accounts(ENT, 1)] == ["B"]

    def test_uncommitted_batches_are_gone(self, storage: Storage) -> None:
        with storage.writing() as unit:
            unit.books.apply(ENT, 1, batch(*pair("e1")))
        assert keys_of(storage, 1) == []

    def test_deletes_by_name_take_lines_and_invoices_along(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1"), *pair("e2"), invoice("i1", "e1"), invoice("i2")))
        gone = Delta(
            deleted=frozenset(
                {
                    (RecordKind.ENTRY, "e1"),
                    (RecordKind.LINE, "e2-1"),
                    (RecordKind.CONTACT, "never held"),
                }
            )
        )
        with storage.writing() as unit:
            applied = unit.books.apply(ENT, 2, batch(coverage=(gone,)))
            assert applied == Applied(removed=5)
            unit.commit()
        assert keys_of(storage, 2) == ["e2-2"]
        assert keys_of(storage, 2, "invoices") == ["i2"]
        assert len(keys_of(storage, 1)) == 4

    def test_a_record_in_the_batch_is_alive(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1")))
        gone = Delta(deleted=frozenset({(RecordKind.ENTRY, "e1"), (RecordKind.LINE, "e1-1")}))
        with storage.writing() as unit:
            sent = batch(entry("e1"), line("e1-1", "e1"), coverage=(gone,))
            assert unit.books.apply(ENT, 2, sent) == Applied(removed=1, unchanged=2)
            unit.commit()
        assert keys_of(storage, 2) == ["e1-1"]

    def test_whole_entries_drop_what_the_batch_does_not_carry(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1"), *pair("e2"), invoice("i1", "e1")))
        whole = Delta(whole_entries=frozenset({"e1"}))
        moved = line("e1-9", "e1", "1000", 7)
        publish(storage, 2, batch(entry("e1"), moved, coverage=(whole,)))
        assert keys_of(storage, 2) == ["e1-9", "e2-1", "e2-2"]
        assert keys_of(storage, 2, "invoices") == []

    def test_everything_drops_what_was_not_seen(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1"), account("2"), account("3")))
        open_end = attrs.evolve(EVERY_ACCOUNT, last=False, present=frozenset({"2"}))
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(account("1"), coverage=(open_end,)))
            assert len(unit.books.accounts(ENT, 2)) == 3
            unit.commit()
        with storage.writing() as unit:
            applied = unit.books.apply(ENT, 2, batch(account("4"), coverage=(EVERY_ACCOUNT,)))
            assert applied == Applied(added=1, removed=1)
            unit.commit()
        assert keys_of(storage, 2, "accounts") == ["1", "2", "4"]
        with storage.writing() as unit:  # what was seen is forgotten with the end
            unit.books.apply(ENT, 2, batch(account("4"), coverage=(EVERY_ACCOUNT,)))
            assert [held.key for held in unit.books.accounts(ENT, 2)] == ["4"]

    def test_a_first_import_resumed_elsewhere_drops_what_it_no_longer_sees(
        self, storage: Storage
    ) -> None:
        open_end = attrs.evolve(EVERY_ACCOUNT, last=False)
        with storage.writing() as unit:
            unit.books.apply(ENT, 1, batch(account("1"), coverage=(open_end,)))
            unit.books.apply(ENT, 1, batch(account("2")))  # outside the coverage
            unit.books.apply(ENT, 1, batch(account("3"), coverage=(EVERY_ACCOUNT,)))
            assert [held.key for held in unit.books.accounts(ENT, 1)] == ["1", "3"]

    def test_a_window_drops_unseen_entries_between_its_edges(self, storage: Storage) -> None:
        entries = [
            record
            for key, on in (("in1", 1), ("in31", 31), ("out", 32), ("kept", 9), ("sent", 9))
            for record in pair(key, on=on)
        ]
        publish(storage, 1, batch(*entries, invoice("i1", "in31")))
        first = attrs.evolve(JANUARY, last=False, present=frozenset({"kept"}))
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(*pair("sent", on=9), coverage=(first,)))
            assert unit.books.counts(ENT, 2)[RecordKind.ENTRY] == 5
            unit.commit()
        with storage.writing() as unit:
            applied = unit.books.apply(ENT, 2, batch(coverage=(JANUARY,)))
            assert applied == Applied(removed=7)
            assert unit.books.counts(ENT, 2)[RecordKind.ENTRY] == 3
            unit.commit()
        assert sorted(keys_of(storage, 2)) == [
            "kept-1",
            "kept-2",
            "out-1",
            "out-2",
            "sent-1",
            "sent-2",
        ]

    def test_an_entry_that_moves_to_a_later_window_survives(self, storage: Storage) -> None:
        february = Window(first=day(32), last_day=day(59))
        publish(storage, 1, batch(*pair("e1", on=5)))
        publish(
            storage,
            2,
            batch(coverage=(JANUARY,)),
            batch(*pair("e1", on=40), coverage=(february,)),
        )
        assert keys_of(storage, 2) == ["e1-1", "e1-2"]
        with storage.reading() as unit:
            held = unit.books.entry(ENT, 2, "e1")
            assert held is not None
            assert held[0].date == day(40)

    def test_an_entry_sent_with_a_window_is_seen_whatever_its_date(self, storage: Storage) -> None:
        first = attrs.evolve(JANUARY, last=False)
        with storage.writing() as unit:
            unit.books.apply(ENT, 1, batch(*pair("e1", on=40), coverage=(first,)))
            unit.books.apply(ENT, 1, batch(entry("e1", 5)))
            unit.books.apply(ENT, 1, batch(coverage=(JANUARY,)))
            assert unit.books.entry(ENT, 1, "e1") is not None

    def test_what_was_seen_does_not_outlive_a_discard(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1"), account("2")))
        open_end = attrs.evolve(EVERY_ACCOUNT, last=False)
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(account("1"), coverage=(open_end,)))
            unit.books.discard(ENT, 2)
            unit.books.apply(ENT, 2, batch(account("2"), coverage=(EVERY_ACCOUNT,)))
            assert [held.key for held in unit.books.accounts(ENT, 2)] == ["2"]

    def test_entities_do_not_touch_each_other(self, storage: Storage) -> None:
        publish(storage, 1, batch(*pair("e1")))
        publish(storage, 1, batch(*pair("e1", 900)), entity_id="ent_2")
        with storage.writing() as unit:
            unit.books.start_over(ENT, 2)
            unit.commit()
        with storage.reading() as unit:
            cell = Cell(account_key="1000", year=2025, period=1)
            assert unit.books.cells("ent_2", 1)[cell] == 900
            assert unit.books.counts("ent_2", 2)[RecordKind.LINE] == 2
            assert unit.books.counts(ENT, 2)[RecordKind.LINE] == 0


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


class ReadingContract:
    """Reading books."""

    def test_balances_are_exact_and_empty_cells_absent(self, storage: Storage) -> None:
        big = AMOUNT_E4_MAX
        publish(
            storage,
            1,
            batch(
                line("1", "e1", "1000", big),
                line("2", "e1", "8000", -big),
                line("3", "e1", "9", 5),
                line("4", "e1", "9", -5),
            ),
        )
        with storage.reading() as unit:
            assert unit.books.cells(ENT, 1) == {
                Cell(account_key="1000", year=2025, period=1): big,
                Cell(account_key="8000", year=2025, period=1): -big,
            }
            nine = next(r for r in unit.books.trial_balance(ENT, 1) if r.account_key == "9")
            assert (nine.debit_e4, nine.credit_e4, nine.lines) == (5, 5, 2)

    def test_trial_balance(self, storage: Storage) -> None:
        accounts = [account("k1", code="8000"), account("k2", code="1000"), account("k3")]
        lines = [
            line("1", "e1", "k1", -100, on=1),
            line("2", "e1", "k2", 100, on=1),
            line("3", "e2", "k1", -70, on=40),
            line("4", "e2", "unknown", 70, on=40),
            line("5", "e3", "k2", 1, on=70),
        ]
        publish(storage, 1, batch(*accounts, *lines))
        with storage.reading() as unit:
            rows = unit.books.trial_balance(ENT, 1, since=(2025, 2), until=(2025, 2))
            said = [
                (r.account_key, r.opening_e4, r.debit_e4, r.credit_e4, r.closing_e4, r.lines)
                for r in rows
            ]
            assert said == [
                ("k2", 100, 0, 0, 100, 0),
                ("k1", -100, 0, 70, -170, 1),
                ("unknown", 0, 70, 0, 70, 1),
            ]
            assert rows[0].account == accounts[1]
            assert rows[2].account is None
            whole = unit.books.trial_balance(ENT, 1)
            assert sum(row.closing_e4 for row in whole) == 1
            assert all(row.opening_e4 == 0 for row in whole)

    def test_findings(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1000"), *pair("e1"), line("x", "e2", "1000", 30)))
        unbalanced = Finding(kind=FindingKind.UNBALANCED_ENTRY, key="e2", amount_e4=30)
        unknown = Finding(kind=FindingKind.UNKNOWN_ACCOUNT, key="8000", amount_e4=-100)
        publish(storage, 2, batch(line("y", "e2", "1000", -30), account("8000")))
        with storage.reading() as unit:
            assert list(unit.books.findings(ENT, 1, limit=9)) == [unknown, unbalanced]
            assert list(unit.books.findings(ENT, 1, limit=1)) == [unknown]
            assert list(unit.books.findings(ENT, 2, limit=9)) == []

    def test_lines_come_in_order_page_by_page(self, storage: Storage) -> None:
        lines = [
            line("b", "e1", on=1, position=2),
            line("c", "e1", on=1, position=10),
            line("a", "e2", on=1, position=1),
            line("e", "e2", on=1, position=1),
            line("d", "e0", on=2),
        ]
        publish(storage, 1, batch(*reversed(lines), entry("e1")))
        with storage.reading() as unit:
            for limit in (1, 2, 5, 1_000_000):
                found = list(all_lines(unit.books, ENT, 1, LineFilter(), limit))
                assert [row.line for row in found] == lines
            assert found[0].entry == entry("e1")
            assert found[4].entry is None
            assert not unit.books.lines("ent_9", 1, where=LineFilter()).rows

    def test_line_filters_hold_together(self, storage: Storage) -> None:
        publish(
            storage,
            1,
            batch(
                journal("j1"),
                entry("e1", 1, journal_key="j1", description="Huur ÉTÉ"),
                line("1", "e1", "1000", on=1, contact_key="c1", description="100% Café"),
                line("2", "e1", "8000", on=2, description="snake_case"),
                line("3", "e2", "1000", on=40, contact_key="c1"),
            ),
        )
        cases = {
            "13": LineFilter(account_key="1000"),
            "12": LineFilter(entry_key="e1"),
            "1 2": LineFilter(journal_key="j1"),
            "1 3": LineFilter(contact_key="c1"),
            "23": LineFilter(date_from=day(2)),
            "1 2 ": LineFilter(date_to=day(2)),
            "2": LineFilter(date_from=day(2), date_to=day(2)),
            "3": LineFilter(year=2025, period=2),
            "": LineFilter(year=2024),
            "1": LineFilter(text="100%"),
            " 1": LineFilter(text="cAFÉ"),
            " 2": LineFilter(text="E_c"),
            "12 ": LineFilter(text="été"),
            "12  ": LineFilter(text="nE1"),
            "1  ": LineFilter(journal_key="j1", account_key="1000", contact_key="c1", year=2025),
            "  ": LineFilter(journal_key="j9"),
        }
        with storage.reading() as unit:
            for expected, where in cases.items():
                found = "".join(row.line.key for row in all_lines(unit.books, ENT, 1, where))
                assert found == expected.replace(" ", ""), where

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "nonsense",
            "é",
            base64.urlsafe_b64encode(b"[1]").decode(),
            base64.urlsafe_b64encode(b'["lines","2025-01-01","e",true,"k"]').decode(),
            base64.urlsafe_b64encode(b'["changes","k","x"]').decode(),
            base64.urlsafe_b64encode(b"[" * 3_000).decode(),
            "A" * 100_000,
        ],
    )
    def test_foreign_cursors_are_refused(self, storage: Storage, cursor: str) -> None:
        with storage.reading() as unit:
            with pytest.raises(CorrectRequest) as one:
                unit.books.lines(ENT, 1, where=LineFilter(), cursor=cursor)
            with pytest.raises(CorrectRequest) as other:
                unit.books.changed_lines(ENT, older=0, newer=1, cursor=cursor)
        assert (one.value.code, other.value.code) == ("bad-cursor", "bad-cursor")

    def test_an_entry_with_its_lines_by_position(self, storage: Storage) -> None:
        second, first = line("a", "e1", position=2), line("b", "e1", position=1)
        publish(storage, 1, batch(second, first, entry("e1"), line("c", "e2")))
        with storage.reading() as unit:
            held = unit.books.entry(ENT, 1, "e1")
            assert held is not None
            assert (held[0], list(held[1])) == (entry("e1"), [first, second])
            assert unit.books.entry(ENT, 1, "e2") is None

    def test_masters_and_pages(self, storage: Storage) -> None:
        contacts = [contact(key) for key in ("a", "b", "c")]
        publish(
            storage,
            1,
            batch(
                *reversed(contacts),
                account("k2", code="10"),
                account("k1", code="10"),
                account("k3", code="1"),
                invoice("i2"),
                invoice("i1"),
            ),
        )
        with storage.reading() as unit:
            books = unit.books
            assert [held.key for held in books.accounts(ENT, 1)] == ["k3", "k1", "k2"]
            assert list(books.contacts(ENT, 1)) == contacts
            assert list(books.contacts(ENT, 1, after="a", limit=1)) == contacts[1:2]
            assert [held.key for held in books.invoices(ENT, 1, limit=1)] == ["i1"]
            assert [held.key for held in books.invoices(ENT, 1, after="i1")] == ["i2"]
            assert books.counts(ENT, 1)[RecordKind.CONTACT] == 3
            assert set(books.counts("ent_9", 1)) == set(RecordKind)


class BooksContract(ApplyContract, GenerationContract, ReadingContract):
    """All of it. Subclasses give the fixture ``storage``."""

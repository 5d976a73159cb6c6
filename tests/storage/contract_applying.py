"""What every storage promises about applying batches."""

import attrs

from core.domain.books import Applied, Delta, Everything, RecordKind, Window
from core.domain.proof import Cell
from core.ports.storage import Storage
from tests.storage.makers import (
    ENT,
    account,
    batch,
    day,
    entry,
    invoice,
    line,
    pair,
    publish,
)
from tests.storage.views import keys_of

EVERY_ACCOUNT = Everything(kind=RecordKind.ACCOUNT)
JANUARY = Window(first=day(1), last_day=day(31))


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

    def test_invoices_go_with_their_entry_whether_they_bear_its_key_or_not(
        self, storage: Storage
    ) -> None:
        publish(
            storage,
            1,
            batch(
                *(record for key in ("e1", "e2", "e3") for record in pair(key)),
                *(invoice("e1", "e1"), invoice("i1", "e1"), invoice("e2", "e3"), invoice("e3")),
            ),
        )
        gone = Delta(deleted=frozenset({(RecordKind.ENTRY, "e1"), (RecordKind.ENTRY, "e2")}))
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(coverage=(gone,)))
            unit.commit()
        assert keys_of(storage, 2, "invoices") == ["e2", "e3"]

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

    def test_what_a_reading_given_up_half_way_saw_is_forgotten_by_the_next(
        self, storage: Storage
    ) -> None:
        """A bookmark that became void: the pull starts over in the same generation."""
        begun = attrs.evolve(EVERY_ACCOUNT, first=True, last=False)
        anew = attrs.evolve(EVERY_ACCOUNT, first=True)
        with storage.writing() as unit:
            unit.books.apply(ENT, 1, batch(account("1"), account("2"), coverage=(begun,)))
            unit.books.apply(ENT, 1, batch(account("2"), coverage=(anew,)))
            assert [held.key for held in unit.books.accounts(ENT, 1)] == ["2"]

    def test_a_window_read_anew_forgets_what_was_seen_of_it(self, storage: Storage) -> None:
        """Given up half way, in a first import and in a later one; its end decides alone."""
        begun = attrs.evolve(JANUARY, begins=True, last=False)
        anew = attrs.evolve(JANUARY, begins=True)
        end = attrs.evolve(JANUARY)
        for number in (1, 2):
            with storage.writing() as unit:
                unit.books.apply(ENT, number, batch(*pair("e1", on=5), coverage=(begun,)))
                unit.commit()
            publish(storage, number, batch(*pair("e2", on=6), coverage=(anew,)))
            assert keys_of(storage, number) == ["e2-1", "e2-2"]
        half = batch(*pair("e1", on=5), coverage=(begun,))
        publish(storage, 3, half, batch(*pair("e2", on=6), coverage=(end,)))
        assert len(keys_of(storage, 3)) == 4, "a page that continues forgets nothing"

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

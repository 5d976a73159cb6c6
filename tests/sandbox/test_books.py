"""The made-up books: coherent, the same for a seed, and still coherent after edits."""

from collections import Counter

import msgspec
import pytest

from sandbox.books import Books
from sandbox.clock import SandboxClock
from sandbox.edits import edit
from sandbox.identity import Identities, Kind
from sandbox.records import EntryKind, Trait
from sandbox.world import World


def world(seed: int = 7, lines: int = 1_500) -> World:
    return World(seed, lines, SandboxClock())


def coherent(books: Books) -> None:
    assert books.trial_balance() == books.recount()
    assert sum(books.trial_balance().values()) == 0
    for entry in books.live_entries():
        assert sum(line.cents for line in entry.lines) == 0
        assert sum(line.foreign_cents for line in entry.lines) == 0
        assert (entry.year, entry.period) == books.period_of(entry.date)


def told(books: Books) -> bytes:
    """Everything a provider could tell about the books, as bytes."""
    rows = [
        (
            entry.number,
            str(entry.date),
            entry.description,
            entry.created_ms,
            line.cents,
            line.serial,
        )
        for entry in books.live_entries()
        for line in entry.lines
    ]
    names = [(contact.number, contact.name) for contact in books.contacts]
    return msgspec.json.encode((rows, names))


def test_every_company_has_coherent_books_of_about_the_asked_size() -> None:
    made = world(lines=3_000)
    for books in made.books.values():
        coherent(books)
    assert 3_000 <= len(made.books[1].lines) < 3_030
    traits = {books.company.trait for books in made.books.values()}
    assert traits == set(Trait)
    empty = next(b for b in made.books.values() if b.company.trait is Trait.EMPTY)
    assert empty.lines == []
    assert empty.accounts
    assert empty.contacts


def test_a_seed_means_the_same_books_in_every_run_and_another_seed_others() -> None:
    assert told(world().books[1]) == told(world().books[1])
    assert told(world().books[1]) != told(world(seed=8).books[1])


def test_the_books_hold_what_real_ones_do() -> None:
    books = world().books[1]
    kinds = Counter(entry.kind for entry in books.live_entries())
    assert set(kinds) == set(EntryKind)
    assert {entry.currency for entry in books.live_entries()} == {"EUR", "USD", "GBP"}
    assert all(entry.processed == (entry.year == 2025) for entry in books.live_entries())
    paid = [e for e in books.live_entries() if e.invoice_number and e.open_cents == 0]
    unpaid = [e for e in books.live_entries() if e.invoice_number and e.open_cents]
    assert len(paid) > len(unpaid) > 0
    results = [a.code for a in books.accounts if not a.balance_sheet]
    closed = [
        c
        for (code, year, _), c in books.trial_balance().items()
        if code in results and year == 2025
    ]
    assert sum(closed) == 0, "the closed year's result went to equity"
    assert sum(1 for line in books.live_lines() if line.account is None) == 1


def test_a_broken_year_is_named_after_the_year_it_ends_in() -> None:
    books = world().books[3]
    assert books.company.trait is Trait.BROKEN_YEAR
    first = next(iter(books.live_entries()))
    assert (first.year, first.period) == (2025, 7)
    period = next(p for p in books.periods if (p.year, p.number) == (2025, 7))
    assert period.first <= first.date <= period.last


@pytest.mark.parametrize("lines", [0, 300, 2_500])
def test_books_stay_coherent_over_many_nights(lines: int) -> None:
    made = world(lines=lines)
    for _ in range(15):
        edit(made.books[1], {"kind": "night"})
    coherent(made.books[1])
    assert len(made.books[1].changes) > 15 * 10


def test_the_same_edits_give_the_same_books() -> None:
    first, second = world(), world()
    done = [edit(made.books[1], {"kind": "night"}) for made in (first, second)]
    assert done[0] == done[1]
    assert first.books[1].trial_balance() == second.books[1].trial_balance()


def test_where_nothing_open_is_left_an_edit_makes_something_to_edit() -> None:
    books = world().books[1]
    for entry in list(books.live_entries()):
        if not entry.processed:
            books.delete_entry(entry)
    (done,) = edit(books, {"kind": "edit-entry"})
    number = int(done.removeprefix("edited entry "))
    assert not books.entry(number).processed
    coherent(books)


def test_a_named_edit_does_what_it_says() -> None:
    books = world().books[1]
    entry = next(e for e in books.live_entries() if e.kind is EntryKind.GENERAL)
    before = entry.lines[0].cents
    edit(books, {"kind": "edit-entry", "entry": entry.number, "delta": 12, "date": "2026-02-03"})
    assert entry.lines[0].cents == before + 12
    assert (entry.year, entry.period) == (2026, 2)
    edit(books, {"kind": "rename-contact", "contact": 3, "name": "Anders"})
    assert books.contact(3).name == "Anders"
    edit(books, {"kind": "delete-entry", "entry": entry.number})
    assert entry not in list(books.live_entries())
    coherent(books)


def test_ids_are_unique_and_can_be_read_back() -> None:
    identities = Identities(7)
    seen = {identities.guid(2, Kind.LINE, serial) for serial in range(5_000)}
    assert len(seen) == 5_000
    guid = identities.guid(2, Kind.LINE, 4_321)
    assert identities.serial(2, Kind.LINE, guid.upper()) == 4_321
    assert identities.serial(2, Kind.ENTRY, guid) is None
    assert identities.serial(3, Kind.LINE, guid) is None
    assert identities.serial(2, Kind.LINE, "no guid") is None
    assert Identities(8).guid(2, Kind.LINE, 4_321) != guid


def test_a_payment_settles_in_part_or_whole_and_taking_it_back_opens_again() -> None:
    books = world().books[1]
    invoice = next(
        entry for entry in books.live_entries() if entry.invoice_number and entry.open_cents > 200
    )
    owed = invoice.open_cents
    edit(books, {"kind": "pay-entry", "entry": invoice.number, "delta": 150})
    assert invoice.open_cents == owed - 150
    edit(books, {"kind": "pay-entry", "entry": invoice.number})
    assert invoice.open_cents == 0
    payment = max(books.live_entries(), key=lambda entry: entry.serial)
    edit(books, {"kind": "delete-entry", "entry": payment.number})
    assert invoice.open_cents == owed - 150
    coherent(books)

"""The ledger of Moneybird: each of its oddities by itself, through the stand-in."""

from contextlib import closing
from datetime import date

import pytest

from adapters.providers.moneybird.bookmark import (
    Bookmark,
    Mode,
    Reading,
    Stage,
    starting,
    with_begun,
)
from core.domain.books import BOOKMARK_CHARACTERS_MAX
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from sandbox.books import Heading, Posting
from sandbox.identity import Kind
from sandbox.records import AccountKind, EntryKind, JournalKind
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS, NOW
from tests.providers.folding import Ledger
from tests.providers.moneybird.sandboxed import KEY, asked, assert_true, imported, view_of
from tests.providers.sandboxed import Connected, run


def test_the_day_through_which_books_are_locked_is_told_in_two_forms(source: Source) -> None:
    told = {found.closed_through for found in source.administrations()}
    assert told == {date(2025, 12, 31)}


# -- the ledger ------------------------------------------------------------------------------------


def test_bookings_on_projects_are_found_by_their_accounts(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, project_every=7)
    ledger, _ = imported(source, administration)
    assert asked(sandbox, "ledger_account_id=")
    assert_true(sandbox, source, administration, ledger)


def test_where_null_is_no_selector_every_account_is_read(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, null_selects=False)
    ledger, bookmark = imported(source, administration)
    assert asked(sandbox, "project_id=null") == 1, "refused once, not asked again"
    assert_true(sandbox, source, administration, ledger)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "edit-entry", "delta": 100})
    run(source, administration, bookmark, ledger)
    assert asked(sandbox, "project_id=null") == 1
    assert_true(sandbox, source, administration, ledger)


def test_the_old_shape_of_the_general_ledger_will_do(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, ledger_as_map=True)
    ledger, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger)


def test_a_sign_once_learned_is_remembered(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """The appropriation of the result is debit positive here, against what its type suggests."""
    view = view_of(sandbox)
    account = next(a for a in view.books.accounts if a.kind is AccountKind.EXCHANGE)
    key = view.number(Kind.ACCOUNT, account.serial)
    _, bookmark = imported(source, administration)
    assert key in starting(bookmark, now=int(NOW.timestamp())).turned
    assert asked(sandbox, f"ledger_account_id={key}") == 1


def booked(sandbox: Sandbox, day: date, postings: dict[AccountKind, int]) -> None:
    """A memorial of these cents per kind of account, the rest on the bank."""
    books = view_of(sandbox).books
    lines = list(postings.items())
    lines.append((AccountKind.BANK, -sum(postings.values())))
    books.add_entry(
        Heading(
            journal=books.journal(JournalKind.GENERAL),
            kind=EntryKind.GENERAL,
            date=day,
            description="Rente",
            created_ms=books.clock.now_ms(),
        ),
        [
            Posting(next(a for a in books.accounts if a.kind is kind), cents)
            for kind, cents in lines
        ],
    )


def test_a_month_that_cannot_tell_the_sign_is_read_again_when_another_does(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """Interest to receive and to pay of the same amount: both signs fit, until March."""
    booked(sandbox, date(2025, 2, 10), {AccountKind.INTEREST: 5_000})
    booked(sandbox, date(2025, 2, 11), {AccountKind.INTEREST: -5_000})
    ledger, bookmark = imported(source, administration)
    assert any(each.startswith("202502:") for each in starting(bookmark, now=0).unsure)
    assert len(ledger.unbalanced) == 2, "taken for credits, as the type suggests"
    booked(sandbox, date(2026, 3, 10), {AccountKind.INTEREST: 700})
    sandbox.advance(NIGHT_SECONDS)
    bookmark = run(source, administration, bookmark, ledger)
    assert not starting(bookmark, now=0).unsure
    assert_true(sandbox, source, administration, ledger)


@pytest.mark.parametrize("edit", [{"kind": "delete-entry"}, {"kind": "edit-entry", "delta": 500}])
def test_books_that_move_while_a_month_is_read_are_read_a_second_time(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    edit: dict[str, object],
) -> None:
    """Between the general ledger of a month and its bookings somebody works on the month."""
    newest = max(
        (e for e in view_of(sandbox).books.live_entries() if e.invoice_number),
        key=lambda entry: entry.date,
    )
    month, ledger = f"{newest.date:%Y%m}", Ledger()
    pull = source.pull(administration, None)
    for batch in pull:
        ledger.apply(batch)
        reading = starting(batch.bookmark, now=0).reading
        if reading is not None and reading.month == month and not reading.read:
            sandbox.edit(KEY, {**edit, "entry": newest.number})
            break
    for batch in pull:
        ledger.apply(batch)
    ledger.settle()
    asked_for = asked(sandbox, f"general_ledger.json?period={month}")
    assert asked_for == 2
    assert_true(sandbox, source, administration, ledger)


def test_books_of_an_older_year_are_read_again_when_they_changed(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "delete-entry", "year": 2025})
    with closing(connected.open()) as tonight:
        run(tonight, administration, bookmark, ledger)
        control = tonight.control_totals(administration)
        assert control is not None
        assert control.years == frozenset({2025, 2026})
        assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN
        assert_true(sandbox, tonight, administration, ledger)


def test_a_booking_moves_to_another_month_and_year(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    number = next(
        e.number for e in view_of(sandbox).books.live_entries() if e.invoice_number and e.lines
    )
    for day in ("2027-02-03", "2024-12-31", "2022-01-01", "2026-05-31"):
        sandbox.advance(NIGHT_SECONDS)
        sandbox.edit(KEY, {"kind": "edit-entry", "entry": number, "date": day})
        bookmark = run(source, administration, bookmark, ledger)
        assert_in_months(sandbox, ledger)
        assert len(ledger.lines) == len(
            [line for line in view_of(sandbox).books.live_lines() if line.account]
        )


def assert_in_months(sandbox: Sandbox, ledger: Ledger) -> None:
    moved = sorted(
        f"{line.entry.date}" for line in view_of(sandbox).books.live_lines() if line.account
    )
    assert moved == sorted(f"{line.date}" for line in ledger.lines)


def test_what_no_sum_gives_away_is_found_within_a_week(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.edit(KEY, {"kind": "edit-entry", "description": "Anders"})

    def described() -> bool:
        return any(line.description == "Anders" for line in ledger.lines)

    sandbox.advance(NIGHT_SECONDS)
    bookmark = run(source, administration, bookmark, ledger)
    assert not described(), "the sums are what they were"
    sandbox.advance(7 * NIGHT_SECONDS)
    run(source, administration, bookmark, ledger)
    assert described()
    assert_true(sandbox, source, administration, ledger)


def test_a_bookmark_of_another_version_reads_everything_anew(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    for bookmark in ("", "{}", '{"v": 99, "mode": "whole", "started_at": 1, "checked_at": 1}'):
        sandbox.edit(KEY, {"kind": "night"})
        run(source, administration, bookmark, ledger)
        assert_true(sandbox, source, administration, ledger)


def test_a_bookmark_stays_small_however_many_entries_a_month_has() -> None:
    told = {str(496_000_000_000_000_000 + n): (10**9, 10**9) for n in range(300)}
    reading = Reading(month="202501", told=told, read=told)
    reading = with_begun(reading, [f"Document:{n}:2025-01-31" for n in range(20_000)])
    at = Bookmark(mode=Mode.WHOLE, stage=Stage.LEDGER, started_at=1, checked_at=1, reading=reading)
    text = at.encoded()
    assert len(text) <= BOOKMARK_CHARACTERS_MAX
    kept = starting(text, now=2).reading
    assert kept is not None
    assert kept.begun
    assert reading.begun.endswith(kept.begun), "the newest are kept"

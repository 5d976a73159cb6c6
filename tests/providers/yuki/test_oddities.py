"""What is odd about Yuki, each oddity against the stand-in that shows it."""

from contextlib import closing
from datetime import date
from typing import cast

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.yuki.bookmark import Mode, Stage, decoded
from adapters.providers.yuki.source import YukiSource
from core.domain.books import (
    Invoice,
    InvoiceDirection,
    JournalEntry,
    JournalKind,
    LedgerAccount,
    RecordKind,
    TradeSide,
)
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import START_OVER, ReadsAgain
from sandbox.records import EntryKind
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, run
from tests.providers.yuki.test_conformance import BROKEN, KEY, keyed
from tests.providers.yuki.truth import presented

NIGHT_SECONDS = 24 * 3600


def imported(source: YukiSource, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def verdict(source: YukiSource, administration: Administration, ledger: Ledger) -> Verdict:
    return hold_against(ledger.cells, source.control_totals(administration)).verdict


def asked(sandbox: Sandbox, word: str) -> list[str]:
    return [one.body for one in sandbox.log(KEY) if word in one.body]


def ids(ledger: Ledger) -> set[str]:
    return {line.key for line in ledger.lines}


def true_ids(sandbox: Sandbox, key: str) -> set[str]:
    return {posting.id for posting in presented(sandbox, key).postings()}


@pytest.fixture
def broken(source: YukiSource) -> Administration:
    return next(found for found in source.administrations() if found.key == BROKEN)


# -- years and dates -------------------------------------------------------------------------------


def test_the_opening_balance_is_found_before_the_start_and_counts_in_the_first_year(
    source: YukiSource, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    openings = [line for line in ledger.lines if line.period == 0]
    assert openings
    assert {line.date for line in openings} == {date(2024, 12, 31)}
    assert {line.year for line in openings} == {2025}
    assert sum(line.amount_e4 for line in openings) == 0
    assert verdict(source, administration, ledger) is Verdict.PROVEN


def test_a_broken_year_is_numbered_and_proven_as_yuki_does(
    source: YukiSource, broken: Administration
) -> None:
    ledger, _ = imported(source, broken)
    places = {(line.date, line.year, line.period) for line in ledger.lines if line.period}
    assert places
    for on, year, period in places:
        assert year == on.year + (on.month >= 7)
        assert period == (on.month - 7) % 12 + 1
    assert {line.date for line in ledger.lines if not line.period} == {date(2024, 6, 30)}
    assert verdict(source, broken, ledger) is Verdict.PROVEN


def test_lines_dated_in_years_to_come_are_imported_and_proven(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    books = presented(sandbox, administration.key).books
    entry = next(one for one in books.live_entries() if one.kind is EntryKind.GENERAL)
    books.move(entry, date(2027, 3, 1))
    ledger, _ = imported(source, administration)
    assert {(line.year, line.period) for line in ledger.lines if line.date.year == 2027} == {
        (2027, 3)
    }
    assert verdict(source, administration, ledger) is Verdict.PROVEN


def test_totals_are_told_without_a_pull_too(
    connected: Connected, source: YukiSource, administration: Administration
) -> None:
    """A worker that takes over when all was read proves with a source that read nothing."""
    ledger, _ = imported(source, administration)
    with closing(connected.open()) as other:
        assert isinstance(other, YukiSource)
        assert verdict(other, administration, ledger) is Verdict.PROVEN


# -- commercial and fiscal -------------------------------------------------------------------------


def test_fiscal_books_hold_corrections_that_commercial_ones_do_not(
    sandbox: Sandbox, kit: Kit, source: YukiSource, administration: Administration
) -> None:
    sandbox.settings(KEY, fiscal=True)
    commercial, bookmark = imported(source, administration)
    assert verdict(source, administration, commercial) is Verdict.PROVEN
    with closing(keyed(sandbox, kit, books="fiscal").open()) as other:
        assert isinstance(other, YukiSource)
        fiscal = Ledger(records={kind: dict(held) for kind, held in commercial.records.items()})
        run(other, administration, bookmark, fiscal)
        assert verdict(other, administration, fiscal) is Verdict.PROVEN
        assert verdict(other, administration, commercial) is Verdict.DIFFERS
    assert len(fiscal.lines) == len(commercial.lines) + 2
    with closing(keyed(sandbox, kit).open()) as back:
        assert isinstance(back, YukiSource)
        run(back, administration, None, fiscal)
        assert ids(fiscal) == ids(commercial), "the other kind of books is not left behind"


# -- documents instead of entries ------------------------------------------------------------------


def test_a_payment_with_the_document_of_its_invoice_is_an_entry_of_its_own(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    dates: dict[str, set[str]] = {}
    for key in ledger.records[RecordKind.ENTRY]:
        document, _, on = key.partition("/")
        dates.setdefault(document, set()).add(on)
    assert any(len(on) > 1 for document, on in dates.items() if document != "-")
    assert "-" in dates, "some lines have no document"
    assert ledger.unbalanced == []
    invoices = cast("list[Invoice]", list(ledger.records[RecordKind.INVOICE].values()))
    truth = presented(sandbox, administration.key).books
    booked = [one for one in truth.live_entries() if one.invoice_number]
    assert len(invoices) == len(booked)
    assert sorted(one.total_e4 for one in invoices) == sorted(
        100 * one.lines[0].cents * (1 if one.journal.kind.value == "sales" else -1)
        for one in booked
    )
    assert min(one.total_e4 for one in invoices) < 0, "credit notes are among them"
    assert {one.direction for one in invoices} == set(InvoiceDirection)
    contacts = ledger.records[RecordKind.CONTACT]
    assert all(one.contact_key in contacts for one in invoices)


@pytest.mark.parametrize("prefix", ["", "TRM"])
def test_kinds_of_documents_are_read_translated_or_not(
    sandbox: Sandbox, source: YukiSource, administration: Administration, prefix: str
) -> None:
    sandbox.settings(KEY, prefix=prefix)
    ledger, _ = imported(source, administration)
    entries = cast("list[JournalEntry]", list(ledger.records[RecordKind.ENTRY].values()))
    assert {one.journal_key for one in entries} >= {
        JournalKind.SALES,
        JournalKind.PURCHASE,
        JournalKind.GENERAL,
        JournalKind.OTHER,
    }
    assert any(line.tax_key for line in ledger.lines)
    taxes = ledger.records[RecordKind.TAX_CODE]
    assert {line.tax_key for line in ledger.lines} - {None} <= set(taxes)


def test_control_accounts_are_those_of_the_reference_scheme_or_of_the_law(
    sandbox: Sandbox, source: YukiSource
) -> None:
    sides: dict[str | None, dict[str, TradeSide]] = {}
    for administration in source.administrations():
        if administration.importable:
            ledger, _ = imported(source, administration)
            accounts = cast(
                "list[LedgerAccount]", list(ledger.records[RecordKind.ACCOUNT].values())
            )
            sides[administration.country] = {one.code: one.trade for one in accounts if one.trade}
    assert sides == {
        "NL": {"1300": TradeSide.RECEIVABLE, "1600": TradeSide.PAYABLE},
        "BE": {"400000": TradeSide.RECEIVABLE, "440000": TradeSide.PAYABLE},
    }
    belgian = [one for one in source.administrations() if one.country == "BE"]
    assert not any(belgian[0].key in body for body in asked(sandbox, "GetRGSScheme"))


def test_books_are_read_where_the_reference_scheme_is_not_told(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    sandbox.settings(KEY, reference=False)
    ledger, _ = imported(source, administration)
    assert ids(ledger) == true_ids(sandbox, administration.key)
    assert not ledger.records[RecordKind.INVOICE]
    assert verdict(source, administration, ledger) is Verdict.PROVEN


# -- changes ---------------------------------------------------------------------------------------


def test_a_line_that_moves_to_another_month_leaves_nothing_behind(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    """The list of changes tells the new date only; the line is known by its id."""
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    books = presented(sandbox, administration.key).books
    entry = next(one for one in books.live_entries() if one.invoice_number and one.date.month == 4)
    books.move(entry, date(2025, 9, 12))
    run(source, administration, bookmark, ledger)
    assert ids(ledger) == true_ids(sandbox, administration.key)
    assert ledger.unbalanced == []
    assert verdict(source, administration, ledger) is Verdict.PROVEN
    assert entry.number in {
        one.number for one in books.live_entries() if one.date == date(2025, 9, 12)
    }


def test_only_months_with_changes_are_read_again(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"administration": administration.key, "kind": "edit-entry", "year": 2025})
    sandbox.clear_log(KEY)
    run(source, administration, bookmark, ledger)
    (question,) = asked(sandbox, "GetTransactionDetails")
    first = question.partition("<StartDate>")[2][:10]
    last = question.partition("<EndDate>")[2][:10]
    assert first[:7] == last[:7]
    assert first.endswith("-01")


def test_an_unchanged_night_reads_no_lines(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(3 * NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    run(source, administration, bookmark, ledger)
    assert asked(sandbox, "GetTransactionDetails") == []


def test_once_a_week_master_data_and_the_totals_of_all_years_are_read(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    bookmark = run(source, administration, bookmark, ledger)
    control = source.control_totals(administration)
    assert control.years == frozenset({2026})
    sandbox.advance(7 * NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    bookmark = run(source, administration, bookmark, ledger)
    assert asked(sandbox, "ActiveVATCodesList")
    assert source.control_totals(administration).years is None
    kept = decoded(bookmark)
    assert kept is not None
    assert (kept.mode, kept.stage) == (Mode.CHECK, Stage.DONE)


@pytest.mark.parametrize(
    "settings",
    [{"digest_max": 100}, {"digest_max": 100, "digest_unpaged": True}],
    ids=["capped", "every page is the first"],
)
def test_pages_of_changes_are_read_however_they_are_cut(
    sandbox: Sandbox,
    source: YukiSource,
    administration: Administration,
    settings: dict[str, object],
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.settings(KEY, **settings)
    sandbox.advance(NIGHT_SECONDS)
    books = presented(sandbox, administration.key).books
    for entry in list(books.live_entries())[:80]:
        books.describe(entry, "anders")
        books.change_amount(entry, 700)
    sandbox.clear_log(KEY)
    run(source, administration, bookmark, ledger)
    assert len(asked(sandbox, "GetUpdatedAndDeleted")) > 1
    assert ids(ledger) == true_ids(sandbox, administration.key)
    assert verdict(source, administration, ledger) is Verdict.PROVEN


def test_what_the_list_of_changes_does_not_tell_is_found_by_its_year(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    """Whether it tells of new lines is not confirmed: the proof differs, and the year is read."""
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    books = presented(sandbox, administration.key).books
    sandbox.edit(KEY, {"administration": administration.key, "kind": "add-entry", "count": 3})
    gone = next(one for one in books.live_entries() if one.kind is EntryKind.OPENING)
    books.delete_entry(gone)
    books.changes.clear()
    bookmark = run(source, administration, bookmark, ledger)
    proof = hold_against(ledger.cells, source.control_totals(administration, whole=True))
    assert proof.verdict is Verdict.DIFFERS
    years = frozenset(residual.cell.year for residual in proof.residuals)
    assert isinstance(source, ReadsAgain)
    run(source, administration, source.again(administration, bookmark, years), ledger)
    assert ids(ledger) == true_ids(sandbox, administration.key)
    assert verdict(source, administration, ledger) is Verdict.PROVEN


def test_reading_again_without_a_bookmark_to_go_on_from_starts_over(
    source: YukiSource, administration: Administration
) -> None:
    assert source.again(administration, "nonsense", frozenset({2025})) == START_OVER

"""QuickBooks' oddities, each by itself, through the stand-in."""

from contextlib import closing
from datetime import date

import pytest
from attrs import evolve

from adapters.providers.kit.calls import Kit
from adapters.providers.quickbooks import ledger, pulling, reader
from adapters.providers.quickbooks.bookmark import Mode, starting
from core.domain.books import Contact, Invoice, JournalKind, LedgerAccount, RecordKind, TaxUse
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown, Reconnect, Wait
from core.domain.integration import Administration
from core.domain.proof import WHOLE_YEAR, Verdict, hold_against
from core.ports.provider import START_OVER, ReadsAgain, Source
from sandbox.books import Heading, Posting
from sandbox.records import AccountKind, Entry, EntryKind
from sandbox.records import JournalKind as BookKind
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS
from tests.providers.folding import Ledger
from tests.providers.quickbooks.sandboxed import (
    BROKEN_YEAR,
    KEY,
    SINGLE,
    asked,
    assert_true,
    authorised,
    imported,
    view_of,
)
from tests.providers.sandboxed import Connected, run


def booked(sandbox: Sandbox, day: date, cents: int = 12_300) -> Entry:
    """A memorial between the bank and an expense."""
    books = view_of(sandbox).books
    bank = next(each for each in books.accounts if each.kind is AccountKind.BANK)
    cost = next(each for each in books.accounts if each.kind is AccountKind.EXPENSE)
    return books.add_entry(
        Heading(
            journal=books.journal(BookKind.GENERAL),
            kind=EntryKind.GENERAL,
            date=day,
            description="Memorial",
            created_ms=books.clock.now_ms(),
        ),
        [Posting(cost, cents), Posting(bank, -cents)],
    )


# -- the journal report ----------------------------------------------------------------------------


@pytest.mark.parametrize("says_so", [True, False])
def test_a_report_cut_without_an_error_is_read_in_halves(
    sandbox: Sandbox, source: Source, administration: Administration, *, says_so: bool
) -> None:
    sandbox.settings(KEY, report_cells=1_200, cut_text=says_so)
    ledger_read, _ = imported(source, administration)
    assert asked(sandbox, "JournalReport") > 4
    assert_true(sandbox, source, administration, ledger_read)


def test_a_window_that_was_too_much_is_remembered(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, report_cells=1_200)
    _, bookmark = imported(source, administration)
    days_max = starting(bookmark, now=int(sandbox.clock.now().timestamp())).days_max
    assert 0 < days_max < 366
    sandbox.advance(NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    run(source, administration, bookmark, Ledger())
    assert all("0101" not in entry.query for entry in sandbox.log(KEY))


def test_a_report_that_takes_too_long_is_halved_and_never_asked_for_twice(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, slow_rows=200)
    ledger_read, _ = imported(source, administration)
    queries = [entry.query for entry in sandbox.log(KEY) if "JournalReport" in entry.path]
    assert len(queries) == len(set(queries))
    assert sum(entry.status == 504 for entry in sandbox.log(KEY)) > 1
    assert_true(sandbox, source, administration, ledger_read)


def test_a_day_with_too_much_is_said_instead_of_left_out(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, report_cells=24)
    with pytest.raises(NotUnderstood) as caught:
        imported(source, administration)
    assert caught.value.code == "day-too-large"


def test_an_answer_larger_than_a_batch_is_applied_by_days(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after any of its parts, a pull asks for the days that are left only."""
    monkeypatch.setattr(ledger, "RECORDS_PER_BATCH", 60)
    batches = list(source.pull(administration, None))
    assert len([each for each in batches if each.stage == "journal entries"]) > 5
    whole = Ledger()
    for batch in batches:
        assert len(batch.records) <= 60 or batch.stage != "journal entries"
        whole.apply(batch)
    whole.settle()
    assert_true(sandbox, source, administration, whole)
    for stop in range(10, len(batches), 4):
        part = Ledger()
        bookmark = run(source, administration, None, part, stop_after=stop)
        sandbox.clear_log(KEY)
        run(source, administration, bookmark, part)
        assert part.records == whole.records
        assert asked(sandbox, "start_date=1990-01-01&end_date=2025-12-31") == 0


def test_a_day_larger_than_a_batch_comes_in_several(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "RECORDS_PER_BATCH", 9)
    for _ in range(12):
        booked(sandbox, date(2026, 9, 9))
    ledger_read, bookmark = imported(source, administration)
    assert_true(sandbox, source, administration, ledger_read)
    gone = booked(sandbox, date(2026, 9, 9))
    sandbox.advance(NIGHT_SECONDS)
    bookmark = run(source, administration, bookmark, ledger_read)
    view_of(sandbox).books.delete_entry(gone)
    sandbox.advance(NIGHT_SECONDS)
    run(source, administration, bookmark, ledger_read)
    assert_true(sandbox, source, administration, ledger_read)


def test_columns_are_known_by_key_in_both_styles_and_any_language(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, old_columns=True, french=True, nested_balance=True)
    ledger_read, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger_read)
    kinds = {
        each.name: each.journal_kind  # type: ignore[union-attr] # journals
        for each in ledger_read.records[RecordKind.JOURNAL].values()
    }
    assert kinds["Écriture de journal"] is JournalKind.OTHER


def test_foreign_amounts_come_beside_those_in_home_currency(
    source: Source, administration: Administration
) -> None:
    ledger_read, _ = imported(source, administration)
    foreign = [line for line in ledger_read.lines if line.currency is not None]
    assert {line.currency for line in foreign} <= {"GBP", "USD"}
    assert foreign
    for line in foreign:
        assert line.foreign_e4 is not None
        assert line.foreign_e4 != line.amount_e4
        assert (line.foreign_e4 > 0) == (line.amount_e4 > 0)


def test_a_journal_without_home_amounts_gives_way_to_the_general_ledger(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, home_columns=False)
    ledger_read, bookmark = imported(source, administration)
    assert asked(sandbox, "JournalReport") == 1, "asked once, not for every window"
    assert asked(sandbox, "GeneralLedger") == 2
    assert_true(sandbox, source, administration, ledger_read)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "night"})
    run(source, administration, bookmark, ledger_read)
    assert asked(sandbox, "JournalReport") == 1
    assert_true(sandbox, source, administration, ledger_read)


def test_a_journal_that_refuses_the_columns_gives_way_as_well(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    body = '{"Fault":{"Error":[{"Message":"m","Detail":"d","code":"2030"}],"type":"x"}}'
    fault = {"kind": "status", "status": 400, "body": body, "path": "*/JournalReport", "times": 9}
    sandbox.add_fault(KEY, fault)
    ledger_read, _ = imported(source, administration)
    assert asked(sandbox, "JournalReport") == 1
    assert_true(sandbox, source, administration, ledger_read)


def test_a_general_ledger_that_is_cut_is_read_in_halves(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """Its rows are sections of accounts: what is beyond the limit are whole accounts."""
    sandbox.settings(KEY, home_columns=False, report_cells=240)
    ledger_read, _ = imported(source, administration)
    assert asked(sandbox, "GeneralLedger") > 10
    assert_true(sandbox, source, administration, ledger_read)


def test_a_company_of_one_currency_asks_for_no_other(sandbox: Sandbox, kit: Kit) -> None:
    with closing(authorised(sandbox, kit, SINGLE).open()) as source:
        (administration,) = source.administrations()
        ledger_read, _ = imported(source, administration)
        assert asked(sandbox, "home_amt") == 0
        assert {line.currency for line in ledger_read.lines} == {None}
        assert_true(sandbox, source, administration, ledger_read)


def test_lines_of_nothing_on_no_account_are_left_out_and_places_kept(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    closing_entry = next(
        entry for entry in view_of(sandbox).books.live_entries() if entry.lines[0].account is None
    )
    ledger_read, _ = imported(source, administration)
    key = view_of(sandbox).transaction_id(closing_entry)
    places = [line.position for line in ledger_read.lines if line.entry_key == key]
    assert sorted(places) == [1, 2]


def test_the_name_on_the_first_line_is_that_of_every_line_but_in_manual_journals(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    manual = booked(sandbox, date(2026, 3, 3))
    manual.contact = view_of(sandbox).books.contacts[0]
    ledger_read, _ = imported(source, administration)
    contacts = ledger_read.records[RecordKind.CONTACT]
    by_entry: dict[str, list[str | None]] = {}
    for line in ledger_read.lines:
        by_entry.setdefault(line.entry_key, []).append(line.contact_key)
    view = view_of(sandbox)
    assert sum(key is not None for key in by_entry.pop(view.transaction_id(manual))) == 1
    named = [keys for keys in by_entry.values() if any(keys)]
    assert named
    for keys in named:
        assert len(set(keys)) == 1
        assert keys[0] in contacts


# -- fiscal years and proof ------------------------------------------------------------------------


def test_a_fiscal_year_that_begins_in_july(sandbox: Sandbox, kit: Kit) -> None:
    with closing(authorised(sandbox, kit, BROKEN_YEAR).open()) as source:
        (administration,) = source.administrations()
        ledger_read, _ = imported(source, administration)
        may = next(line for line in ledger_read.lines if line.date.month == 5)
        assert (may.year, may.period) == (may.date.year, 11)
        august = next(line for line in ledger_read.lines if line.date.month == 8)
        assert (august.year, august.period) == (august.date.year + 1, 2)
        assert_true(sandbox, source, administration, ledger_read)


def test_results_of_earlier_years_inside_retained_earnings_are_taken_out(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """A result of 2025 that nobody booked to equity stands there in 2026 nevertheless."""
    booked(sandbox, date(2025, 12, 30), cents=777_700)
    booked(sandbox, date(2024, 5, 5), cents=1_100)
    ledger_read, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger_read)
    control = source.control_totals(administration)
    assert control is not None
    assert control.by_year
    assert {cell.period for cell in control.balances_e4} == {WHOLE_YEAR}
    assert {cell.year for cell in control.balances_e4} >= {2024, 2025, 2026}


def test_a_night_holds_only_the_years_that_were_read_against_their_totals(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger_read, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    with closing(connected.open()) as tonight:
        bookmark = run(tonight, administration, bookmark, ledger_read)
        control = tonight.control_totals(administration)
        assert control is not None
        assert control.years == frozenset({2026})
    sandbox.advance(8 * NIGHT_SECONDS)
    with closing(connected.open()) as weekly:
        run(weekly, administration, bookmark, ledger_read)
        control = weekly.control_totals(administration)
        assert control is not None
        assert control.years is None


def test_what_nobody_told_is_found_by_the_trial_balance_and_read_again(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """A tax payment of last year changed: change data capture does not know its type."""
    view = view_of(sandbox)
    ledger_read, bookmark = imported(source, administration)
    payment = next(
        entry
        for entry in view.books.live_entries()
        if view.entity_and_label(entry)[0] == "TaxPayment" and entry.date.year == 2025
    )
    sandbox.advance(NIGHT_SECONDS)
    view.books.change_amount(payment, 4_400)
    bookmark = run(source, administration, bookmark, ledger_read)
    control = source.control_totals(administration, whole=True)
    proof = hold_against(ledger_read.cells, control)
    assert proof.verdict is Verdict.DIFFERS
    assert isinstance(source, ReadsAgain)
    years = frozenset(residual.cell.year for residual in proof.residuals)
    again = source.again(administration, bookmark, years)
    run(source, administration, again, ledger_read)
    assert_true(sandbox, source, administration, ledger_read)


def test_a_bookmark_nobody_can_read_is_read_again_from_nothing(
    source: Source, administration: Administration
) -> None:
    assert isinstance(source, ReadsAgain)
    assert source.again(administration, "nonsense", frozenset({2025})) == START_OVER


# -- changes ---------------------------------------------------------------------------------------


def test_a_transaction_that_moves_to_another_month_or_year(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger_read, bookmark = imported(source, administration)
    number = next(e.number for e in view_of(sandbox).books.live_entries() if e.invoice_number)
    for day in ("2027-02-03", "2024-12-31", "1999-01-01", "2026-05-31", "2026-11-20"):
        sandbox.advance(NIGHT_SECONDS)
        sandbox.edit(KEY, {"kind": "edit-entry", "entry": number, "date": day})
        bookmark = run(source, administration, bookmark, ledger_read)
        assert_true(sandbox, source, administration, ledger_read)


def test_more_than_a_month_without_an_import_means_reading_everything(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger_read, bookmark = imported(source, administration)
    sandbox.edit(KEY, {"kind": "delete-entry", "year": 2025})
    sandbox.advance(31 * NIGHT_SECONDS)
    run(source, administration, bookmark, ledger_read)
    assert asked(sandbox, "/cdc") == 0
    assert_true(sandbox, source, administration, ledger_read)


def test_a_pull_that_was_left_for_a_month_begins_anew(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger_read, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    reached = run(source, administration, bookmark, ledger_read, stop_after=1)
    sandbox.edit(KEY, {"kind": "delete-entry", "year": 2025})
    sandbox.advance(32 * NIGHT_SECONDS)
    run(source, administration, reached, ledger_read)
    assert asked(sandbox, "/cdc") == 0
    assert_true(sandbox, source, administration, ledger_read)


def test_more_changes_than_an_answer_holds_are_asked_for_by_type(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger_read, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "add-entry", "count": 6})
    for _ in range(6):
        sandbox.edit(KEY, {"kind": "add-contact"})
    monkeypatch.setattr(reader, "CDC_OBJECTS_MAX", 11)
    bookmark = run(source, administration, bookmark, ledger_read)
    assert asked(sandbox, "/cdc") > 10
    assert_true(sandbox, source, administration, ledger_read)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "night"})
    monkeypatch.setattr(reader, "CDC_OBJECTS_MAX", 2)
    sandbox.clear_log(KEY)
    run(source, administration, bookmark, ledger_read)
    assert asked(sandbox, "start_date=1990-01-01") == 1, "everything is read instead"
    assert_true(sandbox, source, administration, ledger_read)


def test_another_fiscal_year_makes_everything_new(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    _, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.settings(KEY, multi_currency=False)
    batches = list(source.pull(administration, bookmark))
    assert starting(batches[0].bookmark, now=0).mode is Mode.WHOLE


# -- lists -----------------------------------------------------------------------------------------


def test_lists_of_several_pages(
    sandbox: Sandbox,
    connected: Connected,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "PAGE_ROWS", 4)
    whole = Ledger()
    batches = list(source.pull(administration, None))
    for batch in batches:
        whole.apply(batch)
    whole.settle()
    assert_true(sandbox, source, administration, whole)
    assert asked(sandbox, "STARTPOSITION+5+") >= 4
    for stop in range(2, len(batches), 5):
        part = Ledger()
        with closing(connected.open()) as second:
            bookmark = run(second, administration, None, part, stop_after=stop)
            run(second, administration, bookmark, part)
        assert part.records == whole.records


def test_inactive_accounts_and_contacts_are_read(
    source: Source, administration: Administration
) -> None:
    ledger_read, _ = imported(source, administration)
    accounts = ledger_read.records[RecordKind.ACCOUNT].values()
    contacts = ledger_read.records[RecordKind.CONTACT].values()
    assert any(isinstance(each, LedgerAccount) and not each.active for each in accounts)
    assert any(isinstance(each, Contact) and not each.active for each in contacts)


def test_accounts_without_numbers_have_none(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, numbers=False)
    ledger_read, _ = imported(source, administration)
    accounts = ledger_read.records[RecordKind.ACCOUNT].values()
    assert {each.code for each in accounts if isinstance(each, LedgerAccount)} == {""}


def test_masked_tax_numbers_are_none_and_groups_of_rates_have_no_rate(
    source: Source, administration: Administration
) -> None:
    ledger_read, _ = imported(source, administration)
    contacts = list(ledger_read.records[RecordKind.CONTACT].values())
    vendors = [each for each in contacts if isinstance(each, Contact) and each.is_supplier]
    customers = [each for each in contacts if isinstance(each, Contact) and each.is_customer]
    assert all(each.vat_number is None for each in vendors)
    assert any(each.vat_number for each in customers)
    taxes = {each.name: each for each in ledger_read.records[RecordKind.TAX_CODE].values()}  # type: ignore[union-attr] # tax codes
    told = {
        name: (each.use, each.rate_e4)  # type: ignore[union-attr] # tax codes
        for name, each in taxes.items()
    }
    assert told["Verkoop 21 %"] == (TaxUse.SALES, 2_100)
    assert told["Inkoop 9 %"] == (TaxUse.PURCHASE, 900)
    assert told["Inkoop verlegd 21 %"] == (TaxUse.PURCHASE, None)
    assert told["Geen btw"] == (TaxUse.NONE, None)


def test_invoices_are_in_home_currency_and_credit_notes_negative(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger_read, _ = imported(source, administration)
    view = view_of(sandbox)
    held = ledger_read.records[RecordKind.INVOICE]
    for entry in view.books.live_entries():
        if entry.invoice_number is None:
            continue
        entity, _ = view.entity_and_label(entry)
        invoice = held[f"{entity}:{view.transaction_id(entry)}"]
        assert isinstance(invoice, Invoice)
        sells = entity in {"Invoice", "CreditMemo"}
        total = entry.lines[0].cents * 100 * (1 if sells else -1)
        # Bills tell no total in home currency: by the rate, to the cent.
        assert abs(invoice.total_e4 - total) <= (0 if sells else 200)
        assert (invoice.total_e4 < 0) == (entity in {"CreditMemo", "VendorCredit"})
        assert invoice.contact_key in ledger_read.records[RecordKind.CONTACT]
    assert len(held) == sum(e.invoice_number is not None for e in view.books.live_entries())


# -- the connection --------------------------------------------------------------------------------


def test_books_closed_through_a_day_are_told(administration: Administration) -> None:
    assert administration.closed_through == date(2025, 12, 31)


def test_a_token_for_another_company_asks_to_reconnect(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    stand_in = sandbox.stand_in(KEY)
    for grant in stand_in.tokens.grants:  # type: ignore[attr-defined] # of this stand-in
        grant.realm = SINGLE
    with pytest.raises(Reconnect) as caught:
        imported(source, administration)
    assert caught.value.code == "not-this-company"


def test_the_refresh_token_changes_once_a_day_and_what_came_back_counts(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    tokens = connected.credentials.tokens
    values = set()
    for _ in range(4):
        sandbox.advance(13 * 3600)
        source.health()
        values.add(tokens.grant.refresh_token)  # type: ignore[union-attr] # of the tests
    assert len(values) == 2 + 1


def test_a_fault_with_status_200_is_a_fault(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    body = '{"Fault":{"Error":[{"Message":"m","Detail":"d","code":"6190"}],"type":"x"}}'
    fault = {"kind": "status", "status": 200, "body": body, "path": "*/query"}
    sandbox.add_fault(KEY, fault)
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "subscription-ended"


def test_an_empty_answer_or_a_page_of_the_gateway_is_asked_for_again(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    for body in ("", "<html>busy</html>"):
        fault = {"kind": "status", "status": 200, "body": body, "path": "*/JournalReport"}
        sandbox.add_fault(KEY, fault)
    ledger_read, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger_read)
    sandbox.add_fault(
        KEY, {"kind": "status", "status": 200, "body": "", "path": "*/query", "times": 9}
    )
    with pytest.raises(ProviderDown):
        imported(source, administration)


def test_five_hundred_calls_a_minute_are_waited_for(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, calls_per_minute=10)
    ledger_read, _ = imported(source, administration)
    assert any(entry.status == 429 for entry in sandbox.log(KEY))
    assert_true(sandbox, source, administration, ledger_read)
    sandbox.add_fault(KEY, {"kind": "too-many", "times": 20})
    with pytest.raises(Wait):
        source.health()


def test_a_company_without_accounts_is_a_missing_right(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    body = '{"QueryResponse":{},"time":"2026-01-01T00:00:00-08:00"}'
    sandbox.add_fault(KEY, {"kind": "status", "status": 200, "body": body, "path": "*/query"})
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "rights-missing"


def test_another_company_than_consented_to_is_never_asked_for(
    source: Source, administration: Administration
) -> None:
    other = evolve(administration, key=SINGLE)
    with pytest.raises(Reconnect) as caught:
        list(source.pull(other, None))
    assert caught.value.code == "another-company"


def test_very_many_changes_are_remembered_by_their_months(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulling, "CHANGED_MAX", 2)
    ledger_read, bookmark = imported(source, administration)
    for _ in range(3):
        sandbox.advance(NIGHT_SECONDS)
        sandbox.edit(KEY, {"kind": "night"})
        bookmark = run(source, administration, bookmark, ledger_read)
        assert_true(sandbox, source, administration, ledger_read)

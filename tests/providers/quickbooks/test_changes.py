"""Changes, lists and the connection of QuickBooks: each oddity by itself, through the stand-in."""

from contextlib import closing
from datetime import date

import pytest
from attrs import evolve

from adapters.providers.quickbooks import pulling, reader
from adapters.providers.quickbooks.bookmark import Mode, starting
from core.domain.books import Contact, Invoice, LedgerAccount, RecordKind, TaxUse
from core.domain.failures import FixSettings, ProviderDown, Reconnect, Wait
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS
from tests.providers.folding import Ledger
from tests.providers.quickbooks.sandboxed import (
    KEY,
    SINGLE,
    asked,
    assert_true,
    imported,
    view_of,
)
from tests.providers.sandboxed import Connected, run

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

"""The stand-in driven by clients of others: Intuit's own OAuth client and python-quickbooks.

Their addresses are the real ones, replaced here by the stand-in's origin; paths, parameters, bodies
and the reading of answers are theirs.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from intuitlib.client import AuthClient  # type: ignore[import-untyped] # has no types
from intuitlib.enums import Scopes  # type: ignore[import-untyped] # has no types
from intuitlib.exceptions import AuthClientError  # type: ignore[import-untyped] # has no types
from quickbooks import QuickBooks as Client
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Bill,
    CompanyInfo,
    Customer,
    Employee,
    Invoice,
    JournalEntry,
    TaxCode,
    TaxRate,
    Vendor,
)
from quickbooks.objects.preferences import Preferences

from sandbox.browser import decide
from sandbox.quickbooks import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.quickbooks import QuickBooks as StandIn
from sandbox.quickbooks.view import View
from sandbox.server import Sandbox

KEY = "quickbooks"
CALLBACK = "http://localhost:1/oauth/quickbooks"
SECOND = "9130347800000002"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=400, providers=[KEY]) as running:
        yield running


@pytest.fixture
def auth(sandbox: Sandbox) -> Iterator[Any]:
    """Consented to the first company, by Intuit's OAuth client."""
    client = AuthClient(
        SANDBOX_CLIENT_ID,
        SANDBOX_CLIENT_SECRET,
        CALLBACK,
        f"{sandbox.url(KEY)}/.well-known/openid_sandbox_configuration",
    )
    with closing(client):
        address = client.get_authorization_url([Scopes.ACCOUNTING], state_token="st/ate")
        answer = parse_qs(urlsplit(decide(address)).query)
        assert answer["state"] == ["st/ate"]
        client.get_bearer_token(answer["code"][0], realm_id=answer["realmId"][0])
        yield client


@pytest.fixture
def client(sandbox: Sandbox, auth: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:  # noqa: ANN401 - untyped
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(Client, "api_url_v3", f"{sandbox.url(KEY)}/v3")
    quickbooks = Client(
        auth_client=auth, company_id=auth.realm_id, minorversion=75, use_decimal=True
    )
    with closing(quickbooks.session):
        yield quickbooks


def view_of(sandbox: Sandbox) -> View:
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    return next(iter(stand_in.views.values()))


def test_tokens_live_an_hour_and_a_hundred_days(auth: Any) -> None:  # noqa: ANN401 - untyped
    assert auth.expires_in == 3_600
    assert auth.x_refresh_token_expires_in == 8_640_000
    assert auth.realm_id.isdecimal()


def test_the_value_of_the_refresh_token_changes_after_a_day_only(
    sandbox: Sandbox,
    auth: Any,  # noqa: ANN401 - untyped
) -> None:
    first = auth.refresh_token
    auth.refresh()
    assert auth.refresh_token == first
    sandbox.advance(25 * 3600)
    auth.refresh()
    assert auth.refresh_token != first
    with pytest.raises(AuthClientError) as caught:
        auth.refresh(refresh_token=first)
    assert caught.value.status_code == 400
    assert "invalid_grant" in str(caught.value.content)


def test_revoking_ends_the_connection(auth: Any) -> None:  # noqa: ANN401 - untyped
    assert auth.revoke()
    with pytest.raises(AuthClientError):
        auth.refresh()


def test_a_wrong_secret_is_an_unknown_client(auth: Any) -> None:  # noqa: ANN401 - untyped
    auth.client_secret = "another"
    with pytest.raises(AuthClientError) as caught:
        auth.refresh()
    assert caught.value.status_code == 401


def test_the_company_and_its_preferences(sandbox: Sandbox, client: Any) -> None:  # noqa: ANN401 - untyped
    company = CompanyInfo.get(1, qb=client)
    assert company.CompanyName == view_of(sandbox).company.name
    assert company.FiscalYearStartMonth == "January"
    told = Preferences.get(qb=client)
    assert told.CurrencyPrefs.MultiCurrencyEnabled is True
    assert told.CurrencyPrefs.HomeCurrency.value == "EUR"
    assert told.AccountingInfoPrefs.FirstMonthOfFiscalYear == "January"


def test_lists_tell_the_active_and_pages_begin_with_one(sandbox: Sandbox, client: Any) -> None:  # noqa: ANN401 - untyped
    books = view_of(sandbox).books
    active = Account.all(max_results=1_000, qb=client)
    assert len(active) == len(books.accounts) - 1, "inventory is inactive"
    every = Account.where("Active IN (true, false)", max_results=1_000, qb=client)
    assert len(every) == len(books.accounts)
    assert {each.AcctNum for each in every} == {each.code for each in books.accounts}
    assert Account.count("Active IN (true, false)", qb=client) == len(every)
    pages = [[each.Id for each in Account.all("Id", start, 10, qb=client)] for start in (1, 11, 21)]
    assert len({key for page in pages for key in page}) == 30
    with pytest.raises(ValidationException):
        Account.query("SELECT * FROM Account STARTPOSITION 0 MAXRESULTS 5", qb=client)
    with pytest.raises(ValidationException):
        Account.query("SELECT * FROM Ledger", qb=client)


def test_people_and_taxes(sandbox: Sandbox, client: Any) -> None:  # noqa: ANN401 - untyped
    contacts = view_of(sandbox).books.contacts
    for kind, wanted in ((Customer, "customer"), (Vendor, "supplier")):
        told = kind.where("Active IN (true, false)", max_results=1_000, qb=client)
        assert len(told) == sum(getattr(each, wanted) for each in contacts)
        assert all(each.DisplayName for each in told)
    assert [each.FamilyName for each in Employee.all(qb=client)] == ["de Wit", "Kok"]
    rates = {each.Id: each.RateValue for each in TaxRate.all(max_results=100, qb=client)}
    code = next(each for each in TaxCode.all(qb=client) if each.Name == "Verkoop 21 %")
    assert rates[code.SalesTaxRateList.TaxRateDetail[0].TaxRateRef.value] == Decimal(21)


def test_transactions_come_newest_first_with_their_lines(sandbox: Sandbox, client: Any) -> None:  # noqa: ANN401 - untyped
    invoices = Invoice.all(max_results=1_000, qb=client)
    assert [int(each.Id) for each in invoices] == sorted(
        (int(each.Id) for each in invoices), reverse=True
    )
    assert all(each.Line and each.CustomerRef.value for each in invoices)
    bill = Bill.all(max_results=1, qb=client)[0]
    assert Bill.get(bill.Id, qb=client).TotalAmt == bill.TotalAmt
    entries = JournalEntry.all(max_results=1_000, qb=client)
    for entry in entries:
        sides = {"Debit": Decimal(0), "Credit": Decimal(0)}
        for line in entry.Line:
            sides[line.JournalEntryLineDetail.PostingType] += line.Amount
        assert sides["Debit"] == sides["Credit"]
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(99_999_999, qb=client)


def test_changes_and_deletions(sandbox: Sandbox, client: Any) -> None:  # noqa: ANN401 - untyped
    since = sandbox.clock.now()
    sandbox.advance(60)
    sandbox.edit(KEY, {"kind": "add-entry"})
    view = view_of(sandbox)
    old = next(each for each in view.books.live_entries() if each.invoice_number)
    sandbox.edit(KEY, {"kind": "delete-entry", "entry": old.number})
    told = change_data_capture([Invoice, Customer, Bill], since.isoformat(), qb=client)
    kinds = {each.Id: getattr(each, "status", None) for each in told.Invoice._object_list}
    kinds |= {
        each.Id: getattr(each, "status", None)
        for each in getattr(told, "Bill", told.Invoice)._object_list
    }
    assert kinds[view.transaction_id(old)] == "Deleted"
    assert None in kinds.values()
    assert not hasattr(told, "Customer")
    with pytest.raises(ValidationException):
        change_data_capture([Invoice], (since - timedelta(days=31)).isoformat(), qb=client)


def test_reports(sandbox: Sandbox, client: Any) -> None:  # noqa: ANN401 - untyped
    told = client.get_report(
        "JournalReport", {"start_date": "2025-01-01", "end_date": "2025-12-31"}
    )
    rows = told["Rows"]["Row"]
    total = [cell["value"] for cell in rows[-1]["Summary"]["ColData"]]
    assert total[0] == "TOTAL"
    closed = [row["Summary"]["ColData"] for row in rows[:-1] if "Summary" in row]
    entries = [each for each in view_of(sandbox).books.live_entries() if each.date.year == 2025]
    assert len(closed) == len(entries)
    assert sum(Decimal(cells[-1]["value"] or 0) for cells in closed) == Decimal(total[-1])
    balance = client.get_report(
        "TrialBalance",
        {"start_date": "2025-01-01", "end_date": "2025-12-31", "accounting_method": "Accrual"},
    )
    assert balance["Rows"]["Row"][-1]["group"] == "GrandTotal"
    macro = client.get_report("JournalReport")
    assert macro["Header"]["StartPeriod"] == f"{sandbox.clock.now():%Y-%m}-01", "not everything"


def test_a_token_opens_its_own_company_only(sandbox: Sandbox, client: Any) -> None:  # noqa: ANN401 - untyped
    client.company_id = SECOND
    with pytest.raises(QuickbooksException) as caught:
        CompanyInfo.get(1, qb=client)
    assert "003100" in str(caught.value)
    sandbox.tokens(KEY, "expire")
    with pytest.raises(AuthorizationException):
        CompanyInfo.get(1, qb=client)

"""The stand-in driven by xero-python, Xero's own client, which no line of the adapter resembles."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.identity import IdentityApi

from sandbox.server import Sandbox
from sandbox.xero import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.xero import Xero as StandIn
from tests.sandbox.xero_client import SCOPES, XERO, granted

NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
PAGE = 40


class Client:
    """Xero's client with a token set that it renews itself."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token: dict[str, Any] = {**granted(sandbox), "scope": list(SCOPES)}
        own = OAuth2Token(client_id=SANDBOX_CLIENT_ID, client_secret=SANDBOX_CLIENT_SECRET)
        self.api = ApiClient(
            Configuration(oauth2_token=own),
            oauth2_token_getter=lambda: self.token,
            oauth2_token_saver=self._save,
            pool_threads=1,
        )
        address = sandbox.url(XERO)
        self.accounting = AccountingApi(self.api, base_url=f"{address}/api.xro/2.0")
        self.identity = IdentityApi(self.api, base_url=address)
        organisations = [
            each for each in self.identity.get_connections() if each.tenant_type == "ORGANISATION"
        ]
        self.tenant = organisations[0].tenant_id

    def _save(self, token: dict[str, Any]) -> None:
        self.token = token

    def close(self) -> None:
        self.api.rest_client.pool_manager.clear()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=600, providers=[XERO], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with closing(Client(sandbox)) as opened:
        yield opened


def test_xeros_client_reads_every_journal(sandbox: Sandbox, client: Client) -> None:
    stand_in = sandbox.stand_in(XERO)
    assert isinstance(stand_in, StandIn)
    expected = stand_in.feeds[client.tenant].standing()
    offset, found = 0, []
    while True:
        page = client.accounting.get_journals(client.tenant, offset=offset).journals
        found += page
        if len(page) < 100:
            break
        offset = page[-1].journal_number
    assert [journal.journal_number for journal in found] == [each.number for each in expected]
    assert all(sum(x.net_amount for x in each.journal_lines) == 0 for each in found)
    booked = sum(x.net_amount for each in found for x in each.journal_lines if x.net_amount > 0)
    debit = sum(line.cents for each in expected for line in each.lines if line.cents > 0)
    assert Decimal(str(booked)) == Decimal(debit) / 100
    assert isinstance(found[0].journal_date, date)


def test_xeros_client_turns_pages_of_documents(client: Client) -> None:
    numbers: list[str] = []
    page = 1
    while True:
        answer = client.accounting.get_invoices(
            client.tenant, page=page, page_size=PAGE, order="InvoiceID ASC"
        )
        numbers += [each.invoice_id for each in answer.invoices]
        assert answer.pagination.item_count >= len(numbers)
        if page >= answer.pagination.page_count:
            break
        page += 1
    assert page > 1
    assert numbers == sorted(set(numbers))
    assert len(numbers) == answer.pagination.item_count


@pytest.mark.parametrize(
    ("method", "members"),
    [
        ("get_credit_notes", "credit_notes"),
        ("get_payments", "payments"),
        ("get_bank_transactions", "bank_transactions"),
        ("get_manual_journals", "manual_journals"),
        ("get_contacts", "contacts"),
    ],
)
def test_xeros_client_reads_lists_with_pages(client: Client, method: str, members: str) -> None:
    answer = getattr(client.accounting, method)(client.tenant, page=1)
    assert getattr(answer, members)


def test_xeros_client_reads_masters(client: Client) -> None:
    organisation = client.accounting.get_organisations(client.tenant).organisations[0]
    assert organisation.organisation_id == client.tenant
    assert organisation.base_currency.value == "EUR"
    assert (organisation.financial_year_end_month, organisation.financial_year_end_day) == (12, 31)
    accounts = client.accounting.get_accounts(client.tenant).accounts
    system = {each.system_account for each in accounts if each.system_account}
    assert {"DEBTORS", "CREDITORS", "GST", "RETAINEDEARNINGS"} <= system
    assert client.accounting.get_tax_rates(client.tenant).tax_rates
    assert client.accounting.get_bank_transfers(client.tenant).bank_transfers == []


def test_xeros_client_asks_for_changes(sandbox: Sandbox, client: Client) -> None:
    later = datetime(2026, 11, 20, 1, 0, tzinfo=UTC).replace(tzinfo=None)  # in UTC, unsaid
    before = client.accounting.get_contacts(client.tenant, if_modified_since=later, page=1)
    assert before.contacts == []
    sandbox.edit(XERO, {"kind": "rename-contact", "contact": 3, "name": "Anders BV"})
    after = client.accounting.get_contacts(client.tenant, if_modified_since=later, page=1)
    assert [each.name for each in after.contacts] == ["Anders BV"]


def test_xeros_client_reads_the_trial_balance(client: Client) -> None:
    answer = client.accounting.get_report_trial_balance(client.tenant, date=date(2026, 6, 30))
    report = answer.reports[0]
    rows = [row for section in report.rows for row in section.rows or []]
    told = [Decimal(row.cells[3].value or 0) - Decimal(row.cells[4].value or 0) for row in rows]
    assert len(told) > 10
    assert sum(told[:-1]) == 0
    assert report.report_titles[2] == "As at 30 June 2026"
    kept = next(row for row in rows if len(row.cells[0].attributes or []) == 3)
    assert kept.cells[0].value == "Onverdeeld resultaat (0590)"


def test_xeros_client_renews_its_token(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenApi, "refresh_token_url", f"{client.sandbox.url(XERO)}/connect/token")
    before = dict(client.token)
    client.api.refresh_oauth2_token()
    assert client.token["refresh_token"] != before["refresh_token"]
    assert client.accounting.get_accounts(client.tenant).accounts

"""Moneybird's stand-in does what the facts say, seen by a client that knows only those."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.server import Sandbox
from tests.sandbox.moneybird_client import CALLBACK, MONEYBIRD, MoneybirdClient

NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
MONTH = "202509"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=1_500, providers=[MONEYBIRD], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[MoneybirdClient]:
    with MoneybirdClient(sandbox) as moneybird:
        yield moneybird.connect()


def error(answer: object) -> object:
    return getattr(answer, "json")()["error"]  # noqa: B009 - any answer of the client


# -- sign-in ---------------------------------------------------------------------------------------


def test_a_token_has_no_expiry_and_a_refresh_no_refresh_token(client: MoneybirdClient) -> None:
    assert "expires_in" not in client.token
    assert client.token["token_type"] == "bearer"
    refresh = client.token["refresh_token"]
    for _ in range(2):
        again = client.ask_token(grant_type="refresh_token", refresh_token=refresh)
        assert again.status_code == 200
        assert "refresh_token" not in again.json()


def test_refresh_tokens_may_rotate(sandbox: Sandbox, client: MoneybirdClient) -> None:
    sandbox.settings(MONEYBIRD, rotates=True, access_seconds=60)
    refresh = client.token["refresh_token"]
    first = client.ask_token(grant_type="refresh_token", refresh_token=refresh).json()
    assert first["refresh_token"] != refresh
    assert first["expires_in"] == 60
    spent = client.ask_token(grant_type="refresh_token", refresh_token=refresh)
    assert error(spent) == "invalid_grant"
    client.token = first
    sandbox.advance(61)
    refused = client.get("ledger_accounts")
    assert refused.status_code == 401
    assert refused.json() == {
        "error": "token is invalid",
        "symbolic": {"request": "invalid_grant"},
    }


def test_refusals_of_the_sign_in(client: MoneybirdClient) -> None:
    assert client.consent(action="deny")["error"] == "access_denied"
    assert client.consent(action="deny")["state"] == "st/ate 1"
    wrong = client.ask_token(grant_type="authorization_code", code="x", redirect_uri=CALLBACK)
    assert error(wrong) == "invalid_grant"
    assert error(client.ask_token(client_secret="x", grant_type="refresh_token")) == (
        "invalid_client"
    )


def test_a_consent_without_scopes_shows_sales_only(client: MoneybirdClient) -> None:
    client.connect(scope="sales_invoices")
    refused = client.get("reports/general_ledger")
    assert refused.status_code == 401
    assert error(refused) == "No access to bank"
    assert client.get("sales_invoices/synchronization").status_code == 200
    assert error(client.get("reports/journal_entries", project_id="null")) == (
        "No access to sales_invoices and documents"
    )


def test_a_fresh_token_may_be_refused(sandbox: Sandbox, client: MoneybirdClient) -> None:
    sandbox.settings(MONEYBIRD, fresh_seconds=2)
    client.connect()
    assert client.get("ledger_accounts").status_code == 401
    sandbox.advance(2)
    assert client.get("ledger_accounts").status_code == 200


# -- lists -----------------------------------------------------------------------------------------


def test_pages_end_without_a_next_link(client: MoneybirdClient) -> None:
    query = {"period": MONTH, "project_id": "null", "per_page": "20"}
    first = client.get("reports/journal_entries", **query)
    assert len(first.json()) == 20
    rows = client.rows("reports/journal_entries", **query)
    assert len(rows) == int(first.headers["X-Total-Count"]) == len({row["id"] for row in rows})
    days = [row["date"] for row in rows]
    assert days == sorted(days, reverse=True)


def test_bad_pages_are_told(client: MoneybirdClient) -> None:
    assert error(client.get("tax_rates", per_page=101)) == "Per Page is too big"
    assert error(client.get("tax_rates", per_page="x")) == "per_page does not have a valid value"
    assert error(client.get("tax_rates", page=0)) == "Page is too small"


def test_a_filter_replaces_the_default_of_this_year(client: MoneybirdClient) -> None:
    resource = "external_sales_invoices/synchronization"
    this_year = client.get(resource).json()
    every = client.get(resource, filter="state:all").json()
    last_year = client.get(resource, filter="period:20250101..20251231").json()
    assert len(every) == len(this_year) + len(last_year)
    assert last_year
    bad = client.get(resource, filter="period:202501")
    assert bad.json()["symbolic"] == {"filter": {"period": "date_range"}}


def test_archived_contacts_are_left_out_unless_asked_for(client: MoneybirdClient) -> None:
    some = client.get("contacts/synchronization").json()
    every = client.get("contacts/synchronization", include_archived="true").json()
    assert 0 < len(some) < len(every)


def test_no_more_than_a_hundred_records_come_back(client: MoneybirdClient) -> None:
    resource = "sales_invoices/synchronization"
    ids = [row["id"] for row in client.get(resource).json()]
    assert len(ids) > 100
    assert len(client.post(resource, {"ids": ids}).json()) == 100
    assert client.post(resource, {}).json() == {
        "error": "Ids is required",
        "symbolic": {"ids": "required"},
    }


def test_versions_rise_and_records_vanish(sandbox: Sandbox, client: MoneybirdClient) -> None:
    resource = "sales_invoices/synchronization"
    before = {row["id"]: row["version"] for row in client.get(resource).json()}
    sandbox.advance(60)
    sandbox.edit(MONEYBIRD, {"kind": "edit-entry", "delta": 100})
    sandbox.edit(MONEYBIRD, {"kind": "add-entry"})
    after = {row["id"]: row["version"] for row in client.get(resource).json()}
    assert len(after.keys() - before.keys()) == 1
    number = 0
    while before.keys() <= after.keys() and number < 20:
        sandbox.edit(MONEYBIRD, {"kind": "delete-entry"})
        after = {row["id"]: row["version"] for row in client.get(resource).json()}
        number += 1
    assert before.keys() - after.keys()


# -- reports ---------------------------------------------------------------------------------------


def test_bookings_are_asked_for_by_month_and_selector(client: MoneybirdClient) -> None:
    path = "reports/journal_entries"
    assert error(client.get(path)) == (
        "at least a contact_id, project_id or ledger_account_id is required"
    )
    assert error(client.get(path, account_type="revenue")) == (
        "when account_type is present, a contact_id or project_id is required"
    )
    too_long = client.get(path, project_id="null", period="202501..202502")
    assert error(too_long) == "Period cannot exceed 1 month"
    assert error(client.get(path, project_id="null", period="2025")) == "Period is invalid"
    for period in ("202509..202509", "20250901..20250930"):
        assert client.get(path, project_id="null", period=period).status_code == 200
    year = client.get("reports/general_ledger", period="202501..202601")
    assert error(year) == "Period cannot exceed 12 months"


def test_amounts_are_on_the_natural_side_and_documents_balance(client: MoneybirdClient) -> None:
    """The signs are told by the general ledger alone, and with them each document is zero."""
    told = client.get("reports/general_ledger", period=MONTH).json()
    debits, credits_ = (
        {row["ledger_account_id"]: Decimal(row["value"]) for row in told[part]["ledger_accounts"]}
        for part in ("debit_sums", "credit_sums")
    )
    rows = client.rows("reports/journal_entries", period=MONTH, project_id="null", per_page=100)
    positive: dict[str, Decimal] = defaultdict(Decimal)
    negative: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        amount = Decimal(row["amount"])
        (positive if amount > 0 else negative)[row["ledger_account_id"]] += abs(amount)
    signs = {}
    for account in positive.keys() | negative.keys():
        pair = (positive[account], negative[account])
        sums = (debits.get(account, Decimal()), credits_.get(account, Decimal()))
        assert pair in {sums, sums[::-1]}
        signs[account] = 1 if pair == sums else -1
    assert set(signs.values()) == {1, -1}
    documents: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        amount = Decimal(row["amount"]) * signs[row["ledger_account_id"]]
        documents[row["document_type"], row["document_id"]] += amount
    assert set(documents.values()) == {Decimal()}
    kinds = {kind for kind, _ in documents}
    assert {"VatDocument", "SalesInvoice", "Document", "AssetValueChange"} <= kinds


def test_the_general_ledger_has_two_shapes(sandbox: Sandbox, client: MoneybirdClient) -> None:
    rows = client.get("reports/general_ledger", period=MONTH).json()
    sandbox.settings(MONEYBIRD, ledger_as_map=True)
    flat = client.get("reports/general_ledger", period=MONTH).json()
    assert flat == {
        name: {row["ledger_account_id"]: row["value"] for row in part["ledger_accounts"]}
        for name, part in rows.items()
    }


# -- limits and files ------------------------------------------------------------------------------


def test_reports_have_a_limit_of_their_own(sandbox: Sandbox, client: MoneybirdClient) -> None:
    sandbox.settings(MONEYBIRD, limits=True)
    for _ in range(50):
        assert client.get("reports/general_ledger", period=MONTH).status_code == 200
    refused = client.get("reports/general_ledger", period=MONTH)
    assert refused.status_code == 429
    assert refused.json() == "Retry later"
    until = int(refused.headers["Retry-After"])
    assert until > NOW.timestamp(), "an instant, not a delay"
    assert client.get("ledger_accounts").status_code == 200
    sandbox.advance(until - NOW.timestamp())
    assert client.get("reports/general_ledger", period=MONTH).status_code == 200


def test_an_audit_file_takes_two_polls_and_a_link_that_dies(
    sandbox: Sandbox, client: MoneybirdClient
) -> None:
    path, body = "reports/export/auditfile", {"year": "2025"}
    assert error(client.post(path, body)) == "Missing or duplicate account IDs"
    sandbox.settings(MONEYBIRD, unique_numbers=True)
    assert error(client.post(path, {"year": "2019"})) == "Period contains no journal entries"
    assert client.post(path, body).status_code == 204
    assert client.post(path, body).status_code == 204, "already being prepared"
    polls = [client.get("downloads").json() for _ in range(3)]
    assert [len(poll) for poll in polls] == [0, 0, 1]
    link = client.post(f"downloads/{polls[2][0]['id']}/download", {})
    assert link.status_code == 302
    address = link.headers["Location"]
    assert b"XAF/3.2" in client.http.get(address).content
    sandbox.advance(31)
    assert client.http.get(address).status_code == 403

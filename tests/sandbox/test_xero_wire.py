"""Oddities of Xero's wire, as the stand-in shows them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from sandbox.server import Sandbox
from sandbox.xero import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from tests.sandbox.xero_client import (
    REDIRECT,
    SCOPES,
    XERO,
    asked_for_token,
    authorize,
    get,
    granted,
)

NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
API = "/api.xro/2.0/"
GRACE_SECONDS = 1_800


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=300, providers=[XERO], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return str(granted(sandbox)["access_token"])


@pytest.fixture
def tenant(sandbox: Sandbox, token: str) -> str:
    return str(get(sandbox, token, "/connections").json()[0]["tenantId"])


# -- consent and tokens ----------------------------------------------------------------------------


def test_a_scope_the_app_may_not_use_never_comes_back(sandbox: Sandbox) -> None:
    assert "error?errorId=" in authorize(sandbox, scopes=("accounting.transactions.read",))
    sandbox.settings(XERO, entitled=False)
    assert "error?errorId=" in authorize(sandbox)
    without = tuple(scope for scope in SCOPES if "journals" not in scope)
    assert authorize(sandbox, scopes=without).startswith(REDIRECT)


def test_a_spent_refresh_token_is_taken_for_half_an_hour(sandbox: Sandbox) -> None:
    first = str(granted(sandbox)["refresh_token"])

    def renewed() -> dict[str, object]:
        return asked_for_token(sandbox, grant_type="refresh_token", refresh_token=first)

    assert renewed()["refresh_token"] != first
    sandbox.advance(GRACE_SECONDS - 1)
    assert "access_token" in renewed()
    sandbox.advance(2)
    assert renewed() == {"error": "invalid_grant"}


def test_credentials_may_stand_in_the_form(sandbox: Sandbox) -> None:
    refresh_token = str(granted(sandbox)["refresh_token"])
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
    }
    address = f"{sandbox.url(XERO)}/connect/token"
    assert "access_token" in httpx.post(address, data=form).json()
    wrong = {**form, "client_secret": "other"}
    assert httpx.post(address, data=wrong).json() == {"error": "invalid_client"}
    assert httpx.post(address, json=form).json() == {"error": "unsupported_grant_type"}


def test_revoking_ends_every_connection(sandbox: Sandbox, token: str) -> None:
    refresh_token = str(granted(sandbox)["refresh_token"])
    answer = httpx.post(
        f"{sandbox.url(XERO)}/connect/revocation",
        data={"token": refresh_token},
        auth=(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET),
    )
    assert answer.status_code == 200
    assert get(sandbox, token, "/connections").json() == []


def test_one_organisation_is_disconnected_by_itself(
    sandbox: Sandbox, token: str, tenant: str
) -> None:
    before = get(sandbox, token, "/connections").json()
    address = f"{sandbox.url(XERO)}/connections/{before[0]['id']}"
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.delete(address, headers=headers).status_code == 204
    assert httpx.delete(address, headers=headers).status_code == 404
    answer = get(sandbox, token, f"{API}Accounts", tenant)
    assert (answer.status_code, answer.json()["detail"]) == (403, "AuthenticationUnsuccessful")
    other = before[1]["tenantId"]
    assert get(sandbox, token, f"{API}Accounts", other).status_code == 200


def test_a_missing_scope_is_a_401_of_its_own(sandbox: Sandbox, tenant: str) -> None:
    narrow = granted(sandbox, scopes=("offline_access", "accounting.settings.read"))
    answer = get(sandbox, narrow["access_token"], f"{API}Invoices?page=1", tenant)
    assert answer.status_code == 401
    assert answer.json()["Detail"] == "AuthorizationUnsuccessful"
    assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


def test_an_expired_token_is_called_so(sandbox: Sandbox, token: str, tenant: str) -> None:
    sandbox.advance(GRACE_SECONDS + 1)
    answer = get(sandbox, token, f"{API}Accounts", tenant)
    assert answer.status_code == 401
    assert answer.json()["Detail"].startswith("TokenExpired")


# -- lists -----------------------------------------------------------------------------------------


def test_xml_is_what_nobody_asked_for(sandbox: Sandbox, token: str, tenant: str) -> None:
    answer = get(sandbox, token, f"{API}Organisation", tenant, accept="*/*")
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<BaseCurrency>EUR</BaseCurrency>" in answer.text
    assert "/Date(" not in answer.text


def test_a_list_without_pages_has_no_lines(sandbox: Sandbox, token: str, tenant: str) -> None:
    whole = get(sandbox, token, f"{API}Invoices", tenant).json()
    assert all(row["LineItems"] == [] for row in whole["Invoices"])
    assert "pagination" not in whole
    paged = get(sandbox, token, f"{API}Invoices?page=1", tenant).json()
    assert any(row["LineItems"] for row in paged["Invoices"])


def test_a_page_beyond_the_end_is_empty(sandbox: Sandbox, token: str, tenant: str) -> None:
    answer = get(sandbox, token, f"{API}Invoices?page=99", tenant).json()
    assert answer["Invoices"] == []
    assert answer["pagination"]["page"] > answer["pagination"]["pageCount"]


def test_an_order_makes_manual_journals_ignore_pages(
    sandbox: Sandbox, token: str, tenant: str
) -> None:
    path = f"{API}ManualJournals?page=99&order=UpdatedDateUTC%20ASC"
    assert get(sandbox, token, path, tenant).json()["ManualJournals"]


def test_milliseconds_since_are_refused(sandbox: Sandbox, token: str, tenant: str) -> None:
    def since(moment: str) -> httpx.Response:
        headers = {"if-modified-since": moment}
        return get(sandbox, token, f"{API}Contacts?page=1", tenant, **headers)

    assert since("2026-11-20T01:00:00").json()["Contacts"] == []
    assert since("2026-11-20T01:00:00.000Z").status_code == 400


def test_what_was_deleted_stays_as_a_document(sandbox: Sandbox, token: str, tenant: str) -> None:
    sandbox.edit(XERO, {"kind": "delete-entry"})
    headers = {"if-modified-since": "2026-11-20T01:00:00"}
    found = [
        row["Status"]
        for name in ("Invoices", "CreditNotes")
        for row in get(sandbox, token, f"{API}{name}?page=1", tenant, **headers).json()[name]
    ]
    assert found == ["VOIDED"]


def test_an_edit_is_reversed_and_posted_anew(sandbox: Sandbox, token: str, tenant: str) -> None:
    last = 0
    while found := get(sandbox, token, f"{API}Journals?offset={last}", tenant).json()["Journals"]:
        last = max(row["JournalNumber"] for row in found)
    sandbox.edit(XERO, {"kind": "edit-entry", "delta": 100})
    path = f"{API}Journals?offset={last}"
    old, new = get(sandbox, token, path, tenant).json()["Journals"]
    assert old["SourceID"] == new["SourceID"]
    sums = [
        [Decimal(str(line["NetAmount"])) for line in journal["JournalLines"]]
        for journal in (old, new)
    ]
    assert [sum(each) for each in sums] == [0, 0]
    assert abs(sums[0][0] + sums[1][0]) == 1


def test_limits_are_told_and_kept(sandbox: Sandbox, token: str, tenant: str) -> None:
    sandbox.settings(XERO, limits=True)
    headers = {"authorization": f"Bearer {token}", "xero-tenant-id": tenant}
    with httpx.Client(base_url=sandbox.url(XERO), headers=headers) as client:
        answers = [client.get(f"{API}Organisation") for _ in range(61)]
    assert answers[0].headers["X-MinLimit-Remaining"] == "59"
    refused = answers[-1]
    assert (refused.status_code, refused.content) == (429, b"")
    assert refused.headers["X-Rate-Limit-Problem"].lower() == "minute"
    sandbox.advance(int(refused.headers["Retry-After"]))
    assert get(sandbox, token, f"{API}Organisation", tenant).status_code == 200


def test_results_of_earlier_years_stand_in_retained_earnings(
    sandbox: Sandbox, token: str, tenant: str
) -> None:
    """Nothing is posted there when a year ends: the manual journal that closes it is voided."""

    def kept(day: str) -> Decimal:
        path = f"{API}Reports/TrialBalance?date={day}"
        report = get(sandbox, token, path, tenant).json()["Reports"][0]
        rows = [row for section in report["Rows"] for row in section.get("Rows", [])]
        cells = next(row["Cells"] for row in rows if len(row["Cells"][0].get("Attributes", [])) > 1)
        return Decimal(cells[3]["Value"] or 0) - Decimal(cells[4]["Value"] or 0)

    stand_in = sandbox.stand_in(XERO)
    books = stand_in.administration(tenant).books
    closing = next(e for e in books.live_entries() if e.description.startswith("Resultaat"))
    result = Decimal(sum(x.cents for x in closing.lines if x.account and x.account.code == "0590"))
    books.delete_entry(closing)
    assert kept("2026-01-01") - kept("2025-12-31") == result / 100

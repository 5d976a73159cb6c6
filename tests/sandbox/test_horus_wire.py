"""Horus' stand-in on the wire: the contract that is assumed, with its switches."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.horus import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.horus import Horus as StandIn
from sandbox.server import Sandbox
from tests.sandbox.code_grant_client import CodeGrantClient, Registered

HORUS = Registered(
    key="horus",
    authorize="/oauth2/authorize",
    token="/oauth2/token",
    client_id=SANDBOX_CLIENT_ID,
    client_secret=SANDBOX_CLIENT_SECRET,
    scope="horus offline_access",
)
API = "/db/gouden-aar/api"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=300, providers=["horus"]) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[CodeGrantClient]:
    with CodeGrantClient(sandbox, HORUS) as made:
        yield made.connect()


@pytest.fixture
def folder(sandbox: Sandbox) -> str:
    return next(known.code for known in stand_in(sandbox).administrations())


def stand_in(sandbox: Sandbox) -> StandIn:
    found = sandbox.stand_in("horus")
    assert isinstance(found, StandIn)
    return found


def rows(client: CodeGrantClient, path: str, envelope: str, **query: str) -> list[dict[str, Any]]:
    """Every row, by offset."""
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(f"{API}{path}", offset=len(found), limit=200, **query).json()
        found += page[envelope]
        if len(found) >= page["totalCount"]:
            return found


def test_the_token_tells_the_endpoint_and_both_lives(client: CodeGrantClient) -> None:
    assert client.token["api_endpoint"].endswith(API)
    assert client.token["refresh_token_expires_in"] == 2_592_000
    assert client.token["expires_in"] == 3_600


def test_a_refresh_token_used_twice_ends_everything(client: CodeGrantClient) -> None:
    first = client.token["refresh_token"]
    renewed = client.refresh(first).json()
    assert client.refresh(first).json()["error"] == "invalid_grant"
    assert client.refresh(renewed["refresh_token"]).json()["error"] == "invalid_grant"
    refused = client.get(f"{API}/folders")
    assert refused.status_code == 401
    assert "invalid_token" in refused.headers["WWW-Authenticate"]


def test_it_is_revoked_by_json(client: CodeGrantClient) -> None:
    token = {"RefreshToken": client.token["refresh_token"]}
    assert client.http.post("/revoke-refresh-token", json=token).status_code == 200
    assert client.http.post("/revoke-refresh-token", json={}).status_code == 400
    assert client.get(f"{API}/folders").status_code == 401


def test_a_challenge_is_held_against_its_verifier(client: CodeGrantClient) -> None:
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert client.trade(client.sent_back(**asked)["code"], code_verifier="w").status_code == 400
    assert client.trade(client.sent_back(**asked)["code"], code_verifier=verifier).is_success


def test_entries_balance_and_add_up_to_the_balances(client: CodeGrantClient, folder: str) -> None:
    path = f"/folders/{folder}"
    years = rows(client, f"{path}/bookyears", "bookYears")
    for year in years:
        asked = {"bookYearId": year["id"]}
        moved: dict[str, int] = {}
        for entry in rows(client, f"{path}/bookentries", "bookEntries", include="lines", **asked):
            cents = {line["id"]: _cents(line) for line in entry["lines"]}
            assert sum(cents.values()) == 0
            for line in entry["lines"]:
                moved[line["accountId"]] = moved.get(line["accountId"], 0) + cents[line["id"]]
        told = rows(client, f"{path}/balances", "balances", **asked)
        assert {row["accountId"]: _cents(row) for row in told if _cents(row)} == {
            account: cents for account, cents in moved.items() if cents
        }
    assert len(years) == 2


def _cents(row: dict[str, Any]) -> int:
    return round(float(row["debit"]) * 100) - round(float(row["credit"]) * 100)


def test_changes_hold_what_was_deleted_and_full_lists_do_not(
    sandbox: Sandbox, client: CodeGrantClient, folder: str
) -> None:
    path = f"/folders/{folder}/bookentries"
    before = {row["id"] for row in rows(client, path, "bookEntries")}
    since = sandbox.clock.now()
    sandbox.advance(600)
    sandbox.edit("horus", {"administration": folder, "kind": "delete-entry"})
    sandbox.edit("horus", {"administration": folder, "kind": "add-entry"})
    changed = rows(client, path, "bookEntries", modifiedSince=since.strftime("%Y-%m-%dT%H:%M:%SZ"))
    gone = {row["id"] for row in changed if row["deleted"]}
    after = {row["id"] for row in rows(client, path, "bookEntries")}
    assert len(gone) == 1
    assert before - after == gone
    assert {row["id"] for row in changed} - gone == after - before
    refused = client.get(f"{API}{path}", modifiedSince="yesterday")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_parameter")


def test_a_cursor_ends_with_an_empty_page(
    sandbox: Sandbox, client: CodeGrantClient, folder: str
) -> None:
    sandbox.settings("horus", cursor=True)
    found: list[str] = []
    while True:
        query: dict[str, str | int] = {"take": 7} | ({"last": found[-1]} if found else {})
        page = client.get(f"{API}/folders/{folder}/accounts", **query).json()
        assert "totalCount" not in page
        if not page["accounts"]:
            break
        found += [row["id"] for row in page["accounts"]]
    assert len(found) == len(set(found)) == 35


def test_switches_turn_names_and_amounts(
    sandbox: Sandbox, client: CodeGrantClient, folder: str
) -> None:
    sandbox.settings("horus", pascal=True, numbers=True, lines_beside=True)
    path = f"{API}/folders/{folder}/bookentries"
    page = client.get(path, include="lines,accounts,journals", limit=5).json()
    assert set(page) == {"BookEntries", "TotalCount", "Lines", "Journals", "Accounts"}
    assert isinstance(page["Lines"][0]["Debit"], float)
    assert "Lines" not in page["BookEntries"][0]
    assert {line["BookEntryId"] for line in page["Lines"]} == {
        entry["Id"] for entry in page["BookEntries"]
    }
    sandbox.settings("horus", sideloads=False)
    assert "Journals" not in client.get(path, include="journals").json()


def test_folders_are_those_that_were_ticked(sandbox: Sandbox, folder: str) -> None:
    with CodeGrantClient(sandbox, HORUS) as client:
        client.connect(choice=folder)
        assert [row["id"] for row in rows(client, "/folders", "folders")] == [folder]
        other = stand_in(sandbox).administrations()[1].code
        assert client.get(f"{API}/folders/{other}/accounts").status_code == 404
        sandbox.settings("horus", forbidden=[folder])
        assert client.get(f"{API}/folders/{folder}/accounts").status_code == 403


def test_databases_are_listed_where_discovery_is_on(
    sandbox: Sandbox, client: CodeGrantClient
) -> None:
    assert client.get("/oauth2/databases").status_code == 404
    sandbox.settings("horus", endpoint="discovery", databases=2)
    told = client.get("/oauth2/databases").json()
    assert [row["id"] for row in told] == ["gouden-aar", "archief"]
    assert client.get("/db/archief/api/folders").status_code == 200
    assert "api_endpoint" not in client.refresh(client.token["refresh_token"]).json()

"""Minox' stand-in on the wire, held against what clients in use know of the real one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.minox import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox
from tests.sandbox import minox_facts as facts
from tests.sandbox.code_grant_client import CodeGrantClient, Registered

MINOX = Registered(
    key="minox",
    authorize="/oauth/authorize",
    token="/oauth/token",
    client_id=SANDBOX_CLIENT_ID,
    client_secret=SANDBOX_CLIENT_SECRET,
    scope=(
        "administration:read ledger_account:read journal:read transaction:read report:read "
        "vat:read customer:read supplier:read"
    ),
)
BASE = "/api/1/tenant/10471/administration/1"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=300, providers=["minox"]) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[CodeGrantClient]:
    with CodeGrantClient(sandbox, MINOX) as made:
        yield made.connect()


def fits(value: object, kind: facts.Kind, where: str) -> None:
    """Whether a value is of a kind; ``where`` names it in a failing test."""
    if value is None:
        return
    if isinstance(kind, list):
        assert isinstance(value, list), where
        for item in value:
            fits(item, kind[0], f"{where}[]")
    elif isinstance(kind, Mapping):
        assert isinstance(value, dict), where
        for name, inner in kind.items():
            assert name in value or name in facts.NOT_ALWAYS, f"{where}.{name} is missing"
            fits(value.get(name), inner, f"{where}.{name}")
    elif kind == "day":
        assert isinstance(value, str), where
        assert DAY.fullmatch(value), where
    else:
        wanted: dict[str, Any] = {"int": int, "number": (int, float), "text": str, "flag": bool}
        assert isinstance(value, wanted[kind]), f"{where} is {type(value).__name__}"


def collection(client: CodeGrantClient, path: str) -> list[dict[str, Any]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"links", "collection"}
    found: list[dict[str, Any]] = answer.json()["collection"]
    assert found
    return found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/1/tenant/10471/administration", facts.ADMINISTRATION),
        (f"{BASE}/ledger_account", facts.LEDGER_ACCOUNT),
        (f"{BASE}/journal", facts.JOURNAL),
        (f"{BASE}/vat", facts.VAT),
        (f"{BASE}/year/2025/transaction_lines", facts.LINE),
    ],
)
def test_answers_are_what_a_strict_client_decodes(
    client: CodeGrantClient, path: str, kind: facts.Kind
) -> None:
    for row in collection(client, path):
        fits(row, kind, path.rsplit("/", 1)[1])


def test_enumerations_are_the_vendors(client: CodeGrantClient) -> None:
    lines = collection(client, f"{BASE}/year/2025/transaction_lines")
    assert {line["account"]["type"] for line in lines} == facts.ACCOUNT_TYPES
    assert {line["account"]["scheme"] for line in lines} <= facts.SCHEMES
    accounts = collection(client, f"{BASE}/ledger_account")
    assert {row["debit_credit_suggestion"] for row in accounts} <= facts.SUGGESTIONS
    assert {row["type"] for row in collection(client, f"{BASE}/vat")} <= facts.VAT_TYPES
    administrations = collection(client, "/api/1/tenant/10471/administration")
    assert {row["number_of_periods"] for row in administrations} <= facts.PERIODS_OF_A_YEAR


def test_columns_are_never_negative_and_batches_balance(client: CodeGrantClient) -> None:
    sums: dict[str, int] = {}
    for line in collection(client, f"{BASE}/year/2026/transaction_lines"):
        debit, credit = round(line["debit"] * 100), round(line["credit"] * 100)
        assert debit >= 0
        assert credit >= 0
        sums[line["batch_id"]] = sums.get(line["batch_id"], 0) + debit - credit
    assert not any(sums.values())


def test_a_period_is_a_part_of_its_year(client: CodeGrantClient) -> None:
    path = f"{BASE}/year/2025/transaction_lines"
    whole = collection(client, path)
    parts = [line for n in range(1, 13) for line in client.get(path, period=n).json()["collection"]]
    assert sorted(line["id"] for line in parts) == sorted(line["id"] for line in whole)


def test_the_trial_balance_is_that_of_the_lines(client: CodeGrantClient) -> None:
    told = client.get(f"{BASE}/report/trialbalance/2026", start_period=1).json()["collection"]
    moved: dict[tuple[str, str], int] = {}
    for line in collection(client, f"{BASE}/year/2026/transaction_lines"):
        place = (line["account"]["type"], line["account"]["id"])
        cents = round((line["debit"] - line["credit"]) * 100)
        moved[place] = moved.get(place, 0) + cents
    shown = {
        (row["account"]["type"], row["account"]["id"]): round((row["debit"] - row["credit"]) * 100)
        for row in told
    }
    assert {place: cents for place, cents in shown.items() if cents} == {
        place: cents for place, cents in moved.items() if cents
    }


def test_inspect_wants_the_client_and_tells_the_tenants(client: CodeGrantClient) -> None:
    body = {"token": client.token["access_token"]}
    assert client.http.post("/api/1/inspect", json=body).status_code == 401
    own = (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)
    answer = client.http.post("/api/1/inspect", json=body, auth=own)
    older = client.http.get(f"/api/1/inspect/{body['token']}", auth=own)
    assert answer.json()["linked_tenants"] == [{"tenant_id": 10471}, {"tenant_id": 20885}]
    assert older.json() == answer.json()


def test_a_consent_for_one_tenant_shows_no_other(sandbox: Sandbox) -> None:
    with CodeGrantClient(sandbox, MINOX) as client:
        client.connect(choice="20885")
        assert client.get("/api/1/tenant/20885/administration").status_code == 200
        refused = client.get("/api/1/tenant/10471/administration")
    assert refused.status_code == 404
    assert isinstance(refused.json(), list), "errors are an array of messages"
    assert refused.json()[0]["message_type"] == "error"


def test_a_refused_consent_and_a_stranger(client: CodeGrantClient) -> None:
    back = client.sent_back(action="deny")
    assert back == {"error": "access_denied", "state": "st/ate 1"}
    assert client.consent(client_id="somebody").status_code == 400
    assert client.consent(redirect_uri="https://evil.test/").status_code == 400
    page = client.http.get("/oauth/authorize", params={"client_id": "somebody"})
    assert "Unknown client" in page.text


def test_tokens_rotate_and_codes_count_once(client: CodeGrantClient) -> None:
    code = client.sent_back()["code"]
    first = client.trade(code)
    assert first.status_code == 200
    assert set(first.json()) >= {"access_token", "refresh_token", "expires_in"}
    assert client.trade(code).json()["error"] == "invalid_grant"
    renewed = client.refresh(first.json()["refresh_token"])
    assert renewed.json()["refresh_token"] != first.json()["refresh_token"]
    assert client.refresh(first.json()["refresh_token"]).status_code == 400
    assert client.refresh(renewed.json()["refresh_token"]).status_code == 200
    wrong = client.ask_token(client_secret="no", grant_type="refresh_token", refresh_token="x")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


def test_the_limit_is_told_in_headers_and_counts_per_tenant(
    sandbox: Sandbox, client: CodeGrantClient
) -> None:
    sandbox.settings("minox", limits=True)
    path = "/api/1/tenant/20885/administration"
    answers = [client.get(path) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[19].headers["x-rate-limit-remaining"] == "0"
    assert int(answers[0].headers["x-rate-limit-reset"]) > 10**12, "epoch milliseconds"
    assert answers[20].headers["retry-after"] == "120"
    assert client.get("/api/1/tenant/10471/administration").status_code == 200

"""The stand-in's REST answers against facts of the official description, not against our types."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from sandbox.eboekhouden import token_of
from sandbox.server import Sandbox
from tests.sandbox import eboekhouden_facts as facts

KEY = "eboekhouden"
KINDS: Mapping[str, type | tuple[type, ...]] = {
    facts.NUMBER: (int, float),
    facts.INTEGER: int,
    facts.STRING: str,
    facts.BOOLEAN: bool,
    facts.LIST: list,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5, lines=600, providers=[KEY]) as running:
        yield running


def opened(sandbox: Sandbox, company: int = 1) -> httpx.Client:
    asked = {"accessToken": token_of(company), "source": "facts"}
    told = httpx.post(sandbox.url(KEY) + "/v1/session", json=asked).json()
    assert_fits(told, facts.SESSION)
    assert told["expiresIn"] == 3_600
    return httpx.Client(base_url=sandbox.url(KEY), headers={"authorization": told["token"]})


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with opened(sandbox) as ready:
        yield ready


def assert_fits(told: Mapping[str, Any], properties: facts.Properties) -> None:
    assert not told.keys() - properties.keys()
    for name, value in told.items():
        assert isinstance(value, KINDS[properties[name]]), name
        assert not isinstance(value, bool) or properties[name] == facts.BOOLEAN, name


def listed(client: httpx.Client, path: str, **query: str | int) -> list[dict[str, Any]]:
    told = client.get(path, params=query).json()
    assert told.keys() == {"items", "count"}
    assert told["count"] == len(told["items"])
    return list(told["items"])


@pytest.mark.parametrize(
    ("path", "query", "properties"),
    [
        ("/v1/ledger", {}, facts.LEDGER),
        ("/v1/mutation", {"limit": 2_000}, facts.MUTATION_HEAD),
        ("/v1/relation", {}, facts.RELATION_HEAD),
        ("/v1/mutation/invoice/outstanding", {"credDeb": "C"}, facts.OUTSTANDING),
        ("/v1/mutation/invoice/outstanding", {"credDeb": "D"}, facts.OUTSTANDING),
        ("/v1/administration/linked", {}, facts.ADMINISTRATION),
        ("/v1/ledger/balances", {"to": "2026-12-31"}, facts.LEDGER_BALANCE),
    ],
)
def test_lists_have_the_described_properties(
    client: httpx.Client, path: str, query: dict[str, str | int], properties: facts.Properties
) -> None:
    rows = listed(client, path, **query)
    assert rows
    for row in rows:
        assert_fits(row, properties)


def test_every_category_but_the_general_one_has_an_account(client: httpx.Client) -> None:
    told = {row["category"] for row in listed(client, "/v1/ledger")}
    assert told == facts.CATEGORIES - {"AF"}


def test_details_have_the_described_properties(client: httpx.Client) -> None:
    kinds: set[int] = set()
    codes: set[str] = set()
    modes: set[str] = set()
    for head in listed(client, "/v1/mutation", limit=2_000):
        told = client.get(f"/v1/mutation/{head['id']}").json()
        assert_fits(told, facts.MUTATION)
        assert "amount" not in told
        kinds.add(told["type"])
        modes.add(told["inExVat"])
        for row in told["rows"]:
            assert_fits(row, facts.MUTATION_ROW)
            codes.add(row["vatCode"])
        for row in told["vat"]:
            assert_fits(row, facts.VAT_AMOUNT)
            codes.add(row["vatCode"])
    assert kinds == facts.MUTATION_TYPES | {0}
    assert modes == {"IN", "EX"}
    assert codes < facts.VAT_CODES
    assert {"HOOG_VERK_21", "LAAG_VERK_9", "VERL_INK", "GEEN"} < codes
    for head in listed(client, "/v1/relation"):
        assert_fits(client.get(f"/v1/relation/{head['id']}").json(), facts.RELATION)


def test_filters_stand_in_the_name_of_the_parameter(client: httpx.Client) -> None:
    everything = [row["id"] for row in listed(client, "/v1/mutation", limit=2_000)]
    above = listed(client, "/v1/mutation", limit=2_000, **{"id[gt]": 10})
    assert [row["id"] for row in above] == [number for number in everything if number > 10]
    within = listed(client, "/v1/mutation", **{"date[range]": "2025-03-01,2025-03-31"})
    assert within
    assert all(row["date"].startswith("2025-03") for row in within)
    assert len(listed(client, "/v1/mutation")) == 100
    sales = listed(client, "/v1/mutation", type=2, **{"invoiceNumber[like]": "2500%"})
    assert {row["type"] for row in sales} == {2}
    assert not listed(client, "/v1/mutation", **{"id[gt]": 999_999})


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/mutation?limit=2001", 400, "PAGE_001"),
        ("/v1/mutation?limit=0", 400, "PAGE_001"),
        ("/v1/mutation?offset=-1", 400, "PAGE_002"),
        ("/v1/mutation/999999", 404, "MUT_300"),
        ("/v1/ledger/999999", 404, "LEDG_011"),
        ("/v1/relation/1", 404, "REL_055"),
        ("/v1/administration", 403, "EP_001"),
    ],
)
def test_errors_are_as_described(client: httpx.Client, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    told = answer.json()
    assert_fits(told, facts.ERROR)
    assert told.keys() >= facts.ERROR_REQUIRED
    assert (told["status"], told["code"]) == (status, code)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"accessToken": token_of(1)}, "API_SESSION_001"),
        ({"accessToken": token_of(1), "source": "longer than ten"}, "API_SESSION_002"),
        ({"source": "x"}, "API_SESSION_003"),
        ({"accessToken": "nonsense", "source": "x"}, "SECURITY_999"),
    ],
)
def test_sessions_are_refused_as_described(
    sandbox: Sandbox, asked: dict[str, str], code: str
) -> None:
    answer = httpx.post(sandbox.url(KEY) + "/v1/session", json=asked)
    assert answer.status_code in {400, 403}
    assert answer.json()["code"] == code


def test_a_session_counts_with_and_without_a_word_and_until_it_is_ended(sandbox: Sandbox) -> None:
    with opened(sandbox) as client:
        token = client.headers["authorization"]
        with_word = {"authorization": f"Bearer {token}"}
        assert client.get("/v1/ledger", headers=with_word).status_code == 200
        assert client.delete("/v1/session").status_code == 204
        refused = client.get("/v1/ledger")
        assert (refused.status_code, refused.content) == (401, b"")


def test_a_balance_from_a_day_is_what_moved(client: httpx.Client) -> None:
    bank = next(row for row in listed(client, "/v1/ledger") if row["code"] == "1100")
    path = f"/v1/ledger/{bank['id']}/balance"
    whole = client.get(path, params={"to": "2026-12-31"}).json()
    assert_fits(whole, facts.LEDGER_BALANCE)
    first = client.get(path, params={"to": "2025-12-31"}).json()["balance"]
    second = client.get(path, params={"from": "2026-01-01", "to": "2026-12-31"}).json()["balance"]
    assert round(first + second, 2) == whole["balance"] > 0

"""The same raw requests to the stand-in and, where one is named, to a genuine Odoo 19.

Both must pass: what is expected here was seen on a genuine server, and the stand-in imitates it.
"""

import xmlrpc.client
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from sandbox.odoo.refusals import TRACEBACK
from tests.sandbox.odoo_wire import Document, Wire, open_wire


@pytest.fixture(params=["stand-in", "genuine"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    with open_wire(genuine=request.param == "genuine") as opened:
        yield opened


def test_the_version_needs_no_login(wire: Wire) -> None:
    answer = wire.client.get(f"{wire.url}/web/version")
    assert answer.json()["version_info"][:4] == [19, 0, 0, "final"]
    assert answer.json()["version"] == "19.0"
    told = wire.xmlrpc("common", "version")
    assert told["server_version"] == "19.0"
    assert told["protocol_version"] == 1
    assert wire.xmlrpc("db", "list") == [wire.database]


def test_keys_that_are_refused_all_look_alike(wire: Wire) -> None:
    for key in ("reader_expired", "reader_other_scope"):
        answer = wire.json2("res.users", "context_get", key=key)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["name"] == "werkzeug.exceptions.Unauthorized"
        assert answer.json()["arguments"] == ["Invalid apikey", 401]
    wire.keys["made-up"] = "0" * 40
    assert wire.json2("res.users", "context_get", key="made-up").json()["message"] == (
        "Invalid apikey"
    )
    answer = wire.client.post(f"{wire.url}/json/2/res.users/context_get", json={})
    assert answer.json()["message"].startswith("User not authenticated, use an API Key")
    login = (wire.database, wire.login)
    assert wire.xmlrpc("common", "authenticate", *login, wire.keys["reader"], {}) == wire.uid
    for key in ("reader_expired", "reader_other_scope", "made-up", "sales"):
        assert wire.xmlrpc("common", "authenticate", *login, wire.keys[key], {}) is False


def test_an_unknown_database(wire: Wire) -> None:
    answer = wire.json2("res.users", "context_get", **{"x-odoo-database": "nope"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "No database is selected and the requested URL was not found" in answer.text
    assert "X-Odoo-Database" in answer.text
    with pytest.raises(xmlrpc.client.Fault) as caught:
        wire.xmlrpc("common", "authenticate", "nope", wire.login, wire.keys["reader"], {})
    assert caught.value.faultCode == 1
    assert 'database "nope" does not exist' in caught.value.faultString


@pytest.mark.parametrize(
    ("model", "method", "body", "expected"),
    [
        (
            *("account.foo", "search", {"domain": []}),
            (404, "werkzeug.exceptions.NotFound", "the model 'account.foo' does not exist"),
        ),
        (
            *("account.move", "foo", {}),
            (404, "werkzeug.exceptions.NotFound", "The method 'account.move.foo' does not exist"),
        ),
        (
            *("account.move", "_foo", {}),
            (
                *(403, "odoo.exceptions.AccessError"),
                "Private methods (such as 'account.move._foo') cannot be called remotely.",
            ),
        ),
        (
            *("account.move", "search", {}),
            (
                *(422, "werkzeug.exceptions.UnprocessableEntity"),
                "missing a required argument: 'domain'",
            ),
        ),
        (
            *("account.move", "search", {"domain": [], "foo": 1}),
            (
                *(422, "werkzeug.exceptions.UnprocessableEntity"),
                "got an unexpected keyword argument 'foo'",
            ),
        ),
        (
            *("account.move", "search", {"domain": [], "ids": [1]}),
            (
                *(422, "werkzeug.exceptions.UnprocessableEntity"),
                "cannot call account.move.search with ids",
            ),
        ),
        (
            *("account.move", "search", {"domain": [["x", "=", 4]]}),
            (
                *(500, "builtins.ValueError"),
                "Invalid field account.move.x in condition ('x', '=', 4)",
            ),
        ),
        (
            *("account.move", "search_read", {"domain": [], "fields": ["x"], "limit": 1}),
            (500, "builtins.ValueError", "Invalid field 'x' on 'account.move'"),
        ),
        (
            *("account.move", "search", {"domain": [], "order": "x"}),
            (500, "builtins.ValueError", "Invalid field 'x' on model 'account.move'"),
        ),
        (
            *("res.users", "has_group", {"group_ext_id": "base.group_user"}),
            (500, "builtins.ValueError", "Expected singleton: res.users()"),
        ),
        (
            "account.move",
            "search",
            {"domain": [], "context": {"allowed_company_ids": [999]}},
            (403, "odoo.exceptions.AccessError", "Access to unauthorized or invalid companies."),
        ),
    ],
)
def test_refusals(
    wire: Wire, model: str, method: str, body: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert wire.refusal(model, method, **body) == expected


def test_bodies_and_paths_that_are_wrong(wire: Wire) -> None:
    headers = {"authorization": f"bearer {wire.keys['reader']}", "x-odoo-database": wire.database}
    url = f"{wire.url}/json/2/account.move/search"
    broken = wire.client.post(
        url, content=b"{bad", headers=headers | {"content-type": "application/json"}
    )
    assert broken.status_code == 400
    assert broken.json()["message"].startswith("could not parse the body as json: ")
    plain = wire.client.post(url, content=b"{}", headers=headers | {"content-type": "text/plain"})
    assert plain.status_code == 415
    assert plain.headers["accept"] == "application/json"
    got = wire.client.get(url, headers=headers)
    assert got.status_code == 404
    assert got.json()["message"] == "Did you mean POST /json/2/<model>/<method>?"


def test_rights_are_seen_in_groups_only(wire: Wire) -> None:
    def groups(key: str) -> tuple[bool, bool]:
        uid = wire.json2("res.users", "context_get", key=key).json()["uid"]
        read, bill = (
            wire.json2(
                *("res.users", "has_group"),
                {"ids": [uid], "group_ext_id": f"account.group_account_{group}"},
                key=key,
            ).json()
            for group in ("readonly", "invoice")
        )
        return read, bill

    assert groups("reader") == (True, False)
    assert groups("sales") == (False, False)
    assert groups("portal") == (False, False)
    domain: dict[str, Any] = {"domain": [["state", "=", "posted"]]}
    everything = wire.json2("account.move", "search_count", domain).json()
    partial = wire.json2("account.move", "search_count", domain, key="sales")
    assert partial.status_code == 200
    assert 0 < partial.json() < everything
    assert wire.json2("account.move", "search", domain, key="portal").json() == []
    refused = wire.json2("account.move", "search", domain, key="noacc")
    assert refused.status_code == 403
    assert "Show Accounting Features - Readonly" in refused.json()["message"]


def test_empty_is_false_and_relations_are_pairs(wire: Wire) -> None:
    asked: dict[str, Any] = {
        "domain": [["company_id", "=", wire.company], ["move_type", "=", "entry"]],
        "fields": ["name", "date", "invoice_date", "journal_id", "amount_total_signed", "line_ids"],
        "order": "id",
        "limit": 1,
    }
    (row,) = wire.value("account.move", "search_read", **asked)
    assert row.keys() == {"id", *asked["fields"]}
    assert row["invoice_date"] is False
    assert isinstance(row["journal_id"][0], int)
    assert isinstance(row["journal_id"][1], str)
    assert isinstance(row["amount_total_signed"], float)
    assert all(isinstance(number, int) for number in row["line_ids"])
    (bare,) = wire.value("account.move", "search_read", **asked, load=None)
    assert bare["journal_id"] == row["journal_id"][0]
    context = {"allowed_company_ids": [wire.company]}
    (over,) = wire.execute(
        *("account.move", "search_read", asked["domain"]),
        fields=asked["fields"],
        order="id",
        limit=1,
        load=False,
        context=context,
    )
    assert over == bare


def test_moves_with_lines_in_one_question(wire: Wire) -> None:
    line: dict[str, Document] = {
        "account_id": {},
        "balance": {},
        "currency_id": {"fields": {"name": {}}},
        "name": {},
    }
    page = wire.value(
        *("account.move", "web_search_read"),
        domain=[["company_id", "=", wire.company], ["state", "=", "posted"], ["id", ">", 0]],
        specification={"name": {}, "date": {}, "line_ids": {"fields": line}},
        order="id",
        limit=40,
        count_limit=1,
    )
    assert page.keys() == {"length", "records"}
    records = page["records"]
    assert [record["id"] for record in records] == sorted(record["id"] for record in records)
    for record in records:
        assert record.keys() == {"id", "name", "date", "line_ids"}
        assert round(sum(row["balance"] for row in record["line_ids"]), 2) == 0
        for row in record["line_ids"]:
            assert row.keys() == {"id", *line}
            assert row["currency_id"].keys() == {"id", "name"}
            assert isinstance(row["account_id"], int)


def test_rows_of_text_have_no_account(wire: Wire) -> None:
    rows = wire.value(
        *("account.move.line", "search_read"),
        domain=[["company_id", "=", wire.company], ["account_id", "=", False]],
        fields=["account_id", "balance", "display_type", "name"],
        limit=3,
        order="id",
    )
    assert rows
    for row in rows:
        assert row["account_id"] is False
        assert row["balance"] == 0.0
        assert row["display_type"].startswith("line_")


def test_groups_of_both_kinds_agree(wire: Wire) -> None:
    domain = [
        ["company_id", "=", wire.company],
        ["parent_state", "=", "posted"],
        ["account_id", "!=", False],
    ]
    by = ["account_id", "date:month"]
    new = wire.value(
        *("account.move.line", "formatted_read_group"),
        domain=domain,
        groupby=by,
        aggregates=["balance:sum", "__count"],
    )
    old = wire.value(
        *("account.move.line", "read_group"),
        domain=domain,
        fields=["balance:sum"],
        groupby=by,
        lazy=False,
    )
    assert new[0].keys() == {*by, "__extra_domain", "balance:sum", "__count"}
    assert old[0].keys() == {*by, "__domain", "__range", "balance", "__count"}
    assert {(row["account_id"][0], row["date:month"][0]): row["balance:sum"] for row in new} == {
        (row["account_id"][0], row["__range"]["date:month"]["from"]): row["balance"] for row in old
    }
    (whole,) = wire.value(
        *("account.move.line", "formatted_read_group"),
        domain=domain,
        groupby=[],
        aggregates=["write_date:max", "__count"],
    )
    assert whole["__count"] == sum(row["__count"] for row in new)
    assert datetime.fromisoformat(whole["write_date:max"]).tzinfo is None
    (older,) = wire.value(
        *("account.move.line", "read_group"),
        domain=domain,
        fields=["write_date:max"],
        groupby=[],
        lazy=False,
    )
    assert older["__count"] == whole["__count"]
    assert older["write_date"] == whole["write_date:max"]


def test_whole_seconds_are_compared(wire: Wire) -> None:
    own = ["company_id", "=", wire.company]
    rows = wire.value(
        *("account.move", "search_read"), domain=[own], fields=["write_date"], load=None
    )
    newest = max(row["write_date"] for row in rows)

    def count(operator: str) -> int:
        domain = [own, ["write_date", operator, newest]]
        found = wire.value("account.move", "search_count", domain=domain)
        assert isinstance(found, int)
        return found

    at_newest = sum(row["write_date"] == newest for row in rows)
    assert count(">") == 0
    assert count(">=") == count("=") == at_newest


def test_companies_and_codes(wire: Wire) -> None:
    rows = wire.value(
        *("res.company", "search_read"),
        domain=[],
        fields=["name", "parent_id", "root_id", "currency_id", "country_code", "active"],
        order="id",
        context={"active_test": False},
    )
    branch = next(row for row in rows if row["parent_id"])
    root = branch["parent_id"][0]
    fields = {"fields": ["code"], "order": "id", "load": None, "domain": []}
    of_root, of_branch = (
        wire.value("account.account", "search_read", **fields, context=context)
        for context in ({"allowed_company_ids": [root]}, {"allowed_company_ids": [branch["id"]]})
    )
    assert of_root == of_branch
    assert all(row["code"] for row in of_root)
    without = wire.value("account.account", "search_read", **fields, context={})
    assert {row["code"] is False for row in without} == {True, False}


def test_what_a_user_sees_of_his_keys(wire: Wire) -> None:
    rows = wire.value(
        *("res.users.apikeys", "search_read"),
        domain=[],
        fields=["name", "scope", "expiration_date"],
        order="id",
        context={},
    )
    assert len(rows) == 3
    assert [row["expiration_date"] for row in rows].count(False) == 2
    assert [row["scope"] for row in rows].count(False) == 2


def test_drafts_have_no_number(wire: Wire) -> None:
    rows = wire.value(
        *("account.move", "search_read"),
        domain=[["company_id", "=", wire.company], ["state", "!=", "posted"]],
        fields=["name", "state"],
        order="id",
    )
    assert any(row["name"] is False for row in rows)
    assert {row["state"] for row in rows} == {"draft", "cancel"}


def test_faults_have_integer_codes(wire: Wire) -> None:
    cases = [
        ("account.foo", "search", 2, "Object account.foo doesn't exist"),
        ("account.move", "foo", 1, "The method 'account.move.foo' does not exist"),
    ]
    for model, method, code, words in cases:
        with pytest.raises(xmlrpc.client.Fault) as caught:
            wire.execute(model, method, [])
        assert caught.value.faultCode == code
        assert words in caught.value.faultString
    with pytest.raises(xmlrpc.client.Fault) as caught:
        wire.execute("account.move", "search", [], context={"allowed_company_ids": [999]})
    assert caught.value.faultCode == 4
    wire.keys["reader"] = "0" * 40
    with pytest.raises(xmlrpc.client.Fault) as caught:
        wire.execute("account.move", "search", [])
    assert (caught.value.faultCode, caught.value.faultString) == (3, "Access Denied")
    assert TRACEBACK not in caught.value.faultString

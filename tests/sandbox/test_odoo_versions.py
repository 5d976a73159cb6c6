"""What the stand-in does where versions differ, and what only it can be told to do."""

import xmlrpc.client
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sandbox.odoo import SANDBOX_FIELDS
from sandbox.odoo.domains import compile_domain
from sandbox.odoo.fields import Context
from sandbox.odoo.ledger_models import MOVE
from sandbox.odoo.master_models import PARTNER
from sandbox.odoo.refusals import Refusal
from sandbox.odoo.stand_in import Odoo
from sandbox.server import Sandbox
from tests.sandbox.odoo_wire import Document, Wire

NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=3, lines=600, providers=["odoo"], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def wire(sandbox: Sandbox) -> Iterator[Wire]:
    with httpx.Client(timeout=20, trust_env=False) as client:
        keys = {"reader": SANDBOX_FIELDS["api_key"]}
        database, login = SANDBOX_FIELDS["database"], SANDBOX_FIELDS["login"]
        yield Wire(sandbox.url("odoo"), database, login, keys, 1, client, uid=7)


def context_of(sandbox: Sandbox, version: int) -> Context:
    stand_in = sandbox.stand_in("odoo")
    assert isinstance(stand_in, Odoo)
    return Context(
        store=stand_in.store,
        user=stand_in.people.users[7],
        company=1,
        allowed=(1,),
        version=version,
    )


@pytest.mark.parametrize("version", [14, 17, 18])
def test_older_servers_have_no_json2(sandbox: Sandbox, wire: Wire, version: int) -> None:
    sandbox.settings("odoo", version=version)
    for path in ("/web/version", "/json/2/res.users/context_get"):
        answer = wire.client.get(f"{wire.url}{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
    assert wire.xmlrpc("common", "version")["server_version"] == f"{version}.0"


def test_fields_and_methods_by_version(sandbox: Sandbox, wire: Wire) -> None:
    context: dict[str, Document] = {"allowed_company_ids": [1]}
    for version, present, absent in (
        (14, {"deprecated", "internal_type", "company_id"}, {"active", "account_type"}),
        (17, {"deprecated", "account_type", "company_id"}, {"active", "company_ids"}),
        (19, {"active", "account_type", "company_ids"}, {"deprecated", "company_id"}),
    ):
        sandbox.settings("odoo", version=version)
        known = wire.execute("account.account", "fields_get", attributes=["type"]).keys()
        assert present <= known
        assert absent.isdisjoint(known)
    sandbox.settings("odoo", version=14)
    drafts = wire.execute(
        *("account.move", "search_read", [["state", "=", "draft"]]),
        fields=["name"],
        context=context,
    )
    assert {row["name"] for row in drafts} == {"/"}
    assert wire.execute("res.users", "has_group", "account.group_account_readonly") is True
    for method, arguments in (
        ("has_group", [[7], "account.group_account_readonly"]),
        ("formatted_read_group", [[]]),
    ):
        model = "res.users" if method == "has_group" else "account.move.line"
        with pytest.raises(xmlrpc.client.Fault) as caught:
            wire.execute(model, method, *arguments)
        assert caught.value.faultCode == 1


def test_times_are_compared_as_the_version_does(sandbox: Sandbox) -> None:
    """19 compares whole seconds; 14 compares what is stored, fractions included."""
    move = next(move for move in MOVE.records(context_of(sandbox, 19), 0) if move.entry)
    move.entry.modified_ms = 1_790_000_000_500
    shown = "2026-09-21 14:13:20"
    wanted = {
        19: {">": False, ">=": True, "=": True, "<": False},
        14: {">": True, ">=": True, "=": False, "<": False},
    }
    for version, results in wanted.items():
        ctx = context_of(sandbox, version)
        for operator, result in results.items():
            test = compile_domain([["write_date", operator, shown]], MOVE, ctx)
            assert test(move) is result, (version, operator)
    for bad in ("2026-09-21 14:13:20Z", "yesterday"):
        with pytest.raises(Refusal):
            compile_domain([["write_date", ">", bad]], MOVE, context_of(sandbox, 19))


@pytest.mark.parametrize(
    ("domain", "count"),
    [
        ([["id", "=", 20]], 1),
        ([["id", "in", [20, 1]]], 2),
        (["|", ["id", "=", 20], ["id", "=", 1]], 2),
        (["&", ["id", "=", 20], ["id", "=", 1]], 0),
        (["!", ["customer_rank", "=", 0], ["supplier_rank", "=", 0]], None),
        ([["name", "=like", "Medewerker%"]], 1),
        ([["name", "ilike", "MAGAZIJN"]], 1),
        ([["name", "like", "MAGAZIJN"]], 0),
        ([["email", "=", False], ["id", "=", 20]], 1),
        ([["email", "!=", False], ["id", "=", 20]], 0),
        ([["id", "not in", [20]], ["id", "<=", 20], ["id", ">", 19]], 0),
        ([["company_id.name", "ilike", "gouden aar"], ["id", "=", 20]], 0),
        ([[1, "=", 1], ["id", "=", 20]], 1),
    ],
)
def test_domains(sandbox: Sandbox, domain: list[Document], count: int | None) -> None:
    ctx = context_of(sandbox, 19)
    test = compile_domain(domain, PARTNER, ctx)
    found = [partner for partner in PARTNER.records(ctx, 0) if test(partner)]
    if count is None:
        assert {partner.contact is not None and partner.contact.customer for partner in found} == {
            True
        }
    else:
        assert len(found) == count


def test_deletion_is_silent(sandbox: Sandbox, wire: Wire) -> None:
    domain = [["company_id", "=", 1], ["state", "=", "posted"]]
    before = wire.value("account.move", "search", domain=domain, order="id")
    sandbox.advance(3_600)
    sandbox.edit("odoo", {"kind": "delete-entry"})
    after = wire.value("account.move", "search", domain=domain, order="id")
    assert len(set(before) - set(after)) == 1
    since = [*domain, ["write_date", ">=", "2026-11-20 01:15:00"]]
    assert wire.value("account.move", "search", domain=since) == []


def test_json_rpc_answers_200_with_the_error_inside(sandbox: Sandbox, wire: Wire) -> None:
    def call(service: str, method: str, *args: Document) -> Document:
        parameters = {"service": service, "method": method, "args": list(args)}
        body = {"jsonrpc": "2.0", "method": "call", "id": 7, "params": parameters}
        return wire.client.post(f"{wire.url}/jsonrpc", json=body)

    assert call("db", "list").json() == {"jsonrpc": "2.0", "id": 7, "result": ["sandbox"]}
    refused = call("common", "authenticate", "nope", "reader", "x", {})
    assert refused.status_code == 200
    assert refused.json()["error"]["data"]["name"] == "psycopg2.OperationalError"
    sandbox.settings("odoo", version=14, databases=["other"])
    assert call("common", "authenticate", "nope", "reader", "x", {}).status_code == 500


def test_secrets_are_not_in_the_log(sandbox: Sandbox, wire: Wire) -> None:
    wire.execute("res.users", "context_get")
    wire.json2("res.users", "context_get")
    secret = SANDBOX_FIELDS["api_key"]
    assert len(sandbox.log("odoo")) == 2
    assert all(secret not in f"{asked}" for asked in sandbox.log("odoo"))

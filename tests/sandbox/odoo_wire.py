"""An Odoo server spoken to without any adapter: the stand-in, or a genuine one."""

import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias

import httpx
import pytest
from attrs import define, field

from sandbox.odoo import SANDBOX_FIELDS, secret_of
from sandbox.server import Sandbox
from tests.live.odoo_server import LiveServer

NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)

Document: TypeAlias = Any
"""Whatever JSON or XML-RPC can carry."""

ERROR_NAMES = {"name", "message", "arguments", "context", "debug"}


@define
class Wire:
    """A server spoken to without any adapter."""

    url: str
    database: str
    login: str
    keys: dict[str, str] = field(repr=False)
    company: int
    client: httpx.Client
    uid: int = 0

    def json2(
        self, model: str, method: str, body: Document = None, *, key: str = "reader", **headers: str
    ) -> httpx.Response:
        known = {
            "authorization": f"Bearer {self.keys[key]}",
            "x-odoo-database": self.database,
        }
        return self.client.post(
            f"{self.url}/json/2/{model}/{method}", json=body or {}, headers=known | headers
        )

    def value(self, model: str, method: str, **body: Document) -> Document:
        body.setdefault("context", {"allowed_company_ids": [self.company]})
        answer = self.json2(model, method, body)
        assert answer.status_code == 200, answer.text[:300]
        return answer.json()

    def refusal(self, model: str, method: str, **body: Document) -> tuple[int, str, str]:
        answer = self.json2(model, method, body)
        document = answer.json()
        assert set(document) == ERROR_NAMES
        assert document["debug"].startswith("Traceback (most recent call last):")
        return answer.status_code, document["name"], document["message"]

    def xmlrpc(self, path: str, method: str, *parameters: Document) -> Document:
        body = xmlrpc.client.dumps(parameters, method)
        answer = self.client.post(
            f"{self.url}/xmlrpc/2/{path}", content=body, headers={"content-type": "text/xml"}
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/xml")
        (value,), _ = xmlrpc.client.loads(answer.content)
        return value

    def execute(self, model: str, method: str, *arguments: Document, **named: Document) -> Document:
        key = self.keys["reader"]
        return self.xmlrpc(
            *("object", "execute_kw", self.database, self.uid, key, model, method),
            *(list(arguments), named),
        )


@contextmanager
def open_wire(*, genuine: bool) -> Iterator[Wire]:
    """Skips where no genuine server is named."""
    with httpx.Client(timeout=60, trust_env=False) as client:
        if genuine:
            live = LiveServer()
            if not live.url or not live.other_keys:
                pytest.skip("needs a genuine Odoo server with its keys, see tests/live")
            keys = {"reader": live.api_key, **live.other_keys}
            found = Wire(live.url, live.database, live.login, keys, 4, client)
            found.uid = found.json2("res.users", "context_get").json()["uid"]
            yield found
            return
        with Sandbox(seed=3, lines=1_000, providers=["odoo"], frozen_at=NOW) as sandbox:
            names = ("reader_expired", "reader_other_scope", "readerbe", "sales", "noacc", "portal")
            keys = {name: secret_of(name) for name in names}
            keys["reader"] = SANDBOX_FIELDS["api_key"]
            url, database = sandbox.url("odoo"), SANDBOX_FIELDS["database"]
            yield Wire(url, database, SANDBOX_FIELDS["login"], keys, 1, client, uid=7)

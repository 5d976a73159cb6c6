"""A small client of Moneybird for these tests: written from its documentation, not our adapter."""

import ssl
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from sandbox.moneybird import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox

MONEYBIRD = "moneybird"
CALLBACK = "http://127.0.0.1:8123/oauth/moneybird"
ALL_SCOPES = "sales_invoices documents estimates bank time_entries settings"
FIRST = "496010000000000000"
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes longer than a test, and nothing here speaks TLS."""


class MoneybirdClient:
    """One consent, with the calls a test wants to make in one line."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=sandbox.url(MONEYBIRD), timeout=20, verify=NO_CERTIFICATES
        )
        self.token: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def consent(self, **form: str) -> dict[str, str]:
        """The query of the address the browser is sent back to."""
        asked = {
            "client_id": SANDBOX_CLIENT_ID,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": ALL_SCOPES,
            "state": "st/ate 1",
            "action": "allow",
        } | form
        answer = self.http.post("/oauth/authorize", data=asked)
        assert answer.status_code == 302, answer.text
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    def ask_token(self, **form: str) -> httpx.Response:
        client = {"client_id": SANDBOX_CLIENT_ID, "client_secret": SANDBOX_CLIENT_SECRET}
        return self.http.post("/oauth/token", data=client | form)

    def connect(self, **form: str) -> Self:
        code = self.consent(**form)["code"]
        answer = self.ask_token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token['access_token']}"}

    def get(self, resource: str, **query: str | int) -> httpx.Response:
        return self.http.get(f"/api/v2/{FIRST}/{resource}.json", params=query, headers=self.headers)

    def post(self, resource: str, body: object) -> httpx.Response:
        return self.http.post(f"/api/v2/{FIRST}/{resource}.json", json=body, headers=self.headers)

    def rows(self, resource: str, **query: str | int) -> list[dict[str, Any]]:
        """Every row of a paged list, by its ``Link`` headers."""
        answer = self.get(resource, **query)
        found: list[dict[str, Any]] = answer.json()
        while "next" in answer.links:
            answer = self.http.get(answer.links["next"]["url"], headers=self.headers)
            found += answer.json()
        return found

    def synced(self, resource: str, **query: str) -> list[dict[str, Any]]:
        """Every record of a synchronized resource."""
        ids = [row["id"] for row in self.get(f"{resource}/synchronization", **query).json()]
        found: list[dict[str, Any]] = []
        for place in range(0, len(ids), 100):
            body = {"ids": ids[place : place + 100]}
            found += self.post(f"{resource}/synchronization", body).json()
        return found

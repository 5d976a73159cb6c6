"""A small client for stand-ins with a plain consent; it knows none of our adapters."""

import ssl
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
from attrs import frozen

from sandbox.server import Sandbox

CALLBACK = "http://127.0.0.1:8123/oauth/callback"
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes longer than a test, and nothing here speaks TLS."""


@frozen(kw_only=True)
class Registered:
    """A stand-in's key, its two addresses, its client and a scope."""

    key: str
    authorize: str
    token: str
    client_id: str
    client_secret: str
    scope: str


class CodeGrantClient:
    """One consent, with the calls a test wants to make in one line."""

    def __init__(self, sandbox: Sandbox, registered: Registered) -> None:
        self.registered = registered
        self.http = httpx.Client(
            base_url=sandbox.url(registered.key), timeout=20, verify=NO_CERTIFICATES
        )
        self.token: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def consent(self, **form: str) -> httpx.Response:
        asked = {
            "client_id": self.registered.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": self.registered.scope,
            "state": "st/ate 1",
            "action": "allow",
        } | form
        return self.http.post(self.registered.authorize, data=asked)

    def sent_back(self, **form: str) -> dict[str, str]:
        """The query of the address the browser is sent back to."""
        answer = self.consent(**form)
        assert answer.status_code == 302, answer.text
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    def ask_token(self, **form: str) -> httpx.Response:
        client = {
            "client_id": self.registered.client_id,
            "client_secret": self.registered.client_secret,
        }
        return self.http.post(self.registered.token, data=client | form)

    def trade(self, code: str, **form: str) -> httpx.Response:
        return self.ask_token(
            grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **form
        )

    def refresh(self, token: str) -> httpx.Response:
        return self.ask_token(grant_type="refresh_token", refresh_token=token)

    def connect(self, **form: str) -> Self:
        answer = self.trade(self.sent_back(**form)["code"])
        assert answer.status_code == 200, answer.text
        self.token = answer.json()
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token['access_token']}"}

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return self.http.get(path, params=query or None, headers=self.headers)

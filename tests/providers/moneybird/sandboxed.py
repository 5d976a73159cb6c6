"""Moneybird connected to its stand-in, and what the stand-in's books look like through it."""

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.providers.kit.calls import Kit
from adapters.providers.moneybird import Moneybird
from core.ports.provider import Credentials
from sandbox.browser import decide
from sandbox.moneybird import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.moneybird import Moneybird as StandIn
from sandbox.moneybird.view import View
from sandbox.records import AccountKind
from sandbox.server import Sandbox
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens

KEY = "moneybird"
REDIRECT = "https://localhost/oauth/moneybird/callback"
FIRST = "496010000000000000"
EMPTY = "496040000000000000"
JOURNALS = 6


def fields_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "address": sandbox.url(KEY),
    }


def authorised(sandbox: Sandbox, kit: Kit) -> Connected:
    """Consent by a person, the code traded, tokens in memory."""
    provider = Moneybird(kit)
    assert provider.oauth is not None
    fields = fields_of(sandbox)
    url = provider.oauth.authorize_url(fields, redirect_uri=REDIRECT, state="state", verifier="")
    code = parse_qs(urlsplit(decide(url)).query)["code"][0]
    grant = provider.oauth.exchange(fields, redirect_uri=REDIRECT, code=code, verifier="")
    tokens = TestTokens(flow=provider.oauth, fields=fields, clock=SandboxTime(sandbox), grant=grant)
    assert grant.refresh_token is not None
    return Connected(
        provider=provider,
        credentials=Credentials(fields=fields, tokens=tokens, scope="int_1"),
        secrets=(SANDBOX_CLIENT_SECRET, grant.access_token, grant.refresh_token, code),
    )


def view_of(sandbox: Sandbox, key: str = FIRST) -> View:
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    return stand_in.views[key]


def shown_truth(sandbox: Sandbox, truth: dict[str, Any]) -> dict[str, Any]:
    """The truth as Moneybird can show it: calendar months whatever the fiscal year, accounts
    without a number by their reference or id, and journals made of kinds of documents.
    """
    view = view_of(sandbox, truth["code"])
    cents: dict[tuple[str, int, int], int] = defaultdict(int)
    for line in view.books.live_lines():
        if line.account is not None:
            code = line.account.code
            if line.account.kind is AccountKind.EXCHANGE:
                code = f"90{code}"
            assert line.account.kind is not AccountKind.SUSPENSE
            cents[code, line.entry.date.year, line.entry.date.month] += line.cents
    balances = [
        {"account": code, "year": year, "period": month, "amount": f"{value / 100:.2f}"}
        for (code, year, month), value in cents.items()
    ]
    return {**truth, "journals": JOURNALS, "balances": balances}

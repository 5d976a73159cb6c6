"""Minox connected to its stand-in, and what the stand-in's books look like through it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.providers.kit.calls import Kit
from adapters.providers.minox import Minox
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Credentials, Source
from sandbox.browser import decide
from sandbox.minox import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.minox import Minox as StandIn
from sandbox.minox.view import View
from sandbox.records import AccountKind
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens, run

KEY = "minox"
REDIRECT = "https://localhost/oauth/minox/callback"
FIRST = "10471/1"
EMPTY = "10471/4"
CODES = {AccountKind.RECEIVABLE: "DEB", AccountKind.PAYABLE: "CRE"}


def fields_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "address": sandbox.url(KEY),
    }


def authorised(sandbox: Sandbox, kit: Kit, **more: str) -> Connected:
    """Consent by a person, the code traded, tokens in memory."""
    provider = Minox(kit)
    assert provider.oauth is not None
    fields = {**fields_of(sandbox), **more}
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
    """The truth as Minox can show it: numbers without leading zeros, people in place of collective
    accounts, and those who buy and sell in both lists.
    """
    view = view_of(sandbox, truth["code"])
    codes = {
        account.code: CODES.get(account.kind, str(int(account.code)))
        for account in view.books.accounts
    }
    balances = [{**cell, "account": codes[cell["account"]]} for cell in truth["balances"]]
    contacts = len(view.customers()) + len(view.suppliers())
    return {**truth, "balances": balances, "contacts": contacts}


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query}" for entry in sandbox.log(KEY))


def assert_true(sandbox: Sandbox, source: Source, ledger: Ledger, key: str = FIRST) -> None:
    """Every line of the stand-in's books, each entry balanced, and proven for every year."""
    held = [line for line in view_of(sandbox, key).books.live_lines() if line.account is not None]
    assert len(ledger.lines) == len(held)
    assert sorted(x.amount_e4 for x in ledger.lines) == sorted(x.cents * 100 for x in held)
    assert ledger.unbalanced == []
    administration = next(found for found in source.administrations() if found.key == key)
    control = source.control_totals(administration, whole=True)
    assert control is not None
    assert control.years is None
    assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN

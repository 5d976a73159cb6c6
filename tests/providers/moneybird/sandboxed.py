"""Moneybird connected to its stand-in, and what the stand-in's books look like through it."""

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.providers.kit.calls import Kit
from adapters.providers.moneybird import Moneybird
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Credentials, Source
from sandbox.browser import decide
from sandbox.moneybird import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.moneybird import Moneybird as StandIn
from sandbox.moneybird.view import View
from sandbox.records import AccountKind
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens, run

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


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def assert_true(
    sandbox: Sandbox, source: Source, administration: Administration, ledger: Ledger
) -> None:
    """Every line of the stand-in's books, each entry balanced, and proven for every year."""
    held = [line for line in view_of(sandbox).books.live_lines() if line.account is not None]
    assert len(ledger.lines) == len(held)
    assert sorted(line.amount_e4 for line in ledger.lines) == sorted(
        line.cents * 100 for line in held
    )
    assert ledger.unbalanced == []
    control = source.control_totals(administration, whole=True)
    assert control is not None
    assert control.years is None
    assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query}" for entry in sandbox.log(KEY))

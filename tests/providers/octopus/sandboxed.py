"""Octopus connected to its stand-in, and what the stand-in's books look like through it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from attrs import define

from adapters.providers.kit.calls import Kit
from adapters.providers.octopus import Octopus
from adapters.providers.octopus.contract import SignIn
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Credentials, Source
from core.ports.sessions import Login, Session
from sandbox.browser import decide
from sandbox.octopus import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_FIELDS,
    SANDBOX_PASSWORD,
)
from sandbox.octopus import Octopus as StandIn
from sandbox.octopus.view import View
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens, run

KEY = "octopus"
REDIRECT = "https://localhost/oauth/octopus/callback"
FIRST = "45001"
SECOND = "45002"
EMPTY = "45004"
DISABLED = "45008"
API = "/octopus-rest-api/v1"


@define
class KeptSessions:
    """Implements Sessions in memory and minds their end, as the real service does."""

    clock: SandboxTime
    held: dict[str, Session]
    logins: list[str]

    def current(self, name: str, login: Login) -> str:
        session = self.held.get(name)
        if session is not None and session.expires_at is not None:
            left = (session.expires_at - self.clock.now()).total_seconds()
            if left > session.margin_seconds:
                return session.token
        return self._made(name, login)

    def renewed(self, name: str, rejected: str, login: Login) -> str:
        session = self.held.get(name)
        if session is not None and session.token != rejected:
            return session.token
        return self._made(name, login)

    def _made(self, name: str, login: Login) -> str:
        self.logins.append(name)
        self.held[name] = login()
        return self.held[name].token


class OpenBudgets(FakeBudgets):
    """Counts nothing: for tests that import again and again within a day."""

    def spend(self, scope: str, limits: object) -> None:
        return None


def signed_in(sandbox: Sandbox, kit: Kit, **fields: str) -> Connected:
    """By user and password."""
    given = {"address": sandbox.url(KEY), **SANDBOX_FIELDS, **fields}
    sessions = KeptSessions(SandboxTime(sandbox), {}, [])
    return Connected(
        provider=Octopus(kit),
        credentials=Credentials(fields=given, sessions=sessions, scope="int_1"),
        secrets=(SANDBOX_PASSWORD, given["software_house"]),
    )


def oauth_fields(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "address": sandbox.url(KEY),
        "site": sandbox.url(KEY),
    }


def consented(sandbox: Sandbox, kit: Kit) -> Connected:
    """By the assumed OAuth: consent by a person, the code traded, tokens in memory."""
    provider = Octopus(kit, sign_in=SignIn.OAUTH)
    assert provider.oauth is not None
    fields = oauth_fields(sandbox)
    verifier = "v" * 43
    url = provider.oauth.authorize_url(
        fields, redirect_uri=REDIRECT, state="state", verifier=verifier
    )
    code = parse_qs(urlsplit(decide(url)).query)["code"][0]
    grant = provider.oauth.exchange(fields, redirect_uri=REDIRECT, code=code, verifier=verifier)
    tokens = TestTokens(flow=provider.oauth, fields=fields, clock=SandboxTime(sandbox), grant=grant)
    assert grant.refresh_token is not None
    sessions = KeptSessions(SandboxTime(sandbox), {}, [])
    return Connected(
        provider=provider,
        credentials=Credentials(fields=fields, tokens=tokens, sessions=sessions, scope="int_1"),
        secrets=(SANDBOX_CLIENT_SECRET, grant.access_token, grant.refresh_token, code),
    )


def stand_in_of(sandbox: Sandbox) -> StandIn:
    found = sandbox.stand_in(KEY)
    assert isinstance(found, StandIn)
    return found


def view_of(sandbox: Sandbox, key: str = FIRST) -> View:
    return stand_in_of(sandbox).views[key]


def shown_truth(sandbox: Sandbox, truth: dict[str, Any]) -> dict[str, Any]:
    """The truth under the numbers Octopus knows the accounts by."""
    view = view_of(sandbox, truth["code"])
    numbers = view.numbers()
    by_code = {each.code: f"{numbers[each.serial]:06d}" for each in view.books.accounts}
    balances = [{**row, "account": by_code[row["account"]]} for row in truth["balances"]]
    return {**truth, "balances": balances}


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query}" for entry in sandbox.log(KEY))


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def assert_true(
    sandbox: Sandbox, source: Source, administration: Administration, ledger: Ledger
) -> None:
    """Every line of the stand-in's books, each entry balanced, and proven."""
    held = [
        line
        for line in view_of(sandbox, administration.key).books.live_lines()
        if line.account is not None
    ]
    assert sorted(line.amount_e4 for line in ledger.lines) == sorted(
        line.cents * 100 for line in held
    )
    assert ledger.unbalanced == []
    proof = hold_against(ledger.cells, source.control_totals(administration))
    assert proof.verdict is Verdict.PROVEN, proof.residuals[:5]

"""Horus connected to its stand-in."""

from urllib.parse import parse_qs, urlsplit

from adapters.providers.horus import Horus
from adapters.providers.horus.contract import CONTRACT, Contract
from adapters.providers.kit.calls import Kit
from core.domain.integration import Administration
from core.ports.provider import Credentials, Source
from sandbox.browser import decide
from sandbox.horus import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.horus import Horus as StandIn
from sandbox.horus.view import View
from sandbox.server import Sandbox
from sandbox.world import World
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens, run

KEY = "horus"
REDIRECT = "https://localhost/oauth/horus/callback"


def fields_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "address": sandbox.url(KEY),
    }


def authorised(sandbox: Sandbox, kit: Kit, contract: Contract = CONTRACT, **more: str) -> Connected:
    """Consent by a person, the code traded, tokens in memory."""
    provider = Horus(kit, contract)
    assert provider.oauth is not None
    fields = {**fields_of(sandbox), **more}
    url = provider.oauth.authorize_url(fields, redirect_uri=REDIRECT, state="state", verifier="")
    code = parse_qs(urlsplit(decide(url)).query)["code"][0]
    grant = provider.oauth.exchange(fields, redirect_uri=REDIRECT, code=code, verifier="")
    tokens = TestTokens(flow=provider.oauth, fields=fields, clock=SandboxTime(sandbox), grant=grant)
    assert grant.refresh_token is not None
    return Connected(
        provider=provider,
        credentials=Credentials(fields=fields, tokens=tokens, facts=grant.facts, scope="int_1"),
        secrets=(SANDBOX_CLIENT_SECRET, grant.access_token, grant.refresh_token, code),
    )


def views_of(sandbox: Sandbox) -> dict[int, View]:
    """By number of the company."""
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    return {view.company.number: view for view in stand_in.views.values()}


def folder_id(world: World, number: int) -> str:
    return View(world.books[number], world.identities).id


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query}" for entry in sandbox.log(KEY))

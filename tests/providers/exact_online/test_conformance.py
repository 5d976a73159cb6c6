"""Exact Online's adapter against its stand-in, through the real protocol."""

from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from adapters.providers.exact_online import ExactOnline
from adapters.providers.exact_online.wire import Volume, control_calls, pull_calls
from adapters.providers.kit.calls import Kit
from core.ports.provider import Credentials
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.exact_online.balance import groups_of
from sandbox.exact_online.stand_in import ExactOnline as StandIn
from sandbox.server import Sandbox
from tests.providers.oauth_conformance import OAuthConformance
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens

KEY = "exact-online"
REDIRECT = "https://localhost/oauth/exact-online"
MASTERS_CHANGED_MAX = 60


def fields_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "site": sandbox.url(KEY),
    }


def authorised(sandbox: Sandbox, kit: Kit, *, username: str | None = None) -> Connected:
    """Consent by a person, the code traded, tokens in memory."""
    provider = ExactOnline(kit)
    assert provider.oauth is not None
    fields = fields_of(sandbox)
    url = provider.oauth.authorize_url(fields, redirect_uri=REDIRECT, state="state", verifier="")
    landed = decide(url, fields={"username": username} if username else None)
    code = parse_qs(urlsplit(landed).query)["code"][0]
    grant = provider.oauth.exchange(fields, redirect_uri=REDIRECT, code=code, verifier="")
    clock = SandboxTime(sandbox)
    tokens = TestTokens(flow=provider.oauth, fields=fields, clock=clock, grant=grant)
    assert grant.refresh_token is not None
    return Connected(
        provider=provider,
        credentials=Credentials(fields=fields, tokens=tokens, scope="int_1"),
        secrets=(SANDBOX_CLIENT_SECRET, grant.access_token, grant.refresh_token, code),
    )


class TestExactOnline(OAuthConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = "700001"
    empty_administration_key: ClassVar[str] = "700004"
    page_paths: ClassVar[str] = "/api/v1/7*"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return authorised(sandbox, kit)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = ExactOnline(kit).oauth
        assert flow is not None
        url = flow.authorize_url(
            fields_of(sandbox), redirect_uri=REDIRECT, state="state", verifier=""
        )
        return decide(url, action="deny")

    def small_pages(self, sandbox: Sandbox) -> None:
        sandbox.settings(KEY, page_large=150, page_single=5)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        stand_in = sandbox.stand_in(KEY)
        assert isinstance(stand_in, StandIn)
        view = stand_in.views[self.administration_key]
        per_year: dict[int, int] = {}
        for group in groups_of(view):
            per_year[group.year] = per_year.get(group.year, 0) + 1
        truth = self.truth(sandbox, self.administration_key)
        # Every fiscal year there is, or the two newest with lines in them.
        fiscal_years = {period.year for period in view.books.periods}
        years = sorted(fiscal_years) if full else sorted(per_year)[-2:]
        volume = Volume(
            lines=truth["lines"] + truth["remarks"] if full else changes,
            accounts=truth["accounts"] if full else MASTERS_CHANGED_MAX,
            contacts=truth["contacts"] if full else MASTERS_CHANGED_MAX,
            journals=truth["journals"],
            tax_codes=len(view.books.tax_codes),
            periods=len(view.books.periods) if full else 0,
            balance_rows=tuple(per_year.get(year, 0) for year in years),
        )
        return pull_calls(volume) + control_calls(volume)

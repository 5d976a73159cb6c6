"""Twinfield's adapter against its stand-in, through the real protocol."""

from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from adapters.providers.kit.calls import Kit
from adapters.providers.twinfield import Twinfield
from core.domain.books import RecordKind
from core.ports.provider import Credentials
from sandbox.browser import decide
from sandbox.server import Sandbox
from sandbox.twinfield import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.twinfield import Twinfield as StandIn
from sandbox.twinfield.tokens import ORGANISATION_ID
from tests.providers.folding import Ledger
from tests.providers.oauth_conformance import OAuthConformance
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens
from tests.providers.twinfield.truth import invoices_of

KEY = "twinfield"
REDIRECT = "https://localhost/oauth/twinfield"
OFFICE = f"{ORGANISATION_ID}/1001"
EMPTY_OFFICE = f"{ORGANISATION_ID}/1004"

MASTER_CALLS = 4
"""Customers, suppliers, balance accounts, profit and loss accounts: each in one answer."""
ITEM_CALLS = 2
"""What customers and what suppliers owe."""


def fields_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "certified": "no",
        "site": sandbox.url(KEY),
    }


def authorised(sandbox: Sandbox, kit: Kit) -> Connected:
    """Consent by a person, the code traded, tokens in memory."""
    provider = Twinfield(kit)
    assert provider.oauth is not None
    fields = fields_of(sandbox)
    url = provider.oauth.authorize_url(fields, redirect_uri=REDIRECT, state="state", verifier="")
    code = parse_qs(urlsplit(decide(url)).query)["code"][0]
    grant = provider.oauth.exchange(fields, redirect_uri=REDIRECT, code=code, verifier="")
    clock = SandboxTime(sandbox)
    tokens = TestTokens(flow=provider.oauth, fields=fields, clock=clock, grant=grant)
    assert grant.refresh_token is not None
    return Connected(
        provider=provider,
        credentials=Credentials(fields=fields, tokens=tokens, scope="int_1"),
        secrets=(SANDBOX_CLIENT_SECRET, grant.access_token, grant.refresh_token, code),
    )


class TestTwinfield(OAuthConformance):
    key: ClassVar[str] = KEY
    lines: ClassVar[int] = 800
    administration_key: ClassVar[str] = OFFICE
    empty_administration_key: ClassVar[str] = EMPTY_OFFICE
    page_paths: ClassVar[str] = "/webservices/*"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return authorised(sandbox, kit)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = Twinfield(kit).oauth
        assert flow is not None
        url = flow.authorize_url(
            fields_of(sandbox), redirect_uri=REDIRECT, state="state", verifier=""
        )
        return decide(url, action="deny")

    def small_pages(self, sandbox: Sandbox) -> None:
        """There are no pages; an answer too large for something on the way is asked in halves."""
        sandbox.settings(KEY, rows_max=250)

    def asked(self, sandbox: Sandbox) -> list[str]:
        """Every connection checks its token; that is no page."""
        return [line for line in super().asked(sandbox) if "/webservices/" in line]

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        """Who buys and sells is a customer and a supplier here: two dimensions."""
        truth = super().truth(sandbox, key)
        stand_in = sandbox.stand_in(KEY)
        assert isinstance(stand_in, StandIn)
        contacts = stand_in.administration(key).books.contacts
        return truth | {"contacts": sum(one.customer + one.supplier for one in contacts)}

    def assert_true(self, sandbox: Sandbox, ledger: Ledger, key: str | None = None) -> None:
        """Invoices too, with what is open of them."""
        super().assert_true(sandbox, ledger, key)
        wanted = invoices_of(sandbox, key or self.administration_key)
        assert ledger.records[RecordKind.INVOICE] == wanted

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """As the provider's sheet counts them."""
        stand_in = sandbox.stand_in(KEY)
        assert isinstance(stand_in, StandIn)
        books = stand_in.administration(self.administration_key).books
        years = {period.year for period in books.periods}
        journals = totals = deletions = changed = check = 1
        if full:
            taxes = 1 + len(books.tax_codes)
            return MASTER_CALLS + journals + taxes + 1 + len(years) + ITEM_CALLS + totals
        return MASTER_CALLS + journals + deletions + changed + ITEM_CALLS + totals + check

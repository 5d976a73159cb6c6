"""A consent to Xero's stand-in, given without our adapter."""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from sandbox.browser import decide
from sandbox.server import Sandbox
from sandbox.xero import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

XERO = "xero"
REDIRECT = "http://localhost:1/back"
SCOPES = (
    "openid",
    "offline_access",
    "accounting.settings.read",
    "accounting.contacts.read",
    "accounting.invoices.read",
    "accounting.payments.read",
    "accounting.banktransactions.read",
    "accounting.manualjournals.read",
    "accounting.journals.read",
    "accounting.reports.trialbalance.read",
)


def authorize(sandbox: Sandbox, *, scopes: tuple[str, ...] = SCOPES, action: str = "allow") -> str:
    """Where the browser ends up."""
    query = urlencode(
        {
            "response_type": "code",
            "client_id": SANDBOX_CLIENT_ID,
            "redirect_uri": REDIRECT,
            "scope": " ".join(scopes),
            "state": "123",
        }
    )
    address = f"{sandbox.url(XERO)}/identity/connect/authorize?{query}"
    return decide(address, action=action)


def granted(sandbox: Sandbox, *, scopes: tuple[str, ...] = SCOPES) -> dict[str, object]:
    """The token endpoint's answer."""
    code = parse_qs(urlsplit(authorize(sandbox, scopes=scopes)).query)["code"][0]
    return asked_for_token(
        sandbox, grant_type="authorization_code", code=code, redirect_uri=REDIRECT
    )


def asked_for_token(sandbox: Sandbox, **form: str) -> dict[str, object]:
    answer = httpx.post(
        f"{sandbox.url(XERO)}/connect/token",
        data=form,
        auth=(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET),
    )
    told: dict[str, object] = answer.json()
    return told


def get(
    sandbox: Sandbox, token: object, path: str, tenant: str = "", **headers: str
) -> httpx.Response:
    """A GET as JSON unless ``accept`` says otherwise."""
    sent = {"authorization": f"Bearer {token}", "accept": "application/json", **headers}
    if tenant:
        sent["xero-tenant-id"] = tenant
    return httpx.get(f"{sandbox.url(XERO)}{path}", headers=sent)

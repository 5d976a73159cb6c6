"""The page on which a user allows the app for an organisation.

A plain form posted back to the authorise address, so a client without a browser does it in one
POST: the fields of the authorise URL, ``action`` (``allow`` or ``deny``) and ``tenant``, repeated,
one per organisation; none at all means every one. The real page takes one organisation per
consent; here one visit stands for several. A refusal answers ``error=access_denied``, which is not
confirmed. A scope the app may not use never comes back to the callback: the browser ends on an
error page of Xero's.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

from sandbox.wire import WireRequest, WireResponse, html_response, redirect
from sandbox.xero.tokens import SANDBOX_CLIENT_ID, Tokens
from sandbox.xero.view import View

JOURNALS_SCOPE: Final = "accounting.journals.read"
_READABLE: Final = (
    "settings",
    "contacts",
    "invoices",
    "payments",
    "banktransactions",
    "manualjournals",
    "attachments",
    "budgets",
    "reports.trialbalance",
    "reports.profitandloss",
    "reports.balancesheet",
    "reports.banksummary",
)
SCOPES: Final = frozenset(
    {"offline_access", "openid", "profile", "email", JOURNALS_SCOPE}
    | {f"accounting.{name}.read" for name in _READABLE}
    | {f"accounting.{name}" for name in _READABLE if not name.startswith(("reports", "budgets"))}
)
"""Granular ones: an app of today is refused ``accounting.transactions.read``."""

_REQUEST_FIELDS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def authorise(
    request: WireRequest, views: Sequence[View], tokens: Tokens, *, entitled: bool
) -> WireResponse:
    """``entitled``: whether the app may ask for journals."""
    asked = request.form if request.method == "POST" else request.query
    scopes = frozenset(asked.get("scope", "").split())
    if _is_wrong(asked) or not scopes <= SCOPES or (JOURNALS_SCOPE in scopes and not entitled):
        return redirect(f"{request.base_url}/identity/error?errorId=sandbox")
    if request.method == "GET" or asked.get("action") not in {"allow", "deny"}:
        return html_response(_consent_page(request.path, asked, scopes, views))
    if asked["action"] == "deny":
        return _back(asked, "error=access_denied")
    ticked = {value for name, value in request.form_fields if name == "tenant"}
    chosen = [view.tenant_id for view in views if not ticked or view.tenant_id in ticked]
    code = tokens.consent(chosen, scopes, asked["redirect_uri"], asked.get("code_challenge"))
    told = quote(" ".join(sorted(scopes)), safe="")
    return _back(asked, f"code={quote(code, safe='')}&scope={told}&session_state=sandbox")


def _is_wrong(asked: Mapping[str, str]) -> bool:
    target = urlsplit(asked.get("redirect_uri", ""))
    return (
        asked.get("client_id") != SANDBOX_CLIENT_ID
        or target.scheme not in {"http", "https"}
        or target.hostname not in _LOOPBACK
        or asked.get("response_type") != "code"
        or asked.get("code_challenge_method", "S256") != "S256"
    )


def _back(asked: Mapping[str, str], answer: str) -> WireResponse:
    target = asked["redirect_uri"]
    joint = "&" if "?" in target else "?"
    state = asked.get("state")
    told = "" if state is None else f"&state={quote(state, safe='')}"
    return redirect(f"{target}{joint}{answer}{told}")


def _consent_page(
    path: str, asked: Mapping[str, str], scopes: frozenset[str], views: Sequence[View]
) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked[name])}">'
        for name in _REQUEST_FIELDS
        if name in asked
    )
    boxes = "\n".join(
        f'<label><input type="checkbox" name="tenant" value="{view.tenant_id}" checked>'
        f" {escape(view.company.name)}</label><br>"
        for view in views
    )
    body = f"""<p>Monitr wants to read: {escape(", ".join(sorted(scopes)))}</p>
<form method="post" action="{escape(path)}">{hidden}
{boxes}
<button name="action" value="allow">Allow access</button>
<button name="action" value="deny">Cancel</button></form>"""
    return page("Allow access", body)


def page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px sans-serif;max-width:40rem;margin:3rem auto}}</style></head>
<body><h1>{title}</h1><p><small>Sandbox: this is not Xero.</small></p>{body}</body>
</html>"""

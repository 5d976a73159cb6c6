"""The page on which a user picks a company and connects the application to it.

A plain form posted back to ``/connect/oauth2``, so a client without a browser does it in one POST:

``client_id redirect_uri response_type scope state``   as in the authorise URL
``action``    ``allow`` or ``deny``
``company``   the realm id of the chosen company; without it the first

The answer is a 302 with ``code``, ``state`` and ``realmId``, or ``error=access_denied`` (assumed:
the form a refusal has is not documented) and ``state``. Any loopback redirect address counts as
registered.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

from sandbox.quickbooks.tokens import SANDBOX_CLIENT_ID, Tokens
from sandbox.quickbooks.view import View
from sandbox.wire import WireRequest, WireResponse, html_response, redirect

ACCOUNTING: Final = "com.intuit.quickbooks.accounting"
SCOPES: Final = frozenset(
    {
        ACCOUNTING,
        "com.intuit.quickbooks.payment",
        "openid",
        "profile",
        "email",
        "phone",
        "address",
    }
)
_REQUEST_FIELDS = ("client_id", "redirect_uri", "response_type", "scope", "state")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def authorise(request: WireRequest, views: Sequence[View], tokens: Tokens) -> WireResponse:
    asked = request.form if request.method == "POST" else request.query
    wrong = _what_is_wrong(asked)
    if wrong is not None:
        return html_response(_page("Undefined didn't connect", f"<p>{escape(wrong)}</p>"), 400)
    if request.method == "GET" or asked.get("action") not in {"allow", "deny"}:
        return html_response(_consent_page(asked, views))
    if asked["action"] == "deny":
        return _back(asked, "error=access_denied")
    realms = [view.realm for view in views]
    chosen = asked.get("company", realms[0])
    if chosen not in realms:
        return html_response(_page("Error", "<p>You have no such company.</p>"), 400)
    code = tokens.issue_code(chosen, asked["redirect_uri"])
    return _back(asked, f"code={quote(code, safe='')}", f"&realmId={chosen}")


def _what_is_wrong(asked: Mapping[str, str]) -> str | None:
    if asked.get("client_id") != SANDBOX_CLIENT_ID:
        return "The client_id is not known."
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme not in {"http", "https"} or target.hostname not in _LOOPBACK:
        return "The redirect_uri query parameter value is invalid."
    if asked.get("response_type") != "code":
        return "The response_type query parameter value is invalid."
    scopes = set(asked.get("scope", "").split())
    if ACCOUNTING not in scopes or not scopes <= SCOPES:
        return "The scope query parameter value is invalid."
    if not asked.get("state"):
        return "The state query parameter is missing."
    return None


def _back(asked: Mapping[str, str], answer: str, more: str = "") -> WireResponse:
    target = asked["redirect_uri"]
    joint = "&" if "?" in target else "?"
    return redirect(f"{target}{joint}{answer}&state={quote(asked['state'], safe='')}{more}")


def _consent_page(asked: Mapping[str, str], views: Sequence[View]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked[name])}">'
        for name in _REQUEST_FIELDS
        if name in asked
    )
    options = "\n".join(
        f'<label><input type="radio" name="company" value="{view.realm}"'
        f"{' checked' if place == 0 else ''}> {escape(view.company.name)}</label><br>"
        for place, view in enumerate(views)
    )
    return _page(
        "Connect Monitr to a company",
        f"""<form method="post" action="/connect/oauth2">{hidden}
{options}
<button name="action" value="allow">Connect</button>
<button name="action" value="deny">Cancel</button></form>""",
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px sans-serif;max-width:40rem;margin:3rem auto}}</style></head>
<body><h1>{title}</h1><p><small>Sandbox: this is not QuickBooks.</small></p>{body}</body>
</html>"""

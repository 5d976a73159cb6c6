"""The page on which a user allows the application, and picks administrations.

A plain form posted back to ``/oauth/authorize``, so a client without a browser does it in one POST:

``client_id redirect_uri response_type scope state``   as in the authorise URL
``action``           ``allow`` or ``deny``
``administration``   repeated, one per ticked administration; none at all means every one

No ``scope`` grants ``sales_invoices`` only. The answer is a 302 with ``code`` or
``error=access_denied`` (assumed: the form a refusal has is not documented) and ``state``. The
out-of-band address shows the code instead. Any loopback redirect address counts as registered.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

from sandbox.moneybird.tokens import SANDBOX_CLIENT_ID, Tokens
from sandbox.moneybird.view import View
from sandbox.wire import WireRequest, WireResponse, html_response, redirect

SCOPES: Final = (
    "sales_invoices",
    "documents",
    "estimates",
    "bank",
    "time_entries",
    "settings",
)
DEFAULT_SCOPE: Final = "sales_invoices"
OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
_REQUEST_FIELDS = ("client_id", "redirect_uri", "response_type", "scope", "state")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def authorise(request: WireRequest, views: Sequence[View], tokens: Tokens) -> WireResponse:
    asked = request.form if request.method == "POST" else request.query
    wrong = _what_is_wrong(asked)
    if wrong is not None:
        return html_response(_page("Fout", f"<p>{escape(wrong)}</p>"), 401)
    scopes = frozenset(asked.get("scope", DEFAULT_SCOPE).split()) or frozenset({DEFAULT_SCOPE})
    if not scopes <= set(SCOPES):
        return _back(asked, "error=invalid_scope")
    if request.method == "GET" or asked.get("action") not in {"allow", "deny"}:
        return html_response(_consent_page(asked, scopes, views))
    if asked["action"] == "deny":
        return _back(asked, f"error=access_denied&error_description={quote('Access denied')}")
    ticked = {value for name, value in request.form_fields if name == "administration"}
    granted = frozenset(view.id for view in views if not ticked or view.id in ticked)
    code = tokens.issue_code(granted, scopes, asked["redirect_uri"])
    if asked["redirect_uri"] == OUT_OF_BAND:
        return html_response(_page("Code", f"<pre>{escape(code)}</pre>"))
    return _back(asked, f"code={quote(code, safe='')}")


def _what_is_wrong(asked: Mapping[str, str]) -> str | None:
    if asked.get("client_id") != SANDBOX_CLIENT_ID:
        return "Client authentication failed due to unknown client."
    address = asked.get("redirect_uri", "")
    target = urlsplit(address)
    if address != OUT_OF_BAND and (
        target.scheme not in {"http", "https"} or target.hostname not in _LOOPBACK
    ):
        return "The requested redirect uri is not the registered one."
    if asked.get("response_type") != "code":
        return "The authorization server does not support this response type."
    return None


def _back(asked: Mapping[str, str], answer: str) -> WireResponse:
    target = asked["redirect_uri"]
    joint = "&" if "?" in target else "?"
    state = asked.get("state")
    told = "" if state is None else f"&state={quote(state, safe='')}"
    return redirect(f"{target}{joint}{answer}{told}")


def _consent_page(asked: Mapping[str, str], scopes: frozenset[str], views: Sequence[View]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked[name])}">'
        for name in _REQUEST_FIELDS
        if name in asked
    )
    boxes = "\n".join(
        f'<label><input type="checkbox" name="administration" value="{view.id}" checked>'
        f" {escape(view.company.name)}</label><br>"
        for view in views
    )
    return _page(
        "Toegang verlenen",
        f"""<p>Monitr vraagt toegang tot: {escape(", ".join(sorted(scopes)))}</p>
<form method="post" action="/oauth/authorize">{hidden}
{boxes}
<button name="action" value="allow">Toestaan</button>
<button name="action" value="deny">Weigeren</button></form>""",
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px sans-serif;max-width:40rem;margin:3rem auto}}</style></head>
<body><h1>{title}</h1><p><small>Sandbox: dit is Moneybird niet.</small></p>{body}</body>
</html>"""

"""The login page and the page on which the user ticks the companies.

Both are plain forms posted back to ``/api/oauth2/auth``, so a client without a browser can do it
in one POST with these fields (the request fields as in the authorise URL):

``client_id redirect_uri response_type state``   as in the authorise URL
``username``      one of ``sandbox.exact_online.view.USERS``; left out: the first
``password``      not looked at
``action``        ``login`` (answers the consent page), ``allow`` or ``deny``
``division``      repeated, one per ticked company; with ``action=allow`` and no ``division`` at
                  all every company is granted, unless ``companies_shown=1`` says none was ticked

The answer to allow and deny is a 302 to the redirect URI with ``code`` or ``error``, and ``state``.
Any loopback http(s) redirect URI counts as registered (the real service wants the one https URI of
the registration). What a denied consent looks like in the redirect is assumed:
``error=access_denied``.
"""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote, urlsplit

from sandbox.exact_online.tokens import SANDBOX_CLIENT_ID, Tokens
from sandbox.exact_online.view import USERS, User, View
from sandbox.wire import WireRequest, WireResponse, html_response, redirect

REQUEST_FIELDS = ("client_id", "redirect_uri", "response_type", "state")
SESSION = "sandbox_session"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def authorise(request: WireRequest, views: Sequence[View], tokens: Tokens) -> WireResponse:
    """Answers GET and POST on the authorise address."""
    asked = request.form if request.method == "POST" else request.query
    fault = _what_is_wrong(asked)
    if fault is not None:
        return html_response(_page("Fout", f"<p>{escape(fault)}</p>"), 401)
    if request.method == "GET":
        user = _session_user(request)
        if user is None or asked.get("force_login") == "1":
            return html_response(_login_page(asked))
        return html_response(_consent_page(asked, user, views))
    user = user_named(asked.get("username"))
    if user is None:
        return html_response(_login_page(asked, "Onbekende gebruiker"), 200)
    return _decided(request, asked, user, views, tokens)


def _decided(
    request: WireRequest,
    asked: Mapping[str, str],
    user: User,
    views: Sequence[View],
    tokens: Tokens,
) -> WireResponse:
    action = asked.get("action")
    if action == "deny":
        return _back(asked, f"error=access_denied&error_description={quote('Access denied')}")
    if action != "allow":
        page = html_response(_consent_page(asked, user, views))
        return page.with_headers(("Set-Cookie", f"{SESSION}={user.serial}; Path=/; HttpOnly"))
    ticked = {value for name, value in request.form_fields if name == "division"}
    if not ticked and asked.get("companies_shown") != "1":
        ticked = {str(view.code) for view in views}
    known = frozenset(str(view.code) for view in views if str(view.code) in ticked)
    code = tokens.issue_code(user.username, known, asked["redirect_uri"])
    return _back(asked, f"code={quote(code, safe='')}")


def user_named(name: str | None) -> User | None:
    if not name:
        return USERS[0]
    return next((user for user in USERS if user.username == name), None)


def _session_user(request: WireRequest) -> User | None:
    for part in request.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION:
            return next((user for user in USERS if str(user.serial) == value), None)
    return None


def _what_is_wrong(asked: Mapping[str, str]) -> str | None:
    if asked.get("client_id", "").strip("{}") != SANDBOX_CLIENT_ID:
        return "Unknown client_id."
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme not in {"http", "https"} or target.hostname not in _LOOPBACK:
        return "The redirect_uri is not the registered one."
    if asked.get("response_type") != "code":
        return "The response_type must be code."
    return None


def _back(asked: Mapping[str, str], answer: str) -> WireResponse:
    target = asked["redirect_uri"]
    joint = "&" if "?" in target else "?"
    state = asked.get("state")
    told = "" if state is None else f"&state={quote(state, safe='')}"
    return redirect(f"{target}{joint}{answer}{told}")


def _hidden(asked: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked[name])}">'
        for name in REQUEST_FIELDS
        if name in asked
    )


def _login_page(asked: Mapping[str, str], remark: str = "") -> str:
    users = "".join(f'<option value="{user.username}">{user.full_name}' for user in USERS)
    return _page(
        "Inloggen",
        f"""<p>{remark}</p><form method="post" action="/api/oauth2/auth">{_hidden(asked)}
<label>Gebruikersnaam <input name="username" list="users" value="{USERS[0].username}"></label>
<datalist id="users">{users}</datalist>
<label>Wachtwoord <input type="password" name="password" value="sandbox"></label>
<button name="action" value="login">Inloggen</button></form>""",
    )


def _consent_page(asked: Mapping[str, str], user: User, views: Sequence[View]) -> str:
    boxes = "\n".join(
        f'<label><input type="checkbox" name="division" value="{view.code}" checked>'
        f" {view.company.number} - {escape(view.company.name)}</label><br>"
        for view in views
    )
    return _page(
        "Toegang verlenen",
        f"""<p>{escape(user.full_name)}, geeft u Monitr toegang tot deze administraties?</p>
<form method="post" action="/api/oauth2/auth">{_hidden(asked)}
<input type="hidden" name="username" value="{user.username}">
<input type="hidden" name="companies_shown" value="1">
{boxes}
<button name="action" value="allow">Toestaan</button>
<button name="action" value="deny">Weigeren</button></form>""",
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px sans-serif;max-width:40rem;margin:3rem auto}}</style></head>
<body><h1>{title}</h1><p><small>Sandbox: dit is Exact Online niet.</small></p>{body}</body>
</html>"""

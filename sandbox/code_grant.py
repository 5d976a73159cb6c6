"""Codes, consent page and rotating tokens for stand-ins with nothing odd about their OAuth.

The consent page is a plain form posted back to where it was asked for, so a client without a
browser does it in one POST: the fields of the authorise URL, ``action`` (``allow`` or ``deny``)
and ``choice``, repeated, one per ticked row (none at all means every one). The answer is a 302 with
``code`` or ``error=access_denied``, and ``state``. Any loopback redirect address counts as
registered. Bodies of refusals are those of RFC 6749.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from html import escape
from random import Random
from typing import Final
from urllib.parse import quote, urlsplit

from attrs import define, field, frozen

from sandbox.clock import SandboxClock
from sandbox.wire import WireRequest, WireResponse, html_response, json_response, redirect

CODE_LIFE_MS: Final = 600_000
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789-_"


@define(eq=False)
class Grant:
    """What one consent allows: a scope as asked for, and the keys of the rows that were ticked."""

    choices: frozenset[str]
    scope: str
    alive: bool = True


@frozen
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    issued_ms: int


@frozen
class _Token:
    grant: Grant
    expires_ms: int


@frozen
class Client:
    """A registered application."""

    id: str
    secret: str = field(repr=False)


@frozen(kw_only=True)
class Page:
    """The words of a consent page."""

    product: str
    title: str = "Toegang verlenen"
    allow: str = "Toestaan"
    deny: str = "Weigeren"


Extra = Callable[[Grant], Mapping[str, object]]


def _nothing(_: Grant) -> Mapping[str, object]:
    return {}


@define
class CodeGrant:
    """Authorise and token endpoint. A refresh ends the refresh token that was used.

    ``access_seconds``, ``refresh_seconds``: lives of what is issued from now on.
    ``tells_refresh_life``: the answer names it in ``refresh_token_expires_in``.
    ``reuse_ends_grant``: a refresh token used twice ends everything of its consent.
    ``pkce_required``: no code without a challenge. ``tells``: further members of token answers.
    """

    clock: SandboxClock
    random: Random
    client: Client
    page: Page
    access_seconds: int = 3_600
    refresh_seconds: int = 60 * 24 * 3_600
    tells_refresh_life: bool = False
    reuse_ends_grant: bool = False
    pkce_required: bool = False
    tells: Extra = _nothing
    grants: list[Grant] = field(factory=list)
    _codes: dict[str, _Code] = field(factory=dict)
    _access: dict[str, _Token] = field(factory=dict)
    _refresh: dict[str, _Token] = field(factory=dict)
    _spent: dict[str, Grant] = field(factory=dict)

    # -- the person --------------------------------------------------------------------------------

    def authorise(self, request: WireRequest, rows: Sequence[tuple[str, str]]) -> WireResponse:
        """``rows``: key and name of what can be ticked."""
        asked = request.form if request.method == "POST" else request.query
        wrong = self._what_is_wrong(asked)
        if wrong is not None:
            return html_response(self._html("Fout", f"<p>{escape(wrong)}</p>"), 400)
        if request.method == "GET" or asked.get("action") not in {"allow", "deny"}:
            return html_response(self._consent_page(request.path, asked, rows))
        if asked["action"] == "deny":
            return _back(asked, "error=access_denied")
        ticked = {value for name, value in request.form_fields if name == "choice"}
        granted = frozenset(key for key, _ in rows if not ticked or key in ticked)
        code = self._letters(32)
        self._codes[code] = _Code(
            Grant(granted, asked.get("scope", "")),
            asked["redirect_uri"],
            asked.get("code_challenge", ""),
            self.clock.now_ms(),
        )
        return _back(asked, f"code={quote(code, safe='')}")

    def _what_is_wrong(self, asked: Mapping[str, str]) -> str | None:
        target = urlsplit(asked.get("redirect_uri", ""))
        if asked.get("client_id") != self.client.id:
            return "Unknown client."
        if target.scheme not in {"http", "https"} or target.hostname not in _LOOPBACK:
            return "The redirect URI is not registered."
        if asked.get("response_type") != "code":
            return "Unsupported response type."
        if self.pkce_required and asked.get("code_challenge_method") != "S256":
            return "A code challenge is required."
        return None

    def _consent_page(
        self, path: str, asked: Mapping[str, str], rows: Sequence[tuple[str, str]]
    ) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in asked.items()
        )
        boxes = "\n".join(
            f'<label><input type="checkbox" name="choice" value="{escape(key)}" checked>'
            f" {escape(name)}</label><br>"
            for key, name in rows
        )
        return self._html(
            self.page.title,
            f"""<p>Monitr: {escape(asked.get("scope", ""))}</p>
<form method="post" action="{escape(path)}">{hidden}
{boxes}
<button name="action" value="allow">{self.page.allow}</button>
<button name="action" value="deny">{self.page.deny}</button></form>""",
        )

    def _html(self, title: str, body: str) -> str:
        return f"""<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px sans-serif;max-width:40rem;margin:3rem auto}}</style></head>
<body><h1>{title}</h1><p><small>Sandbox: dit is {self.page.product} niet.</small></p>{body}</body>
</html>"""

    # -- the client --------------------------------------------------------------------------------

    def token_answer(self, request: WireRequest) -> WireResponse:
        """``POST`` as a form, the client's credentials in the body."""
        form = request.form
        if request.method != "POST":
            return WireResponse(405)
        if (form.get("client_id"), form.get("client_secret")) != (
            self.client.id,
            self.client.secret,
        ):
            return _refused(401, "invalid_client", "Client authentication failed.")
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form)
        if form.get("grant_type") == "refresh_token":
            return self._renew(form.get("refresh_token", ""))
        return _refused(400, "unsupported_grant_type", "The grant type is not supported.")

    def _exchange(self, form: Mapping[str, str]) -> WireResponse:
        code = self._codes.pop(form.get("code", ""), None)
        if (
            code is None
            or code.redirect_uri != form.get("redirect_uri")
            or self.clock.now_ms() - code.issued_ms > CODE_LIFE_MS
            or (code.challenge and code.challenge != _challenge(form.get("code_verifier", "")))
        ):
            return _refused(400, "invalid_grant", "The code is invalid or expired.")
        self.grants.append(code.grant)
        return self._issue(code.grant)

    def _renew(self, token: str) -> WireResponse:
        known = self._refresh.pop(token, None)
        if known is None and token in self._spent and self.reuse_ends_grant:
            self._end(self._spent[token])
        if known is None or not known.grant.alive or known.expires_ms <= self.clock.now_ms():
            return _refused(400, "invalid_grant", "The refresh token is invalid or expired.")
        self._spent[token] = known.grant
        return self._issue(known.grant)

    def _issue(self, grant: Grant) -> WireResponse:
        now = self.clock.now_ms()
        access, refresh = self._letters(48), self._letters(48)
        self._access[access] = _Token(grant, now + self.access_seconds * 1000)
        self._refresh[refresh] = _Token(grant, now + self.refresh_seconds * 1000)
        body: dict[str, object] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.access_seconds,
            "refresh_token": refresh,
            "scope": grant.scope,
            **self.tells(grant),
        }
        if self.tells_refresh_life:
            body["refresh_token_expires_in"] = self.refresh_seconds
        return json_response(body)

    def grant_of(self, access_token: str | None) -> Grant | None:
        """The grant behind a token that counts now."""
        known = self._access.get(access_token or "")
        if known is None or not known.grant.alive or known.expires_ms <= self.clock.now_ms():
            return None
        return known.grant

    # -- endings -----------------------------------------------------------------------------------

    def end_refresh(self, refresh_token: str) -> bool:
        """Revoked by the client; whether it was a token that counted."""
        known = self._refresh.get(refresh_token)
        if known is not None:
            self._end(known.grant)
        return known is not None

    def expire_access(self) -> None:
        self._access.clear()

    def revoke(self) -> None:
        """As if the user had removed the application."""
        for grant in self.grants:
            self._end(grant)

    def _end(self, grant: Grant) -> None:
        grant.alive = False

    def _letters(self, count: int) -> str:
        return "".join(self.random.choices(_ALPHABET, k=count))


def _back(asked: Mapping[str, str], answer: str) -> WireResponse:
    target = asked["redirect_uri"]
    joint = "&" if "?" in target else "?"
    state = asked.get("state")
    told = "" if state is None else f"&state={quote(state, safe='')}"
    return redirect(f"{target}{joint}{answer}{told}")


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _refused(status: int, error: str, description: str) -> WireResponse:
    return json_response({"error": error, "error_description": description}, status)

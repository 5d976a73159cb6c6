"""Codes and tokens: an hour of access, and a refresh token whose value changes about every day."""

from base64 import b64decode
from binascii import Error as NotBase64
from random import Random
from typing import Final

from attrs import define, field, frozen

from sandbox.clock import SandboxClock
from sandbox.wire import WireRequest, WireResponse, json_response

SANDBOX_CLIENT_ID = "ABsandboxQuickBooksClient0123456789"
SANDBOX_CLIENT_SECRET = "sandbox-quickbooks-secret-4f5e6d"  # noqa: S105 - good for the sandbox only

ACCESS_SECONDS: Final = 3_600
REFRESH_SECONDS: Final = 8_640_000
"""A hundred days, begun anew by each refresh."""
HARD_SECONDS: Final = 5 * 365 * 86_400
VALUE_SECONDS: Final = 86_400
"""A refresh later than this after the value was issued brings another value."""
CODE_SECONDS: Final = 600
"""Assumed: how long a code lives is not documented."""
_HARD_HEADER: Final = "x-include-refresh-token-hard-expires-in"


@define(eq=False)
class Grant:
    """What one consent allows: one company."""

    realm: str
    given_ms: int
    refresh_token: str = ""
    value_ms: int = 0
    used_ms: int = 0
    alive: bool = True


@frozen
class _Code:
    grant: Grant
    redirect_uri: str
    issued_ms: int


@frozen
class _Access:
    grant: Grant
    expires_ms: int


def _error(status: int, code: str, description: str = "") -> WireResponse:
    body = {"error": code}
    if description:
        body["error_description"] = description
    return json_response(body, status)


@define
class Tokens:
    """The token endpoint, the one that revokes, and what they remember.

    ``former_seconds``: how long a value is still taken after another was given for it.
    """

    clock: SandboxClock
    random: Random
    former_seconds: int = 0
    grants: list[Grant] = field(factory=list)
    _codes: dict[str, _Code] = field(factory=dict)
    _access: dict[str, _Access] = field(factory=dict)
    _refresh: dict[str, Grant] = field(factory=dict)
    _ended_ms: dict[str, int] = field(factory=dict)

    def issue_code(self, realm: str, redirect_uri: str) -> str:
        code = "AB" + self._letters(48)
        grant = Grant(realm, self.clock.now_ms())
        self._codes[code] = _Code(grant, redirect_uri, self.clock.now_ms())
        return code

    def answer(self, request: WireRequest) -> WireResponse:
        """``POST /oauth2/v1/tokens/bearer``, the client by HTTP Basic or in the form."""
        form = request.form
        if request.method != "POST":
            return WireResponse(405)
        if _client_of(request) != (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET):
            return _error(401, "invalid_client")
        tells_hard_end = request.headers.get(_HARD_HEADER, "").lower() == "true"
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form, tells_hard_end=tells_hard_end)
        if form.get("grant_type") == "refresh_token":
            return self._renew(form.get("refresh_token", ""), tells_hard_end=tells_hard_end)
        return _error(400, "unsupported_grant_type")

    def revoke_one(self, request: WireRequest) -> WireResponse:
        """``POST /v2/oauth2/tokens/revoke`` with a JSON body; the whole consent is over."""
        if _client_of(request) != (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET):
            return _error(401, "invalid_client")
        try:
            body = request.json()
        except ValueError:
            body = None
        token = str(body.get("token", "")) if isinstance(body, dict) else ""
        known = self._access.get(token)
        grant = known.grant if known is not None else self._refresh.get(token)
        if grant is None or not grant.alive:
            return _error(400, "invalid_request", "Token is unknown")
        grant.alive = False
        return WireResponse(200)

    def _exchange(self, form: dict[str, str], *, tells_hard_end: bool) -> WireResponse:
        code = self._codes.pop(form.get("code", ""), None)
        if (
            code is None
            or code.redirect_uri != form.get("redirect_uri")
            or self.clock.now_ms() - code.issued_ms > CODE_SECONDS * 1000
        ):
            return _error(400, "invalid_grant", "Invalid authorization code")
        self.grants.append(code.grant)
        return self._issue(code.grant, tells_hard_end=tells_hard_end)

    def _renew(self, token: str, *, tells_hard_end: bool) -> WireResponse:
        now = self.clock.now_ms()
        grant = self._refresh.get(token)
        is_former = token in self._ended_ms and now > self._ended_ms[token]
        if (
            grant is None
            or not grant.alive
            or is_former
            or now - grant.used_ms > REFRESH_SECONDS * 1000
            or now - grant.given_ms > HARD_SECONDS * 1000
        ):
            return _error(400, "invalid_grant", "Incorrect or invalid refresh token")
        return self._issue(grant, tells_hard_end=tells_hard_end)

    def _issue(self, grant: Grant, *, tells_hard_end: bool) -> WireResponse:
        now = self.clock.now_ms()
        access = "eyJlbmMi" + self._letters(60)
        self._access[access] = _Access(grant, now + ACCESS_SECONDS * 1000)
        if not grant.refresh_token or now - grant.value_ms >= VALUE_SECONDS * 1000:
            if grant.refresh_token:
                self._ended_ms[grant.refresh_token] = now + self.former_seconds * 1000
            grant.refresh_token = "RT1-" + self._letters(42)
            grant.value_ms = now
            self._refresh[grant.refresh_token] = grant
        grant.used_ms = now
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": ACCESS_SECONDS,
            "refresh_token": grant.refresh_token,
            "x_refresh_token_expires_in": REFRESH_SECONDS,
        }
        if tells_hard_end:
            left_ms = grant.given_ms + HARD_SECONDS * 1000 - now
            body["x_refresh_token_hard_expires_in"] = left_ms // 1000
        return json_response(body)

    def grant_of(self, access_token: str | None) -> Grant | None:
        """The grant behind a token that counts now; one that was ended is still known."""
        known = self._access.get(access_token or "")
        if known is None or known.expires_ms <= self.clock.now_ms():
            return None
        return known.grant

    def expire_access(self) -> None:
        self._access.clear()

    def revoke(self) -> None:
        """As if the user had disconnected the application."""
        self._access.clear()
        for grant in self.grants:
            grant.alive = False

    def _letters(self, count: int) -> str:
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789-_"
        return "".join(self.random.choices(alphabet, k=count))


def _client_of(request: WireRequest) -> tuple[str, str]:
    word, _, told = request.headers.get("authorization", "").partition(" ")
    if word.lower() != "basic":
        form = request.form
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = b64decode(told, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return "", ""
    return client_id, secret

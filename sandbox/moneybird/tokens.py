"""Codes and tokens: by default an access token never ends and a refresh token never changes."""

from random import Random

from attrs import define, field, frozen

from sandbox.clock import SandboxClock
from sandbox.wire import WireRequest, WireResponse, json_response

SANDBOX_CLIENT_ID = "5f3c1e0d9b7a4c62"
SANDBOX_CLIENT_SECRET = "sandbox-moneybird-secret-0a1b2c"  # noqa: S105 - good for the sandbox only

CODE_LIFE_MS = 600_000
"""Assumed: how long a code lives is not documented."""


@define(eq=False)
class Grant:
    """What one consent allows: scopes, and which administrations."""

    administrations: frozenset[str]
    scopes: frozenset[str]
    refresh_token: str = ""
    alive: bool = True


@frozen
class _Code:
    grant: Grant
    redirect_uri: str
    issued_ms: int


@define
class _Access:
    grant: Grant
    issued_ms: int
    expires_ms: int | None


def _error(status: int, code: str, description: str) -> WireResponse:
    return json_response({"error": code, "error_description": description}, status)


@define
class Tokens:
    """The token endpoint and what it remembers.

    ``access_seconds`` None: the answer has no ``expires_in`` and the token does not end.
    ``rotates``: a refresh gives another refresh token and ends the one used.
    ``fresh_seconds``: a token is refused for so long after its issue, as was seen once.
    """

    clock: SandboxClock
    random: Random
    access_seconds: int | None = None
    rotates: bool = False
    fresh_seconds: float = 0.0
    grants: list[Grant] = field(factory=list)
    _codes: dict[str, _Code] = field(factory=dict)
    _access: dict[str, _Access] = field(factory=dict)
    _refresh: dict[str, Grant] = field(factory=dict)

    def issue_code(
        self, administrations: frozenset[str], scopes: frozenset[str], redirect_uri: str
    ) -> str:
        code = self._letters(32)
        grant = Grant(administrations, scopes)
        self._codes[code] = _Code(grant, redirect_uri, self.clock.now_ms())
        return code

    def answer(self, request: WireRequest) -> WireResponse:
        """``POST /oauth/token``, the client's credentials in the body."""
        form = request.form
        if request.method != "POST":
            return WireResponse(405)
        if (form.get("client_id"), form.get("client_secret")) != (
            SANDBOX_CLIENT_ID,
            SANDBOX_CLIENT_SECRET,
        ):
            return _error(401, "invalid_client", "Client authentication failed.")
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form)
        if form.get("grant_type") == "refresh_token":
            return self._renew(form.get("refresh_token", ""))
        return _error(400, "unsupported_grant_type", "The grant type is not supported.")

    def _exchange(self, form: dict[str, str]) -> WireResponse:
        code = self._codes.pop(form.get("code", ""), None)
        if (
            code is None
            or code.redirect_uri != form.get("redirect_uri")
            or self.clock.now_ms() - code.issued_ms > CODE_LIFE_MS
        ):
            return _error(400, "invalid_grant", "The authorization grant is invalid or expired.")
        self.grants.append(code.grant)
        return self._issue(code.grant, new_refresh=True)

    def _renew(self, token: str) -> WireResponse:
        grant = self._refresh.get(token)
        if grant is None or not grant.alive:
            return _error(400, "invalid_grant", "The refresh token is invalid or revoked.")
        if self.rotates:
            del self._refresh[token]
        return self._issue(grant, new_refresh=self.rotates)

    def _issue(self, grant: Grant, *, new_refresh: bool) -> WireResponse:
        now = self.clock.now_ms()
        access = self._letters(43)
        life = self.access_seconds
        self._access[access] = _Access(grant, now, None if life is None else now + life * 1000)
        body: dict[str, object] = {
            "access_token": access,
            "token_type": "bearer",
            "scope": " ".join(sorted(grant.scopes)),
            "created_at": now // 1000,
        }
        if life is not None:
            body["expires_in"] = life
        if new_refresh:
            grant.refresh_token = self._letters(43)
            self._refresh[grant.refresh_token] = grant
            body["refresh_token"] = grant.refresh_token
        return json_response(body)

    def grant_of(self, access_token: str | None) -> Grant | None:
        """The grant behind a token that counts now."""
        known = self._access.get(access_token or "")
        now = self.clock.now_ms()
        if known is None or not known.grant.alive:
            return None
        if known.expires_ms is not None and known.expires_ms <= now:
            return None
        if now - known.issued_ms < self.fresh_seconds * 1000:
            return None
        return known.grant

    def expire_access(self) -> None:
        self._access.clear()

    def revoke(self) -> None:
        """As if the user had removed the application."""
        self._access.clear()
        for grant in self.grants:
            grant.alive = False

    def _letters(self, count: int) -> str:
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789-_"
        return "".join(self.random.choices(alphabet, k=count))

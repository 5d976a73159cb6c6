"""Authorisation codes, access tokens and rotating refresh tokens."""

from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from random import Random

from attrs import define, field, frozen

from sandbox.clock import SandboxClock
from sandbox.exact_online.limits import DAY_MS, Limits
from sandbox.wire import WireRequest, WireResponse, json_response

SANDBOX_CLIENT_ID = "5a9d0b7e-0000-4000-8000-0000005a4db0"
SANDBOX_CLIENT_SECRET = "sandbox-secret-Vr7+q/2="  # noqa: S105 - made up, good for the sandbox only

ACCESS_LIFE_MS = 600_000
EARLIEST_REFRESH_MS = 570_000
IDLE_LIFE_MS = 30 * DAY_MS
CODE_LIFE_MS = 180_000
"""Assumed: how long an authorisation code lives is not documented."""

_TOO_EARLY = "Rate limit exceeded: access_token not expired"
_NO_CHAIN = "Token is not allowed, because of invalid or empty chainId"


@define(eq=False)
class Grant:
    """What one user allowed the application: the divisions, and the one living refresh token."""

    user: str
    divisions: frozenset[str]
    refresh_token: str = ""
    issued_ms: int = 0
    alive: bool = True


@frozen
class _Code:
    user: str
    divisions: frozenset[str]
    redirect_uri: str
    issued_ms: int


@define
class _Access:
    grant: Grant
    expires_ms: int


def _error(status: int, code: str, description: str) -> WireResponse:
    return json_response({"error": code, "error_description": description}, status)


def _clock_text(ms: int) -> str:
    """``7/5/2026 1:02:03 PM``, as the idle-too-long message writes it."""
    moment = datetime.fromtimestamp(ms / 1000, tz=UTC)
    half = "AM" if moment.hour < 12 else "PM"
    hour = moment.hour % 12 or 12
    day = f"{moment.month}/{moment.day}/{moment.year}"
    return f"{day} {hour}:{moment.minute:02d}:{moment.second:02d} {half}"


@define
class Tokens:
    """The token endpoint and what it remembers."""

    clock: SandboxClock
    random: Random
    limits: Limits
    reuse_revokes: bool = False
    grants: dict[str, Grant] = field(factory=dict)  # by user: a new consent replaces the old
    _codes: dict[str, _Code] = field(factory=dict)
    _access: dict[str, _Access] = field(factory=dict)
    _refresh: dict[str, Grant] = field(factory=dict)  # spent ones stay, to be recognised
    _calls: dict[tuple[str, int], int] = field(factory=dict)

    # -- from the consent page ---------------------------------------------------------------------

    def issue_code(self, user: str, divisions: frozenset[str], redirect_uri: str) -> str:
        """A single-use code with characters that must be percent-encoded in the redirect."""
        code = f"stamNL001.{self._letters(24)}!/+{self._letters(8)}=="
        self._codes[code] = _Code(user, divisions, redirect_uri, self.clock.now_ms())
        return code

    # -- the endpoint ------------------------------------------------------------------------------

    def answer(self, request: WireRequest) -> WireResponse:
        form = request.form
        if request.method != "POST":
            return WireResponse(405)
        if not _client_known(request, form):
            return _error(401, "unauthorized_client", "Client authentication failed.")
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form)
        if form.get("grant_type") == "refresh_token":
            return self._rotate(form.get("refresh_token", ""))
        return _error(400, "unsupported_grant_type", "Unsupported grant_type.")

    def _exchange(self, form: dict[str, str]) -> WireResponse:
        code = self._codes.pop(form.get("code", ""), None)
        now = self.clock.now_ms()
        if code is None or now - code.issued_ms > CODE_LIFE_MS:
            return _error(400, "invalid_grant", _NO_CHAIN)
        if form.get("redirect_uri") != code.redirect_uri:
            return _error(400, "invalid_grant", _NO_CHAIN)
        refused = self._count_call(code.user)
        if refused is not None:
            return refused
        previous = self.grants.get(code.user)
        if previous is not None:
            previous.alive = False
        grant = self.grants[code.user] = Grant(code.user, code.divisions)
        return self._issue(grant)

    def _rotate(self, token: str) -> WireResponse:
        grant = self._refresh.get(token)
        now = self.clock.now_ms()
        if grant is None or (grant.refresh_token == token and not grant.alive):
            return _error(400, "invalid_grant", _NO_CHAIN)
        if grant.refresh_token != token:
            if self.reuse_revokes:
                grant.alive = False
                self._access = {
                    access: known
                    for access, known in self._access.items()
                    if known.grant is not grant
                }
            return _error(401, "unauthorized_client", "Old refresh token used.")
        dies = grant.issued_ms + IDLE_LIFE_MS
        if now > dies:
            words = f"expired at {_clock_text(dies)} and it is now {_clock_text(now)}."
            return _error(400, "invalid_request", f"The refresh token {words}")
        if now - grant.issued_ms < EARLIEST_REFRESH_MS:
            early = _error(400, "access_denied", _TOO_EARLY)
            return early.with_headers(("Reason", f"TooEarlyToRefreshTokens: {_TOO_EARLY}"))
        return self._count_call(grant.user) or self._issue(grant)

    def _issue(self, grant: Grant) -> WireResponse:
        now = self.clock.now_ms()
        grant.refresh_token = f"stampNL001.{self._letters(40)}"
        grant.issued_ms = now
        self._refresh[grant.refresh_token] = grant
        access = f"stampNL001.{self._letters(60)}"
        self._access[access] = _Access(grant, now + ACCESS_LIFE_MS)
        return json_response(
            {
                "access_token": access,
                "token_type": "bearer",
                "expires_in": "600",
                "refresh_token": grant.refresh_token,
            }
        )

    def _count_call(self, user: str) -> WireResponse | None:
        """200 token calls per application, user and day; what the 201st gets is assumed."""
        today = (user, self.clock.now_ms() // DAY_MS)
        self._calls[today] = self._calls.get(today, 0) + 1
        if self.limits.enforced and self._calls[today] > self.limits.token_calls_per_day:
            return _error(429, "access_denied", "Rate limit exceeded: token calls per day")
        return None

    # -- for API calls and the control API ---------------------------------------------------------

    def grant_of(self, access_token: str | None) -> Grant | None:
        """The grant behind a living access token."""
        known = self._access.get(access_token or "")
        if known is None or known.expires_ms <= self.clock.now_ms():
            return None
        return known.grant

    def expire_access(self) -> None:
        """Makes every access token and its issue 600 s old; refreshing is allowed again."""
        now = self.clock.now_ms()
        for known in self._access.values():
            known.expires_ms = min(known.expires_ms, now)
        for grant in self.grants.values():
            grant.issued_ms = min(grant.issued_ms, now - ACCESS_LIFE_MS)

    def idle_out(self) -> None:
        """As if nobody had refreshed for thirty days."""
        self.expire_access()
        for grant in self.grants.values():
            grant.issued_ms -= IDLE_LIFE_MS

    def revoke(self) -> None:
        """As if every user had removed the application."""
        self._access.clear()
        for grant in self.grants.values():
            grant.alive = False

    def _letters(self, count: int) -> str:
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789-_"
        return "".join(self.random.choices(alphabet, k=count))


def _client_known(request: WireRequest, form: dict[str, str]) -> bool:
    """Credentials in the body, or HTTP Basic, or both."""
    given = (form.get("client_id"), form.get("client_secret"))
    if given == (None, None):
        word, _, encoded = request.headers.get("authorization", "").partition(" ")
        if word.lower() != "basic":
            return False
        try:
            name, _, secret = b64decode(encoded).decode().partition(":")
        except (NotBase64, UnicodeDecodeError):
            return False
        given = (name, secret)
    return given == (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)

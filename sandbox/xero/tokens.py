"""Codes, tokens and connections: access for 30 minutes, a refresh token that rotates."""

import base64
import hashlib
from random import Random
from typing import Final
from urllib.parse import unquote

import msgspec
from attrs import define, field, frozen

from sandbox.clock import SandboxClock
from sandbox.wire import WireRequest, WireResponse, json_response

SANDBOX_CLIENT_ID = "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
SANDBOX_CLIENT_SECRET = "sandbox-xero-secret-7f3e9a"  # noqa: S105 - good for the sandbox only
USER_ID: Final = "9b2f6a51-7f0e-4a63-8d35-52b6c1c7a7d0"

ACCESS_SECONDS: Final = 1_800
CODE_LIFE_MS: Final = 300_000
GRACE_MS: Final = 1_800_000
"""A spent refresh token is still taken for so long."""
IDLE_MS: Final = 60 * 86_400_000


@define(eq=False)
class Grant:
    """One consent's token set; which organisations it reaches is a matter of the user."""

    scopes: frozenset[str]
    event_id: str
    alive: bool = True


@frozen
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    issued_ms: int


@define
class _Refresh:
    grant: Grant
    issued_ms: int
    spent_ms: int | None = None


@frozen
class Access:
    grant: Grant
    expires_ms: int


@frozen
class Connection:
    id: str
    event_id: str
    tenant_id: str
    since_ms: int


def _error(code: str) -> WireResponse:
    return json_response({"error": code}, 400)


@define
class Tokens:
    """The token endpoint and what it remembers; ``connections`` by tenant, of the one user."""

    clock: SandboxClock
    random: Random
    connections: dict[str, Connection] = field(factory=dict)
    grants: list[Grant] = field(factory=list)
    _codes: dict[str, _Code] = field(factory=dict)
    _access: dict[str, Access] = field(factory=dict)
    _refresh: dict[str, _Refresh] = field(factory=dict)

    def consent(
        self,
        tenants: list[str],
        scopes: frozenset[str],
        redirect_uri: str,
        challenge: str | None,
    ) -> str:
        """A code. Connections add up over consents; one made before keeps its id."""
        grant = Grant(scopes, self._guid())
        for tenant in tenants:
            if tenant not in self.connections:
                self.connections[tenant] = Connection(
                    self._guid(), grant.event_id, tenant, self.clock.now_ms()
                )
        code = self._letters(43)
        self._codes[code] = _Code(grant, redirect_uri, challenge, self.clock.now_ms())
        return code

    def answer(self, request: WireRequest) -> WireResponse:
        """``POST /connect/token``; the client's credentials in a Basic header or the form."""
        form = request.form
        if request.content_type != "application/x-www-form-urlencoded":
            return _error("unsupported_grant_type")
        if not _is_client(request):
            return _error("invalid_client")
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form)
        if form.get("grant_type") == "refresh_token":
            return self._renew(form.get("refresh_token", ""))
        return _error("unsupported_grant_type")

    def revocation(self, request: WireRequest) -> WireResponse:
        """Ends the refresh token and every connection of its user."""
        if not _is_client(request):
            return _error("invalid_client")
        held = self._refresh.get(request.form.get("token", ""))
        if held is not None:
            held.grant.alive = False
            self.connections.clear()
        return WireResponse(200)

    def access_of(self, token: str | None) -> Access | None:
        access = self._access.get(token or "")
        return access if access is not None and access.grant.alive else None

    def revoke(self) -> None:
        for grant in self.grants:
            grant.alive = False

    def expire_access(self) -> None:
        now = self.clock.now_ms()
        self._access = {
            token: Access(access.grant, min(access.expires_ms, now))
            for token, access in self._access.items()
        }

    def _exchange(self, form: dict[str, str]) -> WireResponse:
        code = self._codes.pop(form.get("code", ""), None)
        if (
            code is None
            or code.redirect_uri != form.get("redirect_uri")
            or self.clock.now_ms() - code.issued_ms > CODE_LIFE_MS
            or not _proves(code.challenge, form.get("code_verifier", ""))
        ):
            return _error("invalid_grant")
        self.grants.append(code.grant)
        return self._issue(code.grant)

    def _renew(self, token: str) -> WireResponse:
        held, now = self._refresh.get(token), self.clock.now_ms()
        if held is None or not held.grant.alive or now - held.issued_ms > IDLE_MS:
            return _error("invalid_grant")
        if held.spent_ms is not None and now - held.spent_ms > GRACE_MS:
            return _error("invalid_grant")
        if held.spent_ms is None:
            held.spent_ms = now
        return self._issue(held.grant)

    def _issue(self, grant: Grant) -> WireResponse:
        now = self.clock.now_ms()
        access = self._jwt(grant, now // 1000)
        self._access[access] = Access(grant, now + ACCESS_SECONDS * 1000)
        body: dict[str, object] = {
            "access_token": access,
            "expires_in": ACCESS_SECONDS,
            "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
        }
        if "offline_access" in grant.scopes:
            refresh = self._letters(43)
            self._refresh[refresh] = _Refresh(grant, now)
            body["refresh_token"] = refresh
        if "openid" in grant.scopes:
            body["id_token"] = self._jwt(grant, now // 1000)
        return json_response(body)

    def _jwt(self, grant: Grant, now: int) -> str:
        claims = {
            "nbf": now,
            "exp": now + ACCESS_SECONDS,
            "iss": "https://identity.xero.com",
            "aud": "https://identity.xero.com/resources",
            "client_id": SANDBOX_CLIENT_ID,
            "sub": USER_ID.replace("-", ""),
            "auth_time": now,
            "xero_userid": USER_ID,
            "global_session_id": self._letters(32),
            "jti": self._letters(32),
            "authentication_event_id": grant.event_id,
            "scope": sorted(grant.scopes),
            "amr": ["pwd"],
        }
        head = {"alg": "RS256", "kid": "sandbox", "typ": "JWT"}
        parts = [_encoded(msgspec.json.encode(part)) for part in (head, claims)]
        return ".".join([*parts, self._letters(86)])

    def _letters(self, count: int) -> str:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return "".join(self.random.choices(alphabet, k=count))

    def _guid(self) -> str:
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _is_client(request: WireRequest) -> bool:
    form = request.form
    told = (form.get("client_id"), form.get("client_secret"))
    word, _, encoded = request.headers.get("authorization", "").partition(" ")
    if word.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return False
        told = (unquote(name), unquote(secret))
    return told == (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)


def _proves(challenge: str | None, verifier: str) -> bool:
    if challenge is None:
        return True
    return _encoded(hashlib.sha256(verifier.encode()).digest()) == challenge


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

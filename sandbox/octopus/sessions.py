"""Signing in: user and password for ten minutes, a dossier for ten minutes; and the OAuth that is
only assumed, whose access token stands in for the user's.

The consent page is one form: the fields of the authorise URL posted back with ``action`` ``allow``
or ``deny``.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from html import escape
from random import Random
from urllib.parse import quote, urlsplit

from attrs import define, field, frozen

from sandbox.clock import SandboxClock
from sandbox.octopus.errors import bad_login, bad_parameters, bad_token
from sandbox.wire import WireRequest, WireResponse, html_response, json_response, redirect

SANDBOX_SOFTWARE_HOUSE = "6b1f5c52-0d7e-4c53-9a1b-7f0e5a1c2d3e"
SANDBOX_USER = "monitr@example.be"
SANDBOX_PASSWORD = "sandbox-octopus-password"  # noqa: S105 - good for the sandbox only
SANDBOX_CLIENT_ID = "monitr-sandbox"
SANDBOX_CLIENT_SECRET = "sandbox-octopus-secret"  # noqa: S105 - good for the sandbox only
SANDBOX_FIELDS = {
    "software_house": SANDBOX_SOFTWARE_HOUSE,
    "user": SANDBOX_USER,
    "password": SANDBOX_PASSWORD,
}
LIFE_MS = 600_000
CODE_LIFE_MS = 600_000
LOCKED_AFTER = 5
"""Failed sign-ins after which even the right password is refused. Assumed: the server counts."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@frozen
class _Held:
    place: str  # "user", or a dossier's number
    expires_ms: int


@frozen
class _Code:
    redirect_uri: str
    challenge: str | None
    issued_ms: int


@define
class Sessions:
    clock: SandboxClock
    random: Random
    password: str = SANDBOX_PASSWORD
    failed: int = 0
    alive: bool = True
    small_letters: bool = False
    """``dossiertoken`` instead of ``Dossiertoken``."""
    _tokens: dict[str, _Held] = field(factory=dict)
    _codes: dict[str, _Code] = field(factory=dict)
    _refresh: set[str] = field(factory=set)

    # -- user and dossier --------------------------------------------------------------------------

    def authenticate(self, request: WireRequest) -> WireResponse:
        try:
            asked = request.json()
        except ValueError:
            raise bad_parameters() from None
        if not isinstance(asked, dict) or not {"user", "password"} <= asked.keys():
            raise bad_parameters()
        is_right = (
            request.headers.get("softwarehouseuuid") == SANDBOX_SOFTWARE_HOUSE
            and asked["user"] == SANDBOX_USER
            and asked["password"] == self.password
            and self.alive
        )
        if not is_right or self.failed >= LOCKED_AFTER:
            self.failed += 1
            raise bad_login(str(asked["user"]))
        self.failed = 0
        return json_response({"token": self._issue("user")})

    def whoami(self, request: WireRequest) -> WireResponse:
        self.require(request.headers.get("token"), "user")
        return json_response({"token": request.headers["token"]})

    def open(self, dossier: str) -> WireResponse:
        name = "dossiertoken" if self.small_letters else "Dossiertoken"
        return json_response({name: self._issue(dossier)})

    def require(self, token: str | None, place: str) -> None:
        held = self._tokens.get(token or "")
        if held is None or held.place != place or held.expires_ms <= self.clock.now_ms():
            raise bad_token()

    # -- OAuth, assumed throughout -----------------------------------------------------------------

    def authorise(self, request: WireRequest) -> WireResponse:
        asked = request.form if request.method == "POST" else request.query
        address = asked.get("redirect_uri", "")
        target = urlsplit(address)
        if asked.get("client_id") != SANDBOX_CLIENT_ID or target.hostname not in _LOOPBACK:
            return html_response("<h1>Fout</h1><p>Onbekende toepassing.</p>", 400)
        if request.method == "GET" or asked.get("action") not in {"allow", "deny"}:
            return html_response(_page(asked))
        joint = "&" if "?" in address else "?"
        state = quote(asked.get("state", ""), safe="")
        if asked["action"] == "deny":
            return redirect(f"{address}{joint}error=access_denied&state={state}")
        code = self._letters()
        self._codes[code] = _Code(address, asked.get("code_challenge"), self.clock.now_ms())
        return redirect(f"{address}{joint}code={code}&state={state}")

    def token(self, request: WireRequest) -> WireResponse:
        form = request.form
        if (form.get("client_id"), form.get("client_secret")) != (
            SANDBOX_CLIENT_ID,
            SANDBOX_CLIENT_SECRET,
        ):
            return json_response({"error": "invalid_client"}, 401)
        if form.get("grant_type") == "authorization_code":
            code = self._codes.pop(form.get("code", ""), None)
            if code is None or not self._fits(code, form):
                return json_response({"error": "invalid_grant"}, 400)
            return self._granted()
        if form.get("grant_type") == "refresh_token":
            spent = form.get("refresh_token", "")
            if spent not in self._refresh or not self.alive:
                return json_response({"error": "invalid_grant"}, 400)
            self._refresh.discard(spent)
            return self._granted()
        return json_response({"error": "unsupported_grant_type"}, 400)

    def _fits(self, code: _Code, form: Mapping[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            code.redirect_uri == form.get("redirect_uri")
            and self.clock.now_ms() - code.issued_ms <= CODE_LIFE_MS
            and code.challenge in {None, challenge}
        )

    def _granted(self) -> WireResponse:
        refresh = self._letters()
        self._refresh.add(refresh)
        return json_response(
            {
                "access_token": self._issue("user"),
                "token_type": "Bearer",
                "expires_in": LIFE_MS // 1000,
                "refresh_token": refresh,
            }
        )

    # -- told from outside -------------------------------------------------------------------------

    def expire(self) -> None:
        self._tokens.clear()

    def revoke(self) -> None:
        """As if the user were removed."""
        self._tokens.clear()
        self.alive = False

    def _issue(self, place: str) -> str:
        token = f"eyJhbGciOiJIUzI1NiJ9.{self._letters()}.{self._letters()}"
        self._tokens[token] = _Held(place, self.clock.now_ms() + LIFE_MS)
        return token

    def _letters(self) -> str:
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789-_"
        return "".join(self.random.choices(alphabet, k=40))


def _page(asked: Mapping[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    return f"""<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Toegang</title>
</head><body><h1>Toegang verlenen</h1><p><small>Sandbox: dit is Octopus niet.</small></p>
<form method="post" action="/oauth2/authorize">{hidden}
<button name="action" value="allow">Toestaan</button>
<button name="action" value="deny">Weigeren</button></form></body></html>"""

"""Authorisation codes, access tokens of an hour, and refresh tokens that neither end nor rotate.

Denied consent, the status of a failed refresh and its body are assumed (RFC 6749).
"""

from base64 import b64decode
from binascii import Error as NotBase64
from html import escape
from random import Random
from urllib.parse import quote, unquote, urlsplit

from attrs import define, field

from sandbox.clock import SandboxClock
from sandbox.wire import WireRequest, WireResponse, html_response, json_response, redirect

SANDBOX_CLIENT_ID = "sandbox-twinfield-app"
SANDBOX_CLIENT_SECRET = "sandbox-secret-Tw1n+f/3="  # noqa: S105 - made up, good for the sandbox only

CONNECT = "/auth/authentication/connect"
ORGANISATION_ID = "8f0f6c1e-3f1b-4c7e-9a55-0000000051a4"
ORGANISATION_CODE = "LIGGENDELEEUW"
USER_CODE = "BEA"
SCOPES = ("openid", "twf.user", "twf.organisation", "twf.organisationUser", "offline_access")
ACCESS_SECONDS = 3_600
CODE_MS = 300_000

_FIELDS = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@define
class Tokens:
    """What was given out. Times are epoch ms of the sandbox."""

    clock: SandboxClock
    random: Random
    codes: dict[str, tuple[str, int]] = field(factory=dict)
    access: dict[str, int] = field(factory=dict)
    refresh: set[str] = field(factory=set)

    def is_good(self, token: str | None) -> bool:
        return token is not None and self.access.get(token, 0) > self.clock.now_ms()

    def revoke(self) -> None:
        self.access.clear()
        self.refresh.clear()

    def expire_access(self) -> None:
        self.access.clear()

    # -- consent -----------------------------------------------------------------------------------

    def authorise(self, request: WireRequest) -> WireResponse:
        """A page with one form; ``action`` is ``allow`` or ``deny``."""
        asked = request.form if request.method == "POST" else request.query
        wrong = _what_is_wrong(asked)
        if wrong is not None:
            return html_response(f"<h1>Error</h1><p>{escape(wrong)}</p>", 400)
        if request.method == "GET":
            return html_response(_page(asked))
        target = asked["redirect_uri"]
        joint = "&" if "?" in target else "?"
        state = f"&state={quote(asked['state'], safe='')}" if "state" in asked else ""
        if asked.get("action") != "allow":
            return redirect(f"{target}{joint}error=access_denied{state}")
        code = self._made_up("code")
        self.codes[code] = (target, self.clock.now_ms() + CODE_MS)
        return redirect(f"{target}{joint}code={code}{state}")

    # -- the token endpoint ------------------------------------------------------------------------

    def answer(self, request: WireRequest) -> WireResponse:
        if _basic(request) != (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET):
            return json_response({"error": "invalid_client"}, 400)
        form = request.form
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token") in self.refresh:
            return self._grant(form["refresh_token"], {})
        if form.get("grant_type") == "authorization_code":
            target, ends_ms = self.codes.pop(form.get("code", ""), ("", 0))
            if ends_ms >= self.clock.now_ms() and target == form.get("redirect_uri"):
                refresh = self._made_up("refresh")
                self.refresh.add(refresh)
                return self._grant(refresh, {"id_token": "sandbox.id.token"})
        return json_response({"error": "invalid_grant"}, 400)

    def _grant(self, refresh: str, extra: dict[str, str]) -> WireResponse:
        token = self._made_up("access")
        self.access[token] = self.clock.now_ms() + ACCESS_SECONDS * 1000
        return json_response(
            {
                "access_token": token,
                "expires_in": ACCESS_SECONDS,
                "token_type": "Bearer",
                "refresh_token": refresh,
            }
            | extra
        )

    # -- the token check ---------------------------------------------------------------------------

    def check(self, request: WireRequest) -> WireResponse:
        """The cluster is this host too."""
        token = request.query.get("token")
        if token is None or not self.is_good(token):
            return json_response({"Message": "The token is invalid or expired."}, 400)
        ends = self.access[token] // 1000
        return json_response(
            {
                "aud": "twf.organisationUser",
                "iss": request.base_url,
                "nbf": str(ends - ACCESS_SECONDS),
                "exp": str(ends),
                "client_id": SANDBOX_CLIENT_ID,
                "scope": list(SCOPES),
                "sub": USER_CODE.lower(),
                "auth_time": str(ends - ACCESS_SECONDS),
                "idp": "idsrv",
                "amr": "password",
                "twf.organisationUserCode": USER_CODE,
                "twf.organisationCode": ORGANISATION_CODE,
                "twf.organisationId": ORGANISATION_ID,
                "twf.clusterUrl": request.base_url,
            }
        )

    def _made_up(self, kind: str) -> str:
        return f"{kind}-{self.random.getrandbits(160):040x}"


def _what_is_wrong(asked: dict[str, str]) -> str | None:
    if asked.get("client_id") != SANDBOX_CLIENT_ID:
        return "unknown client"
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme not in {"http", "https"} or target.hostname not in _LOOPBACK:
        return "the redirect address is not registered"
    if asked.get("response_type") != "code":
        return "the response type must be code"
    if not asked.get("nonce"):
        return "a nonce is mandatory"
    if missing := set(SCOPES) - set(asked.get("scope", "").split()):
        return f"scopes are missing: {sorted(missing)}"
    return None


def _page(asked: dict[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked[name])}">'
        for name in _FIELDS
        if name in asked
    )
    return f"""<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Toegang</title>
</head><body><h1>Toegang verlenen</h1><p><small>Sandbox: dit is Twinfield niet.</small></p>
<p>{USER_CODE} van {ORGANISATION_CODE}: Monitr vraagt toegang tot gebruiker, organisatie en offline
toegang.</p><form method="post" action="{CONNECT}/authorize">{hidden}
<button name="action" value="allow">Ja, toestaan</button>
<button name="action" value="deny">Nee</button></form></body></html>"""


def _basic(request: WireRequest) -> tuple[str, str] | None:
    word, _, told = request.headers.get("authorization", "").partition(" ")
    if word.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(told, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return None
    return unquote(name), unquote(secret)

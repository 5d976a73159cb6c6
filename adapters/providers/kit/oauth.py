"""The authorisation-code flow, from a provider's declaration.

The OAuth library builds the authorize URL, the PKCE challenge and the request body. It never sees
an answer: it would store ``{}`` or a 429's JSON as a token. Answers are judged here, and a token
request is sent exactly once.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from attrs import evolve, field, frozen
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from adapters.providers.kit.calls import Answer, Charge, Kit, NoAnswer, NotSent, Request
from adapters.providers.kit.retry_table import FailureTable
from adapters.providers.kit.transport import Transport
from adapters.providers.kit.waiting import retry_after
from core.domain.failures import (
    Failure,
    FixSettings,
    NotUnderstood,
    ProviderDown,
    Reconnect,
    Wait,
)
from core.ports.provider import OutcomeUnknown, TokenGrant, TokenPolicy, TooEarlyToRefresh

TOKEN_ANSWER_BYTES_MAX: Final = 64 * 1024
TOKEN_DEADLINE_SECONDS: Final = 45.0
"""Of one token request; with ``PATIENCE_SECONDS`` before it, within TOKEN_CALL_SECONDS_MAX."""
PATIENCE_SECONDS: Final = 5.0
"""A token request waits this long for its budget: it is made under a lock that ends."""
TOKEN_CHARACTERS_MAX: Final = 16 * 1024
EXPIRES_SECONDS_MAX: Final = 400 * 24 * 3600
"""A longer life is not believed: no provider gives access tokens more than a year."""
WAIT_SECONDS_DEFAULT: Final = 60

_OK: Final = 200
_TOO_MANY: Final = 429
_REFUSALS: Final = frozenset(range(400, 500))
_SERVER_ERRORS: Final = range(500, 600)
_QUOTED_CHARACTERS_MAX: Final = 200


class Verdict(StrEnum):
    """What a refusal of the token endpoint means."""

    DEAD = "dead"
    """The grant or code is gone for good: a person must consent again."""
    TOO_EARLY = "too early"
    """The access token is still good; nothing was consumed."""
    SETTINGS = "settings"
    """The app registration is wrong (client id, secret, redirect URI)."""
    NOT_SERVED = "not served"
    """Something in front of the token service answered: nothing was consumed."""
    WAIT = "wait"
    """A limit; nothing was consumed."""


@frozen(kw_only=True)
class TokenRule:
    """One row of a token-error table; empty conditions hold always.

    ``error`` is compared whole with the JSON field of that name, ``words`` are substrings of the
    description, reason header or body, whatever the case.
    """

    verdict: Verdict
    statuses: frozenset[int] = frozenset()
    error: str | None = None
    words: tuple[str, ...] = ()
    empty_body: bool = False

    def holds(self, status: int, error: str, wording: str, *, empty: bool) -> bool:
        folded = wording.casefold()
        return (
            (not self.statuses or status in self.statuses)
            and (self.error is None or error == self.error)
            and (not self.words or any(word.casefold() in folded for word in self.words))
            and (empty or not self.empty_body)
        )


SHARED_TOKEN_RULES: Final[tuple[TokenRule, ...]] = (
    TokenRule(verdict=Verdict.WAIT, statuses=frozenset({_TOO_MANY})),
    TokenRule(verdict=Verdict.DEAD, statuses=_REFUSALS, error="invalid_grant"),
    TokenRule(verdict=Verdict.SETTINGS, statuses=_REFUSALS, error="invalid_client"),
    TokenRule(verdict=Verdict.SETTINGS, statuses=_REFUSALS, error="unauthorized_client"),
    TokenRule(verdict=Verdict.SETTINGS, statuses=_REFUSALS, error="redirect_uri_mismatch"),
)
"""RFC 6749 section 5.2; read after a provider's own rows. A server error is no certain sign."""


@frozen(kw_only=True)
class OAuthDeclaration:
    """What one provider's flow consists of. Addresses may depend on the connect form's fields."""

    provider: str
    authorize_url: Callable[[Mapping[str, str]], str]
    token_url: Callable[[Mapping[str, str]], str]
    charges: Callable[[Mapping[str, str]], tuple[Charge, ...]]
    """Budgets of the token endpoint."""
    policy: TokenPolicy
    uses_pkce: bool
    scope: str | None = None
    scope_on_refresh: bool = False
    """Whether a refresh repeats ``scope``, where leaving it out would narrow or end the grant."""
    issuer: str | None = None
    """The ``iss`` of its answers (RFC 9207), where it is known to send one."""
    revoke_url: Callable[[Mapping[str, str]], str] | None = None
    """Where a refresh token is revoked (RFC 7009); None: the provider offers no such call."""
    authorize_extra: Mapping[str, str] = field(factory=dict)
    client_secret_in_header: bool = False
    """HTTP Basic instead of form fields."""
    rules: tuple[TokenRule, ...] = ()
    reason_header: str = ""


class _TokenDocument(msgspec.Struct):
    """Types are exactly these: no coercion, so ``{"access_token": 7}`` is refused."""

    access_token: str
    token_type: str
    expires_in: int | float | str | None = None
    refresh_token: str | None = None


class _ErrorDocument(msgspec.Struct):
    error: object = None
    error_description: object = None


class CodeFlow:
    """Implements core.ports.provider.OAuthFlow for a declaration."""

    def __init__(self, kit: Kit, declaration: OAuthDeclaration) -> None:
        self.policy = declaration.policy
        self.uses_pkce = declaration.uses_pkce
        self._kit = kit
        self._declared = declaration

    def authorize_url(
        self, fields: Mapping[str, str], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        """Where the operator's browser goes. ``verifier`` is used only where PKCE is."""
        extra = dict(self._declared.authorize_extra)
        if self.uses_pkce:
            extra |= {
                "code_challenge": create_s256_code_challenge(verifier),
                "code_challenge_method": "S256",
            }
        url: str = prepare_grant_uri(
            self._declared.authorize_url(fields),
            client_id=fields["client_id"].strip(),
            response_type="code",
            redirect_uri=redirect_uri,
            scope=self._declared.scope,
            state=state,
            **extra,
        )
        return url

    def exchange(
        self, fields: Mapping[str, str], *, redirect_uri: str, code: str, verifier: str
    ) -> TokenGrant:
        parameters = {"code": code}
        if self.uses_pkce:
            parameters["code_verifier"] = verifier
        try:
            grant = self._request("authorization_code", fields, parameters, redirect_uri)
        except OutcomeUnknown as unknown:
            raise self._reconnect(f"the answer to the code was lost: {unknown}") from None
        except TooEarlyToRefresh:
            raise self._reconnect("the code was answered like an early refresh") from None
        if grant.refresh_token is None and self.policy.refresh_rotates:
            raise self._reconnect("the answer to the code held no refresh token")
        return grant

    def refresh(self, fields: Mapping[str, str], refresh_token: str) -> TokenGrant:
        parameters = {"refresh_token": refresh_token}
        if self._declared.scope_on_refresh and self._declared.scope is not None:
            parameters["scope"] = self._declared.scope
        return self._request("refresh_token", fields, parameters, None)

    def issuer(self, fields: Mapping[str, str]) -> str | None:  # noqa: ARG002 - some depend on them
        return self._declared.issuer

    def end_grant(self, fields: Mapping[str, str], refresh_token: str) -> bool:
        """Best effort: what is deleted here must not come back because the provider was down."""
        revoke_url = self._declared.revoke_url
        if revoke_url is None:
            return False
        parameters = {"token": refresh_token, "token_type_hint": "refresh_token"}
        try:
            headers = self._authenticate(fields, parameters)
            return self._post(fields, revoke_url(fields), headers, urlencode(parameters)).is_success
        except Failure:
            return False

    def _request(
        self,
        grant_type: str,
        fields: Mapping[str, str],
        parameters: dict[str, str],
        redirect_uri: str | None,
    ) -> TokenGrant:
        headers = self._authenticate(fields, parameters)
        body: str = prepare_token_request(grant_type, redirect_uri=redirect_uri, **parameters)
        asked_at = self._kit.clock.now()
        try:
            answer = self._post(fields, self._declared.token_url(fields), headers, body)
        except NotSent:
            raise
        except (NoAnswer, NotUnderstood) as lost:
            raise OutcomeUnknown(lost.detail) from None
        if answer.status == _OK:
            return self._grant(answer, asked_at)
        if answer.is_success:
            raise OutcomeUnknown(f"status {answer.status} with {_kind_of(answer)}")
        raise self._refusal(answer, tuple(parameters.values()))

    def _authenticate(
        self, fields: Mapping[str, str], parameters: dict[str, str]
    ) -> Mapping[str, str]:
        """Headers; where declared so, the client's credentials go into ``parameters`` instead."""
        client_id, secret = fields["client_id"].strip(), fields["client_secret"].strip()
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
        }
        if self._declared.client_secret_in_header:
            headers["authorization"] = _basic(client_id, secret)
        else:
            parameters |= {"client_id": client_id, "client_secret": secret}
        return headers

    def _post(
        self, fields: Mapping[str, str], url: str, headers: Mapping[str, str], body: str
    ) -> Answer:
        request = Request(
            method="POST",
            url=url,
            headers=headers,
            body=body.encode("ascii"),
            charges=self._declared.charges(fields),
            answer_bytes_max=TOKEN_ANSWER_BYTES_MAX,
        )
        seconds = min(TOKEN_DEADLINE_SECONDS, self._kit.time_outs.deadline)
        kit = evolve(self._kit, time_outs=evolve(self._kit.time_outs, deadline=seconds))
        # A transport of its own: no kept connection, so a failure to connect is certain.
        with Transport(kit, FailureTable(provider=self._declared.provider)) as transport:
            transport.take_budget(request, patience_seconds=PATIENCE_SECONDS, pauses_max=2)
            return transport.attempt(request)

    def _grant(self, answer: Answer, asked_at: datetime) -> TokenGrant:
        """A validated token, or OutcomeUnknown: status 200 says that something was consumed.

        Its life is counted from before the request left: never longer than the provider counts.
        """
        try:
            document = msgspec.json.decode(answer.body, type=_TokenDocument)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise OutcomeUnknown(f"status 200 with {_kind_of(answer)}: {error}") from None
        seconds = _seconds(document.expires_in, self.policy.access_seconds)
        problems = [
            problem
            for problem, found in (
                ("no access token", not _is_token(document.access_token)),
                ("not a bearer token", document.token_type.casefold() != "bearer"),
                ("no believable life", seconds is None),
                (
                    "an unusable refresh token",
                    document.refresh_token is not None and not _is_token(document.refresh_token),
                ),
            )
            if found
        ]
        if problems:
            raise OutcomeUnknown(f"status 200 with {', '.join(problems)}")
        assert seconds is not None
        idle = self.policy.refresh_idle_seconds
        return TokenGrant(
            access_token=document.access_token,
            refresh_token=document.refresh_token,
            obtained_at=asked_at,
            expires_at=asked_at + timedelta(seconds=seconds),
            refresh_expires_at=None if idle is None else asked_at + timedelta(seconds=idle),
        )

    def _refusal(self, answer: Answer, sent: tuple[str, ...]) -> Exception:
        """What the refusal means, to be raised. What was ``sent`` is scrubbed from its detail."""
        error, description = _error_of(answer)
        reason = answer.headers.get(self._declared.reason_header, "")
        wording = f"{description} {reason} {answer.text(_QUOTED_CHARACTERS_MAX * 5)}"
        verdict = next(
            (
                rule.verdict
                for rule in (*self._declared.rules, *SHARED_TOKEN_RULES)
                if rule.holds(answer.status, error, wording, empty=not answer.body.strip())
            ),
            None,
        )
        detail = f"token endpoint: status {answer.status}"
        if error or description:
            for secret in sent:
                description = description.replace(secret, "***")
            detail += f", {error[:50]!r}: {description[:_QUOTED_CHARACTERS_MAX]!r}"
        return self._meaning(verdict, answer, detail)

    def _meaning(self, verdict: Verdict | None, answer: Answer, detail: str) -> Exception:
        provider = self._declared.provider
        meaning: Exception
        if verdict is Verdict.TOO_EARLY:
            meaning = TooEarlyToRefresh(detail)
        elif verdict is Verdict.DEAD:
            meaning = self._reconnect(detail)
        elif verdict is Verdict.SETTINGS:
            meaning = FixSettings(
                f"{provider} does not accept this app registration: check client id, client "
                "secret and redirect address.",
                detail=detail,
                code="app-registration",
                setting="client_secret",
            )
        elif verdict is Verdict.NOT_SERVED:
            meaning = ProviderDown(
                f"The sign-in service of {provider} is unavailable: try again later.",
                detail=detail,
            )
        elif verdict is Verdict.WAIT:
            now = self._kit.clock.now()
            meaning = Wait(
                f"{provider} asks to slow down with signing in: it continues by itself.",
                detail=detail,
                retry_at=retry_after(answer.headers.get("retry-after"), now)
                or now + timedelta(seconds=WAIT_SECONDS_DEFAULT),
            )
        elif answer.status in _SERVER_ERRORS:
            meaning = OutcomeUnknown(detail)
        else:
            meaning = NotUnderstood(
                f"{provider} refused to sign in for a reason this version does not know: "
                "report it.",
                detail=detail,
                code="token-refused",
            )
        return meaning

    def _reconnect(self, detail: str) -> Reconnect:
        return Reconnect(
            f"{self._declared.provider} no longer accepts this consent: connect again.",
            detail=detail,
        )


def _basic(client_id: str, client_secret: str) -> str:
    # RFC 6749 2.3.1: both parts are form-encoded before they are joined.
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _is_token(text: str) -> bool:
    return 0 < len(text) <= TOKEN_CHARACTERS_MAX and text.isascii() and text.isprintable()


def _seconds(told: float | str | None, declared_seconds: int) -> float | None:
    """Seconds of life; the declared ones where the answer is silent; None when not believable."""
    if told is None:
        return declared_seconds
    try:
        seconds = float(told)
    except ValueError:
        return None
    return seconds if 0 < seconds <= EXPIRES_SECONDS_MAX else None


def _error_of(answer: Answer) -> tuple[str, str]:
    """``error`` and ``error_description`` of a JSON refusal; empty text for anything else."""
    try:
        document = msgspec.json.decode(answer.body, type=_ErrorDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "", ""
    return _text(document.error), _text(document.error_description)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _kind_of(answer: Answer) -> str:
    return answer.headers.get("content-type", "no content type")[:50]

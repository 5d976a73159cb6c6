"""The authorisation-code flow, from a provider's declaration.

The OAuth library builds the authorize URL, the PKCE challenge and the request body. It never sees
an answer: it would store ``{}`` or a 429's JSON as a token. Answers are judged here, and a token
request is sent exactly once.
"""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlencode

from attrs import evolve
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from adapters.providers.kit.calls import Answer, Kit, NoAnswer, NotSent, Request
from adapters.providers.kit.oauth_answers import error_of, grant_from, is_fact, kind_of
from adapters.providers.kit.oauth_declaration import (
    SHARED_TOKEN_RULES,
    OAuthDeclaration,
    TokenRule,
    Verdict,
)
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
from core.ports.provider import OutcomeUnknown, TokenGrant, TooEarlyToRefresh

__all__ = [
    "SHARED_TOKEN_RULES",
    "TOKEN_ANSWER_BYTES_MAX",
    "CodeFlow",
    "OAuthDeclaration",
    "TokenRule",
    "Verdict",
]

TOKEN_ANSWER_BYTES_MAX: Final = 64 * 1024
TOKEN_DEADLINE_SECONDS: Final = 45.0
"""Of one token request; with ``PATIENCE_SECONDS`` before it, within TOKEN_CALL_SECONDS_MAX."""
PATIENCE_SECONDS: Final = 5.0
"""A token request waits this long for its budget: it is made under a lock that ends."""
WAIT_SECONDS_DEFAULT: Final = 60

_OK: Final = 200
_SERVER_ERRORS: Final = range(500, 600)
_QUOTED_CHARACTERS_MAX: Final = 200


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
            scope=self._declared.scope_of(fields),
            state=state,
            **extra,
        )
        return url

    def exchange(
        self,
        fields: Mapping[str, str],
        *,
        redirect_uri: str,
        code: str,
        verifier: str,
        answer: Mapping[str, str] = MappingProxyType({}),
    ) -> TokenGrant:
        facts = self._kept_from(answer)
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
        return evolve(grant, facts={**grant.facts, **facts})

    def _kept_from(self, answer: Mapping[str, str]) -> Mapping[str, str]:
        """Looked at before the code is traded: without them the consent is of no use."""
        names = self._declared.kept_from_callback
        missing = [name for name in names if not is_fact(answer.get(name, ""))]
        if missing:
            raise self._reconnect(f"the callback held no usable {', '.join(missing)}")
        return {name: answer[name] for name in names}

    def refresh(self, fields: Mapping[str, str], refresh_token: str) -> TokenGrant:
        parameters = {"refresh_token": refresh_token}
        scope = self._declared.scope_of(fields)
        if self._declared.scope_on_refresh and scope is not None:
            parameters["scope"] = scope
        return self._request("refresh_token", fields, parameters, None)

    def issuer(self, fields: Mapping[str, str]) -> str | None:  # noqa: ARG002 - some depend on them
        return self._declared.issuer

    def end_grant(self, fields: Mapping[str, str], refresh_token: str) -> bool:
        """Best effort: what is deleted here must not come back because the provider was down."""
        revoke_url = self._declared.revoke_url
        if revoke_url is None:
            return False
        name = self._declared.revoke_json_name
        parameters = {"token": refresh_token, "token_type_hint": "refresh_token"}
        if name is not None:
            parameters = {name: refresh_token}
        try:
            headers = self._authenticate(fields, parameters)
            body = urlencode(parameters)
            if name is not None:
                headers = {**headers, "content-type": "application/json"}
                body = json.dumps({name: refresh_token})
            return self._post(fields, revoke_url(fields), headers, body).is_success
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
            return grant_from(answer, self._declared, asked_at)
        if answer.is_success:
            raise OutcomeUnknown(f"status {answer.status} with {kind_of(answer)}")
        raise self._refusal(answer, tuple(parameters.values()))

    def _authenticate(
        self, fields: Mapping[str, str], parameters: dict[str, str]
    ) -> Mapping[str, str]:
        """Headers; where declared so, the client's credentials go into ``parameters`` instead."""
        client_id, secret = fields["client_id"].strip(), fields["client_secret"].strip()
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            **self._declared.token_headers,
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
            # Also while a person waits: what is given up too early may have used the token up.
            read_seconds=self._kit.time_outs.read,
        )
        seconds = min(TOKEN_DEADLINE_SECONDS, self._kit.time_outs.deadline)
        kit = evolve(self._kit, time_outs=evolve(self._kit.time_outs, deadline=seconds))
        # A transport of its own: no kept connection, so a failure to connect is certain.
        with Transport(kit, FailureTable(provider=self._declared.provider)) as transport:
            transport.take_budget(request, patience_seconds=PATIENCE_SECONDS, pauses_max=2)
            return transport.attempt(request)

    def _refusal(self, answer: Answer, sent: tuple[str, ...]) -> Exception:
        """What the refusal means, to be raised. What was ``sent`` is scrubbed from its detail."""
        error, description = error_of(answer)
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

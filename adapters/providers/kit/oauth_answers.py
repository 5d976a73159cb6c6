"""Reading what a token endpoint answered: a grant, or what its refusal says."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from adapters.providers.kit.calls import Answer
from adapters.providers.kit.oauth_declaration import OAuthDeclaration
from core.ports.provider import OutcomeUnknown, TokenGrant

TOKEN_CHARACTERS_MAX: Final = 16 * 1024
FACT_CHARACTERS_MAX: Final = 500
EXPIRES_SECONDS_MAX: Final = 400 * 24 * 3600
"""A longer life is not believed: no provider gives access tokens more than a year."""
REFRESH_SECONDS_MAX: Final = 30 * 366 * 24 * 3600
"""Twinfield's refresh tokens live for 25 years."""


class _TokenDocument(msgspec.Struct):
    """Types are exactly these: no coercion, so ``{"access_token": 7}`` is refused."""

    access_token: str
    token_type: str | None = None
    expires_in: int | float | str | None = None
    refresh_token: str | None = None


class _ErrorDocument(msgspec.Struct):
    error: object = None
    error_description: object = None


def grant_from(answer: Answer, declared: OAuthDeclaration, asked_at: datetime) -> TokenGrant:
    """A validated token, or OutcomeUnknown: status 200 says that something was consumed.

    Its life is counted from before the request left: never longer than the provider counts.
    """
    try:
        document = msgspec.json.decode(answer.body, type=_TokenDocument)
        members = msgspec.json.decode(answer.body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise OutcomeUnknown(f"status 200 with {kind_of(answer)}: {error}") from None
    seconds = _seconds(document.expires_in, declared.policy.access_seconds, EXPIRES_SECONDS_MAX)
    problems = [
        problem
        for problem, found in (
            ("no access token", not _is_token(document.access_token)),
            ("not a bearer token", not _is_bearer(document.token_type, declared)),
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
    refresh_seconds = _refresh_seconds(members, declared)
    return TokenGrant(
        access_token=document.access_token,
        refresh_token=document.refresh_token,
        obtained_at=asked_at,
        expires_at=asked_at + timedelta(seconds=seconds),
        refresh_expires_at=(
            None if refresh_seconds is None else asked_at + timedelta(seconds=refresh_seconds)
        ),
        facts=_facts(members, declared.kept_from_token),
    )


def error_of(answer: Answer) -> tuple[str, str]:
    """``error`` and ``error_description`` of a JSON refusal; empty text for anything else."""
    try:
        document = msgspec.json.decode(answer.body, type=_ErrorDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "", ""
    return _text(document.error), _text(document.error_description)


def kind_of(answer: Answer) -> str:
    """What sort of body it is, for the log: never the body itself."""
    return answer.headers.get("content-type", "no content type")[:50]


def is_fact(text: str) -> bool:
    """Whether a text of the provider's may be kept: short and printable."""
    return 0 < len(text) <= FACT_CHARACTERS_MAX and text.isprintable()


def _facts(members: Mapping[str, object], names: tuple[str, ...]) -> dict[str, str]:
    """Those of the named members that are there, as text; anything that is no text as JSON."""
    facts = {}
    for name in names:
        value = members.get(name)
        text = value if isinstance(value, str) else json.dumps(value)
        if value is not None and is_fact(text):
            facts[name] = text
    return facts


def _is_bearer(token_type: str | None, declared: OAuthDeclaration) -> bool:
    if token_type is None:
        return not declared.token_type_required
    return token_type.casefold() == "bearer"


def _is_token(text: str) -> bool:
    return 0 < len(text) <= TOKEN_CHARACTERS_MAX and text.isascii() and text.isprintable()


def _refresh_seconds(members: Mapping[str, object], declared: OAuthDeclaration) -> float | None:
    """How long the refresh token lives: as told, else its idle life; None where neither is known.

    What cannot be believed is left out: a good token is not thrown away for it.
    """
    told = []
    for name in declared.refresh_life_names:
        value = members.get(name)
        if isinstance(value, int | float | str):
            seconds = _seconds(value, 0, REFRESH_SECONDS_MAX)
            if seconds is not None:
                told.append(seconds)
    return min(told, default=declared.policy.refresh_idle_seconds)


def _seconds(told: float | str | None, declared_seconds: int, seconds_max: int) -> float | None:
    """Seconds of life; the declared ones where the answer is silent; None when not believable."""
    if told is None:
        return declared_seconds
    try:
        seconds = float(told)
    except ValueError:
        return None
    return seconds if 0 < seconds <= seconds_max else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

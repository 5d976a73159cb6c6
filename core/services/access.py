"""API tokens: making, listing, revoking them, and telling whose a request is.

A token is ``mtr_<id>.<secret>``: the id finds the row, the secret half is compared with the stored
SHA-256 in constant time. The secret has 256 random bits, so a plain hash is enough: there is
nothing to guess from. It is shown once, when it is made.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs
from attrs import field, frozen

from core.domain.access import ApiToken, Scope
from core.domain.failures import CorrectRequest, Unknown
from core.services.ports import Ports, organisation_of

TOKEN_PREFIX: Final = "mtr_"  # noqa: S105 - the part of a token that is no secret
"""Lets people and secret scanners recognise one."""

TOKEN_CHARACTERS_MAX: Final = 200
TOKEN_NAME_CHARACTERS_MAX: Final = 100
LAST_USE_AFTER: Final = timedelta(minutes=1)
"""The last use is written at most so often: a busy program must not write at every request."""

_NO_SECRET_SHA256: Final = "0" * 64
"""Compared with when there is no such token, so that the two cases take as long."""


class NotAuthenticated(CorrectRequest):
    """No token, or none that is known and alive (which of these is not said)."""

    default_code = "not-authenticated"


class NotAllowed(CorrectRequest):
    """A good token whose scope is too small."""

    default_code = "not-allowed"


@frozen(kw_only=True)
class NewToken:
    """``text`` is the whole token: shown now and never again."""

    token: ApiToken
    text: str = field(repr=False)


@frozen
class AccessService:
    ports: Ports

    def create(self, organisation_id: str, name: str, scope: Scope, *, operator: str) -> NewToken:
        name = name.strip()
        if not name or len(name) > TOKEN_NAME_CHARACTERS_MAX or not name.isprintable():
            raise CorrectRequest(
                f"Name the token in 1 to {TOKEN_NAME_CHARACTERS_MAX} characters after the program "
                "that will use it.",
                code="bad-name",
            )
        secret = self.ports.ids.secret()
        token = ApiToken(
            id=self.ports.ids.new("tok"),
            organisation_id=organisation_id,
            name=name,
            scope=scope,
            secret_sha256=_sha256(secret),
            created_at=self.ports.clock.now(),
            created_by=operator,
        )
        with self.ports.storage.writing() as uow:
            organisation_of(uow, organisation_id)
            uow.api_tokens.save(token)
            self.ports.event(
                uow,
                organisation_id,
                "token.created",
                f"The API token {name} ({scope.value}) was made.",
                actor=operator,
                token_id=token.id,
            )
            uow.commit()
        return NewToken(token=token, text=f"{TOKEN_PREFIX}{token.id}.{secret}")

    def tokens(self, organisation_id: str) -> Sequence[ApiToken]:
        """Oldest first, revoked ones included."""
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            return uow.api_tokens.of(organisation_id)

    def revoke(self, organisation_id: str, token_id: str, *, operator: str) -> ApiToken:
        """End it at once and for good. Doing it again changes nothing."""
        with self.ports.storage.writing() as uow:
            held = uow.api_tokens.get(token_id)
            if held is None or held.organisation_id != organisation_id:
                raise Unknown(
                    f"There is no API token {token_id!r} in this organisation: "
                    "list them to see their ids.",
                    code="unknown-token",
                )
            if not held.usable:
                return held
            revoked = attrs.evolve(held, revoked_at=self.ports.clock.now())
            uow.api_tokens.save(revoked)
            self.ports.event(
                uow,
                organisation_id,
                "token.revoked",
                f"The API token {held.name} was revoked.",
                actor=operator,
                token_id=token_id,
            )
            uow.commit()
        return revoked

    def authenticate(self, text: str) -> ApiToken:
        """The living token of that text; NotAuthenticated otherwise. Notes its use."""
        token_id, _, secret = text[:TOKEN_CHARACTERS_MAX].removeprefix(TOKEN_PREFIX).partition(".")
        with self.ports.storage.reading() as uow:
            held = uow.api_tokens.get(token_id)
        stored = held.secret_sha256 if held is not None else _NO_SECRET_SHA256
        matches = hmac.compare_digest(_sha256(secret), stored)
        if held is None or not matches or not held.usable:
            raise NotAuthenticated(
                "Send a living API token as `Authorization: Bearer ...`: make one with "
                "`monitr token create`."
            )
        return self._noted(held)

    def living(self, token_id: str) -> ApiToken:
        """The token of that id while it lives, for what lasts longer than a request."""
        with self.ports.storage.reading() as uow:
            held = uow.api_tokens.get(token_id)
        if held is None or not held.usable:
            raise NotAuthenticated("This API token was revoked: use another one.")
        return held

    def _noted(self, held: ApiToken) -> ApiToken:
        now = self.ports.clock.now()
        if held.last_used_at is not None and now - held.last_used_at < LAST_USE_AFTER:
            return held
        with self.ports.storage.writing() as uow:
            newest = uow.api_tokens.get(held.id)
            assert newest is not None, "tokens are never deleted"
            used = attrs.evolve(newest, last_used_at=now)
            uow.api_tokens.save(used)
            uow.commit()
        return used


def require(token: ApiToken, asked: Scope) -> None:
    """NotAllowed unless the token's scope covers what is asked."""
    if not token.scope.covers(asked):
        raise NotAllowed(
            f"This token may only {token.scope.value}: use one made with --scope {asked.value}."
        )


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

"""Storage of API tokens, and of the answers that repeated requests get again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from core.domain.access import ApiToken


class ApiTokens(Protocol):
    def get(self, token_id: str) -> ApiToken | None: ...

    def of(self, organisation_id: str) -> Sequence[ApiToken]:
        """By creation, oldest first, revoked ones included; at most LIST_MAX."""
        ...

    def save(self, token: ApiToken) -> None:
        """Insert or replace by id."""
        ...


@frozen(kw_only=True)
class Repeat:
    """One request that its sender may repeat by the same key. ``answered`` False: under way.

    What was answered is no part of this row: it may hold a secret, so it is sealed elsewhere.
    """

    organisation_id: str
    key_sha256: str
    request_sha256: str
    """Of everything that makes it the same request."""
    began_at: datetime
    answered: bool = False


class Repeats(Protocol):
    def get(self, organisation_id: str, key_sha256: str) -> Repeat | None: ...

    def save(self, repeat: Repeat) -> None:
        """Insert or replace by organisation and key."""
        ...

    def delete(self, organisation_id: str, key_sha256: str) -> None: ...

    def begun_before(self, instant: datetime, *, limit: int) -> Sequence[Repeat]:
        """Of every organisation, the oldest first."""
        ...

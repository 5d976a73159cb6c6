"""What connections leave at rest: sealed secrets, versioned tokens, authorisations under way.

Each is reached through a unit of work (core.ports.storage).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen


class Secrets(Protocol):
    """Sealed bytes by row name; what is in them is the vault's and the service's affair."""

    def get(self, row: str) -> bytes | None: ...

    def put(self, row: str, sealed: bytes) -> None: ...

    def delete(self, row: str) -> None: ...

    def rows(self) -> Sequence[str]:
        """Every row name, sorted: for rotation."""
        ...


@frozen(kw_only=True)
class TokenRow:
    """The tokens of one integration, sealed, in a row with a version of its own."""

    integration_id: str
    version: int
    sealed: bytes = field(repr=False)
    obtained_at: datetime
    expires_at: datetime
    refresh_expires_at: datetime | None = None
    uncertain: bool = False
    """A refresh left and no answer came: settle by probe, then by asking to reconnect."""


class Tokens(Protocol):
    def get(self, integration_id: str) -> TokenRow | None: ...

    def swap(self, row: TokenRow, *, expected_version: int | None) -> bool:
        """Store if the row's version is still the expected one (None: no row). False otherwise."""
        ...

    def delete(self, integration_id: str) -> None: ...

    def all(self) -> Sequence[TokenRow]:
        """Every row, by integration id: for rotation."""
        ...


@frozen(kw_only=True)
class OAuthAttempt:
    """One authorisation under way. Found by the SHA-256 of its state; single use."""

    state_sha256: str
    organisation_id: str
    operator: str
    provider: str
    integration_id: str
    redirect_uri: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    outcome: str | None = None
    """A sentence once it ended: what the landing page and the waiting front end show."""
    failed: bool = False


class OAuthAttempts(Protocol):
    def add(self, attempt: OAuthAttempt) -> None: ...

    def get(self, state_sha256: str) -> OAuthAttempt | None: ...

    def save(self, attempt: OAuthAttempt) -> None: ...

    def latest(self, integration_id: str) -> OAuthAttempt | None: ...

"""Sealing secrets at rest."""

from typing import Protocol

from core.domain.failures import FixSettings


class WrongVaultKey(FixSettings):
    """The key at hand does not open what is stored. Nothing is changed or lost."""

    default_code = "wrong-vault-key"


class Vault(Protocol):
    """Seals bytes so that they open only for the same ``row`` they were sealed for.

    ``row`` names where the sealed bytes are stored (``token:int_123``): bytes copied to another
    row do not open. Sealed bytes carry the id of their key, so keys can be rotated online.
    """

    def seal(self, row: str, plain: bytes) -> bytes: ...

    def open(self, row: str, sealed: bytes) -> bytes:
        """The plain bytes; WrongVaultKey when key or row is another, or bytes were altered."""
        ...

    def current(self, sealed: bytes) -> bool:
        """Whether these bytes were sealed with the newest key (rotation re-seals the others)."""
        ...

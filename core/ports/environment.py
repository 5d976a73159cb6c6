"""Time, identifiers and the doorbell: the small things the core needs from outside."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time, always UTC-aware. It may jump: compare instants, do not trust differences."""

    def now(self) -> datetime: ...

    def pause(self, seconds: float) -> None:
        """Let that much time pass. In tests it passes at once."""
        ...


class Ids(Protocol):
    """Identifiers and unguessable strings."""

    def new(self, prefix: str) -> str:
        """A fresh id, ``prefix_`` and at least 12 characters of [0-9a-z], sortable by creation."""
        ...

    def secret(self) -> str:
        """At least 256 bits of randomness as URL-safe text (OAuth state, PKCE verifier)."""
        ...


class Doorbell(Protocol):
    """Tells workers that a run may be due.

    A hint only: rings may be lost or doubled, ringing may come before or after the run is due, and
    ringing for a run that is finished does nothing. The sweep makes good for lost rings.
    """

    def ring(self, run_id: str) -> None:
        """Never raises for a queue that cannot be reached: the run waits in the database."""
        ...

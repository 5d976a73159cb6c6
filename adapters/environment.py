"""The real clock and identifiers."""

import secrets
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME_CHARACTERS = 9
"""Base-36 digits of milliseconds since 1970: sortable until the year 5188."""
_RANDOM_CHARACTERS = 10
_SECRET_BYTES = 32


class SystemClock:
    """Implements core.ports.environment.Clock with the machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pause(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class RandomIds:
    """Implements core.ports.environment.Ids: time-ordered ids, operating-system randomness."""

    def new(self, prefix: str) -> str:
        milliseconds = time.time_ns() // 1_000_000
        stamp = ""
        for _ in range(_TIME_CHARACTERS):
            milliseconds, digit = divmod(milliseconds, 36)
            stamp = _ALPHABET[digit] + stamp
        return f"{prefix}_{stamp}" + "".join(
            secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS)
        )

    def secret(self) -> str:
        return secrets.token_urlsafe(_SECRET_BYTES)

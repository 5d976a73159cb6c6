"""How often one asker may ask: a token bucket each, in this process.

Time is the machine's steady clock, because a wall clock that jumps must not lock anybody out.
"""

import datetime as dt
import math
import threading
import time
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from core.domain.failures import Wait

ASKERS_MAX: Final = 10_000
"""More are not remembered: then the ones that waited longest start afresh."""


class TooMany(Wait):
    """The asker's bucket is empty for so many seconds."""

    default_code = "too-many-requests"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many requests: go on in {seconds} seconds.",
            retry_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds),
        )
        self.seconds = seconds


@frozen(kw_only=True)
class Rate:
    """``burst`` requests at once, refilled at ``per_second``."""

    per_second: float
    burst: int


TOKEN_RATE: Final = Rate(per_second=100, burst=400)
"""Of one API token."""

REFUSAL_RATE: Final = Rate(per_second=0.5, burst=30)
"""Of one address whose requests carry no living token."""

STREAMS_MAX: Final = 50
"""Activity streams open at a time in this process."""

STREAMS_PER_TOKEN_MAX: Final = 10
"""Of one token's, so that one program does not take those of all others."""


@define
class Buckets:
    rate: Rate
    now: Callable[[], float] = time.monotonic
    _held: dict[str, tuple[float, float]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def spend(self, asker: str) -> None:
        """Take one from the asker's bucket; TooMany when it is empty."""
        with self._lock:
            left = self._left(asker)
            if left < 1:
                raise TooMany(max(1, math.ceil((1 - left) / self.rate.per_second)))
            self._held.pop(asker, None)
            if len(self._held) >= ASKERS_MAX:
                del self._held[next(iter(self._held))]
            self._held[asker] = (left - 1, self.now())

    def require(self, asker: str) -> None:
        """TooMany when the bucket is empty; takes nothing."""
        with self._lock:
            left = self._left(asker)
        if left < 1:
            raise TooMany(max(1, math.ceil((1 - left) / self.rate.per_second)))

    def _left(self, asker: str) -> float:
        level, at = self._held.get(asker, (float(self.rate.burst), self.now()))
        return min(self.rate.burst, level + (self.now() - at) * self.rate.per_second)

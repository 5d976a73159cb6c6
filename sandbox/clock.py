"""The clock of the stand-ins: real time plus an offset, or time that only moves when told."""

import threading
import time
from datetime import UTC, datetime


class SandboxClock:
    """Tells UTC time. ``advance`` moves it forward, so tokens expire without anyone sleeping."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        """With ``frozen_at`` (time zone aware) time stands still except for ``advance``."""
        self._frozen = None if frozen_at is None else int(frozen_at.timestamp() * 1000)
        self._offset_ms = 0
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        base = time.time_ns() // 1_000_000 if self._frozen is None else self._frozen
        return base + self._offset_ms

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms() / 1000, tz=UTC)

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("The sandbox clock only moves forward.")
        with self._lock:
            self._offset_ms += round(seconds * 1000)

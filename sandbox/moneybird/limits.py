"""150 requests in five minutes per address, 50 of them for reports, whatever the token."""

from collections.abc import Mapping
from typing import Final

from attrs import define, field

from sandbox.wire import WireResponse, json_response

WINDOW_SECONDS: Final = 300
Header = tuple[str, str]


@define
class Limits:
    """Fixed windows. ``enforced`` False refuses nothing: five minutes are longer than a demo."""

    enforced: bool = False
    overall: int = 150
    reports: int = 50
    _calls: dict[tuple[str, int], int] = field(factory=dict)

    def refuse(self, path: str, now_ms: int) -> WireResponse | None:
        """None if the call may go on, and then it is counted."""
        if not self.enforced:
            return None
        window = now_ms // 1000 // WINDOW_SECONDS
        for name, calls_max in self._counts(path).items():
            used = self._calls.get((name, window), 0)
            if used >= calls_max:
                return self.answer(now_ms)
            self._calls[name, window] = used + 1
        return None

    def _counts(self, path: str) -> Mapping[str, int]:
        if "/reports/" in path:
            return {"reports": self.reports, "overall": self.overall}
        return {"overall": self.overall}

    def answer(self, now_ms: int, seconds: int | None = None) -> WireResponse:
        """The 429: a text as JSON, and an instant where others put a delay."""
        resets = now_ms // 1000 + seconds if seconds else self._resets(now_ms)
        told = json_response("Retry later", 429)
        return told.with_headers(*self.headers(now_ms), ("Retry-After", str(resets)))

    def headers(self, now_ms: int) -> tuple[Header, ...]:
        """``RateLimit-Remaining`` tells seconds left, whatever its name says; seen in the wild."""
        resets = self._resets(now_ms)
        used = self._calls.get(("overall", now_ms // 1000 // WINDOW_SECONDS), 0)
        return (
            ("RateLimit-Limit", str(self.overall)),
            ("RateLimit-Remaining", str(resets - now_ms // 1000)),
            ("RateLimit-RequestsRemaining", str(max(0, self.overall - used))),
            ("RateLimit-Reset", str(resets)),
        )

    def _resets(self, now_ms: int) -> int:
        return (now_ms // 1000 // WINDOW_SECONDS + 1) * WINDOW_SECONDS

"""Call budgets and the error block, as the real service counts them."""

from collections import deque

from attrs import define, field

from sandbox.wire import WireResponse

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
ERRORS_ALLOWED = 10
CLIENT_ERRORS = frozenset({400, 401, 403, 404})

Header = tuple[str, str]


@define
class Limits:
    """Per application and division: so many calls per (rolling) minute and per UTC day.

    The header tells the next whole minute as reset although the minute rolls, as observed on the
    real service. ``enforced`` False: nothing is refused and the headers promise a full budget.
    """

    enforced: bool = True
    per_minute: int = 60
    per_day: int = 5_000
    token_calls_per_day: int = 200
    _minute: dict[str, deque[int]] = field(factory=dict)
    _day: dict[tuple[str, int], int] = field(factory=dict)
    _errors: dict[tuple[str, ...], deque[int]] = field(factory=dict)
    _blocked_until: dict[tuple[str, ...], int] = field(factory=dict)

    def refuse(self, division: str, now_ms: int) -> WireResponse | None:
        """None if the call may go on, and then it is counted. A 429 has no body."""
        if not self.enforced:
            return None
        recent = self._minute.setdefault(division, deque())
        while recent and recent[0] <= now_ms - MINUTE_MS:
            recent.popleft()
        today = (division, now_ms // DAY_MS)
        if self._day.get(today, 0) >= self.per_day:
            return WireResponse(429, self.day_headers(division, now_ms))
        if len(recent) >= self.per_minute:
            return WireResponse(429, self.minute_headers(division, now_ms))
        recent.append(now_ms)
        self._day[today] = self._day.get(today, 0) + 1
        return None

    def minute_headers(
        self, division: str, now_ms: int, left: int | None = None
    ) -> tuple[Header, ...]:
        if left is None:
            used = len(self._minute.get(division, ())) if self.enforced else 0
            left = max(0, self.per_minute - used)
        reset = (now_ms // MINUTE_MS + 1) * MINUTE_MS
        return (
            ("X-RateLimit-Minutely-Limit", str(self.per_minute)),
            ("X-RateLimit-Minutely-Remaining", str(left)),
            ("X-RateLimit-Minutely-Reset", str(reset)),
        )

    def day_headers(
        self, division: str, now_ms: int, left: int | None = None
    ) -> tuple[Header, ...]:
        day = now_ms // DAY_MS
        if left is None:
            used = self._day.get((division, day), 0) if self.enforced else 0
            left = max(0, self.per_day - used)
        return (
            ("X-RateLimit-Limit", str(self.per_day)),
            ("X-RateLimit-Remaining", str(left)),
            ("X-RateLimit-Reset", str((day + 1) * DAY_MS)),
        )

    def headers(self, division: str, now_ms: int) -> tuple[Header, ...]:
        return self.day_headers(division, now_ms) + self.minute_headers(division, now_ms)

    # -- the error block ---------------------------------------------------------------------------

    def blocked(self, key: tuple[str, ...], now_ms: int) -> bool:
        return self.enforced and self._blocked_until.get(key, 0) > now_ms

    def note(self, key: tuple[str, ...], status: int, now_ms: int) -> None:
        """More than ten client errors within an hour block that endpoint for an hour."""
        if not self.enforced or status not in CLIENT_ERRORS:
            return
        errors = self._errors.setdefault(key, deque())
        errors.append(now_ms)
        while errors[0] <= now_ms - HOUR_MS:
            errors.popleft()
        if len(errors) > ERRORS_ALLOWED:
            self._blocked_until[key] = now_ms + HOUR_MS
            errors.clear()

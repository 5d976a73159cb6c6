"""60 calls a minute and 5,000 a day per app and organisation, told in headers."""

from typing import Final

from attrs import define, field

from sandbox.wire import WireResponse

MINUTE_CALLS: Final = 60
DAY_CALLS: Final = 5_000
APP_MINUTE_CALLS: Final = 10_000
_MINUTE: Final = 60
_DAY: Final = 86_400


@define
class Limits:
    """Fixed windows. ``enforced`` False counts and tells, and refuses nothing."""

    enforced: bool = False
    _calls: dict[tuple[str, str, int], int] = field(factory=dict)

    def refuse(self, tenant: str, now_ms: int) -> WireResponse | None:
        """None if the call may go on, and then it is counted."""
        second = now_ms // 1000
        minute, day = ("minute", tenant, second // _MINUTE), ("day", tenant, second // _DAY)
        if self.enforced and self._calls.get(minute, 0) >= MINUTE_CALLS:
            return refusal("Minute", _MINUTE - second % _MINUTE)
        if self.enforced and self._calls.get(day, 0) >= DAY_CALLS:
            return refusal("Day", _DAY - second % _DAY)
        for place in (minute, day):
            self._calls[place] = self._calls.get(place, 0) + 1
        return None

    def headers(self, tenant: str, now_ms: int) -> tuple[tuple[str, str], ...]:
        second = now_ms // 1000
        minute = self._calls.get(("minute", tenant, second // _MINUTE), 0)
        day = self._calls.get(("day", tenant, second // _DAY), 0)
        return (
            ("X-DayLimit-Remaining", str(max(0, DAY_CALLS - day))),
            ("X-MinLimit-Remaining", str(max(0, MINUTE_CALLS - minute))),
            ("X-AppMinLimit-Remaining", str(max(0, APP_MINUTE_CALLS - minute))),
            ("Xero-Correlation-Id", "1d4a7c0e-6d7c-4f7e-9d8a-0a6b5c4d3e2f"),
        )


def refusal(problem: str, retry_after: int | None) -> WireResponse:
    """A 429 with an empty body. Only minute and day tell how long to wait."""
    headers: tuple[tuple[str, str], ...] = (("X-Rate-Limit-Problem", problem),)
    if retry_after is not None:
        headers += (("Retry-After", str(retry_after)),)
    return WireResponse(429, headers)

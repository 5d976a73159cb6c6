"""500 requests a minute per company. Requests under way are one at a time here anyway."""

from typing import Final

from attrs import define, field

from sandbox.quickbooks.errors import throttled
from sandbox.wire import WireResponse

WINDOW_MS: Final = 60_000
CALLS_PER_MINUTE: Final = 500


@define
class Limits:
    """Fixed windows of a minute."""

    calls_per_minute: int = CALLS_PER_MINUTE
    _calls: dict[tuple[str, int], int] = field(factory=dict)

    def refuse(self, realm: str, now_ms: int) -> WireResponse | None:
        """None if the call may go on, and then it is counted."""
        place = (realm, now_ms // WINDOW_MS)
        used = self._calls.get(place, 0)
        if used >= self.calls_per_minute:
            return throttled()
        self._calls[place] = used + 1
        return None

"""Maximum calls per day, operation and dossier (or user); assumed to begin anew at midnight."""

from zoneinfo import ZoneInfo

from attrs import define, field

from sandbox.clock import SandboxClock
from sandbox.octopus.errors import Refused, quota_spent

ZONE = ZoneInfo("Europe/Brussels")

PER_DAY = {
    "dossiers": 150,
    "connect": 150,
    "bookyears": 24,
    "accounts": 2,
    "accounts/modified": 48,
    "accounts/amounts/modified": 48,
    "journals": 24,
    "journal": 24,
    "journals/modified": 48,
    "relations": 2,
    "relations/modified": 48,
    "vatcodes": 2,
    "bookings/modified": 48,
    "buysellbookings": 10,
    "buysellbookings/modified": 48,
    "financialdiversbookings/modified": 48,
}
"""As the vendor's document says them, operation by operation."""


@define
class Quotas:
    """``status``: that of a refusal, which is not published either."""

    clock: SandboxClock
    enforced: bool = True
    status: int = 403
    spent: dict[tuple[str, str, str], int] = field(factory=dict)

    def spend(self, place: str, operation: str) -> None:
        """Refused when the day's calls are gone; a refused call does not count."""
        maximum = PER_DAY.get(operation)
        if not self.enforced or maximum is None:
            return
        today = self.clock.now().astimezone(ZONE).date().isoformat()
        counter = (today, place, operation)
        if self.spent.get(counter, 0) >= maximum:
            raise Refused(quota_spent(maximum, self.status))
        self.spent[counter] = self.spent.get(counter, 0) + 1

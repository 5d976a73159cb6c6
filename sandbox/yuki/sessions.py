"""The access key, sessions of 24 hours, and the count of calls a day and domain."""

from collections import Counter
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import define, field

from sandbox.clock import SandboxClock
from sandbox.yuki.markup import Fault

SANDBOX_ACCESS_KEY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
SESSION_MS = 24 * 3600 * 1000
CALLS_A_DAY = 1_000
_ZONE = ZoneInfo("Europe/Amsterdam")


@define
class Session:
    """``domain``: the current one, where it was set."""

    ends_ms: int
    domain: str | None = None


@define
class Sessions:
    """``alone``: a new session ends those before it (whether it does is not known)."""

    clock: SandboxClock
    random: Random
    key: str | None = SANDBOX_ACCESS_KEY
    calls_a_day: int | None = CALLS_A_DAY
    alone: bool = False
    _open: dict[str, Session] = field(factory=dict)
    _spent: Counter[tuple[str, str]] = field(factory=Counter)

    def authenticate(self, access_key: str) -> str:
        if access_key != self.key:
            raise Fault("Invalid access key")
        if self.alone:
            self._open.clear()
        session_id = str(UUID(int=self.random.getrandbits(128)))
        self._open[session_id] = Session(self.clock.now_ms() + SESSION_MS)
        return session_id

    def of(self, session_id: str) -> Session:
        found = self._open.get(session_id)
        if found is None or found.ends_ms <= self.clock.now_ms():
            raise Fault("Invalid session ID")
        return found

    def expire(self) -> None:
        self._open.clear()

    def revoke(self) -> None:
        self.key = None
        self._open.clear()

    def count(self, domain: str) -> None:
        """Every call counts, signing in too; at midnight in the Netherlands from zero again."""
        if self.calls_a_day is None:
            return
        day = self.clock.now().astimezone(_ZONE).date().isoformat()
        if self._spent[domain, day] >= self.calls_a_day:
            raise too_many()
        self._spent[domain, day] += 1


def too_many() -> Fault:
    return Fault("The daily limit of 1000 webservice calls for this domain has been reached.")

"""The arithmetic of call limits, free of storage: when the next call may leave.

Instants are whole microseconds since 1970 UTC. Windows up to ``SLIDING_SECONDS_MAX`` slide: every
call is remembered, and no stretch of that length, wherever it begins, holds more calls than
allowed. Longer ones are fixed and aligned to UTC (a day begins at midnight): calls are remembered
per window. Whether a provider's day is fixed or rolling is its own affair; where it rolls, or
begins elsewhere, what the provider says itself (``Told``) makes the difference good.

Both kinds are the same sum: a call remembered at ``at_us`` counts while ``at_us > now - length``,
where ``at_us`` is the instant itself or the beginning of its fixed window.

The clock may jump. Back by less than a window: what was remembered later than now keeps counting,
so the promise holds by the clock's own face. Back by more: a call remembered more than one window
ahead is taken as made just now, so nothing is allowed twice in real time and nothing waits longer
than two windows. A jump forward cannot be told from a sleeping machine; the provider's own answer
corrects it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import frozen

from core.ports.provider import Limit

SLIDING_SECONDS_MAX: Final = 300

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND_US: Final = 1_000_000


def us_of(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(us: int) -> datetime:
    return _EPOCH + us * _MICROSECOND


@frozen
class Spent:
    """Calls remembered at one instant, or at the beginning of one fixed window."""

    at_us: int
    calls: int


def added(spent: Sequence[Spent], more: Spent) -> list[Spent]:
    """In order of time, one for each instant."""
    calls = {each.at_us: each.calls for each in spent}
    calls[more.at_us] = calls.get(more.at_us, 0) + more.calls
    return [Spent(at_us, calls[at_us]) for at_us in sorted(calls)]


@frozen
class Told:
    """What the provider said is left, less what was spent since."""

    remaining: int
    resets_at_us: int


@frozen(kw_only=True)
class Window:
    """One limit: at most ``calls`` in ``length_us``."""

    calls: int
    length_us: int
    is_fixed: bool

    def stamp(self, now_us: int) -> int:
        """Where a call made now is remembered."""
        return self.aligned(now_us) if self.is_fixed else now_us

    def aligned(self, now_us: int) -> int:
        """Where the window of that length begins in which ``now_us`` is."""
        return now_us // self.length_us * self.length_us

    def kept_after(self, now_us: int) -> int:
        """What is remembered up to here may be forgotten: a jump back of a window still counts."""
        return now_us - 2 * self.length_us

    def settled(self, spent: Sequence[Spent], now_us: int) -> Sequence[Spent]:
        """``spent`` as it is, or with calls from far ahead taken as made now. In order of time."""
        horizon_us = now_us + self.length_us
        ahead = sum(each.calls for each in spent if each.at_us > horizon_us)
        if not ahead:
            return spent
        near = [each for each in spent if each.at_us <= horizon_us]
        return added(near, Spent(self.stamp(now_us), ahead))

    def free_at(self, spent: Sequence[Spent], now_us: int) -> int | None:
        """None: a call may leave now. Otherwise when enough of ``spent`` no longer counts."""
        counting = [each for each in spent if each.at_us > now_us - self.length_us]
        too_many = sum(each.calls for each in counting) - self.calls + 1
        for each in counting:
            if too_many <= 0:
                break
            too_many -= each.calls
            if too_many <= 0:
                return each.at_us + self.length_us
        return None

    def left(self, spent: Sequence[Spent], now_us: int) -> int:
        """Calls that may leave now."""
        counting = sum(each.calls for each in spent if each.at_us > now_us - self.length_us)
        return max(0, self.calls - counting)

    def told_now(self, told: Told | None, now_us: int) -> Told | None:
        """None once the reset has passed. A reset is never more than one window away."""
        if told is None or told.resets_at_us <= now_us:
            return None
        return Told(max(0, told.remaining), min(told.resets_at_us, now_us + self.length_us))

    def lower(self, before: Told | None, now: Told | None) -> Told | None:
        """The lower figure counts; of equal ones the later reset."""
        known = [told for told in (before, now) if told is not None]
        return min(known, key=lambda told: (told.remaining, -told.resets_at_us), default=None)


def window_of(limit: Limit) -> Window:
    assert limit.calls > 0
    assert limit.seconds > 0
    return Window(
        calls=limit.calls,
        length_us=limit.seconds * _SECOND_US,
        is_fixed=limit.seconds > SLIDING_SECONDS_MAX,
    )

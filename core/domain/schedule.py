"""Slots: two per local night, identified by date and ordinal, never by an instant.

Because a slot is (entity, local date, ordinal), a clock change can neither double nor drop it:
02:30 may happen twice or not at all, the slot still exists once.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

SLOT_TIMES: Final = (time(1, 15), time(4, 45))
"""Local times of ordinals 1 and 2."""

SLOT_GRACE: Final = timedelta(minutes=30)
"""A slot opened later than this after its time is marked late."""

SLOT_CATCH_UP: Final = timedelta(hours=20)
"""A missed slot is caught up until this long after its time; then it is skipped as too late."""


class SkipReason(StrEnum):
    PREVIOUS_STILL_RUNNING = "the previous import was still running"
    INTEGRATION_UNUSABLE = "the integration cannot be used"
    TOO_LATE = "Monitr was not running in time"


@frozen(kw_only=True, order=True)
class Slot:
    """A night's ordinal for an entity: ordinal 1 or 2 of that local date."""

    entity_id: str
    local_date: date
    ordinal: int


@frozen(kw_only=True)
class SlotRecord:
    """What became of a slot: exactly one of ``run_id`` and ``skipped`` is set."""

    slot: Slot
    opened_at: datetime
    late: bool = False
    run_id: str | None = None
    skipped: SkipReason | None = None


def due_at(local_date: date, ordinal: int, zone: ZoneInfo) -> datetime:
    """The UTC instant a slot is due: in a gap it moves forward, of a doubled hour the first."""
    wall = datetime.combine(local_date, SLOT_TIMES[ordinal - 1], tzinfo=zone)
    return wall.astimezone(UTC)


def slots_due(
    entity_id: str, zone: ZoneInfo, now: datetime, *, since: datetime
) -> Iterator[tuple[Slot, datetime, bool]]:
    """Slots whose time passed in (since, now], oldest first: (slot, due instant, late).

    ``since`` is when the entity came to be: no slot before that is owed. At most the slots of the
    catch-up window are looked at, so a machine asleep for a year owes one night, not 700 slots.
    """
    earliest = max(since, now - SLOT_CATCH_UP)
    day = earliest.astimezone(zone).date() - timedelta(days=1)
    last = now.astimezone(zone).date()
    while day <= last:
        for ordinal in range(1, len(SLOT_TIMES) + 1):
            due = due_at(day, ordinal, zone)
            if earliest < due <= now:
                slot = Slot(entity_id=entity_id, local_date=day, ordinal=ordinal)
                yield slot, due, now - due > SLOT_GRACE
        day += timedelta(days=1)


def next_slot(zone: ZoneInfo, now: datetime) -> tuple[date, int, datetime]:
    """(local date, ordinal, UTC instant) of the first slot after now."""
    day = now.astimezone(zone).date()
    while True:  # ends: tomorrow's first slot is always after now
        for ordinal in range(1, len(SLOT_TIMES) + 1):
            due = due_at(day, ordinal, zone)
            if due > now:
                return day, ordinal, due
        day += timedelta(days=1)

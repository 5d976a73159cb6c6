"""Slots belong to a local date and an ordinal: clock changes neither double nor drop them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.schedule import SLOT_CATCH_UP, SLOT_GRACE, due_at, next_slot, slots_due

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = ["Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@given(
    zone=st.sampled_from(ZONES),
    start=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001
    steps=st.lists(st.integers(min_value=1, max_value=600), min_size=1, max_size=60),
)
def test_a_clock_that_looks_every_few_minutes_sees_each_slot_once(
    zone: str, start: datetime, steps: list[int]
) -> None:
    """However often the sweep runs, across any clock change, each slot comes up exactly once."""
    zone_info = ZoneInfo(zone)
    first = start.replace(tzinfo=UTC)
    now = first
    seen = []
    for minutes in steps:
        before, now = now, now + timedelta(minutes=minutes)
        seen += [slot for slot, _, _ in slots_due("ent", zone_info, now, since=before)]
    whole = {
        (day, ordinal)
        for offset in range(-2, (now - first).days + 3)
        for day in [first.astimezone(zone_info).date() + timedelta(days=offset)]
        for ordinal in (1, 2)
        if first < due_at(day, ordinal, zone_info) <= now
    }
    assert [(slot.local_date, slot.ordinal) for slot in seen] == sorted(whole)


@pytest.mark.parametrize(
    "day",
    [date(2026, 3, 29), date(2026, 10, 25)],
    ids=["an hour is missing", "an hour comes twice"],
)
def test_two_slots_on_the_nights_the_clock_changes(day: date) -> None:
    first, second = due_at(day, 1, AMSTERDAM), due_at(day, 2, AMSTERDAM)
    now = first - timedelta(minutes=1)
    seen = []
    while now < second + timedelta(hours=3):
        before, now = now, now + timedelta(minutes=1)
        seen += [
            (slot.local_date, slot.ordinal)
            for slot, _, _ in slots_due("ent", AMSTERDAM, now, since=before)
        ]
    assert seen == [(day, 1), (day, 2)]


def test_late_begins_after_the_grace() -> None:
    due = due_at(date(2026, 6, 1), 1, AMSTERDAM)
    for pause, late in ((SLOT_GRACE, False), (SLOT_GRACE + timedelta(seconds=1), True)):
        slots = list(slots_due("ent", AMSTERDAM, due + pause, since=due - timedelta(hours=1)))
        assert [(slot.ordinal, is_late) for slot, _, is_late in slots] == [(1, late)]


def test_a_machine_asleep_for_a_month_owes_one_night() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert len(list(slots_due("ent", AMSTERDAM, now, since=LONG_AGO))) == 2
    assert timedelta(days=1) > SLOT_CATCH_UP


@given(
    zone=st.sampled_from(ZONES),
    now=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001
)
def test_the_next_slot_is_ahead_and_within_a_day_and_an_hour(zone: str, now: datetime) -> None:
    instant = now.replace(tzinfo=UTC)
    _, _, due = next_slot(ZoneInfo(zone), instant)
    assert instant < due <= instant + timedelta(hours=25)

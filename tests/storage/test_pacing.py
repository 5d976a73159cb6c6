"""How many records a unit is given."""

import pytest

from adapters.storage.sql.pacing import (
    AIMED_SECONDS,
    RECORDS_AT_FIRST,
    RECORDS_MAX,
    RECORDS_MIN,
    Pace,
)

UNITS = 60


@pytest.mark.parametrize(
    ("seconds_per_record", "records"),
    [
        pytest.param(AIMED_SECONDS / 1_000, 1_000, id="as aimed"),
        pytest.param(AIMED_SECONDS / 100, RECORDS_MIN, id="slow machine"),
        pytest.param(AIMED_SECONDS / 100_000, RECORDS_MAX, id="fast machine"),
        pytest.param(0.0, RECORDS_MAX, id="clock that stands still"),
    ],
)
def test_units_become_as_long_as_aimed(seconds_per_record: float, records: int) -> None:
    pace = Pace()
    for _ in range(UNITS):
        pace.learn(pace.records, pace.records * seconds_per_record)
    assert pace.records == pytest.approx(records, abs=4)


def test_one_slow_unit_changes_little() -> None:
    pace = Pace(records=1_000)
    pace.learn(1_000, 100 * AIMED_SECONDS)
    assert pace.records == 850


def test_small_units_say_nothing_about_large_ones() -> None:
    pace = Pace()
    pace.learn(RECORDS_MIN - 1, 1.0)
    assert pace.records == RECORDS_AT_FIRST

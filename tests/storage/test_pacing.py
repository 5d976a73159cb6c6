"""How many records a unit is given, and when the log is folded."""

from pathlib import Path

import pytest

from adapters.storage.sql import SqlStorage
from adapters.storage.sql.pacing import (
    AIMED_SECONDS,
    RECORDS_AT_FIRST,
    RECORDS_LIKE_ANY_UNIT,
    RECORDS_MAX,
    RECORDS_MIN,
    RECORDS_PER_FOLDING,
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


def test_the_log_is_folded_between_units_and_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "monitr.sqlite3"
    storage = SqlStorage(path)
    sizes = []
    try:
        for number in range(3 * RECORDS_PER_FOLDING // RECORDS_LIKE_ANY_UNIT):
            with storage.writing() as unit:
                unit.settings.put("number", str(number))
                unit.commit()
            sizes.append(Path(f"{path}-wal").stat().st_size)
    finally:
        storage.close()
    assert sizes[-1] == sizes[len(sizes) // 2], "the log begins anew once it is folded"

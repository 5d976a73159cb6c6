"""Eight processes on one file: never over the limit, and hardly anything of it left unused."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.storage.budgets import FILE_NAME
from core.ports.provider import Limit
from tests.budgets.contract import assert_held
from tests.budgets.hammer import hammer, under_way

PROCESSES = 8
SHARE_USED_MIN = 0.95


def told(left: list[datetime], limit: Limit, seconds: int, what: str = "budget") -> None:
    """The figures, for who runs this with ``-s``."""
    length = timedelta(seconds=limit.seconds)
    most = max(
        sum(first <= at < first + length for at in left[index:]) for index, first in enumerate(left)
    )
    print(f"{what}_calls_in_any_minute_max {most}")
    print(f"{what}_allowance_used {len(left) / (limit.calls * seconds / limit.seconds):.3f}")


@pytest.mark.parametrize("parties", [False, True], ids=["one party", "a party each"])
def test_processes_together_keep_the_limit_and_use_it(tmp_path: Path, *, parties: bool) -> None:
    minute = Limit(scope="app", calls=60, seconds=60)
    seconds = 60 * minute.seconds
    left = hammer(
        tmp_path / FILE_NAME,
        [minute],
        processes=PROCESSES,
        seconds=seconds,
        look_us=2_000,
        parties=parties,
    )
    told(left, minute, seconds)
    assert_held(left, [minute])
    assert len(left) >= SHARE_USED_MIN * minute.calls * seconds / minute.seconds


def test_processes_together_keep_several_limits_at_once(tmp_path: Path) -> None:
    burst = Limit(scope="app", calls=5, seconds=1)
    minute = Limit(scope="app", calls=100, seconds=60)
    hour = Limit(scope="app", calls=1_000, seconds=3_600)
    limits = [burst, minute, hour]
    left = hammer(tmp_path / FILE_NAME, limits, processes=PROCESSES, seconds=3_000, look_us=5_000)
    assert_held(left, limits)
    assert len(left) >= SHARE_USED_MIN * 1_000


MINUTE = Limit(scope="app", calls=60, seconds=60)


def test_restarted_in_the_middle_they_still_keep_the_limit_and_use_it(tmp_path: Path) -> None:
    """All processes end half way through a minute, and eight new ones go on."""
    path, half, whole = tmp_path / FILE_NAME, 10 * 60 + 30, 20 * 60
    left = hammer(path, [MINUTE], processes=PROCESSES, seconds=half, look_us=2_000)
    left += hammer(
        path, [MINUTE], processes=PROCESSES, seconds=whole, look_us=2_000, since_seconds=half
    )
    told(left, MINUTE, whole, "budget_restart")
    assert_held(left, [MINUTE])
    assert len(left) >= SHARE_USED_MIN * whole


@pytest.mark.parametrize("back_seconds", [7, 45, 86_400])
def test_a_clock_set_back_in_the_middle_gives_no_second_allowance(
    tmp_path: Path, back_seconds: int
) -> None:
    left = hammer(
        tmp_path / FILE_NAME,
        [MINUTE],
        processes=PROCESSES,
        seconds=20 * 60,
        look_us=2_000,
        back_at_seconds=10 * 60 + 20,
        back_seconds=back_seconds,
    )
    told(left, MINUTE, (20 - 2) * 60, f"budget_back_{back_seconds}")
    assert_held(left, [MINUTE])  # in time that truly passed, not as the clock shows it
    assert len(left) >= SHARE_USED_MIN * (20 - 2) * 60, "at most two windows are waited out"


def test_processes_together_are_never_more_under_way_than_allowed(tmp_path: Path) -> None:
    """In real time: who is let in notes it, and is let go by nobody but itself."""
    most, calls = under_way(tmp_path, at_once=3, processes=PROCESSES, calls_each=40)
    print(f"budget_calls_under_way_max {most}")
    assert most <= 3
    assert calls == PROCESSES * 40

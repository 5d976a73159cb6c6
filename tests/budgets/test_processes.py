"""Four processes on one file: never over the limit, and hardly anything of it left unused."""

from pathlib import Path

from adapters.storage.budgets import FILE_NAME
from core.ports.provider import Limit
from tests.budgets.contract import assert_held
from tests.budgets.hammer import hammer

PROCESSES = 4
SHARE_USED_MIN = 0.95


def test_processes_together_keep_the_limit_and_use_it(tmp_path: Path) -> None:
    minute = Limit(scope="app", calls=60, seconds=60)
    seconds = 60 * minute.seconds
    left = hammer(
        tmp_path / FILE_NAME, [minute], processes=PROCESSES, seconds=seconds, look_us=2_000
    )
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

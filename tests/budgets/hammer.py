"""Several processes spending from one file as fast as they can, under a clock they share."""

import multiprocessing
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from pathlib import Path

from attrs import define

from adapters.storage.budgets import SqlBudgets
from core.ports.provider import Limit
from tests.fakes import START

GIVE_UP_SECONDS = 60
MICROSECOND = timedelta(microseconds=1)


@define
class SharedClock:
    """Implements Clock over one number all processes see; waiting moves it on for all.

    Each look at it passes a little time, as it does in reality.
    """

    elapsed_us: "Synchronized[int]"
    look_us: int
    back_at_us: int = 0
    back_us: int = 0
    """Once ``back_at_us`` have passed, what the clock shows is set back by ``back_us``."""
    seen: datetime = START
    """What has truly passed, when last looked at."""

    def now(self) -> datetime:
        with self.elapsed_us.get_lock():
            self.elapsed_us.value += self.look_us
            passed_us = self.elapsed_us.value
        self.seen = START + passed_us * MICROSECOND
        return START + (passed_us - self._back(passed_us)) * MICROSECOND

    def _back(self, passed_us: int) -> int:
        return self.back_us if passed_us >= self.back_at_us else 0

    def pause(self, seconds: float) -> None:
        self.wait_until(self.now() + timedelta(seconds=seconds))

    def wait_until(self, instant: datetime) -> None:
        """Until the clock shows it."""
        with self.elapsed_us.get_lock():
            passed_us = self.elapsed_us.value
            target_us = (instant - START) // MICROSECOND + self._back(passed_us)
            self.elapsed_us.value = max(passed_us, target_us)


def _spend_until(
    clock: SharedClock,
    path: str,
    limits: Sequence[Limit],
    until: datetime,
    start: Barrier,
    granted: "multiprocessing.Queue[list[int]]",
) -> None:
    budgets = SqlBudgets(Path(path), clock)
    left: list[int] = []
    start.wait(GIVE_UP_SECONDS)
    while clock.seen < until:
        free_at = budgets.spend("app", limits)
        if free_at is None:
            left.append((clock.seen - START) // MICROSECOND)
        else:
            clock.wait_until(free_at)
    budgets.close()
    granted.put(left)


def hammer(
    path: Path,
    limits: Sequence[Limit],
    *,
    processes: int,
    seconds: int,
    look_us: int,
    since_seconds: int = 0,
    back_at_seconds: int = 0,
    back_seconds: int = 0,
) -> list[datetime]:
    """When calls left, in order, while ``processes`` spent from ``since_seconds`` until ``seconds``
    of shared time; on the way the clock may be set back.

    At least two of them had their turn, or nothing would have been tried.
    """
    spawn = multiprocessing.get_context("spawn")
    clock = SharedClock(
        elapsed_us=spawn.Value("q", since_seconds * 1_000_000),
        look_us=look_us,
        back_at_us=back_at_seconds * 1_000_000,
        back_us=back_seconds * 1_000_000,
        seen=START + timedelta(seconds=since_seconds),
    )
    granted: multiprocessing.Queue[list[int]] = spawn.Queue()
    start = spawn.Barrier(processes)
    until = START + timedelta(seconds=seconds)
    spenders = [
        spawn.Process(target=_spend_until, args=(clock, str(path), limits, until, start, granted))
        for _ in range(processes)
    ]
    for spender in spenders:
        spender.start()
    shares = [granted.get(timeout=GIVE_UP_SECONDS) for _ in spenders]
    for spender in spenders:
        spender.join()
    assert sum(bool(share) for share in shares) > 1
    return [START + at_us * MICROSECOND for at_us in sorted(chain.from_iterable(shares))]

"""Several processes spending from one file as fast as they can, under a clock they share."""

import multiprocessing
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from pathlib import Path

from attrs import define

from adapters.environment import SystemClock
from adapters.storage.budgets import SqlBudgets
from core.ports.budget import Charge
from core.ports.provider import Limit
from tests.fakes import START
from tests.processes import FORKED

GIVE_UP_SECONDS = 60
HELD_SECONDS = 300
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
    party: str,
) -> None:
    charge = Charge(scope="app", limits=tuple(limits))
    budgets = SqlBudgets(Path(path), clock)
    left: list[int] = []
    start.wait(GIVE_UP_SECONDS)
    while clock.seen < until:
        refusal = budgets.take([charge], call=party, seconds=HELD_SECONDS, party=party)
        if refusal is None:
            left.append((clock.seen - START) // MICROSECOND)
            budgets.end([charge], call=party)
        else:
            clock.wait_until(refusal.at)
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
    parties: bool = False,
) -> list[datetime]:
    """When calls left, in order, while ``processes`` spent from ``since_seconds`` until ``seconds``
    of shared time; on the way the clock may be set back.

    At least two of them had their turn, or nothing would have been tried. With ``parties`` each
    process calls for another one: claims of one must leave nothing unused. How fair it is cannot be
    told here, where whoever waits moves the clock on for all.
    """
    clock = SharedClock(
        elapsed_us=FORKED.Value("q", since_seconds * 1_000_000),
        look_us=look_us,
        back_at_us=back_at_seconds * 1_000_000,
        back_us=back_seconds * 1_000_000,
        seen=START + timedelta(seconds=since_seconds),
    )
    granted: multiprocessing.Queue[list[int]] = FORKED.Queue()
    start = FORKED.Barrier(processes)
    until = START + timedelta(seconds=seconds)
    spenders = [
        FORKED.Process(
            target=_spend_until,
            args=(clock, str(path), limits, until, start, granted, f"p{number * parties}"),
        )
        for number in range(processes)
    ]
    for spender in spenders:
        spender.start()
    shares = [granted.get(timeout=GIVE_UP_SECONDS) for _ in spenders]
    for spender in spenders:
        spender.join()
    assert sum(bool(share) for share in shares) > 1
    return [START + at_us * MICROSECOND for at_us in sorted(chain.from_iterable(shares))]


def _call_until(
    path: str, at_once: int, calls: int, start: Barrier, told: "multiprocessing.Queue[int]"
) -> None:
    clock = SystemClock()
    charge = Charge(scope="app", limits=(Limit(scope="app", calls=at_once, seconds=0),))
    budgets = SqlBudgets(Path(path), clock)
    inside = Path(path).with_name("inside")
    most = made = 0
    start.wait(GIVE_UP_SECONDS)
    while made < calls:
        call = f"{os.getpid()}-{made}"
        if budgets.take([charge], call=call, seconds=HELD_SECONDS) is not None:
            clock.pause(0.001)
            continue
        mark = inside / call
        mark.touch()
        most = max(most, len(list(inside.iterdir())))
        mark.unlink()
        budgets.end([charge], call=call)
        made += 1
    budgets.close()
    told.put(most)


def under_way(folder: Path, *, at_once: int, processes: int, calls_each: int) -> tuple[int, int]:
    """(most calls seen under way at once, calls made) by real processes in real time."""
    (folder / "inside").mkdir()
    told: multiprocessing.Queue[int] = FORKED.Queue()
    start = FORKED.Barrier(processes)
    path = str(folder / "budgets.sqlite3")
    callers = [
        FORKED.Process(target=_call_until, args=(path, at_once, calls_each, start, told))
        for _ in range(processes)
    ]
    for caller in callers:
        caller.start()
    most = [told.get(timeout=GIVE_UP_SECONDS) for _ in callers]
    for caller in callers:
        caller.join()
    return max(most), calls_each * len(most)

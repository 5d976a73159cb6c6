"""How much one unit of work bears.

It concerns those who wait: a unit holds the write lock from its first statement to its commit, so
it is to be short on this machine, whichever that is.
"""

import time
from typing import Final

from attrs import define, field

AIMED_SECONDS: Final = 0.02
"""Processor time of a unit that writes records: less than half of the 50 ms others may be asked to
wait for the write lock, since units differ, and a disk or a busy machine adds to it. Waiting is not
counted: it hardly depends on how much a unit writes, so smaller units would only wait more often.
"""

RECORDS_MIN: Final = 400
"""No unit is made for fewer: taking the lock would cost more than holding it."""

RECORDS_MAX: Final = 2_000

RECORDS_AT_FIRST: Final = 800

CAUTION: Final = 4
"""One unit changes the pace by a quarter of what it suggests: no two are alike."""


@define
class Pace:
    """Records a unit should have, learned from the units before. One for all of a storage's units;
    that two of them learn at once spoils nothing.
    """

    records: int = RECORDS_AT_FIRST

    def learn(self, records: int, seconds: float) -> None:
        """A unit of so many records took so much processor time while it held the lock."""
        if records < RECORDS_MIN:
            return
        fitting = records * AIMED_SECONDS / max(seconds, AIMED_SECONDS / RECORDS_MAX)
        fitting = min(max(fitting, RECORDS_MIN), RECORDS_MAX)
        self.records += int((fitting - self.records) / CAUTION)


@define
class Stopwatch:
    """Processor time of this thread since the write lock was taken."""

    _began: float = field(factory=time.thread_time, init=False)

    @property
    def seconds(self) -> float:
        return time.thread_time() - self._began

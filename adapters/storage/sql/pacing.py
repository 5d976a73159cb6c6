"""How much one unit of work bears, and when the write-ahead log is folded into the file.

Both concern those who wait: a unit holds the write lock from its first statement to its commit, so
it is to be short on this machine, whichever that is; and the log is folded after units, by
whoever wrote, never by a commit.
"""

import sqlite3
import time
from typing import Final

from attrs import define, field
from sqlalchemy import Connection

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

RECORDS_PER_FOLDING: Final = 20_000
"""So many records make some 80 MiB of log. Folding seldom writes a page once that many units
touched; a log much larger than that takes the disk's room."""

RECORDS_LIKE_ANY_UNIT: Final = 100
"""A unit that writes no records counts as so many."""


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
class Folding:
    """Folds the log of one file for all connections of a process. It is due at the first unit:
    nobody knows what was there before.
    """

    _since: int = field(default=RECORDS_PER_FOLDING, init=False)

    def wrote(self, records: int) -> None:
        """A unit was committed."""
        self._since += max(records, RECORDS_LIKE_ANY_UNIT)

    def fold_if_due(self, connection: Connection) -> None:
        """Call it outside any transaction; others read and write meanwhile."""
        if self._since < RECORDS_PER_FOLDING:
            return
        self._since = 0
        driver = connection.connection.dbapi_connection
        if driver is None:
            return
        try:
            driver.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            return  # a full disk, say: the unit is committed, and the next one will tell


@define
class Stopwatch:
    """Processor time of this thread since the write lock was taken."""

    _began: float = field(factory=time.thread_time, init=False)

    @property
    def seconds(self) -> float:
        return time.thread_time() - self._began

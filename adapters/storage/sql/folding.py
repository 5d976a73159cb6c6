"""When the write-ahead log is folded into the file: after units, never by a commit.

Folding waits for the disk most of its time, so a thread of its own does it while units go on
writing. What they wrote meanwhile keeps the log from beginning anew: that rest, a small part of the
whole, is folded between two units. So the log stays bounded, and importing hardly waits for it.
"""

import sqlite3
from contextlib import closing, suppress
from threading import Lock, Thread
from typing import Final

from attrs import define, field

RECORDS_PER_FOLDING: Final = 8_000
"""So many records make some 30 MiB of log. A unit that is committed while the disk takes in more
than that waits for it, lock in hand: 100 ms have been seen at 20,000 records. Fewer would write
pages more often that many units touch."""

RECORDS_BEHIND_MAX: Final = 3 * RECORDS_PER_FOLDING
"""Written while a folding is under way; then the disk is slower than the writing, which waits."""

RECORDS_LIKE_ANY_UNIT: Final = 100
"""A unit that writes no records counts as so many."""

FOLD: Final = "PRAGMA wal_checkpoint(PASSIVE)"
"""Waits for nobody and lets others read and write meanwhile."""


@define
class Folding:
    """Folds the log of one file for all connections of a process. It is due at the first unit:
    nobody knows what was there before.
    """

    _path: str
    _since: int = field(default=RECORDS_PER_FOLDING, init=False)
    _rest: bool = field(default=False, init=False)
    """A thread has folded what there was when it began, and its rest is to follow."""
    _thread: Thread | None = field(default=None, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def wrote(self, records: int) -> None:
        """A unit was committed."""
        with self._lock:
            self._since += max(records, RECORDS_LIKE_ANY_UNIT)

    def fold_if_due(self) -> None:
        """Call it outside any transaction."""
        with self._lock:
            under_way, rest = self._thread, self._rest
            if under_way is None and not rest and self._since >= RECORDS_PER_FOLDING:
                self._since = 0
                self._thread = Thread(target=self._fold_aside, name="monitr-fold", daemon=True)
                self._thread.start()
            late = self._since >= RECORDS_BEHIND_MAX
        if under_way is not None and late:
            under_way.join()
            rest = True
        if rest:
            with self._lock:
                self._rest = False
            self._fold()

    def close(self) -> None:
        """Wait for what is under way."""
        with self._lock:
            under_way = self._thread
        if under_way is not None:
            under_way.join()

    def _fold_aside(self) -> None:
        self._fold()
        with self._lock:
            self._rest = True
            self._thread = None

    def _fold(self) -> None:
        """As far as it can be: the units are committed, and one that finds no room will tell.

        On a connection of its own: one that units take in turns would have each of them keep
        pages of the books.
        """
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path)) as driver:
            driver.execute(FOLD).fetchall()

"""When the write-ahead log is folded into the file: after units, never by a commit.

Folding waits for the disk most of its time, so a thread of its own does it while units go on
writing. What they wrote meanwhile keeps the log from beginning anew. Now and then that rest, a
small part of the whole, is folded between two units. So the log stays bounded, and importing
hardly waits for it.
"""

import sqlite3
from contextlib import closing, suppress
from threading import Lock, Thread
from typing import Final

from attrs import define, field

FRAMES_PER_FOLDING: Final = 8_000
"""Pages written to the log until it is folded, some 32 MiB. A unit that is committed while the disk
takes in more than that waits for it, lock in hand: 100 ms have been seen at 25,000. Fewer would
write pages more often that many units touch.
"""

FRAMES_KEPT: Final = 24_000
"""So long may the log become before a unit folds the rest, and waits twice for the disk with it."""

CHANGES_PER_FOLDING_MAX: Final = 16_000
"""Rows changed until the log is folded, as long as nobody knows how many pages that takes."""

CHANGES_PER_FOLDING_MIN: Final = 1_000
"""Folding more often than that would wait for the disk more than it spares others."""

BEHIND_MAX: Final = 3
"""Written while a folding is under way, in foldings; then the disk is slower than the writing,
which waits."""

CHANGES_LIKE_ANY_UNIT: Final = 100
"""A unit that changes fewer rows counts as so many."""

FOLD: Final = "PRAGMA wal_checkpoint(PASSIVE)"
"""Waits for nobody and lets others read and write meanwhile."""


@define
class Folding:
    """Folds the log of one file for all connections of a process. It is due at the first unit:
    nobody knows what was there before. Nor what other processes write: then it folds sooner.
    """

    _path: str
    _due: int = field(default=CHANGES_PER_FOLDING_MAX, init=False)
    """Changes of a folding: learned, since large books have their changes on many pages."""
    _since: int = field(default=CHANGES_PER_FOLDING_MAX, init=False)
    """Changes since a folding began."""
    _in_log: int = field(default=0, init=False)
    """Changes since the log began anew."""
    _rest: bool = field(default=False, init=False)
    """The log is long. What a thread left of it is to be folded, so that it begins anew."""
    _thread: Thread | None = field(default=None, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    @property
    def due(self) -> int:
        """After so many changes the log is folded."""
        return self._due

    def wrote(self, changes: int) -> None:
        """A unit was committed that changed so many rows."""
        with self._lock:
            counted = max(changes, CHANGES_LIKE_ANY_UNIT)
            self._since += counted
            self._in_log += counted

    def fold_if_due(self) -> None:
        """Call it outside any transaction."""
        with self._lock:
            under_way, rest = self._thread, self._rest
            if under_way is None and not rest and self._since >= self._due:
                self._since = 0
                self._thread = Thread(target=self._fold_aside, name="monitr-fold", daemon=True)
                self._thread.start()
            late = self._since >= BEHIND_MAX * self._due
        if under_way is not None and late:
            under_way.join()
            rest = True
        if rest:
            with self._lock:
                self._rest = False
                self._since = 0
            self._fold()

    def close(self) -> None:
        """Wait for what is under way."""
        with self._lock:
            under_way = self._thread
        if under_way is not None:
            under_way.join()

    def _fold_aside(self) -> None:
        frames = self._fold()
        with self._lock:
            self._rest = frames >= FRAMES_KEPT
            self._thread = None

    def _fold(self) -> int:
        """As far as it can be: the units are committed, and one that finds no room will tell.
        Pages in the log, 0 where nobody knows.

        On a connection of its own: one that units take in turns would have each of them keep
        pages of the books.
        """
        changes = self._in_log
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path)) as driver:
            _, frames, folded = driver.execute(FOLD).fetchone()
            self._learn(changes, frames, folded)
            return int(frames)
        return 0

    def _learn(self, changes: int, frames: int, folded: int) -> None:
        """So many changes made so many pages of log, and how many of these are folded now."""
        with self._lock:
            if changes >= CHANGES_PER_FOLDING_MIN and frames > 0:
                fitting = FRAMES_PER_FOLDING * changes // frames
                self._due = min(max(fitting, CHANGES_PER_FOLDING_MIN), CHANGES_PER_FOLDING_MAX)
            if folded == frames and self._in_log == changes:
                self._in_log = 0  # nothing came meanwhile: the next unit begins the log anew

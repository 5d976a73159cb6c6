"""Call budgets, in memory and in a small SQLite file of their own.

The file is not the books' database: a call is counted before it leaves, while an import holds the
books' write lock, and neither may wait for the other. Losing it loses only counts of calls: the
provider then says itself (429) what this file would have foreseen.
"""

import json
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import define, evolve, field

from adapters.storage.call_windows import Spent, Told, Window, added, instant_of, us_of, window_of
from adapters.storage.sqlite_failures import SmallFile, is_busy
from core.domain.failures import FixSettings
from core.ports.budget import Left
from core.ports.environment import Clock
from core.ports.provider import Limit

FILE_NAME: Final = "budgets.sqlite3"
SCHEMA_VERSION: Final = 1
BUSY_SECONDS: Final = 5.0
"""A count takes well under a millisecond; waiting longer means something is stuck."""
FORGET_SECONDS: Final = 62 * 24 * 3600
"""Calls of scopes nobody uses any more go when the file is opened: two of the longest windows."""
_RETRY_SECONDS: Final = 0.01
_LOST: Final = "only the count of recent calls is lost"

_SCHEMA: Final = """
CREATE TABLE spent (
    bucket TEXT NOT NULL, at_us INTEGER NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY (bucket, at_us)
) WITHOUT ROWID;
CREATE TABLE told (
    bucket TEXT NOT NULL PRIMARY KEY, remaining INTEGER NOT NULL, resets_at_us INTEGER NOT NULL
) WITHOUT ROWID;
"""


class _Ledger(ABC):
    """What was spent and what was told, per bucket, for the time of one turn."""

    @abstractmethod
    def buckets(self) -> Sequence[str]:
        """Every bucket something is remembered of."""

    @abstractmethod
    def spent(self, bucket: str) -> Sequence[Spent]:
        """In order of time."""

    @abstractmethod
    def add(self, bucket: str, at_us: int, *, forget_until_us: int) -> None:
        """One more call; what is older than ``forget_until_us`` goes."""

    @abstractmethod
    def replace(self, bucket: str, spent: Sequence[Spent]) -> None: ...

    @abstractmethod
    def told(self, bucket: str) -> Told | None: ...

    @abstractmethod
    def tell(self, bucket: str, told: Told | None) -> None: ...


class _Budgets(ABC):
    """Implements core.ports.budget.Budgets over a ledger that one caller has at a time."""

    clock: Clock

    @abstractmethod
    def _turn(self) -> AbstractContextManager[_Ledger]: ...

    def spend(self, scope: str, limits: Sequence[Limit]) -> datetime | None:
        windows = _windows(scope, limits)
        with self._turn() as ledger:
            now_us = us_of(self.clock.now())  # inside the turn, so remembered in order
            told: dict[str, Told | None] = {}
            free_us: list[int] = []
            for bucket, window in windows.items():
                told[bucket] = _told(ledger, bucket, window, now_us)
                free_us.extend(_free_at(ledger, bucket, window, told[bucket], now_us))
            if free_us:
                return instant_of(max(free_us))
            for bucket, window in windows.items():
                stamp_us, until_us = window.stamp(now_us), window.kept_after(now_us)
                ledger.add(bucket, stamp_us, forget_until_us=until_us)
                if (was := told[bucket]) is not None:
                    ledger.tell(bucket, evolve(was, remaining=was.remaining - 1))
        return None

    def learn(self, scope: str, limit: Limit, *, remaining: int, resets_at: datetime) -> None:
        window = window_of(limit)
        bucket = _bucket(scope, limit)
        with self._turn() as ledger:
            now_us = us_of(self.clock.now())
            before = _told(ledger, bucket, window, now_us)
            said = window.told_now(Told(remaining, us_of(resets_at)), now_us)
            ledger.tell(bucket, window.lower(before, said))

    def left(self, prefix: str, limits: Sequence[Limit]) -> Sequence[Left]:
        with self._turn() as ledger:
            now_us = us_of(self.clock.now())
            known = set(ledger.buckets())
            scopes = sorted({str(json.loads(bucket)[0]) for bucket in known})
            return [
                _left(ledger, bucket, scope, limit, now_us)
                for scope in scopes
                if scope.startswith(prefix)
                for limit in limits
                if (bucket := _bucket(scope, limit)) in known
            ]


def _left(ledger: _Ledger, bucket: str, scope: str, limit: Limit, now_us: int) -> Left:
    window = window_of(limit)
    told = _told(ledger, bucket, window, now_us)
    free_us = list(_free_at(ledger, bucket, window, told, now_us))
    calls = window.left(ledger.spent(bucket), now_us)
    if told is not None:
        calls = min(calls, max(0, told.remaining))
    return Left(
        scope=scope,
        limit=limit,
        calls=calls,
        free_at=instant_of(max(free_us)) if free_us else None,
    )


def _bucket(scope: str, limit: Limit) -> str:
    return json.dumps([scope, limit.scope, limit.seconds])


def _windows(scope: str, limits: Sequence[Limit]) -> Mapping[str, Window]:
    """By bucket. Of two limits on the same window the stricter counts."""
    windows: dict[str, Window] = {}
    for limit in limits:
        bucket, window = _bucket(scope, limit), window_of(limit)
        other = windows.setdefault(bucket, window)
        if window.calls < other.calls:
            windows[bucket] = window
    return windows


def _told(ledger: _Ledger, bucket: str, window: Window, now_us: int) -> Told | None:
    before = ledger.told(bucket)
    now = window.told_now(before, now_us)
    if now != before:
        ledger.tell(bucket, now)
    return now


def _free_at(
    ledger: _Ledger, bucket: str, window: Window, told: Told | None, now_us: int
) -> Iterator[int]:
    """Instants before which this window lets no call leave; none when one may."""
    before = ledger.spent(bucket)
    spent = window.settled(before, now_us)
    if spent is not before:
        ledger.replace(bucket, spent)
    if (free_us := window.free_at(spent, now_us)) is not None:
        yield free_us
    if told is not None and told.remaining <= 0:
        yield told.resets_at_us


@define
class _MemoryLedger(_Ledger):
    _spent: dict[str, Sequence[Spent]] = field(factory=dict)
    _told: dict[str, Told] = field(factory=dict)

    def buckets(self) -> Sequence[str]:
        return [*self._spent, *self._told]

    def spent(self, bucket: str) -> Sequence[Spent]:
        return self._spent.get(bucket, [])

    def add(self, bucket: str, at_us: int, *, forget_until_us: int) -> None:
        spent = added(self.spent(bucket), Spent(at_us, 1))
        self._spent[bucket] = [each for each in spent if each.at_us > forget_until_us]

    def replace(self, bucket: str, spent: Sequence[Spent]) -> None:
        self._spent[bucket] = spent

    def told(self, bucket: str) -> Told | None:
        return self._told.get(bucket)

    def tell(self, bucket: str, told: Told | None) -> None:
        if told is None:
            self._told.pop(bucket, None)
        else:
            self._told[bucket] = told


@define
class MemoryBudgets(_Budgets):
    """For one process; forgotten when it ends. Safe for threads."""

    clock: Clock
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _ledger: _MemoryLedger = field(factory=_MemoryLedger, init=False, repr=False)

    @contextmanager
    def _turn(self) -> Iterator[_Ledger]:
        with self._lock:
            yield self._ledger


@define
class _SqlLedger(_Ledger):
    _rows: sqlite3.Connection

    def buckets(self) -> Sequence[str]:
        found = self._rows.execute("SELECT bucket FROM spent UNION SELECT bucket FROM told")
        return [bucket for (bucket,) in found]

    def spent(self, bucket: str) -> Sequence[Spent]:
        found = self._rows.execute(
            "SELECT at_us, calls FROM spent WHERE bucket = ? ORDER BY at_us", (bucket,)
        )
        return [Spent(at_us, calls) for at_us, calls in found]

    def add(self, bucket: str, at_us: int, *, forget_until_us: int) -> None:
        self._rows.execute(
            "INSERT INTO spent VALUES (?, ?, 1)"
            " ON CONFLICT (bucket, at_us) DO UPDATE SET calls = calls + 1",
            (bucket, at_us),
        )
        self._rows.execute(
            "DELETE FROM spent WHERE bucket = ? AND at_us <= ?", (bucket, forget_until_us)
        )

    def replace(self, bucket: str, spent: Sequence[Spent]) -> None:
        self._rows.execute("DELETE FROM spent WHERE bucket = ?", (bucket,))
        self._rows.executemany(
            "INSERT INTO spent VALUES (?, ?, ?)",
            [(bucket, each.at_us, each.calls) for each in spent],
        )

    def told(self, bucket: str) -> Told | None:
        found = self._rows.execute(
            "SELECT remaining, resets_at_us FROM told WHERE bucket = ?", (bucket,)
        ).fetchone()
        return None if found is None else Told(*found)

    def tell(self, bucket: str, told: Told | None) -> None:
        if told is None:
            self._rows.execute("DELETE FROM told WHERE bucket = ?", (bucket,))
        else:
            self._rows.execute(
                "INSERT OR REPLACE INTO told VALUES (?, ?, ?)",
                (bucket, told.remaining, told.resets_at_us),
            )


class SqlBudgets(_Budgets):
    """Shared by every process that names the same file. Safe for threads; close it after use.

    FixSettings when the file cannot be used (rights, full disk, damage, a newer version);
    TryAgain when another process holds it for longer than ``BUSY_SECONDS``.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.clock = clock
        self._file = SmallFile(path=path, name="call budget", lost=_LOST, code="budgets")
        self._lock = threading.Lock()
        with self._failures_named():
            self._rows = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self._failures_named():
                self._prepare()
        except BaseException:
            self._rows.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._rows.close()

    @contextmanager
    def _turn(self) -> Iterator[_Ledger]:
        with self._lock, self._failures_named(), self._transaction():
            yield _SqlLedger(self._rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._rows.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._rows.in_transaction:
                self._rows.execute("ROLLBACK")
            raise
        self._rows.execute("COMMIT")

    def _prepare(self) -> None:
        self._write_ahead()
        # A power cut may forget the last calls; a process that dies forgets none.
        self._rows.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            (version,) = self._rows.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise FixSettings(
                    f"{self._file.path} was written by a newer Monitr: update this one, or remove "
                    f"that file ({_LOST}).",
                    detail=f"schema {version}, known {SCHEMA_VERSION}",
                    code="budgets-from-newer-version",
                )
            if version == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._rows.execute(statement)
                self._rows.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            horizon_us = us_of(self.clock.now()) - FORGET_SECONDS * 1_000_000
            self._rows.execute("DELETE FROM spent WHERE at_us < ?", (horizon_us,))
            self._rows.execute("DELETE FROM told WHERE resets_at_us < ?", (horizon_us,))

    def _write_ahead(self) -> None:
        """SQLite does not wait for other processes that open a new file at the same time here."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._rows.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._file.failure(error) from error

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

from adapters.storage.call_ledgers import (
    SCHEMA_STEPS,
    SCHEMA_VERSION,
    Ledger,
    MemoryLedger,
    SqlLedger,
)
from adapters.storage.call_windows import Told, Window, instant_of, us_of, window_of
from adapters.storage.fair_shares import (
    LONG,
    SHORT,
    Patience,
    after_call,
    lapse_of_claims,
    sent_away,
)
from adapters.storage.sqlite_failures import SmallFile, is_busy
from core.domain.failures import FixSettings
from core.ports.budget import NOBODY, Charge, Left, NotNow
from core.ports.environment import Clock
from core.ports.provider import Limit

FILE_NAME: Final = "budgets.sqlite3"
BUSY_SECONDS: Final = 5.0
"""A count takes well under a millisecond; waiting longer means something is stuck."""
FORGET_SECONDS: Final = 62 * 24 * 3600
"""Calls of scopes nobody uses any more go when the file is opened: two of the longest windows."""
PASSING_US: Final = 250_000
"""Between two looks at what is only for a moment: calls under way, turns of other parties."""
_RETRY_SECONDS: Final = 0.01
_LOST: Final = "only the count of recent calls is lost"


class _Budgets(ABC):
    """Implements core.ports.budget.Budgets over a ledger that one caller has at a time."""

    clock: Clock

    @abstractmethod
    def _turn(self) -> AbstractContextManager[Ledger]: ...

    def spend(self, scope: str, limits: Sequence[Limit]) -> datetime | None:
        windows = tuple(limit for limit in limits if not limit.at_once)
        refusal = self.take([Charge(scope=scope, limits=windows)], call="", seconds=0.0)
        return None if refusal is None else refusal.at

    def take(
        self, charges: Sequence[Charge], *, call: str, seconds: float, party: str = NOBODY
    ) -> NotNow | None:
        windows, slots = _windows(charges), _slots(charges)
        with self._turn() as ledger:
            now_us = us_of(self.clock.now())  # inside the turn, so remembered in order
            asked = _Asked(ledger, windows, party, now_us)
            refusal = asked.refused() or _busy(ledger, slots, now_us) or asked.unfair()
            if refusal is not None:
                return refusal
            asked.count()
            for bucket in slots:
                ledger.begin(bucket, call, now_us + round(seconds * 1_000_000))
        return None

    def end(self, charges: Sequence[Charge], *, call: str) -> None:
        slots = _slots(charges)
        if not slots:
            return
        with self._turn() as ledger:
            for bucket in slots:
                ledger.end(bucket, call)

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


@define
class _Asked:
    """One call that somebody asks for: against which windows, and when."""

    ledger: Ledger
    windows: Mapping[str, Window]
    party: str
    now_us: int
    told: dict[str, Told | None] = field(factory=dict, init=False)

    def refused(self) -> NotNow | None:
        """By a window that is full. Who is sent away is remembered until it may come back."""
        free_us: list[int] = []
        for bucket, window in self.windows.items():
            self.told[bucket] = _told(self.ledger, bucket, window, self.now_us)
            full_until = [*_free_at(self.ledger, bucket, window, self.told[bucket], self.now_us)]
            if full_until:
                self._send_away(bucket, window, max(full_until))
            free_us.extend(full_until)
        return NotNow(at=instant_of(max(free_us))) if free_us else None

    def unfair(self) -> NotNow | None:
        """By the claims of other parties on what is left."""
        for bucket, window in self.windows.items():
            lapse_us = lapse_of_claims(
                self.ledger.parties(bucket, self.now_us),
                self.party,
                left=_calls_left(self.ledger, bucket, window, self.told[bucket], self.now_us),
                window_us=window.aligned(self.now_us),
            )
            if lapse_us is None:
                continue
            self._send_away(bucket, window, lapse_us)
            if window.is_fixed:
                return NotNow(at=instant_of(lapse_us))
            return NotNow(at=instant_of(min(lapse_us, self.now_us + PASSING_US)), passing=True)
        return None

    def count(self) -> None:
        for bucket, window in self.windows.items():
            stamp_us, until_us = window.stamp(self.now_us), window.kept_after(self.now_us)
            self.ledger.add(bucket, stamp_us, forget_until_us=until_us)
            if (was := self.told[bucket]) is not None:
                self.ledger.tell(bucket, evolve(was, remaining=was.remaining - 1))
            before = self.ledger.parties(bucket, self.now_us).get(self.party)
            now_us, patience = self.now_us, _patience(window)
            party = after_call(before, window.aligned(now_us), now_us, patience)
            self.ledger.set_party(bucket, self.party, party)

    def _send_away(self, bucket: str, window: Window, until_us: int) -> None:
        before = self.ledger.parties(bucket, self.now_us).get(self.party)
        party = sent_away(before, window.aligned(self.now_us), until_us, _patience(window))
        self.ledger.set_party(bucket, self.party, party)


def _patience(window: Window) -> Patience:
    return LONG if window.is_fixed else SHORT


def _busy(ledger: Ledger, slots: Mapping[str, int], now_us: int) -> NotNow | None:
    """By calls under way. Nobody knows when they end: asked again in a moment."""
    for bucket, calls in slots.items():
        under_way = ledger.under_way(bucket, now_us)
        if len(under_way) >= calls:
            soon_us = min(now_us + PASSING_US, *under_way.values())
            return NotNow(at=instant_of(soon_us), passing=True)
    return None


def _left(ledger: Ledger, bucket: str, scope: str, limit: Limit, now_us: int) -> Left:
    if limit.at_once:
        under_way = ledger.under_way(bucket, now_us)
        calls = max(0, limit.calls - len(under_way))
        free_at = None if calls else instant_of(min(under_way.values()))
        return Left(scope=scope, limit=limit, calls=calls, free_at=free_at)
    window = window_of(limit)
    told = _told(ledger, bucket, window, now_us)
    free_us = list(_free_at(ledger, bucket, window, told, now_us))
    return Left(
        scope=scope,
        limit=limit,
        calls=_calls_left(ledger, bucket, window, told, now_us),
        free_at=instant_of(max(free_us)) if free_us else None,
    )


def _calls_left(ledger: Ledger, bucket: str, window: Window, told: Told | None, now_us: int) -> int:
    calls = window.left(ledger.spent(bucket), now_us)
    return calls if told is None else min(calls, max(0, told.remaining))


def _bucket(scope: str, limit: Limit) -> str:
    return json.dumps([scope, limit.scope, limit.seconds])


def _windows(charges: Sequence[Charge]) -> Mapping[str, Window]:
    """By bucket. Of two limits on the same window the stricter counts."""
    windows: dict[str, Window] = {}
    for charge in charges:
        for limit in charge.limits:
            if limit.at_once:
                continue
            bucket, window = _bucket(charge.scope, limit), window_of(limit)
            other = windows.setdefault(bucket, window)
            if window.calls < other.calls:
                windows[bucket] = window
    return windows


def _slots(charges: Sequence[Charge]) -> Mapping[str, int]:
    """Calls allowed at once, by bucket; of two limits the stricter counts."""
    slots: dict[str, int] = {}
    for charge in charges:
        for limit in charge.limits:
            if limit.at_once:
                bucket = _bucket(charge.scope, limit)
                slots[bucket] = min(limit.calls, slots.get(bucket, limit.calls))
    return slots


def _told(ledger: Ledger, bucket: str, window: Window, now_us: int) -> Told | None:
    before = ledger.told(bucket)
    now = window.told_now(before, now_us)
    if now != before:
        ledger.tell(bucket, now)
    return now


def _free_at(
    ledger: Ledger, bucket: str, window: Window, told: Told | None, now_us: int
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
class MemoryBudgets(_Budgets):
    """For one process; forgotten when it ends. Safe for threads."""

    clock: Clock
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _ledger: MemoryLedger = field(factory=MemoryLedger, init=False, repr=False)

    @contextmanager
    def _turn(self) -> Iterator[Ledger]:
        with self._lock:
            yield self._ledger


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
    def _turn(self) -> Iterator[Ledger]:
        with self._lock, self._failures_named(), self._transaction():
            yield SqlLedger(self._rows)

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
            if version < SCHEMA_VERSION:
                for statement in filter(str.strip, "".join(SCHEMA_STEPS[version:]).split(";")):
                    self._rows.execute(statement)
                self._rows.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            horizon_us = us_of(self.clock.now()) - FORGET_SECONDS * 1_000_000
            self._rows.execute("DELETE FROM spent WHERE at_us < ?", (horizon_us,))
            self._rows.execute("DELETE FROM told WHERE resets_at_us < ?", (horizon_us,))
            self._rows.execute("DELETE FROM under_way WHERE until_us < ?", (horizon_us,))
            self._rows.execute("DELETE FROM parties WHERE until_us < ?", (horizon_us,))

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

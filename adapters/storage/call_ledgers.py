"""What call budgets remember: of which calls, of what providers said, of who wants calls.

Instants are whole microseconds since 1970 UTC, as in ``call_windows``.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import define, field

from adapters.storage.call_windows import Spent, Told, added
from adapters.storage.fair_shares import Party

SCHEMA_VERSION: Final = 2

SCHEMA_1: Final = """
CREATE TABLE spent (
    bucket TEXT NOT NULL, at_us INTEGER NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY (bucket, at_us)
) WITHOUT ROWID;
CREATE TABLE told (
    bucket TEXT NOT NULL PRIMARY KEY, remaining INTEGER NOT NULL, resets_at_us INTEGER NOT NULL
) WITHOUT ROWID;
"""
SCHEMA_2: Final = """
CREATE TABLE under_way (
    bucket TEXT NOT NULL, call TEXT NOT NULL, until_us INTEGER NOT NULL,
    PRIMARY KEY (bucket, call)
) WITHOUT ROWID;
CREATE TABLE parties (
    bucket TEXT NOT NULL, party TEXT NOT NULL, window_us INTEGER NOT NULL, calls INTEGER NOT NULL,
    until_us INTEGER NOT NULL,
    PRIMARY KEY (bucket, party)
) WITHOUT ROWID;
"""
SCHEMA_STEPS: Final = (SCHEMA_1, SCHEMA_2)
"""Step n takes a file from version n to n + 1."""


class Ledger(ABC):
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

    @abstractmethod
    def under_way(self, bucket: str, now_us: int) -> Mapping[str, int]:
        """By name of the call, until when it counts at most; those that are over are gone."""

    @abstractmethod
    def begin(self, bucket: str, call: str, until_us: int) -> None: ...

    @abstractmethod
    def end(self, bucket: str, call: str) -> None: ...

    @abstractmethod
    def parties(self, bucket: str, now_us: int) -> Mapping[str, Party]:
        """Who wants calls now; those whose interest is over are gone."""

    @abstractmethod
    def set_party(self, bucket: str, name: str, party: Party) -> None: ...


@define
class MemoryLedger(Ledger):
    _spent: dict[str, Sequence[Spent]] = field(factory=dict)
    _told: dict[str, Told] = field(factory=dict)
    _under_way: dict[str, dict[str, int]] = field(factory=dict)
    _parties: dict[str, dict[str, Party]] = field(factory=dict)

    def buckets(self) -> Sequence[str]:
        return [*self._spent, *self._told, *self._under_way]

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

    def under_way(self, bucket: str, now_us: int) -> Mapping[str, int]:
        calls = self._under_way.get(bucket, {})
        calls = {call: until_us for call, until_us in calls.items() if until_us > now_us}
        self._under_way[bucket] = calls
        return calls

    def begin(self, bucket: str, call: str, until_us: int) -> None:
        self._under_way.setdefault(bucket, {})[call] = until_us

    def end(self, bucket: str, call: str) -> None:
        self._under_way.get(bucket, {}).pop(call, None)

    def parties(self, bucket: str, now_us: int) -> Mapping[str, Party]:
        parties = self._parties.get(bucket, {})
        parties = {name: party for name, party in parties.items() if party.until_us > now_us}
        self._parties[bucket] = parties
        return parties

    def set_party(self, bucket: str, name: str, party: Party) -> None:
        self._parties.setdefault(bucket, {})[name] = party


@define
class SqlLedger(Ledger):
    _rows: sqlite3.Connection

    def buckets(self) -> Sequence[str]:
        found = self._rows.execute(
            "SELECT bucket FROM spent UNION SELECT bucket FROM told"
            " UNION SELECT bucket FROM under_way"
        )
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

    def under_way(self, bucket: str, now_us: int) -> Mapping[str, int]:
        self._rows.execute(
            "DELETE FROM under_way WHERE bucket = ? AND until_us <= ?", (bucket, now_us)
        )
        found = self._rows.execute(
            "SELECT call, until_us FROM under_way WHERE bucket = ?", (bucket,)
        )
        return dict(found.fetchall())

    def begin(self, bucket: str, call: str, until_us: int) -> None:
        self._rows.execute(
            "INSERT OR REPLACE INTO under_way VALUES (?, ?, ?)", (bucket, call, until_us)
        )

    def end(self, bucket: str, call: str) -> None:
        self._rows.execute("DELETE FROM under_way WHERE bucket = ? AND call = ?", (bucket, call))

    def parties(self, bucket: str, now_us: int) -> Mapping[str, Party]:
        self._rows.execute(
            "DELETE FROM parties WHERE bucket = ? AND until_us <= ?", (bucket, now_us)
        )
        found = self._rows.execute(
            "SELECT party, window_us, calls, until_us FROM parties WHERE bucket = ?",
            (bucket,),
        )
        return {
            name: Party(window_us=window_us, calls=calls, until_us=until_us)
            for name, window_us, calls, until_us in found
        }

    def set_party(self, bucket: str, name: str, party: Party) -> None:
        self._rows.execute(
            "INSERT OR REPLACE INTO parties VALUES (?, ?, ?, ?, ?)",
            (bucket, name, party.window_us, party.calls, party.until_us),
        )

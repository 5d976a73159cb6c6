"""What was seen of a coverage that spans several batches, kept across workers.

Marks (one slim row per key) are only kept where something could be unseen: a coverage that began
while nothing of its scope was held is *fresh*. While it is, "seen" and "held" are the same set;
the first step that would make them differ writes the marks down after all.

Two lists of things to look at when settling live here too: entries that may have no line, and
invoices whose entry may not be there. They may name too much, never too little.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from attrs import define, frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    select,
    update,
)

from adapters.storage.sql.book_tables import CoverageRow, MarkRow
from adapters.storage.sql.remembering import Prepared
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.shapes import RECORD_SHAPES, Values
from adapters.storage.sql.statements import delete_keys, insert_rows, new_text
from core.domain.books import Everything, RecordKind, Window

COVERAGES: Final = table_of(CoverageRow)
MARKS: Final = table_of(MarkRow)

_OPEN: Final = Prepared(
    select(COVERAGES.c.scope, COVERAGES.c.id, COVERAGES.c.fresh).where(
        COVERAGES.c.ledger == bindparam("ledger")
    )
)

LINELESS: Final = "entries that may have no line"
ENTRYLESS: Final = "invoices that may have no entry"


@frozen
class Scope:
    """What a coverage speaks of. ``first`` and ``last_day`` bound the dates of a window."""

    kind: RecordKind
    first: str | None = None
    last_day: str | None = None

    @property
    def name(self) -> str:
        if self.first is None:
            return f"everything {self.kind.value}"
        return f"window {self.first} {self.last_day}"

    def holds_date(self, date: str) -> bool:
        if self.first is None or self.last_day is None:
            return True
        return self.first <= date <= self.last_day

    def held(self, ledger: int) -> ColumnElement[bool]:
        """Condition on the kind's table: live and in scope."""
        table = RECORD_SHAPES[self.kind].table
        held = and_(table.c.ledger == ledger, table.c.to_generation.is_(None))
        if self.first is not None:
            held = and_(held, table.c.date.between(self.first, self.last_day))
        return held


def scope_of(coverage: Everything | Window) -> Scope:
    if isinstance(coverage, Everything):
        return Scope(coverage.kind)
    return Scope(RecordKind.ENTRY, coverage.first.isoformat(), coverage.last_day.isoformat())


def scope_named(name: str) -> Scope | None:
    """The scope of a stored coverage; None for the lists kept for settling."""
    word, _, rest = name.partition(" ")
    if word == "everything":
        return Scope(RecordKind(rest))
    if word == "window":
        first, last_day = rest.split(" ")
        return Scope(RecordKind.ENTRY, first, last_day)
    return None


@define
class _Open:
    id: int
    fresh: bool


class Coverages:
    """The open coverages of one ledger."""

    def __init__(self, connection: Connection, ledger: int) -> None:
        self._connection = connection
        self._ledger = ledger
        self._open = {
            scope: _Open(number, bool(fresh))
            for scope, number, fresh in _OPEN.rows(connection, ledger=ledger)
        }

    def begin(self, scope: Scope, *, nothing_held: bool) -> None:
        """Open the coverage unless it is; ``nothing_held`` of its kind spares a look."""
        if scope.name in self._open:
            return
        fresh = nothing_held
        if not fresh and scope.first is not None:
            table = RECORD_SHAPES[scope.kind].table
            some = select(literal(1)).select_from(table).where(scope.held(self._ledger)).limit(1)
            fresh = self._connection.execute(some).first() is None
        self._add(scope.name, fresh=fresh)

    def forget(self, scope: Scope) -> None:
        """What was seen of it, by a reading that never ended, counts for nothing."""
        held = self._open.pop(scope.name, None)
        if held is not None:
            self._drop(held.id)

    def about_to_write(
        self,
        kind: RecordKind,
        upserts: Iterable[tuple[str, Values]],
        covered: Collection[Scope],
        *,
        date_at: int | None,
    ) -> None:
        """Write down what was seen where these records would blur it."""
        rows: list[tuple[str, Values]] | None = None
        for scope in self._fresh(kind):
            if scope in covered:
                if scope.first is None or date_at is None:
                    continue
                rows = list(upserts) if rows is None else rows
                if all(scope.holds_date(str(values[date_at])) for _, values in rows):
                    continue
            self._write_down(scope)

    def about_to_remove(self, kind: RecordKind) -> None:
        """Write down what was seen before something of the kind goes."""
        for scope in self._fresh(kind):
            self._write_down(scope)

    def see(self, scope: Scope, sent: Collection[str], present: Collection[str]) -> None:
        """These keys were seen."""
        if present:
            self._write_down(scope)
        held = self._open[scope.name]
        if not held.fresh:
            self._mark(held.id, {*sent, *present})

    def unseen(self, scope: Scope, limit: int) -> list[str]:
        """Up to so many keys held in it that were not seen. Its end was: they are to go."""
        held = self._open[scope.name]
        if held.fresh:
            return []
        table = RECORD_SHAPES[scope.kind].table
        seen = exists().where(MARKS.c.coverage == held.id, MARKS.c.key == table.c.key)
        query = select(table.c.key).where(scope.held(self._ledger), ~seen).limit(limit)
        return list(self._connection.execute(query).scalars())

    def finish(self, scope: Scope) -> None:
        """Everything that was not seen is gone: it is over."""
        held = self._open.pop(scope.name, None)
        if held is not None:
            self._drop(held.id)

    def note(self, listing: str, keys: Collection[str]) -> None:
        """Put keys on a list for settling."""
        if not keys:
            return
        if listing not in self._open:
            self._add(listing, fresh=False)
        self._mark(self._open[listing].id, keys)

    def unnote(self, listing: str, keys: Collection[str]) -> None:
        """Take keys off a list for settling."""
        held = self._open.get(listing)
        if held is None or not keys:
            return
        delete_keys(self._connection, MARKS, held.id, sorted(keys))

    def noted(self, listing: str) -> int | None:
        """The id of a list's marks; None when nothing is on it."""
        held = self._open.get(listing)
        return None if held is None else held.id

    def clear(self) -> None:
        """Forget all of it (marks go with their coverage)."""
        self._open.clear()
        self._connection.execute(delete(COVERAGES).where(COVERAGES.c.ledger == self._ledger))

    def _fresh(self, kind: RecordKind) -> Iterator[Scope]:
        for name, held in list(self._open.items()):
            scope = scope_named(name) if held.fresh else None
            if scope is not None and scope.kind is kind:
                yield scope

    def _write_down(self, scope: Scope) -> None:
        held = self._open[scope.name]
        if not held.fresh:
            return
        table: Table = RECORD_SHAPES[scope.kind].table
        keys = select(literal(held.id), table.c.key).where(scope.held(self._ledger))
        self._connection.execute(insert(MARKS).from_select(["coverage", "key"], keys))
        change = update(COVERAGES).where(COVERAGES.c.id == held.id).values(fresh=False)
        self._connection.execute(change)
        held.fresh = False

    def _add(self, name: str, *, fresh: bool) -> None:
        result = self._connection.execute(
            insert(COVERAGES).values(ledger=self._ledger, scope=name, fresh=fresh)
        )
        key = result.inserted_primary_key
        assert key is not None, "an inserted row has a key"
        self._open[name] = _Open(key[0], fresh)

    def _mark(self, coverage: int, keys: Collection[str]) -> None:
        if keys:
            text = new_text(self._connection, MARKS, ("coverage", "key"))
            insert_rows(self._connection, text, [(coverage, key) for key in sorted(keys)])

    def _drop(self, coverage: int) -> None:
        self._connection.execute(delete(COVERAGES).where(COVERAGES.c.id == coverage))

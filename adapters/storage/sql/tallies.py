"""How many records of each kind a generation has, and how it differs from the one before.

Kept up to date while applying, so that neither settling nor counting reads the books.
"""

from typing import Final

from attrs import define
from sqlalchemy import Connection, delete, func, insert, select, update

from adapters.storage.sql.book_tables import TallyRow
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.versions import Written
from core.domain.books import Applied, RecordKind

TALLIES: Final = table_of(TallyRow)


@define
class Tally:
    """Of one kind in one generation."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    live: int = 0


def tallies_at(connection: Connection, ledger: int, generation: int) -> dict[RecordKind, Tally]:
    """The tally of each kind in that generation, every kind present."""
    table = TALLIES
    newest = (
        select(table.c.kind, func.max(table.c.generation).label("generation"))
        .where(table.c.ledger == ledger, table.c.generation <= generation)
        .group_by(table.c.kind)
        .subquery()
    )
    query = select(table).where(
        table.c.ledger == ledger,
        table.c.kind == newest.c.kind,
        table.c.generation == newest.c.generation,
    )
    found = {kind: Tally() for kind in RecordKind}
    for row in connection.execute(query):
        tally = found[RecordKind(row.kind)]
        tally.live = row.live
        if row.generation == generation:
            tally.added, tally.changed, tally.removed = row.added, row.changed, row.removed
    return found


class Tallies:
    """The tallies of the generation being built; ``save`` stores those that moved."""

    def __init__(self, connection: Connection, ledger: int, generation: int) -> None:
        self._connection = connection
        self._key = {"ledger": ledger, "generation": generation}
        self.of = tallies_at(connection, ledger, generation)
        self._moved: set[RecordKind] = set()

    def count(self, kind: RecordKind, written: Written) -> None:
        if not written.moves:
            return
        tally = self.of[kind]
        tally.added += written.tally_added
        tally.changed += written.tally_changed
        tally.removed += written.tally_removed
        tally.live += written.added - written.removed
        self._moved.add(kind)

    def close_all(self) -> None:
        """Nothing stands any more: what the generation before had is removed."""
        for kind, tally in self.of.items():
            tally.removed = tally.live - tally.added + tally.removed
            tally.added = tally.changed = tally.live = 0
            self._moved.add(kind)

    def save(self) -> None:
        for kind in self._moved:
            tally = self.of[kind]
            values = {
                "added": tally.added,
                "changed": tally.changed,
                "removed": tally.removed,
                "live": tally.live,
            }
            mine = [TALLIES.c.kind == kind.value]
            mine += [TALLIES.c[name] == value for name, value in self._key.items()]
            result = self._connection.execute(update(TALLIES).where(*mine).values(**values))
            if result.rowcount == 0:
                row = {**self._key, "kind": kind.value, **values}
                self._connection.execute(insert(TALLIES).values(**row))
        self._moved.clear()

    def discard(self) -> None:
        mine = [TALLIES.c[name] == value for name, value in self._key.items()]
        self._connection.execute(delete(TALLIES).where(*mine))

    def applied(self) -> Applied:
        """How the whole generation differs from the one before."""
        total = Applied()
        for tally in self.of.values():
            total = total.plus(
                Applied(
                    added=tally.added,
                    changed=tally.changed,
                    removed=tally.removed,
                    unchanged=tally.live - tally.added - tally.changed,
                )
            )
        return total

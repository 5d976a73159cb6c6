"""How many records of each kind a generation has, and how it differs from the one before.

Kept up to date while applying, so that neither settling nor counting reads the books.
"""

from typing import Final

from attrs import astuple, define
from sqlalchemy import Connection, bindparam, delete, func, select

from adapters.storage.sql.book_tables import TallyRow
from adapters.storage.sql.remembering import Prepared
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.statements import replace_text
from adapters.storage.sql.versions import Written
from core.domain.books import Applied, RecordKind

TALLIES: Final = table_of(TallyRow)

NUMBERS: Final = ("added", "changed", "removed", "live")
"""Columns of a tally, in the order of its fields."""


@define
class Tally:
    """Of one kind in one generation."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    live: int = 0


_NEWEST: Final = TALLIES.alias("newest")
_AT: Final = Prepared(
    select(TALLIES.c.kind, *(TALLIES.c[name] for name in ("generation", *NUMBERS))).where(
        TALLIES.c.ledger == bindparam("ledger"),
        TALLIES.c.generation
        == select(func.max(_NEWEST.c.generation))
        .where(
            _NEWEST.c.ledger == TALLIES.c.ledger,
            _NEWEST.c.kind == TALLIES.c.kind,
            _NEWEST.c.generation <= bindparam("at"),
        )
        .correlate(TALLIES)
        .scalar_subquery(),
    )
)


def tallies_at(connection: Connection, ledger: int, generation: int) -> dict[RecordKind, Tally]:
    """The tally of each kind in that generation, every kind present."""
    found = {kind: Tally() for kind in RecordKind}
    for kind, own, *numbers in _AT.rows(connection, ledger=ledger, at=generation):
        tally = Tally(*numbers)
        found[RecordKind(kind)] = tally if own == generation else Tally(live=tally.live)
    return found


class Tallies:
    """The tallies of the generation being built; ``save`` stores those that moved."""

    def __init__(self, connection: Connection, ledger: int, generation: int) -> None:
        self._connection = connection
        self._key = (ledger, generation)
        self._save = replace_text(connection, TALLIES, ("ledger", "generation", "kind", *NUMBERS))
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
        if not self._moved:
            return
        rows = [(*self._key, kind.value, *astuple(self.of[kind])) for kind in sorted(self._moved)]
        self._connection.exec_driver_sql(self._save, rows)
        self._moved.clear()

    def discard(self) -> None:
        ledger, generation = self._key
        mine = (TALLIES.c.ledger == ledger, TALLIES.c.generation == generation)
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

"""Closing or forgetting a whole generation, some rows at a time.

What is to be done is a row beside the open coverages, so it survives whoever began it; the place
reached in a walk by key is its one mark. Forgetting comes first: what stood before is then there to
be closed. Readers of published generations notice nothing at any point.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from adapters.storage.sql.coverage import COVERAGES, MARKS
from adapters.storage.sql.versions import Versions

DISCARD: Final = "left: discard"
START_OVER: Final = "left: start over"
"""Names among the scopes of coverages; no coverage is called so."""

ROWS_PER_UNIT: Final = 500
"""Rows closed or deleted in one unit of work; each is in up to eight indexes."""


class Leftovers:
    """What is left to do in one ledger."""

    def __init__(self, connection: Connection, ledger: int) -> None:
        self._connection = connection
        self._ledger = ledger

    def open(self) -> dict[str, int]:
        """Ids by name of what was begun and is not done."""
        query = select(COVERAGES.c.scope, COVERAGES.c.id).where(
            COVERAGES.c.ledger == self._ledger, COVERAGES.c.scope.in_((DISCARD, START_OVER))
        )
        return {row.scope: row.id for row in self._connection.execute(query)}

    def begin(self, name: str) -> None:
        """Remember it until it is done."""
        if name not in self.open():
            values = {"ledger": self._ledger, "scope": name, "fresh": False}
            self._connection.execute(insert(COVERAGES).values(**values))

    def discarded(self, kinds: Sequence[Versions]) -> bool:
        """Forget some rows of the generation; True when none is left."""
        room = ROWS_PER_UNIT
        for versions in kinds:
            room -= versions.discard_some(room)
            if room <= 0:
                return False
        self._done(DISCARD)
        return True

    def closed(self, kinds: Sequence[Versions], task: int) -> bool:
        """Close some more rows; True when none stands any more."""
        place, after = self._reached(task)
        room = ROWS_PER_UNIT
        for at, versions in self._from(kinds, place):
            count, after = versions.close_some(after, room)
            room -= count
            if room <= 0:
                self._connection.execute(delete(MARKS).where(MARKS.c.coverage == task))
                self._connection.execute(insert(MARKS).values(coverage=task, key=f"{at}:{after}"))
                return False
            after = ""
        self._done(START_OVER)
        return True

    @staticmethod
    def _from(kinds: Sequence[Versions], place: int) -> Iterator[tuple[int, Versions]]:
        yield from list(enumerate(kinds))[place:]

    def _reached(self, task: int) -> tuple[int, str]:
        found = self._connection.execute(select(MARKS.c.key).where(MARKS.c.coverage == task))
        place, _, key = (found.scalar_one_or_none() or "0:").partition(":")
        return int(place), key

    def _done(self, name: str) -> None:
        done = delete(COVERAGES).where(
            COVERAGES.c.ledger == self._ledger, COVERAGES.c.scope == name
        )
        self._connection.execute(done)


def discards_left(connection: Connection, limit: int) -> list[int]:
    """Ledgers with a generation that is only half forgotten."""
    query = select(COVERAGES.c.ledger).where(COVERAGES.c.scope == DISCARD).limit(limit)
    return list(connection.execute(query).scalars())

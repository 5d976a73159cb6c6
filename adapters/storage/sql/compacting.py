"""Retention in the database: see core.ports.retention.

Rows of ``generations`` stay for ever, as small as they can be: that a generation existed, and when,
is needed to answer who asks for it. A version is a leftover when no generation that can be read
stands in ``from_generation <= g < to_generation``. Those are found gap by gap: between two kept
generations a < b they are exactly the versions closed in (a, b] that were made after a, so that an
index by ``to_generation`` leads to them.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import Connection, and_, delete, or_, select, update

from adapters.storage.cursors import read_cursor, write_cursor
from adapters.storage.reports import require_all_retired, require_not_newest
from adapters.storage.sql.book_tables import GenerationRow
from adapters.storage.sql.documents import from_json, to_json
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.shapes import ALL_SHAPES
from core.domain.proof import Proof
from core.ports.retention import Leftovers, Mark, VersionRef

GENERATIONS: Final = table_of(GenerationRow)

READABLE: Final = 0
COMPACTED: Final = 1
"""It cannot be read; versions that stood in it alone may still be there."""
SWEPT: Final = 2

TABLES: Final = {shape.table.name: shape.table for shape in ALL_SHAPES}


@frozen
class Gap:
    """Compacted generations between the kept ones ``above`` (0: none) and ``until``."""

    above: int
    until: int


class Compacting:
    """One ledger's retention within one unit of work."""

    def __init__(self, connection: Connection, ledger: int, entity_id: str) -> None:
        self._connection = connection
        self._ledger = ledger
        self._entity_id = entity_id

    def marks(self) -> list[Mark]:
        columns = GENERATIONS.c
        query = select(
            columns.number, columns.published_at, columns.retired_at, columns.compacted
        ).where(columns.ledger == self._ledger)
        return [
            Mark(
                number=row.number,
                published_at=row.published_at,
                retired_at=row.retired_at,
                compacted=row.compacted != READABLE,
                swept=row.compacted == SWEPT,
            )
            for row in self._connection.execute(query.order_by(columns.number))
        ]

    def retire(self, numbers: Collection[int], at: dt.datetime) -> None:
        newest = max((one.number for one in self.marks()), default=0)
        require_not_newest(self._entity_id, numbers, newest)
        self._set(numbers, retired_at=at)

    def restore(self, numbers: Collection[int]) -> None:
        change = update(GENERATIONS).where(
            GENERATIONS.c.ledger == self._ledger,
            GENERATIONS.c.number.in_(numbers),
            GENERATIONS.c.compacted == READABLE,
        )
        self._connection.execute(change.values(retired_at=None))

    def compact(self, numbers: Collection[int]) -> None:
        marks = {one.number: one for one in self.marks()}
        retired = [one.number for one in marks.values() if one.retired_at is not None]
        require_all_retired(self._entity_id, numbers, retired)
        columns = GENERATIONS.c
        query = select(columns.number, columns.proof_json).where(
            columns.ledger == self._ledger,
            columns.number.in_(numbers),
            columns.compacted == READABLE,
        )
        for number, proof_json in self._connection.execute(query).all():
            verdict = Proof(verdict=from_json(proof_json, Proof).verdict)
            self._set([number], compacted=COMPACTED, bookmark=None, proof_json=to_json(verdict))

    def swept(self, numbers: Collection[int]) -> None:
        self._set(numbers, compacted=SWEPT)

    def _set(self, numbers: Collection[int], **values: object) -> None:
        mine = (GENERATIONS.c.ledger == self._ledger, GENERATIONS.c.number.in_(numbers))
        self._connection.execute(update(GENERATIONS).where(*mine).values(**values))

    def _gaps(self, marks: Sequence[Mark]) -> list[Gap]:
        """Those with something to sweep, oldest first."""
        gaps: list[Gap] = []
        above, unswept = 0, False
        for one in marks:
            if one.compacted:
                unswept = unswept or not one.swept
                continue
            if unswept:
                gaps.append(Gap(above, one.number))
            above, unswept = one.number, False
        return gaps

    def leftovers(self, position: str | None, limit: int) -> Leftovers:
        """Gap by gap, table by table, by (closed in, number)."""
        begin = (0, 0, 0, 0)
        if position is not None:
            begin = tuple(  # type: ignore[assignment]  # four numbers by the shape
                read_cursor("leftovers", position, (int, int, int, int))
            )
        found: list[VersionRef] = []
        for gap in self._gaps(self.marks()):
            if gap.until < begin[0]:
                continue
            for at, (name, table) in enumerate(TABLES.items()):
                resumed = gap.until == begin[0]
                if resumed and at < begin[1]:
                    continue
                columns = table.c
                query = select(columns.id, columns.to_generation).where(
                    columns.ledger == self._ledger,
                    columns.to_generation > gap.above,
                    columns.to_generation <= gap.until,
                    columns.from_generation > gap.above,
                )
                if resumed and at == begin[1]:
                    query = query.where(
                        columns.to_generation >= begin[2],
                        or_(
                            columns.to_generation > begin[2],
                            and_(columns.to_generation == begin[2], columns.id > begin[3]),
                        ),
                    )
                wanted = limit - len(found)
                query = query.order_by(columns.to_generation, columns.id).limit(wanted)
                rows = self._connection.execute(query).all()
                found += [(name, row.id) for row in rows]
                if len(rows) == wanted:
                    last = rows[-1]
                    place = (gap.until, at, last.to_generation, last.id)
                    return Leftovers(
                        versions=tuple(found), next_position=write_cursor("leftovers", place)
                    )
        return Leftovers(versions=tuple(found), next_position=None)

    def remove(self, versions: Collection[VersionRef]) -> int:
        """Looked at again: what they were told of may have changed since."""
        marks = self.marks()
        kept = [one.number for one in marks if not one.compacted]
        if not kept:
            return 0
        wanted: dict[str, list[int]] = {}
        for name, number in versions:
            wanted.setdefault(name, []).append(number)
        removed = 0
        for name, numbers in wanted.items():
            columns = TABLES[name].c
            query = select(columns.id, columns.from_generation, columns.to_generation).where(
                columns.id.in_(numbers),
                columns.ledger == self._ledger,
                columns.to_generation.is_not(None),
            )
            gone = [
                row.id
                for row in self._connection.execute(query).all()
                if row.to_generation <= marks[-1].number
                and not _stands(kept, row.from_generation, row.to_generation)
            ]
            if gone:
                self._connection.execute(delete(TABLES[name]).where(columns.id.in_(gone)))
            removed += len(gone)
        return removed


def _stands(kept: Sequence[int], first: int, end: int) -> bool:
    """Whether any kept generation (in order) is in first <= g < end."""
    at = bisect_left(kept, first)
    return at < len(kept) and kept[at] < end

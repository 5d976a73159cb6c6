"""Reading books as of a generation."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from adapters.storage.cursors import read_cursor, write_cursor
from adapters.storage.reports import Sums
from adapters.storage.sql.dialect import contains, not_by_index
from adapters.storage.sql.shapes import (
    ACCOUNTS,
    BALANCES,
    ENTRIES,
    IMBALANCES,
    LINES,
    RecordShape,
    Shape,
)
from core.domain.books import JournalEntry, JournalLine, LedgerAccount, Record
from core.domain.proof import Cell, Finding, FindingKind
from core.ports.books import LineChange, LineFilter, LinePage, LineRow

ENTRIES_LOOKED_UP_MAX: Final = 2_000
"""A journal with at most that many entries is read by entry; a larger one by date."""

ROWS_PER_FETCH: Final = 2_000
"""Rows held at once while comparing generations."""

_R = TypeVar("_R", bound=Record)


def stands(shape: Shape, ledger: int, generation: int) -> ColumnElement[bool]:
    """Condition: the version stands in that generation."""
    columns = shape.table.c
    return and_(
        columns.ledger == ledger,
        not_by_index(columns.from_generation) <= generation,
        or_(columns.to_generation.is_(None), not_by_index(columns.to_generation) > generation),
    )


def fields(shape: Shape) -> list[ColumnElement[Any]]:
    """The key and the values."""
    return [shape.table.c[name] for name in ("key", *shape.columns)]


def to_record(shape: RecordShape[_R], row: Sequence[Any]) -> _R:
    return shape.record_of(row[0], row[1:])


class BookReader:
    """Reads one ledger as of one generation."""

    def __init__(self, connection: Connection, ledger: int, generation: int) -> None:
        self._connection = connection
        self._ledger = ledger
        self._generation = generation

    def stands(self, shape: Shape) -> ColumnElement[bool]:
        return stands(shape, self._ledger, self._generation)

    def records(
        self, shape: RecordShape[_R], *conditions: ColumnElement[bool], limit: int | None = None
    ) -> list[_R]:
        """By code then key where there is a code and no limit, else by key."""
        columns = shape.table.c
        by_code = limit is None and "code" in shape.columns
        order = (columns.code, columns.key) if by_code else (columns.key,)
        query = select(*fields(shape)).where(self.stands(shape), *conditions)
        query = query.order_by(*order).limit(limit)
        return [to_record(shape, row) for row in self._connection.execute(query)]

    def accounts(self) -> list[LedgerAccount]:
        return self.records(ACCOUNTS)

    def sums(self) -> dict[Cell, Sums]:
        columns = BALANCES.table.c
        query = select(
            columns.account_key,
            columns.year,
            columns.period,
            columns.debit_e4,
            columns.credit_e4,
            columns.lines,
        ).where(self.stands(BALANCES))
        return {
            Cell(account_key=account_key, year=year, period=period): Sums(*sums)
            for account_key, year, period, *sums in self._connection.execute(query)
        }

    def cells(self) -> dict[Cell, int]:
        return {
            cell: sums.debit_e4 - sums.credit_e4
            for cell, sums in self.sums().items()
            if sums.debit_e4 != sums.credit_e4
        }

    def findings(self, limit: int) -> list[Finding]:
        columns = IMBALANCES.table.c
        query = select(columns.key, columns.amount_e4).where(self.stands(IMBALANCES))
        found = [
            Finding(kind=FindingKind.UNBALANCED_ENTRY, key=key, amount_e4=amount_e4)
            for key, amount_e4 in self._connection.execute(query.order_by(columns.key).limit(limit))
        ]
        known = set(
            self._connection.execute(
                select(ACCOUNTS.table.c.key).where(self.stands(ACCOUNTS))
            ).scalars()
        )
        unknown: dict[str, int] = {}
        for cell, sums in self.sums().items():
            if cell.account_key not in known:
                balance_e4 = sums.debit_e4 - sums.credit_e4
                unknown[cell.account_key] = unknown.get(cell.account_key, 0) + balance_e4
        found += [
            Finding(kind=FindingKind.UNKNOWN_ACCOUNT, key=key, amount_e4=amount_e4)
            for key, amount_e4 in unknown.items()
        ]
        return sorted(found, key=lambda finding: (finding.key, finding.kind))[:limit]

    def entry(self, key: str) -> tuple[JournalEntry, list[JournalLine]] | None:
        headers = self.records(ENTRIES, ENTRIES.table.c.key == key)
        if not headers:
            return None
        lines = self.records(LINES, LINES.table.c.entry_key == key)
        return headers[0], sorted(lines, key=lambda line: (line.position, line.key))

    def lines(self, where: LineFilter, cursor: str | None, limit: int) -> LinePage:
        columns = LINES.table.c
        place = (columns.date, columns.entry_key, columns.position, columns.key)
        query = select(*fields(LINES)).where(self.stands(LINES), *self._conditions(where))
        if cursor is not None:
            after = read_cursor("lines", cursor, (str, str, int, str))
            # The first condition lets an index by date begin there; the second is exact.
            query = query.where(columns.date >= after[0], tuple_(*place) > tuple_(*after))
        query, first = self._by_journal(query, where.journal_key)
        order = first if first is not None else columns.date
        query = query.order_by(order, *place[1:]).limit(limit + 1)
        lines = [to_record(LINES, row) for row in self._connection.execute(query)]
        page = lines[:limit]
        entries = self._entries_of(page)
        next_cursor = None
        if len(lines) > limit:
            last = page[-1]
            position = (last.date.isoformat(), last.entry_key, last.position, last.key)
            next_cursor = write_cursor("lines", position)
        return LinePage(
            rows=tuple(LineRow(line=line, entry=entries.get(line.entry_key)) for line in page),
            next_cursor=next_cursor,
        )

    def _conditions(self, where: LineFilter) -> Iterator[ColumnElement[bool]]:
        columns = LINES.table.c
        for column, wanted in (
            (columns.account_key, where.account_key),
            (columns.entry_key, where.entry_key),
            (columns.contact_key, where.contact_key),
            (columns.year, where.year),
            (columns.period, where.period),
        ):
            if wanted is not None:
                yield column == wanted
        if where.date_from is not None:
            yield columns.date >= where.date_from.isoformat()
        if where.date_to is not None:
            yield columns.date <= where.date_to.isoformat()
        if where.text is not None:
            entry = ENTRIES.table.c
            headers = select(entry.key).where(
                self.stands(ENTRIES),
                or_(contains(entry.description, where.text), contains(entry.number, where.text)),
            )
            yield or_(contains(columns.description, where.text), columns.entry_key.in_(headers))

    def _by_journal(
        self, query: Select[Any], journal_key: str | None
    ) -> tuple[Select[Any], ColumnElement[Any] | None]:
        """The query for one journal; with the column to order by when it is read by entry."""
        if journal_key is None:
            return query, None
        lines, entries = LINES.table.c, ENTRIES.table.c
        mine = and_(self.stands(ENTRIES), entries.journal_key == journal_key)
        some = select(entries.key).where(mine).limit(ENTRIES_LOOKED_UP_MAX + 1)
        keys = list(self._connection.execute(some).scalars())
        if len(keys) <= ENTRIES_LOOKED_UP_MAX:
            # An expression, so that no index by date is taken for the order.
            return query.where(lines.entry_key.in_(keys)), func.coalesce(lines.date, "")
        return query.where(exists().where(mine, entries.key == lines.entry_key)), None

    def _entries_of(self, lines: list[JournalLine]) -> dict[str, JournalEntry]:
        keys = {line.entry_key for line in lines}
        found = self.records(ENTRIES, ENTRIES.table.c.key.in_(keys))
        return {entry.key: entry for entry in found}


def line_changes(
    connection: Connection, ledger: int, older: int, newer: int, after: str | None
) -> Generator[tuple[str, LineChange], None, None]:
    """Lines that differ between two generations, by key, read as they are asked for."""
    columns = LINES.table.c
    stood_before = and_(
        columns.from_generation <= older,
        columns.to_generation > older,
        columns.to_generation <= newer,
    )
    stands_after = and_(
        columns.from_generation > older,
        columns.from_generation <= newer,
        or_(columns.to_generation.is_(None), columns.to_generation > newer),
    )
    query = select(*fields(LINES), columns.from_generation).where(
        columns.ledger == ledger, or_(stood_before, stands_after)
    )
    if after is not None:
        query = query.where(columns.key > after)
    query = query.order_by(columns.key, columns.from_generation)
    options = {"yield_per": ROWS_PER_FETCH}
    with connection.execute(query, execution_options=options) as result:
        key, before, now = None, None, None
        for row in result:
            if row[0] != key:
                if key is not None and before != now:
                    yield key, LineChange(before=before, after=now)
                key, before, now = row[0], None, None
            record = to_record(LINES, row[:-1])
            if row[-1] <= older:
                before = record
            else:
                now = record
        if key is not None and before != now:
            yield key, LineChange(before=before, after=now)

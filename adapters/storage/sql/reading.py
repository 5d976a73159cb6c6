"""Reading books as of a generation."""

import datetime as dt
from collections.abc import Collection, Generator, Iterator
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    or_,
    select,
    text,
    union_all,
)

from adapters.storage.cursors import read_cursor, write_cursor
from adapters.storage.reports import Sums
from adapters.storage.sql.dialect import not_by_index
from adapters.storage.sql.finding import LineFinder, Place
from adapters.storage.sql.shapes import (
    ACCOUNTS,
    ENTRIES,
    IMBALANCES,
    LINES,
    RecordShape,
    Shape,
)
from adapters.storage.sql.standing import fields, stands, to_record
from adapters.storage.sql.versions import INDEXED_BY_FROM
from core.domain.ageing import Posting
from core.domain.books import JournalEntry, JournalLine, LedgerAccount, Record
from core.domain.proof import Cell, Finding, FindingKind
from core.ports.books import LineChange, LineFilter, LinePage, LineRow

ROWS_PER_FETCH: Final = 2_000
"""Rows held at once while comparing generations."""

_R = TypeVar("_R", bound=Record)


_BALANCES: Final = {
    half: text(
        "SELECT account_key, year, period, debit_e4, credit_e4, lines FROM balances "  # noqa: S608 - our own words
        f"WHERE ledger = :ledger AND {half} AND +from_generation <= :generation"
    )
    for half in ("to_generation IS NULL", "to_generation > :generation")
}


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
        return {
            Cell(account_key=account_key, year=year, period=period): Sums(*sums)
            for account_key, year, period, *sums in self.balances()
        }

    def balances(self) -> list[Any]:
        """(account key, year, period, debit, credit, lines) of every cell.

        In two halves, each by an index of its own: what still stands, and what stood then and was
        closed later. So the present takes as long after a thousand nights as after one.
        """
        found: list[Any] = []
        for half in ("to_generation IS NULL", "to_generation > :generation"):
            found += self._connection.execute(
                _BALANCES[half], {"ledger": self._ledger, "generation": self._generation}
            ).all()
        return found

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

    def postings(self, account_keys: Collection[str], until: dt.date) -> Iterator[Posting]:
        """Account by account: an index gives each one's lines by date."""
        columns = LINES.table.c
        for account_key in sorted(account_keys):
            query = (
                select(columns.contact_key, columns.date, columns.amount_e4)
                .where(
                    self.stands(LINES),
                    columns.account_key == account_key,
                    columns.date <= until.isoformat(),
                )
                .order_by(columns.date, columns.entry_key, columns.position, columns.key)
            )
            options = {"yield_per": ROWS_PER_FETCH}
            with self._connection.execute(query, execution_options=options) as result:
                for contact_key, date, amount_e4 in result:
                    yield Posting(
                        account_key=account_key,
                        contact_key=contact_key,
                        date=dt.date.fromisoformat(date),
                        amount_e4=amount_e4,
                    )

    def lines(self, where: LineFilter, cursor: str | None, limit: int) -> LinePage:
        after: Place | None = None
        if cursor is not None:
            date, entry_key, position, key = read_cursor("lines", cursor, (str, str, int, str))
            after = str(date), str(entry_key), int(position), str(key)
        finder = LineFinder(self._connection, self._ledger, self._generation)
        lines = finder.first(where, after, limit + 1)
        page = lines[:limit]
        entries = self._entries_of(page)
        next_cursor = None
        if len(lines) > limit:
            last = page[-1]
            place = (last.date.isoformat(), last.entry_key, last.position, last.key)
            next_cursor = write_cursor("lines", place)
        return LinePage(
            rows=tuple(LineRow(line=line, entry=entries.get(line.entry_key)) for line in page),
            next_cursor=next_cursor,
        )

    def _entries_of(self, lines: list[JournalLine]) -> dict[str, JournalEntry]:
        keys = {line.entry_key for line in lines}
        found = self.records(ENTRIES, ENTRIES.table.c.key.in_(keys))
        return {entry.key: entry for entry in found}


def line_changes(
    connection: Connection, ledger: int, older: int, newer: int, after: str | None
) -> Generator[tuple[str, LineChange], None, None]:
    """Lines that differ between two generations, by key, read as they are asked for."""
    columns = LINES.table.c
    mine = columns.ledger == ledger
    # Each half by its own index by generation: what did not change is not read.
    stands_after = and_(
        mine,
        columns.from_generation > older,
        columns.from_generation <= newer,
        or_(columns.to_generation.is_(None), columns.to_generation > newer),
    )
    if older > 0:
        stands_after = and_(stands_after, INDEXED_BY_FROM)
    stood_before = and_(
        mine,
        columns.to_generation > older,
        columns.to_generation <= newer,
        not_by_index(columns.from_generation) <= older,
    )
    wanted = [*fields(LINES), columns.from_generation]
    halves = union_all(select(*wanted).where(stands_after), select(*wanted).where(stood_before))
    both = halves.subquery()
    query = select(both)
    if after is not None:
        query = query.where(func.coalesce(both.c.key, "") > after)
    # An expression again, so that no index by key is walked for the order.
    query = query.order_by(func.coalesce(both.c.key, ""), both.c.from_generation)
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

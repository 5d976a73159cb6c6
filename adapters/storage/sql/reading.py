"""Reading books as of a generation."""

import datetime as dt
import json
from collections.abc import Collection, Generator, Iterator, Sequence
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
    text,
    tuple_,
    union_all,
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
from adapters.storage.sql.texts import candidates
from adapters.storage.sql.versions import INDEXED_BY_FROM
from core.domain.ageing import Posting
from core.domain.books import JournalEntry, JournalLine, LedgerAccount, Record
from core.domain.proof import Cell, Finding, FindingKind
from core.ports.books import LineChange, LineFilter, LinePage, LineRow

ENTRIES_LOOKED_UP_MAX: Final = 2_000
"""A journal with at most that many entries is read by entry; a larger one by date."""

ROWS_PER_FETCH: Final = 2_000
"""Rows held at once while comparing generations."""

ROWS_SINCE_MAX: Final = 20_000
"""So many rows of generations that are not indexed yet are looked at one by one."""

_R = TypeVar("_R", bound=Record)


def stands(
    shape: Shape, ledger: int, generation: int, *, by_id: bool = False
) -> ColumnElement[bool]:
    """Condition: the version stands in that generation. ``by_id``: rows are found by their ids, so
    no index is to be walked for the ledger.
    """
    columns = shape.table.c
    return and_(
        (not_by_index(columns.ledger) if by_id else columns.ledger) == ledger,
        not_by_index(columns.from_generation) <= generation,
        or_(columns.to_generation.is_(None), not_by_index(columns.to_generation) > generation),
    )


def fields(shape: Shape) -> list[ColumnElement[Any]]:
    """The key and the values."""
    return [shape.table.c[name] for name in ("key", *shape.columns)]


def to_record(shape: RecordShape[_R], row: Sequence[Any]) -> _R:
    return shape.record_of(row[0], row[1:])


_BALANCES: Final = {
    half: text(
        "SELECT account_key, year, period, debit_e4, credit_e4, lines FROM balances "  # noqa: S608 - our own words
        f"WHERE ledger = :ledger AND {half} AND +from_generation <= :generation"
    )
    for half in ("to_generation IS NULL", "to_generation > :generation")
}


def _each_of(values: Sequence[Any]) -> Select[Any]:
    """Any number of values as one parameter."""
    each = func.json_each(json.dumps(list(values))).table_valued("value")
    return select(each.c.value)


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
        columns = LINES.table.c
        place = (columns.date, columns.entry_key, columns.position, columns.key)
        by_words = None if where.text is None else self._ids_with(where.text)
        standing = stands(LINES, self._ledger, self._generation, by_id=by_words is not None)
        query = select(*fields(LINES)).where(standing, *self._conditions(where))
        by_entry = self._entries_of_small(where.journal_key)
        if by_words is not None:
            query = query.where(columns.id.in_(_each_of(by_words)))
        if by_entry is not None:
            query = query.where(columns.entry_key.in_(by_entry))
        elif where.journal_key is not None:
            query = query.where(self._header_in(where.journal_key))
        if cursor is not None:
            after = read_cursor("lines", cursor, (str, str, int, str))
            query = query.where(tuple_(*place) > tuple_(*after))
            if by_entry is None and by_words is None:  # lets an index by date begin at the page
                query = query.where(columns.date >= after[0])
        # An expression where lines are found otherwise, so that no index is walked for the order.
        walked = by_entry is None and by_words is None
        first = columns.date if walked else func.coalesce(columns.date, "")
        query = query.order_by(first, *place[1:]).limit(limit + 1)
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
        if where.period is not None and where.year is None:
            first = self._first_day_of(where.period)
            if first is not None:  # nothing is before it: lets an index by date begin there
                yield columns.date >= first
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

    def _ids_with(self, words: str) -> list[int] | None:
        """Versions of lines that may have the words, or whose entry may; None: too many, or not
        known without walking the lines.
        """
        found = candidates(self._connection, self._ledger, words)
        if found is None:
            return None
        lines, entries = LINES.table.c, ENTRIES.table.c
        ids = set(found.lines)
        of_words = or_(contains(entries.description, words), contains(entries.number, words))
        held = select(entries.key).where(entries.id.in_(_each_of(found.entries)), of_words)
        standing = stands(ENTRIES, self._ledger, self._generation, by_id=True)
        keys = set(self._connection.execute(held.where(standing)).scalars())
        if self._generation > found.generation:
            for shape, into in ((LINES, ids), (ENTRIES, keys)):
                columns = shape.table.c
                later = select(columns.id if shape is LINES else columns.key).where(
                    columns.ledger == self._ledger,
                    columns.from_generation > found.generation,
                    columns.from_generation <= self._generation,
                    INDEXED_BY_FROM,
                )
                some = self._connection.execute(later.limit(ROWS_SINCE_MAX + 1)).scalars().all()
                if len(some) > ROWS_SINCE_MAX:
                    return None
                into.update(some)
        if keys:
            of_entries = select(lines.id).where(
                lines.ledger == self._ledger, lines.entry_key.in_(_each_of(sorted(keys)))
            )
            some = self._connection.execute(of_entries.limit(ROWS_SINCE_MAX + 1)).scalars().all()
            if len(some) > ROWS_SINCE_MAX:
                return None
            ids.update(some)
        return sorted(ids)

    def _first_day_of(self, period: int) -> str | None:
        """The first date of any line in that period of any year, in any generation."""
        lines, balances = LINES.table.c, BALANCES.table.c
        years = select(balances.year).where(
            balances.ledger == self._ledger, balances.period == period
        )
        found = []
        for year in self._connection.execute(years.distinct()).scalars().all():
            first = select(func.min(lines.date)).where(
                lines.ledger == self._ledger, lines.year == year, lines.period == period
            )
            found.append(self._connection.execute(first).scalar_one())
        return min((one for one in found if one is not None), default=None)

    def _entries_of_small(self, journal_key: str | None) -> list[str] | None:
        """The entries of a journal with few of them; None: it has many, or none is asked for."""
        if journal_key is None:
            return None
        entries = ENTRIES.table.c
        query = select(entries.key).where(self.stands(ENTRIES), entries.journal_key == journal_key)
        keys = list(self._connection.execute(query.limit(ENTRIES_LOOKED_UP_MAX + 1)).scalars())
        return keys if len(keys) <= ENTRIES_LOOKED_UP_MAX else None

    def _header_in(self, journal_key: str) -> ColumnElement[bool]:
        """Condition on lines; the entry is found by its key, not through the journal."""
        entries = ENTRIES.table.c
        return exists().where(
            self.stands(ENTRIES),
            entries.key == LINES.table.c.entry_key,
            func.coalesce(entries.journal_key, "") == journal_key,
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

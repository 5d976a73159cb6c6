"""SqlBooks: the books' port on one connection."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    func,
    select,
)

from adapters.storage.cursors import read_cursor, write_cursor
from adapters.storage.reports import (
    Tally,
    cell_changes,
    count_change,
    trial_balance,
)
from adapters.storage.sql.building import LEDGERS, BookStatements, SqlBuilding
from adapters.storage.sql.compacting import GENERATIONS, READABLE
from adapters.storage.sql.dialect import among
from adapters.storage.sql.documents import from_json
from adapters.storage.sql.reading import BookReader, line_changes
from adapters.storage.sql.remembering import Prepared, as_stored, json_of, remembered
from adapters.storage.sql.retaining import SqlRetention
from adapters.storage.sql.shapes import (
    CONTACTS,
    INVOICES,
    JOURNALS,
    TAX_CODES,
)
from adapters.storage.sql.tallies import tallies_at
from core.domain.ageing import Posting
from core.domain.books import (
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    RecordKind,
    TaxCode,
)
from core.domain.proof import Cell, Finding, Proof
from core.ports.books import (
    PAGE_MAX,
    CellChange,
    ChangePage,
    Generation,
    LineFilter,
    LinePage,
    TrialBalanceRow,
)

IDS_PER_QUERY = 500
"""Entities asked about in one statement."""

NO_LEDGER = 0
"""Stands for the ledger of an entity that has no books yet: no row has it."""


class SqlBooks(SqlBuilding, SqlRetention):
    """Implements core.ports.books.Books."""

    def __init__(self, connection: Connection, statements: BookStatements) -> None:
        super().__init__(connection, statements)
        self._ledgers: dict[str, int] = {}

    def forget(self) -> int:
        """The transaction ended: others may write from now on. How many records were applied."""
        self._ledgers.clear()
        return super().forget()

    # Reading

    def _ledger(self, entity_id: str) -> int:
        held = self._ledgers.get(entity_id)
        if held is None:
            query = select(LEDGERS.c.id).where(LEDGERS.c.entity_id == entity_id)
            held = self._connection.execute(query).scalar_one_or_none()
            if held is None:
                return NO_LEDGER
            self._ledgers[entity_id] = held
        return held

    def _reader(self, entity_id: str, generation: int) -> BookReader:
        return BookReader(self._connection, self._ledger(entity_id), generation)

    def generation(self, entity_id: str, number: int) -> Generation | None:
        wanted = (GENERATIONS.c.number == number, GENERATIONS.c.compacted == READABLE)
        found = self._generations(entity_id, *wanted, limit=1)
        return found[0] if found else None

    def generations(
        self, entity_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Generation]:
        below = [] if before is None else [GENERATIONS.c.number < before]
        listed = (*below, GENERATIONS.c.retired_at.is_(None))
        return self._generations(entity_id, *listed, limit=min(limit, PAGE_MAX))

    def _generations(
        self, entity_id: str, *conditions: ColumnElement[bool], limit: int
    ) -> list[Generation]:
        query = (
            select(GENERATIONS)
            .where(GENERATIONS.c.ledger == self._ledger(entity_id), *conditions)
            .order_by(GENERATIONS.c.number.desc())
            .limit(limit)
        )
        return [_generation(row, entity_id) for row in self._connection.execute(query)]

    def newest(self, entity_ids: Sequence[str]) -> dict[str, Generation]:
        found: dict[str, Generation] = {}
        for start in range(0, len(entity_ids), IDS_PER_QUERY):
            some = json_of(entity_ids[start : start + IDS_PER_QUERY])
            for row in _NEWEST.rows(self._connection, ids=some):
                generation = _remembered_generation(row)
                found[generation.entity_id] = generation
        return found

    def generation_at(self, entity_id: str, instant: dt.datetime) -> int | None:
        query = select(func.max(GENERATIONS.c.number)).where(
            GENERATIONS.c.ledger == self._ledger(entity_id),
            GENERATIONS.c.published_at <= instant,
        )
        number: int | None = self._connection.execute(query).scalar_one()
        return number

    def cells(self, entity_id: str, generation: int) -> dict[Cell, int]:
        return self._reader(entity_id, generation).cells()

    def findings(self, entity_id: str, generation: int, *, limit: int) -> Sequence[Finding]:
        return self._reader(entity_id, generation).findings(limit)

    def counts(self, entity_id: str, generation: int) -> dict[RecordKind, int]:
        tallies = tallies_at(self._connection, self._ledger(entity_id), generation)
        return {kind: tally.live for kind, tally in tallies.items()}

    def trial_balance(
        self,
        entity_id: str,
        generation: int,
        *,
        since: tuple[int, int] | None = None,
        until: tuple[int, int] | None = None,
    ) -> Sequence[TrialBalanceRow]:
        reader = self._reader(entity_id, generation)
        return trial_balance(reader.balances(), reader.accounts(), since=since, until=until)

    def lines(
        self,
        entity_id: str,
        generation: int,
        *,
        where: LineFilter,
        cursor: str | None = None,
        limit: int = 100,
    ) -> LinePage:
        reader = self._reader(entity_id, generation)
        return reader.lines(where, cursor, min(max(limit, 1), PAGE_MAX))

    def entry(
        self, entity_id: str, generation: int, key: str
    ) -> tuple[JournalEntry, Sequence[JournalLine]] | None:
        return self._reader(entity_id, generation).entry(key)

    def accounts(self, entity_id: str, generation: int) -> Sequence[LedgerAccount]:
        return self._reader(entity_id, generation).accounts()

    def journals(self, entity_id: str, generation: int) -> Sequence[Journal]:
        return self._reader(entity_id, generation).records(JOURNALS)

    def tax_codes(self, entity_id: str, generation: int) -> Sequence[TaxCode]:
        return self._reader(entity_id, generation).records(TAX_CODES)

    def contacts(
        self, entity_id: str, generation: int, *, after: str | None = None, limit: int = 100
    ) -> Sequence[Contact]:
        beyond = [] if after is None else [CONTACTS.table.c.key > after]
        reader = self._reader(entity_id, generation)
        return reader.records(CONTACTS, *beyond, limit=min(limit, PAGE_MAX))

    def invoices(
        self,
        entity_id: str,
        generation: int,
        *,
        direction: InvoiceDirection | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[Invoice]:
        columns = INVOICES.table.c
        conditions = [] if after is None else [columns.key > after]
        if direction is not None:
            conditions.append(columns.direction == direction.value)
        reader = self._reader(entity_id, generation)
        return reader.records(INVOICES, *conditions, limit=min(limit, PAGE_MAX))

    def has_open_amounts(
        self, entity_id: str, generation: int, direction: InvoiceDirection
    ) -> bool:
        columns = INVOICES.table.c
        told = (columns.open_e4.is_not(None), columns.direction == direction.value)
        return bool(self._reader(entity_id, generation).records(INVOICES, *told, limit=1))

    def postings(
        self, entity_id: str, generation: int, account_keys: Collection[str], *, until: dt.date
    ) -> Iterator[Posting]:
        return self._reader(entity_id, generation).postings(account_keys, until)

    # Comparing

    def changed_cells(
        self, entity_id: str, *, older: int, newer: int, closed_through: dt.date | None = None
    ) -> Sequence[CellChange]:
        ledger = self._ledger(entity_id)
        tallies: dict[Cell, Tally] = {}
        for _, change in line_changes(self._connection, ledger, older, newer, None):
            count_change(tallies, change, closed_through)
        before = self._reader(entity_id, older).cells()
        return cell_changes(tallies, before, self._reader(entity_id, newer).cells())

    def changed_lines(
        self,
        entity_id: str,
        *,
        older: int,
        newer: int,
        cursor: str | None = None,
        limit: int = 100,
    ) -> ChangePage:
        after = None if cursor is None else str(read_cursor("changes", cursor, (str,))[0])
        limit = min(max(limit, 1), PAGE_MAX)
        ledger = self._ledger(entity_id)
        changes = line_changes(self._connection, ledger, older, newer, after)
        some = list(islice(changes, limit + 1))
        changes.close()
        page = some[:limit]
        return ChangePage(
            changes=tuple(change for _, change in page),
            next_cursor=write_cursor("changes", [page[-1][0]]) if len(some) > limit else None,
        )


def _generation(row: Row[Any], entity_id: str) -> Generation:
    return Generation(
        entity_id=entity_id,
        number=row.number,
        run_id=row.run_id,
        link_id=row.link_id,
        published_at=row.published_at,
        bookmark=row.bookmark,
        counts=from_json(row.counts_json, dict[RecordKind, int]),
        added=row.added,
        changed=row.changed,
        removed=row.removed,
        proof=from_json(row.proof_json, Proof),
    )


_remembered_generation: Final = remembered(
    GENERATIONS, lambda row: _generation(row, row.entity_id), "entity_id"
)
_ALL_NUMBERS: Final = GENERATIONS.alias("all_numbers")
_NEWEST: Final = Prepared(
    select(*as_stored(GENERATIONS), LEDGERS.c.entity_id)
    .join_from(
        LEDGERS,
        GENERATIONS,
        and_(
            GENERATIONS.c.ledger == LEDGERS.c.id,
            GENERATIONS.c.number
            == select(func.max(_ALL_NUMBERS.c.number))
            .where(_ALL_NUMBERS.c.ledger == LEDGERS.c.id)
            .correlate(LEDGERS)
            .scalar_subquery(),
        ),
    )
    .where(among(LEDGERS.c.entity_id, "ids"))
)

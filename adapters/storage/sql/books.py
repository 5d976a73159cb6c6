"""SqlBooks: the books' port on one connection."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from adapters.storage.cursors import read_cursor, write_cursor
from adapters.storage.reports import (
    Tally,
    cell_changes,
    count_change,
    require_settled,
    require_unpublished,
    trial_balance,
)
from adapters.storage.sql.applying import Building
from adapters.storage.sql.book_tables import LedgerRow
from adapters.storage.sql.compacting import GENERATIONS, READABLE
from adapters.storage.sql.dialect import among, widen_cache
from adapters.storage.sql.documents import from_json, to_json
from adapters.storage.sql.leftovers import discards_left
from adapters.storage.sql.pacing import Pace
from adapters.storage.sql.reading import BookReader, line_changes
from adapters.storage.sql.remembering import Prepared, as_stored, json_of, remembered
from adapters.storage.sql.retaining import SqlRetention
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.shapes import (
    ALL_SHAPES,
    CONTACTS,
    INVOICES,
    JOURNALS,
    TAX_CODES,
)
from adapters.storage.sql.tallies import tallies_at
from adapters.storage.sql.versions import VersionStatements
from core.domain.ageing import Posting
from core.domain.books import (
    Applied,
    Batch,
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

LEDGERS = table_of(LedgerRow)

IDS_PER_QUERY = 500
"""Entities asked about in one statement."""

NO_LEDGER = 0
"""Stands for the ledger of an entity that has no books yet: no row has it."""


class BookStatements(dict[str, VersionStatements]):
    """Prepared texts per table, and the pace of writing, shared by all units of a storage."""

    def __init__(self, engine: Engine, pace: Pace) -> None:
        self.pace = pace
        super().__init__(
            (shape.table.name, VersionStatements(engine, shape)) for shape in ALL_SHAPES
        )


class SqlBooks(SqlRetention):
    """Implements core.ports.books.Books."""

    def __init__(self, connection: Connection, statements: BookStatements) -> None:
        self._connection = connection
        self._statements = statements
        self._ledgers: dict[str, int] = {}
        self._records_applied = 0

    def forget(self) -> int:
        """The transaction ended: others may write from now on. How many records were applied."""
        self._ledgers.clear()
        applied, self._records_applied = self._records_applied, 0
        return applied

    # Writing

    def _building(self, entity_id: str, generation: int) -> Building:
        """The generation being built; the entity's ledger begins with it."""
        widen_cache(self._connection)
        found = _LEDGER.rows(self._connection, entity=entity_id)
        if not found:
            result = self._connection.execute(insert(LEDGERS).values(entity_id=entity_id))
            key = result.inserted_primary_key
            assert key is not None, "an inserted row has a key"
            ledger = int(key[0])
        else:
            ((ledger, settled, published),) = found
            if settled is not None:
                self._settled(ledger, None)
            require_unpublished(entity_id, generation, published or 0)
        return Building(
            connection=self._connection,
            statements=self._statements,
            ledger=ledger,
            generation=generation,
        )

    def _settled(self, ledger: int, generation: int | None) -> None:
        change = update(LEDGERS).where(LEDGERS.c.id == ledger)
        self._connection.execute(change.values(settled_generation=generation))

    @property
    def records_per_unit(self) -> int:
        return self._statements.pace.records

    def apply(self, entity_id: str, generation: int, batch: Batch) -> Applied:
        self._records_applied += len(batch.records)
        return self._building(entity_id, generation).apply(batch)

    def start_over(self, entity_id: str, generation: int) -> None:
        self._building(entity_id, generation).start_over()

    def settle(self, entity_id: str, generation: int) -> Applied:
        building = self._building(entity_id, generation)
        applied = building.settle()
        if not applied.more:
            self._settled(building.ledger, generation)
        return applied

    def discard(self, entity_id: str, generation: int) -> None:
        self._building(entity_id, generation).discard()

    def work_off(self, entity_id: str, generation: int) -> bool:
        return self._building(entity_id, generation).work_off()

    def discards_left(self, *, limit: int) -> Sequence[str]:
        ledgers = discards_left(self._connection, limit)
        query = select(LEDGERS.c.entity_id).where(LEDGERS.c.id.in_(ledgers))
        return list(self._connection.execute(query).scalars()) if ledgers else []

    def publish(self, generation: Generation) -> None:
        settled = self._connection.execute(
            select(LEDGERS.c.settled_generation).where(LEDGERS.c.entity_id == generation.entity_id)
        ).scalar_one_or_none()
        building = self._building(generation.entity_id, generation.number)
        require_settled(generation, settled)
        building.coverages.clear()
        self._connection.execute(
            insert(GENERATIONS).values(
                ledger=building.ledger,
                number=generation.number,
                run_id=generation.run_id,
                link_id=generation.link_id,
                published_at=generation.published_at,
                bookmark=generation.bookmark,
                counts_json=to_json(generation.counts),
                added=generation.added,
                changed=generation.changed,
                removed=generation.removed,
                proof_json=to_json(generation.proof),
            )
        )

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
_LEDGER: Final = Prepared(
    select(
        LEDGERS.c.id,
        LEDGERS.c.settled_generation,
        select(func.max(_ALL_NUMBERS.c.number))
        .where(_ALL_NUMBERS.c.ledger == LEDGERS.c.id)
        .correlate(LEDGERS)
        .scalar_subquery(),
    ).where(LEDGERS.c.entity_id == bindparam("entity"))
)
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

"""The half of the books' port that builds and publishes generations."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from adapters.storage.reports import require_settled, require_unpublished
from adapters.storage.sql.applying import Building
from adapters.storage.sql.book_tables import LedgerRow
from adapters.storage.sql.compacting import GENERATIONS
from adapters.storage.sql.dialect import widen_cache
from adapters.storage.sql.documents import to_json
from adapters.storage.sql.leftovers import discards_left
from adapters.storage.sql.pacing import Pace
from adapters.storage.sql.remembering import Prepared
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.shapes import ALL_SHAPES
from adapters.storage.sql.versions import VersionStatements
from core.domain.books import Applied, Batch
from core.ports.books import Generation

LEDGERS: Final = table_of(LedgerRow)

_NUMBERS: Final = GENERATIONS.alias("numbers")
_LEDGER: Final = Prepared(
    select(
        LEDGERS.c.id,
        LEDGERS.c.settled_generation,
        select(func.max(_NUMBERS.c.number))
        .where(_NUMBERS.c.ledger == LEDGERS.c.id)
        .correlate(LEDGERS)
        .scalar_subquery(),
    ).where(LEDGERS.c.entity_id == bindparam("entity"))
)


class BookStatements(dict[str, VersionStatements]):
    """Prepared texts per table, and the pace of writing, shared by all units of a storage."""

    def __init__(self, engine: Engine, pace: Pace) -> None:
        self.pace = pace
        super().__init__(
            (shape.table.name, VersionStatements(engine, shape)) for shape in ALL_SHAPES
        )


class SqlBuilding:
    """Writes of core.ports.books.Books on one connection."""

    def __init__(self, connection: Connection, statements: BookStatements) -> None:
        self._connection = connection
        self._statements = statements
        self._records_applied = 0

    def forget(self) -> int:
        """The transaction ended. How many records were applied in it."""
        applied, self._records_applied = self._records_applied, 0
        return applied

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

"""Reading what was imported: status, books as of any generation, changes, activity."""

import datetime as dt
from collections.abc import Sequence

from attrs import frozen

from core.domain.books import (
    Contact,
    Invoice,
    InvoiceDirection,
    JournalEntry,
    JournalLine,
    LedgerAccount,
)
from core.domain.entity import Entity
from core.domain.failures import CorrectRequest, Unknown
from core.domain.import_run import ImportRun
from core.domain.integration import Integration
from core.domain.onboarding import Organisation, zone_of
from core.domain.schedule import next_slot
from core.ports.books import (
    CellChange,
    ChangePage,
    Generation,
    LineFilter,
    LinePage,
    TrialBalanceRow,
)
from core.ports.storage import LIST_MAX, Contents, EntityFilter, Event
from core.services.closing import Closed, closed_of
from core.services.figures import Figures, figures_of
from core.services.ports import Ports, entity_of, integration_of, organisation_of
from core.services.viewing import BooksView, view_of

ROWS_MAX = 1_000
"""No page a front end may ask for is larger."""


@frozen(kw_only=True)
class EntityStatus:
    """An entity with everything its status is shown next to.

    ``run`` is the newest run of the primary link (None: never asked for); ``published`` the
    generation readers see. A failed run never hides that the published books are still good.
    """

    entity: Entity
    integration: Integration | None
    run: ImportRun | None
    published: Generation | None
    next_slot_at: dt.datetime
    """When the next night's import is due."""


@frozen(kw_only=True)
class TrialBalance:
    view: BooksView
    rows: tuple[TrialBalanceRow, ...]

    @property
    def debit_e4(self) -> int:
        return sum(row.debit_e4 for row in self.rows)

    @property
    def credit_e4(self) -> int:
        return sum(row.credit_e4 for row in self.rows)


@frozen(kw_only=True)
class Changes:
    """What differs between two generations, per account and period.

    ``older`` None: nothing that can be read comes before ``newer``, so nothing is compared.
    """

    entity: Entity
    older: Generation | None
    newer: Generation
    cells: tuple[CellChange, ...]
    closed: Closed
    """Up to when periods are closed: lines dated up to then are counted in each cell's closed."""

    @property
    def closed_lines(self) -> int:
        """How many lines of closed periods differ."""
        return sum(one.closed for one in self.cells)


@frozen
class ReadingService:
    ports: Ports

    def entities(
        self,
        organisation_id: str,
        *,
        after: str | None = None,
        limit: int = LIST_MAX,
        where: EntityFilter | None = None,
    ) -> tuple[EntityStatus, ...]:
        """Entities with their status, by id, after the id ``after``."""
        with self.ports.storage.reading() as uow:
            organisation = organisation_of(uow, organisation_id)
            entities = uow.entities.of(
                organisation_id, after=after, limit=_limit(limit), where=where
            )
            ids = [entity.id for entity in entities]
            newest = uow.runs.newest(ids)
            published = uow.books.newest(ids)
            integrations = {
                integration.id: integration for integration in uow.integrations.of(organisation_id)
            }
        due = self._next_slots(organisation, entities)
        return tuple(
            EntityStatus(
                entity=entity,
                integration=(
                    integrations.get(entity.primary.integration_id) if entity.primary else None
                ),
                run=newest.get(entity.id),
                published=published.get(entity.id),
                next_slot_at=due[entity.time_zone],
            )
            for entity in entities
        )

    def contents(
        self, organisation_id: str, *, every: int, where: EntityFilter | None = None
    ) -> Contents:
        """How many entities fit, and after which ids pages of ``every`` begin."""
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            return uow.entities.contents(organisation_id, every=_limit(every), where=where)

    def entity(self, organisation_id: str, entity_id: str) -> EntityStatus:
        with self.ports.storage.reading() as uow:
            organisation = organisation_of(uow, organisation_id)
            entity = entity_of(uow, organisation_id, entity_id)
            link = entity.primary
            return EntityStatus(
                entity=entity,
                integration=(
                    integration_of(uow, organisation_id, link.integration_id) if link else None
                ),
                run=uow.runs.newest([entity_id]).get(entity_id),
                published=uow.books.newest([entity_id]).get(entity_id),
                next_slot_at=self._next_slots(organisation, [entity])[entity.time_zone],
            )

    def _next_slots(
        self, organisation: Organisation, entities: Sequence[Entity]
    ) -> dict[str | None, dt.datetime]:
        """Per time zone that entities override the organisation's with, when the next slot is."""
        now = self.ports.clock.now()
        return {
            name: next_slot(zone_of(name or organisation.time_zone), now)[2]
            for name in {entity.time_zone for entity in entities}
        }

    def find_entity(self, organisation_id: str, words: str) -> Entity:
        """The entity with that id, or the only one whose name contains the words, any case."""
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            held = uow.entities.get(words)
            if held is not None and held.organisation_id == organisation_id:
                return held
            matching = []
            after = None
            while page := uow.entities.of(organisation_id, after=after):
                matching += [
                    entity for entity in page if words.casefold() in entity.name.casefold()
                ]
                after = page[-1].id
        exact = [entity for entity in matching if entity.name.casefold() == words.casefold()]
        found = exact or matching
        if len(found) == 1:
            return found[0]
        if not found:
            raise Unknown(
                f"There is no entity {words!r}: list them to see ids and names.",
                code="unknown-entity",
            )
        names = ", ".join(f"{entity.name} ({entity.id})" for entity in found[:5])
        raise CorrectRequest(
            f"{words!r} fits more than one entity: {names}. Use an id.", code="ambiguous-entity"
        )

    def runs(
        self,
        organisation_id: str,
        *,
        entity_id: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> Sequence[ImportRun]:
        """Newest first, below the id ``before``."""
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            if entity_id is not None:
                entity_of(uow, organisation_id, entity_id)
            return uow.runs.of(
                organisation_id, entity_id=entity_id, before=before, limit=_limit(limit)
            )

    def run(self, organisation_id: str, run_id: str) -> ImportRun:
        with self.ports.storage.reading() as uow:
            run = uow.runs.get(run_id)
        if run is None or run.organisation_id != organisation_id:
            raise Unknown(
                f"There is no import {run_id!r} in this organisation.", code="unknown-run"
            )
        return run

    def generations(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[Generation]:
        """Every kept state of the entity's books, newest first."""
        with self.ports.storage.reading() as uow:
            entity_of(uow, organisation_id, entity_id)
            return uow.books.generations(entity_id, before=before, limit=_limit(limit))

    def trial_balance(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        as_of: str | None = None,
        since: tuple[int, int] | None = None,
        until: tuple[int, int] | None = None,
    ) -> TrialBalance:
        """Per account. ``as_of``: a generation number or a date; None is the newest."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            rows = uow.books.trial_balance(
                entity_id, view.generation.number, since=since, until=until
            )
        return TrialBalance(view=view, rows=tuple(rows))

    def lines(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        where: LineFilter | None = None,
        as_of: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> tuple[BooksView, LinePage]:
        """A page of journal lines by date."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            page = uow.books.lines(
                entity_id,
                view.generation.number,
                where=where or LineFilter(),
                cursor=cursor,
                limit=_limit(limit),
            )
        return view, page

    def entry(
        self, organisation_id: str, entity_id: str, key: str, *, as_of: str | None = None
    ) -> tuple[JournalEntry, Sequence[JournalLine]]:
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            found = uow.books.entry(entity_id, view.generation.number, key)
        if found is None:
            raise Unknown(
                f"There is no journal entry {key!r} in these books.", code="unknown-entry"
            )
        return found

    def accounts(
        self, organisation_id: str, entity_id: str, *, as_of: str | None = None
    ) -> Sequence[LedgerAccount]:
        """Every ledger account, by code."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            return uow.books.accounts(entity_id, view.generation.number)

    def contacts(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        as_of: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> tuple[BooksView, Sequence[Contact]]:
        """Customers and suppliers by key, after the key ``after``."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            number = view.generation.number
            return view, uow.books.contacts(entity_id, number, after=after, limit=_limit(limit))

    def invoices(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        direction: InvoiceDirection | None = None,
        as_of: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> tuple[BooksView, Sequence[Invoice]]:
        """Sales and purchase invoices by key, after the key ``after``."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            found = uow.books.invoices(
                entity_id,
                view.generation.number,
                direction=direction,
                after=after,
                limit=_limit(limit),
            )
        return view, found

    def figures(self, organisation_id: str, entity_id: str, *, as_of: str | None = None) -> Figures:
        """Result and balance per period."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            cells_e4 = uow.books.cells(entity_id, view.generation.number)
            accounts = uow.books.accounts(entity_id, view.generation.number)
        return figures_of(cells_e4, accounts)

    def changes(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        older: str | None = None,
        newer: str | None = None,
    ) -> Changes:
        """Between two generations or dates; None: the newest and the one before it. Where there is
        none before, there are no changes, and that is no mistake.
        """
        with self.ports.storage.reading() as uow:
            later = view_of(uow, organisation_id, entity_id, newer)
            if older is None:
                before = uow.books.generations(entity_id, before=later.generation.number, limit=1)
                if not before:
                    return Changes(
                        entity=later.entity,
                        older=None,
                        newer=later.generation,
                        cells=(),
                        closed=closed_of(uow, later.entity),
                    )
                older = str(before[0].number)
            earlier = view_of(uow, organisation_id, entity_id, older)
            if earlier.generation.number > later.generation.number:
                earlier, later = later, earlier
            closed = closed_of(uow, later.entity)
            cells = uow.books.changed_cells(
                entity_id,
                older=earlier.generation.number,
                newer=later.generation.number,
                closed_through=closed.through,
            )
        return Changes(
            entity=later.entity,
            older=earlier.generation,
            newer=later.generation,
            cells=tuple(cells),
            closed=closed,
        )

    def changed_lines(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        older: int,
        newer: int,
        cursor: str | None = None,
        limit: int = 100,
    ) -> ChangePage:
        """Line by line between two generation numbers, from the older to the newer."""
        older, newer = sorted((older, newer))
        with self.ports.storage.reading() as uow:
            view_of(uow, organisation_id, entity_id, str(older))
            view_of(uow, organisation_id, entity_id, str(newer))
            return uow.books.changed_lines(
                entity_id, older=older, newer=newer, cursor=cursor, limit=_limit(limit)
            )

    def activity(
        self, organisation_id: str, *, after: int | None = None, limit: int = 100
    ) -> Sequence[Event]:
        """Events after a sequence number, oldest first; without one, the newest, newest first."""
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            if after is None:
                return uow.activity.newest(organisation_id, limit=_limit(limit))
            return uow.activity.after(organisation_id, after, limit=_limit(limit))


def _limit(limit: int) -> int:
    if not 1 <= limit <= ROWS_MAX:
        raise CorrectRequest(f"A page holds 1 to {ROWS_MAX} rows.", code="bad-limit")
    return limit

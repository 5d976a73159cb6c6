"""Organisations, integrations, entities, slots and the activity: rows mapped by hand."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, insert
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from adapters.storage.sql import surveys
from adapters.storage.sql.dialect import among
from adapters.storage.sql.documents import (
    from_json,
    from_json_or_none,
    to_json,
    to_json_or_none,
)
from adapters.storage.sql.remembering import Prepared, as_stored, json_of, remembered
from adapters.storage.sql.rows import get, put, put_new, rows, table_of
from adapters.storage.sql.tables import (
    AdministrationsRow,
    EntityRow,
    EventRow,
    IntegrationRow,
    LinkRow,
    OrganisationRow,
    SlotRow,
)
from core.domain.entity import Entity, Link, LinkRole
from core.domain.failures import Trouble
from core.domain.integration import Account, Administration, Integration, IntegrationStatus
from core.domain.onboarding import OnboardingStep, Organisation
from core.domain.schedule import SkipReason, Slot, SlotRecord
from core.ports.storage import (
    LIST_MAX,
    Contents,
    EntityFilter,
    EntityTally,
    Event,
    SlotTally,
)


class SqlOrganisations:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, organisation_id: str) -> Organisation | None:
        row = get(self._session, OrganisationRow, organisation_id)
        return None if row is None else _organisation(row)

    def all(self) -> Sequence[Organisation]:
        query = select(OrganisationRow).order_by(
            col(OrganisationRow.created_at), col(OrganisationRow.id)
        )
        return [_organisation(row) for row in rows(self._session, query.limit(LIST_MAX))]

    def save(self, organisation: Organisation) -> None:
        put(
            self._session,
            OrganisationRow(
                id=organisation.id,
                name=organisation.name,
                time_zone=organisation.time_zone,
                created_at=organisation.created_at,
                step=organisation.step.value,
                onboarding_integration_id=organisation.onboarding_integration_id,
            ),
        )


def _organisation(row: OrganisationRow) -> Organisation:
    return Organisation(
        id=row.id,
        name=row.name,
        time_zone=row.time_zone,
        created_at=row.created_at,
        step=OnboardingStep(row.step),
        onboarding_integration_id=row.onboarding_integration_id,
    )


class SqlIntegrations:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, integration_id: str) -> Integration | None:
        row = get(self._session, IntegrationRow, integration_id)
        return None if row is None else _integration(row)

    def of(self, organisation_id: str) -> Sequence[Integration]:
        query = (
            select(IntegrationRow)
            .where(col(IntegrationRow.organisation_id) == organisation_id)
            .order_by(col(IntegrationRow.created_at), col(IntegrationRow.id))
            .limit(LIST_MAX)
        )
        return [_integration(row) for row in rows(self._session, query)]

    def save(self, integration: Integration) -> None:
        put(
            self._session,
            IntegrationRow(
                id=integration.id,
                organisation_id=integration.organisation_id,
                provider=integration.provider,
                status=integration.status.value,
                created_at=integration.created_at,
                fields_json=to_json(integration.fields),
                account_json=to_json_or_none(integration.account),
                authorised_at=integration.authorised_at,
                expires_at=integration.expires_at,
                checked_at=integration.checked_at,
                trouble_json=to_json_or_none(integration.trouble),
            ),
        )

    def administrations(self, integration_id: str) -> Sequence[Administration]:
        row = get(self._session, AdministrationsRow, integration_id)
        return (
            () if row is None else from_json(row.administrations_json, tuple[Administration, ...])
        )

    def save_administrations(
        self, integration_id: str, administrations: Sequence[Administration]
    ) -> None:
        document = to_json(tuple(administrations))
        put(
            self._session,
            AdministrationsRow(integration_id=integration_id, administrations_json=document),
        )


def _integration(row: IntegrationRow) -> Integration:
    return Integration(
        id=row.id,
        organisation_id=row.organisation_id,
        provider=row.provider,
        status=IntegrationStatus(row.status),
        created_at=row.created_at,
        fields=from_json(row.fields_json, dict[str, str]),
        account=from_json_or_none(row.account_json, Account),
        authorised_at=row.authorised_at,
        expires_at=row.expires_at,
        checked_at=row.checked_at,
        trouble=from_json_or_none(row.trouble_json, Trouble),
    )


class SqlEntities:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, entity_id: str) -> Entity | None:
        found = self._read(core_select(*_ENTITY_AS_STORED).where(col(EntityRow.id) == entity_id))
        return found[0] if found else None

    def of(
        self,
        organisation_id: str,
        *,
        after: str | None = None,
        limit: int = LIST_MAX,
        where: EntityFilter | None = None,
    ) -> Sequence[Entity]:
        limit = min(limit, LIST_MAX)
        if where is None or where == EntityFilter():
            connection = self._session.connection()
            return self._with_links(
                _PAGE.rows(connection, organisation=organisation_id, after=after or "", limit=limit)
            )
        query = core_select(*_ENTITY_AS_STORED).where(
            col(EntityRow.organisation_id) == organisation_id
        )
        if after is not None:
            query = query.where(col(EntityRow.id) > after)
        query = query.where(*surveys.fitting(where))
        return self._read(query.order_by(col(EntityRow.id)).limit(limit))

    def contents(
        self, organisation_id: str, *, every: int, where: EntityFilter | None = None
    ) -> Contents:
        return surveys.contents(self._session.connection(), organisation_id, every, where)

    def tally(self, organisation_id: str) -> Sequence[EntityTally]:
        return surveys.entity_tally(self._session.connection(), organisation_id)

    def published_since(self, organisation_id: str, instants: Sequence[datetime]) -> Sequence[int]:
        return surveys.published_since(self._session.connection(), organisation_id, instants)

    def time_zones(self, organisation_id: str) -> dict[str | None, int]:
        return surveys.time_zones(self._session.connection(), organisation_id)

    def linked(self, integration_id: str) -> Sequence[Entity]:
        mine = select(LinkRow.entity_id).where(col(LinkRow.integration_id) == integration_id)
        query = core_select(*_ENTITY_AS_STORED).where(col(EntityRow.id).in_(mine))
        query = query.order_by(col(EntityRow.id))
        return self._read(query)

    def save(self, entity: Entity) -> None:
        put(
            self._session,
            EntityRow(
                id=entity.id,
                organisation_id=entity.organisation_id,
                name=entity.name,
                currency=entity.currency,
                created_at=entity.created_at,
                published_generation=entity.published_generation,
                published_at=entity.published_at,
                time_zone=entity.time_zone,
            ),
        )
        table = table_of(LinkRow)
        connection = self._session.connection()
        connection.execute(delete(table).where(table.c.entity_id == entity.id))
        if entity.links:
            connection.execute(insert(table), _link_rows(entity))

    def _read(self, query: Select[Any]) -> list[Entity]:
        return self._with_links(self._session.connection().execute(query).all())

    def _with_links(self, entities: Sequence[Any]) -> list[Entity]:
        """The entities with their links, which are read in one query for LIST_MAX of them."""
        connection = self._session.connection()
        links: dict[str, list[Link]] = {}
        for start in range(0, len(entities), LIST_MAX):
            ids = [row[0] for row in entities[start : start + LIST_MAX]]
            for row in _LINKS_OF.rows(connection, ids=json_of(ids)):
                links.setdefault(row[0], []).append(_remembered_link(row))
        return [_remembered_entity((*row, tuple(links.get(row[0], ())))) for row in entities]


def _entity(row: Any) -> Entity:  # noqa: ANN401 - a row with the links after its columns
    return Entity(
        id=row.id,
        organisation_id=row.organisation_id,
        name=row.name,
        currency=row.currency,
        created_at=row.created_at,
        links=row.links,
        published_generation=row.published_generation,
        published_at=row.published_at,
        time_zone=row.time_zone,
    )


_ENTITIES: Final = table_of(EntityRow)
_ENTITY_AS_STORED: Final = as_stored(_ENTITIES)
_remembered_entity: Final = remembered(_ENTITIES, _entity, "links")
_PAGE: Final = Prepared(
    core_select(*_ENTITY_AS_STORED)
    .where(_ENTITIES.c.organisation_id == bindparam("organisation"))
    .where(_ENTITIES.c.id > bindparam("after"))
    .order_by(_ENTITIES.c.id)
    .limit(bindparam("limit"))
)


def _link(row: LinkRow) -> Link:
    return Link(
        id=row.id,
        integration_id=row.integration_id,
        administration_key=row.administration_key,
        provider=row.provider,
        role=LinkRole(row.role),
    )


_LINKS: Final = table_of(LinkRow)
_remembered_link: Final = remembered(_LINKS, _link)
_LINKS_OF: Final = Prepared(
    core_select(*as_stored(_LINKS))
    .where(among(_LINKS.c.entity_id, "ids"))
    .order_by(_LINKS.c.entity_id, _LINKS.c.position)
)


def _link_rows(entity: Entity) -> list[dict[str, str | int]]:
    return [
        {
            "entity_id": entity.id,
            "position": position,
            "id": link.id,
            "integration_id": link.integration_id,
            "administration_key": link.administration_key,
            "provider": link.provider,
            "role": link.role.value,
        }
        for position, link in enumerate(entity.links)
    ]


class SqlSlots:
    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, record: SlotRecord) -> bool:
        return put_new(
            self._session,
            SlotRow(
                entity_id=record.slot.entity_id,
                local_date=record.slot.local_date.isoformat(),
                ordinal=record.slot.ordinal,
                opened_at=record.opened_at,
                late=record.late,
                run_id=record.run_id,
                skipped=None if record.skipped is None else record.skipped.value,
            ),
        )

    def get(self, slot: Slot) -> SlotRecord | None:
        key = (slot.entity_id, slot.local_date.isoformat(), slot.ordinal)
        row = get(self._session, SlotRow, key)
        return None if row is None else _slot_record(row)

    def of(self, entity_id: str, *, limit: int = 60) -> Sequence[SlotRecord]:
        query = (
            select(SlotRow)
            .where(col(SlotRow.entity_id) == entity_id)
            .order_by(col(SlotRow.local_date).desc(), col(SlotRow.ordinal).desc())
            .limit(min(limit, LIST_MAX))
        )
        return [_slot_record(row) for row in rows(self._session, query)]

    def night(self, organisation_id: str, local_date: date) -> Sequence[SlotTally]:
        return surveys.night(self._session.connection(), organisation_id, local_date)


def _slot_record(row: SlotRow) -> SlotRecord:
    return SlotRecord(
        slot=Slot(
            entity_id=row.entity_id,
            local_date=date.fromisoformat(row.local_date),
            ordinal=row.ordinal,
        ),
        opened_at=row.opened_at,
        late=row.late,
        run_id=row.run_id,
        skipped=None if row.skipped is None else SkipReason(row.skipped),
    )


class SqlActivity:
    """One writer at a time gives sequence numbers, so they become visible in order."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, event: Event) -> None:
        self._session.connection().execute(
            insert(table_of(EventRow)).values(
                organisation_id=event.organisation_id,
                at=event.at,
                kind=event.kind,
                text=event.text,
                actor=event.actor,
                integration_id=event.integration_id,
                entity_id=event.entity_id,
                run_id=event.run_id,
                data_json=to_json(event.data),
            )
        )

    def after(self, organisation_id: str, sequence: int, *, limit: int = 200) -> Sequence[Event]:
        query = (
            select(EventRow)
            .where(col(EventRow.organisation_id) == organisation_id)
            .where(col(EventRow.sequence) > sequence)
            .order_by(col(EventRow.sequence))
            .limit(min(limit, LIST_MAX))
        )
        return [_event(row) for row in rows(self._session, query)]

    def newest(self, organisation_id: str, *, limit: int = 50) -> Sequence[Event]:
        query = (
            select(EventRow)
            .where(col(EventRow.organisation_id) == organisation_id)
            .order_by(col(EventRow.sequence).desc())
            .limit(min(limit, LIST_MAX))
        )
        return [_event(row) for row in rows(self._session, query)]


def _event(row: EventRow) -> Event:
    return Event(
        organisation_id=row.organisation_id,
        at=row.at,
        kind=row.kind,
        text=row.text,
        actor=row.actor,
        integration_id=row.integration_id,
        entity_id=row.entity_id,
        run_id=row.run_id,
        data=from_json(row.data_json, dict[str, str]),
        sequence=row.sequence or 0,
    )

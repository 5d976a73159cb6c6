"""Entities and their links: rows mapped by hand, read in prepared statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, insert
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from adapters.storage.sql import surveys
from adapters.storage.sql.dialect import among
from adapters.storage.sql.remembering import Prepared, as_stored, json_of, remembered
from adapters.storage.sql.rows import put, table_of
from adapters.storage.sql.tables import EntityRow, LinkRow
from core.domain.entity import Entity, Link, LinkRole
from core.ports.storage import LIST_MAX, Contents, EntityFilter, EntityTally


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

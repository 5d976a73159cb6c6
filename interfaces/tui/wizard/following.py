"""What panels read of the services, a few lines each. These block: they are asked in a thread."""

from collections.abc import Collection, Iterator
from typing import Final

import attrs
from attrs import define, field

from core.domain.import_run import RunStatus
from core.domain.integration import IntegrationStatus
from core.ports.storage import EntityFilter
from core.services.connecting import Connection
from core.services.reading import EntityStatus
from core.services.services import Services

SINGLY_MAX: Final = 100
"""Entities read one by one; when more changed, all are read again."""

_EVERY: Final = EntityFilter()


def connection_of(
    services: Services, organisation_id: str, integration_id: str, warnings: tuple[str, ...]
) -> Connection:
    """The stored connection, with warnings heard while it was made."""
    stored = services.connecting.get(organisation_id, integration_id)
    return attrs.evolve(stored, warnings=warnings) if warnings else stored


def newest_connection(services: Services, organisation_id: str, integration_id: str) -> Connection:
    """The connection that has the consent now.

    The same account may have been connected before: then that connection took the consent over and
    the one begun here has ended.
    """
    connection = services.connecting.get(organisation_id, integration_id)
    integration = connection.integration
    if integration.status is not IntegrationStatus.DISCONNECTED:
        return connection
    living = [
        one
        for one in services.connecting.integrations(organisation_id)
        if one.provider == integration.provider and one.status is not IntegrationStatus.DISCONNECTED
    ]
    if not living:
        return connection
    newest = max(living, key=lambda one: one.authorised_at or one.created_at)
    return services.connecting.get(organisation_id, newest.id)


def every_entity(
    services: Services, organisation_id: str, where: EntityFilter = _EVERY
) -> Iterator[EntityStatus]:
    """All of them that fit, page by page."""
    after = None
    while page := services.reading.entities(organisation_id, after=after, where=where):
        yield from page
        after = page[-1].entity.id


def followed_of(services: Services, organisation_id: str, integration_id: str) -> dict[str, str]:
    """Administration key to entity name, of everything linked to the integration."""
    where = EntityFilter(integration_id=integration_id)
    return {
        link.administration_key: one.entity.name
        for one in every_entity(services, organisation_id, where)
        for link in one.entity.links
        if link.integration_id == integration_id
    }


@define
class Followed:
    """Entities whose books come from an integration, read once and then where they changed.

    ``look`` blocks: it is called in a thread, one call at a time.
    """

    integration_id: str
    held: dict[str, EntityStatus] = field(factory=dict, init=False)

    def look(
        self, services: Services, organisation_id: str, changed: Collection[str]
    ) -> dict[str, EntityStatus]:
        """All of them by id. ``changed``: ids that news were about since the last look."""
        known = {key: one for key, one in self.held.items() if _from(one, self.integration_id)}
        if not known or len(changed) > SINGLY_MAX:
            where = EntityFilter(integration_id=self.integration_id)
            found = every_entity(services, organisation_id, where)
            known = {one.entity.id: one for one in found}
        else:
            moved = self._moving(services, organisation_id)
            moved_on = {key for key, one in known.items() if _moves(one)} - moved.keys()
            known |= moved
            for key in {*changed, *moved_on} & known.keys():
                known[key] = services.reading.entity(organisation_id, key)
        self.held = {key: one for key, one in known.items() if _from(one, self.integration_id)}
        return self.held

    def _moving(self, services: Services, organisation_id: str) -> dict[str, EntityStatus]:
        """Progress moves without an event: those under way are few, and read at every look."""
        where = EntityFilter(status=RunStatus.IN_PROGRESS, integration_id=self.integration_id)
        found = services.reading.entities(organisation_id, limit=SINGLY_MAX, where=where)
        return {one.entity.id: one for one in found}


def _moves(one: EntityStatus) -> bool:
    return one.run is not None and one.run.status is RunStatus.IN_PROGRESS


def _from(one: EntityStatus, integration_id: str) -> bool:
    return one.entity.primary is not None and one.entity.primary.integration_id == integration_id

"""What panels read of the services, a few lines each. These block: they are asked in a thread."""

from collections.abc import Iterator

import attrs

from core.domain.integration import IntegrationStatus
from core.services.connecting import Connection
from core.services.reading import EntityStatus
from core.services.services import Services


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


def every_entity(services: Services, organisation_id: str) -> Iterator[EntityStatus]:
    """All of them, page by page."""
    after = None
    while page := services.reading.entities(organisation_id, after=after):
        yield from page
        after = page[-1].entity.id


def followed_of(services: Services, organisation_id: str, integration_id: str) -> dict[str, str]:
    """Administration key to entity name, of everything linked to the integration."""
    return {
        link.administration_key: one.entity.name
        for one in every_entity(services, organisation_id)
        for link in one.entity.links
        if link.integration_id == integration_id
    }


def imported_by(
    services: Services, organisation_id: str, integration_id: str
) -> list[EntityStatus]:
    """Entities whose books come from the integration."""
    return [
        one
        for one in every_entity(services, organisation_id)
        if one.entity.primary is not None and one.entity.primary.integration_id == integration_id
    ]

"""Entities whose connection was ended, going on with a new one of the same account."""

import attrs

from core.domain.entity import Entity
from core.domain.import_run import ImportRun, RunCause
from core.domain.integration import Administration, Integration, IntegrationStatus
from core.ports.storage import UnitOfWork
from core.services.importing import waiting_run
from core.services.ports import Ports
from core.services.sources import provider_name


def dormant(uow: UnitOfWork, integration: Integration) -> dict[str, Entity]:
    """By administration key: entities followed through an ended connection of the same account.

    Of the same account only, because some providers number administrations per account or database:
    the same key of another one may be other books. Of several the last connected one counts.
    """
    found: dict[str, Entity] = {}
    if integration.account is None:
        return found
    for ended in uow.integrations.of(integration.organisation_id):
        if (
            ended.provider == integration.provider
            and ended.status is IntegrationStatus.DISCONNECTED
            and ended.account is not None
            and ended.account.key == integration.account.key
        ):
            for entity in uow.entities.linked(ended.id):
                link = entity.primary
                if link is not None and link.integration_id == ended.id:
                    found[link.administration_key] = entity
    return found


def relink(
    ports: Ports,
    uow: UnitOfWork,
    entity: Entity,
    integration: Integration,
    administration: Administration,
    *,
    actor: str,
) -> tuple[Entity, ImportRun | None]:
    """The entity on its new connection: the link keeps its id, so history and bookmark stay.

    The run that brings it up to date; None while its last import is still winding up.
    """
    link = entity.primary
    assert link is not None, "dormant entities have one"
    moved = attrs.evolve(link, integration_id=integration.id)
    others = tuple(held for held in entity.links if held.id != link.id)
    entity = attrs.evolve(entity, links=(moved, *others), currency=administration.currency)
    uow.entities.save(entity)
    ports.event(
        uow,
        integration.organisation_id,
        "entity.relinked",
        f"{entity.name} was followed before: it goes on with the new connection to "
        f"{provider_name(integration)}, and its history stays.",
        actor=actor,
        integration_id=integration.id,
        entity_id=entity.id,
    )
    run = waiting_run(ports, entity, moved, RunCause.MANUAL)
    return entity, run if uow.runs.add(run) else None

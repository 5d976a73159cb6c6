"""What is known of a connection that must not be called any more, and telling it once."""

from datetime import datetime
from typing import Final

import attrs

from core.domain.failures import Reconnect
from core.domain.import_run import RunStatus
from core.domain.integration import Integration, IntegrationStatus, unusable_sentence
from core.ports.storage import UnitOfWork
from core.services.ports import Ports

UNUSABLE: Final = frozenset({IntegrationStatus.NEEDS_RECONNECT, IntegrationStatus.DISCONNECTED})


def known_dead(integration: Integration, name: str) -> Reconnect:
    """For a connection that must not be called any more until somebody reconnects it."""
    trouble = integration.trouble
    return Reconnect(
        trouble.sentence if trouble is not None else unusable_sentence(integration, name),
        detail="known before: the provider was not asked",
    )


def mark_needs_reconnect(
    ports: Ports,
    integration_id: str,
    failure: Reconnect,
    *,
    seen: Integration | None = None,
    token_version: int | None = None,
) -> None:
    """Record the first certain sign that a connection is dead; nothing calls it afterwards.

    ``seen`` (the integration whose credentials were refused) and ``token_version`` (the row that
    was): when somebody has reconnected since, the refusal is about what is gone, and means nothing.
    """
    with ports.storage.writing() as uow:
        integration = uow.integrations.get(integration_id)
        if integration is None or integration.status in UNUSABLE:
            return
        if seen is not None and seen.authorised_at != integration.authorised_at:
            return
        row = uow.tokens.get(integration_id)
        if token_version is not None and (row is None or row.version != token_version):
            return
        uow.integrations.save(
            attrs.evolve(
                integration.moved(IntegrationStatus.NEEDS_RECONNECT), trouble=failure.trouble()
            )
        )
        ports.event(
            uow,
            integration.organisation_id,
            "integration.needs-reconnect",
            failure.sentence,
            integration_id=integration_id,
        )
        _hasten_waiting(uow, integration_id, ports.clock.now())
        uow.commit()


def _hasten_waiting(uow: UnitOfWork, integration_id: str, now: datetime) -> None:
    """Imports that wait for a later try are due at once: claiming them says why they cannot run."""
    for entity in uow.entities.linked(integration_id):
        for link in entity.links:
            run = uow.runs.unfinished(link.id) if link.integration_id == integration_id else None
            if run is not None and run.status is RunStatus.WAITING and run.due_at > now:
                uow.runs.replace(run, attrs.evolve(run, due_at=now))

"""Ending a consent: what is deleted here, and revoked at the provider where it offers that."""

from collections.abc import Sequence

from attrs import field, frozen

from core.domain.entity import Entity
from core.domain.failures import Failure
from core.domain.import_run import RunStatus
from core.domain.integration import Integration
from core.ports.storage import UnitOfWork
from core.services.importing import fail_waiting, not_connected
from core.services.ports import Ports
from core.services.secrets import (
    SecretStore,
    attempt_row,
    fields_row,
    forget_sessions,
    staged_row,
)
from core.services.sources import provider_name


@frozen(kw_only=True)
class EndingGrant:
    """What revoking needs, taken along before it is deleted."""

    fields: dict[str, str] = field(repr=False)
    refresh_token: str = field(repr=False)


def held_grant(ports: Ports, uow: UnitOfWork, integration: Integration) -> EndingGrant | None:
    """The grant an integration holds; None where there is none that could be revoked.

    Secrets that do not open (another key) are no reason to keep a connection.
    """
    provider = ports.providers.get(integration.provider)
    row = uow.tokens.get(integration.id)
    if provider is None or provider.oauth is None or row is None:
        return None
    store = SecretStore(ports)
    try:
        fields = {**integration.fields, **store.get(uow, fields_row(integration.id))}
        _, refresh_token = store.open_tokens(row)
    except Failure:
        return None
    return EndingGrant(fields=fields, refresh_token=refresh_token) if refresh_token else None


def forget_secrets(uow: UnitOfWork, integration_id: str) -> None:
    """Delete tokens, keys, sessions, a consent to be confirmed, an authorisation under way."""
    for row in (fields_row(integration_id), staged_row(integration_id)):
        uow.secrets.delete(row)
    uow.tokens.delete(integration_id)
    forget_sessions(uow, integration_id)
    attempt = uow.oauth_attempts.latest(integration_id)
    if attempt is not None:
        uow.secrets.delete(attempt_row(attempt.state_sha256))


def fail_all_waiting(
    ports: Ports, uow: UnitOfWork, linked: Sequence[Entity], ended: Integration
) -> None:
    """End the imports that wait on a connection that was ended, with the sentence that says so."""
    for entity in linked:
        for link in entity.links:
            run = uow.runs.unfinished(link.id) if link.integration_id == ended.id else None
            if run is not None and run.status is RunStatus.WAITING:
                fail_waiting(ports, uow, run, not_connected(ended))


def end_at_provider(
    ports: Ports, integration: Integration, grant: EndingGrant, *, actor: str
) -> None:
    """Revoke, outside any unit of work, and say in the activity what came of it."""
    flow = ports.provider(integration.provider).oauth
    assert flow is not None, "grants come from OAuth providers"
    revoked = flow.end_grant(grant.fields, grant.refresh_token)
    name = provider_name(integration)
    text = (
        f"{name} confirmed that the consent is ended there too."
        if revoked
        else f"The consent could not be ended at {name} from here: remove Monitr's access there."
    )
    with ports.storage.writing() as uow:
        ports.event(
            uow,
            integration.organisation_id,
            "integration.revoked" if revoked else "integration.not-revoked",
            text,
            actor=actor,
            integration_id=integration.id,
        )
        uow.commit()

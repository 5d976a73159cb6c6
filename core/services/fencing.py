"""The fence every write of a worker begins at, and what a trouble means once it is written."""

from core.domain.failures import Action, LeaseLost, Trouble, TryAgain
from core.domain.import_run import ImportRun
from core.domain.integration import IntegrationStatus
from core.ports.storage import UnitOfWork
from core.services.claiming import Claim
from core.services.importing import not_connected
from core.services.sources import provider_name


def fence(uow: UnitOfWork, claimed: Claim) -> ImportRun:
    """The run, if this attempt may still write for it and its connection was not ended."""
    run = uow.runs.held(claimed.run.id, claimed.run.attempt)
    if run is None:
        raise lost_by(claimed)
    integration = uow.integrations.get(run.integration_id)
    assert integration is not None, "integrations are never deleted"
    if integration.status is IntegrationStatus.DISCONNECTED:
        raise not_connected(integration)
    return run


def as_it_stands(uow: UnitOfWork, claimed: Claim, trouble: Trouble) -> Trouble:
    """What the trouble means by now: the connection may have been ended or renewed meanwhile."""
    integration = uow.integrations.get(claimed.integration.id)
    assert integration is not None, "integrations are never deleted"
    if integration.status is IntegrationStatus.DISCONNECTED:
        return not_connected(integration).trouble()
    renewed = integration.authorised_at != claimed.integration.authorised_at
    if trouble.action is Action.RECONNECT and integration.usable and renewed:
        return TryAgain(
            f"{provider_name(integration)} was reconnected during this import: it continues with "
            "the new connection.",
            detail=trouble.detail or trouble.sentence,
            code="reconnected-meanwhile",
        ).trouble()
    return trouble


def lost_by(claimed: Claim) -> LeaseLost:
    return LeaseLost(
        f"A worker that had lost the import of {claimed.entity.name} woke up and stopped: "
        "it wrote nothing.",
        detail=f"attempt {claimed.run.attempt}",
    )

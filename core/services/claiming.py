"""Claiming a run: the compare-and-swap after which one worker, and only one, may write for it."""

from attrs import frozen

from core.domain.entity import Entity, Link
from core.domain.failures import Failure, FixSettings
from core.domain.import_run import ImportRun, RunStatus
from core.domain.integration import Integration
from core.ports.storage import UnitOfWork
from core.services.importing import fail_waiting, unusable
from core.services.ports import Ports


@frozen(kw_only=True)
class Claim:
    """What a claim fixed for one attempt."""

    run: ImportRun
    entity: Entity
    link: Link
    integration: Integration

    @property
    def generation(self) -> int:
        assert self.run.generation is not None, "a claim sets it"
        return self.run.generation


def claim(ports: Ports, run_id: str, worker: str) -> Claim | ImportRun | None:
    """The claim; the run as it failed when its integration cannot be used; None when not ours.

    Not ours: unknown, finished, not due yet, or claimed by another. Doubled doorbells end here.
    """
    now = ports.clock.now()
    with ports.storage.writing() as uow:
        run = uow.runs.get(run_id)
        if run is None or run.status is not RunStatus.WAITING or run.due_at > now:
            return None
        entity = uow.entities.get(run.entity_id)
        integration = uow.integrations.get(run.integration_id)
        assert entity is not None, "entities are never deleted"
        assert integration is not None, "integrations are never deleted"
        link = entity.link(run.link_id)
        if link is None:
            gone = FixSettings(
                f"{entity.name} was linked elsewhere since this import was asked for.",
                code="link-gone",
            )
            return _fail(ports, uow, run, gone)
        obstacle = unusable(uow, link)
        if obstacle is not None:
            return _fail(ports, uow, run, obstacle)
        claimed = _claimed(ports, uow, run, entity, link, worker)
        if not uow.runs.replace(run, claimed):
            return None
        ports.event(
            uow,
            run.organisation_id,
            "run.claimed",
            f"Importing {entity.name} (attempt {claimed.attempt}).",
            entity_id=entity.id,
            run_id=run.id,
        )
        uow.commit()
    return Claim(run=claimed, entity=entity, link=link, integration=integration)


def _claimed(
    ports: Ports, uow: UnitOfWork, run: ImportRun, entity: Entity, link: Link, worker: str
) -> ImportRun:
    """The run In Progress; a link other than the published books' one starts them over."""
    published = uow.books.generation(entity.id, entity.published_generation)
    same_link = published is not None and published.link_id == link.id
    claimed = run.claimed(
        owner=worker,
        now=ports.clock.now(),
        generation=entity.published_generation + 1,
        bookmark=published.bookmark if published is not None and same_link else None,
    )
    if run.generation is None and published is not None and not same_link:
        uow.books.start_over(entity.id, entity.published_generation + 1)
    return claimed


def _fail(ports: Ports, uow: UnitOfWork, run: ImportRun, obstacle: Failure) -> ImportRun:
    failed = fail_waiting(ports, uow, run, obstacle)
    uow.commit()
    return failed

"""Requesting imports, and keeping the queue honest: the sweep."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs
from attrs import frozen

from core.domain.entity import Entity, Link
from core.domain.failures import (
    Action,
    CorrectRequest,
    Failure,
    FixSettings,
    Reconnect,
    Trouble,
)
from core.domain.import_run import ImportRun, RunCause, RunStatus
from core.domain.integration import Integration, IntegrationStatus, unusable_sentence
from core.domain.schedule import Slot
from core.ports.storage import LIST_MAX, UnitOfWork
from core.services.ports import Ports, entity_of, organisation_of
from core.services.sources import provider_name

SWEEP_MAX: Final = 500
"""Runs handled per sweep and kind; the next sweep takes the rest."""

REQUESTS_PER_UNIT: Final = 25
"""Requests stored in one unit of work: thousands at once would keep every other writer waiting."""

DISCARDS_PER_SWEEP: Final = 20
"""Half-forgotten generations a sweep looks for."""

UNITS_PER_DISCARD: Final = 2_000
"""Units of work a sweep spends on one of them; the next sweep goes on."""

PRESENCE_SECONDS: Final = 30
"""A worker says it is there every few seconds; silent this long, it counts as gone."""


@frozen(kw_only=True)
class Requested:
    """What became of one entity's request: a run, or the reason there is none."""

    entity: Entity
    run: ImportRun | None
    refusal: Failure | None = None


@frozen(kw_only=True)
class Swept:
    """What a sweep did: run ids put back, failed for good, and rung."""

    freed: tuple[str, ...]
    failed: tuple[str, ...]
    rung: tuple[str, ...]


def presence(worker: str) -> str:
    """The lease name by which a worker shows that it is alive."""
    return f"worker:{worker}"


ANY_WORKER: Final = "workers"
"""The lease any standing worker keeps renewing, so that front ends can tell whether one runs."""


def waiting_run(
    ports: Ports,
    entity: Entity,
    link: Link,
    cause: RunCause,
    *,
    slot: Slot | None = None,
    late: bool = False,
) -> ImportRun:
    """A run as it is born: Waiting, due at once."""
    now = ports.clock.now()
    return ImportRun(
        id=ports.ids.new("run"),
        organisation_id=entity.organisation_id,
        entity_id=entity.id,
        link_id=link.id,
        integration_id=link.integration_id,
        status=RunStatus.WAITING,
        cause=cause,
        requested_at=now,
        due_at=now,
        slot=slot,
        late=late,
    )


def unusable(uow: UnitOfWork, link: Link) -> Failure | None:
    """Why the link's integration cannot import now, or None."""
    integration = uow.integrations.get(link.integration_id)
    assert integration is not None, "integrations are never deleted"
    if integration.usable:
        return None
    if integration.status is IntegrationStatus.NEEDS_RECONNECT:
        return Reconnect(unusable_sentence(integration, provider_name(integration)))
    return not_connected(integration)


def not_connected(integration: Integration) -> FixSettings:
    """For an integration that was ended, or was never confirmed."""
    sentence = unusable_sentence(integration, provider_name(integration))
    return FixSettings(sentence, code="integration-unusable")


def fail_waiting(ports: Ports, uow: UnitOfWork, run: ImportRun, obstacle: Failure) -> ImportRun:
    """The Waiting run as it failed because it cannot be carried out; what it built is forgotten."""
    failed = run.unusable(now=ports.clock.now(), trouble=obstacle.trouble())
    uow.runs.replace(run, failed)
    if run.generation is not None:
        uow.books.discard(run.entity_id, run.generation)
    ports.event(
        uow,
        run.organisation_id,
        "run.failed",
        obstacle.sentence,
        entity_id=run.entity_id,
        run_id=run.id,
    )
    return failed


@frozen
class ImportingService:
    ports: Ports

    def request(
        self, organisation_id: str, entity_ids: Sequence[str] | None, *, operator: str
    ) -> tuple[Requested, ...]:
        """Ask for imports now (None: every entity). One answer per entity, refusals included.

        Unknown for an id that is not the organisation's: then nothing is requested at all.
        """
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            if entity_ids is None:
                entities = _every_entity(uow, organisation_id)
            else:
                entities = [
                    entity_of(uow, organisation_id, entity_id)
                    for entity_id in dict.fromkeys(entity_ids)
                ]
        answers: list[Requested] = []
        for start in range(0, len(entities), REQUESTS_PER_UNIT):
            some = entities[start : start + REQUESTS_PER_UNIT]
            answers += self._request_some(organisation_id, some, operator=operator)
        return tuple(answers)

    def _request_some(
        self, organisation_id: str, entities: Sequence[Entity], *, operator: str
    ) -> list[Requested]:
        """As many as one unit of work bears; their bells are rung when they are stored."""
        with self.ports.storage.writing() as uow:
            answers = [
                self._request(uow, entity_of(uow, organisation_id, entity.id), operator=operator)
                for entity in entities
            ]
            uow.commit()
        for answer in answers:
            if answer.run is not None:
                self.ports.doorbell.ring(answer.run.id)
        return answers

    def _request(self, uow: UnitOfWork, entity: Entity, *, operator: str) -> Requested:
        link = entity.primary
        refusal: Failure | None
        if link is None:
            refusal = FixSettings(
                f"{entity.name} has no accounting link: link it to an integration first.",
                code="no-primary-link",
            )
            return Requested(entity=entity, run=None, refusal=refusal)
        refusal = unusable(uow, link)
        if refusal is not None:
            return Requested(entity=entity, run=None, refusal=refusal)
        held = uow.runs.unfinished(link.id)
        if held is not None and held.status is RunStatus.IN_PROGRESS:
            held = self._freed(uow, held)
        if held is not None and not held.finished:
            waits = held.status is RunStatus.WAITING
            refusal = CorrectRequest(
                f"An import of {entity.name} is {'waiting' if waits else 'running'} already: "
                "it will bring the newest books.",
                code="already-running",
            )
            if waits:
                # A person asking does not wait for a later retry; the wait of a limit stays.
                self._hasten(uow, held)
            return Requested(entity=entity, run=held if waits else None, refusal=refusal)
        run = waiting_run(self.ports, entity, link, RunCause.MANUAL)
        added = uow.runs.add(run)
        assert added, "a writing unit is exclusive"
        self.ports.event(
            uow,
            entity.organisation_id,
            "run.requested",
            f"An import of {entity.name} was requested.",
            actor=operator,
            entity_id=entity.id,
            run_id=run.id,
        )
        return Requested(entity=entity, run=run)

    def _hasten(self, uow: UnitOfWork, held: ImportRun) -> None:
        waits_for_limit = held.trouble is not None and held.trouble.action is Action.WAIT
        if not waits_for_limit and held.due_at > self.ports.clock.now():
            uow.runs.replace(held, attrs.evolve(held, due_at=self.ports.clock.now()))

    def sweep(self) -> Swept:
        """Free runs of workers that are gone, and ring for every run that is due.

        Safe to run at any time, from any number of processes.
        """
        now = self.ports.clock.now()
        freed: list[str] = []
        failed: list[str] = []
        with self.ports.storage.reading() as uow:
            orphans = [run for run in uow.runs.in_progress(SWEEP_MAX) if _orphaned(uow, run, now)]
        for orphan in orphans:
            ended = self._free(orphan)
            if ended is not None:
                (failed if ended.finished else freed).append(ended.id)
        self._forget_the_rest()
        now = self.ports.clock.now()  # later than above: what was freed is due by now
        with self.ports.storage.reading() as uow:
            due = [run.id for run in uow.runs.due(now, SWEEP_MAX)]
        for run_id in due:
            self.ports.doorbell.ring(run_id)
        return Swept(freed=tuple(freed), failed=tuple(failed), rung=tuple(due))

    def _forget_the_rest(self) -> None:
        """Go on with generations that failed and were too large to forget in one unit of work."""
        with self.ports.storage.reading() as uow:
            half = [
                (entity.id, entity.published_generation + 1)
                for entity_id in uow.books.discards_left(limit=DISCARDS_PER_SWEEP)
                if (entity := uow.entities.get(entity_id)) is not None
            ]
        for entity_id, generation in half:
            for _ in range(UNITS_PER_DISCARD):
                with self.ports.storage.writing() as uow:
                    done = uow.books.work_off(entity_id, generation)
                    uow.commit()
                if done:
                    break

    def orphaned(self, run: ImportRun) -> bool:
        """Whether nobody carries this run out any more, although it is In Progress."""
        with self.ports.storage.reading() as uow:
            return _orphaned(uow, run, self.ports.clock.now())

    def _free(self, orphan: ImportRun) -> ImportRun | None:
        """Put the run back (or fail it when attempts are spent); None when it moved meanwhile."""
        with self.ports.storage.writing() as uow:
            held = uow.runs.held(orphan.id, orphan.attempt)
            if held is None:
                return None
            ended = self._freed(uow, held)
            uow.commit()
        return ended if ended.status is not RunStatus.IN_PROGRESS else None

    def _freed(self, uow: UnitOfWork, held: ImportRun) -> ImportRun:
        """The run as it is once a worker that is gone lost it; unchanged while one is there."""
        now = self.ports.clock.now()
        if not _orphaned(uow, held, now):
            return held
        trouble = Trouble(
            action=Action.TRY_AGAIN,
            sentence="The worker that ran this import is gone; another continues from its "
            "last batch.",
            detail=f"owner {held.owner}, attempt {held.attempt}",
            code="worker-lost",
        )
        ended = held.ended_badly(now=now, trouble=trouble)
        if ended.finished:
            assert held.generation is not None, "a claimed run builds a generation"
            uow.books.discard(held.entity_id, held.generation)
        else:
            ended = attrs.evolve(ended, due_at=now)
        uow.runs.replace(held, ended)
        self.ports.event(
            uow,
            held.organisation_id,
            "run.freed",
            trouble.sentence,
            entity_id=held.entity_id,
            run_id=held.id,
        )
        return ended

    def beat(self, worker: str, *, standing: bool) -> None:
        """Show that a worker is alive. ``standing`` workers also take runs others ring for."""
        now = self.ports.clock.now()
        until = now + timedelta(seconds=PRESENCE_SECONDS)
        with self.ports.storage.writing() as uow:
            uow.leases.acquire(presence(worker), worker, now=now, until=until)
            if standing:
                uow.leases.acquire(ANY_WORKER, worker, now=now, until=until)
            uow.commit()

    def leave(self, worker: str) -> None:
        """A worker ends in good order."""
        with self.ports.storage.writing() as uow:
            uow.leases.release(presence(worker), worker)
            uow.leases.release(ANY_WORKER, worker)
            uow.commit()

    def worker_standing(self) -> bool:
        """Whether some process will take rung runs."""
        with self.ports.storage.reading() as uow:
            return uow.leases.holder(ANY_WORKER, now=self.ports.clock.now()) is not None


def _orphaned(uow: UnitOfWork, run: ImportRun, now: datetime) -> bool:
    """In Progress, but its lease is over or its worker fell silent."""
    if run.status is not RunStatus.IN_PROGRESS or run.owner is None:
        return False
    return run.lease_expired(now) or uow.leases.holder(presence(run.owner), now=now) is None


def _every_entity(uow: UnitOfWork, organisation_id: str) -> list[Entity]:
    entities: list[Entity] = []
    after = None
    while page := uow.entities.of(organisation_id, after=after, limit=LIST_MAX):
        entities += page
        after = page[-1].id
    return entities

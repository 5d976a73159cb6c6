"""One import, from claim to published and proven books.

A worker claims the run, pulls batches, applies each with its bookmark in one transaction, holds the
result against the provider's control totals, and publishes by flipping the entity's pointer. Every
write begins at the fence (``runs.held``): a worker that lost its run writes nothing more.
"""

import traceback
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

import attrs
from attrs import frozen

from core.domain.books import Applied
from core.domain.failures import (
    Failure,
    FixSettings,
    LeaseLost,
    OurBug,
    Reconnect,
    Trouble,
    TryAgain,
)
from core.domain.import_run import ImportRun
from core.domain.integration import Administration, Integration
from core.domain.money import text_of
from core.domain.onboarding import OnboardingStep
from core.domain.proof import Proof, Verdict
from core.ports.books import Generation
from core.ports.provider import Source
from core.ports.storage import UnitOfWork
from core.services.claiming import Claim, claim
from core.services.closing import changed_in_closed, tell_closed
from core.services.fencing import as_it_stands, fence, lost_by
from core.services.ports import Ports
from core.services.proving import Proving
from core.services.pulling import PAGES_IN_FLIGHT_MAX, pages_of
from core.services.sources import check, opened_for, provider_name
from core.services.tokens import mark_needs_reconnect
from core.services.writing import Writing, work_off_discard

CONNECTION_FRESH: Final = timedelta(hours=3)
"""A connection that answered this recently is not asked again what it covers.

Both slots of a night ask once per connection; the first import right after connecting does not.
"""


class Stopped(Exception):
    """The worker is asked to end: the run goes back with its bookmark, without a strike."""


def _never() -> bool:
    return False


@frozen
class ImportEngine:
    """Runs imports for one worker. ``stopping`` is asked between batches."""

    ports: Ports
    worker: str
    stopping: Callable[[], bool] = _never
    pages_in_flight: int = PAGES_IN_FLIGHT_MAX
    """1: without reading ahead, so that what happens when is the same each time."""

    def run(self, run_id: str) -> ImportRun | None:
        """Claim and carry out a run; returns it as this attempt left it.

        None when it was not ours to do (not due, claimed by another, finished) or was lost on the
        way to another worker.
        """
        claimed = claim(self.ports, run_id, self.worker)
        if not isinstance(claimed, Claim):
            return claimed
        try:
            return self._carry_out(claimed)
        except LeaseLost as lost:
            self._tell_lost(claimed, lost)
            return None
        except Stopped:
            return self._put_back(claimed)
        except Failure as failure:
            if isinstance(failure, Reconnect):
                integration = claimed.integration
                mark_needs_reconnect(self.ports, integration.id, failure, seen=integration)
            return self._end_badly(claimed, failure.trouble())
        except Exception as error:  # noqa: BLE001 - whatever it is, the run ends with a word
            return self._end_badly(claimed, _bug(error).trouble())

    def _carry_out(self, claimed: Claim) -> ImportRun:
        Writing(self.ports, claimed).prepare()
        administration = self._administration(claimed.integration, claimed.link.administration_key)
        with opened_for(self.ports, claimed.entity, claimed.integration) as source:
            pull = partial(self._pull, claimed, source, administration)
            pull()
            proof = Proving(self.ports, claimed, source, administration, pull).proof()
        return self._publish(claimed, proof)

    def _administration(self, integration: Integration, key: str) -> Administration:
        """The linked administration as it is now; FixSettings when it vanished or is blocked."""
        fresh_since = self.ports.clock.now() - CONNECTION_FRESH
        if integration.checked_at is None or integration.checked_at < fresh_since:
            check(self.ports, integration)
        with self.ports.storage.reading() as uow:
            known = {found.key: found for found in uow.integrations.administrations(integration.id)}
        name = provider_name(integration)
        found = known.get(key)
        if found is None:
            raise FixSettings(
                f"{name} no longer shows this administration ({key}) to this connection: grant "
                "it again and reconnect, or link the entity elsewhere. Its books stay as they are.",
                code="administration-vanished",
            )
        if not found.importable:
            raise FixSettings(
                f"{found.name} cannot be imported now: {found.obstacle}.",
                code="administration-blocked",
            )
        return found

    def _pull(self, claimed: Claim, source: Source, administration: Administration) -> None:
        """Apply every batch from the run's bookmark on. Does nothing when all are applied."""
        run = self._held_reading(claimed)
        if run.complete:
            return
        writing = Writing(self.ports, claimed)
        stopped = False
        ahead = pages_of(source, administration, run.bookmark, in_flight=self.pages_in_flight)
        with ahead as pages:
            for page in pages:
                writing.apply(page.batch, page.calls)
                stopped = self.stopping() and not page.batch.last
                if stopped:
                    pages.enough()
        if stopped:
            raise Stopped
        writing.settle()

    def _publish(self, claimed: Claim, proof: Proof) -> ImportRun:
        now = self.ports.clock.now()
        closed = changed_in_closed(self.ports, claimed.entity, claimed.generation)
        with self.ports.storage.writing() as uow:
            run = fence(uow, claimed)
            changes = uow.books.settle(claimed.entity.id, claimed.generation)
            uow.books.publish(
                Generation(
                    entity_id=claimed.entity.id,
                    number=claimed.generation,
                    run_id=run.id,
                    link_id=claimed.link.id,
                    published_at=now,
                    bookmark=run.bookmark,
                    counts=uow.books.counts(claimed.entity.id, claimed.generation),
                    added=changes.added,
                    changed=changes.changed,
                    removed=changes.removed,
                    proof=proof,
                )
            )
            entity = uow.entities.get(claimed.entity.id)
            assert entity is not None, "entities are never deleted"
            uow.entities.save(
                attrs.evolve(entity, published_generation=claimed.generation, published_at=now)
            )
            published = run.published(now=now, proof=proof)
            uow.runs.replace(run, published)
            self._finish_onboarding(uow, claimed)
            self.ports.event(
                uow,
                run.organisation_id,
                "run.published",
                f"{entity.name}: {_summary(changes)}, {_verdict(run, proof, entity.currency)}.",
                entity_id=entity.id,
                run_id=run.id,
                generation=str(claimed.generation),
                verdict=proof.verdict.value,
            )
            tell_closed(self.ports, uow, entity, claimed.generation, closed)
            uow.commit()
        return published

    def _finish_onboarding(self, uow: UnitOfWork, claimed: Claim) -> None:
        """The first published books end an onboarding."""
        organisation = uow.organisations.get(claimed.entity.organisation_id)
        if organisation is not None and organisation.step is OnboardingStep.FIRST_IMPORTS:
            uow.organisations.save(organisation.at(OnboardingStep.DONE))

    def _put_back(self, claimed: Claim) -> ImportRun | None:
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            run = uow.runs.held(claimed.run.id, claimed.run.attempt)
            if run is None:
                return None
            trouble = TryAgain(
                "The worker was stopped; the import continues from its last batch.",
                code="worker-stopped",
            ).trouble()
            back = run.put_back(due_at=now, trouble=trouble, strike=False)
            uow.runs.replace(run, back)
            uow.commit()
        return back

    def _end_badly(self, claimed: Claim, trouble: Trouble) -> ImportRun | None:
        """Waiting again or Failed, as the transition rules say; a failed one is discarded."""
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            run = uow.runs.held(claimed.run.id, claimed.run.attempt)
            if run is None:
                return None
            trouble = as_it_stands(uow, claimed, trouble)
            ended = run.ended_badly(now=now, trouble=trouble)
            if ended.finished:
                uow.books.discard(claimed.entity.id, claimed.generation)
            uow.runs.replace(run, ended)
            self.ports.event(
                uow,
                run.organisation_id,
                "run.failed" if ended.finished else "run.postponed",
                f"{claimed.entity.name}: {trouble.sentence}",
                entity_id=claimed.entity.id,
                run_id=run.id,
                action=trouble.action.value,
                detail=trouble.detail,
            )
            uow.commit()
        if ended.finished:
            work_off_discard(self.ports, claimed.entity.id, claimed.generation)
        return ended

    def _tell_lost(self, claimed: Claim, lost: LeaseLost) -> None:
        with self.ports.storage.writing() as uow:
            self.ports.event(
                uow,
                claimed.run.organisation_id,
                "run.lost",
                lost.sentence,
                entity_id=claimed.entity.id,
                run_id=claimed.run.id,
            )
            uow.commit()

    def _held_reading(self, claimed: Claim) -> ImportRun:
        """The run as stored: after a retry its bookmark is further than the claim's."""
        with self.ports.storage.reading() as uow:
            run = uow.runs.get(claimed.run.id)
        if run is None or run.attempt != claimed.run.attempt or run.finished:
            raise lost_by(claimed)
        return run


def _bug(error: Exception) -> OurBug:
    """The failure for the operator; type and place for the log, never the error's own text.

    The text of an unforeseen error may quote anything, a secret included.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    return OurBug(
        "Monitr could not finish this import because of an error of its own: report it with "
        "the detail in the activity.",
        detail=f"{type(error).__name__} at {place}",
    )


def _summary(changes: Applied) -> str:
    if not (changes.added or changes.changed or changes.removed):
        return "nothing changed"
    return f"{changes.added} added, {changes.changed} changed, {changes.removed} removed"


def _verdict(run: ImportRun, proof: Proof, currency: str) -> str:
    again = " after everything was read once more" if run.progress.read_again else ""
    match proof.verdict:
        case Verdict.DIFFERS:
            return f"differs from the provider by {text_of(proof.difference_e4)} {currency}{again}"
        case verdict:
            return f"{verdict.value}{again}"

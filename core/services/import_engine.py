"""One import, from claim to published and proven books.

A worker claims the run, pulls batches, applies each with its bookmark in one transaction, holds the
result against the provider's control totals, and publishes by flipping the entity's pointer. Every
write begins at the fence (``runs.held``): a worker that lost its run writes nothing more.
"""

import traceback
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Final

import attrs
from attrs import frozen

from core.domain.books import Applied, Batch, JournalLine
from core.domain.failures import (
    Action,
    Failure,
    FixSettings,
    LeaseLost,
    OurBug,
    Reconnect,
    Trouble,
    TryAgain,
)
from core.domain.import_run import LEASE_SECONDS, PROOF_LEASE_SECONDS, ImportRun, Progress
from core.domain.integration import Administration, Integration, IntegrationStatus
from core.domain.money import text_of
from core.domain.onboarding import OnboardingStep
from core.domain.proof import Proof, Verdict
from core.ports.books import Generation
from core.ports.provider import Source
from core.ports.storage import UnitOfWork
from core.services.claiming import Claim, claim
from core.services.closing import changed_in_closed, tell_closed
from core.services.importing import not_connected
from core.services.ports import Ports
from core.services.proving import prove
from core.services.sources import check, open_source, provider_name
from core.services.tokens import mark_needs_reconnect

CONNECTION_FRESH: Final = timedelta(hours=3)
"""A connection that answered this recently is not asked again what it covers.

Both slots of a night ask once per connection; the first import right after connecting does not.
"""

BATCHES_MAX: Final = 1_000_000
"""Bound on one attempt: more pages than any administration has."""


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
        administration = self._administration(claimed.integration, claimed.link.administration_key)
        with closing(open_source(self.ports, claimed.integration)) as source:
            self._pull(claimed, source, administration)
            proof = self._prove(claimed, source, administration)
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
        calls_before = source.calls
        for pulled, batch in enumerate(source.pull(administration, run.bookmark)):
            assert pulled < BATCHES_MAX, "a pull ends"
            calls = source.calls - calls_before
            calls_before = source.calls
            self._apply(claimed, batch, calls)
            if self.stopping() and not batch.last:
                raise Stopped
        self._settle(claimed)

    def _apply(self, claimed: Claim, batch: Batch, calls: int) -> None:
        with self.ports.storage.writing() as uow:
            run = _fence(uow, claimed)
            applied = uow.books.apply(claimed.entity.id, claimed.generation, batch)
            # A page of progress forgives what went badly before it: only a run that is stuck at
            # one place spends its strikes, however long the ledger and shaky the provider.
            extended = attrs.evolve(
                run,
                bookmark=batch.bookmark,
                progress=_progress(run.progress, batch, applied, calls),
                lease_until=self.ports.clock.now() + timedelta(seconds=LEASE_SECONDS),
                complete=batch.last,
                strikes=run.strikes if batch.last or run.progress.differed else 0,
            )
            uow.runs.replace(run, extended)
            uow.commit()

    def _settle(self, claimed: Claim) -> None:
        with self.ports.storage.writing() as uow:
            run = _fence(uow, claimed)
            if not run.complete:
                raise OurBug(
                    "The provider's adapter ended without saying that it was done: report this.",
                    detail=f"{claimed.integration.provider} pull without a last batch",
                )
            uow.books.settle(claimed.entity.id, claimed.generation)
            staged = attrs.evolve(run.progress, stage="proof")
            uow.runs.replace(run, attrs.evolve(run, progress=staged))
            uow.commit()

    def _prove(self, claimed: Claim, source: Source, administration: Administration) -> Proof:
        """The proof; a difference is looked at twice, because books may change while being read."""
        whole = self._begin_proof(claimed)
        prove_now = partial(
            prove,
            self.ports,
            claimed.entity.id,
            claimed.generation,
            source,
            administration,
            whole=whole,
        )
        reading = prove_now()
        if reading.proof.verdict is not Verdict.DIFFERS:
            return reading.proof
        self._reopen(claimed)
        self._pull(claimed, source, administration)
        self._begin_proof(claimed)
        return prove_now(earlier=reading).proof

    def _begin_proof(self, claimed: Claim) -> bool:
        """Take the time that control totals need; True when they must be those of every year.

        They must when the books differed the last time they were looked at, here or in the
        published generation: a difference in a closed year is not gone because nobody looks.
        """
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            run = _fence(uow, claimed)
            lease_until = now + timedelta(seconds=PROOF_LEASE_SECONDS)
            uow.runs.replace(run, attrs.evolve(run, lease_until=lease_until))
            before = uow.books.generation(claimed.entity.id, claimed.generation - 1)
            uow.commit()
        unproven = before is not None and before.proof.verdict in {Verdict.DIFFERS, Verdict.MOVED}
        return run.progress.differed or unproven

    def _reopen(self, claimed: Claim) -> None:
        """Let the pull continue from the last bookmark: what changed meanwhile comes along."""
        with self.ports.storage.writing() as uow:
            run = _fence(uow, claimed)
            differed = attrs.evolve(run.progress, differed=True)
            uow.runs.replace(run, attrs.evolve(run, complete=False, progress=differed))
            uow.commit()

    def _publish(self, claimed: Claim, proof: Proof) -> ImportRun:
        now = self.ports.clock.now()
        closed = changed_in_closed(self.ports, claimed.entity, claimed.generation)
        with self.ports.storage.writing() as uow:
            run = _fence(uow, claimed)
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
                f"{entity.name}: {_summary(changes)}, {_verdict(proof, entity.currency)}.",
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
            trouble = _as_it_stands(uow, claimed, trouble)
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
            raise _lost(claimed)
        return run


def _fence(uow: UnitOfWork, claimed: Claim) -> ImportRun:
    """The run, if this attempt may still write for it and its connection was not ended."""
    run = uow.runs.held(claimed.run.id, claimed.run.attempt)
    if run is None:
        raise _lost(claimed)
    integration = uow.integrations.get(run.integration_id)
    assert integration is not None, "integrations are never deleted"
    if integration.status is IntegrationStatus.DISCONNECTED:
        raise not_connected(integration)
    return run


def _as_it_stands(uow: UnitOfWork, claimed: Claim, trouble: Trouble) -> Trouble:
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


def _lost(claimed: Claim) -> LeaseLost:
    return LeaseLost(
        f"A worker that had lost the import of {claimed.entity.name} woke up and stopped: "
        "it wrote nothing.",
        detail=f"attempt {claimed.run.attempt}",
    )


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


def _progress(before: Progress, batch: Batch, applied: Applied, calls: int) -> Progress:
    lines = sum(1 for record in batch.records if isinstance(record, JournalLine))
    return attrs.evolve(
        before,
        batches=before.batches + 1,
        records=before.records + len(batch.records),
        lines=before.lines + lines,
        changed=before.changed + applied.added + applied.changed + applied.removed,
        calls=before.calls + calls,
        stage=batch.stage or before.stage,
        expected_lines=batch.expected_lines or before.expected_lines,
    )


def _summary(changes: Applied) -> str:
    if not (changes.added or changes.changed or changes.removed):
        return "nothing changed"
    return f"{changes.added} added, {changes.changed} changed, {changes.removed} removed"


def _verdict(proof: Proof, currency: str) -> str:
    match proof.verdict:
        case Verdict.DIFFERS:
            return f"differs from the provider by {text_of(proof.difference_e4)} {currency}"
        case verdict:
            return verdict.value

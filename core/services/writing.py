"""Bringing pulled batches into the generation being built, in units of work others can bear.

Every unit begins at the fence. The bookmark moves with the last unit of a batch only: a worker
killed in between has the page applied again, which changes nothing that is there already. What a
failed generation or a new link leaves to do is a debt the storage remembers, paid in units as well.
"""

from datetime import timedelta
from typing import Final

import attrs
from attrs import define, field

from core.domain.books import Applied, Batch, JournalLine
from core.domain.failures import OurBug
from core.domain.import_run import LEASE_SECONDS, ImportRun, Progress
from core.domain.parts import parts_of, rest_of
from core.services.claiming import Claim
from core.services.fencing import fence
from core.services.ports import Ports

UNITS_MAX: Final = 1_000_000
"""Bound on the units one step takes: more than any ledger needs."""


@define
class Writing:
    """The writes of one attempt."""

    ports: Ports
    claimed: Claim
    records_per_unit: int = field(init=False)
    """The storage's word; it learns with each unit what this machine bears."""

    @records_per_unit.default
    def _asked(self) -> int:
        with self.ports.storage.reading() as uow:
            return uow.books.records_per_unit

    def prepare(self) -> None:
        """Do what is left of an earlier generation, or of another link's books."""
        claimed = self.claimed
        for _ in range(UNITS_MAX):
            with self.ports.storage.writing() as uow:
                run = fence(uow, claimed)
                done = uow.books.work_off(claimed.entity.id, claimed.generation)
                uow.runs.replace(run, self._extended(run))
                uow.commit()
            if done:
                return
        raise AssertionError("what is left ends")

    def apply(self, batch: Batch, calls: int) -> None:
        """The whole batch; its bookmark with the last unit."""
        total = Applied()
        parts = list(parts_of(batch, self.records_per_unit))
        for part in parts[:-1]:
            total = total.plus(self._apply_part(part))
        part = parts[-1]
        for _ in range(UNITS_MAX):
            applied = self._apply_last(batch, part, total, calls)
            total = total.plus(attrs.evolve(applied, more=False))
            if not applied.more:
                return
            part = rest_of(part)
        raise AssertionError("what a batch removes ends")

    def settle(self) -> None:
        """Until nothing is left to drop; then the proof may begin."""
        claimed = self.claimed
        for _ in range(UNITS_MAX):
            with self.ports.storage.writing() as uow:
                run = fence(uow, claimed)
                if not run.complete:
                    raise OurBug(
                        "The provider's adapter ended without saying that it was done: report "
                        "this.",
                        detail=f"{claimed.integration.provider} pull without a last batch",
                    )
                applied = uow.books.settle(claimed.entity.id, claimed.generation)
                staged = attrs.evolve(run.progress, stage="proof")
                uow.runs.replace(run, attrs.evolve(run, progress=staged))
                uow.commit()
            if not applied.more:
                return
        raise AssertionError("settling ends")

    def _apply_part(self, part: Batch) -> Applied:
        with self.ports.storage.writing() as uow:
            fence(uow, self.claimed)
            applied = uow.books.apply(self.claimed.entity.id, self.claimed.generation, part)
            assert not applied.more, "only the end of a coverage leaves anything"
            uow.commit()
            self.records_per_unit = uow.books.records_per_unit
        return applied

    def _apply_last(self, batch: Batch, part: Batch, before: Applied, calls: int) -> Applied:
        with self.ports.storage.writing() as uow:
            run = fence(uow, self.claimed)
            applied = uow.books.apply(self.claimed.entity.id, self.claimed.generation, part)
            if not applied.more:
                moved = self._moved(run, batch, before.plus(applied), calls)
                uow.runs.replace(run, moved)
            uow.commit()
            self.records_per_unit = uow.books.records_per_unit
        return applied

    def _moved(self, run: ImportRun, batch: Batch, applied: Applied, calls: int) -> ImportRun:
        """The run after a batch.

        A page of progress forgives what went badly before it: only a run that is stuck at one
        place spends its strikes, however long the ledger and shaky the provider.
        """
        return attrs.evolve(
            self._extended(run),
            bookmark=batch.bookmark,
            progress=_progress(run.progress, batch, applied, calls),
            complete=batch.last,
            strikes=run.strikes if batch.last or _looks_closer(run.progress) else 0,
        )

    def _extended(self, run: ImportRun) -> ImportRun:
        lease_until = self.ports.clock.now() + timedelta(seconds=LEASE_SECONDS)
        return attrs.evolve(run, lease_until=lease_until)


def work_off_discard(ports: Ports, entity_id: str, generation: int) -> None:
    """Forget the rest of a generation that nobody builds any more.

    No fence: whoever does it, it comes to the same. One that begins to build meanwhile has done
    it first (``Writing.prepare``), and what is built then is not forgotten by a call that finds
    nothing left.
    """
    for _ in range(UNITS_MAX):
        with ports.storage.writing() as uow:
            done = uow.books.work_off(entity_id, generation)
            uow.commit()
        if done:
            return


def _looks_closer(progress: Progress) -> bool:
    """Whether the pull only fetches what changed since a difference was found.

    Such pages are few and come each time: they forgive nothing. Reading everything again does.
    """
    return progress.differed and not progress.reading_again


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
        reading_again=before.reading_again and not batch.last,
    )

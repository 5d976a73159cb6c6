"""Holding imported books against the provider's control totals.

A difference is not reported as found. First what changed meanwhile is pulled and the totals are
read again, because books may change while they are read. If it stays, everything that bears on it
is read once more from nothing: rows a provider had forgotten to mention are then there. Only what
is left after that is said to differ, and stored cell by cell.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import attrs
from attrs import frozen

from core.domain.import_run import PROOF_LEASE_SECONDS, ImportRun
from core.domain.integration import Administration
from core.domain.money import text_of
from core.domain.proof import (
    FINDINGS_COUNTED_MAX,
    Cell,
    ControlTotals,
    Proof,
    Verdict,
    hold_against,
)
from core.ports.books import Generation
from core.ports.provider import START_OVER, ReadsAgain, Source
from core.ports.storage import UnitOfWork
from core.services.claiming import Claim
from core.services.fencing import fence
from core.services.ports import Ports
from core.services.sources import provider_name


@frozen(kw_only=True)
class Reading:
    """One comparison: the proof, and the control totals it was made with."""

    proof: Proof
    control: ControlTotals | None


def prove(
    ports: Ports,
    entity_id: str,
    generation: int,
    source: Source,
    administration: Administration,
    *,
    whole: bool = False,
    earlier: Reading | None = None,
) -> Reading:
    """Read the control totals and hold the settled generation against them.

    ``whole``: those of every year. ``earlier``: a reading that differed. Where the provider's total
    changed since, a difference that is another one now is called moved while reading, because the
    provider's books would not hold still; one that stayed the same is a difference.
    """
    control = source.control_totals(administration, whole=whole)
    with ports.storage.reading() as uow:
        ours_e4 = uow.books.cells(entity_id, generation)
        findings = uow.books.findings(entity_id, generation, limit=FINDINGS_COUNTED_MAX)
    moved = set() if earlier is None else _moved(earlier, ours_e4, control)
    return Reading(proof=hold_against(ours_e4, control, findings, moved=moved), control=control)


def _moved(
    earlier: Reading, ours_e4: Mapping[Cell, int], control: ControlTotals | None
) -> set[Cell]:
    """Cells whose control total changed, and with it the difference."""
    if earlier.control is None or control is None:
        return set()
    before_e4, now_e4 = earlier.control.balances_e4, control.balances_e4
    differed_e4 = {residual.cell: residual.difference_e4 for residual in earlier.proof.residuals}
    ours_e4 = control.comparable(ours_e4)
    return {
        cell
        for cell in before_e4.keys() | now_e4.keys()
        if (earlier.control.years is None or cell.year in earlier.control.years)
        and before_e4.get(cell, 0) != now_e4.get(cell, 0)
        and ours_e4.get(cell, 0) - now_e4.get(cell, 0) != differed_e4.get(cell, 0)
    }


@frozen
class Proving:
    """The proof of one attempt. ``pull`` brings the books from the run's bookmark up to date."""

    ports: Ports
    claimed: Claim
    source: Source
    administration: Administration
    pull: Callable[[], None]

    def proof(self) -> Proof:
        """What is left after looking again, and after reading again."""
        reading = self._reading(whole=self._begin())
        if reading.proof.verdict is not Verdict.DIFFERS:
            return reading.proof
        self._reopen()
        self.pull()
        reading = self._reading(whole=self._begin(), earlier=reading)
        if reading.proof.verdict is Verdict.DIFFERS and self._start_again(reading.proof):
            self.pull()
            reading = self._reading(whole=self._begin(), earlier=reading)
        return reading.proof

    def _reading(self, *, whole: bool, earlier: Reading | None = None) -> Reading:
        claimed = self.claimed
        return prove(
            self.ports,
            claimed.entity.id,
            claimed.generation,
            self.source,
            self.administration,
            whole=whole,
            earlier=earlier,
        )

    def _begin(self) -> bool:
        """Take the time that control totals need; True when they must be those of every year.

        They must when the books differed the last time they were looked at, here or in the
        published generation: a difference in a closed year is not gone because nobody looks.
        """
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            run = fence(uow, self.claimed)
            lease_until = now + timedelta(seconds=PROOF_LEASE_SECONDS)
            uow.runs.replace(run, attrs.evolve(run, lease_until=lease_until))
            before = self._published(uow)
            uow.commit()
        unproven = before is not None and before.proof.verdict in {Verdict.DIFFERS, Verdict.MOVED}
        return run.progress.differed or unproven

    def _published(self, uow: UnitOfWork) -> Generation | None:
        return uow.books.generation(self.claimed.entity.id, self.claimed.generation - 1)

    def _reopen(self) -> None:
        """Let the pull continue from the last bookmark: what changed meanwhile comes along."""
        with self.ports.storage.writing() as uow:
            run = fence(uow, self.claimed)
            differed = attrs.evolve(run.progress, differed=True)
            uow.runs.replace(run, attrs.evolve(run, complete=False, progress=differed))
            uow.commit()

    def _start_again(self, proof: Proof) -> bool:
        """Let the next pull read again what bears on the difference; False when that was done.

        Once in a chain of attempts, and not at all for a difference that was reported before and
        is still the same to the cent: it was read again then, and every night would cost as much
        as the first.
        """
        claimed = self.claimed
        with self.ports.storage.writing() as uow:
            run = fence(uow, claimed)
            before = self._published(uow)
            known = (
                before is not None
                and before.link_id == claimed.link.id
                and (before.proof.residuals, before.proof.residual_count)
                == (proof.residuals, proof.residual_count)
            )
            if known or run.progress.read_again:
                return False
            uow.runs.replace(run, self._from_nothing(run, proof))
            self.ports.event(
                uow,
                run.organisation_id,
                "run.reading-again",
                f"{claimed.entity.name}: what was read differs from "
                f"{provider_name(claimed.integration)} by {text_of(proof.difference_e4)} "
                f"{claimed.entity.currency}. It is read once more before that is reported.",
                entity_id=claimed.entity.id,
                run_id=run.id,
                residuals=str(proof.residual_count),
            )
            uow.commit()
        return True

    def _from_nothing(self, run: ImportRun, proof: Proof) -> ImportRun:
        """The run before a pull that reads the years concerned (or everything) again."""
        bookmark = START_OVER
        if isinstance(self.source, ReadsAgain) and run.bookmark is not None:
            years = frozenset(residual.cell.year for residual in proof.residuals)
            bookmark = self.source.again(self.administration, run.bookmark, years)
        progress = attrs.evolve(run.progress, read_again=True, reading_again=True)
        return attrs.evolve(run, bookmark=bookmark, complete=False, progress=progress)

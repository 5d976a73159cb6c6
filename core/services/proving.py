"""Holding imported books against the provider's control totals."""

from collections.abc import Mapping

from attrs import frozen

from core.domain.integration import Administration
from core.domain.proof import FINDINGS_COUNTED_MAX, Cell, ControlTotals, Proof, hold_against
from core.ports.provider import Source
from core.services.ports import Ports


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
    return {
        cell
        for cell in before_e4.keys() | now_e4.keys()
        if (earlier.control.years is None or cell.year in earlier.control.years)
        and before_e4.get(cell, 0) != now_e4.get(cell, 0)
        and ours_e4.get(cell, 0) - now_e4.get(cell, 0) != differed_e4.get(cell, 0)
    }

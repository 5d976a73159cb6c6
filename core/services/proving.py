"""Holding imported books against the provider's control totals."""

from attrs import frozen

from core.domain.integration import Administration
from core.domain.proof import FINDINGS_STORED_MAX, ControlTotals, Proof, hold_against
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
    earlier: Reading | None = None,
) -> Reading:
    """Read the control totals and hold the settled generation against them.

    ``earlier``: a reading that differed. If the provider's totals changed since, a difference that
    remains is called moved while reading, because the provider's books would not hold still.
    """
    control = source.control_totals(administration)
    with ports.storage.reading() as uow:
        ours_e4 = uow.books.cells(entity_id, generation)
        findings = uow.books.findings(entity_id, generation, limit=FINDINGS_STORED_MAX)
    moved = (
        earlier is not None
        and earlier.control is not None
        and control is not None
        and dict(earlier.control.balances_e4) != dict(control.balances_e4)
    )
    return Reading(proof=hold_against(ours_e4, control, findings, moved=moved), control=control)

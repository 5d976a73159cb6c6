"""Proof: our totals held against the provider's own control totals, to the cent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final

from attrs import evolve, frozen

RESIDUALS_STORED_MAX: Final = 500
FINDINGS_STORED_MAX: Final = 500
FINDINGS_COUNTED_MAX: Final = 50_000
"""Books with more wrong in them than that are not worse by the number."""
WHOLE_YEAR: Final = 0
"""The period of a cell that stands for a whole fiscal year, where totals are told by year only."""


class Verdict(StrEnum):
    PROVEN = "proven"
    DIFFERS = "differs"
    MOVED = "moved while reading"
    NOT_OFFERED = "not offered"


@frozen(kw_only=True, order=True)
class Cell:
    """One account in one fiscal period. Odoo has no period numbers: there it is the month."""

    account_key: str
    year: int
    period: int


@frozen(kw_only=True)
class ControlTotals:
    """The provider's own balances. Debit positive; a cell that is absent is zero.

    ``years`` limits what they speak of: None means every year, so our cells elsewhere count too.
    ``by_year``: the provider tells whole fiscal years only. All its cells have the period
    WHOLE_YEAR, and ours are added up by year before they are compared.
    """

    balances_e4: Mapping[Cell, int]
    years: frozenset[int] | None = None
    by_year: bool = False

    def comparable(self, ours_e4: Mapping[Cell, int]) -> Mapping[Cell, int]:
        """Our balances in cells such as these are."""
        if not self.by_year:
            return ours_e4
        folded: defaultdict[Cell, int] = defaultdict(int)
        for cell, amount_e4 in ours_e4.items():
            folded[evolve(cell, period=WHOLE_YEAR)] += amount_e4
        return folded


@frozen(kw_only=True)
class Residual:
    """A cell where ours and the provider's differ."""

    cell: Cell
    ours_e4: int
    theirs_e4: int

    @property
    def difference_e4(self) -> int:
        return self.ours_e4 - self.theirs_e4

    @property
    def period(self) -> int | None:
        """The fiscal period; None where the provider tells whole fiscal years only."""
        return None if self.cell.period == WHOLE_YEAR else self.cell.period

    @property
    def where(self) -> str:
        """``2026-03``, or ``2026`` for the whole fiscal year."""
        year = str(self.cell.year)
        return year if self.period is None else f"{year}-{self.period:02d}"


class FindingKind(StrEnum):
    UNBALANCED_ENTRY = "entry does not balance"
    UNKNOWN_ACCOUNT = "line refers to an unknown account"


@frozen(kw_only=True)
class Finding:
    """Something in the books that is wrong by itself, whatever the totals say."""

    kind: FindingKind
    key: str
    """Entry key or account key."""
    amount_e4: int = 0


@frozen(kw_only=True)
class Proof:
    """The verdict with what supports it. ``difference_e4`` is the sum of absolute residuals.

    ``residuals`` and ``findings`` are cut to their stored maximum; the counts are whole (of
    findings up to FINDINGS_COUNTED_MAX).
    """

    verdict: Verdict
    cells: int = 0
    accounts: int = 0
    difference_e4: int = 0
    residual_count: int = 0
    residuals: tuple[Residual, ...] = ()
    finding_count: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def sound(self) -> bool:
        """Proven, and nothing wrong inside the books either."""
        return self.verdict is Verdict.PROVEN and self.finding_count == 0


def hold_against(
    ours_e4: Mapping[Cell, int],
    control: ControlTotals | None,
    findings: Iterable[Finding] = (),
    *,
    moved: Collection[Cell] = frozenset(),
) -> Proof:
    """Our balances per cell against the provider's. ``moved``: cells that changed between two
    control readings. A difference in any other cell is one, however much else moves.

    Zero cells on either side are the same as absent ones.
    """
    found = tuple(findings)
    if control is None:
        return Proof(
            verdict=Verdict.NOT_OFFERED,
            finding_count=len(found),
            findings=found[:FINDINGS_STORED_MAX],
        )
    in_scope = {
        cell: amount_e4
        for cell, amount_e4 in control.comparable(ours_e4).items()
        if control.years is None or cell.year in control.years
    }
    cells = in_scope.keys() | control.balances_e4.keys()
    residuals = sorted(
        (
            Residual(
                cell=cell,
                ours_e4=in_scope.get(cell, 0),
                theirs_e4=control.balances_e4.get(cell, 0),
            )
            for cell in cells
            if in_scope.get(cell, 0) != control.balances_e4.get(cell, 0)
        ),
        key=lambda residual: (-abs(residual.difference_e4), residual.cell),
    )
    verdict = Verdict.PROVEN
    if residuals:
        stood_still = any(residual.cell not in moved for residual in residuals)
        verdict = Verdict.DIFFERS if stood_still else Verdict.MOVED
    return Proof(
        verdict=verdict,
        cells=len(cells),
        accounts=len({cell.account_key for cell in cells}),
        difference_e4=sum(abs(residual.difference_e4) for residual in residuals),
        residual_count=len(residuals),
        residuals=tuple(residuals[:RESIDUALS_STORED_MAX]),
        finding_count=len(found),
        findings=found[:FINDINGS_STORED_MAX],
    )

"""Lines of totals in a table: never imported, always held against what was read."""

from collections.abc import Iterator
from typing import Final

from attrs import define, field

from core.domain.file_import import TOTALS_DIFFER, Declared, Remark, Weight
from core.domain.money import text_of

DIFFERENCES_TOLD_MAX: Final = 5


@define
class Totals:
    """Sums as written, side by side: of the whole file, and since the last line of totals."""

    debit_e4: int = 0
    credit_e4: int = 0
    _since_debit_e4: int = 0
    _since_credit_e4: int = 0
    _grand: tuple[int, int] | None = None
    """What the last line of totals said, if it spoke of everything."""
    _differences: list[Remark] = field(factory=list)
    _checked: int = 0

    def add(self, debit_e4: int, credit_e4: int) -> None:
        self.debit_e4 += debit_e4
        self.credit_e4 += credit_e4
        self._since_debit_e4 += debit_e4
        self._since_credit_e4 += credit_e4
        self._grand = None

    def told(self, row: int, debit_e4: int, credit_e4: int, *, named: bool) -> None:
        """The row says so. ``named``: it calls itself a total; others may be anything."""
        whole = (self.debit_e4, self.credit_e4)
        since = (self._since_debit_e4, self._since_credit_e4)
        nets = {whole[0] - whole[1], since[0] - since[1]}
        told = (debit_e4, credit_e4)
        if told == whole:
            self._grand = told
        elif told != since and not (0 in told and debit_e4 - credit_e4 in nets) and named:
            self._differ(
                row,
                f"{text_of(debit_e4)} debit and {text_of(credit_e4)} credit, the lines above it "
                f"{text_of(since[0])} and {text_of(since[1])}",
            )
        self._reset()

    def told_net(self, row: int, net_e4: int) -> None:
        """The row of a table with one signed amount says so."""
        whole = self.debit_e4 - self.credit_e4
        since = self._since_debit_e4 - self._since_credit_e4
        if net_e4 not in {whole, since}:
            self._differ(row, f"{text_of(net_e4)}, the lines above it {text_of(since)}")
        self._reset()

    def _differ(self, row: int, figures: str) -> None:
        if len(self._differences) < DIFFERENCES_TOLD_MAX:
            self._differences.append(
                Remark(
                    weight=Weight.WARNING,
                    code=TOTALS_DIFFER,
                    sentence=f"The line of totals in row {row} says {figures}.",
                )
            )

    def _reset(self) -> None:
        self._checked += 1
        self._since_debit_e4 = self._since_credit_e4 = 0

    def remarks(self) -> Iterator[Remark]:
        yield from self._differences
        if self._checked and not self._differences:
            yield Remark(
                weight=Weight.INFO,
                code="totals-checked",
                sentence=f"{self._checked} lines of totals are the sums of their lines.",
            )

    def declared(self) -> Declared:
        if self._grand is None:
            return Declared()
        return Declared(debit_e4=self._grand[0], credit_e4=self._grand[1])

"""The totals an audit file states, held against what was read, side by side as written."""

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import define, field

from adapters.files.lines import AMOUNT_E4_MAX
from core.domain.file_import import TOTALS_DIFFER, Remark, Weight
from core.domain.money import InexactAmount, parse_e4, text_of

COUNT_DIGITS_MAX: Final = 12
CLOSING_TOLD_MAX: Final = 5


@define
class Section:
    """One part of a file that states its totals, and what was read in it.

    ``counted_e4`` None while nothing was stated. Sums are as written: a negative debit lowers the
    debit.
    """

    name: str
    lines: int = 0
    entries: int = 0
    debit_e4: int = 0
    credit_e4: int = 0
    stated_count: int | None = None
    stated_debit_e4: int | None = None
    stated_credit_e4: int | None = None
    unreadable: bool = False

    def state(self, what: str, text: str | None) -> None:
        """``what``: count, debit or credit. A second statement adds up, as in joined files."""
        text = (text or "").strip()
        if what == "count":
            if text.isascii() and text.isdigit() and len(text) <= COUNT_DIGITS_MAX:
                self.stated_count = (self.stated_count or 0) + int(text)
            else:
                self.unreadable = True
            return
        try:
            # Totals are larger than any line: up to what a sum may be.
            sum_e4 = parse_e4(text.replace(",", "."))
        except InexactAmount:
            self.unreadable = True
            return
        if abs(sum_e4) > AMOUNT_E4_MAX * 100:
            self.unreadable = True
        elif what == "debit":
            self.stated_debit_e4 = (self.stated_debit_e4 or 0) + sum_e4
        else:
            self.stated_credit_e4 = (self.stated_credit_e4 or 0) + sum_e4

    def add(self, written_e4: int, *, debit: bool) -> None:
        self.lines += 1
        if debit:
            self.debit_e4 += written_e4
        else:
            self.credit_e4 += written_e4

    def add_many(self, debits_e4: Sequence[int], credits_e4: Sequence[int]) -> None:
        self.lines += len(debits_e4) + len(credits_e4)
        self.debit_e4 += sum(debits_e4)
        self.credit_e4 += sum(credits_e4)

    def remarks(self) -> Iterator[Remark]:
        differences = [
            f"{text_of(stated_e4)} {side}, its lines {text_of(found_e4)}"
            for side, stated_e4, found_e4 in (
                ("debit", self.stated_debit_e4, self.debit_e4),
                ("credit", self.stated_credit_e4, self.credit_e4),
            )
            if stated_e4 is not None and stated_e4 != found_e4
        ]
        if differences:
            yield Remark(
                weight=Weight.WARNING,
                code=TOTALS_DIFFER,
                sentence=f"The file states for its {self.name} {' and '.join(differences)}.",
            )
        elif self.stated_debit_e4 is not None and self.stated_credit_e4 is not None:
            yield Remark(
                weight=Weight.INFO,
                code="totals-checked",
                sentence=f"The stated totals of the {self.name} are the sums of the lines: "
                f"{text_of(self.debit_e4)} debit and {text_of(self.credit_e4)} credit.",
            )
        else:
            yield Remark(
                weight=Weight.WARNING,
                code="totals-missing",
                sentence=f"The file states no totals for its {self.name}, so that nothing in it "
                "says whether it is whole.",
            )
        if self.stated_count is not None and self.stated_count not in {self.lines, self.entries}:
            yield Remark(
                weight=Weight.WARNING,
                code="count-mismatch",
                sentence=f"The file counts {self.stated_count} for its {self.name}; it holds "
                f"{self.lines} lines in {self.entries} entries.",
            )
        if self.unreadable:
            yield Remark(
                weight=Weight.WARNING,
                code="totals-unreadable",
                sentence=f"A total the file states for its {self.name} is no number.",
            )


@define
class AuditTotals:
    """The sections of a file, and balances per account where it states them."""

    opening: Section = field(factory=lambda: Section("opening balance"))
    postings: Section = field(factory=lambda: Section("transactions"))
    has_opening: bool = False
    has_postings: bool = False
    closing_e4: dict[str, int] = field(factory=dict)
    """As stated, by account; empty where the format does not."""
    reached_e4: dict[str, int] = field(factory=dict)
    """Opening and movements, by account; kept while ``closing_e4`` is to be compared."""

    def remarks(self) -> Iterator[Remark]:
        if self.has_opening and self.opening.stated_debit_e4 is not None:
            yield from self.opening.remarks()
        if self.has_postings:
            yield from self.postings.remarks()
        differing = [
            f"{code}: {text_of(closing_e4)} stated, {text_of(self.reached_e4.get(code, 0))} reached"
            for code, closing_e4 in sorted(self.closing_e4.items())
            if closing_e4 != self.reached_e4.get(code, 0)
        ]
        if differing:
            yield Remark(
                weight=Weight.WARNING,
                code="closing-differs",
                sentence=f"{len(differing)} of {len(self.closing_e4)} closing balances are not "
                f"opening and movements ({'; '.join(differing[:CLOSING_TOLD_MAX])}).",
            )
        elif self.closing_e4:
            yield Remark(
                weight=Weight.INFO,
                code="closing-checked",
                sentence=f"{len(self.closing_e4)} closing balances are opening and movements.",
            )

    @property
    def counts_entries(self) -> bool:
        """Whether the stated count is of transactions, by the format or by habit."""
        section = self.postings
        return section.stated_count == section.entries and section.entries != section.lines

    @property
    def lines(self) -> int | None:
        stated = self.postings.stated_count
        if stated is None or self.counts_entries:
            return None
        return stated + (self.opening.stated_count or 0)

    @property
    def entries(self) -> int | None:
        return self.postings.stated_count if self.counts_entries else None

    @property
    def debit_e4(self) -> int | None:
        stated_e4 = self.postings.stated_debit_e4
        return None if stated_e4 is None else stated_e4 + (self.opening.stated_debit_e4 or 0)

    @property
    def credit_e4(self) -> int | None:
        stated_e4 = self.postings.stated_credit_e4
        return None if stated_e4 is None else stated_e4 + (self.opening.stated_credit_e4 or 0)

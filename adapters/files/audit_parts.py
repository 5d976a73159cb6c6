"""From what an audit file says to books: entries, lines, masters and totals, part by part.

What XAF and SAF-T have in common, in constant memory. A reader tells what it meets, in the order of
the file; parts collect in ``ready``.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import islice
from operator import eq
from typing import Final, cast

from attrs import define, field

from adapters.files.audit_masters import AuditMasters, amount_e4_of
from adapters.files.audit_totals import AuditTotals
from adapters.files.keys import LineKeys, entry_key
from adapters.files.lines import CODE_CHARACTERS_MAX, StagedEntry, StagedLine
from adapters.files.plain_lines import FileLine, PlainLines, Run, Texts, cut, text_or_none
from core.domain.books import JournalEntry, JournalKind, JournalLine
from core.domain.file_import import Declared, Rejected, Remark, Weight
from core.domain.money import InexactAmount
from core.ports.files import POSTINGS_LINES_MAX, Masters, Part, Postings

MASTERS_PER_PART: Final = 5_000
OPENING_HELD_MAX: Final = 50_000
"""Lines booked as an opening that are held back to see whether they repeat the opening balance."""
DATES_KEPT_MAX: Final = 20_000
CURRENCY_CHARACTERS: Final = 3
PERIOD_DIGITS_MAX: Final = 3
REJECTED_CHARACTERS_MAX: Final = 200
_CODE_SIZES: Final = range(1, CODE_CHARACTERS_MAX + 1)


@define
class FileHeader:
    """What the file says about itself; None where it does not."""

    company: str | None = None
    company_id: str | None = None
    currency: str | None = None
    fiscal_year: str | None = None
    year: int | None = None
    first: dt.date | None = None
    last_day: dt.date | None = None

    @property
    def start_month(self) -> int:
        return self.first.month if self.first is not None else 1


@define
class AuditParts:
    """One reading of one file."""

    header: FileHeader = field(factory=FileHeader)
    totals: AuditTotals = field(factory=AuditTotals)
    keys: LineKeys = field(factory=LineKeys)
    ready: list[Part] = field(factory=list)
    masters: AuditMasters = field(factory=AuditMasters)
    entry: StagedEntry | None = None
    journal_kind: JournalKind = JournalKind.OTHER
    opening: bool = False
    outside: int = 0
    """Entries dated outside the file's own dates."""
    rejected: int = 0
    count: int = 0
    """Lines met, rejected ones included."""
    last_number: str | None = None
    numbers_repeat: bool = False
    line_date: dt.date = dt.date.min
    plain: PlainLines | None = None
    """Where lines wait to be taken many at a time; None: in no such format."""
    _begun: StagedEntry | None = None
    """The entry whose lines were given their keys last."""
    _told: StagedEntry | None = None
    """The entry told last in the part being made."""
    _undated: bool = False
    _counted: int = 0
    _entries: list[StagedEntry] = field(factory=list)
    _lines: list[StagedLine] = field(factory=list)
    _dates: dict[str, dt.date | None] = field(factory=dict)

    # Entries

    def begin(
        self,
        *,
        journal: str,
        number: str,
        date: str | None,
        period: str | None,
        year: int | None = None,
        description: str | None = None,
        opening: bool = False,
    ) -> None:
        """The lines that follow belong to this entry."""
        if opening is not self.opening:
            self.flush()
            self.opening = opening
        found = self.date_of(date)
        self._undated = found is None and not opening
        day = found or self.header.first or dt.date(self.header.year or 1900, 1, 1)
        day = self._inside(day, opening=opening)
        told = _period(period)
        if told is None:
            told = 0 if opening else (day.month - self.header.start_month) % 12 + 1
        journal, number = cut(journal), cut(number)
        self.entry = StagedEntry(
            entry_key(day, journal, number), number or None, journal or None, day,
            year or self.header.year or day.year, told, text_or_none(description),
        )  # fmt: skip
        self.line_date = found if found is not None and not opening else day

    def date_of(self, text: str | None) -> dt.date | None:
        if text is None:
            return None
        if text not in self._dates:
            if len(self._dates) >= DATES_KEPT_MAX:
                self._dates.clear()
            try:
                self._dates[text] = dt.date.fromisoformat(text.strip()[:10])
            except ValueError:
                self._dates[text] = None
        return self._dates[text]

    def _inside(self, day: dt.date, *, opening: bool) -> dt.date:
        """The day by which the entry belongs to this file: never one of another year's file."""
        first, last_day = self.header.first, self.header.last_day
        if first is None or last_day is None or first <= day <= last_day:
            return day
        self.outside += not opening
        return first if day < first else last_day

    # Lines

    def line(self, words: FileLine) -> int:
        """The amount as written, in 1/10,000: on its side for the totals; 0 when rejected."""
        self.settle()
        self.count += 1
        account, debit, amount, number, contact, tax, _, foreign, description = words
        entry = self.entry
        if entry is not None and entry is not self._begun:
            self.keys.begin(entry.key)
            self._begun, self.last_number = entry, None
        account = account.strip() if account else ""
        try:
            written_e4 = amount_e4_of(amount or "")
        except InexactAmount:
            return self._reject(account, words, "the amount is not an exact amount")
        if entry is None or self._undated or debit is None or len(account) not in _CODE_SIZES:
            return self._reject(account, words, "")
        if account not in self.masters.used:
            self.masters.use(account)
        if number is not None:
            if number == self.last_number:
                self.numbers_repeat = True
            self.last_number = number
        if contact:
            contact = cut(contact)
            self.masters.role(contact, self.journal_kind)
        currency, foreign_e4 = self._foreign(words) if foreign else (None, None)
        if entry is not self._told:
            self._entries.append(entry)
            self._told = entry
        keys, lines = self.keys, self._lines
        key = keys.line(account, self.count)
        lines.append(
            StagedLine(
                key, entry.key, keys.position, account, self.line_date, entry.year, entry.period,
                written_e4 if debit else -written_e4, currency, foreign_e4, contact or None,
                tax or None, text_or_none(description),
            )
        )  # fmt: skip
        if len(lines) >= POSTINGS_LINES_MAX:
            self._flush()
        return written_e4

    def _foreign(self, words: FileLine) -> tuple[str | None, int | None]:
        """(currency, amount in it), where the line is not in the file's own."""
        currency = words.currency
        if not currency or not words.foreign or currency == self.header.currency:
            return None, None
        try:
            foreign_e4 = amount_e4_of(words.foreign)
        except InexactAmount:
            return None, None
        code = currency.strip().upper()[:CURRENCY_CHARACTERS]
        return code, foreign_e4 if words.debit else -foreign_e4

    def _reject(self, account: str, words: FileLine, reason: str) -> int:
        entry = self.entry
        if entry is None or self._undated:
            reason = "its entry has no date"
        elif len(account) not in _CODE_SIZES:
            reason = "no ledger account"
        elif words.debit is None:
            reason = "neither debit nor credit"
        place = "" if entry is None else f"{entry.journal_key or ''} {entry.number or ''} "
        self.rejected += 1
        text = f"{place}{account} {words.amount or ''}"[:REJECTED_CHARACTERS_MAX]
        self.ready.append(Rejected(line=self.count, reason=reason, text=text))
        return 0

    # Many lines at a time

    def begin_plain(self, contact: str | None) -> bool:
        """Whether lines of the entry begun last may wait in ``plain``."""
        if self.plain is None or self.entry is None or self._undated:
            return False
        self.plain.begin(self.entry, self.line_date, self.journal_kind, contact)
        return True

    def settle(self) -> None:
        """Lines that wait are taken."""
        plain = self.plain
        if plain is None or not plain.texts:
            return
        runs, texts = plain.taken()
        columns = plain.columns(runs, texts) if len(texts) <= POSTINGS_LINES_MAX else None
        if columns is None:
            self._one_by_one(plain, runs, texts)
            return
        if len(self._lines) + len(texts) > POSTINGS_LINES_MAX:
            self._flush()
        continues = runs[0].entry is self._begun
        for account in set(columns.accounts) - self.masters.used:
            self.masters.use(account)
        self._look_at_numbers(columns.numbers, runs, continues=continues)
        for contact, kind in columns.roles:
            self.masters.role(contact, kind)
        rows = range(self.count + 1, self.count + len(texts) + 1)
        self.count += len(texts)
        keys = self.keys.columns(
            [run.entry.key for run in runs], columns.lengths, columns.accounts, rows,
            continues=continues,
        )  # fmt: skip
        told = runs[int(runs[0].entry is self._told) :]
        self._entries += [run.entry for run in told]
        self._begun = self._told = runs[-1].entry
        self._lines += columns.lines(keys)
        self.totals.postings.add_many(columns.debits_e4, columns.credits_e4)
        if len(self._lines) >= POSTINGS_LINES_MAX:
            self._flush()

    def _one_by_one(self, plain: PlainLines, runs: Sequence[Run], texts: Sequence[Texts]) -> None:
        """Among them is one out of the ordinary: each is looked at by itself."""
        now = self.entry, self.line_date, self.journal_kind, self._undated
        self._undated = False
        ends = [*(run.start for run in runs[1:]), len(texts)]
        for run, end in zip(runs, ends, strict=True):
            self.entry, self.line_date, self.journal_kind = run.entry, run.line_date, run.kind
            for one in texts[run.start : end]:
                words = plain.words(one, run)
                self.totals.postings.add(self.line(words), debit=bool(words.debit))
        self.entry, self.line_date, self.journal_kind, self._undated = now

    def _look_at_numbers(
        self, numbers: Sequence[str | None], runs: Sequence[Run], *, continues: bool
    ) -> None:
        """Whether lines of one entry repeat the number before."""
        if not continues:
            self.last_number = None
        if self.numbers_repeat or not (
            None in numbers
            or numbers[0] == self.last_number
            or any(map(eq, numbers, islice(numbers, 1, None)))
        ):
            self.last_number = numbers[-1]
            return
        starts = {run.start for run in runs[int(continues) :]}
        for at, number in enumerate(numbers):
            if at in starts:
                self.last_number = None
            if number is not None:
                self.numbers_repeat = self.numbers_repeat or number == self.last_number
                self.last_number = number

    def flush(self) -> None:
        """What was collected becomes a part."""
        self.settle()
        self._flush()

    def _flush(self) -> None:
        if not self._lines:
            return
        # They have the fields of entries and lines: staging reads them and writes them down.
        part = Postings(
            entries=cast("tuple[JournalEntry, ...]", tuple(self._entries)),
            lines=cast("tuple[JournalLine, ...]", tuple(self._lines)),
            opening=self.opening,
            new_entries=self.keys.entries - self._counted,
        )
        self._counted = self.keys.entries
        self.ready.append(part)
        self._entries.clear()
        self._lines.clear()
        self._told = None

    # The end

    def finish(self) -> None:
        """Everything that is known only once the whole was read."""
        self.flush()
        unknown = self.masters.completed()
        if unknown:
            self.warn(
                "unknown-account",
                f"{len(unknown)} accounts have lines and are not in the file's chart of accounts "
                f"({', '.join(unknown[:5])}): they count as balance sheet.",
            )
        records = self.masters.records()
        for start in range(0, len(records), MASTERS_PER_PART):
            self.ready.append(Masters(records=tuple(records[start : start + MASTERS_PER_PART])))
        if self.outside:
            self.warn(
                "dates-outside-year",
                f"{self.outside} entries are dated outside {self.header.first} to "
                f"{self.header.last_day}: their lines keep their dates, and they belong to this "
                "file's year.",
            )
        if self.numbers_repeat:
            self.remark(
                Weight.INFO,
                "duplicate-line-numbers",
                "Lines of one entry repeat their number: they are told apart by their place.",
            )
        self.ready += self.totals.remarks()
        self.ready.append(self.declared())

    def declared(self) -> Declared:
        header, totals = self.header, self.totals
        return Declared(
            lines=totals.lines,
            entries=totals.entries,
            debit_e4=totals.debit_e4,
            credit_e4=totals.credit_e4,
            first=header.first,
            last_day=header.last_day,
            fiscal_year=header.fiscal_year,
            company=header.company,
            company_id=header.company_id,
            currency=header.currency,
        )

    def remark(self, weight: Weight, code: str, sentence: str) -> None:
        self.ready.append(Remark(weight=weight, code=code, sentence=sentence))

    def warn(self, code: str, sentence: str) -> None:
        self.remark(Weight.WARNING, code, sentence)


def _period(text: str | None) -> int | None:
    """``3``, ``003``, ``2024-03`` (the last number); None for what is none."""
    if text is None:
        return None
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        digits = digits.replace("/", "-").rpartition("-")[2]
    if digits.isascii() and digits.isdigit() and len(digits) <= PERIOD_DIGITS_MAX:
        return int(digits)
    return None

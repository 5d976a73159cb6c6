"""From rows to books: what a mapped table says, part by part, in constant memory."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, cast

from attrs import define, field

from adapters.files.csv_rows import CHUNK_ROWS, Cell, Chunk, block_of, shown
from adapters.files.kept import Kept
from adapters.files.keys import LineKeys, entry_key
from adapters.files.lines import (
    AMOUNT_E4_MAX,
    CODE_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Open,
    StagedEntry,
    StagedLine,
    identity_of,
)
from adapters.files.masters import MasterData
from adapters.files.quick_rows import amounts_kept, dates_kept, is_quick, take_quickly
from adapters.files.totals import Totals
from adapters.files.values import amount_reader, cell_date, cell_e4, read_period, read_year, side_of
from adapters.files.words import BALANCE_WORDS, TOTAL_WORDS, plain
from core.domain.books import JournalEntry, JournalLine
from core.domain.file_import import (
    ColumnMapping,
    DateOrder,
    EntriesBy,
    Rejected,
    Remark,
    Target,
    Weight,
)
from core.domain.money import InexactAmount
from core.ports.files import POSTINGS_LINES_MAX, Part, Postings

CURRENCY_CHARACTERS: Final = 3
FEW_ROWS: Final = 40
"""So few rows are taken one by one when one of them is out of the ordinary."""
PIECES: Final = 4
"""More are taken in so many pieces: one odd row costs those around it only."""

NOWHERE: Final = -1
assert CHUNK_ROWS <= POSTINGS_LINES_MAX, "a chunk is at most a part"


class Refused(Exception):
    """The row is rejected; the text is the reason."""


@define
class TableParts:
    """One reading of one table."""

    mapping: ColumnMapping
    masters: MasterData = field(factory=MasterData)
    totals: Totals = field(factory=Totals)
    keys: LineKeys = field(factory=LineKeys)
    skipped: int = 0
    """Rows that are no lines: titles, headings, balances a report repeats."""
    at: dict[Target, int] = field(init=False)
    amount: Callable[[str], int] = field(init=False)
    order: DateOrder = field(init=False)
    needed: int = field(init=False)
    dates: Kept[Cell, dt.date] = field(init=False)
    amounts: Kept[Cell, int] = field(init=False)
    quick: bool = field(init=False)
    """Whether ordinary rows may be taken column by column."""
    open: Open | None = None
    account: str = ""
    """By headings: the account whose lines follow."""
    counted: int = 0
    """Entries that were told in earlier parts."""
    entries: list[StagedEntry] = field(factory=list)
    lines: list[StagedLine] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        columns = self.mapping.columns
        self.at = {target: columns.get(target, NOWHERE) for target in Target}
        self.amount = amount_reader(self.mapping.decimal)
        self.amounts = amounts_kept(self.amount)
        self.quick = is_quick(self.mapping)
        undecided = self.mapping.date_order is DateOrder.UNDECIDED
        self.order = DateOrder.DMY if undecided else self.mapping.date_order
        self.dates = dates_kept(self.order)
        self.needed = max(columns.values(), default=0) + 1

    def run(self, chunks: Iterable[Chunk]) -> Iterator[Part]:
        for chunk in chunks:
            if len(self.lines) + len(chunk) > POSTINGS_LINES_MAX and self.lines:
                yield self._part()
            yield from self._taken(chunk)
        if self.lines:
            yield self._part()
        yield from self.masters.parts()
        yield from self.totals.remarks()
        yield self.totals.declared()
        if self.skipped:
            yield Remark(
                weight=Weight.INFO,
                code="rows-skipped",
                sentence=f"{self.skipped} rows are titles, headings or repeated balances.",
            )

    def _taken(self, chunk: Chunk) -> Iterator[Rejected]:
        block = block_of(chunk) if self.quick else None
        if block is not None and take_quickly(self, block.after(self.mapping.header_row)):
            return
        if not self.quick or len(chunk) <= FEW_ROWS:
            yield from self._one_by_one(chunk)
            return
        size = -(-len(chunk) // PIECES)
        for start in range(0, len(chunk), size):
            yield from self._taken(chunk[start : start + size])

    def _one_by_one(self, chunk: Chunk) -> Iterator[Rejected]:
        header_row, needed = self.mapping.header_row, self.needed
        for row in chunk:
            if isinstance(row, Rejected):
                if row.line > header_row:
                    yield row
                continue
            number, cells = row
            if number <= header_row:
                continue
            if len(cells) < needed:
                cells = [*cells, *[""] * (needed - len(cells))]
            try:
                self._row(number, cells)
            except (Refused, InexactAmount) as refused:
                reason = str(refused) if isinstance(refused, Refused) else _AMOUNT_REASON
                yield Rejected(line=number, reason=reason, text=shown(cells))

    def _part(self) -> Postings:
        # They have the fields of entries and lines: staging reads them and writes them down.
        part = Postings(
            entries=cast("tuple[JournalEntry, ...]", tuple(self.entries)),
            lines=cast("tuple[JournalLine, ...]", tuple(self.lines)),
            new_entries=self.keys.entries - self.counted,
        )
        self.counted = self.keys.entries
        self.entries.clear()
        self.lines.clear()
        if self.open is not None:
            self.open.told = False
        return part

    # One row

    def _row(self, number: int, cells: Sequence[Cell]) -> None:
        at = self.at
        cell = cells[at[Target.DATE]]
        date = self.dates.get(cell)
        if date is None:
            date = cell_date(cell, self.order)
        account = self._account_of(cells)
        if date is None and not self._continues(cell, account):
            self._without_date(number, cells, cell)
            return
        amount_e4 = self._amount_e4(cells)
        if amount_e4 is None:
            self._without_amount(cells)
            return
        if not account:
            raise Refused("no ledger account")
        opened = self._entry(cells, date)
        self._line(number, cells, opened, date, account, amount_e4)

    def _continues(self, cell: Cell, account: str) -> bool:
        """A row that leaves out what its entry's first row says."""
        return (
            self.mapping.fill_down
            and self.open is not None
            and bool(account)
            and not _text(cell)
            and not _is_total(account)
        )

    def _account_of(self, cells: Sequence[Cell]) -> str:
        if self.mapping.headings:
            return self.account
        return _code(cells[self.at[Target.ACCOUNT]])

    def _amount_e4(self, cells: Sequence[Cell]) -> int | None:
        at = self.at
        if at[Target.DEBIT] != NOWHERE:
            debit_e4 = cell_e4(cells[at[Target.DEBIT]], self.amount)
            credit_e4 = cell_e4(cells[at[Target.CREDIT]], self.amount)
            if debit_e4 is None and credit_e4 is None:
                return None
            amount_e4 = (debit_e4 or 0) - (credit_e4 or 0)
            self.totals.add(debit_e4 or 0, credit_e4 or 0)
        else:
            found_e4 = cell_e4(cells[at[Target.AMOUNT]], self.amount)
            if found_e4 is None:
                return None
            amount_e4 = found_e4 * self._side(cells)
            self.totals.add(max(amount_e4, 0), max(-amount_e4, 0))
        if abs(amount_e4) > AMOUNT_E4_MAX:
            raise Refused("the amount is too large to be true")
        return amount_e4

    def _side(self, cells: Sequence[Cell]) -> int:
        at = self.at[Target.SIDE]
        if at == NOWHERE:
            return 1
        side = side_of(_text(cells[at]))
        if side is None:
            raise Refused("neither debit nor credit")
        return side

    def _entry(self, cells: Sequence[Cell], date: dt.date | None) -> Open:
        """The entry the row belongs to, begun anew where another begins."""
        at, opened = self.at, self.open
        if date is None:
            assert opened is not None, "only a row that continues has no date"
            return self.told(opened)
        journal = _code(cells[at[Target.JOURNAL]]) if at[Target.JOURNAL] != NOWHERE else ""
        by_number = self.mapping.entries_by is EntriesBy.NUMBER
        number = _code(cells[at[Target.ENTRY]]) if by_number else ""
        if by_number and not number:
            raise Refused("no entry number")
        return self.entry_for(date, journal, number, cells)

    def entry_for(self, date: dt.date, journal: str, number: str, cells: Sequence[Cell]) -> Open:
        """The open entry if it is that one, else a new one. ``number`` empty: by date."""
        opened = self.open
        identity = identity_of(date, journal, number)
        if opened is not None and opened.identity == identity:
            return self.told(opened)
        year, period = self.period_of(cells, date)
        entry = StagedEntry(
            key=entry_key(date, journal, number),
            number=number or None,
            journal_key=journal or None,
            date=date,
            year=year,
            period=period,
        )
        self.masters.journal(journal)
        self.keys.begin(entry.key)
        self.open = Open(identity, entry)
        return self.told(self.open)

    def told(self, opened: Open) -> Open:
        if not opened.told:
            self.entries.append(opened.entry)
            opened.told = True
        return opened

    def period_of(self, cells: Sequence[Cell], date: dt.date) -> tuple[int, int]:
        """(fiscal year, period): as the file says, else from the date."""
        at = self.at
        start = self.mapping.year_starts_in_month
        year = date.year + (start > 1 and date.month >= start)
        period = (date.month - start) % 12 + 1
        if at[Target.YEAR] != NOWHERE:
            year = read_year(_text(cells[at[Target.YEAR]])) or year
        if at[Target.PERIOD] != NOWHERE:
            told = read_period(_text(cells[at[Target.PERIOD]]))
            period = told if told is not None else period
        return year, period

    def _line(
        self,
        number: int,
        cells: Sequence[Cell],
        opened: Open,
        date: dt.date | None,
        account: str,
        amount_e4: int,
    ) -> None:
        entry = opened.entry
        year, period = entry.year, entry.period
        if date is not None and date != entry.date:
            year, period = self.period_of(cells, date)
        currency, foreign_e4 = self._foreign(cells)
        contact = self._cell(cells, Target.CONTACT)
        contact_name = self._cell(cells, Target.CONTACT_NAME)
        if contact or contact_name:
            contact = self.masters.contact(contact, contact_name)
        tax = self._cell(cells, Target.TAX_CODE)
        if tax:
            self.masters.tax_code(tax)
        self.masters.account(
            account,
            self._cell(cells, Target.ACCOUNT_NAME),
            self._cell(cells, Target.ACCOUNT_TYPE),
        )
        key = self.keys.line(account, number)
        self.lines.append(
            StagedLine(
                key=key,
                entry_key=entry.key,
                position=self.keys.position,
                account_key=account,
                date=date or entry.date,
                year=year,
                period=period,
                amount_e4=amount_e4,
                currency=currency,
                foreign_e4=foreign_e4,
                contact_key=contact or None,
                tax_key=tax or None,
                description=self._description(cells),
            )
        )

    def _cell(self, cells: Sequence[Cell], target: Target) -> str:
        at = self.at[target]
        return "" if at == NOWHERE else _code(cells[at])

    def _description(self, cells: Sequence[Cell]) -> str | None:
        at = self.at[Target.DESCRIPTION]
        if at == NOWHERE:
            return None
        return _text(cells[at])[:TEXT_CHARACTERS_MAX] or None

    def _foreign(self, cells: Sequence[Cell]) -> tuple[str | None, int | None]:
        """(currency, amount in it), where the line is not in the entity's own."""
        at = self.at
        if at[Target.FOREIGN] == NOWHERE or at[Target.CURRENCY] == NOWHERE:
            return None, None
        currency = _text(cells[at[Target.CURRENCY]]).upper()
        foreign_e4 = cell_e4(cells[at[Target.FOREIGN]], self.amount)
        if len(currency) != CURRENCY_CHARACTERS or not foreign_e4:
            return None, None
        return currency, foreign_e4

    # Rows that are no lines

    def _without_date(self, number: int, cells: Sequence[Cell], cell: Cell) -> None:
        first = next((text for text in map(_text, cells) if text), "")
        if _is_total(first) or (self.mapping.fill_down and not self._account_of(cells)):
            self._total(number, cells, named=_is_total(first))
            return
        if plain(first) in BALANCE_WORDS:
            self.skipped += 1
            return
        if self._amount_blank(cells) and (self.mapping.headings or not _text(cell)):
            self.skipped += 1
            if self.mapping.headings:
                self.account = _code(first)
            return
        if _text(cell):
            raise Refused(f"no date in the order of this file: {_text(cell)[:40]}")
        raise Refused("no date")

    def _without_amount(self, cells: Sequence[Cell]) -> None:
        if any(_text(cell) for cell in cells):
            raise Refused("no amount")

    def _amount_blank(self, cells: Sequence[Cell]) -> bool:
        targets = (Target.AMOUNT, Target.DEBIT, Target.CREDIT)
        return not any(_text(cells[self.at[one]]) for one in targets if self.at[one] != NOWHERE)

    def _total(self, number: int, cells: Sequence[Cell], *, named: bool) -> None:
        """A line of totals is no line, but what it says must be so."""
        at = self.at
        self.skipped += 1
        if at[Target.DEBIT] != NOWHERE:
            debit_e4 = cell_e4(cells[at[Target.DEBIT]], self.amount)
            credit_e4 = cell_e4(cells[at[Target.CREDIT]], self.amount)
            if debit_e4 is not None or credit_e4 is not None:
                self.totals.told(number, debit_e4 or 0, credit_e4 or 0, named=named)
        else:
            net_e4 = cell_e4(cells[at[Target.AMOUNT]], self.amount)
            if net_e4 is not None:
                self.totals.told_net(number, net_e4)
        self.account = ""


_AMOUNT_REASON: Final = "the amount is not an exact amount with the decimal sign of this file"


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell)


def _code(cell: Cell) -> str:
    """A code or name by which things are told apart; refused where it cannot be one."""
    text = _text(cell)
    if len(text) > CODE_CHARACTERS_MAX:
        raise Refused(f"a code of more than {CODE_CHARACTERS_MAX} characters")
    if "\0" in text:
        raise Refused("NUL characters in a code")
    return text


def _is_total(text: str) -> bool:
    return plain(text).startswith(TOTAL_WORDS)

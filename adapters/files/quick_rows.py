"""The rows of a well-kept text table, many at a time and column by column.

Whatever is out of the ordinary in them (a line of totals, a blank date, a short row, an amount in
words) leaves them to the reading row by row, which says what is wrong with which. Both come to the
same; a test holds them against each other.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, repeat
from operator import itemgetter, ne, or_, sub
from typing import TYPE_CHECKING, Final

from adapters.files.csv_rows import Block, Cell
from adapters.files.kept import Kept, Unusual
from adapters.files.keys import KeyColumns, entry_key
from adapters.files.lines import (
    AMOUNT_E4_MAX,
    CODE_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Open,
    StagedEntry,
    StagedLine,
    identity_of,
)
from adapters.files.values import cell_date, cell_e4
from core.domain.file_import import ColumnMapping, DateOrder, EntriesBy, Target
from core.domain.money import InexactAmount

if TYPE_CHECKING:
    from adapters.files.table_parts import TableParts

DATES_KEPT_MAX: Final = 20_000
AMOUNTS_KEPT_MAX: Final = 50_000

KNOWN: Final = frozenset(
    {
        Target.DATE,
        Target.ACCOUNT,
        Target.ACCOUNT_NAME,
        Target.ACCOUNT_TYPE,
        Target.AMOUNT,
        Target.DEBIT,
        Target.CREDIT,
        Target.ENTRY,
        Target.JOURNAL,
        Target.DESCRIPTION,
        Target.CONTACT,
        Target.CONTACT_NAME,
        Target.YEAR,
        Target.PERIOD,
    }
)
"""Tables with other meanings are read row by row."""

Column = Sequence[str]


def dates_kept(order: DateOrder) -> Kept[Cell, dt.date]:
    def read(cell: Cell) -> dt.date:
        date = cell_date(cell, order)
        if date is None:
            raise Unusual
        return date

    return Kept(read, DATES_KEPT_MAX)


def amounts_kept(amount: Callable[[str], int]) -> Kept[Cell, int]:
    """Amounts in 1/10,000; nothing for what is left empty."""

    def read(cell: Cell) -> int:
        amount_e4 = cell_e4(cell, amount) if cell else 0
        if amount_e4 is None:
            raise Unusual
        return amount_e4

    return Kept(read, AMOUNTS_KEPT_MAX)


def is_quick(mapping: ColumnMapping) -> bool:
    """Whether rows of such a table can be taken column by column at all."""
    return not mapping.headings and not mapping.fill_down and mapping.columns.keys() <= KNOWN


def take_quickly(parts: "TableParts", block: Block) -> bool:
    """Take these rows; False, and nothing done, when they are not all ordinary."""
    if not len(block):
        return True
    if len(block.columns) < parts.needed:
        return False
    table = _Table(parts, block)
    by_number = parts.mapping.entries_by is EntriesBy.NUMBER
    try:
        dates = list(map(parts.dates.__getitem__, table.column(Target.DATE)))
        amounts, sums = _amounts(parts, table)
        accounts = table.codes(Target.ACCOUNT, blank=False)
        entries = table.codes(Target.ENTRY, blank=False) if by_number else table.blank
        journals = table.codes(Target.JOURNAL)
        names, types = table.codes(Target.ACCOUNT_NAME), table.codes(Target.ACCOUNT_TYPE)
        contacts = table.codes(Target.CONTACT)
        contact_names = table.codes(Target.CONTACT_NAME)
    except (Unusual, InexactAmount):
        return False
    _name_accounts(parts, accounts, names, types)
    known: Iterable[str | None] = repeat(None, len(block))
    if contacts is not table.blank or contact_names is not table.blank:
        known = [
            (parts.masters.contact(code, name) if code or name else "") or None
            for code, name in zip(contacts, contact_names, strict=True)
        ]
    headers = _Headers(parts, table, dates, journals, entries, by_number=by_number)
    keys = headers.tell(accounts)
    years, periods = headers.periods()
    nothing = repeat(None)
    parts.lines += map(
        StagedLine, keys.keys, keys.entry_keys, keys.positions, accounts, dates, years, periods,
        amounts, nothing, nothing, known, nothing,
        _descriptions(table.column(Target.DESCRIPTION)),
    )  # fmt: skip
    parts.totals.add(*sums)
    return True


class _Table:
    """The rows as columns of texts, by what they mean."""

    def __init__(self, parts: "TableParts", block: Block) -> None:
        self.at = parts.at
        self.block = block
        self.blank: Column = ("",) * len(block)

    def column(self, target: Target) -> Column:
        at = self.at[target]
        return self.blank if at < 0 else self.block.columns[at]

    def codes(self, target: Target, *, blank: bool = True) -> Column:
        """The column as codes, without spaces around them."""
        column = self.column(target)
        if column is self.blank:
            return column
        if max(map(len, column)) > CODE_CHARACTERS_MAX or "\0" in "".join(column):
            raise Unusual
        found = list(map(str.strip, column))
        if not blank and "" in found:
            raise Unusual
        return found


def _amounts(parts: "TableParts", table: _Table) -> tuple[list[int], tuple[int, int]]:
    """The amounts, and the sums of debit and credit as written."""
    read = parts.amounts.__getitem__
    if parts.at[Target.DEBIT] >= 0:
        texts = table.column(Target.DEBIT), table.column(Target.CREDIT)
        debits, credits_ = list(map(read, texts[0])), list(map(read, texts[1]))
        amounts = list(map(sub, debits, credits_))
        if 0 in amounts and not all(map(or_, map(len, texts[0]), map(len, texts[1]))):
            raise Unusual
        sums = sum(debits), sum(credits_)
    else:
        column = table.column(Target.AMOUNT)
        if "" in column:
            raise Unusual
        amounts = list(map(read, column))
        net, size = sum(amounts), sum(map(abs, amounts))
        sums = (size + net) // 2, (size - net) // 2
    if max(amounts) > AMOUNT_E4_MAX or min(amounts) < -AMOUNT_E4_MAX:
        raise Unusual
    return amounts, sums


def _name_accounts(parts: "TableParts", accounts: Column, names: Column, types: Column) -> None:
    """Every account with its name and type; of several the last counts."""
    told: Iterable[tuple[str, str, str]] = dict.fromkeys(zip(accounts, names, types, strict=True))
    if len(set(accounts)) != sum(1 for _ in told):
        told = zip(accounts, names, types, strict=True)
    held = parts.masters.accounts
    for account, name, type_ in told:
        if held.get(account) != (name, type_):
            parts.masters.account(account, name, type_)


def _descriptions(column: Column) -> Sequence[str | None]:
    found = list(map(str.strip, column))
    if "" in found or max(map(len, found)) > TEXT_CHARACTERS_MAX:
        return [text[:TEXT_CHARACTERS_MAX] or None for text in found]
    return found


def _starts(first: Sequence[object], second: Sequence[object]) -> list[int]:
    """Where a row differs from the one before in either column; the first always does."""
    differs = map(or_, map(ne, first[1:], first), map(ne, second[1:], second))
    return [0, *compress(range(1, len(first)), differs)]


class _Headers:
    """The entries the rows stand in."""

    def __init__(
        self,
        parts: "TableParts",
        table: _Table,
        dates: Sequence[dt.date],
        journals: Column,
        entries: Column,
        *,
        by_number: bool,
    ) -> None:
        self._parts = parts
        self._columns = table.block.columns
        self._rows = table.block.numbers
        self._dates = dates
        self._starts = _starts(entries if by_number else dates, journals)
        self._lengths = list(map(sub, [*self._starts[1:], len(dates)], self._starts))
        self._names = [(journals[at], entries[at]) for at in self._starts]
        self._told: list[StagedEntry] = []
        self._tells_periods = max(parts.at[Target.YEAR], parts.at[Target.PERIOD]) >= 0
        self._by_date = (
            {} if self._tells_periods else {date: parts.period_of((), date) for date in set(dates)}
        )

    def tell(self, accounts: Column) -> KeyColumns:
        """Add the entries, each where its first row stands; the lines' keys.

        Nothing fails from here on but what fails row by row as well.
        """
        parts, starts, told = self._parts, self._starts, self._told
        opened = parts.open
        first = identity_of(self._dates[0], *self._names[0])
        continues = opened is not None and opened.identity == first
        if opened is not None and continues:
            told.append(parts.told(opened).entry)
        for at, (journal, number) in zip(
            starts[len(told) :], self._names[len(told) :], strict=True
        ):
            told.append(self._entry(at, journal, number))
        if len(told) > continues:
            parts.entries += told[continues:]
            last = identity_of(told[-1].date, *self._names[-1])
            parts.open = Open(last, told[-1], told=True)
        runs = [entry.key for entry in told]
        return parts.keys.columns(runs, self._lengths, accounts, self._rows, continues=continues)

    def _entry(self, at: int, journal: str, number: str) -> StagedEntry:
        date = self._dates[at]
        year, period = self._by_date.get(date) or self._parts.period_of(self._row(at), date)
        self._parts.masters.journal(journal)
        return StagedEntry(
            entry_key(date, journal, number), number or None, journal or None, date, year, period
        )

    def periods(self) -> tuple[Iterable[int], Iterable[int]]:
        """(years, periods) of the lines."""
        parts, dates = self._parts, self._dates
        by_date = self._by_date
        if by_date:
            years = {date: year for date, (year, _) in by_date.items()}
            periods = {date: period for date, (_, period) in by_date.items()}
            return map(years.__getitem__, dates), map(periods.__getitem__, dates)
        found: list[tuple[int, int]] = []
        for header, length in zip(self._told, self._lengths, strict=True):
            for date in dates[len(found) : len(found) + length]:
                found.append(
                    (header.year, header.period)
                    if date == header.date
                    else parts.period_of(self._row(len(found)), date)
                )
        return map(itemgetter(0), found), map(itemgetter(1), found)

    def _row(self, at: int) -> Sequence[str]:
        return [column[at] for column in self._columns]

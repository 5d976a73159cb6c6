"""The rows of a well-kept text table, a thousand at a time and column by column.

Whatever is out of the ordinary in a thousand rows (a line of totals, a blank date, a short row, an
amount in words) leaves them to the reading row by row, which says what is wrong with which. Both
come to the same; a test holds them against each other.
"""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeGuard

from adapters.files.csv_rows import Cell, Row
from adapters.files.lines import (
    AMOUNT_E4_MAX,
    CODE_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    StagedLine,
)
from adapters.files.values import cell_date
from core.domain.file_import import EntriesBy, Rejected, Target
from core.domain.money import InexactAmount

if TYPE_CHECKING:
    from adapters.files.table_parts import TableParts

CODES_KEPT_MAX: Final = 200_000

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

Column = tuple[str, ...]


class _Unusual(Exception):
    """Something in these rows is to be looked at one by one."""


def take_quickly(parts: "TableParts", chunk: Sequence[Row | Rejected]) -> bool:
    """Take these rows; False, and nothing done, when they are not all ordinary."""
    mapping = parts.mapping
    if mapping.headings or mapping.fill_down or not mapping.columns.keys() <= KNOWN:
        return False
    try:
        table = _table(parts, chunk)
        dates = _dates(parts, table.column(Target.DATE))
        amounts = _amounts(parts, table)
        accounts = table.codes(Target.ACCOUNT, blank=False)
        by_number = mapping.entries_by is EntriesBy.NUMBER
        entries = table.codes(Target.ENTRY, blank=False) if by_number else table.blank
        journals = table.codes(Target.JOURNAL)
        names, types = table.codes(Target.ACCOUNT_NAME), table.codes(Target.ACCOUNT_TYPE)
        contacts = table.codes(Target.CONTACT)
        contact_names = table.codes(Target.CONTACT_NAME)
    except (_Unusual, InexactAmount, ValueError, TypeError, KeyError):
        return False
    held = parts.masters.accounts
    for account, name, type_ in zip(accounts, names, types, strict=True):
        if held.get(account) != (name, type_):
            parts.masters.account(account, name, type_)
    has_contacts = mapping.columns.keys() & {Target.CONTACT, Target.CONTACT_NAME}
    if has_contacts:
        contacts = tuple(
            parts.masters.contact(code, name) if code or name else ""
            for code, name in zip(contacts, contact_names, strict=True)
        )
    _lines(parts, table, dates, journals, entries, accounts, amounts, contacts)
    return True


class _Table:
    """The rows as columns of stripped texts."""

    def __init__(
        self, parts: "TableParts", numbers: Sequence[int], rows: list[Sequence[str]]
    ) -> None:
        self.parts = parts
        self.numbers = numbers
        self.rows = rows
        self.columns: list[Column] = list(zip(*rows, strict=True))
        self.blank: Column = ("",) * len(rows)
        self.sums = (0, 0)
        """Debit and credit as written."""

    def column(self, target: Target) -> Column:
        at = self.parts.at[target]
        return self.blank if at < 0 else self.columns[at]

    def codes(self, target: Target, *, blank: bool = True) -> Column:
        """The column as codes, each looked at once in the whole file."""
        at = self.parts.at[target]
        if at < 0:
            return self.blank
        known = self.parts.codes
        column = self.columns[at]
        for text in set(column) - known.keys():
            if len(text) > CODE_CHARACTERS_MAX or "\0" in text:
                raise _Unusual
            if len(known) >= CODES_KEPT_MAX:
                known.clear()
            known[text] = text.strip()
        found = tuple(map(known.__getitem__, column))
        if not blank and "" in found:
            raise _Unusual
        return found


def _table(parts: "TableParts", chunk: Sequence[Row | Rejected]) -> _Table:
    numbers: list[int] = []
    rows: list[Sequence[Cell]] = []
    header_row = parts.mapping.header_row
    for row in chunk:
        if isinstance(row, Rejected) or row[0] <= header_row:
            raise _Unusual
        numbers.append(row[0])
        rows.append(row[1])
    if any(len(cells) < parts.needed for cells in rows) or not _are_texts(rows):
        raise _Unusual
    return _Table(parts, numbers, rows)


def _are_texts(rows: list[Sequence[Cell]]) -> TypeGuard[list[Sequence[str]]]:
    """Whether these are the rows of a text table, told by one cell: all of its cells are texts."""
    return type(rows[0][0]) is str


def _dates(parts: "TableParts", column: Column) -> list[dt.date]:
    known = parts.dates
    for text in set(column) - known.keys():
        date = cell_date(text, parts.order)
        if date is None or len(known) >= CODES_KEPT_MAX:
            raise _Unusual
        known[text] = date
    return list(map(known.__getitem__, column))


def _amounts(parts: "TableParts", table: _Table) -> list[int]:
    read = parts.amount
    if parts.at[Target.DEBIT] >= 0:
        debits = [read(text) if text else 0 for text in table.column(Target.DEBIT)]
        texts = table.column(Target.CREDIT)
        credits_ = [read(text) if text else 0 for text in texts]
        for debit, credit in zip(table.column(Target.DEBIT), texts, strict=True):
            if not debit and not credit:
                raise _Unusual
        amounts = [debit - credit for debit, credit in zip(debits, credits_, strict=True)]
        sums = sum(debits), sum(credits_)
    else:
        amounts = [read(text) for text in table.column(Target.AMOUNT)]
        positive = sum(one for one in amounts if one > 0)
        sums = positive, positive - sum(amounts)
    if max(amounts) > AMOUNT_E4_MAX or min(amounts) < -AMOUNT_E4_MAX:
        raise _Unusual
    table.sums = sums
    return amounts


def _lines(
    parts: "TableParts",
    table: _Table,
    dates: Sequence[dt.date],
    journals: Column,
    entries: Column,
    accounts: Column,
    amounts: Sequence[int],
    contacts: Column,
) -> None:
    """Build the lines; nothing fails from here on."""
    keys, add = parts.keys, parts.lines.append
    last: tuple[object, str, str] | None = None
    by_number = parts.mapping.entries_by is EntriesBy.NUMBER
    opened = None
    descriptions = table.column(Target.DESCRIPTION)
    columns = zip(
        table.numbers, table.rows, dates, journals, entries, accounts, amounts, contacts,
        descriptions, strict=True,
    )  # fmt: skip
    for number, cells, date, journal, entry, account, amount_e4, contact, text in columns:
        identity = (None if by_number else date, journal, entry)
        if opened is None or identity != last:
            opened = parts.entry_for(date, journal, entry, cells)
            last = identity
        header = opened.entry
        year, period = header.year, header.period
        if date != header.date:
            year, period = parts.period_of(cells, date)
        key = keys.line(account, number)
        add(
            StagedLine(
                key, header.key, keys.position, account, date, year, period, amount_e4,
                None, None, contact or None, None, text.strip()[:TEXT_CHARACTERS_MAX] or None,
            )
        )  # fmt: skip
    parts.totals.add(*table.sums)

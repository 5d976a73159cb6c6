"""How each kind of row looks: the table, its typed columns, and the record they stand for.

Rows are plain tuples here: (id, key, from_generation, to_generation, *values), values in the order
of the record's fields. Two records are the same exactly when their values are equal.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Generic, TypeAlias, TypeVar, get_args, get_type_hints

import attrs
from sqlalchemy import Table

from adapters.storage.sql.book_tables import (
    AccountVersion,
    BalanceVersion,
    ContactVersion,
    EntryVersion,
    ImbalanceVersion,
    InvoiceVersion,
    JournalVersion,
    LineVersion,
    TaxCodeVersion,
    Version,
)
from adapters.storage.sql.rows import table_of
from core.domain.books import (
    KIND_OF,
    Contact,
    Invoice,
    Journal,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    Record,
    RecordKind,
    TaxCode,
)

DATES_KEPT: Final = 8_192
"""Twenty years of days: the same dates come again and again."""

Value: TypeAlias = str | int | bool | None
Values: TypeAlias = tuple[Value, ...]

HEADER: Final = ("id", "key", "from_generation", "to_generation")
"""Columns before the values."""
VALUES_AT: Final = len(HEADER)

_R = TypeVar("_R", bound=Record)


class Shape:
    """A table of versions with the names of its value columns."""

    def __init__(self, model: type[Version]) -> None:
        self.table: Table = table_of(model)
        own = (column.name for column in self.table.columns)
        self.columns = tuple(name for name in own if name not in {*HEADER, "ledger"})

    def at(self, column: str) -> int:
        """Where the column is among the values."""
        return self.columns.index(column)


class RecordShape(Shape, Generic[_R]):
    """The shape of a record kind, converting both ways."""

    def __init__(self, kind: RecordKind, record: type[_R], model: type[Version]) -> None:
        super().__init__(model)
        self.kind = kind
        self.record = record
        hints = get_type_hints(record)
        self.columns = tuple(
            attribute.name for attribute in attrs.fields(record) if attribute.name != "key"
        )
        types = [_plain(hints[name]) for name in self.columns]
        self._columns = [
            (attrgetter(name), _writer(kind))
            for name, kind in zip(self.columns, types, strict=True)
        ]
        self._readers = [(at, _READERS[kind]) for at, kind in enumerate(types) if kind in _READERS]
        self._readers += [(at, kind) for at, kind in enumerate(types) if issubclass(kind, Enum)]

    def rows(self, records: Sequence[_R]) -> Iterable[Values]:
        """The records' columns without their keys; column by column, so that no step is ours."""
        columns = [
            map(read, records) if write is None else map(write, map(read, records))
            for read, write in self._columns
        ]
        return zip(*columns, strict=True)

    def record_of(self, key: str, values: Sequence[Any]) -> _R:
        row = list(values)
        for at, read in self._readers:
            if row[at] is not None:
                row[at] = read(row[at])
        return self.record(key=key, **dict(zip(self.columns, row, strict=True)))


_key: Final = attrgetter("key")
_READERS: Final[dict[type, Callable[[Any], Any]]] = {dt.date: dt.date.fromisoformat, bool: bool}
"""Databases give dates as text, and SQLite gives truth as 0 and 1."""


@lru_cache(maxsize=DATES_KEPT)
def _iso_date(date: dt.date | None) -> str | None:
    return None if date is None else date.isoformat()


def _word(value: Enum | None) -> Any:  # noqa: ANN401 - whatever its members stand for
    return None if value is None else value.value


def _writer(kind: type) -> Callable[[Any], Any] | None:
    """What turns a field into its column; None: it goes as it is."""
    if kind is dt.date:
        return _iso_date
    return _word if issubclass(kind, Enum) else None


def _plain(hint: Any) -> type:  # noqa: ANN401 - a type hint
    """The type of a field without its ``| None``."""
    options = [option for option in get_args(hint) if option is not type(None)]
    found = options[0] if options else hint
    assert isinstance(found, type), "records have plain fields"
    return found


ACCOUNTS: Final = RecordShape(RecordKind.ACCOUNT, LedgerAccount, AccountVersion)
JOURNALS: Final = RecordShape(RecordKind.JOURNAL, Journal, JournalVersion)
CONTACTS: Final = RecordShape(RecordKind.CONTACT, Contact, ContactVersion)
TAX_CODES: Final = RecordShape(RecordKind.TAX_CODE, TaxCode, TaxCodeVersion)
ENTRIES: Final = RecordShape(RecordKind.ENTRY, JournalEntry, EntryVersion)
LINES: Final = RecordShape(RecordKind.LINE, JournalLine, LineVersion)
INVOICES: Final = RecordShape(RecordKind.INVOICE, Invoice, InvoiceVersion)

RECORD_SHAPES: Final[dict[RecordKind, RecordShape[Any]]] = {
    shape.kind: shape
    for shape in (ACCOUNTS, JOURNALS, CONTACTS, TAX_CODES, ENTRIES, LINES, INVOICES)
}


def rows_of(records: Iterable[Record]) -> dict[RecordKind, dict[str, Values]]:
    """Columns by key, by kind. Of a key that came twice the later counts."""
    by_kind: dict[type[Record], list[Record]] = {}
    for record in records:
        by_kind.setdefault(type(record), []).append(record)
    found: dict[RecordKind, dict[str, Values]] = {}
    for record_type, some in by_kind.items():
        kind = KIND_OF[record_type]
        found[kind] = dict(zip(map(_key, some), RECORD_SHAPES[kind].rows(some), strict=True))
    return found


BALANCES: Final = Shape(BalanceVersion)
IMBALANCES: Final = Shape(ImbalanceVersion)

ALL_SHAPES: Final[tuple[Shape, ...]] = (*RECORD_SHAPES.values(), BALANCES, IMBALANCES)

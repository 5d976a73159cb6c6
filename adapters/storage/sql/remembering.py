"""Reading many small rows fast: as the driver gives them, and turned into values once.

What a row means depends on nothing but its columns, so equal columns give the same value, and a
list in which little changed since it was read before is mostly looked up. Every row is read each
time; only what is made of it is remembered. Values are frozen, so any number of readers share one.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from attrs import define, field
from sqlalchemy import ColumnElement, Connection, Select, String, Table, type_coerce

from adapters.storage.sql.dialect import plain_rows
from adapters.storage.sql.types import Instant

ROWS_REMEMBERED: Final = 2_000
"""Per kind of value: some pages of the longest lists there are, in a few MiB."""

_T = TypeVar("_T")


@define
class Prepared:
    """A statement that never changes, as text: SQLAlchemy makes it once, not for every reading."""

    statement: Select[Any]
    _texts: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = field(factory=dict, init=False)

    def rows(self, connection: Connection, **values: object) -> list[Any]:
        """The driver's own tuples."""
        dialect = connection.dialect
        held = self._texts.get(dialect.name)
        if held is None:
            compiled = self.statement.compile(dialect=dialect)
            assert compiled.positiontup is not None, "drivers take parameters by position"
            held = str(compiled), tuple(compiled.positiontup), dict(compiled.params)
            self._texts[dialect.name] = held
        text, names, constants = held
        given = constants | values
        return plain_rows(connection, text, tuple(given[name] for name in names))


def json_of(ids: Sequence[str]) -> str:
    """What ``dialect.among`` takes."""
    return json.dumps(list(ids))


def as_stored(table: Table) -> list[ColumnElement[Any]]:
    """The table's columns, instants as the text they are stored as."""
    return [
        type_coerce(column, String).label(column.name)
        if isinstance(column.type, Instant)
        else column
        for column in table.columns
    ]


def remembered(
    table: Table, make: Callable[[Any], _T], *more: str
) -> Callable[[Sequence[Any]], _T]:
    """``make`` for rows of ``as_stored``, followed by so many more columns; it is given an object
    with the columns' names.
    """
    columns = [(column.name, isinstance(column.type, Instant)) for column in table.columns]
    columns += [(name, False) for name in more]

    @lru_cache(maxsize=ROWS_REMEMBERED)
    def made(row: tuple[Any, ...]) -> _T:
        named = {
            name: datetime.fromisoformat(value) if instant and value is not None else value
            for (name, instant), value in zip(columns, row, strict=True)
        }
        return make(SimpleNamespace(**named))

    return lambda row: made(tuple(row))

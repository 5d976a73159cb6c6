"""Texts for the driver: changes by primary key that are made many times over.

SQLAlchemy spends longer on such a statement than SQLite does. Written for SQLite and PostgreSQL
alike; every name in them comes from the table's own declaration, every value is a parameter.

Many rows go in statements that hold many: Python's driver gives the interpreter away at each
statement and has to win it back, row after row, while another thread decodes the next page. A
hundred thousand rows of books take 2.4 s alone; beside a thread that computes, one row a statement,
they took 457 s, and 9 s in statements of 100.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Table

from adapters.storage.sql.dialect import PLACEHOLDERS, drive

# ruff: noqa: S608 - names are our own, values are parameters


ROWS_PER_STATEMENT_MAX: Final = 128
"""A power of two: what is left goes in statements of half as many, and so on; few texts in all."""

PARAMETERS_MAX: Final = 32_000
"""SQLite bears 32,766 in a statement as it comes, PostgreSQL twice as many."""


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


@lru_cache
def _insert(style: str, table: Table, columns: tuple[str, ...]) -> str:
    marks = ", ".join([PLACEHOLDERS[style]] * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT"


@lru_cache
def _changes(table: Table, columns: tuple[str, ...]) -> str:
    key = _key(table)
    return ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)


def replace_text(connection: Connection, table: Table, columns: tuple[str, ...]) -> str:
    """Insert rows of these columns, or replace by primary key."""
    key = ", ".join(_key(table))
    style = connection.dialect.paramstyle
    return f"{_insert(style, table, columns)} ({key}) DO UPDATE SET {_changes(table, columns)}"


def new_text(connection: Connection, table: Table, columns: tuple[str, ...]) -> str:
    """Insert rows of these columns, unless a unique constraint forbids it."""
    return f"{_insert(connection.dialect.paramstyle, table, columns)} DO NOTHING"


@lru_cache
def _change(style: str, table: Table, columns: tuple[str, ...]) -> str:
    mark = PLACEHOLDERS[style]
    changes = ", ".join(f"{name} = {mark}" for name in columns)
    conditions = " AND ".join(f"{name} = {mark}" for name in _key(table))
    return f"UPDATE {table.name} SET {changes} WHERE {conditions}"


def change_text(connection: Connection, table: Table, columns: tuple[str, ...]) -> str:
    """Set these columns of one row: their values, then its primary key."""
    return _change(connection.dialect.paramstyle, table, columns)


def grouped(
    rows: Sequence[tuple[Any, ...]], parameters_max: int = PARAMETERS_MAX
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows in their order, in few groups of few different sizes."""
    size = ROWS_PER_STATEMENT_MAX
    at = 0
    while at < len(rows):
        while size > len(rows) - at or size * len(rows[0]) > parameters_max:
            size //= 2
        yield rows[at : at + size]
        at += size


@lru_cache
def _repeated(statement: str, count: int) -> str:
    """An INSERT of one row, for so many."""
    head, values, tail = statement.partition(" VALUES ")
    row, closing, rest = tail.partition(")")
    assert closing, "an INSERT of one row of parameters"
    return head + values + ", ".join([row + closing] * count) + rest


def insert_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Carry out an INSERT of one row for all of them, in their order; how many it stored."""
    stored = 0
    for group in grouped(rows):
        parameters = tuple(chain.from_iterable(group))
        stored += drive(connection, _repeated(statement, len(group)), parameters).rowcount
    return stored


def delete_keys(connection: Connection, table: Table, within: object, keys: Sequence[str]) -> None:
    """Delete by a primary key of two columns: one value of the first, any of the second."""
    style = connection.dialect.paramstyle
    for group in grouped([(key,) for key in keys]):
        parameters = (within, *chain.from_iterable(group))
        drive(connection, _delete_among(style, table, len(group)), parameters)


@lru_cache
def _delete_among(style: str, table: Table, count: int) -> str:
    (first, second), mark = _key(table), PLACEHOLDERS[style]
    marks = ", ".join([mark] * count)
    return f"DELETE FROM {table.name} WHERE {first} = {mark} AND {second} IN ({marks})"

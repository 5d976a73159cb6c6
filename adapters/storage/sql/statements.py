"""Texts for the driver: changes by primary key that are made many times over.

SQLAlchemy spends longer on such a statement than SQLite does. Written for SQLite and PostgreSQL
alike; every name in them comes from the table's own declaration, every value is a parameter.
"""

from functools import lru_cache

from sqlalchemy import Connection, Table

from adapters.storage.sql.dialect import PLACEHOLDERS

# ruff: noqa: S608 - names are our own, values are parameters


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


@lru_cache
def _delete(style: str, table: Table) -> str:
    conditions = " AND ".join(f"{name} = {PLACEHOLDERS[style]}" for name in _key(table))
    return f"DELETE FROM {table.name} WHERE {conditions}"


def replace_text(connection: Connection, table: Table, columns: tuple[str, ...]) -> str:
    """Insert rows of these columns, or replace by primary key."""
    key = ", ".join(_key(table))
    style = connection.dialect.paramstyle
    return f"{_insert(style, table, columns)} ({key}) DO UPDATE SET {_changes(table, columns)}"


def new_text(connection: Connection, table: Table, columns: tuple[str, ...]) -> str:
    """Insert rows of these columns, unless a unique constraint forbids it."""
    return f"{_insert(connection.dialect.paramstyle, table, columns)} DO NOTHING"


def delete_text(connection: Connection, table: Table) -> str:
    """Delete by primary key, its columns in their order."""
    return _delete(connection.dialect.paramstyle, table)


@lru_cache
def _change(style: str, table: Table, columns: tuple[str, ...]) -> str:
    mark = PLACEHOLDERS[style]
    changes = ", ".join(f"{name} = {mark}" for name in columns)
    conditions = " AND ".join(f"{name} = {mark}" for name in _key(table))
    return f"UPDATE {table.name} SET {changes} WHERE {conditions}"


def change_text(connection: Connection, table: Table, columns: tuple[str, ...]) -> str:
    """Set these columns of one row: their values, then its primary key."""
    return _change(connection.dialect.paramstyle, table, columns)

"""Bringing an old database up to date, killed with SIGKILL at any statement: nothing is lost.

The database is one of the first revision with rows in every table. After each kill it is exactly
the old one; when at last nobody kills, it is the new one with the same rows.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Column, MetaData, inspect

from adapters.storage.sql import SqlStorage
from adapters.storage.sql.dialect import WRITING, open_engine
from adapters.storage.sql.opening import HEAD, MIGRATIONS
from tests.fire.killing import KILLED
from tests.fire.one_migration import open_or_die
from tests.processes import FORKED

FIRST = "0001"
ROWS = 3
STEP = 3
"""Every third statement."""
STATEMENTS_MAX = 600
OPEN_SECONDS = 60


def value_of(column: Column[object], row: int) -> object:
    """Something that fits; keys count, and refer to the row of the same number."""
    python = column.type.python_type
    if python is int:
        return row
    if python is bytes:
        return b"sealed"
    if python is bool:
        return False
    return f"{row}"


def old_database(path: Path) -> None:
    """A database of the first revision, with rows in every table."""
    engine = open_engine(path)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows = [
                    {column.name: value_of(column, row) for column in table.columns}
                    for row in range(1, ROWS + 1)
                ]
                connection.execute(table.insert(), rows)
    engine.dispose()


def held(path: Path) -> tuple[str, dict[str, int]]:
    """(revision, rows per table)."""
    with closing(sqlite3.connect(path)) as database:
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        names = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return revision, {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - from the catalogue
            for (name,) in names
        }


def schema(path: Path) -> dict[str, set[str]]:
    engine = open_engine(path)
    with engine.connect() as connection:
        found = inspect(connection)
        columns = {
            name: {str(column["name"]) for column in found.get_columns(name)}
            for name in found.get_table_names()
        }
    engine.dispose()
    return columns


@pytest.mark.fire
@pytest.mark.timeout(600)
def test_killed_at_any_statement_the_old_database_stands(tmp_path: Path) -> None:
    path = tmp_path / "monitr.sqlite3"
    old_database(path)
    before = held(path)
    assert before[0] == FIRST
    kills = 0
    for nth in range(1, STATEMENTS_MAX, STEP):
        child = FORKED.Process(target=open_or_die, args=(path, nth), daemon=True)
        child.start()
        child.join(OPEN_SECONDS)
        if child.exitcode == 0:
            break
        assert child.exitcode == KILLED
        kills += 1
        assert held(path) == before
    assert child.exitcode == 0, "at last nobody killed it"
    assert kills >= 10, "it was killed often enough to mean something"
    revision, rows = held(path)
    assert revision == HEAD
    assert {name: rows[name] for name in before[1]} == before[1]
    fresh = tmp_path / "fresh.sqlite3"
    SqlStorage(fresh).close()
    assert schema(path) == schema(fresh)
    print(f"kills {kills}, statements up to {nth}")

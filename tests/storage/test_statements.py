"""Rows that go to the database many in a statement: all of them, once, in their order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from adapters.storage.sql.coverage import COVERAGES, MARKS
from adapters.storage.sql.dialect import WRITING, open_engine
from adapters.storage.sql.statements import (
    ROWS_PER_STATEMENT_MAX,
    delete_keys,
    grouped,
    insert_rows,
    new_text,
)

COVERAGE = 7
MANY = 3 * ROWS_PER_STATEMENT_MAX + 5


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_engine(tmp_path / "rows.sqlite3")
    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        for table in (COVERAGES, MARKS):
            table.create(connection)
        connection.execute(
            COVERAGES.insert().values(id=COVERAGE, ledger=1, scope="everything", fresh=False)
        )
        yield connection
    engine.dispose()


def insert_marks(connection: Connection, keys: list[str]) -> int:
    text = new_text(connection, MARKS, ("coverage", "key"))
    return insert_rows(connection, text, [(COVERAGE, key) for key in keys])


def marks(connection: Connection) -> list[str]:
    return list(connection.execute(MARKS.select().order_by(MARKS.c.key)).scalars(MARKS.c.key))


@given(st.integers(0, 2_000), st.integers(1, 30), st.integers(30, 4_000))
def test_groups_hold_every_row_once_and_no_statement_too_much(
    count: int, columns: int, parameters_max: int
) -> None:
    rows = [(number,) * columns for number in range(count)]
    groups = list(grouped(rows, parameters_max))
    assert [row for group in groups for row in group] == rows
    assert all(len(group) * columns <= parameters_max for group in groups)
    sizes = {len(group) for group in groups}
    assert all(size & (size - 1) == 0 for size in sizes), "few different texts"


def test_what_was_stored_is_counted_and_what_was_there_is_not(connection: Connection) -> None:
    keys = [f"{number:05d}" for number in range(MANY)]
    assert insert_marks(connection, keys[::2]) == len(keys[::2])
    assert insert_marks(connection, keys) == len(keys[1::2])
    assert marks(connection) == keys


def test_nothing_is_no_statement(connection: Connection) -> None:
    assert insert_marks(connection, []) == 0
    delete_keys(connection, MARKS, COVERAGE, [])


def test_keys_go_and_others_stay(connection: Connection) -> None:
    keys = [f"{number:05d}" for number in range(MANY)]
    insert_marks(connection, keys)
    delete_keys(connection, MARKS, COVERAGE, [*keys[3:], "never there"])
    assert marks(connection) == keys[:3]
    delete_keys(connection, MARKS, COVERAGE + 1, keys)
    assert marks(connection) == keys[:3], "of another coverage"


def test_many_rows_are_few_statements(connection: Connection) -> None:
    """After each, the interpreter is won back from whoever computes: 5 ms, a row at a time."""
    statements: list[str] = []
    driver = connection.connection.dbapi_connection
    assert driver is not None
    driver.set_trace_callback(statements.append)
    insert_marks(connection, [f"{number:05d}" for number in range(MANY)])
    driver.set_trace_callback(None)
    assert (
        0 < len(statements) <= MANY // ROWS_PER_STATEMENT_MAX + ROWS_PER_STATEMENT_MAX.bit_length()
    )

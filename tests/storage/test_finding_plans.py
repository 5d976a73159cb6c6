"""No filter reads a whole ledger: statements that find lines go by an index, from a date on, by an
entry or by ids.

What the database plans does not depend on how many rows there are (it keeps no statistics here), so
a small ledger tells what a large one does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from adapters.storage.sql import SqlStorage
from bench._busy_books import BusyBooks, filters
from core.domain.books import JournalLine
from core.ports.books import LineFilter
from tests.storage.contract_retention import index_texts
from tests.storage.makers import ENT, publish
from tests.storage.sql_files import fresh_sql

LINES = 4_000
WHOLE = re.compile(r"SCAN journal_|SEARCH journal_\w+ USING .*\(ledger=\?\)")
"""All rows of a table, or all of a ledger."""
STATEMENTS_MAX = 45
"""For one page, however little is found."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqlStorage, Any]]:
    """A ledger that is indexed, and the filters that are hard to answer in it."""
    storage = fresh_sql(Path(tmp_path_factory.mktemp("plans")))
    books = BusyBooks(LINES)
    batches = list(books.batches())
    publish(storage, 1, *batches)
    index_texts(storage, limit=500)
    line = next(one for one in batches[0].records if isinstance(one, JournalLine))
    yield storage, filters(books, line.entry_key)
    storage.close()


def test_every_statement_goes_by_an_index(
    asked: tuple[SqlStorage, Mapping[str, LineFilter]],
) -> None:
    storage, wheres = asked
    made: list[tuple[str, Sequence[Any]]] = []

    def noted(
        _: object, __: object, statement: str, parameters: Sequence[Any], *___: object
    ) -> None:
        made.append((statement, parameters))

    plans: dict[str, list[str]] = {}
    with storage.reading() as unit:
        event.listen(storage.engine, "before_cursor_execute", noted)
        try:
            for name, where in wheres.items():
                made.clear()
                unit.books.lines(ENT, 1, where=where)
                assert len(made) <= STATEMENTS_MAX, name
                for statement, parameters in made:
                    plans.setdefault(statement, []).append(name)
                    if len(plans[statement]) == 1 and "journal_" in statement:
                        whole = [
                            one for one in plan(storage, statement, parameters) if WHOLE.match(one)
                        ]
                        assert not whole, (name, statement)
        finally:
            event.remove(storage.engine, "before_cursor_execute", noted)
    assert len(plans) > 20, "statements were noted"


def plan(storage: SqlStorage, statement: str, parameters: Sequence[Any]) -> list[str]:
    driver = storage.engine.raw_connection()
    try:
        cursor = driver.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in cursor.fetchall()]
    finally:
        driver.close()

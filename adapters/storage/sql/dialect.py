"""All that depends on which database it is. Today SQLite; another one is added here.

SQLite: write-ahead log (readers and the one writer do not wait for each other), synchronous
NORMAL (a power cut may lose the last commits, never damage the file; an import then continues from
an earlier bookmark), foreign keys on, and transactions begun by us: a writing unit takes the write
lock with its first statement, so it never fails halfway because somebody else wrote.
"""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    UnaryExpression,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.operators import custom_op

from adapters.storage.sql.errors import failure_of, translate
from core.domain.failures import FixSettings

LOCK_WAIT_MILLISECONDS: Final = 10_000
"""How long a unit of work waits for another process that writes. Ours take milliseconds."""

CACHE_KIBIBYTES: Final = 4_096
"""Page cache per connection: enough to read with."""

IMPORTING_CACHE_KIBIBYTES: Final = 16_384
"""Page cache of a connection that builds books: its keys are spread over whole indexes."""

LOG_BYTES_MAX: Final = 256 * 1024 * 1024
"""The log file is cut back to this after it grew under a long reader, by a unit that then waits for
it: 45 ms for 100 MiB. Folding keeps it smaller (see ``folding``)."""

CONNECTIONS_MAX: Final = 32
"""Units of work open at once in one process; more wait."""

READERS_KEPT: Final = 4
WRITERS_KEPT: Final = 1
"""Connections kept for later units, each with its page cache; those more are closed after use.
SQLite has one writer at a time, and one that builds books keeps many pages."""

WAL_ATTEMPTS_MAX: Final = 200
WAL_PAUSE_SECONDS: Final = 0.02
"""Switching a new file to the log needs it for a moment alone: tried again for four seconds."""

WRITING: Final = "monitr_writing"
"""Execution option of connections whose transaction writes."""


PLACEHOLDERS: Final = {"qmark": "?", "format": "%s"}
"""How drivers write a positional parameter, by SQLAlchemy's word for their style."""

_WIDE: Final = "monitr_wide_cache"
"""Among a connection's notes, once it builds books."""


class _DriverConnection(Protocol):
    isolation_level: str | None

    def execute(self, sql: str) -> sqlite3.Cursor: ...

    def create_function(
        self, name: str, narg: int, func: object, *, deterministic: bool = False
    ) -> None: ...


def open_engine(url_or_path: str | Path, *, kept: int = READERS_KEPT) -> Engine:
    """An engine whose every transaction is a unit of work; no connection is made yet, and so many
    are kept.

    FixSettings (``unknown-database``) for a URL of a database this version does not speak.
    """
    text = str(url_or_path)
    if "://" not in text:
        text = f"sqlite:///{text}"
    if not text.startswith("sqlite:///") or text == "sqlite:///" or ":memory:" in text:
        raise FixSettings(
            "This version keeps its books in a SQLite file: set the database to a path or to "
            "sqlite:///path.",
            code="unknown-database",
            setting="MONITR_DATABASE_URL",
        )
    engine = create_engine(
        text,
        paramstyle="qmark",  # exec_driver_sql and compiled texts agree on it
        pool_size=kept,
        pool_use_lifo=True,  # the same few connections, so that few page caches grow
        max_overflow=CONNECTIONS_MAX - kept,
        pool_timeout=LOCK_WAIT_MILLISECONDS / 1_000,
        connect_args={
            "timeout": LOCK_WAIT_MILLISECONDS / 1_000,
            "check_same_thread": False,  # a unit may be closed by another thread than opened it
            "cached_statements": 256,
        },
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", translate, retval=True)
    return engine


def _prepare(connection: _DriverConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    for pragma in (
        "foreign_keys=ON",
        "synchronous=NORMAL",
        f"cache_size=-{CACHE_KIBIBYTES}",
        "wal_autocheckpoint=0",  # see adapters.storage.sql.folding
        f"journal_size_limit={LOG_BYTES_MAX}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.create_function("monitr_lower", 1, _lower, deterministic=True)


def widen_cache(connection: Connection) -> None:
    """This connection builds books from now on. Costs nothing the second time."""
    if _WIDE not in connection.info:
        connection.exec_driver_sql(f"PRAGMA cache_size=-{IMPORTING_CACHE_KIBIBYTES}")
        connection.info[_WIDE] = True


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITING, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
        # The snapshot is taken by the first read: take it now, so a unit sees its beginning.
        connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").close()


def driver_of(connection: Connection) -> sqlite3.Connection:
    """What the engine's connection stands for."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def use_log(engine: Engine) -> None:
    """Switch a new file to the write-ahead log; remembered in the file."""
    driver = engine.raw_connection()
    try:
        cursor = driver.cursor()
        for attempt in range(1, WAL_ATTEMPTS_MAX + 1):
            try:
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.fetchall()
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or attempt == WAL_ATTEMPTS_MAX:
                    raise
                time.sleep(WAL_PAUSE_SECONDS)
        cursor.close()
    finally:
        driver.close()


def insert_or_ignore(table: Table) -> Insert:
    """INSERT that stores nothing where a unique constraint forbids it."""
    return sqlite_insert(table).on_conflict_do_nothing()


def among(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Whether the column is one of the ids in the parameter of that name, a JSON list of them: the
    statement stays the same for any number, so that it is made once.
    """
    given = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(given.c.value))


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether a text column holds the text, in any case, all alphabets."""
    # LIKE folds ASCII by itself, many times faster than a function of ours.
    folded = column if text.isascii() else func.monitr_lower(column)
    return folded.contains(text.lower(), autoescape=True)


def not_by_index(column: ColumnElement[int]) -> ColumnElement[int]:
    """The number, in a form that keeps planners from choosing an index for it."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def placeholder(engine: Engine) -> str:
    """How the driver writes a positional parameter."""
    return PLACEHOLDERS[engine.dialect.paramstyle]


def drive(connection: Connection, sql: str, parameters: Sequence[Any]) -> DBAPICursor:
    """Carry out a text by the driver itself, within the connection's transaction.

    SQLAlchemy spends more on each small statement than SQLite does, and a unit has many of them.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, parameters)
    except (sqlite3.Error, OverflowError) as error:
        raise failure_of(error) or error from error
    return cursor


def plain_rows(connection: Connection, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
    """A query's rows as the driver's own tuples."""
    cursor = drive(connection, sql, parameters)
    try:
        return list(cursor.fetchall())
    except sqlite3.Error as error:
        raise failure_of(error) or error from error

"""The index of lines by words, account, contact and journal, kept beside the books and behind them.

Imports do not touch it, so they are not slower for it. In quiet times it is brought up to the
published generation, some rows per transaction; rows of later generations are found by looking at
them. What it finds are candidates only (it knows no generations, and a row that was removed may
still be in it): the query holds each against the filter.

SQLite's FTS5 with the trigram tokenizer (since 3.34), without contents and positions. One table
serves all ledgers; see ``pieces`` for what is in it. Each column but the words holds one piece, so
that no other pieces come of it. A line whose entry changed is indexed once more under the same
number: it then has the pieces of both.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Connection, Row, Select, and_, func, or_, select, tuple_, update
from sqlalchemy import text as sql

from adapters.storage.sql.book_tables import LedgerRow
from adapters.storage.sql.compacting import GENERATIONS
from adapters.storage.sql.dialect import among, not_by_index
from adapters.storage.sql.pieces import (
    ID_BITS,
    LEDGERS_MAX,
    number_of,
    pieces_of,
    sign,
    words_of,
)
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.shapes import ENTRIES, LINES
from adapters.storage.sql.versions import INDEXED_BY_FROM
from core.ports.retention import PendingTexts

LEDGERS: Final = table_of(LedgerRow)

MERGE_PAGES: Final = 100
"""Of 4 KiB, merged by each step: some milliseconds."""
CRISIS_SEGMENTS: Final = 1_999
"""So many unmerged parts are merged at once, however long it takes: it never comes to that."""

TABLE: Final = "line_pieces"
COLUMNS: Final = ("words", "account", "contact", "journal")
_CREATE: Final = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5"
    f"({', '.join(COLUMNS)}, content='', columnsize=0, detail=none, tokenize='trigram')"
)
_INSERT: Final = (
    f"INSERT INTO {TABLE} (rowid, {', '.join(COLUMNS)}) VALUES (?{', ?' * len(COLUMNS)})"  # noqa: S608 - our own names
)
_FOUND: Final = sql(
    f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :asked "  # noqa: S608 - our own names
    "AND rowid BETWEEN :first AND :last ORDER BY rowid LIMIT :many"
)
PIECES_IN_USE: Final = "pieces_in_use"
BEGINNING_MAX: Final = 200
"""Pieces asked for at once in place of a text that is shorter than a piece."""
_CREATE_IN_USE: Final = (
    f"CREATE TABLE {PIECES_IN_USE} (ledger INTEGER, piece TEXT, PRIMARY KEY (ledger, piece)) "
    "WITHOUT ROWID"
)
_USE: Final = f"INSERT OR IGNORE INTO {PIECES_IN_USE} VALUES (?, ?)"  # noqa: S608 - our own name
_BEGINNING: Final = sql(
    f"SELECT piece FROM {PIECES_IN_USE} WHERE ledger = :ledger "  # noqa: S608 - our own name
    "AND piece >= :start AND piece < :end LIMIT :many"
)
_LAST_CHARACTER: Final = "\U0010ffff"
_SQLITE_MIN: Final = (3, 34, 0)

_BY_LINES, _BY_ENTRIES = 0, 1
"""The two stages: new lines; then lines there were before, of entries that are new or changed."""
_LINE: Final = (
    LINES.table.c.id,
    LINES.table.c.date,
    LINES.table.c.account_key,
    LINES.table.c.contact_key,
    LINES.table.c.description,
    LINES.table.c.entry_key,
)


@frozen
class _State:
    """How far a ledger is indexed: up to and with that generation (None: it is not), and where
    the step after starts.
    """

    generation: int | None = None
    place: str | None = None


def indexed_generation(connection: Connection, ledger: int) -> int | None:
    """The generation up to which the ledger's lines are indexed; None: they are not."""
    return _state(connection, ledger).generation


def found(connection: Connection, asked: str, between: tuple[int, int], limit: int) -> list[int]:
    """Numbers of lines that may fit, in their order; at most so many, -1: all."""
    first, last = between
    values = {"asked": asked, "first": first, "last": last, "many": limit}
    return list(connection.execute(_FOUND, values).scalars())


def pieces_beginning(connection: Connection, ledger: int, start: str) -> list[str] | None:
    """Pieces of the ledger's indexed words that begin so; None: too many to ask for."""
    values = {
        "ledger": ledger,
        "start": start,
        "end": start + _LAST_CHARACTER,
        "many": BEGINNING_MAX + 1,
    }
    some = list(connection.execute(_BEGINNING, values).scalars())
    return some if len(some) <= BEGINNING_MAX else None


def behind(connection: Connection, limit: int) -> list[str]:
    """Entities whose ledgers are not indexed up to what is published."""
    if not _can_index(connection):
        return []
    newest = (
        select(func.max(GENERATIONS.c.number))
        .where(GENERATIONS.c.ledger == LEDGERS.c.id)
        .scalar_subquery()
    )
    unfinished = or_(
        LEDGERS.c.texts_place.is_not(None),
        func.coalesce(LEDGERS.c.texts_generation, 0) < newest,
    )
    if not _is_there(connection):  # whatever the ledgers say: that was an index of another kind
        unfinished = newest.is_not(None)
    query = select(LEDGERS.c.entity_id).where(unfinished, LEDGERS.c.id < LEDGERS_MAX)
    return list(connection.execute(query.limit(limit)).scalars())


def pending(connection: Connection, ledger: int, limit: int) -> PendingTexts | None:
    """What to index next, at most ``limit`` rows; None: all published rows are."""
    if not _can_index(connection):
        return None
    if not 0 < ledger < LEDGERS_MAX:
        return None
    newest = select(func.max(GENERATIONS.c.number)).where(GENERATIONS.c.ledger == ledger)
    published = connection.execute(newest).scalar_one() or 0
    state = _state(connection, ledger)
    if state.place is None and (state.generation or 0) >= published:
        return None
    place: list[Any] = (
        [published, _BY_LINES, *_start(state)] if state.place is None else json.loads(state.place)
    )
    target, stage, *after = place
    if stage == _BY_LINES:
        lines = list(connection.execute(_new_lines(ledger, state, target, after).limit(limit)))
        following = [target, stage, *_place_of(lines[-1], state)] if len(lines) == limit else None
        if following is None and state.generation is not None:
            following = [target, _BY_ENTRIES, state.generation, 0, 0]
    else:
        assert state.generation is not None, "the first time there is one stage"
        lines, at = _lines_of_entries(connection, ledger, state.generation, target, after, limit)
        following = None if at is None else [target, stage, *at]
    if any(line.id >> ID_BITS for line in lines):
        return None
    return PendingTexts(
        table=TABLE,
        rows=_rows(connection, ledger, lines),
        since=state.place,
        following=None if following is None else json.dumps(following),
        generation=target,
    )


def index(connection: Connection, ledger: int, some: PendingTexts) -> bool:
    """Index them; False, and nothing done, when another process was first."""
    if not _is_there(connection):
        _create(connection)
    place, generation = LEDGERS.c.texts_place, LEDGERS.c.texts_generation
    mine = (
        LEDGERS.c.id == ledger,
        or_(generation.is_(None), generation < some.generation),
        place.is_(None) if some.since is None else place == some.since,
    )
    values: dict[str, object] = {"texts_place": some.following}
    if some.following is None:
        values["texts_generation"] = some.generation
    if connection.execute(update(LEDGERS).where(*mine).values(**values)).rowcount != 1:
        return False
    if some.rows:
        connection.exec_driver_sql(_INSERT, list(some.rows))
        words = [words for _, words, *_ in some.rows if isinstance(words, str)]
        used = sorted(set[str]().union(*map(pieces_of, words)))
        if used:
            connection.exec_driver_sql(_USE, [(ledger, piece) for piece in used])
    _set(connection, "merge", MERGE_PAGES)
    return True


def _can_index(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" and sqlite3.sqlite_version_info >= _SQLITE_MIN


def _is_there(connection: Connection) -> bool:
    query = sql("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name")
    return connection.execute(query, {"name": TABLE}).first() is not None


def _state(connection: Connection, ledger: int) -> _State:
    query = select(LEDGERS.c.texts_generation, LEDGERS.c.texts_place).where(LEDGERS.c.id == ledger)
    row = connection.execute(query).first()
    if row is None or (row[0] is None and row[1] is None) or not _is_there(connection):
        return _State()
    return _State(generation=row[0], place=row[1])


def _create(connection: Connection) -> None:
    """Without merging by itself, which may take a second now and then: each step merges a bit."""
    connection.exec_driver_sql(_CREATE)
    connection.exec_driver_sql(_CREATE_IN_USE)
    _set(connection, "automerge", 0)
    _set(connection, "crisismerge", CRISIS_SEGMENTS)
    # What was said of an earlier kind of index does not hold for this one.
    connection.execute(update(LEDGERS).values(texts_generation=None, texts_place=None))


def _set(connection: Connection, name: str, value: int) -> None:
    connection.exec_driver_sql(
        f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('{name}', {value})"  # noqa: S608 - our own words
    )


def _start(state: _State) -> list[Any]:
    return ["", 0] if state.generation is None else [state.generation, 0]


def _place_of(line: Row[Any], state: _State) -> list[Any]:
    return [line.date if state.generation is None else line.from_generation, line.id]


def _new_lines(ledger: int, state: _State, target: int, after: Sequence[Any]) -> Select[Any]:
    """The first time by date, in which order they are indexed best; later those that are new."""
    lines = LINES.table.c
    query = select(*_LINE, lines.from_generation).where(lines.ledger == ledger)
    if state.generation is None:
        return query.where(
            not_by_index(lines.from_generation) <= target,
            lines.date >= after[0],
            tuple_(lines.date, lines.id) > tuple_(*after),
        ).order_by(lines.date, lines.id)
    return query.where(
        lines.from_generation > state.generation,
        lines.from_generation <= target,
        INDEXED_BY_FROM,
        lines.from_generation >= after[0],
        tuple_(lines.from_generation, lines.id) > tuple_(*after),
    ).order_by(lines.from_generation, lines.id)


def _lines_of_entries(
    connection: Connection,
    ledger: int,
    indexed: int,
    target: int,
    after: Sequence[int],
    limit: int,
) -> tuple[list[Row[Any]], list[int] | None]:
    """Lines that were indexed before, of entry versions that were not, and where to go on."""
    entries, lines = ENTRIES.table.c, LINES.table.c
    generation, entry_id, line_id = after
    query = (
        select(entries.from_generation, entries.id, entries.key)
        .where(
            entries.ledger == ledger,
            entries.from_generation > indexed,
            entries.from_generation <= target,
            INDEXED_BY_FROM,
            entries.from_generation >= generation,
            or_(
                entries.from_generation > generation,
                and_(entries.from_generation == generation, entries.id >= entry_id),
            ),
        )
        .order_by(entries.from_generation, entries.id)
        .limit(limit)
    )
    found_lines: list[Row[Any]] = []
    versions = connection.execute(query).all()
    place = list(after)
    for version in versions:
        first = line_id if (version.from_generation, version.id) == (generation, entry_id) else 0
        some: Select[Any] = (
            select(*_LINE)
            .where(
                lines.ledger == ledger,
                lines.entry_key == version.key,
                lines.id > first,
                not_by_index(lines.from_generation) <= indexed,
            )
            .order_by(lines.id)
            .limit(limit - len(found_lines))
        )
        found_lines += connection.execute(some).all()
        if len(found_lines) == limit:
            return found_lines, [version.from_generation, version.id, found_lines[-1].id]
        place = [version.from_generation, version.id + 1, 0]
    return found_lines, place if len(versions) == limit else None


def _rows(
    connection: Connection, ledger: int, lines: Sequence[Row[Any]]
) -> tuple[tuple[int | str | None, ...], ...]:
    """What is indexed of these lines, with the words and journals of every version of their
    entries, by number.
    """
    entries = ENTRIES.table.c
    query = select(entries.key, entries.number, entries.description, entries.journal_key).where(
        entries.ledger == ledger, among(entries.key, "keys")
    )
    keys = json.dumps(sorted({line.entry_key for line in lines}))
    texts: dict[str, set[str | None]] = {}
    journals: dict[str, set[str]] = {}
    for key, number, description, journal_key in connection.execute(query, {"keys": keys}):
        texts.setdefault(key, set()).update((number, description))
        if journal_key is not None:
            journals.setdefault(key, set()).add(sign("journal", journal_key))
    return tuple(
        sorted(
            (
                number_of(ledger, line.date, line.id),
                words_of({line.description, *texts.get(line.entry_key, ())}),
                sign("account", line.account_key),
                None if line.contact_key is None else sign("contact", line.contact_key),
                "\n".join(sorted(journals.get(line.entry_key, ()))) or None,
            )
            for line in lines
        )
    )

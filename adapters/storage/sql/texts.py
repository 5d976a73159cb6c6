"""Finding lines by words: an index of three-letter pieces, kept beside the books and behind them.

Imports do not touch it, so they are not slower for it. In quiet times it is brought up to the
published generation, some rows per transaction; rows of later generations are found by looking at
them. What it finds are candidates only (it knows neither order nor generations, and a row that was
removed may still be in it): the query holds each against the very words.

SQLite's FTS5 with the trigram tokenizer (since 3.34), without contents and positions. One table
serves all ledgers: a row's number there is ``ledger * 2^40 + id``, so a ledger's are a range.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Connection, and_, func, or_, select, tuple_, update
from sqlalchemy import text as sql

from adapters.storage.sql.book_tables import LedgerRow
from adapters.storage.sql.compacting import GENERATIONS
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.shapes import ENTRIES, LINES
from adapters.storage.sql.versions import INDEXED_BY_FROM
from core.ports.retention import PendingTexts

LEDGERS: Final = table_of(LedgerRow)

LEDGER_BITS: Final = 40
"""A trillion versions of one table fit below a ledger's number."""
MERGE_PAGES: Final = 100
"""Of 4 KiB, merged by each step: some milliseconds."""
CRISIS_SEGMENTS: Final = 1_999
"""So many unmerged parts are merged at once, however long it takes: it never comes to that."""
PIECE_CHARACTERS: Final = 3
PIECES_ASKED_MAX: Final = 5
"""More would narrow little and cost a walk each. Numbers tell rows apart better than letters."""
CANDIDATES_MAX: Final = 2_000
"""Words that more rows have are found sooner by walking the lines in their order."""

LINE_TEXTS: Final = "line_texts"
ENTRY_TEXTS: Final = "entry_texts"
_CREATE: Final = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5"
    "(words, content='', columnsize=0, detail=none, tokenize='trigram')"
)
_SEPARATOR: Final = "\n"
_STAGES: Final = (
    (LINE_TEXTS, LINES, ("description",)),
    (ENTRY_TEXTS, ENTRIES, ("number", "description")),
)
_SQLITE_MIN: Final = (3, 34, 0)


@frozen
class Candidates:
    """Ids of versions that may have the words, up to and with that generation."""

    lines: Sequence[int]
    entries: Sequence[int]
    generation: int


def candidates(connection: Connection, ledger: int, words: str) -> Candidates | None:
    """None: nothing is indexed, the words are too short or not plain, or too many rows have them.

    Only letters of ASCII: how others fold to lower case differs between here and the index.
    """
    if len(words) < PIECE_CHARACTERS or not words.isascii() or "\x00" in words:
        return None
    indexed = connection.execute(
        select(LEDGERS.c.texts_generation).where(LEDGERS.c.id == ledger)
    ).scalar_one_or_none()
    if indexed is None:
        return None
    pieces = {words[at : at + PIECE_CHARACTERS] for at in range(len(words) - PIECE_CHARACTERS + 1)}
    telling = sorted(pieces, key=lambda piece: (-sum(map(str.isdigit, piece)), piece))
    asked = " AND ".join(
        '"' + piece.replace('"', '""') + '"' for piece in telling[:PIECES_ASKED_MAX]
    )
    found = []
    for name in (LINE_TEXTS, ENTRY_TEXTS):
        rows = connection.execute(
            sql(
                f"SELECT rowid FROM {name} WHERE {name} MATCH :asked "  # noqa: S608 - our own name
                "AND rowid BETWEEN :first AND :last LIMIT :many"
            ),
            {
                "asked": asked,
                "first": ledger << LEDGER_BITS,
                "last": ((ledger + 1) << LEDGER_BITS) - 1,
                "many": CANDIDATES_MAX + 1,
            },
        ).scalars()
        ids = [number - (ledger << LEDGER_BITS) for number in rows]
        if len(ids) > CANDIDATES_MAX:
            return None
        found.append(ids)
    return Candidates(found[0], found[1], indexed)


def pending(connection: Connection, ledger: int, limit: int) -> PendingTexts | None:
    """What to index next, at most ``limit`` rows; None: all published rows are."""
    if connection.dialect.name != "sqlite" or sqlite3.sqlite_version_info < _SQLITE_MIN:
        return None
    state = connection.execute(
        select(LEDGERS.c.texts_generation, LEDGERS.c.texts_place).where(LEDGERS.c.id == ledger)
    ).first()
    if state is None:
        return None
    newest = select(func.max(GENERATIONS.c.number)).where(GENERATIONS.c.ledger == ledger)
    published = connection.execute(newest).scalar_one() or 0
    indexed, since = state
    if since is None and (indexed or 0) >= published:
        return None
    first: list[Any] = ["", 0] if indexed is None else [indexed, 0]
    place_now: list[Any] = [published, 0, *first] if since is None else json.loads(since)
    target, stage, *after = place_now
    name, shape, words = _STAGES[stage]
    columns = shape.table.c
    query = select(
        columns.id, columns.key, columns.from_generation, *(columns[word] for word in words)
    ).where(columns.ledger == ledger, columns.from_generation <= target)
    if indexed is None:  # nearly all rows a ledger has: by the index every version is in
        place = (columns.key, columns.from_generation)
        query = query.where(columns.key >= after[0], tuple_(*place) > tuple_(*after))
    else:
        place = (columns.from_generation, columns.id)
        query = query.where(
            columns.from_generation > indexed,
            INDEXED_BY_FROM,
            columns.from_generation >= after[0],
            or_(
                columns.from_generation > after[0],
                and_(columns.from_generation == after[0], columns.id > after[1]),
            ),
        )
    rows = connection.execute(query.order_by(*place).limit(limit)).all()
    found = [
        ((ledger << LEDGER_BITS) + row[0], _SEPARATOR.join(word for word in row[3:] if word))
        for row in rows
    ]
    if len(rows) == limit:
        last = rows[-1]
        at = [last[1], last[2]] if indexed is None else [last[2], last[0]]
        following: str | None = json.dumps([target, stage, *at])
    else:
        following = json.dumps([target, stage + 1, *first]) if stage + 1 < len(_STAGES) else None
    return PendingTexts(
        table=name,
        rows=tuple((number, held) for number, held in found if held),
        since=since,
        following=following,
        generation=target,
    )


def index(connection: Connection, ledger: int, some: PendingTexts) -> bool:
    """Index them; False, and nothing done, when another process was first."""
    mine = (
        LEDGERS.c.id == ledger,
        LEDGERS.c.texts_place.is_(None)
        if some.since is None
        else LEDGERS.c.texts_place == some.since,
    )
    values: dict[str, object] = {"texts_place": some.following}
    if some.following is None:
        values["texts_generation"] = some.generation
    if connection.execute(update(LEDGERS).where(*mine).values(**values)).rowcount != 1:
        return False
    if some.since is None:
        for name, _, _ in _STAGES:
            _create(connection, name)
    if some.rows:
        connection.exec_driver_sql(
            f"INSERT INTO {some.table} (rowid, words) VALUES (?, ?)",  # noqa: S608 - our own name
            list(some.rows),
        )
    connection.exec_driver_sql(
        f"INSERT INTO {some.table} ({some.table}, rank) VALUES ('merge', {MERGE_PAGES})"  # noqa: S608 - our own name
    )
    return True


def _create(connection: Connection, name: str) -> None:
    """Without merging by itself, which may take a second now and then: each step merges a bit."""
    connection.exec_driver_sql(_CREATE.format(name=name))
    for setting, value in (("automerge", 0), ("crisismerge", CRISIS_SEGMENTS)):
        connection.exec_driver_sql(
            f"INSERT INTO {name} ({name}, rank) VALUES ('{setting}', {value})"  # noqa: S608 - our own words
        )

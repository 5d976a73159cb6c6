"""Finding lines: any combination of filters, as of any generation, gives what memory gives.

The windows are made so small here that every way of finding lines is gone with a handful of them.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from adapters.storage.cursors import write_cursor
from adapters.storage.memory import MemoryStorage
from adapters.storage.sql import SqlStorage, finding, windows
from adapters.storage.sql.pieces import (
    DAY_MAX,
    ID_BITS,
    day_in,
    day_of,
    id_in,
    last_date_of,
    number_of,
)
from core.domain.books import (
    Batch,
    Delta,
    JournalEntry,
    JournalLine,
    Record,
    RecordKind,
)
from core.ports.books import LineFilter
from core.ports.storage import Storage
from tests.storage.contract_retention import index_texts, let_go, sweep
from tests.storage.makers import ENT, batch, day, entry, line, publish
from tests.storage.sql_files import fresh_sql
from tests.storage.views import all_lines

DATES = (
    dt.date(1969, 5, 1),
    *(day(number) for number in (1, 2, 3, 31, 32, 400)),
    dt.date(2060, 1, 1),
    dt.date(2061, 7, 1),
)
"""Some before and after the days that have numbers of their own in the index."""
ENTRY_KEYS = tuple(f"e{number}" for number in range(6))
LINE_KEYS = tuple(f"l{number}" for number in range(30))
ACCOUNTS = ("1000", "8000", "x")
CONTACTS = (None, "c1", "c2", "")
JOURNALS = (None, "j1", "j2")
TEXTS = (
    None,
    "",
    "Rent of May",
    "rent, 1005",
    '100% "x"',
    "Été à Liège",
    "ÉTÉ",
    "a\nb",
    "ΟΔΟΣ",
    "7",
)
PERIODS = ((2025, 1), (2025, 2), (2025, 13), (2026, 1))
ASKED: dict[str, tuple[Any, ...]] = {
    "account_key": (*ACCOUNTS, "none"),
    "entry_key": ENTRY_KEYS,
    "journal_key": ("j1", "j2", "none"),
    "contact_key": ("c1", "c2", "", "none"),
    "date_from": DATES,
    "date_to": DATES,
    "year": (2025, 2026, 2000),
    "period": (1, 13),
    "text": (
        "rent",
        "RENT of",
        "1005",
        "t",
        "10",
        "é",
        "été à",
        '"x',
        "%",
        "a\nb",
        "b",
        "οδο",
        "ξ",
    ),
}
FILTERS = 10


def some_entry(chance: Random, key: str) -> JournalEntry:
    words, number = chance.choice(TEXTS), chance.choice(TEXTS)
    held = entry(key, journal_key=chance.choice(JOURNALS), description=words)
    return attrs.evolve(held, number=number)


def some_line(chance: Random, key: str) -> JournalLine:
    words, contact_key = chance.choice(TEXTS), chance.choice(CONTACTS)
    entry_key, account_key = chance.choice(ENTRY_KEYS), chance.choice(ACCOUNTS)
    held = line(key, entry_key, account_key, contact_key=contact_key, description=words)
    year, period = chance.choice(PERIODS)
    return attrs.evolve(held, date=chance.choice(DATES), year=year, period=period)


def some_night(chance: Random, number: int) -> Batch:
    """The first brings nearly everything; later ones change a little of it."""
    lines = chance.sample(LINE_KEYS, 28 if number == 1 else chance.randrange(8))
    entries = chance.sample(ENTRY_KEYS, 5 if number == 1 else chance.randrange(3))
    records: list[Record] = [some_line(chance, key) for key in lines]
    records += [some_entry(chance, key) for key in entries]
    gone = set(chance.sample(LINE_KEYS, chance.randrange(3))) - set(lines)
    deleted = frozenset((RecordKind.LINE, key) for key in gone)
    return batch(*records, coverage=(Delta(deleted=deleted),))


def some_filter(chance: Random) -> LineFilter:
    names = chance.sample(sorted(ASKED), chance.choice((1, 2, 2, 2, 3, 4)))
    return LineFilter(**{name: chance.choice(ASKED[name]) for name in names})


@contextmanager
def small_windows(later: int) -> Iterator[None]:
    """Every window holds a line or two; so many lines are looked at that are not indexed."""
    with (
        patch.object(finding, "WALKED_ROWS", (0, 1)),
        patch.object(finding, "FOUND_ROWS", (1, 2)),
        patch.object(finding, "ENTRIES_LOOKED_UP_MAX", 1),
        patch.object(windows, "LATER_MAX", later),
    ):
        yield


def keys(storage: Storage, number: int, where: LineFilter, limit: int = 3) -> list[str]:
    with storage.reading() as unit:
        return [row.line.key for row in all_lines(unit.books, ENT, number, where, limit)]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_any_filter_finds_what_memory_finds(seed: int) -> None:
    play(Random(seed))  # noqa: S311 - no secret


@pytest.mark.fire
@pytest.mark.timeout(900)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_any_filter_finds_what_memory_finds_for_long(seed: int) -> None:
    play(Random(seed))  # noqa: S311 - no secret


def play(chance: Random) -> None:
    """Some nights, indexed or not; some filters, asked of every generation."""
    nights = chance.randint(1, 4)
    later = chance.choice((0, 2, 5_000, 5_000))
    with tempfile.TemporaryDirectory() as directory, small_windows(later):
        memory, sql = MemoryStorage(), fresh_sql(Path(directory))
        try:
            for number in range(1, nights + 1):
                night = some_night(chance, number)
                publish(memory, number, night)
                publish(sql, number, night)
                if chance.random() < 0.6:
                    index_texts(sql, limit=chance.choice((3, 50)))
            for where in [some_filter(chance) for _ in range(FILTERS)]:
                limit = chance.choice((1, 2, 5))
                for number in range(nights + 1):
                    assert keys(sql, number, where, limit) == keys(memory, number, where, limit)
        finally:
            sql.close()


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[SqlStorage]:
    storage = fresh_sql(tmp_path)
    yield storage
    storage.close()


def test_lines_of_an_entry_that_changed_are_found_by_what_it_was_and_what_it_is(
    sql: SqlStorage,
) -> None:
    before = entry("e1", journal_key="j1", description="Rent of May")
    publish(sql, 1, batch(before, line("1", "e1"), line("2", "e1", on=40)))
    index_texts(sql)
    after = entry("e1", journal_key="j2", description="Lease of June")
    publish(sql, 2, batch(after))
    cases = {
        LineFilter(account_key="1000", journal_key="j1"): (["1", "2"], []),
        LineFilter(account_key="1000", journal_key="j2"): ([], ["1", "2"]),
        LineFilter(text="rent"): (["1", "2"], []),
        LineFilter(text="lease", date_from=day(2)): ([], ["2"]),
    }
    with small_windows(later=0):
        for indexed in (False, True):
            if indexed:
                index_texts(sql, limit=1)
            for where, expected in cases.items():
                assert (keys(sql, 1, where), keys(sql, 2, where)) == expected, (where, indexed)


@pytest.mark.parametrize("on", [1, 20])
def test_a_number_that_another_line_had_before_is_found_once(sql: SqlStorage, on: int) -> None:
    """What was removed is still in the index, and the database gives its number again."""
    publish(sql, 1, batch(line("a", "e1", on=2, description="rent")))
    publish(sql, 2, batch(line("b", "e1", on=9, description="rent")))
    index_texts(sql)
    gone = frozenset({(RecordKind.LINE, "b")})
    publish(sql, 3, batch(coverage=(Delta(deleted=gone),)))
    let_go(sql, 2)
    sweep(sql)
    more = [line(key, "e2", on=30, description="rent") for key in ("d", "e")]
    publish(sql, 4, batch(line("c", "e2", on=on, description="rent"), *more))
    index_texts(sql)
    with sql.engine.begin() as connection:
        numbers = connection.execute(text("SELECT id FROM journal_lines WHERE key = 'c'"))
        assert numbers.scalars().all() == [2], "the number was b's"
    with small_windows(later=0):
        for limit in (1, 9):
            found = keys(sql, 4, LineFilter(account_key="1000", text="rent"), limit)
            assert found == (["c", "a", "d", "e"] if on == 1 else ["a", "c", "d", "e"])


def test_an_index_of_an_earlier_kind_is_made_anew(sql: SqlStorage) -> None:
    """Ledgers say how far they are indexed; where the index is not there, that does not hold."""
    for number in (1, 2):
        publish(sql, number, batch(line("1", "e1", description=f"Rent {number}")))
    with sql.engine.begin() as connection:
        connection.execute(text("UPDATE ledgers SET texts_generation = 2, texts_place = '[2,1]'"))
    where = LineFilter(text="rent")
    assert keys(sql, 2, where) == ["1"]
    with sql.reading() as unit:
        assert unit.books.behind(10) == [ENT]
    index_texts(sql)
    with small_windows(later=0):
        assert keys(sql, 2, where) == ["1"]
    with sql.engine.begin() as connection:
        said = connection.execute(text("SELECT texts_generation, texts_place FROM ledgers")).one()
    assert tuple(said) == (2, None)


@pytest.mark.parametrize("date", ["", "zzz", "2025", "20250102", "2025-01-02x", "2025-13-01"])
def test_a_cursor_at_no_date_is_a_place_all_the_same(sql: SqlStorage, date: str) -> None:
    memory = MemoryStorage()
    some = batch(*(line(str(on), "e1", on=on) for on in (1, 2, 3)))
    cursor = write_cursor("lines", (date, "e1", 1, "2"))
    pages = []
    for storage in (memory, sql):
        publish(storage, 1, some)
        with storage.reading() as unit:
            page = unit.books.lines(ENT, 1, where=LineFilter(), cursor=cursor)
        pages.append([row.line.key for row in page.rows])
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("date", "day_number"),
    [
        ("0001-01-01", 0),
        ("1970-01-01", 0),
        ("1970-01-02", 1),
        ("2059-09-18", DAY_MAX),
        ("9999-12-31", DAY_MAX),
    ],
)
def test_numbers_sort_by_date_and_give_back_what_they_are_made_of(
    date: str, day_number: int
) -> None:
    assert day_of(date) == day_number
    row_id = (1 << ID_BITS) - 1
    number = number_of(7, date, row_id)
    assert (day_in(number), id_in(number)) == (day_number, row_id)
    assert number < number_of(8, "0001-01-01", 1) < 1 << 63
    assert day_of(last_date_of(day_number)) == day_number
    assert last_date_of(day_number) >= date

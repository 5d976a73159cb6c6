"""Finding the first lines that fit a filter, in the order of their dates.

An index that fits alone is walked. Where other conditions are left, a short piece of it is walked,
which is enough for what is common or where there are few lines; then the index of pieces is asked,
and where that cannot help (it is not made yet, or it does not know the words) the walk goes on.
"""

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, text, tuple_

from adapters.storage.sql.dialect import contains, not_by_index
from adapters.storage.sql.pieces import LAST_DATE, NO_PIECE, all_of, numbers, question, signs_of
from adapters.storage.sql.shapes import ENTRIES, LINES
from adapters.storage.sql.standing import fields, stands, to_record
from adapters.storage.sql.texts import found as found_in_index
from adapters.storage.sql.texts import indexed_generation, pieces_beginning
from adapters.storage.sql.windows import Indexed, Walk, Window, Windows, each_of, is_walked
from core.domain.books import JournalLine
from core.ports.books import LineFilter

WALKED_ROWS: Final = (500, 2_000, 8_000)
"""Lines in the first windows of a walk; the last number holds for all that follow."""
FOUND_ROWS: Final = (200, 1_000, 4_000)
"""The same where the index of pieces gives them."""
ENTRIES_LOOKED_UP_MAX: Final = 2_000
"""Where lines are not indexed, a journal with at most that many entries is read by entry, and so
many entries with a text are known before lines are walked.
"""
YEARS_MAX: Final = 100
PERIODS_MAX: Final = 100
"""Of a year. Where lines have more years or periods than any books do, all dates are looked at."""

FIRST_DATE: Final = "0001-01-01"

Place = tuple[str, str, int, str]
"""Where a page ended: date, entry key, position, key."""

_NEXT_YEAR: Final = text(
    "SELECT min(year) FROM journal_lines WHERE ledger = :ledger AND year > :year"
)
_NEXT_PERIOD: Final = text(
    "SELECT min(period) FROM journal_lines "
    "WHERE ledger = :ledger AND year = :year AND period > :period"
)
_DATES: Final = text(
    "SELECT "
    "(SELECT min(date) FROM journal_lines "
    "WHERE ledger = :ledger AND year = :year AND period = :period), "
    "(SELECT max(date) FROM journal_lines "
    "WHERE ledger = :ledger AND year = :year AND period = :period)"
)
_BELOW_ANY: Final = -(1 << 62)


class LineFinder:
    """Finds lines of one ledger as of one generation."""

    def __init__(self, connection: Connection, ledger: int, generation: int) -> None:
        self._connection = connection
        self._ledger = ledger
        self._generation = generation

    def first(self, where: LineFilter, after: Place | None, wanted: int) -> list[JournalLine]:
        """At most so many lines that fit, by (date, entry key, position, key), beyond a place."""
        columns = LINES.table.c
        rules = list(self._rules(where, after))
        if where.entry_key is not None:
            of_entry = (columns.ledger == self._ledger, columns.entry_key == where.entry_key)
            return self._rows(Window(of_entry, None), rules, wanted)
        source: Windows = Walk.of(self._connection, self._ledger, where)
        sizes, looked_at = WALKED_ROWS, 0
        lines: list[JournalLine] = []
        for first, until in self._spans(where, after):
            since: str | None = first
            while since is not None:  # ends: each window begins after the one before
                if sizes is WALKED_ROWS and looked_at == 1:
                    better = self._better(where)
                    if better is None:
                        rules = list(self._rules(where, after, self._entries_with(where.text)))
                    else:
                        source, sizes, looked_at = better, FOUND_ROWS, 0
                window = source.window(since, until, sizes[min(looked_at, len(sizes) - 1)])
                lines += self._rows(window, rules, wanted - len(lines), by_id=source.by_id)
                if len(lines) == wanted:
                    return lines
                since = window.following
                looked_at += 1
        return lines

    def _better(self, where: LineFilter) -> Windows | None:
        """What finds lines sooner than going on with the walk; None: nothing does."""
        if is_walked(where):
            return None
        indexed = indexed_generation(self._connection, self._ledger)
        asked = None if indexed is None else self._question(where)
        if indexed is not None and asked is not None:
            found = Indexed.of(self._connection, self._ledger, asked, indexed, self._generation)
            if found is not None:
                return found
        keys = self._entries_of_small(where.journal_key)
        return None if keys is None else _OfEntries(self._ledger, keys)

    def _question(self, where: LineFilter) -> str | None:
        """What to ask the index of pieces for; None: it does not help."""
        signs = signs_of(where)
        if where.text is not None and len(signs) > 1:
            # Keys that never meet are known for that sooner without the text.
            everywhere = numbers(self._ledger, FIRST_DATE, LAST_DATE)
            if not found_in_index(self._connection, all_of(signs), everywhere, 1):
                return NO_PIECE
        return question(where, partial(pieces_beginning, self._connection, self._ledger))

    def _rows(
        self,
        window: Window,
        rules: list[ColumnElement[bool]],
        wanted: int,
        *,
        by_id: bool = False,
    ) -> list[JournalLine]:
        standing = stands(LINES, self._ledger, self._generation, by_id=by_id)
        date, *rest = _order()
        # An expression, so that no index is walked for the order.
        query = (
            select(*fields(LINES))
            .where(*window.conditions, standing, *rules)
            .order_by(func.coalesce(date, ""), *rest)
            .limit(wanted)
        )
        return [to_record(LINES, row) for row in self._connection.execute(query)]

    def _rules(
        self, where: LineFilter, after: Place | None, with_text: list[str] | None = None
    ) -> Iterator[ColumnElement[bool]]:
        """The filter, said so that no index is chosen for it. ``with_text``: the keys of entries
        that have the text, where they are known.
        """
        columns = LINES.table.c
        if after is not None:
            yield tuple_(*_order()) > tuple_(*after)
        given: tuple[tuple[ColumnElement[Any], Any], ...] = (
            (columns.account_key.concat(""), where.account_key),
            (columns.contact_key.concat(""), where.contact_key),
            (not_by_index(columns.year), where.year),
            (not_by_index(columns.period), where.period),
        )
        for column, wanted in given:
            if wanted is not None:
                yield column == wanted
        if where.date_from is not None:
            yield columns.date.concat("") >= where.date_from.isoformat()
        if where.date_to is not None:
            yield columns.date.concat("") <= where.date_to.isoformat()
        entries = ENTRIES.table.c
        if where.journal_key is not None:
            yield self._of_entry(func.coalesce(entries.journal_key, "") == where.journal_key)
        if where.text is not None:
            of_entry = (
                self._of_entry(_entry_has(where.text))
                if with_text is None
                else columns.entry_key.concat("").in_(each_of(with_text))
            )
            yield or_(contains(columns.description, where.text), of_entry)

    def _of_entry(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Condition on a line's entry, which is found by its key."""
        entries = ENTRIES.table.c
        return exists().where(
            stands(ENTRIES, self._ledger, self._generation),
            entries.key == LINES.table.c.entry_key,
            condition,
        )

    def _spans(self, where: LineFilter, after: Place | None) -> Iterator[tuple[str, str]]:
        """First and last dates between which lines may be, in order and apart."""
        first = FIRST_DATE if where.date_from is None else where.date_from.isoformat()
        last = LAST_DATE if where.date_to is None else where.date_to.isoformat()
        if after is not None and _is_date(after[0]):
            first = max(first, after[0])
        for since, until in self._dates_of(where):
            if max(first, since) <= min(last, until):
                yield max(first, since), min(last, until)

    def _dates_of(self, where: LineFilter) -> list[tuple[str, str]]:
        """Between which dates the year and the period have lines, in any generation."""
        everything = [(FIRST_DATE, LAST_DATE)]
        if where.year is None and where.period is None:
            return everything
        at = {"ledger": self._ledger}
        years = (
            self._each(_NEXT_YEAR, "year", YEARS_MAX, at) if where.year is None else [where.year]
        )
        if years is None:
            return everything
        spans: list[tuple[str, str]] = []
        for year in years:
            of_year = {**at, "year": year}
            periods = (
                self._each(_NEXT_PERIOD, "period", PERIODS_MAX, of_year)
                if where.period is None
                else [where.period]
            )
            if periods is None:
                return everything
            dates = [
                self._connection.execute(_DATES, {**of_year, "period": period}).one()
                for period in periods
            ]
            held = [(first, last) for first, last in dates if first is not None]
            if held:
                spans.append((min(held)[0], max(last for _, last in held)))
        return _merged(spans)

    def _each(self, following: Any, name: str, most: int, at: dict[str, int]) -> list[int] | None:  # noqa: ANN401 - a statement
        """Every value of a column, each found in an index from the one before; None: too many."""
        values: list[int] = []
        while len(values) <= most:
            before = values[-1] if values else _BELOW_ANY
            found = self._connection.execute(following, {**at, name: before}).scalar_one()
            if found is None:
                return values
            values.append(found)
        return None

    def _entries_with(self, words: str | None) -> list[str] | None:
        """The entries with a text, where a long walk would else look each up; None: many have."""
        if words is None:
            return None
        entries = ENTRIES.table.c
        standing = stands(ENTRIES, self._ledger, self._generation)
        query = select(entries.key).where(standing, _entry_has(words))
        keys = list(self._connection.execute(query.limit(ENTRIES_LOOKED_UP_MAX + 1)).scalars())
        return keys if len(keys) <= ENTRIES_LOOKED_UP_MAX else None

    def _entries_of_small(self, journal_key: str | None) -> list[str] | None:
        """The entries of a journal with few of them; None: it has many, or none is asked for."""
        if journal_key is None:
            return None
        entries = ENTRIES.table.c
        query = select(entries.key).where(
            stands(ENTRIES, self._ledger, self._generation), entries.journal_key == journal_key
        )
        keys = list(self._connection.execute(query.limit(ENTRIES_LOOKED_UP_MAX + 1)).scalars())
        return keys if len(keys) <= ENTRIES_LOOKED_UP_MAX else None


class _OfEntries:
    """All lines of a few entries in one window."""

    by_id = False

    def __init__(self, ledger: int, keys: list[str]) -> None:
        columns = LINES.table.c
        self._of_entries = (columns.ledger == ledger, columns.entry_key.in_(each_of(keys)))

    def window(self, since: str, until: str, rows: int) -> Window:  # noqa: ARG002 - all at once
        date = LINES.table.c.date.concat("")
        return Window((*self._of_entries, date >= since, date <= until), None)


def _order() -> tuple[ColumnElement[Any], ...]:
    columns = LINES.table.c
    return columns.date, columns.entry_key, columns.position, columns.key


def _entry_has(words: str) -> ColumnElement[bool]:
    entries = ENTRIES.table.c
    return or_(contains(entries.description, words), contains(entries.number, words))


def _is_date(text: str) -> bool:
    """As dates are written here; a cursor may have been written by anybody."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _merged(spans: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same dates, in order and apart."""
    merged: list[tuple[str, str]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged

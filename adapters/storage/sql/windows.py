"""Where lines of a filter may be: one window of dates after another, each small enough to look at.

A window holds every line in question that is dated in it, whole days always, so that windows read
one after the other give lines in their order. ``Walk`` goes along the index that fits best;
``Indexed`` asks the index of pieces, which knows combinations that no other index does.
"""

import datetime as dt
import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, Final, Protocol

from attrs import field, frozen
from sqlalchemy import ColumnElement, Connection, func, select

from adapters.storage.sql.dialect import not_by_index
from adapters.storage.sql.pieces import day_in, id_in, last_date_of, numbers
from adapters.storage.sql.shapes import ENTRIES, LINES
from adapters.storage.sql.texts import found
from adapters.storage.sql.versions import INDEXED_BY_FROM
from core.ports.books import LineFilter

LATER_MAX: Final = 5_000
"""So many lines of generations that are not indexed yet are looked at one by one."""

_ALL: Final = -1


@frozen
class Window:
    """``conditions`` on lines; ``following``: the date the next window begins with, None: it was
    the last.
    """

    conditions: tuple[ColumnElement[bool], ...]
    following: str | None


class Windows(Protocol):
    by_id: bool
    """Its conditions find rows by their ids."""

    def window(self, since: str, until: str, rows: int) -> Window:
        """The first window of these dates, with about so many lines."""
        ...


def each_of(values: Sequence[Any]) -> Any:  # noqa: ANN401 - of any type
    """Any number of values as one parameter."""
    each = func.json_each(json.dumps(list(values))).table_valued("value")
    return select(each.c.value)


def is_walked(where: LineFilter) -> bool:
    """Whether nearly every line a walk between the right dates comes by fits."""
    other_key = where.account_key if where.contact_key is not None else None
    return (other_key, where.journal_key, where.text) == (None, None, None)


@frozen
class Walk:
    """Along an index whose last column is the date, at the given values of those before it."""

    by_id = False

    _connection: Connection
    _at: tuple[ColumnElement[bool], ...]

    @classmethod
    def of(cls, connection: Connection, ledger: int, where: LineFilter) -> "Walk":
        """Along the index that has the fewest lines, as far as one can know."""
        columns = LINES.table.c
        at = [columns.ledger == ledger]
        if where.contact_key is not None:
            at.append(columns.contact_key == where.contact_key)
        elif where.account_key is not None:
            at.append(columns.account_key == where.account_key)
        elif where.year is not None and where.period is not None:
            at += [columns.year == where.year, columns.period == where.period]
        return cls(connection, tuple(at))

    def window(self, since: str, until: str, rows: int) -> Window:
        date = LINES.table.c.date
        query = (
            select(date)
            .where(*self._at, date >= since, date <= until)
            .order_by(date)
            .limit(1)
            .offset(rows)
        )
        end = self._connection.execute(query).scalar_one_or_none()
        last = until if end is None else end
        return Window((*self._at, date >= since, date <= last), _day_after(last, until))


@frozen
class Indexed:
    """Ids the index of pieces gives for a question, and the lines it does not know yet."""

    by_id = True

    _connection: Connection
    _ledger: int
    _asked: str
    _later: list[tuple[str, int]] = field(factory=list)
    """(date, id), sorted."""

    @classmethod
    def of(
        cls, connection: Connection, ledger: int, asked: str, indexed: int, generation: int
    ) -> "Indexed | None":
        """None: too many lines are not indexed yet."""
        later = _later_lines(connection, ledger, indexed, generation)
        return None if later is None else cls(connection, ledger, asked, later)

    def window(self, since: str, until: str, rows: int) -> Window:
        between = numbers(self._ledger, since, until)
        some = found(self._connection, self._asked, between, rows + 1)
        last = until
        if len(some) > rows:
            day = day_in(some[-1])
            if day_in(some[0]) < day:
                some = [number for number in some if day_in(number) < day]
                last = last_date_of(day - 1)
            else:
                last = min(until, last_date_of(day))
                between = numbers(self._ledger, since, last)
                some = found(self._connection, self._asked, between, _ALL)
        ids = [id_in(number) for number in some]
        first = bisect_left(self._later, (since, 0))
        end = bisect_right(self._later, (last, _EVERY_ID))
        ids += [row_id for _, row_id in self._later[first:end]]
        columns = LINES.table.c
        date = columns.date.concat("")  # no index is to be walked for it
        conditions = (columns.id.in_(each_of(ids)), date >= since, date <= last)
        return Window(conditions, _day_after(last, until))


_EVERY_ID: Final = 1 << 62


def _day_after(date: str, until: str) -> str | None:
    """The date after a date up to ``until``; None: there is none."""
    if date >= until:
        return None
    return (dt.date.fromisoformat(date) + dt.timedelta(days=1)).isoformat()


def _later_lines(
    connection: Connection, ledger: int, indexed: int, generation: int
) -> list[tuple[str, int]] | None:
    """(date, id) of lines made after the indexed generation, or whose entry was; None: too many."""
    if generation <= indexed:
        return []
    lines, entries = LINES.table.c, ENTRIES.table.c
    since = []
    for columns, wanted in ((lines, (lines.date, lines.id)), (entries, (entries.key,))):
        query = select(*wanted).where(
            columns.ledger == ledger,
            columns.from_generation > indexed,
            columns.from_generation <= generation,
            INDEXED_BY_FROM,
        )
        since.append(connection.execute(query.limit(LATER_MAX + 1)).all())
        if len(since[-1]) > LATER_MAX:
            return None
    later = {(row[0], row[1]) for row in since[0]}
    if since[1]:
        keys = sorted({row[0] for row in since[1]})
        query = select(lines.date, lines.id).where(
            lines.ledger == ledger,
            lines.entry_key.in_(each_of(keys)),
            not_by_index(lines.from_generation) <= generation,
        )
        of_entries = connection.execute(query.limit(LATER_MAX + 1)).all()
        if len(of_entries) > LATER_MAX:
            return None
        later.update((row[0], row[1]) for row in of_entries)
    return sorted(later)

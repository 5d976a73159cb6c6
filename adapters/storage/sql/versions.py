"""The engine of row versions: one for every kind, driven by its shape.

What may be held of a key while generation g is built:

* ``live``: the version that stands in g (to_generation is None), older or made in g;
* ``closed``: a version older than g that was closed in g (to_generation = g).

So g changes a row of its own in place, brings a closed version back when the same record returns,
and never leaves a version of zero length. Statements go straight to the driver, many rows each.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import define, field
from sqlalchemy import Connection, Engine, and_, delete, select, text, update

from adapters.storage.sql.book_tables import NOT_FIRST_SQL, OTHER_ENTRY_SQL
from adapters.storage.sql.dialect import placeholder, plain_rows
from adapters.storage.sql.shapes import HEADER, INVOICES, VALUES_AT, Shape, Values
from adapters.storage.sql.statements import insert_rows

KEYS_PER_QUERY: Final = 500
"""Keys looked up in one statement; every such statement has this many parameters, so that it is
prepared once."""

INDEXED_BY_FROM: Final = text(NOT_FIRST_SQL)
"""Said beside a condition on from_generation, so that its index may be used."""

FROM_AT: Final = HEADER.index("from_generation")
TO_AT: Final = HEADER.index("to_generation")
KEY_AT: Final = HEADER.index("key")


def chunks(keys: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Keys in groups of exactly KEYS_PER_QUERY (the last filled up with repetitions), or few."""
    todo = list(keys)
    for start in range(0, len(todo), KEYS_PER_QUERY):
        some = todo[start : start + KEYS_PER_QUERY]
        few = 1
        while few < len(some):
            few *= 8
        yield tuple(some) + (some[-1],) * (min(few, KEYS_PER_QUERY) - len(some))


@define
class Held:
    """What is held of some keys; see the module."""

    live: dict[str, tuple[Any, ...]] = field(factory=dict)
    closed: dict[str, tuple[Any, ...]] = field(factory=dict)

    def values(self, key: str) -> Values | None:
        row = self.live.get(key)
        return None if row is None else row[VALUES_AT:]


@define
class Written:
    """What a write did: to the live records, and to how g differs from the one before."""

    moves: list[tuple[str, Values | None, Values | None]] = field(factory=list)
    """(key, before, after) of every record that differs now."""
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    tally_added: int = 0
    tally_changed: int = 0
    tally_removed: int = 0


@define
class _Work:
    """Rows to write, per statement."""

    deleted: list[tuple[Any, ...]] = field(factory=list)
    closed: list[tuple[Any, ...]] = field(factory=list)
    reopened: list[tuple[Any, ...]] = field(factory=list)
    updated: list[tuple[Any, ...]] = field(factory=list)
    inserted: list[tuple[Any, ...]] = field(factory=list)


class VersionStatements:
    """The driver's texts for one shape, made once per storage.

    Written by hand because they run with thousands of rows and nothing in between; every name in
    them comes from the table's own declaration, every value is a parameter.
    """

    def __init__(self, engine: Engine, shape: Shape) -> None:
        self.shape = shape
        self._mark = placeholder(engine)
        quote = engine.dialect.identifier_preparer.quote
        self._table = quote(shape.table.name)
        self._columns = ", ".join(quote(name) for name in (*HEADER, *shape.columns))
        table, mark = self._table, self._mark
        names = [quote(name) for name in ("ledger", "from_generation", "key", *shape.columns)]
        marks = ", ".join([mark] * len(names))
        assigned = ", ".join(f"{quote(name)} = {mark}" for name in shape.columns)
        # ruff: noqa: S608 - see the class: names are our own, values are parameters
        self.delete = f"DELETE FROM {table} WHERE id = {mark}"
        self.close = f"UPDATE {table} SET to_generation = {mark} WHERE id = {mark}"
        self.reopen = f"UPDATE {table} SET to_generation = NULL WHERE id = {mark}"
        self.update = f"UPDATE {table} SET {assigned} WHERE id = {mark}"
        self.insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        self.insert_new = f"{self.insert} ON CONFLICT DO NOTHING"
        self.highest = f"SELECT max(id) FROM {table}"

    def by_key(self, count: int) -> str:
        """Versions that are live or closed in g: (ledger, *keys, g)."""
        return (
            f"SELECT {self._columns} FROM {self._table} WHERE ledger = {self._mark} "
            f"AND key IN ({', '.join([self._mark] * count)}) "
            f"AND (to_generation IS NULL OR to_generation = {self._mark})"
        )

    def by_entry(self, count: int) -> str:
        """Keys of live lines of these entries, or of invoices with another key than their entry's:
        (ledger, *entry keys).
        """
        other = f"AND {OTHER_ENTRY_SQL} " if self.shape is INVOICES else ""
        return (
            f"SELECT key FROM {self._table} WHERE ledger = {self._mark} {other}"
            f"AND entry_key IN ({', '.join([self._mark] * count)}) AND to_generation IS NULL"
        )

    def by_own_key(self, count: int) -> str:
        """Which of these keys are of live invoices that bear their entry's: (ledger, *keys)."""
        return f"{self.live_among(count)} AND entry_key = key"

    def live_among(self, count: int) -> str:
        """Which of these keys are live: (ledger, *keys)."""
        return (
            f"SELECT key FROM {self._table} WHERE ledger = {self._mark} "
            f"AND key IN ({', '.join([self._mark] * count)}) AND to_generation IS NULL"
        )


class Versions:
    """The versions of one kind in one ledger, for the generation being built."""

    def __init__(
        self, connection: Connection, statements: VersionStatements, ledger: int, generation: int
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._table = statements.shape.table
        self._ledger = ledger
        self._generation = generation

    def fetch(self, keys: Collection[str]) -> Held:
        """What is held of these keys."""
        held = Held()
        for some in chunks(keys):
            query = self._statements.by_key(len(some))
            parameters = (self._ledger, *some, self._generation)
            for row in plain_rows(self._connection, query, parameters):
                if row[TO_AT] is None:
                    held.live[row[KEY_AT]] = row
                else:
                    held.closed[row[KEY_AT]] = row
        return held

    def keys_of_entries(self, entry_keys: Collection[str]) -> set[str]:
        """Keys of live lines or invoices of these entries."""
        found = self._keys(self._statements.by_entry, entry_keys)
        if self._statements.shape is INVOICES:
            found |= self._keys(self._statements.by_own_key, entry_keys)
        return found

    def live_among(self, keys: Collection[str]) -> set[str]:
        return self._keys(self._statements.live_among, keys)

    def _keys(self, text_for: Callable[[int], str], keys: Collection[str]) -> set[str]:
        found: set[str] = set()
        for some in chunks(keys):
            parameters = (self._ledger, *some)
            found.update(
                key for (key,) in plain_rows(self._connection, text_for(len(some)), parameters)
            )
        return found

    def write(self, held: Held, upserts: Mapping[str, Values], removals: Iterable[str]) -> Written:
        """Let the upserts stand in g and the removals (of live keys) not."""
        work, written = _Work(), Written()
        if held.live or held.closed:
            for key, values in upserts.items():
                self._upsert(held, key, values, work, written)
        else:  # all are new: what a first import does nearly always, in the fewest steps
            at = (self._ledger, self._generation)
            work.inserted = [(*at, key, *values) for key, values in upserts.items()]
            written.moves = [(key, None, values) for key, values in upserts.items()]
            written.added = written.tally_added = len(upserts)
        for key in removals:
            self._remove(held, key, work, written)
        for statement, rows in (
            (self._statements.delete, work.deleted),
            (self._statements.close, work.closed),
            (self._statements.reopen, work.reopened),
            (self._statements.update, work.updated),
        ):
            if rows:
                self._connection.exec_driver_sql(statement, rows)
        insert_rows(self._connection, self._statements.insert, work.inserted)
        return written

    def write_first(self, upserts: Mapping[str, Values]) -> Written:
        """Let the upserts stand in generation 1; nothing older can be held.

        The unique constraint says what is there already, so that what is not is not looked for.
        """
        assert self._generation == 1, "later generations compare with what stood before"
        before = plain_rows(self._connection, self._statements.highest, ())[0][0] or 0
        at = (self._ledger, self._generation)
        rows = [(*at, key, *values) for key, values in upserts.items()]
        inserted = insert_rows(self._connection, self._statements.insert_new, rows)
        new = upserts
        written = Written()
        if inserted < len(upserts):
            live = self.fetch(upserts.keys()).live
            held = Held(live={key: row for key, row in live.items() if row[0] <= before})
            again = {key: upserts[key] for key in held.live}
            written = self.write(held, again, ())
            new = {key: values for key, values in upserts.items() if key not in again}
        written.moves += [(key, None, values) for key, values in new.items()]
        written.added += len(new)
        written.tally_added += len(new)
        return written

    def _upsert(self, held: Held, key: str, values: Values, work: _Work, written: Written) -> None:
        live, closed = held.live.get(key), held.closed.get(key)
        before = None if live is None else live[VALUES_AT:]
        if before == values:
            written.unchanged += 1
            return
        returns = closed is not None and closed[VALUES_AT:] == values
        written.moves.append((key, before, values))
        if live is None:
            written.added += 1
            written.tally_added += closed is None
            written.tally_removed -= closed is not None
            written.tally_changed += closed is not None and not returns
        else:
            written.changed += 1
            if live[FROM_AT] == self._generation:
                written.tally_changed -= returns
                if not returns:
                    work.updated.append((*values, live[0]))
                    return
                work.deleted.append((live[0],))
            else:
                written.tally_changed += 1
                work.closed.append((self._generation, live[0]))
        if returns and closed is not None:
            work.reopened.append((closed[0],))
        else:
            work.inserted.append((self._ledger, self._generation, key, *values))

    def _remove(self, held: Held, key: str, work: _Work, written: Written) -> None:
        live, closed = held.live[key], held.closed.get(key)
        written.moves.append((key, live[VALUES_AT:], None))
        written.removed += 1
        if live[FROM_AT] != self._generation:
            written.tally_removed += 1
            work.closed.append((self._generation, live[0]))
        else:
            work.deleted.append((live[0],))
            written.tally_added -= closed is None
            written.tally_changed -= closed is not None
            written.tally_removed += closed is not None

    def discard_some(self, limit: int) -> int:
        """As if up to so many rows of g had never been; how many there were."""
        table = self._table
        made_in_g = table.c.from_generation == self._generation
        if self._generation > 1:
            made_in_g = and_(made_in_g, INDEXED_BY_FROM)
        own = select(table.c.id).where(table.c.ledger == self._ledger, made_in_g).limit(limit)
        done = self._connection.execute(delete(table).where(table.c.id.in_(own))).rowcount
        if done < limit:
            closed = (
                select(table.c.id)
                .where(
                    table.c.ledger == self._ledger,
                    table.c.to_generation == self._generation,
                    # Said so that the index of closed rows may be used.
                    table.c.to_generation.is_not(None),
                )
                .limit(limit - done)
            )
            back = update(table).where(table.c.id.in_(closed)).values(to_generation=None)
            done += self._connection.execute(back).rowcount
        return done

    def close_some(self, after: str, limit: int) -> tuple[int, str]:
        """Let up to so many rows beyond that key not stand in g: (how many, the last key)."""
        table = self._table
        query = (
            select(table.c.id, table.c.key, table.c.from_generation)
            .where(
                table.c.ledger == self._ledger,
                table.c.key > after,
                table.c.to_generation.is_(None),
            )
            .order_by(table.c.key)
            .limit(limit)
        )
        rows = self._connection.execute(query).all()
        own = [(row.id,) for row in rows if row.from_generation == self._generation]
        older = [
            (self._generation, row.id) for row in rows if row.from_generation != self._generation
        ]
        if own:
            self._connection.exec_driver_sql(self._statements.delete, own)
        if older:
            self._connection.exec_driver_sql(self._statements.close, older)
        return len(rows), rows[-1].key if rows else after

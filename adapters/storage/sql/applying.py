"""One batch (or the settling, or a discard) on its way into the generation being built.

Beside the records two sums are kept as row versions of their own: balances per account, year and
period, and imbalances per entry. They move by what changed, so proofs and trial balances never
add up the whole ledger.
"""

from collections.abc import Callable, Collection, Mapping
from operator import itemgetter
from typing import Final

from attrs import define, evolve, field
from sqlalchemy import ColumnElement, Connection, exists, func, select

from adapters.storage.sql.coverage import ENTRYLESS, LINELESS, MARKS, Coverages, Scope, scope_of
from adapters.storage.sql.leftovers import DISCARD, START_OVER, Leftovers
from adapters.storage.sql.shapes import (
    ALL_SHAPES,
    BALANCES,
    ENTRIES,
    IMBALANCES,
    INVOICES,
    LINES,
    RECORD_SHAPES,
    Shape,
    Value,
    Values,
    rows_of,
)
from adapters.storage.sql.tallies import Tallies
from adapters.storage.sql.versions import Versions, VersionStatements, Written
from core.domain.books import (
    Applied,
    Batch,
    Delta,
    Everything,
    RecordKind,
    Window,
)

LINE_ENTRY: Final = LINES.at("entry_key")
_line_sum: Final[Callable[[Values], tuple[str, int]]] = itemgetter(
    LINE_ENTRY, LINES.at("amount_e4")
)
_line_cell: Final[Callable[[Values], tuple[Value, Value, Value]]] = itemgetter(
    *(LINES.at(name) for name in ("account_key", "year", "period"))
)
INVOICE_ENTRY: Final = INVOICES.at("entry_key")
ENTRY_DATE: Final = ENTRIES.at("date")

REMOVED_PER_UNIT: Final = 250
"""Records found to be gone that one unit of work removes; entries take their lines along."""

BALANCE_SUMS_AT: Final = BALANCES.at("debit_e4")


@define
class Building:
    """One ledger's generation being built, within one unit of work."""

    connection: Connection
    statements: Mapping[str, VersionStatements]
    ledger: int
    generation: int
    tallies: Tallies = field(init=False)
    leftovers: Leftovers = field(init=False)
    coverages: Coverages = field(init=False)
    applied: Applied = field(factory=Applied)
    records: dict[RecordKind, dict[str, Values]] = field(factory=dict)
    """The batch's records as rows; what is in here is alive whatever a coverage says."""
    lost: set[str] = field(factory=set)
    """Entries that went in this batch."""
    maybe_lineless: set[str] = field(factory=set)
    """Entries that came, or that lost a line."""
    moved_invoices: set[str] = field(factory=set)
    """Invoices that came or changed."""

    def __attrs_post_init__(self) -> None:
        self.tallies = Tallies(self.connection, self.ledger, self.generation)
        self.coverages = Coverages(self.connection, self.ledger)
        self.leftovers = Leftovers(self.connection, self.ledger)

    def versions(self, shape: Shape) -> Versions:
        statements = self.statements[shape.table.name]
        return Versions(self.connection, statements, self.ledger, self.generation)

    def apply(self, batch: Batch) -> Applied:
        self.records = rows_of(batch.records)
        covering: list[Everything | Window] = []
        for coverage in batch.coverage:
            if isinstance(coverage, Delta):
                self._delta(coverage)
            else:
                covering.append(coverage)
        scopes = [scope_of(coverage) for coverage in covering]
        for coverage, scope in zip(covering, scopes, strict=True):
            if coverage.first if isinstance(coverage, Everything) else coverage.begins:
                self.coverages.forget(scope)
        for scope in scopes:
            empty = self.tallies.of[scope.kind].live == 0
            self.coverages.begin(scope, nothing_held=empty)
        for kind, rows in self.records.items():
            self._upsert(kind, rows, scopes)
        for coverage, scope in zip(covering, scopes, strict=True):
            self._covered(coverage, scope)
        if not self.applied.more:
            for coverage, scope in zip(covering, scopes, strict=True):
                if coverage.last:
                    self.coverages.finish(scope)
        self._note_doubts()
        self.tallies.save()
        return self.applied

    def _delta(self, delta: Delta) -> None:
        named: dict[RecordKind, set[str]] = {}
        for kind, key in delta.deleted:
            named.setdefault(kind, set()).add(key)
        for kind, keys in named.items():
            self._remove(kind, keys)
        self._cascade(named.get(RecordKind.ENTRY, set()) | delta.whole_entries)

    def _covered(self, coverage: Everything | Window, scope: Scope) -> None:
        sent = self.records.get(scope.kind, {})
        self.coverages.see(scope, sent, coverage.present)
        if coverage.last:
            unseen = self.coverages.unseen(scope, REMOVED_PER_UNIT + 1)
            if len(unseen) > REMOVED_PER_UNIT:
                unseen = unseen[:REMOVED_PER_UNIT]
                self.applied = evolve(self.applied, more=True)
            self._remove(scope.kind, unseen)
            if scope.kind is RecordKind.ENTRY:
                self._cascade(unseen)

    def _upsert(
        self, kind: RecordKind, rows: Mapping[str, Values], scopes: Collection[Scope]
    ) -> None:
        date_at = ENTRY_DATE if kind is RecordKind.ENTRY else None
        self.coverages.about_to_write(kind, rows.items(), scopes, date_at=date_at)
        versions = self.versions(RECORD_SHAPES[kind])
        if self.generation == 1:
            written = versions.write_first(rows)
        else:
            written = versions.write(versions.fetch(rows.keys()), rows, ())
        self._count(kind, written)

    def _remove(self, kind: RecordKind, keys: Collection[str]) -> None:
        """Let these keys go, as far as they are live and not sent by this batch."""
        sent = self.records.get(kind, {})
        candidates = [key for key in keys if key not in sent]
        if not candidates:
            return
        versions = self.versions(RECORD_SHAPES[kind])
        held = versions.fetch(candidates)
        gone = [key for key in dict.fromkeys(candidates) if key in held.live]
        if gone:
            self.coverages.about_to_remove(kind)
            self._count(kind, versions.write(held, {}, gone))
            if kind is RecordKind.ENTRY:
                self.lost.update(gone)

    def _cascade(self, entry_keys: Collection[str]) -> None:
        """Take the lines and invoices of these entries along, unless the batch sends them."""
        if not entry_keys:
            return
        for shape in (LINES, INVOICES):
            self._remove(shape.kind, self.versions(shape).keys_of_entries(entry_keys))

    def _count(self, kind: RecordKind, written: Written) -> None:
        self.applied = self.applied.plus(
            Applied(
                added=written.added,
                changed=written.changed,
                removed=written.removed,
                unchanged=written.unchanged,
            )
        )
        self.tallies.count(kind, written)
        if kind is RecordKind.LINE:
            self._move_sums(written)
            self.maybe_lineless.update(
                str(before[LINE_ENTRY]) for _, before, _ in written.moves if before is not None
            )
        elif kind is RecordKind.ENTRY:
            self.maybe_lineless.update(key for key, before, _ in written.moves if before is None)
        elif kind is RecordKind.INVOICE:
            self.moved_invoices.update(key for key, _, now in written.moves if now is not None)

    def _move_sums(self, written: Written) -> None:
        """Add what changed to the balances of its cells and the imbalance of its entries.

        The columns added up are debit, credit and lines, as in BalanceVersion.
        """
        cells: dict[tuple[Value, Value, Value], list[int]] = {}
        entries: dict[str, int] = {}
        for _, before, now in written.moves:
            for values, sign in ((now, 1),) if before is None else ((before, -1), (now, 1)):
                if values is None:
                    continue
                entry_key, amount_e4 = _line_sum(values)
                cell = _line_cell(values)
                sums = cells.get(cell)
                if sums is None:
                    sums = cells[cell] = [0, 0, 0]
                moved_e4 = sign * amount_e4
                if amount_e4 < 0:
                    sums[1] -= moved_e4
                else:
                    sums[0] += moved_e4
                sums[2] += sign
                entries[entry_key] = entries.get(entry_key, 0) + moved_e4
        self._bring(
            BALANCES,
            {balance_key(cell): (*cell, *sums) for cell, sums in cells.items() if any(sums)},
            added_from=BALANCE_SUMS_AT,
        )
        self._bring(IMBALANCES, {key: (sum_e4,) for key, sum_e4 in entries.items() if sum_e4})

    def _bring(self, shape: Shape, moves: Mapping[str, Values], *, added_from: int = 0) -> None:
        """Add the moves to the held sums, value by value from ``added_from``; zero sums go."""
        if not moves:
            return
        versions = self.versions(shape)
        held = versions.fetch(moves.keys())
        upserts: dict[str, Values] = {}
        removals: list[str] = []
        for key, move in moves.items():
            before = held.values(key)
            now = move
            if before is not None:
                sums = zip(before[added_from:], move[added_from:], strict=True)
                now = (*move[:added_from], *(int(a or 0) + int(b or 0) for a, b in sums))
            if any(now[added_from:]):
                upserts[key] = now
            elif before is not None:
                removals.append(key)
        versions.write(held, upserts, removals)

    def _note_doubts(self) -> None:
        """Remember what settling must look at: entries without lines, invoices without entry."""
        lines = self.records.get(RecordKind.LINE, {}).values()
        lined = {str(values[LINE_ENTRY]) for values in lines}
        self.coverages.unnote(LINELESS, lined)
        self.coverages.note(LINELESS, self.maybe_lineless - lined)
        sent = self.records.get(RecordKind.INVOICE, {})
        entries = self.records.get(RecordKind.ENTRY, {})
        doubtful = {
            key: str(values[INVOICE_ENTRY])
            for key, values in sent.items()
            if values[INVOICE_ENTRY] is not None
            and values[INVOICE_ENTRY] not in entries
            and (key in self.moved_invoices or values[INVOICE_ENTRY] in self.lost)
        }
        if doubtful:
            live = self.versions(ENTRIES).live_among(set(doubtful.values()))
            self.coverages.note(
                ENTRYLESS, {k for k, entry in doubtful.items() if entry not in live}
            )

    def settle(self) -> Applied:
        """Drop what lost its reason; how the generation differs from the one before."""
        entries, lines, invoices = ENTRIES.table, LINES.table, INVOICES.table
        lineless = self._noted(
            LINELESS,
            ENTRIES,
            ~exists().where(
                lines.c.ledger == self.ledger,
                lines.c.entry_key == entries.c.key,
                lines.c.to_generation.is_(None),
            ),
        )
        self._remove(RecordKind.ENTRY, lineless)
        self._cascade(lineless)
        entryless = self._noted(
            ENTRYLESS,
            INVOICES,
            invoices.c.entry_key.is_not(None),
            ~exists().where(
                entries.c.ledger == self.ledger,
                entries.c.key == invoices.c.entry_key,
                entries.c.to_generation.is_(None),
            ),
        )
        self._remove(RecordKind.INVOICE, entryless)
        self.tallies.save()
        more = max(len(lineless), len(entryless)) >= REMOVED_PER_UNIT
        return evolve(self.tallies.applied(), more=more)

    def _noted(self, listing: str, shape: Shape, *conditions: ColumnElement[bool]) -> list[str]:
        """Live keys on the list that meet the conditions."""
        coverage = self.coverages.noted(listing)
        if coverage is None:
            return []
        table = shape.table
        query = select(table.c.key).where(
            MARKS.c.coverage == coverage,
            # Said with a mark, so that the few marks are walked and not the whole ledger.
            table.c.ledger == self.ledger + 0 * func.length(MARKS.c.key),
            table.c.key == MARKS.c.key,
            table.c.to_generation.is_(None),
            *conditions,
        )
        query = query.limit(REMOVED_PER_UNIT)
        return list(self.connection.execute(query).scalars())

    def start_over(self) -> None:
        """Nothing is to stand in the generation being built."""
        self.coverages.clear()
        self.leftovers.begin(START_OVER)
        self.work_off()

    def discard(self) -> None:
        """It is to be as if the generation had never begun."""
        self.coverages.clear()
        self.leftovers.begin(DISCARD)
        self.work_off()

    def work_off(self) -> bool:
        """Some of what the two above left; True when nothing is left."""
        left = self.leftovers.open()
        kinds = [self.versions(shape) for shape in ALL_SHAPES]
        if DISCARD in left:
            if self.leftovers.discarded(kinds):
                self.tallies.discard()
                return START_OVER not in left
            return False
        if START_OVER in left:
            if not self.leftovers.closed(kinds, left[START_OVER]):
                return False
            self.tallies.close_all()
            self.tallies.save()
        return True


def balance_key(cell: tuple[Value, Value, Value]) -> str:
    """One text for account, year and period; the account last, it may hold anything."""
    account, year, period = cell
    return f"{year}/{period}/{account}"

"""Books in memory: writing delegates to ``applying``, reading looks at every version."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from adapters.storage.cursors import read_cursor, write_cursor
from adapters.storage.memory.applying import Applying, discard, settle, start_over
from adapters.storage.memory.compacting import MemoryRetention
from adapters.storage.memory.state import Ledger, State
from adapters.storage.reports import (
    Sums,
    Tally,
    cell_changes,
    cell_of,
    count_change,
    require_settled,
    require_unpublished,
    sums_of,
    trial_balance,
)
from core.domain.ageing import Posting
from core.domain.books import (
    BATCH_RECORDS_MAX,
    Applied,
    Batch,
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    RecordKind,
    TaxCode,
)
from core.domain.proof import Cell, Finding, FindingKind
from core.ports.books import (
    PAGE_MAX,
    CellChange,
    ChangePage,
    Generation,
    LineChange,
    LineFilter,
    LinePage,
    LineRow,
    TrialBalanceRow,
)

_T = TypeVar("_T")


class MemoryBooks(MemoryRetention):
    """Implements core.ports.books.Books."""

    def __init__(self, state: State) -> None:
        super().__init__(self._reading, self._own)
        self._state = state
        self._owned: set[str] = set()

    def share(self) -> None:
        """From now on others see the ledgers: copy before changing one again."""
        self._owned.clear()

    def _reading(self, entity_id: str) -> Ledger:
        return self._state.ledgers.get(entity_id) or Ledger()

    def _writing(self, entity_id: str, generation: int) -> Ledger:
        ledger = self._reading(entity_id)
        require_unpublished(entity_id, generation, max(ledger.generations, default=0))
        return self._own(entity_id)

    def _own(self, entity_id: str) -> Ledger:
        """The ledger, to change it."""
        ledger = self._reading(entity_id)
        if entity_id not in self._owned:
            ledger = ledger.fork()
            self._state.ledgers[entity_id] = ledger
            self._owned.add(entity_id)
        return ledger

    def _all(
        self, entity_id: str, generation: int, kind: RecordKind, of: type[_T]
    ) -> dict[str, _T]:
        return {
            key: version.record
            for key, versions in self._reading(entity_id).kinds[kind].items()
            for version in versions
            if version.stands_in(generation) and isinstance(version.record, of)
        }

    def _lines(self, entity_id: str, generation: int) -> dict[str, JournalLine]:
        return self._all(entity_id, generation, RecordKind.LINE, JournalLine)

    def _entries(self, entity_id: str, generation: int) -> dict[str, JournalEntry]:
        return self._all(entity_id, generation, RecordKind.ENTRY, JournalEntry)

    def apply(self, entity_id: str, generation: int, batch: Batch) -> Applied:
        return Applying(self._writing(entity_id, generation), generation, batch).run()

    def start_over(self, entity_id: str, generation: int) -> None:
        start_over(self._writing(entity_id, generation), generation)

    def settle(self, entity_id: str, generation: int) -> Applied:
        return settle(self._writing(entity_id, generation), generation)

    def discard(self, entity_id: str, generation: int) -> None:
        discard(self._writing(entity_id, generation), generation)

    @property
    def records_per_unit(self) -> int:
        return BATCH_RECORDS_MAX

    def work_off(self, entity_id: str, generation: int) -> bool:  # noqa: ARG002 - the port's
        """Nothing is ever left."""
        return True

    def discards_left(self, *, limit: int) -> Sequence[str]:  # noqa: ARG002 - the port's
        return ()

    def publish(self, generation: Generation) -> None:
        ledger = self._writing(generation.entity_id, generation.number)
        require_settled(generation, ledger.settled)
        ledger.generations[generation.number] = generation
        ledger.seen.clear()
        ledger.settled = None

    def generation(self, entity_id: str, number: int) -> Generation | None:
        ledger = self._reading(entity_id)
        return None if number in ledger.compacted else ledger.generations.get(number)

    def generations(
        self, entity_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Generation]:
        ledger = self._reading(entity_id)
        mine = ledger.generations
        listed = (n for n in mine if n not in ledger.retired)
        numbers = sorted((n for n in listed if before is None or n < before), reverse=True)
        return [mine[number] for number in numbers[: min(limit, PAGE_MAX)]]

    def newest(self, entity_ids: Sequence[str]) -> dict[str, Generation]:
        ledgers = {one: self._reading(one).generations for one in entity_ids}
        return {one: held[max(held)] for one, held in ledgers.items() if held}

    def generation_at(self, entity_id: str, instant: dt.datetime) -> int | None:
        mine = self._reading(entity_id).generations
        return max((n for n, held in mine.items() if held.published_at <= instant), default=None)

    def _sums(self, entity_id: str, generation: int) -> dict[Cell, Sums]:
        cells: dict[Cell, Sums] = {}
        for line in self._lines(entity_id, generation).values():
            cell = cell_of(line)
            cells[cell] = cells.get(cell, Sums()).plus(sums_of(line.amount_e4))
        return cells

    def cells(self, entity_id: str, generation: int) -> dict[Cell, int]:
        return {
            cell: sums.debit_e4 - sums.credit_e4
            for cell, sums in self._sums(entity_id, generation).items()
            if sums.debit_e4 != sums.credit_e4
        }

    def findings(self, entity_id: str, generation: int, *, limit: int) -> Sequence[Finding]:
        entries: dict[str, int] = {}
        accounts: dict[str, int] = {}
        known = self._all(entity_id, generation, RecordKind.ACCOUNT, LedgerAccount)
        for line in self._lines(entity_id, generation).values():
            entries[line.entry_key] = entries.get(line.entry_key, 0) + line.amount_e4
            if line.account_key not in known:
                accounts[line.account_key] = accounts.get(line.account_key, 0) + line.amount_e4
        found = [
            Finding(kind=FindingKind.UNBALANCED_ENTRY, key=key, amount_e4=amount_e4)
            for key, amount_e4 in entries.items()
            if amount_e4
        ] + [
            Finding(kind=FindingKind.UNKNOWN_ACCOUNT, key=key, amount_e4=amount_e4)
            for key, amount_e4 in accounts.items()
        ]
        return sorted(found, key=lambda finding: (finding.key, finding.kind))[:limit]

    def counts(self, entity_id: str, generation: int) -> dict[RecordKind, int]:
        return {kind: len(self._all(entity_id, generation, kind, object)) for kind in RecordKind}

    def trial_balance(
        self,
        entity_id: str,
        generation: int,
        *,
        since: tuple[int, int] | None = None,
        until: tuple[int, int] | None = None,
    ) -> Sequence[TrialBalanceRow]:
        accounts = self._all(entity_id, generation, RecordKind.ACCOUNT, LedgerAccount)
        sums = self._sums(entity_id, generation)
        cells = ((one.account_key, one.year, one.period, *held) for one, held in sums.items())
        return trial_balance(cells, accounts.values(), since=since, until=until)

    def lines(
        self,
        entity_id: str,
        generation: int,
        *,
        where: LineFilter,
        cursor: str | None = None,
        limit: int = 100,
    ) -> LinePage:
        after: tuple[str | int, ...] = ()
        if cursor is not None:
            after = tuple(read_cursor("lines", cursor, (str, str, int, str)))
        limit = min(max(limit, 1), PAGE_MAX)
        entries = self._entries(entity_id, generation)
        rows = sorted(
            (
                (_order(line), LineRow(line=line, entry=entries.get(line.entry_key)))
                for line in self._lines(entity_id, generation).values()
                if _order(line) > after and _fits(where, line, entries.get(line.entry_key))
            ),
            key=lambda row: row[0],
        )
        page = rows[:limit]
        more = len(rows) > limit
        return LinePage(
            rows=tuple(row for _, row in page),
            next_cursor=write_cursor("lines", page[-1][0]) if more else None,
        )

    def entry(
        self, entity_id: str, generation: int, key: str
    ) -> tuple[JournalEntry, Sequence[JournalLine]] | None:
        entry = self._entries(entity_id, generation).get(key)
        if entry is None:
            return None
        lines = self._lines(entity_id, generation).values()
        mine = (line for line in lines if line.entry_key == key)
        return entry, sorted(mine, key=lambda line: (line.position, line.key))

    def accounts(self, entity_id: str, generation: int) -> Sequence[LedgerAccount]:
        return _by_code(
            self._all(entity_id, generation, RecordKind.ACCOUNT, LedgerAccount),
            lambda account: account.code,
        )

    def journals(self, entity_id: str, generation: int) -> Sequence[Journal]:
        return _by_code(
            self._all(entity_id, generation, RecordKind.JOURNAL, Journal),
            lambda journal: journal.code,
        )

    def tax_codes(self, entity_id: str, generation: int) -> Sequence[TaxCode]:
        return _by_code(
            self._all(entity_id, generation, RecordKind.TAX_CODE, TaxCode),
            lambda tax_code: tax_code.code,
        )

    def contacts(
        self, entity_id: str, generation: int, *, after: str | None = None, limit: int = 100
    ) -> Sequence[Contact]:
        held = self._all(entity_id, generation, RecordKind.CONTACT, Contact)
        keys = sorted(key for key in held if after is None or key > after)
        return [held[key] for key in keys[: min(limit, PAGE_MAX)]]

    def invoices(
        self,
        entity_id: str,
        generation: int,
        *,
        direction: InvoiceDirection | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[Invoice]:
        held = self._all(entity_id, generation, RecordKind.INVOICE, Invoice)
        keys = sorted(
            key
            for key, invoice in held.items()
            if (after is None or key > after) and direction in {None, invoice.direction}
        )
        return [held[key] for key in keys[: min(limit, PAGE_MAX)]]

    def has_open_amounts(
        self, entity_id: str, generation: int, direction: InvoiceDirection
    ) -> bool:
        held = self._all(entity_id, generation, RecordKind.INVOICE, Invoice).values()
        return any(one.open_e4 is not None and one.direction is direction for one in held)

    def postings(
        self, entity_id: str, generation: int, account_keys: Collection[str], *, until: dt.date
    ) -> Iterator[Posting]:
        lines = self._lines(entity_id, generation).values()
        mine = (one for one in lines if one.account_key in account_keys and one.date <= until)
        for line in sorted(mine, key=lambda one: (one.account_key, *_order(one))):
            yield Posting(
                account_key=line.account_key,
                contact_key=line.contact_key,
                date=line.date,
                amount_e4=line.amount_e4,
            )

    def _changes(self, entity_id: str, older: int, newer: int) -> list[tuple[str, LineChange]]:
        before = self._lines(entity_id, older)
        after = self._lines(entity_id, newer)
        return [
            (key, LineChange(before=before.get(key), after=after.get(key)))
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
        ]

    def changed_cells(
        self, entity_id: str, *, older: int, newer: int, closed_through: dt.date | None = None
    ) -> Sequence[CellChange]:
        tallies: dict[Cell, Tally] = {}
        for _, change in self._changes(entity_id, older, newer):
            count_change(tallies, change, closed_through)
        before = self.cells(entity_id, older)
        after = self.cells(entity_id, newer)
        return cell_changes(tallies, before, after)

    def changed_lines(
        self,
        entity_id: str,
        *,
        older: int,
        newer: int,
        cursor: str | None = None,
        limit: int = 100,
    ) -> ChangePage:
        after = None if cursor is None else str(read_cursor("changes", cursor, (str,))[0])
        limit = min(max(limit, 1), PAGE_MAX)
        changes = [
            (key, change)
            for key, change in self._changes(entity_id, older, newer)
            if after is None or key > after
        ]
        page = changes[:limit]
        return ChangePage(
            changes=tuple(change for _, change in page),
            next_cursor=write_cursor("changes", [page[-1][0]]) if len(changes) > limit else None,
        )


def _by_code(rows: dict[str, _T], code: Callable[[_T], str]) -> list[_T]:
    return [rows[key] for key in sorted(rows, key=lambda key: (code(rows[key]), key))]


def _order(line: JournalLine) -> tuple[str | int, ...]:
    return line.date.isoformat(), line.entry_key, line.position, line.key


def _fits(where: LineFilter, line: JournalLine, entry: JournalEntry | None) -> bool:
    conditions = (
        where.account_key in {None, line.account_key},
        where.entry_key in {None, line.entry_key},
        where.journal_key is None or (entry is not None and entry.journal_key == where.journal_key),
        where.contact_key is None or line.contact_key == where.contact_key,
        where.date_from is None or where.date_from <= line.date,
        where.date_to is None or line.date <= where.date_to,
        where.year in {None, line.year},
        where.period in {None, line.period},
        where.text is None or _mentions(where.text, line, entry),
    )
    return all(conditions)


def _mentions(text: str, line: JournalLine, entry: JournalEntry | None) -> bool:
    texts = [line.description]
    if entry is not None:
        texts += [entry.description, entry.number]
    return any(text.lower() in held.lower() for held in texts if held is not None)

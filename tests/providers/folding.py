"""The smallest possible ledger: folds batches as the port's docstrings say, in dictionaries."""

from collections import defaultdict
from typing import cast

from attrs import define, field

from core.domain.books import (
    KIND_OF,
    Batch,
    Delta,
    Everything,
    Invoice,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    Record,
    RecordKind,
    Window,
)
from core.domain.proof import Cell


def _empty() -> dict[RecordKind, dict[str, Record]]:
    return {kind: {} for kind in RecordKind}


@define
class Ledger:
    """``records`` per kind and key. ``writes`` counts records that were really different."""

    records: dict[RecordKind, dict[str, Record]] = field(factory=_empty)
    writes: int = 0
    _seen: dict[RecordKind, set[str]] = field(factory=lambda: defaultdict(set))
    _seen_in_window: set[str] = field(factory=set)

    def apply(self, batch: Batch) -> None:
        for coverage in batch.coverage:
            if isinstance(coverage, Delta):
                for kind, key in coverage.deleted:
                    self._delete(kind, key)
                self._drop_missing_of(coverage.whole_entries, batch)
        for record in batch.records:
            held = self.records[KIND_OF[type(record)]]
            if held.get(record.key) != record:
                self.writes += 1
                held[record.key] = record
        for coverage in batch.coverage:
            if isinstance(coverage, Everything):
                self._see(coverage, batch)
            elif isinstance(coverage, Window):
                self._see_window(coverage, batch)

    def settle(self) -> None:
        """Entries without lines and invoices without their entry go."""
        with_lines = {line.entry_key for line in self.lines}
        for key in set(self.records[RecordKind.ENTRY]) - with_lines:
            self._delete(RecordKind.ENTRY, key)
        entries = self.records[RecordKind.ENTRY]
        for invoice in list(self.records[RecordKind.INVOICE].values()):
            assert isinstance(invoice, Invoice)
            if invoice.entry_key is not None and invoice.entry_key not in entries:
                self._delete(RecordKind.INVOICE, invoice.key)

    @property
    def lines(self) -> list[JournalLine]:
        return cast("list[JournalLine]", list(self.records[RecordKind.LINE].values()))

    @property
    def cells(self) -> dict[Cell, int]:
        totals: dict[Cell, int] = defaultdict(int)
        for line in self.lines:
            cell = Cell(account_key=line.account_key, year=line.year, period=line.period)
            totals[cell] += line.amount_e4
        return dict(totals)

    @property
    def cells_by_code(self) -> dict[tuple[str, int, int], int]:
        """Non-zero balances by account code, as the sandbox's truth names them."""
        accounts = self.records[RecordKind.ACCOUNT]
        totals: dict[tuple[str, int, int], int] = defaultdict(int)
        for cell, amount_e4 in self.cells.items():
            account = cast("LedgerAccount", accounts[cell.account_key])
            totals[account.code, cell.year, cell.period] += amount_e4
        return {cell: amount_e4 for cell, amount_e4 in totals.items() if amount_e4}

    @property
    def unbalanced(self) -> list[str]:
        sums: dict[str, int] = defaultdict(int)
        for line in self.lines:
            sums[line.entry_key] += line.amount_e4
        return [key for key, amount_e4 in sums.items() if amount_e4]

    def _delete(self, kind: RecordKind, key: str) -> None:
        if self.records[kind].pop(key, None) is not None:
            self.writes += 1
        if kind is RecordKind.ENTRY:
            for line in [line for line in self.lines if line.entry_key == key]:
                self._delete(RecordKind.LINE, line.key)
            for invoice in list(self.records[RecordKind.INVOICE].values()):
                if isinstance(invoice, Invoice) and invoice.entry_key == key:
                    self._delete(RecordKind.INVOICE, invoice.key)

    def _drop_missing_of(self, entries: frozenset[str], batch: Batch) -> None:
        if not entries:
            return
        kept = {(KIND_OF[type(record)], record.key) for record in batch.records}
        for kind in (RecordKind.LINE, RecordKind.INVOICE):
            for record in list(self.records[kind].values()):
                assert isinstance(record, JournalLine | Invoice)
                if record.entry_key in entries and (kind, record.key) not in kept:
                    self._delete(kind, record.key)

    def _see(self, coverage: Everything, batch: Batch) -> None:
        seen = self._seen[coverage.kind]
        if coverage.first:
            seen.clear()
        seen |= coverage.present
        seen |= {r.key for r in batch.records if KIND_OF[type(r)] is coverage.kind}
        if coverage.last:
            for key in set(self.records[coverage.kind]) - seen:
                self._delete(coverage.kind, key)
            seen.clear()

    def _see_window(self, coverage: Window, batch: Batch) -> None:
        if coverage.begins:
            self._seen_in_window.clear()
        self._seen_in_window |= coverage.present
        self._seen_in_window |= {r.key for r in batch.records if isinstance(r, JournalEntry)}
        if coverage.last:
            for entry in list(self.records[RecordKind.ENTRY].values()):
                assert isinstance(entry, JournalEntry)
                inside = coverage.first <= entry.date <= coverage.last_day
                if inside and entry.key not in self._seen_in_window:
                    self._delete(RecordKind.ENTRY, entry.key)
            self._seen_in_window.clear()

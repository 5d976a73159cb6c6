"""Bringing one batch into a ledger held in memory, by looking at everything.

Written for plainness, not speed: it is what the SQL storage is compared with.
"""

from collections.abc import Iterable

from attrs import define, field

from adapters.storage.memory.state import Ledger, Version
from core.domain.books import (
    KIND_OF,
    Applied,
    Batch,
    Delta,
    Everything,
    Invoice,
    JournalEntry,
    JournalLine,
    Record,
    RecordKind,
    Window,
)


def live(ledger: Ledger, kind: RecordKind) -> dict[str, Record]:
    """Records of the generation being built (or of the newest, when none is)."""
    return {
        key: versions[-1].record
        for key, versions in ledger.kinds[kind].items()
        if versions[-1].until is None
    }


def live_record(ledger: Ledger, kind: RecordKind, key: str) -> Record | None:
    versions = ledger.kinds[kind].get(key, ())
    return versions[-1].record if versions and versions[-1].until is None else None


def write(ledger: Ledger, kind: RecordKind, key: str, generation: int, record: Record) -> None:
    """Let this record stand in the generation; what stood before it stays readable."""
    versions = list(ledger.kinds[kind].get(key, ()))
    if versions and versions[-1].until is None:
        if versions[-1].record == record:
            return
        versions = _without(versions, generation)
    if versions and versions[-1].until == generation and versions[-1].record == record:
        before = versions.pop()
        versions.append(Version(before.since, None, record))
    else:
        versions.append(Version(generation, None, record))
    ledger.kinds[kind][key] = tuple(versions)


def remove(ledger: Ledger, kind: RecordKind, key: str, generation: int) -> None:
    """Let nothing stand under this key in the generation."""
    versions = _without(list(ledger.kinds[kind].get(key, ())), generation)
    if versions:
        ledger.kinds[kind][key] = tuple(versions)
    else:
        ledger.kinds[kind].pop(key, None)


def discard(ledger: Ledger, generation: int) -> None:
    """Forget the generation being built."""
    for kind, rows in ledger.kinds.items():
        kept: dict[str, tuple[Version, ...]] = {}
        for key, versions in rows.items():
            restored = tuple(
                Version(version.since, None, version.record)
                if version.until == generation
                else version
                for version in versions
                if version.since != generation
            )
            if restored:
                kept[key] = restored
        ledger.kinds[kind] = kept
    ledger.seen.clear()
    ledger.settled = None


def _without(versions: list[Version], generation: int) -> list[Version]:
    """The versions with the open one closed: gone if it is of this very generation."""
    if not versions or versions[-1].until is not None:
        return versions
    last = versions.pop()
    if last.since != generation:
        versions.append(Version(last.since, generation, last.record))
    return versions


def entry_of(record: Record) -> str | None:
    """The entry a line or invoice belongs to."""
    return record.entry_key if isinstance(record, JournalLine | Invoice) else None


@define
class Applying:
    """One batch on its way into one generation."""

    ledger: Ledger
    generation: int
    batch: Batch
    records: dict[RecordKind, dict[str, Record]] = field(init=False)
    applied: Applied = field(factory=Applied)

    def __attrs_post_init__(self) -> None:
        self.records = {kind: {} for kind in RecordKind}
        for record in self.batch.records:
            self.records[KIND_OF[type(record)]][record.key] = record

    def run(self) -> Applied:
        for coverage in self.batch.coverage:
            if isinstance(coverage, Delta):
                self._delta(coverage)
        for kind, records in self.records.items():
            for key, record in records.items():
                self._count(live_record(self.ledger, kind, key), record)
                write(self.ledger, kind, key, self.generation, record)
        for coverage in self.batch.coverage:
            if isinstance(coverage, Everything):
                self._everything(coverage)
            elif isinstance(coverage, Window):
                self._window(coverage)
        self.ledger.settled = None
        return self.applied

    def _count(self, before: Record | None, record: Record) -> None:
        if before is None:
            one = Applied(added=1)
        elif before == record:
            one = Applied(unchanged=1)
        else:
            one = Applied(changed=1)
        self.applied = self.applied.plus(one)

    def _delta(self, delta: Delta) -> None:
        for kind in RecordKind:
            self._remove(kind, (key for held, key in delta.deleted if held is kind))
        gone = {key for kind, key in delta.deleted if kind is RecordKind.ENTRY}
        self._cascade(gone | delta.whole_entries)

    def _everything(self, coverage: Everything) -> None:
        kind = coverage.kind
        scope = f"everything {kind.value}"
        if coverage.first:
            self.ledger.seen.pop(scope, None)
        seen = self._seen(scope, self.records[kind], coverage)
        if coverage.last:
            unseen = live(self.ledger, kind).keys() - seen
            self._remove(kind, unseen)
            if kind is RecordKind.ENTRY:
                self._cascade(unseen)

    def _window(self, coverage: Window) -> None:
        scope = f"window {coverage.first} {coverage.last_day}"
        if coverage.begins:
            self.ledger.seen.pop(scope, None)
        seen = self._seen(scope, self.records[RecordKind.ENTRY], coverage)
        if coverage.last:
            unseen = {
                key
                for key, entry in live(self.ledger, RecordKind.ENTRY).items()
                if isinstance(entry, JournalEntry)
                and coverage.first <= entry.date <= coverage.last_day
                and key not in seen
            }
            self._remove(RecordKind.ENTRY, unseen)
            self._cascade(unseen)

    def _seen(
        self, scope: str, sent: Iterable[str], coverage: Everything | Window
    ) -> frozenset[str]:
        seen = self.ledger.seen.pop(scope, frozenset()) | coverage.present | set(sent)
        if not coverage.last:
            self.ledger.seen[scope] = seen
        return seen

    def _remove(self, kind: RecordKind, keys: Iterable[str]) -> None:
        for key in keys:
            held = live_record(self.ledger, kind, key)
            if held is not None and key not in self.records[kind]:
                remove(self.ledger, kind, key, self.generation)
                self.applied = self.applied.plus(Applied(removed=1))

    def _cascade(self, entries: set[str] | frozenset[str]) -> None:
        """Take the lines and invoices of these entries along, unless the batch sends them."""
        if not entries:
            return
        for kind in (RecordKind.LINE, RecordKind.INVOICE):
            held = live(self.ledger, kind)
            self._remove(kind, [key for key, row in held.items() if entry_of(row) in entries])


def start_over(ledger: Ledger, generation: int) -> None:
    """Close everything in the generation being built."""
    for kind in RecordKind:
        for key in list(ledger.kinds[kind]):
            remove(ledger, kind, key, generation)
    ledger.seen.clear()
    ledger.settled = None


def settle(ledger: Ledger, generation: int) -> Applied:
    """Drop what lost its reason, and say how the generation differs from the one before."""
    lined = {entry_of(line) for line in live(ledger, RecordKind.LINE).values()}
    for key in live(ledger, RecordKind.ENTRY).keys() - lined:
        remove(ledger, RecordKind.ENTRY, key, generation)
    entries = live(ledger, RecordKind.ENTRY)
    for key, invoice in live(ledger, RecordKind.INVOICE).items():
        entry_key = entry_of(invoice)
        if entry_key is not None and entry_key not in entries:
            remove(ledger, RecordKind.INVOICE, key, generation)
    ledger.settled = generation
    total = Applied()
    for rows in ledger.kinds.values():
        for versions in rows.values():
            total = total.plus(_difference(versions, generation))
    return total


def _difference(versions: tuple[Version, ...], generation: int) -> Applied:
    before = next((held for held in versions if held.stands_in(generation - 1)), None)
    now = next((held for held in versions if held.stands_in(generation)), None)
    if before is None:
        return Applied(added=int(now is not None))
    if now is None:
        return Applied(removed=1)
    return Applied(unchanged=1) if before is now else Applied(changed=1)

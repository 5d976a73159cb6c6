"""A batch in parts, for storages that hold a lock while they write: each part is a short unit.

Applying the parts in order comes to the same as applying the batch. Only after the last of them
does the bookmark move, so a worker killed in between applies the page again, which changes nothing
that is there already.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final, TypeVar

import attrs
from attrs import define, field

from core.domain.books import (
    KIND_OF,
    Batch,
    Coverage,
    Delta,
    Everything,
    Invoice,
    JournalEntry,
    JournalLine,
    Record,
    RecordKind,
    Window,
)

DELETES_SHARE: Final = 4
"""Deleting an entry takes its lines along: so many times fewer named deletes make a part."""

T = TypeVar("T")


@define
class _Part:
    """What one part carries."""

    records: list[Record] = field(factory=list)
    deleted: frozenset[tuple[RecordKind, str]] = frozenset()
    whole: set[str] = field(factory=set)
    present: dict[int, frozenset[str]] = field(factory=dict)
    """Per place in the batch's coverage."""


def parts_of(batch: Batch, records_max: int) -> Iterator[Batch]:
    """The batch in parts of at most that many records; an entry sent whole is never divided."""
    deletes_max = max(1, records_max // DELETES_SHARE)
    deltas = [coverage for coverage in batch.coverage if isinstance(coverage, Delta)]
    deleted = {pair for delta in deltas for pair in delta.deleted}
    whole = {key for delta in deltas for key in delta.whole_entries}
    present = [len(c.present) for c in batch.coverage if not isinstance(c, Delta)]
    if (
        len(batch.records) <= records_max
        and len(deleted) <= deletes_max
        and len(whole) <= records_max
        and sum(present) <= records_max
    ):
        yield batch
        return
    parts = list(_parts(batch, deleted, whole, records_max))
    for place, part in enumerate(parts):
        final = place == len(parts) - 1
        yield attrs.evolve(
            batch,
            records=tuple(part.records),
            coverage=tuple(_coverage(batch, part, first=place == 0, final=final)),
            last=batch.last and final,
        )


def rest_of(part: Batch) -> Batch:
    """What is left of a part whose records are applied: the end of what it covers."""
    coverage: list[Coverage] = []
    for covered in part.coverage:
        if isinstance(covered, Everything):
            coverage.append(attrs.evolve(covered, present=frozenset(), first=False))
        elif isinstance(covered, Window):
            coverage.append(attrs.evolve(covered, present=frozenset(), begins=False))
    return attrs.evolve(part, records=(), coverage=tuple(coverage))


def _parts(
    batch: Batch, deleted: set[tuple[RecordKind, str]], whole: set[str], records_max: int
) -> Iterator[_Part]:
    # Of a key that came twice the later counts, in whichever parts the two would be.
    sent = {(type(record), record.key): record for record in batch.records}
    gone = sorted(deleted - {(KIND_OF[kind], key) for kind, key in sent}) if deleted else []
    for some in _chunks(gone, max(1, records_max // DELETES_SHARE)):
        yield _Part(deleted=frozenset(some))
    # The deletion of an entry that is sent as well takes along what is not sent of it.
    whole = whole | {key for kind, key in deleted if kind is RecordKind.ENTRY}
    groups: dict[str, list[Record]] = {key: [] for key in sorted(whole)}
    # An entry's records stay together here too, as far as can be: then no part leaves an entry
    # without lines behind, which would have to be looked at again.
    others: dict[str, list[Record]] = {}
    for record in sent.values():
        entry_of = _ENTRY_OF.get(type(record))
        entry_key = "" if entry_of is None else entry_of(record) or ""
        group = groups.get(entry_key)
        if group is None:
            group = others.setdefault(entry_key, [])
        group.append(record)
    loose = list(chain.from_iterable(others.values()))
    part = _Part()
    for key, group in groups.items():
        if part.whole and len(part.records) + len(group) + len(part.whole) > records_max:
            yield part
            part = _Part()
        part.whole.add(key)
        part.records += group
    if part.whole:
        yield part
    for chunk in _chunks(loose, records_max):
        yield _Part(records=list(chunk))
    for place, covered in enumerate(batch.coverage):
        if not isinstance(covered, Delta):
            for keys in _chunks(sorted(covered.present), records_max):
                yield _Part(present={place: frozenset(keys)})


def _coverage(batch: Batch, part: _Part, *, first: bool, final: bool) -> Iterator[Coverage]:
    if part.deleted or part.whole:
        yield Delta(deleted=part.deleted, whole_entries=frozenset(part.whole))
    for place, covered in enumerate(batch.coverage):
        present = part.present.get(place, frozenset())
        last = not isinstance(covered, Delta) and covered.last and final
        if isinstance(covered, Everything):
            begins = covered.first and first
            yield attrs.evolve(covered, present=present, first=begins, last=last)
        elif isinstance(covered, Window):
            begins = covered.begins and first
            yield attrs.evolve(covered, present=present, begins=begins, last=last)


_ENTRY_OF: Final[dict[type[Record], Callable[[Record], str | None]]] = {
    JournalEntry: attrgetter("key"),
    JournalLine: attrgetter("entry_key"),
    Invoice: attrgetter("entry_key"),
}
"""The entry a record is part of; others belong to none."""


def _chunks(items: Sequence[T], size_max: int) -> Iterator[Sequence[T]]:
    """As few as there can be, all of nearly one size."""
    count = -(-len(items) // size_max)
    for place in range(count):
        yield items[place * len(items) // count : (place + 1) * len(items) // count]

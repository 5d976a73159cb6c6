"""The entries of one answer as batches, none of them larger than a short transaction."""

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import define, field

from adapters.providers.yuki.open_items import OpenItems
from adapters.providers.yuki.rows import Group
from core.domain.books import BATCH_RECORDS_MAX, Delta, JournalEntry, Record, RecordKind

RECORDS_PER_BATCH: Final = 5_000
ENTRY_RECORDS_MAX: Final = BATCH_RECORDS_MAX - RECORDS_PER_BATCH
"""Of an entry that is not divided."""


@define
class Part:
    """Records of one batch, and what it says of their entries."""

    records: list[Record] = field(factory=list)
    coverage: Delta = field(factory=Delta)
    is_last: bool = False


def in_parts(
    groups: Sequence[Group], records_max: int, items: OpenItems | None = None
) -> Iterator[Part]:
    """Whole entries together; one part without any where there are none.

    An entry too large for a batch (a webshop's day in one document) begins anew: it is deleted, and
    comes back in several.
    """
    records: list[Record] = []
    for group in groups:
        found = group.records(items)
        if records and len(records) + len(found) > records_max:
            yield _whole(records)
            records = []
        if len(found) > ENTRY_RECORDS_MAX:
            gone = frozenset({(RecordKind.ENTRY, group.entry.key)})
            for begin in range(0, len(found), records_max):
                some = found[begin : begin + records_max]
                yield Part(some, Delta(deleted=gone) if begin == 0 else Delta())
        else:
            records += found
    final = _whole(records)
    final.is_last = True
    yield final


def _whole(records: list[Record]) -> Part:
    keys = frozenset(one.key for one in records if isinstance(one, JournalEntry))
    return Part(records, Delta(whole_entries=keys))

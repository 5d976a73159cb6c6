"""Retention in memory: see core.ports.retention."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence

from adapters.storage.memory.state import Ledger, Version
from adapters.storage.reports import require_all_retired, require_not_newest
from core.domain.books import RecordKind
from core.ports.retention import Leftovers, Mark, PendingTexts, VersionRef


class MemoryRetention:
    """Implements core.ports.retention.RetainedBooks; a row's number is the generation it is of."""

    def __init__(self, reading: Callable[[str], Ledger], changing: Callable[[str], Ledger]) -> None:
        self._reading_of = reading
        self._changing = changing

    def behind(self, limit: int) -> Sequence[str]:
        del limit
        return []

    def pending_texts(self, entity_id: str, *, limit: int) -> PendingTexts | None:
        del entity_id, limit
        return None

    def index_texts(self, entity_id: str, pending: PendingTexts) -> bool:
        del entity_id, pending
        return False

    def marks(self, entity_id: str) -> Sequence[Mark]:
        ledger = self._reading_of(entity_id)
        return [
            Mark(
                number=number,
                published_at=held.published_at,
                retired_at=ledger.retired.get(number),
                compacted=number in ledger.compacted,
                swept=ledger.compacted.get(number, False),
            )
            for number, held in sorted(ledger.generations.items())
        ]

    def retire(self, entity_id: str, numbers: Collection[int], at: dt.datetime) -> None:
        ledger = self._changing(entity_id)
        require_not_newest(entity_id, numbers, max(ledger.generations, default=0))
        ledger.retired.update({number: at for number in numbers if number in ledger.generations})

    def restore(self, entity_id: str, numbers: Collection[int]) -> None:
        ledger = self._changing(entity_id)
        for number in numbers:
            if number not in ledger.compacted:
                ledger.retired.pop(number, None)

    def compact(self, entity_id: str, numbers: Collection[int]) -> None:
        ledger = self._changing(entity_id)
        require_all_retired(entity_id, numbers, ledger.retired.keys())
        for number in numbers:
            ledger.compacted.setdefault(number, False)

    def leftovers(self, entity_id: str, *, position: str | None, limit: int) -> Leftovers:
        found = sorted(_leftovers(self._reading_of(entity_id)))
        beyond = [one for one in found if position is None or f"{one[0]} {one[1]:09d}" > position]
        page = sorted(beyond, key=lambda one: f"{one[0]} {one[1]:09d}")[:limit]
        more = len(beyond) > limit
        last = f"{page[-1][0]} {page[-1][1]:09d}" if more else None
        return Leftovers(versions=tuple(page), next_position=last)

    def remove(self, entity_id: str, versions: Collection[VersionRef]) -> int:
        ledger = self._changing(entity_id)
        wanted = set(versions) & set(_leftovers(ledger))
        for table, number in wanted:
            kind, _, key = table.partition("/")
            rows = ledger.kinds[RecordKind(kind)]
            kept = tuple(one for one in rows[key] if one.since != number)
            if kept:
                rows[key] = kept
            else:
                del rows[key]
        return len(wanted)

    def swept(self, entity_id: str, numbers: Collection[int]) -> None:
        ledger = self._changing(entity_id)
        ledger.compacted.update(dict.fromkeys(numbers, True))


def _leftovers(ledger: Ledger) -> Iterator[VersionRef]:
    kept = ledger.generations.keys() - ledger.compacted.keys()
    newest = max(ledger.generations, default=0)
    for kind, rows in ledger.kinds.items():
        for key, versions in rows.items():
            for version in versions:
                if _is_leftover(version, kept, newest):
                    yield f"{kind.value}/{key}", version.since


def _is_leftover(version: Version, kept: Collection[int], newest: int) -> bool:
    if version.until is None or version.until > newest:
        return False
    return not any(version.stands_in(number) for number in kept)

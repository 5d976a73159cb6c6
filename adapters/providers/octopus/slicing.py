"""Reading an answer that is too large at once in slices of time, the only way Octopus offers."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from adapters.providers.octopus import rows
from adapters.providers.octopus.contract import EVER, stamp
from core.domain.failures import Failure

SLICES_MAX: Final = 16
"""Of one answer: each is a call, and there are 48 a day for all of them."""
SPAN_DAYS_MIN: Final = 1
"""Shorter spans are not halved: what was converted from other software has one time of change."""
YEARS_BACK: Final = 8
"""Where halving begins; what was changed earlier belongs to the first slice."""
_DAYS_PER_YEAR: Final = 366

TOO_MUCH: Final = frozenset({"answer-too-large", "too-slow"})

Read = Callable[[str, str | None], list[rows.BookingRow]]
"""The lines changed from one time to another, both inclusive (*assumed*); None: to now."""


def sliced(read: Read, now: datetime) -> list[rows.BookingRow]:
    """All lines. A document that was changed meanwhile counts as the later slice tells it."""
    try:
        return read(EVER, None)
    except Failure as failure:
        if failure.code not in TOO_MUCH:
            raise
    first = now - timedelta(days=YEARS_BACK * _DAYS_PER_YEAR)
    found: dict[tuple[int, int, int], list[rows.BookingRow]] = {}
    for lines in _halved(read, first, now):
        told: dict[tuple[int, int, int], list[rows.BookingRow]] = {}
        for row in lines:
            place = (row.journal_type, row.journal_nr, row.document_sequence_nr)
            told.setdefault(place, []).append(row)
        found |= told
    return [row for lines in found.values() for row in lines]


def _halved(read: Read, first: datetime, now: datetime) -> Iterator[list[rows.BookingRow]]:
    """Slices from old to new: the oldest begins at any time, the newest has no end."""
    middle = first + (now - first) / 2
    waiting = [(middle, now), (first, middle)]
    count = 0
    while waiting:
        begin, end = waiting.pop()
        count += 1
        try:
            yield read(EVER if begin == first else stamp(begin), None if end == now else stamp(end))
        except Failure as failure:
            is_short = end - begin <= timedelta(days=SPAN_DAYS_MIN)
            if failure.code not in TOO_MUCH or is_short or count >= SLICES_MAX:
                raise
            middle = begin + (end - begin) / 2
            waiting += [(middle, end), (begin, middle)]

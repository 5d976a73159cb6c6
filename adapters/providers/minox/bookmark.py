"""The position of a pull: which stage, which fiscal years are still to be read, and where in one.

Small JSON, versioned. One that cannot be read is no error: the pull then starts over, and what it
does not meet again is gone.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from adapters.providers.kit import begun as begun_entries
from adapters.providers.minox.rows import FiscalYear
from core.domain.books import BOOKMARK_CHARACTERS_MAX

BOOKMARK_VERSION: Final = 1

WHOLE_SECONDS: Final = 7 * 24 * 3600
"""Once a week every fiscal year is read again. In between, the open ones: Minox tells of no changes
in its ledger."""

OPEN_YEARS: Final = 2
"""Newest begun fiscal years that count as open. Assumed: nothing that is read says which are."""

_RESERVE_CHARACTERS: Final = 4_096

Year: TypeAlias = tuple[int, date, date]
"""Number, first and last day of a fiscal year."""


class Mode(StrEnum):
    WHOLE = "whole"
    """Every year: what is not read is gone."""
    OPEN = "open"
    """Open years, and those asked for: what is not read in them is gone."""


class Stage(StrEnum):
    """In reading order: what lines name before the lines."""

    ACCOUNTS = "ledger accounts"
    JOURNALS = "journals"
    TAX_CODES = "VAT codes"
    CUSTOMERS = "customers"
    SUPPLIERS = "suppliers"
    LINES = "journal lines"
    DONE = "done"


STAGES: Final = tuple(Stage)


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``page`` is path and query of the next page in ``stage``; None: its first. ``offset``: rows
    of that page that are done. ``years``: all there are. ``queue``: those still to be read, the
    first one now. ``periods``: of that year, where it is too large to be asked for at once.
    ``booked``: years that have lines. ``large``: years read by period. ``asked``: years to read
    besides the open ones. ``begun``: see kit.begun. Times are epoch seconds, UTC.
    """

    v: int = BOOKMARK_VERSION
    mode: Mode
    stage: Stage = Stage.ACCOUNTS
    started_at: int
    whole_at: int
    page: str | None = None
    offset: int = 0
    years: tuple[Year, ...] = ()
    queue: tuple[int, ...] = ()
    periods: tuple[int, ...] = ()
    started_lines: bool = False
    booked: frozenset[int] = frozenset()
    large: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()
    read: frozenset[int] = frozenset()
    """Years this pull reads."""
    begun: str = ""

    def encoded(self) -> str:
        """As text. Of a year with very many entries the oldest are no longer known as begun."""
        text = msgspec.json.encode(self).decode()
        excess = len(text) - (BOOKMARK_CHARACTERS_MAX - _RESERVE_CHARACTERS)
        if excess <= 0:
            return text
        kept = begun_entries.without_oldest(self.begun, excess)
        return msgspec.json.encode(msgspec.structs.replace(self, begun=kept)).decode()

    def next_stage(self) -> Stage:
        return STAGES[STAGES.index(self.stage) + 1]

    def fiscal_year(self, year: int) -> FiscalYear:
        start, end = next((start, end) for number, start, end in self.years if number == year)
        return FiscalYear(year=year, start=start, end=end)


def starting(bookmark: str | None, *, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, at its next page, or anew for open years.

    ``years`` empty: the fiscal years have to be asked for, see ``planned``.
    """
    fresh = Bookmark(mode=Mode.WHOLE, started_at=now, whole_at=now)
    kept = _read(bookmark)
    if kept is None:
        return fresh
    if kept.stage is not Stage.DONE:
        return kept
    is_whole = now - kept.whole_at > WHOLE_SECONDS
    return Bookmark(
        mode=Mode.WHOLE if is_whole else Mode.OPEN,
        started_at=now,
        whole_at=now if is_whole else kept.whole_at,
        booked=kept.booked,
        large=kept.large,
        asked=kept.asked,
    )


def planned(at: Bookmark, years: Sequence[FiscalYear], today: date) -> Bookmark:
    """``at`` with the fiscal years there are, and those of them to read."""
    queue = {known.year for known in years}
    if at.mode is Mode.OPEN:
        queue &= open_years(years, today) | at.asked
    return msgspec.structs.replace(
        at,
        years=tuple((known.year, known.start, known.end) for known in years),
        queue=tuple(known.year for known in years if known.year in queue),
        read=frozenset(queue),
        booked=frozenset() if at.mode is Mode.WHOLE else at.booked,
        asked=frozenset(),
    )


def open_years(years: Iterable[FiscalYear], today: date) -> frozenset[int]:
    """The newest that have begun, and all that are to come."""
    begun = [known.year for known in years if known.start <= today]
    coming = [known.year for known in years if known.start > today]
    return frozenset((*begun[-OPEN_YEARS:], *coming))


def with_asked(bookmark: str, years: frozenset[int]) -> str:
    """A bookmark whose next pull reads these years too; of one that ended."""
    kept = _read(bookmark)
    if kept is None or kept.stage is not Stage.DONE:
        return bookmark
    return msgspec.structs.replace(kept, asked=kept.asked | years).encoded()


def _read(bookmark: str | None) -> Bookmark | None:
    try:
        kept = msgspec.json.decode(bookmark or "", type=Bookmark)
    except msgspec.MsgspecError:
        return None
    return kept if kept.v == BOOKMARK_VERSION else None

"""The position of a pull: which stage, which page of it, and since when changes are asked for.

Small JSON, versioned. One that cannot be read, or is too old, is no error: the pull then starts
over, and what it does not meet again is gone.
"""

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

BOOKMARK_VERSION: Final = 1

OVERLAP_SECONDS: Final = 24 * 3600
"""Changes are asked for from this long before the last pull began."""

CHECK_SECONDS: Final = 7 * 24 * 3600
"""Once a week what tells of no changes is read too: book years, journals and VAT codes."""

RELOAD_SECONDS: Final = 60 * 24 * 3600
"""How long Horus remembers what was deleted is not known: two months are believed."""

Year: TypeAlias = tuple[str, int, str, str, bool]
"""A book year's id, the year it ends in, first and last day, whether it is closed."""


class Mode(StrEnum):
    WHOLE = "whole"
    """Everything: what is not read is gone."""
    CHECK = "check"
    CHANGES = "changes"


class Stage(StrEnum):
    """In reading order: what entries name before the entries, where all is read."""

    BOOK_YEARS = "book years"
    ACCOUNTS = "ledger accounts"
    JOURNALS = "journals"
    VAT_CODES = "VAT codes"
    COMPANIES = "companies"
    ENTRIES = "book entries"
    INVOICES = "invoices"
    DONE = "done"


PLANS: Final[dict[Mode, tuple[Stage, ...]]] = {
    Mode.WHOLE: tuple(Stage),
    Mode.CHECK: tuple(Stage),
    Mode.CHANGES: (
        Stage.ACCOUNTS,
        Stage.COMPANIES,
        Stage.ENTRIES,
        Stage.INVOICES,
        Stage.DONE,
    ),
}
"""Journals that are new since come beside the entries; where they do not, they are read as well."""


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``page``: where the next page of ``stage`` begins; None: its first. ``since``: from when
    changes are asked for. ``queue``: book years still to be read, the first one now. ``booked``:
    years that have entries, ``touched`` those this pull brought entries of. ``openings``: journals
    that repeat what went before. ``journals_due``: the journals did not come beside the entries.
    Times are epoch seconds, UTC.
    """

    v: int = BOOKMARK_VERSION
    mode: Mode
    stage: Stage
    started_at: int
    checked_at: int
    since: int = 0
    page: str | None = None
    years: tuple[Year, ...] = ()
    queue: tuple[str, ...] = ()
    started_entries: bool = False
    booked: frozenset[int] = frozenset()
    touched: frozenset[int] = frozenset()
    openings: frozenset[str] = frozenset()
    journals_due: bool = False

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    def next_stage(self) -> Stage:
        if self.stage is Stage.JOURNALS and self.journals_due:
            return Stage.DONE
        plan = PLANS[self.mode]
        following = plan[plan.index(self.stage) + 1]
        return Stage.JOURNALS if following is Stage.DONE and self.journals_due else following


def starting(bookmark: str | None, *, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, at its next page, or anew for changes."""
    fresh = Bookmark(mode=Mode.WHOLE, stage=Stage.BOOK_YEARS, started_at=now, checked_at=now)
    try:
        kept = msgspec.json.decode(bookmark or "", type=Bookmark)
    except msgspec.MsgspecError:
        return fresh
    if kept.v != BOOKMARK_VERSION or now - kept.started_at > RELOAD_SECONDS:
        return fresh
    if kept.stage is not Stage.DONE:
        return kept
    is_check = now - kept.checked_at > CHECK_SECONDS
    mode = Mode.CHECK if is_check else Mode.CHANGES
    return Bookmark(
        mode=mode,
        stage=PLANS[mode][0],
        started_at=now,
        checked_at=now if is_check else kept.checked_at,
        since=kept.started_at - OVERLAP_SECONDS,
        years=kept.years,
        booked=kept.booked,
        openings=kept.openings,
    )

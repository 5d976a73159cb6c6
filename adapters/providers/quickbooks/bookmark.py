"""The position of a pull: which stage, which windows of the ledger are still to be read.

Small JSON, versioned. One that cannot be read is no error: the pull then starts over, and what it
does not meet again is gone.
"""

from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from adapters.providers.quickbooks.windows import Days
from adapters.providers.quickbooks.wire import CDC_DAYS_MAX

BOOKMARK_VERSION: Final = 1

CHECK_SECONDS: Final = 7 * 24 * 3600
"""Once a week every list is read and every year's trial balance is held against the books."""
CHANGES_SECONDS_MAX: Final = (CDC_DAYS_MAX - 1) * 24 * 3600
"""Changes are told for 30 days; a day less is relied on."""
OVERLAP_SECONDS: Final = 600
"""Changes are asked for from so long before the last pull began: clocks differ."""
LABELS_MAX: Final = 200
"""Types of transactions remembered; QuickBooks has some forty, per language."""


class Mode(StrEnum):
    WHOLE = "whole"
    """Nothing is known: everything is read, and what is not met is gone."""
    CHECK = "check"
    """Once a week: every list, and the changes of the ledger."""
    CHANGES = "changes"
    """What changed since, as change data capture tells it, and the newest months."""


class Stage(StrEnum):
    """In reading order: what lines name before the lines."""

    ACCOUNTS = "ledger accounts"
    TAX_CODES = "tax codes"
    CUSTOMERS = "customers"
    VENDORS = "vendors"
    EMPLOYEES = "employees"
    INVOICES = "invoices"
    CREDIT_MEMOS = "credit memos"
    BILLS = "bills"
    VENDOR_CREDITS = "vendor credits"
    CHANGED = "changes"
    LEDGER = "journal entries"
    JOURNALS = "types of transactions"
    DONE = "done"


_LISTS: Final = (
    Stage.TAX_CODES,
    Stage.CUSTOMERS,
    Stage.VENDORS,
    Stage.EMPLOYEES,
    Stage.INVOICES,
    Stage.CREDIT_MEMOS,
    Stage.BILLS,
    Stage.VENDOR_CREDITS,
)
STAGES: Final[dict[Mode, tuple[Stage, ...]]] = {
    Mode.WHOLE: (Stage.ACCOUNTS, *_LISTS, Stage.LEDGER, Stage.JOURNALS, Stage.DONE),
    Mode.CHECK: (
        Stage.ACCOUNTS,
        *_LISTS,
        Stage.CHANGED,
        Stage.LEDGER,
        Stage.JOURNALS,
        Stage.DONE,
    ),
    Mode.CHANGES: (Stage.ACCOUNTS, Stage.CHANGED, Stage.LEDGER, Stage.JOURNALS, Stage.DONE),
}


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """What of a company's settings reading depends on."""

    home: str
    is_multi: bool
    first_month: int
    started: str
    """The day it was set up here; empty where that is not told."""
    country: str

    @property
    def started_on(self) -> date | None:
        try:
            return date.fromisoformat(self.started)
        except ValueError:
            return None


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``since`` is when the last finished pull began, ``started_at`` when this one did (epoch
    seconds). ``position``: the next row of a list. ``queue``: windows still to be read.
    ``changed``: ``id date`` of changed transactions not met yet. ``years``: fiscal years with
    bookings; ``touched``: those in which this pull read. ``days_max``: longer windows are too much.
    ``by_account``: the journal has no home amounts, the general ledger is read instead.
    """

    v: int = BOOKMARK_VERSION
    mode: Mode
    stage: Stage = Stage.ACCOUNTS
    started_at: int
    checked_at: int
    since: int = 0
    company: Company | None = None
    position: int = 1
    planned: bool = False
    queue: tuple[str, ...] = ()
    extra: tuple[int, ...] = ()
    """Fiscal years to read from nothing besides."""
    changed: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    touched: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    days_max: int = 0
    by_account: bool = False

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def next_stage(self) -> Stage:
        stages = STAGES[self.mode]
        return stages[stages.index(self.stage) + 1]

    @property
    def windows(self) -> tuple[Days, ...]:
        return tuple(map(Days.read, self.queue))


def starting(bookmark: str | None, *, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, at its next page, or anew for changes."""
    kept = _read(bookmark)
    if kept is None:
        return fresh(now)
    if kept.stage is not Stage.DONE:
        return kept
    if now - kept.started_at > CHANGES_SECONDS_MAX:
        return fresh(now)
    is_check = now - kept.checked_at > CHECK_SECONDS
    return _following(kept, Mode.CHECK if is_check else Mode.CHANGES, now)


def again(bookmark: str, years: frozenset[int], *, now: int) -> str | None:
    """A bookmark that reads these fiscal years from nothing; None when that one cannot be read."""
    kept = _read(bookmark)
    if kept is None or kept.stage is not Stage.DONE:
        return None
    following = _following(kept, Mode.CHECK, now)
    return msgspec.structs.replace(following, extra=tuple(sorted(years))).encoded()


def fresh(now: int) -> Bookmark:
    return Bookmark(mode=Mode.WHOLE, started_at=now, checked_at=now)


def _following(kept: Bookmark, mode: Mode, now: int) -> Bookmark:
    return Bookmark(
        mode=mode,
        started_at=now,
        checked_at=now if mode is Mode.CHECK else kept.checked_at,
        since=kept.started_at,
        company=kept.company,
        years=kept.years,
        labels=kept.labels,
        days_max=kept.days_max,
        # What was left out once is asked for again every week: it may have come back.
        by_account=kept.by_account and mode is not Mode.CHECK,
    )


def _read(bookmark: str | None) -> Bookmark | None:
    if bookmark is None:
        return None
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
        _ = kept.windows
    except (msgspec.MsgspecError, ValueError):
        return None
    if kept.v != BOOKMARK_VERSION or kept.stage not in STAGES[kept.mode]:
        return None
    return kept

"""The position of a pull: which stage, which days of the ledger are still to be read.

Small JSON, versioned. A bookmark that cannot be read, or is of the other kind of books (commercial,
fiscal), is no error: the pull then starts over, and what it does not meet again is gone.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from adapters.providers.yuki.years import FiscalYear, Span

BOOKMARK_VERSION: Final = 2

CHECK_SECONDS: Final = 7 * 24 * 3600
"""Once a week all contacts, VAT codes and fiscal years are read, and the totals of every year."""

MONTHS_AT_FIRST: Final = 3
MONTHS_MAX: Final = 24
"""Of one question for ledger lines. More of it is asked for while answers stay small."""
LINES_AIM: Final = 5_000
"""Of one answer: some five megabytes. It is grouped by document, hence held whole."""

NAMES_MAX: Final = 300
"""VAT codes a bookmark remembers the wording of; administrations have some twenty."""
CODES_MAX: Final = 100
SHIFTED_MAX: Final = 500
"""Pairs of months: years of invoices that are dated on another day than booked."""
DAYS_MAX: Final = 1_500
"""Days with changes a bookmark carries from page to page; beyond them everything is read again."""


class Mode(StrEnum):
    WHOLE = "whole"
    """Everything is read, and what is not met is gone."""
    CHECK = "check"
    """As changes, and the master data whole."""
    CHANGES = "changes"
    """What changed since the last pull."""


class Stage(StrEnum):
    """In reading order: what lines name before the lines."""

    ACCOUNTS = "ledger accounts"
    YEARS = "fiscal years"
    CONTACTS = "contacts"
    TAX_CODES = "VAT codes"
    CHANGED = "changes"
    OPEN_ITEMS = "open items"
    LEDGER = "general ledger"
    DONE = "done"


STAGES: Final = tuple(Stage)


class Digest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the list of changes is read, and on which days it found some."""

    start: int = 0
    days: tuple[date, ...] = ()
    last_id: str = ""


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``since`` is when the last finished pull began, ``started_at`` when this one did, and
    ``checked_at`` when the last one began that read all master data (epoch seconds, UTC).

    ``spans`` of the ledger are still to be read, the first of them in part; ``months`` is how much
    of it is asked for at once. ``touched``: fiscal years this pull read in. ``latest``: of all
    postings. ``owed`` are digests of the open items of each month, None where they are not told;
    ``shifted`` months of items with those their invoices were booked in, where these differ.
    ``taxes`` tell a VAT code from its wording; ``receivable``, ``payable`` and
    ``liquid`` are the codes of accounts for customers, suppliers, and banks and cash.
    """

    v: int = BOOKMARK_VERSION
    books: str
    epoch: str = ""
    mode: Mode
    stage: Stage
    started_at: int
    since: int = 0
    checked_at: int = 0
    start_date: date | None = None
    years: tuple[FiscalYear, ...] = ()
    page: int = 1
    digest: Digest = Digest()
    again: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()
    months: int = MONTHS_AT_FIRST
    touched: tuple[int, ...] = ()
    latest: date | None = None
    owed: dict[str, str] | None = None
    shifted: tuple[tuple[str, str], ...] = ()
    taxes: dict[str, str] = {}
    receivable: tuple[str, ...] = ()
    payable: tuple[str, ...] = ()
    liquid: tuple[str, ...] = ()

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def started(self) -> datetime:
        return datetime.fromtimestamp(self.started_at, tz=UTC)

    @property
    def reads_masters(self) -> bool:
        """Whether contacts, VAT codes and years are read whole."""
        return self.mode is not Mode.CHANGES

    def noting(self, shifted: Collection[tuple[str, str]]) -> "Bookmark":
        """With more months that differ; those kept of which something is open."""
        open_months = self.owed or {}
        kept = sorted(pair for pair in {*self.shifted, *shifted} if pair[0] in open_months)
        return msgspec.structs.replace(self, shifted=tuple(kept[-SHIFTED_MAX:]))

    @property
    def next_stage(self) -> Stage:
        """The following stage this pull has."""
        following = STAGES[STAGES.index(self.stage) + 1 :]
        return next(stage for stage in following if self._has(stage))

    def _has(self, stage: Stage) -> bool:
        if stage in {Stage.YEARS, Stage.TAX_CODES}:
            return self.reads_masters
        if stage is Stage.CHANGED:
            return self.mode is not Mode.WHOLE
        return stage is not Stage.LEDGER or self.mode is Mode.WHOLE or bool(self.spans)


def starting(bookmark: str | None, *, books: str, epoch: str, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, over again, at its next page, or anew."""
    fresh = Bookmark(
        books=books,
        epoch=epoch,
        mode=Mode.WHOLE,
        stage=STAGES[0],
        started_at=now,
        checked_at=now,
    )
    kept = decoded(bookmark)
    if kept is None or kept.books != books or kept.epoch != epoch:
        return fresh
    return kept if kept.stage is not Stage.DONE else renewed(kept, now)


def renewed(kept: Bookmark, now: int, *, again: tuple[int, ...] = ()) -> Bookmark:
    """A night after one that ended, which reads the years ``again`` from nothing."""
    is_check = now - kept.checked_at >= CHECK_SECONDS
    return msgspec.structs.replace(
        kept,
        mode=Mode.CHECK if is_check else Mode.CHANGES,
        stage=STAGES[0],
        started_at=now,
        since=kept.started_at,
        checked_at=now if is_check else kept.checked_at,
        page=1,
        digest=Digest(),
        again=again,
        spans=(),
        touched=(),
    )


def decoded(bookmark: str | None) -> Bookmark | None:
    """None for what no pull of this version ended or paused with."""
    if bookmark is None:
        return None
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
    except msgspec.MsgspecError:
        return None
    return kept if kept.v == BOOKMARK_VERSION else None


def months_after(months: int, lines: int) -> int:
    """How much to ask for next, from how many lines so many months had."""
    if lines * 2 <= LINES_AIM:
        return min(months * 2, MONTHS_MAX)
    return max(months // 2, 1) if lines > LINES_AIM * 2 else months

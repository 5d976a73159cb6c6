"""The position of a pull: which stage, what of it is still to be read, and what months looked like.

Small JSON, versioned. One that cannot be read is no error: the pull then starts over, and what it
does not meet again is gone.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from adapters.providers.kit import begun as begun_entries
from adapters.providers.moneybird.sums import Account, Sums
from core.domain.books import BOOKMARK_CHARACTERS_MAX

BOOKMARK_VERSION: Final = 1

CHECK_SECONDS: Final = 7 * 24 * 3600
"""Once a week more is read than versions and sums give away: descriptions, payments, bookings
that moved within a month."""

PENDING_IDS_MAX: Final = 2_000
"""Ids still to fetch that a bookmark carries; beyond them the list is asked for once more."""

_RESERVE_CHARACTERS: Final = 4_096


class Mode(StrEnum):
    WHOLE = "whole"
    """Nothing is known: everything is read, and what is not met is gone."""
    CHECK = "check"
    """Once a week: every record and every month's sums, and the bookings of two years."""
    CHANGES = "changes"
    """What changed since, by versions and by the sums of the general ledger."""


class Stage(StrEnum):
    """In reading order: what lines name before the lines."""

    ACCOUNTS = "ledger accounts"
    TAX_CODES = "tax rates"
    CONTACTS = "contacts"
    SALES = "sales invoices"
    EXTERNAL_SALES = "external sales invoices"
    PURCHASES = "purchase invoices"
    RECEIPTS = "receipts"
    LEDGER = "journal entries"
    DONE = "done"


STAGES: Final = tuple(Stage)


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A month that is being read. ``told`` is what its general ledger said, ``read`` what the
    bookings read so far add up to, as they came. ``accounts``: to be read by themselves, the first
    one now. ``begun``: short hashes of the entries met, the newest last.
    """

    month: str
    told: Sums
    read: dict[Account, tuple[int, int]] = {}
    page: int = 1
    accounts: tuple[Account, ...] = ()
    singly: bool = False
    """Whether the accounts are being read one by one."""
    turned: bool = False
    """Whether the present account is read again because its sign turned out to be the other."""
    again: bool = False
    """Whether the whole month is: the books moved while it was read."""
    begun: str = ""

    def begun_hashes(self) -> frozenset[str]:
        return begun_entries.hashes(self.begun)


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``page`` is the next page of a plain list. ``todo``: ids still to fetch in this stage, and
    ``more`` that there are others after the id ``after``. ``listed``: the list was read.
    ``cursors``: the lowest version that is a change, per stage.
    ``minus``: accounts whose positive amounts are credits; ``turned``: of these or the others, the
    ones for which the general ledger said so; ``unsure``: ``YYYYMM:account`` where it could not.
    ``months``, ``years``: digests of the general ledger's sums. ``queue``: what is still to be
    looked at (``2025``, ``202501``, ``202501!`` for a second time). Times are epoch seconds, UTC.
    """

    v: int = BOOKMARK_VERSION
    mode: Mode
    stage: Stage = Stage.ACCOUNTS
    started_at: int
    checked_at: int
    first_year: int = 0
    """The first bookkeeping year; 0: not asked for yet."""
    page: int = 1
    listed: bool = False
    more: bool = False
    todo: tuple[str, ...] = ()
    after: str = ""
    cursors: dict[Stage, int] = {}
    cursor: int = 0
    """The highest version in the list being worked off."""
    minus: frozenset[Account] = frozenset()
    turned: frozenset[Account] = frozenset()
    open_sides: frozenset[Account] = frozenset()
    unsure: tuple[str, ...] = ()
    singly: bool = False
    """``project_id=null`` was refused as a selector: accounts are read one by one."""
    months: dict[str, str] = {}
    years: dict[str, str] = {}
    touched: frozenset[str] = frozenset()
    """Years whose months this pull looked at one by one."""
    queue: tuple[str, ...] = ()
    planned: bool = False
    reading: Reading | None = None

    def encoded(self) -> str:
        """As text. Of a month with very many entries the oldest are no longer remembered as begun:
        bookings come newest first, so their lines are together.
        """
        text = msgspec.json.encode(self).decode()
        excess = len(text) - (BOOKMARK_CHARACTERS_MAX - _RESERVE_CHARACTERS)
        if excess <= 0 or self.reading is None:
            return text
        begun = begun_entries.without_oldest(self.reading.begun, excess)
        kept = msgspec.structs.replace(self.reading, begun=begun)
        return msgspec.json.encode(msgspec.structs.replace(self, reading=kept)).decode()

    def next_stage(self) -> Stage:
        return STAGES[STAGES.index(self.stage) + 1]


def starting(bookmark: str | None, *, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, at its next page, or anew for changes."""
    fresh = Bookmark(mode=Mode.WHOLE, started_at=now, checked_at=now)
    if bookmark is None:
        return fresh
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
    except msgspec.MsgspecError:
        return fresh
    if kept.v != BOOKMARK_VERSION:
        return fresh
    if kept.stage is not Stage.DONE:
        return kept
    is_check = now - kept.checked_at > CHECK_SECONDS
    return Bookmark(
        mode=Mode.CHECK if is_check else Mode.CHANGES,
        started_at=now,
        checked_at=now if is_check else kept.checked_at,
        first_year=0 if is_check else kept.first_year,
        cursors=kept.cursors,
        minus=kept.minus,
        turned=kept.turned,
        unsure=kept.unsure,
        # What was refused once is asked again every week: Moneybird may have changed its mind.
        singly=kept.singly and not is_check,
        months=kept.months,
        years=kept.years,
    )


def with_begun(reading: Reading, keys: Iterable[str]) -> Reading:
    """``reading`` with these entry keys among those begun."""
    begun = begun_entries.with_keys(reading.begun, keys)
    return msgspec.structs.replace(reading, begun=begun)

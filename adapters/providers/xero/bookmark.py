"""The position of a pull: which stage, which page, and what to ask for next night.

Small JSON, versioned. One that cannot be read is no error: the pull then starts over, and what it
does not meet again is gone.
"""

from enum import StrEnum
from typing import Final

import msgspec

from adapters.providers.xero.wire import LedgerSource

BOOKMARK_VERSION: Final = 1

CHECK_SECONDS: Final = 7 * 24 * 3600
"""Once a week everything is read: some changes (the due date of a partly paid invoice) leave the
time of change as it was, says Xero."""


class Mode(StrEnum):
    WHOLE = "whole"
    """Everything is read, and what is not met is gone."""
    CHANGES = "changes"
    """What changed since the last pull began, by If-Modified-Since."""


class Stage(StrEnum):
    ACCOUNTS = "ledger accounts"
    TAX_RATES = "tax rates"
    CONTACTS = "contacts"
    INVOICES = "invoices"
    CREDIT_NOTES = "credit notes"
    BANK_TRANSACTIONS = "bank transactions"
    BANK_TRANSFERS = "bank transfers"
    PAYMENTS = "payments"
    MANUAL_JOURNALS = "manual journals"
    JOURNALS = "journals"
    DONE = "done"


_MASTERS: Final = (Stage.ACCOUNTS, Stage.TAX_RATES, Stage.CONTACTS)
STAGES: Final = {
    LedgerSource.JOURNALS: (
        *_MASTERS,
        Stage.INVOICES,
        Stage.CREDIT_NOTES,
        Stage.JOURNALS,
        Stage.DONE,
    ),
    LedgerSource.DOCUMENTS: (
        *_MASTERS,
        Stage.INVOICES,
        Stage.CREDIT_NOTES,
        Stage.BANK_TRANSACTIONS,
        Stage.BANK_TRANSFERS,
        Stage.PAYMENTS,
        Stage.MANUAL_JOURNALS,
        Stage.DONE,
    ),
}
"""In reading order: what lines name before the lines."""


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times are epoch seconds, UTC. ``read_at``: Xero's own clock when this pull began.

    ``since``: what changed from then on is asked for. ``page``: the next of a list. ``offset``:
    the highest journal number read. ``whole_journals``: journals are read from the first.
    ``year_end``: ``MM-DD``; when it moves, every period does, and all is read again. ``system``:
    accounts by the part they play. ``foreign_banks``: bank accounts in another currency.
    """

    v: int = BOOKMARK_VERSION
    ledger: LedgerSource
    mode: Mode
    stage: Stage = Stage.ACCOUNTS
    started_at: int
    checked_at: int
    read_at: int = 0
    since: int = 0
    page: int = 1
    offset: int = 0
    whole_journals: bool = True
    year_end: str = ""
    system: dict[str, str] = {}
    foreign_banks: frozenset[str] = frozenset()
    years: frozenset[int] = frozenset()
    """Fiscal years with lines, as far as seen."""
    touched: frozenset[int] = frozenset()
    """Those this pull brought something for."""

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    def next_stage(self) -> Stage:
        stages = STAGES[self.ledger]
        return stages[stages.index(self.stage) + 1]


def starting(bookmark: str | None, *, ledger: LedgerSource, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, at its next page, or anew for changes."""
    fresh = Bookmark(ledger=ledger, mode=Mode.WHOLE, started_at=now, checked_at=now)
    if bookmark is None:
        return fresh
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
    except msgspec.MsgspecError:
        return fresh
    if kept.v != BOOKMARK_VERSION or kept.ledger is not ledger:
        return fresh
    if kept.stage is not Stage.DONE:
        return kept
    is_check = now - kept.checked_at > CHECK_SECONDS
    return Bookmark(
        ledger=ledger,
        mode=Mode.WHOLE if is_check else Mode.CHANGES,
        started_at=now,
        checked_at=now if is_check else kept.checked_at,
        since=kept.read_at,
        # Journals never change: the weekly reading has no need of them.
        offset=kept.offset,
        whole_journals=False,
        year_end=kept.year_end,
        years=kept.years,
    )

"""The position of a pull: which stage, which page of it, and the row versions reached.

Small JSON, versioned. A bookmark that cannot be read, is of another version or epoch, or is older
than the log of deletes reaches, is no error: the pull then starts over and compares sets.
"""

from enum import StrEnum
from typing import Final

import msgspec

BOOKMARK_VERSION: Final = 1

DELETES_KEPT_SECONDS: Final = 50 * 24 * 3600
"""Exact forgets deletions after two months; ten days are kept in hand."""

ALL_YEARS_SECONDS: Final = 7 * 24 * 3600
"""Closed years are held against the provider's balances this often, open ones each time."""


class Mode(StrEnum):
    FIRST = "first"
    """Nothing is held: what is read is all there is."""
    RELOAD = "reload"
    """Something is held: what is not read again is gone."""
    CHANGES = "changes"
    """What changed since the cursors."""


class Stage(StrEnum):
    """In reading order: masters before the lines that name them, deletions last."""

    ACCOUNTS = "ledger accounts"
    CONTACTS = "relations"
    JOURNALS = "journals"
    TAX_CODES = "VAT codes"
    LINES = "journal lines"
    DELETED = "deletions"
    DONE = "done"


STAGES: Final = tuple(Stage)


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``page`` is path and query of the next page in ``stage``; None: its first.

    ``cursors`` are the highest row versions read, per stage. ``years`` are fiscal years the ledger
    has lines in, ``touched`` those this pull brought lines of. Times are epoch seconds, UTC.
    """

    v: int = BOOKMARK_VERSION
    epoch: str
    mode: Mode
    stage: Stage
    started_at: int
    page: str | None = None
    cursors: dict[Stage, int] = {}
    years: frozenset[int] = frozenset()
    touched: frozenset[int] = frozenset()
    all_years_at: int = 0
    all_years: bool = False
    """Whether this pull's control totals are to be read for every year."""

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def on_first_page(self) -> bool:
        return self.page is None

    def next_stage(self) -> Stage:
        return STAGES[STAGES.index(self.stage) + 1]


def starting(bookmark: str | None, *, epoch: str, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, over again, at its next page, or anew."""
    if bookmark is None:
        return _fresh(Mode.FIRST, epoch, now)
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
    except msgspec.MsgspecError:
        return _fresh(Mode.RELOAD, epoch, now)
    if (
        kept.v != BOOKMARK_VERSION
        or kept.epoch != epoch
        or now - kept.started_at > DELETES_KEPT_SECONDS
    ):
        return _fresh(Mode.RELOAD, epoch, now)
    if kept.stage is not Stage.DONE:
        return kept
    all_years = now - kept.all_years_at > ALL_YEARS_SECONDS
    return msgspec.structs.replace(
        kept,
        mode=Mode.CHANGES,
        stage=Stage.ACCOUNTS,
        started_at=now,
        page=None,
        touched=frozenset(),
        all_years=all_years,
        all_years_at=now if all_years else kept.all_years_at,
    )


def _fresh(mode: Mode, epoch: str, now: int) -> Bookmark:
    return Bookmark(
        epoch=epoch,
        mode=mode,
        stage=Stage.ACCOUNTS,
        started_at=now,
        all_years=True,
        all_years_at=now,
    )

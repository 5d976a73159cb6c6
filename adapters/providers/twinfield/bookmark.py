"""The position of a pull: which stage, which parts of the ledger are still to be read.

Small JSON, versioned. A bookmark that cannot be read or is of another version or epoch is no error:
the pull then starts over and compares sets.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec

from adapters.providers.twinfield.questions import Slice

BOOKMARK_VERSION: Final = 2

TAXES_SECONDS: Final = 7 * 24 * 3600
"""VAT codes cost a call each and hardly ever change: they are read again this often. So are all
open amounts, which otherwise are told by the times of lines alone."""
OWED_MAX: Final = 500
"""Changed invoices a bookmark carries; beyond them all open amounts are read."""

TRADES_MAX: Final = 50
"""Control accounts of customers or suppliers that are remembered; companies have one to three."""
JOURNALS_MAX: Final = 1_000


class Mode(StrEnum):
    FIRST = "first"
    """Nothing is held: what is read is all there is."""
    RELOAD = "reload"
    """Something is held: what is not read again is gone."""
    CHANGES = "changes"
    """What changed since the last pull."""


class Stage(StrEnum):
    """In reading order. Deletions come before changes: a number may be used again."""

    CUSTOMERS = "customers"
    SUPPLIERS = "suppliers"
    BALANCE = "balance accounts"
    PROFIT_AND_LOSS = "profit and loss accounts"
    TAX_CODES = "VAT codes"
    DELETED = "deletions"
    LINES = "general ledger"
    SALES = "sales invoices"
    PURCHASES = "purchase invoices"
    JOURNALS = "daybooks"
    DONE = "done"


STAGES: Final = tuple(Stage)
INVOICE_STAGES: Final = frozenset({Stage.SALES, Stage.PURCHASES})


class Part(msgspec.Struct, frozen=True, array_like=True):
    """Periods ``first`` to ``last`` of a year, still to be read."""

    year: int
    first: int
    last: int

    @property
    def asked(self) -> Slice:
        return Slice(year=self.year, first=self.first, last=self.last)

    @property
    def is_one(self) -> bool:
        return self.first == self.last

    def halved(self) -> tuple["Part", "Part"]:
        middle = (self.first + self.last) // 2
        return Part(self.year, self.first, middle), Part(self.year, middle + 1, self.last)


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``parts`` of the ledger are still to be read (None: not planned yet); ``begun``: one was.

    ``since`` is when the last finished pull began, ``started_at`` when this one did (epoch
    seconds, UTC). ``years`` are the fiscal years there are. ``kinds`` tell the management type of
    daybooks, ``receivable`` and ``payable`` the codes of control accounts.

    ``owed`` are entries of invoices that changed and whose open amounts are still to come;
    ``all_items``: those of all invoices are read. ``plain``: they were refused, and invoices come
    from the ledger, without.
    """

    v: int = BOOKMARK_VERSION
    epoch: str
    mode: Mode
    stage: Stage
    started_at: int
    since: int = 0
    parts: tuple[Part, ...] | None = None
    begun: bool = False
    years: tuple[int, ...] = ()
    kinds: dict[str, str] = {}
    receivable: tuple[str, ...] = ()
    payable: tuple[str, ...] = ()
    taxes_at: int = 0
    owed: tuple[str, ...] = ()
    all_items: bool = False
    plain: bool = False

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def next_stage(self) -> Stage:
        """The following stage this pull has."""
        following = STAGES[STAGES.index(self.stage) + 1 :]
        return next(stage for stage in following if self._has(stage))

    def _has(self, stage: Stage) -> bool:
        if stage is Stage.DELETED:
            return self.mode is Mode.CHANGES
        if stage is Stage.TAX_CODES:
            return self.mode is not Mode.CHANGES or self.taxes_due
        return not self.plain or stage not in INVOICE_STAGES

    @property
    def reads_all_items(self) -> bool:
        """Whether invoices not met in this pull are gone."""
        return self.all_items or self.mode is not Mode.CHANGES

    def owing(self, entries: Collection[str]) -> "Bookmark":
        """With more entries of invoices that changed."""
        owed = {*self.owed, *entries}
        if len(owed) > OWED_MAX or self.all_items:
            return msgspec.structs.replace(self, owed=(), all_items=True)
        return msgspec.structs.replace(self, owed=tuple(sorted(owed)))

    @property
    def taxes_due(self) -> bool:
        return self.started_at - self.taxes_at > TAXES_SECONDS


def starting(bookmark: str | None, *, epoch: str, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, over again, at its next part, or anew."""
    if bookmark is None:
        return _fresh(Mode.FIRST, epoch, now)
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
    except msgspec.MsgspecError:
        return _fresh(Mode.RELOAD, epoch, now)
    if kept.v != BOOKMARK_VERSION or kept.epoch != epoch:
        return _fresh(Mode.RELOAD, epoch, now)
    if kept.stage is not Stage.DONE:
        return kept
    tonight = msgspec.structs.replace(
        kept,
        mode=Mode.CHANGES,
        stage=STAGES[0],
        since=kept.started_at,
        started_at=now,
        parts=None,
        begun=False,
        owed=(),
    )
    if tonight.plain and tonight.taxes_due:
        # Once a week it is tried whether the right to see open amounts was given meanwhile.
        return _fresh(Mode.RELOAD, epoch, now)
    return msgspec.structs.replace(tonight, all_items=tonight.taxes_due)


def _fresh(mode: Mode, epoch: str, now: int) -> Bookmark:
    return Bookmark(epoch=epoch, mode=mode, stage=STAGES[0], started_at=now)

"""The position of a pull, and what the books looked like: small versioned JSON.

Nothing at the service says what changed. So heads of mutations are kept as checksums per block (the
mutations of one month whose numbers are neighbours), beside the checksum of the lines they became.
A block whose heads look different is read again; a month whose balances differ from its blocks too.
"""

from enum import StrEnum
from typing import Final

import msgspec

from adapters.providers.eboekhouden import sums
from adapters.providers.eboekhouden.blocks import Blocks, by_month
from adapters.providers.eboekhouden.chart import Ledger
from adapters.providers.eboekhouden.posting import Rules

BOOKMARK_VERSION: Final = 1

LEDGERS_MAX: Final = 400
"""Accounts a bookmark carries; with more they are asked for again when a pull is taken up."""


class Mode(StrEnum):
    WHOLE = "whole"
    """Nothing is known: everything is read, and what is not met is gone."""
    CHANGES = "changes"


class Stage(StrEnum):
    """In reading order."""

    ACCOUNTS = "ledger accounts"
    CONTACTS = "relations"
    LEDGER = "mutations"
    CHECK = "balances"
    DONE = "done"


class Way(StrEnum):
    REST = "rest"
    SOAP = "soap"


class Marks(msgspec.Struct, frozen=True, array_like=True):
    """What the lines of a whole reading add up to, and the parts that rules could turn.

    ``shifted_e4`` is an amount, the others are checksums.
    """

    total: int = 0
    memorial: int = 0
    opening: int = 0
    shifted_e4: int = 0


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``todo``: numbers to fetch in this stage; ``more``: others after them; ``listed``: the list
    of this stage was read. ``years`` have mutations; ``touched`` are those this pull changed.
    ``queue``: years and months (``2025``, ``202501``) whose balances are still to be looked at;
    ``202501>900``: mutations of that month above 900 are still to be read; ``2025-2026``: all.
    ``told``: checksums of the balances of months read again in this pull; ``apart``: by how much
    those of earlier pulls still differed afterwards, so that they are not read again for that.
    ``newest``: the highest number SOAP told; ``high``: below it all is still to be read, -1: all.
    """

    v: int = BOOKMARK_VERSION
    way: Way
    mode: Mode
    stage: Stage = Stage.ACCOUNTS
    started_at: int
    pulls: int = 0
    rules: Rules = Rules()
    again: bool = False
    """Whether this is the second reading, by other rules."""
    ledgers: tuple[Ledger, ...] = ()
    blocks: Blocks = Blocks()
    relations: Blocks = Blocks()
    todo: tuple[int, ...] = ()
    more: bool = False
    listed: bool = False
    queue: tuple[str, ...] = ()
    years: frozenset[int] = frozenset()
    touched: frozenset[int] = frozenset()
    told: dict[str, int] = {}
    apart: dict[str, int] = {}
    marks: Marks = Marks()
    newest: int = 0
    high: int = -1

    def encoded(self) -> str:
        if len(self.ledgers) > LEDGERS_MAX:
            return msgspec.json.encode(msgspec.structs.replace(self, ledgers=())).decode()
        return msgspec.json.encode(self).decode()


def starting(bookmark: str | None, *, way: Way, now: int) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, where it stopped, or anew for changes."""
    fresh = Bookmark(way=way, mode=Mode.WHOLE, started_at=now)
    if bookmark is None:
        return fresh
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
    except msgspec.MsgspecError:
        return fresh
    if kept.v != BOOKMARK_VERSION or kept.way is not way:
        return fresh
    if kept.stage is not Stage.DONE:
        return kept
    return Bookmark(
        way=way,
        mode=Mode.CHANGES,
        started_at=now,
        pulls=kept.pulls + 1,
        rules=kept.rules,
        blocks=kept.blocks,
        relations=kept.relations,
        years=kept.years,
        apart=_still_apart(kept),
    )


def _still_apart(done: Bookmark) -> dict[str, int]:
    ours = by_month(done.blocks.held)
    found = dict(done.apart)
    for month, told in done.told.items():
        found[month] = (told - ours.get(month, 0)) % sums.MODULUS
    return {month: value for month, value in found.items() if value}

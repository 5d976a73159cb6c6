"""The position of a pull: which stage, which bookings are still to be read, and since when.

Small JSON, versioned. One that cannot be read is no error: the pull then starts over, and what it
does not meet again is gone.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from adapters.providers.octopus.contract import Balances

BOOKMARK_VERSION: Final = 1
VAT_CODES_SECONDS: Final = 7 * 24 * 3600
"""VAT codes may be asked for twice a day only, and change once in years."""


class Mode(StrEnum):
    WHOLE = "whole"
    """Nothing is known: everything is read, per bookyear and type, and what is not met is gone."""
    CHANGES = "changes"
    """What changed since, and the documents that were deleted."""


class Stage(StrEnum):
    """In reading order: what lines name before the lines."""

    ACCOUNTS = "ledger accounts"
    JOURNALS = "journals"
    RELATIONS = "relations"
    VAT_CODES = "VAT codes"
    BOOKINGS = "bookings"
    BALANCES = "account balances"
    """After a whole reading, to learn which of two readings fits: see contract.BALANCES."""
    DONE = "done"


STAGES: Final = tuple(Stage)


class Part(StrEnum):
    """What of a bookyear becomes batches of its own."""

    TRADE = "trade"
    """Purchases and sales, with the invoices that belong to the same documents."""
    FINANCIAL = "financial"
    DIVERS = "divers"


class Step(msgspec.Struct, frozen=True, array_like=True):
    bookyear: int
    part: Part


class Bookmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``since``: changes are asked for from then, ``started``: the next pull's ``since``; both as
    Octopus writes times. ``todo``: what of the bookings is still to be read. ``begun``: some of it
    was. ``vat_codes_at``: epoch seconds. ``balances``: which reading fitted, None not tried yet.
    """

    v: int = BOOKMARK_VERSION
    mode: Mode = Mode.WHOLE
    stage: Stage = Stage.ACCOUNTS
    since: str = ""
    started: str = ""
    todo: tuple[Step, ...] = ()
    begun: bool = False
    vat_codes_at: int = 0
    balances: Balances | None = None
    language: str = ""
    """Of the dossier, for names that come in four."""

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    def next_stage(self) -> Stage:
        return STAGES[STAGES.index(self.stage) + 1]


def starting(bookmark: str | None) -> Bookmark:
    """Where a pull from this bookmark begins: fresh, at its next answer, or anew for changes."""
    if bookmark is None:
        return Bookmark()
    try:
        kept = msgspec.json.decode(bookmark, type=Bookmark)
    except msgspec.MsgspecError:
        return Bookmark()
    if kept.v != BOOKMARK_VERSION:
        return Bookmark()
    if kept.stage is not Stage.DONE:
        return kept
    return Bookmark(
        mode=Mode.CHANGES,
        since=kept.started,
        vat_codes_at=kept.vat_codes_at,
        balances=kept.balances,
        language=kept.language,
    )


def steps(bookyears: Iterable[int]) -> tuple[Step, ...]:
    """Oldest first: a first load that stops early leaves no hole before what it read."""
    return tuple(Step(year, part) for year in sorted(bookyears) for part in Part)

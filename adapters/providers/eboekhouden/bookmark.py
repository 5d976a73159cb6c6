"""The position of a pull, and what the books looked like: small versioned JSON.

Nothing at the service says what changed. So heads of mutations are kept as checksums per block (the
mutations of one month whose numbers are neighbours), beside the checksum of the lines they became.
A block whose heads look different is read again; a month whose balances differ from its blocks too.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec
from attrs import frozen

from adapters.providers.eboekhouden import sums
from adapters.providers.eboekhouden.chart import Ledger
from adapters.providers.eboekhouden.posting import Rules

BOOKMARK_VERSION: Final = 1

LEDGERS_MAX: Final = 500
"""Accounts a bookmark carries; with more they are asked for again when a pull is taken up."""
TODO_MAX: Final = 1_500
"""Numbers still to fetch that it carries; beyond them the list is asked for once more."""
BLOCKS_MAX: Final = 700
"""Of mutations, and as many again of relations: when there are more, blocks are made wider."""
WIDTH_FIRST: Final = 8


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


class Blocks(msgspec.Struct, frozen=True, omit_defaults=True):
    """``held``: per ``202501/12`` the checksum of heads and that of lines, eight letters each."""

    width: int = WIDTH_FIRST
    held: dict[str, str] = {}


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
    of this stage was read. ``queue``: years and months (``2025``, ``202501``) whose balances are
    still to be looked at. ``years`` have mutations; ``touched`` are those this pull changed.
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
    )


# -- blocks ----------------------------------------------------------------------------------------


@frozen
class Head:
    """A thing in a list: its number, its month (empty: of none), and a checksum of what is told."""

    number: int
    month: str
    digest: int


def block_key(month: str, number: int, width: int) -> str:
    return f"{month}/{number // width}"


def split(text: str) -> tuple[int, int]:
    """Checksums of heads and of lines."""
    return sums.read(text[: sums.TEXT_CHARACTERS]), sums.read(text[sums.TEXT_CHARACTERS :])


def joined(heads: int, lines: int) -> str:
    return sums.told(heads % sums.MODULUS) + sums.told(lines % sums.MODULUS)


def gathered(heads: Iterable[Head], width: int) -> dict[str, int]:
    """Checksums of heads per block."""
    found: dict[str, int] = {}
    for head in heads:
        key = block_key(head.month, head.number, width)
        found[key] = (found.get(key, 0) + head.digest) % sums.MODULUS
    return found


def fitting(blocks: Blocks, heads: Iterable[Head]) -> Blocks:
    """The same blocks, two made into one until these heads need few enough. Nothing is lost:
    checksums add up.
    """
    known = tuple(heads)
    while len(gathered(known, blocks.width)) > BLOCKS_MAX:
        wider: dict[str, str] = {}
        for key, text in blocks.held.items():
            month, _, place = key.partition("/")
            into = f"{month}/{int(place) // 2}"
            old_heads, old_lines = split(wider[into]) if into in wider else (0, 0)
            heads_sum, lines_sum = split(text)
            wider[into] = joined(old_heads + heads_sum, old_lines + lines_sum)
        blocks = Blocks(width=blocks.width * 2, held=wider)
    return blocks


def by_month(held: Mapping[str, str]) -> dict[str, int]:
    """Checksums of lines per month."""
    found: dict[str, int] = {}
    for key, text in held.items():
        month = key.partition("/")[0]
        found[month] = (found.get(month, 0) + split(text)[1]) % sums.MODULUS
    return found

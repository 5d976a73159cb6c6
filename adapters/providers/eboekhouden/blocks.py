"""Blocks: neighbours in number and of one month, by the checksum of their list rows and lines.

Nothing at the service says what changed, and a bookmark is small: so the list rows of a block are
remembered as one checksum, and the lines they became as another. Both add up: two blocks can be
made one, and the blocks of a month can be held against its balances.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from attrs import frozen

from adapters.providers.eboekhouden import sums

PENDING_NUMBERS_MAX: Final = 1_200
"""Numbers still to fetch that a bookmark carries; beyond them the list is asked for once more."""
BLOCKS_MAX: Final = 500
"""Of mutations, and as many again of relations: when there are more, blocks are made wider."""
WIDTH_FIRST: Final = 8


class Blocks(msgspec.Struct, frozen=True, omit_defaults=True):
    """``held``: per ``202501/12`` the checksum of heads and that of lines, eight letters each."""

    width: int = WIDTH_FIRST
    held: dict[str, str] = {}


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


def heads_of(blocks: Blocks, key: str) -> int | None:
    text = blocks.held.get(key)
    return None if text is None else split(text)[0]


def first_of(
    heads: Sequence[Head], wanted: set[str], width: int
) -> tuple[tuple[int, ...], set[str]]:
    """Numbers of as many whole blocks as fit into a bookmark, and those blocks."""
    members: dict[str, list[int]] = {}
    for head in heads:
        key = block_key(head.month, head.number, width)
        if key in wanted:
            members.setdefault(key, []).append(head.number)
    todo: list[int] = []
    taken: set[str] = set()
    for key, numbers in members.items():
        if todo and len(todo) + len(numbers) > PENDING_NUMBERS_MAX:
            break
        todo += numbers
        taken.add(key)
    return tuple(todo), taken

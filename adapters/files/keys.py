"""Keys of entries and lines that no file gives, stable from one export to the next.

An entry is keyed by what it says (date, journal, number), a line by its place in its entry. Exports
sorted by account tear entries apart: a later run of an entry is keyed by account as well, and only
what is torn apart once more falls back on the row's number. Which runs are new is remembered in
constant memory; taking a new one for an old one by mistake costs the stability of its keys, never
their uniqueness.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from operator import add
from typing import Final, NamedTuple, TypeVar
from zlib import crc32

from attrs import define, field

FILTER_BYTES: Final = 4 * 1024 * 1024
"""At the largest file (5 million lines) some 3 in 100 new runs are taken for old ones, at a million
lines fewer than 1 in 10,000."""
_BYTE_MASK: Final = FILTER_BYTES - 1
_PROBE_MASK: Final = FILTER_BYTES * 8 - 1
_SPREAD: Final = 0x9E37_79B9_7F4A_7C15
"""Times a checksum of 32 bits it makes 96 in which each tells of all (Fibonacci hashing)."""

_T = TypeVar("_T")

LINES_KEPT: Final = 100
"""Entries seldom have more lines."""
_POSITIONS: Final = tuple(range(1, count + 1) for count in range(LINES_KEPT + 1))
_SUFFIXES: Final = tuple(tuple(f"#{at}" for at in positions) for positions in _POSITIONS)


def part(text: str) -> str:
    """The text such that no key made of parts joined by ``|`` and ``#`` means two things."""
    if "%" in text or "|" in text or "#" in text:
        return text.replace("%", "%25").replace("|", "%7C").replace("#", "%23")
    return text


def entry_key(date: dt.date, journal: str, number: str) -> str:
    """Numbers begin anew each year and in each journal, hence all three."""
    return f"{date.isoformat()}|{part(journal)}|{part(number)}"


@define
class Seen:
    """A Bloom filter: never denies what it was told, seldom claims what it was not."""

    _bits: bytearray = field(factory=lambda: bytearray(FILTER_BYTES))

    def add(self, text: str) -> bool:
        """Remember it; whether it was (believed to be) there before."""
        return self.add_all((text,))[0]

    def add_all(self, texts: Iterable[str]) -> list[bool]:
        """The same of many, one after the other."""
        bits = self._bits
        found = []
        for text in texts:
            checksum = crc32(text.encode("utf-8", "surrogatepass"))
            spread = checksum * _SPREAD
            known = True
            for probe in (checksum, spread >> 14, spread >> 39, spread >> 64):
                byte, mask = (probe & _PROBE_MASK) >> 3, 1 << (probe & 7)
                if not bits[byte] & mask:
                    known = False
                    bits[byte] |= mask
            found.append(known)
        return found


class KeyColumns(NamedTuple):
    """Of lines: their keys, their entries' keys, their positions."""

    keys: list[str]
    entry_keys: list[str]
    positions: list[int]


@define
class LineKeys:
    """Gives lines their keys in the order they stand in the file."""

    entry: str = ""
    position: int = 0
    """Of the last line told, in its run of the entry."""
    entries: int = 0
    _seen: Seen = field(factory=Seen)
    _reopened: bool = False
    _accounts: dict[str, int | None] = field(factory=dict)
    """In a later run of an entry: lines per account, None where that account was there before."""

    def begin(self, entry: str) -> None:
        """The lines that follow belong to this entry. ``entries`` counts those that are new."""
        self._begin(entry, reopened=self._seen.add(entry))

    def _begin(self, entry: str, *, reopened: bool) -> None:
        self.entry = entry
        self.position = 0
        self._reopened = reopened
        self.entries += not reopened
        if self._accounts:
            self._accounts = {}

    def line(self, account_key: str, row: int) -> str:
        """The next line's key; ``row`` is its number in the file, used where nothing else tells."""
        self.position += 1
        if not self._reopened:
            return f"{self.entry}#{self.position}"
        name = f"{self.entry}#{part(account_key)}"
        if account_key not in self._accounts:
            self._accounts[account_key] = None if self._seen.add(name) else 0
        held = self._accounts[account_key]
        if held is None:
            return f"{name}#r{row}"
        self._accounts[account_key] = held + 1
        return f"{name}#{held + 1}"

    def columns(
        self,
        runs: Sequence[str],
        lengths: Sequence[int],
        account_keys: Sequence[str],
        rows: Sequence[int],
        *,
        continues: bool,
    ) -> KeyColumns:
        """As ``begin`` and ``line`` give them, for many runs of entries with so many lines each.

        ``continues``: the first run is that of the entry begun last.
        """
        entry_keys = list(chain.from_iterable(map(repeat, runs, lengths)))
        keys: list[str] = []
        new = 0
        if continues:
            new = 1
            keys += map(self.line, account_keys[: lengths[0]], rows[: lengths[0]])
        positions = [*range(self.position - len(keys) + 1, self.position + 1)]
        reopened = self._seen.add_all(runs[new:])
        if True in reopened or max(lengths) > LINES_KEPT:
            for run, again, length in zip(runs[new:], reopened, lengths[new:], strict=True):
                self._begin(run, reopened=again)
                at = slice(len(keys), len(keys) + length)
                keys += map(self.line, account_keys[at], rows[at])
                positions += range(1, length + 1)
        elif reopened:
            keys += map(add, entry_keys[len(keys) :], _told(_SUFFIXES, lengths[new:]))
            positions += _told(_POSITIONS, lengths[new:])
            self.entries += len(reopened) - 1
            self._begin(runs[-1], reopened=False)
            self.position = lengths[-1]
        return KeyColumns(keys, entry_keys, positions)


def _told(by_length: Sequence[Iterable[_T]], lengths: Sequence[int]) -> Iterable[_T]:
    return chain.from_iterable(map(by_length.__getitem__, lengths))

"""Keys of entries and lines that no file gives, stable from one export to the next.

An entry is keyed by what it says (date, journal, number), a line by its place in its entry. Exports
sorted by account tear entries apart: a later run of an entry is keyed by account as well, and only
what is torn apart once more falls back on the row's number. Which runs are new is remembered in
constant memory; taking a new one for an old one by mistake costs the stability of its keys, never
their uniqueness.
"""

import datetime as dt
import hashlib
from typing import Final

from attrs import define, field

FILTER_BYTES: Final = 4 * 1024 * 1024
"""At the largest file (5 million lines) some 3 in 100 new runs are taken for old ones, at a million
lines fewer than 1 in 10,000."""
_BYTE_MASK: Final = FILTER_BYTES - 1
_HASH_BYTES: Final = 16
_PROBES: Final = 4
_PROBE_BITS: Final = 25
assert FILTER_BYTES * 8 == 1 << _PROBE_BITS, "a probe is the number of one bit"


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
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES)
        probes = int.from_bytes(digest.digest(), "big")
        bits = self._bits
        known = True
        for _ in range(_PROBES):
            byte, mask = (probes >> 3) & _BYTE_MASK, 1 << (probes & 7)
            if not bits[byte] & mask:
                known = False
                bits[byte] |= mask
            probes >>= _PROBE_BITS
        return known


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
        self.entry = entry
        self.position = 0
        self._reopened = self._seen.add(entry)
        self.entries += not self._reopened
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

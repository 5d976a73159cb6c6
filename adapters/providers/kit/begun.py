"""Entries whose lines began on an earlier page, remembered in few characters of a bookmark.

A list of lines may cut an entry at the end of a page. Only of an entry that begins on a page may
the batch say that these are all its lines; which ones began before, the bookmark carries as short
hashes, the newest last. Pure.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

CHARACTERS: Final = 8
"""Per entry."""
_DIGEST_BYTES: Final = 6


def short(entry_key: str) -> str:
    """Eight letters for an entry's key: 48 bits of a hash."""
    digest = blake2b(entry_key.encode(), digest_size=_DIGEST_BYTES).digest()
    return urlsafe_b64encode(digest).decode()


def hashes(begun: str) -> frozenset[str]:
    """The short texts that ``begun`` is made of."""
    places = range(0, len(begun), CHARACTERS)
    return frozenset(begun[place : place + CHARACTERS] for place in places)


def with_keys(begun: str, entry_keys: Iterable[str]) -> str:
    """``begun`` with these entries among those begun."""
    return begun + "".join(map(short, entry_keys))


def without_oldest(begun: str, excess_characters: int) -> str:
    """``begun`` shorter by at least so many characters: the oldest are forgotten. Lines of one
    entry stand together in every list met, so the newest are those that matter.
    """
    return begun[-(-excess_characters // CHARACTERS) * CHARACTERS :]

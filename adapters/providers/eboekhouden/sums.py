"""Checksums that add up: of lines, so that they can be held against balances without the lines.

The sum over postings of amount times a number that follows from the account. The service's balances
of a period have the same checksum as all lines of that period, or something is different.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Final

MODULUS: Final = 1 << 48
_BYTES: Final = 6
TEXT_CHARACTERS: Final = 8
_ACCOUNTS_KEPT: Final = 4_096


@lru_cache(maxsize=_ACCOUNTS_KEPT)
def weight(account_key: str) -> int:
    """An odd number below the modulus."""
    digest = blake2b(account_key.encode(), digest_size=_BYTES).digest()
    return int.from_bytes(digest) | 1


def of_postings(postings: Iterable[tuple[str, int]]) -> int:
    """Of (account key, e4) pairs."""
    return sum(weight(account) * amount_e4 for account, amount_e4 in postings) % MODULUS


def of_balances(balances_e4: Mapping[str, int]) -> int:
    return of_postings(balances_e4.items())


def of_text(text: str) -> int:
    """Of something that is compared as a whole; sums of these do not depend on order."""
    return int.from_bytes(blake2b(text.encode(), digest_size=_BYTES).digest())


def told(value: int) -> str:
    """Eight letters."""
    return urlsafe_b64encode(value.to_bytes(_BYTES)).decode()


def read(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text))

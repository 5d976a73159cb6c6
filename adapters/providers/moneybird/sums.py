"""Sums per account: what the general ledger tells of a month, and what bookings add up to.

``reports/journal_entries`` gives no debit and no credit, but an amount that is positive on the
account's own side. Which side that is, the general ledger of the same month tells: its sums of
debits and credits are those of the positive and the negative amounts, or the other way round.
"""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Final, TypeAlias

Account: TypeAlias = str
"""A ledger account's id."""

Sums: TypeAlias = dict[Account, tuple[int, int]]
"""Debits and credits (or positive and negative amounts) per account, both >= 0, in 1/10,000."""

EMPTY: Final = (0, 0)
_DIGEST_BYTES: Final = 6


class Fit(StrEnum):
    """How the amounts read of an account compare with the general ledger."""

    AS_TAKEN = "as taken"
    TURNED = "turned"
    """Only the other sign fits."""
    NEITHER = "neither"
    """Bookings are missing, or the books moved."""


def fit(told: tuple[int, int], read: tuple[int, int], *, minus: bool) -> Fit:
    """``told``: debits, credits. ``read``: positive, negative amounts as they came.

    ``minus``: whether positive amounts are taken for credits. With equal debits and credits both
    signs fit, and the one that was taken stays.
    """
    turned = (read[1], read[0])
    if told == (turned if minus else read):
        return Fit.AS_TAKEN
    if told == (read if minus else turned):
        return Fit.TURNED
    return Fit.NEITHER


def tells_nothing(told: tuple[int, int]) -> bool:
    """Debits equal credits: the sign cannot be seen from them."""
    return told[0] == told[1]


def add(sums: Sums, account: Account, amount_e4: int) -> None:
    """Count one amount, in place."""
    positive, negative = sums.get(account, EMPTY)
    if amount_e4 > 0:
        sums[account] = (positive + amount_e4, negative)
    else:
        sums[account] = (positive, negative - amount_e4)


def digest(sums: Mapping[Account, tuple[int, int]]) -> str:
    """A short text that is another one when any sum is; empty for no sums at all."""
    kept = sorted((account, *pair) for account, pair in sums.items() if pair != EMPTY)
    if not kept:
        return ""
    told = "\n".join(f"{account} {debit} {credit}" for account, debit, credit in kept)
    return blake2b(told.encode(), digest_size=_DIGEST_BYTES).hexdigest()

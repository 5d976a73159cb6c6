"""Exact amounts: integers of 1/10,000 of a currency unit ("e4"), debit positive.

Every amount in the domain is such an integer, named with the suffix ``_e4``. Text and JSON number
tokens become Decimal first; no float is ever accepted, because 0.1 + 0.2 is not an amount.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

E4_PER_UNIT: Final = 10_000
AMOUNT_E4_MAX: Final = 2**63 - 1
"""Largest amount a 64-bit column holds: some 922 trillion units."""


class InexactAmount(ValueError):
    """The text is no amount, is not finite, has more than four decimals, or does not fit."""


def parse_e4(value: str | int | Decimal) -> int:
    """The amount in 1/10,000 units; exact or InexactAmount, never rounded.

    Floats are refused by type: a caller that holds one has already lost digits.
    """
    if isinstance(value, bool | float):
        raise InexactAmount(f"{value!r} is not an exact amount")
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError) as error:
        raise InexactAmount(f"{value!r} is not an amount") from error
    if not number.is_finite():
        raise InexactAmount(f"{value!r} is not a finite amount")
    if number.adjusted() > 18:  # noqa: PLR2004 - decimal digits of a 64-bit integer
        raise InexactAmount(f"{value!r} does not fit into 64 bits of 1/10,000")
    scaled = number.scaleb(4)
    whole = int(scaled)
    if scaled != whole:
        raise InexactAmount(f"{value!r} has more than four decimals")
    if abs(whole) > AMOUNT_E4_MAX:
        raise InexactAmount(f"{value!r} does not fit into 64 bits of 1/10,000")
    return whole


def decimal_of(amount_e4: int) -> Decimal:
    """The amount as Decimal with four decimals."""
    return Decimal(amount_e4).scaleb(-4)


def text_of(amount_e4: int) -> str:
    """Plain text: at least two decimals, more only when they are not zero; ``-1234.50``."""
    sign = "-" if amount_e4 < 0 else ""
    units, rest = divmod(abs(amount_e4), E4_PER_UNIT)
    digits = f"{rest:04d}"
    kept = digits if digits[2:] != "00" else digits[:2]
    return f"{sign}{units}.{kept if kept[-1:] != '0' or len(kept) == 2 else kept[:-1]}"  # noqa: PLR2004

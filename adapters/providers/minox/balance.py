"""Minox' trial balance of a fiscal year, in whichever of the assumed forms it comes. Pure."""

from collections.abc import Mapping
from typing import Final

from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.loose import Loose, rows_of
from adapters.providers.kit.yearly import YearBalance
from adapters.providers.minox.codes import BALANCE_NAMES
from adapters.providers.minox.declaration import PROVIDER
from adapters.providers.minox.rows import account_key

_WHAT: Final = "the trial balance"
_BODY: Final[JsonPage[object]] = JsonPage(PROVIDER, _WHAT, object)


def trial_balance(body: bytes) -> YearBalance:
    """NotUnderstood where no name fits: what cannot be read is not taken for zero."""
    value = _BODY.decode(body)
    if isinstance(value, Mapping):
        if "collection" not in value:
            raise _BODY.not_understood("no collection")
        value = value["collection"]
    opening: dict[str, int] = {}
    moved: dict[str, int] = {}
    has_bookings = False
    for row in rows_of(value, provider=PROVIDER, what=_WHAT, names=BALANCE_NAMES):
        key = _key(row)
        before_e4 = (row.amount_e4("opening_debit") or 0) - (row.amount_e4("opening_credit") or 0)
        if not row.has("debit") and not row.has("credit"):
            raise row.wrong("debit", "is missing")
        debit_e4, credit_e4 = row.amount_e4("debit") or 0, row.amount_e4("credit") or 0
        opening[key] = opening.get(key, 0) + before_e4
        moved[key] = moved.get(key, 0) + debit_e4 - credit_e4
        has_bookings = has_bookings or any((before_e4, debit_e4, credit_e4))
    return YearBalance(opening_e4=opening, moved_e4=moved, has_bookings=has_bookings)


def _key(row: Loose) -> str:
    holder = row.inner("account") if isinstance(row.get("account"), Mapping) else row
    assert holder is not None
    return account_key(holder.text("type"), holder.required("id"))

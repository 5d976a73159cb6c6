"""Minox' trial balance of a fiscal year, in whichever of the assumed forms it comes. Pure."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.loose import Loose, rows_of
from adapters.providers.minox.codes import BALANCE_NAMES
from adapters.providers.minox.declaration import PROVIDER
from adapters.providers.minox.rows import account_key

_WHAT: Final = "the trial balance"
_BODY: Final[JsonPage[object]] = JsonPage(PROVIDER, _WHAT, object)


@frozen(kw_only=True)
class YearBalance:
    """Per account key, in 1/10,000 units, debit positive; people on their control account."""

    opening_e4: Mapping[str, int]
    moved_e4: Mapping[str, int]
    has_bookings: bool
    """Whether anything moved or was there before."""


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
    for row in rows_of(value, provider=PROVIDER, what=_WHAT):
        key = _key(row)
        before = _net_e4(row, "opening_debit", "opening_credit", required=False)
        debit_e4, credit_e4 = _pair(row, "debit", "credit", required=True)
        opening[key] = opening.get(key, 0) + before
        moved[key] = moved.get(key, 0) + debit_e4 - credit_e4
        has_bookings = has_bookings or any((before, debit_e4, credit_e4))
    return YearBalance(opening_e4=opening, moved_e4=moved, has_bookings=has_bookings)


def _key(row: Loose) -> str:
    account = row.get(BALANCE_NAMES["account"])
    holder = row.inner(BALANCE_NAMES["account"]) if isinstance(account, Mapping) else row
    assert holder is not None
    return account_key(holder.text(BALANCE_NAMES["type"]), holder.required(BALANCE_NAMES["id"]))


def _net_e4(row: Loose, debit: str, credit: str, *, required: bool) -> int:
    debit_e4, credit_e4 = _pair(row, debit, credit, required=required)
    return debit_e4 - credit_e4


def _pair(row: Loose, debit: str, credit: str, *, required: bool) -> tuple[int, int]:
    names = BALANCE_NAMES[debit], BALANCE_NAMES[credit]
    if required and not any(row.has(name) for name in names):
        raise row.wrong((*names[0], *names[1]), "is missing")
    return row.amount_e4(names[0]) or 0, row.amount_e4(names[1]) or 0

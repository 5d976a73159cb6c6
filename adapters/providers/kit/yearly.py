"""Control totals where a provider tells its balances by whole fiscal year.

Each year's balance has what it began with apart from what moved. Only the first year with bookings
counts its opening: later ones repeat what the years before ended with, and adding them up would
count everything again. Pure.
"""

from collections.abc import Iterable, Mapping

from attrs import frozen

from core.domain.proof import WHOLE_YEAR, Cell, ControlTotals


@frozen(kw_only=True)
class YearBalance:
    """Per account key, in 1/10,000 units, debit positive."""

    opening_e4: Mapping[str, int]
    moved_e4: Mapping[str, int]
    has_bookings: bool
    """Whether anything moved or was there before."""


def begins_before(booked: Iterable[int], years: Iterable[int]) -> bool:
    """Whether there are bookings in a year before the first of ``years``."""
    first = min(years, default=0)
    return any(year < first for year in booked)


def yearly_totals(
    told: Iterable[tuple[int, YearBalance]], *, years: frozenset[int] | None, is_begun: bool
) -> ControlTotals:
    """``told``: year and balance, in order of time. ``years``: what they are limited to.

    ``is_begun``: there are bookings in a year before them.
    """
    balances_e4: dict[Cell, int] = {}
    for year, balance in told:
        _add(balances_e4, year, balance.moved_e4)
        if not is_begun:
            _add(balances_e4, year, balance.opening_e4)
        is_begun = is_begun or balance.has_bookings
    return ControlTotals(balances_e4=balances_e4, years=years, by_year=True)


def _add(balances_e4: dict[Cell, int], year: int, sums_e4: Mapping[str, int]) -> None:
    for account, amount_e4 in sums_e4.items():
        cell = Cell(account_key=account, year=year, period=WHOLE_YEAR)
        balances_e4[cell] = balances_e4.get(cell, 0) + amount_e4

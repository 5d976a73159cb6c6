"""The trial balance as control totals: what moved per account and fiscal year.

It tells balances as of a day: those of profit and loss since the fiscal year began, and those of
earlier years inside retained earnings, although nobody booked them there. What moved in a year is
the difference of two year ends, with that silent closing taken out again.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from attrs import frozen

from core.domain.proof import WHOLE_YEAR, Cell

YEARS_BACK_MAX: Final = 40
"""Years looked at before the first known one, while there is something in them."""

Balances = Mapping[str, int]


@frozen(kw_only=True)
class Chart:
    """Which accounts start every year from nothing, and which one takes what they came to."""

    profit_and_loss: frozenset[str]
    retained_earnings: str | None


def moved(chart: Chart, before: Balances, now: Balances, year: int) -> dict[Cell, int]:
    """Between two year ends, in cells of whole years."""
    closed = sum(
        amount_e4 for account, amount_e4 in before.items() if account in chart.profit_and_loss
    )
    told: dict[str, int] = {}
    for account in before.keys() | now.keys():
        if account in chart.profit_and_loss:
            told[account] = now.get(account, 0)
        else:
            told[account] = now.get(account, 0) - before.get(account, 0)
    if closed and chart.retained_earnings is not None:
        retained = chart.retained_earnings
        told[retained] = told.get(retained, 0) - closed
    return {
        Cell(account_key=account, year=year, period=WHOLE_YEAR): amount_e4
        for account, amount_e4 in told.items()
        if amount_e4
    }


def all_moved(
    chart: Chart, years: Collection[int], at_end_of: Callable[[int], Balances]
) -> dict[Cell, int]:
    """Of every year from the first of ``years`` to the last, and of those before it that are not
    empty.
    """
    cells: dict[Cell, int] = {}
    first, last = min(years), max(years)
    now = at_end_of(last)
    for year in range(last, first - YEARS_BACK_MAX, -1):
        before = at_end_of(year - 1)
        cells |= moved(chart, before, now, year)
        if year <= first and not before:
            break
        now = before
    return cells

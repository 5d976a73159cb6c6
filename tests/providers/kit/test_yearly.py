"""Balances by whole year: only the first year's opening counts."""

from adapters.providers.kit.yearly import YearBalance, begins_before, yearly_totals
from core.domain.proof import WHOLE_YEAR, Cell

FIRST = YearBalance(opening_e4={"1": 5}, moved_e4={"1": 10, "2": -10}, has_bookings=True)
SECOND = YearBalance(opening_e4={"1": 15}, moved_e4={"1": 1}, has_bookings=True)
EMPTY = YearBalance(opening_e4={}, moved_e4={}, has_bookings=False)


def cell(account: str, year: int) -> Cell:
    return Cell(account_key=account, year=year, period=WHOLE_YEAR)


def test_later_openings_repeat_what_went_before() -> None:
    told = [(2023, EMPTY), (2024, FIRST), (2025, SECOND)]
    totals = yearly_totals(told, years=None, is_begun=False)
    assert totals.by_year
    assert totals.years is None
    assert totals.balances_e4 == {cell("1", 2024): 15, cell("2", 2024): -10, cell("1", 2025): 1}


def test_of_some_years_only_the_first_booked_one_has_an_opening() -> None:
    years = frozenset({2025})
    totals = yearly_totals([(2025, SECOND)], years=years, is_begun=begins_before({2024}, years))
    assert totals.balances_e4 == {cell("1", 2025): 1}
    assert totals.years == years
    assert not begins_before({2025}, years)
    assert not begins_before((), ())

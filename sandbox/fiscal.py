"""Fiscal years of made-up books, with their first and last day."""

from calendar import monthrange
from datetime import date

from attrs import frozen

from sandbox.books import Books
from sandbox.generator import FIRST_DAY, LAST_DAY


@frozen
class FiscalYear:
    """``start`` to ``end`` inclusive; a broken year is named after the year it ends in."""

    year: int
    start: date
    end: date


def fiscal_year(books: Books, year: int) -> FiscalYear:
    month = books.company.fiscal_start_month
    last_month = 12 if month == 1 else month - 1
    return FiscalYear(
        year=year,
        start=date(year - (month > 1), month, 1),
        end=date(year, last_month, monthrange(year, last_month)[1]),
    )


def booked_years(books: Books) -> list[FiscalYear]:
    """Those the generated books run over."""
    first, _ = books.period_of(FIRST_DAY)
    last, _ = books.period_of(LAST_DAY)
    return [fiscal_year(books, year) for year in range(first, last + 1)]

"""The fiscal years there are: one question each, because no list of them exists."""

from datetime import date
from typing import Final

from adapters.providers.yuki import questions, rows
from adapters.providers.yuki.session import Session, not_understood, text_of
from adapters.providers.yuki.years import YEARS_MAX, FiscalYear, in_order, through
from core.domain.integration import Administration

YEARS_BACK: Final = 3
"""A year may be named after its end, or after its beginning, and be longer than twelve months."""
ABOUT: Final = "fiscal years"


def ask_years(
    session: Session, administration: Administration, start: date | None, today: date
) -> tuple[FiscalYear, ...]:
    """From the one in which the books begin (this year's, where that is not told) until today."""
    begins = start or today.replace(month=1, day=1)
    told: list[FiscalYear] = []
    for back in range(YEARS_BACK):
        told += _told(session, administration, begins.year - back)
        if told and min(year.first for year in told) <= begins:
            break
    for year_id in range(begins.year + 1, min(begins.year + YEARS_MAX, today.year + 2)):
        if told and max(year.last for year in told) >= today:
            break
        told += _told(session, administration, year_id)
    years = in_order(told, begins)
    if not years:
        raise not_understood(ABOUT, f"no year from {begins.year} on")
    return through(years, today)


def _told(session: Session, administration: Administration, year_id: int) -> list[FiscalYear]:
    """First and last day, with a blank in between; nothing for a year that does not exist."""
    question = questions.fiscal_year(administration.key, year_id)
    answer = session.ask(question, administration.parent_key)
    first, _, last = (text_of(answer, "wholePeriod") or "").partition(" ")
    if not first or not last:
        return []
    try:
        year = FiscalYear(year_id, rows.day(first), rows.day(last.strip()))
    except ValueError as error:
        raise not_understood(ABOUT, str(error)[:100]) from None
    if year.last < year.first:
        raise not_understood(ABOUT, f"year {year_id} ends before it begins")
    return [year]

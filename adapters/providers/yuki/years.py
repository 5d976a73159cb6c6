"""Fiscal years and their periods from dates: lines tell no fiscal period that could be relied on.

Years may be broken, extended or shortened. A period is a month of its fiscal year, from 1. What is
dated before the first year is the opening balance, which Yuki books on the eve of it: period 0 of
that year. After the last year known, years of twelve months are assumed.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

OPENING_PERIOD: Final = 0
FIRST_DAY: Final = date(1990, 1, 1)
"""Nothing in Yuki is older."""
LAST_DAY: Final = date(2099, 12, 31)
YEARS_MAX: Final = 120
MONTHS_PER_YEAR: Final = 12


class FiscalYear(msgspec.Struct, frozen=True, array_like=True):
    """``id`` is the number under which Yuki knows it."""

    id: int
    first: date
    last: date

    def period_of(self, day: date) -> int:
        months = (day.year - self.first.year) * MONTHS_PER_YEAR + day.month - self.first.month
        return months + 1

    @property
    def following(self) -> "FiscalYear":
        """The one after it, if it has twelve months."""
        first = self.last + timedelta(days=1)
        last = plus_months(first, MONTHS_PER_YEAR) - timedelta(days=1)
        return FiscalYear(self.id + 1, first, last)


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Days from ``first`` to ``last``, both included, still to be read; at once, or cut."""

    first: date
    last: date
    cut: bool = True

    def divided(self, months: int) -> tuple["Span", "Span | None"]:
        """What is asked for now, and what is left: at most so many calendar months."""
        if not self.cut:
            return self, None
        end = plus_months(self.first.replace(day=1), months) - timedelta(days=1)
        if end >= self.last:
            return self, None
        return Span(self.first, end), Span(end + timedelta(days=1), self.last)


def plus_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where there is no such day."""
    place = day.year * MONTHS_PER_YEAR + day.month - 1 + months
    year, month = divmod(place, MONTHS_PER_YEAR)
    following = date(year + (month + 1) // MONTHS_PER_YEAR, (month + 1) % MONTHS_PER_YEAR + 1, 1)
    last = following - timedelta(days=1)
    return last if day.day > last.day else date(year, month + 1, day.day)


def placed(years: Sequence[FiscalYear], day: date) -> tuple[int, int]:
    """Fiscal year and period. ``years`` follow each other, and there is one at least."""
    if day < years[0].first:
        return years[0].id, OPENING_PERIOD
    for year in reversed(years):
        if year.first <= day:
            if day <= year.last or year is not years[-1]:
                return year.id, year.period_of(day)
            break
    for year in _beyond(years[-1]):
        if day <= year.last:
            return year.id, year.period_of(day)
    raise ValueError(f"{day} is in no year")


def through(years: Sequence[FiscalYear], day: date) -> tuple[FiscalYear, ...]:
    """Those years, and as many more as it takes to hold the day."""
    found = list(years)
    for year in _beyond(years[-1]):
        if found[-1].last >= day:
            break
        found.append(year)
    return tuple(found)


def _beyond(year: FiscalYear) -> Iterator[FiscalYear]:
    for _ in range(YEARS_MAX):
        year = year.following
        yield year


def in_order(told: Sequence[FiscalYear], start: date) -> tuple[FiscalYear, ...]:
    """By first day, without what ended before the books began and without overlaps."""
    kept: list[FiscalYear] = []
    for year in sorted(told, key=lambda one: (one.first, one.id)):
        if year.last >= start and (not kept or year.first > kept[-1].last):
            kept.append(year)
    return tuple(kept)


def first_reading(years: Sequence[FiscalYear], today: date) -> tuple[Span, ...]:
    """All there may be: before the first year, through this month, and what is dated later."""
    first = years[0].first
    ends = max(first, plus_months(today.replace(day=1), 1) - timedelta(days=1))
    return (
        Span(FIRST_DAY, first - timedelta(days=1), cut=False),
        Span(first, ends),
        Span(ends + timedelta(days=1), LAST_DAY, cut=False),
    )


def months_of(
    days: Sequence[date], years: Sequence[FiscalYear], months_at_once: int
) -> tuple[Span, ...]:
    """Spans of whole months that hold those days.

    Spans that one question can hold are joined with what is between them: calls are dearer than
    lines. Days before the first year, where only an opening balance is, are one span.
    """
    first = years[0].first
    spans: list[Span] = []
    for month in sorted({max(day.replace(day=1), first) for day in days if day >= first}):
        end = plus_months(month.replace(day=1), 1) - timedelta(days=1)
        if spans and end < plus_months(spans[-1].first.replace(day=1), months_at_once):
            spans[-1] = Span(spans[-1].first, end)
        else:
            spans.append(Span(month, end))
    if any(day < first for day in days):
        spans.insert(0, Span(FIRST_DAY, first - timedelta(days=1), cut=False))
    return tuple(spans)


def whole_years(years: Sequence[FiscalYear], wanted: frozenset[int]) -> tuple[Span, ...]:
    """Everything that bears on those years."""
    spans: list[Span] = []
    if years[0].id in wanted:
        spans.append(Span(FIRST_DAY, years[0].first - timedelta(days=1), cut=False))
    spans += [Span(year.first, year.last) for year in years if year.id in wanted]
    if wanted - {year.id for year in years}:
        spans.append(Span(years[-1].last + timedelta(days=1), LAST_DAY, cut=False))
    return tuple(spans)


def without(spans: Sequence[Span], covered: Sequence[Span]) -> tuple[Span, ...]:
    """Those of ``spans`` that lie in none of ``covered``."""
    return tuple(
        span
        for span in spans
        if not any(one.first <= span.first and span.last <= one.last for one in covered)
    )

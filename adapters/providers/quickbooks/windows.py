"""Windows of days: fiscal years, months to read again, and halves of what was too much."""

from calendar import monthrange
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Final

from attrs import frozen

EARLIEST: Final = date(1990, 1, 1)
"""Older than the software: nothing was booked before."""
MONTHS_AT_ONCE_MAX: Final = 6
"""Intuit's advice for a report."""
_DAY: Final = timedelta(days=1)


@frozen(order=True)
class Days:
    """All days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def written(self) -> str:
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    @classmethod
    def read(cls, text: str) -> "Days":
        first, _, last = text.partition("..")
        return cls(date.fromisoformat(first), date.fromisoformat(last))

    def cut_after(self, day: date) -> tuple["Days", ...]:
        """Up to ``day`` and what comes after it."""
        return (Days(self.first, day), Days(day + _DAY, self.last))

    def after(self, day: date) -> "Days | None":
        """What of it comes after ``day``."""
        return None if day >= self.last else Days(day + _DAY, self.last)


def fiscal(day: date, first_month: int) -> tuple[int, int]:
    """Fiscal year and period from 1; a year is named after the one it ends in."""
    if first_month == 1:
        return day.year, day.month
    is_next = day.month >= first_month
    period = day.month - first_month + 1 + (0 if is_next else 12)
    return day.year + is_next, period


def fiscal_year(year: int, first_month: int) -> Days:
    begin = date(year - (first_month > 1), first_month, 1)
    after = date(begin.year + 1, first_month, 1)
    return Days(begin, after - _DAY)


def whole_history(first_year: int, this_year: int, first_month: int) -> tuple[Days, ...]:
    """One window per fiscal year; the first begins with the earliest day, the last ends a year on.

    The first year is the one in which the company was set up here; what is older is little.
    """
    years = range(min(first_year, this_year), this_year + 1)
    windows = [fiscal_year(year, first_month) for year in years]
    windows[-1] = Days(windows[-1].first, fiscal_year(this_year + 1, first_month).last)
    windows[0] = Days(min(EARLIEST, windows[0].first), windows[0].last)
    return tuple(windows)


def months_of(days: Iterable[date]) -> tuple[Days, ...]:
    """The months that hold these days, neighbours joined up to half a year."""
    found: list[Days] = []
    lengths: list[int] = []
    for first in sorted({day.replace(day=1) for day in days}):
        last = first.replace(day=monthrange(first.year, first.month)[1])
        if found and found[-1].last + _DAY == first and lengths[-1] < MONTHS_AT_ONCE_MAX:
            found[-1] = Days(found[-1].first, last)
            lengths[-1] += 1
        else:
            found.append(Days(first, last))
            lengths.append(1)
    return tuple(found)


def month_before(day: date) -> date:
    """Its last day."""
    return day.replace(day=1) - _DAY


def within(day: date, windows: Collection[Days]) -> bool:
    return any(window.first <= day <= window.last for window in windows)

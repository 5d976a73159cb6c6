"""Fiscal years as an organisation has them: from the day on which its year ends."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from attrs import frozen

MONTHS: Final = 12
_A_PLAIN_YEAR: Final = 2025
_LAST_DAY: Final = 31


@frozen
class FiscalYears:
    """A year is named after the calendar year in which it ends; its periods are twelve months.

    A year that ends within a month (5 April) has months that end on that day too. ValueError for
    a day there is not.
    """

    end_month: int
    end_day: int

    def __attrs_post_init__(self) -> None:
        if not (1 <= self.end_month <= MONTHS and 1 <= self.end_day <= _LAST_DAY):
            raise ValueError(f"no fiscal year ends on day {self.end_day} of {self.end_month}")

    @property
    def _ends_with_month(self) -> bool:
        return self.end_day >= monthrange(_A_PLAIN_YEAR, self.end_month)[1]

    def of(self, day: date) -> tuple[int, int]:
        """Fiscal year, and period from 1, of a day."""
        months = day.year * MONTHS + day.month - 1
        if not self._ends_with_month and day.day > self.end_day:
            months += 1
        after = months - self.end_month  # whole months since the year that ended in year 0
        return after // MONTHS + 1, after % MONTHS + 1

    def last_day(self, year: int, period: int) -> date:
        """The day a period ends; period 0 is the end of the year before."""
        months = (year - 1) * MONTHS + self.end_month + period - 1
        of_year, month = months // MONTHS, months % MONTHS + 1
        days = monthrange(of_year, month)[1]
        return date(of_year, month, days if self._ends_with_month else min(self.end_day, days))

    def first_day(self, year: int) -> date:
        return self.last_day(year, 0) + timedelta(days=1)

    def encoded(self) -> str:
        return f"{self.end_month:02d}-{self.end_day:02d}"

    @classmethod
    def decoded(cls, text: str) -> "FiscalYears":
        month, _, day = text.partition("-")
        return cls(int(month), int(day))

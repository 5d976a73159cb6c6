"""Which generations are kept: all, or those of the last nights and then the last of each month."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from core.domain.failures import CorrectRequest

NIGHTS_MIN: Final = 1
NIGHTS_MAX: Final = 36_500
READERS_GRACE: Final = dt.timedelta(hours=25)
"""A generation that is let go stays readable this long: cursors of programs live a day."""
_ALL: Final = "all"


@frozen(kw_only=True)
class Retention:
    """``nights`` None keeps every generation for ever: the default.

    Otherwise kept are all generations published in that many days up to today, of every month
    before the last one published in it, and always the newest.
    """

    nights: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.nights is not None and not NIGHTS_MIN <= self.nights <= NIGHTS_MAX:
            raise CorrectRequest(
                f"Keep {NIGHTS_MIN} to {NIGHTS_MAX} nights, or all of them.", code="bad-retention"
            )

    @property
    def text(self) -> str:
        """As it is stored."""
        return _ALL if self.nights is None else str(self.nights)

    @property
    def words(self) -> str:
        if self.nights is None:
            return "every generation is kept"
        return f"the generations of {self.nights} nights are kept, then the last of each month"

    @classmethod
    def of(cls, text: str | None) -> "Retention":
        """From its stored form; None is the default."""
        return cls(nights=int(text)) if text is not None and text.isdecimal() else cls()


def to_let_go(
    published: Sequence[tuple[int, dt.date]], retention: Retention, today: dt.date
) -> frozenset[int]:
    """Numbers that need not be kept. ``published``: (number, local date) of those there are."""
    if retention.nights is None or not published:
        return frozenset()
    cutoff = today - dt.timedelta(days=retention.nights)
    ordered = sorted(published)
    last_of_month = {(date.year, date.month): number for number, date in ordered}
    kept = {ordered[-1][0], *last_of_month.values()}
    return frozenset(number for number, date in ordered if date <= cutoff and number not in kept)

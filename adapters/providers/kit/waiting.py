"""Until when to wait, as providers write it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

WAIT_SECONDS_MAX: Final = 2 * 24 * 3600
"""Nobody waits longer on one answer: a limit per month is met by asking again each night."""

_EPOCH_SECONDS_MIN: Final = 1_000_000_000
"""Numbers from here on are instants (2001 and later), smaller ones are durations."""
_EPOCH_MILLISECONDS_MIN: Final = 100_000_000_000


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """``Retry-After`` in any form met: seconds, an HTTP date, epoch seconds or milliseconds.

    Never before ``now`` and never more than WAIT_SECONDS_MAX after it. None: absent or unreadable.
    """
    if value is None or not value.strip():
        return None
    text = value.strip()
    try:
        number = float(text)
    except ValueError:
        return _bounded(_http_date(text), now)
    if number != number or number < 0:  # noqa: PLR0124 - NaN is the number that is not itself
        return None
    if number < _EPOCH_SECONDS_MIN:
        return _bounded(now + timedelta(seconds=min(number, WAIT_SECONDS_MAX)), now)
    return _bounded(epoch(text), now)


def epoch(value: str | None) -> datetime | None:
    """An instant from epoch seconds or milliseconds as text; None when it is neither."""
    try:
        number = float(value or "")
        if not _EPOCH_SECONDS_MIN <= number < float("inf"):
            return None
        if number >= _EPOCH_MILLISECONDS_MIN:
            number /= 1000
        return datetime.fromtimestamp(number, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bounded(moment: datetime | None, now: datetime) -> datetime | None:
    if moment is None:
        return None
    return min(max(moment, now), now + timedelta(seconds=WAIT_SECONDS_MAX))

"""Years and moments as Twinfield writes them."""

from datetime import UTC, datetime

from adapters.providers.twinfield.questions import Slice


def wide(years: tuple[int, ...], now: datetime) -> Slice:
    """Every period there can be: from the first year to the one after the last and after this."""
    first = min(years, default=now.year)
    last = max(max(years, default=now.year), now.year) + 1
    return Slice(year=first, last_year=last)


def moment(epoch_seconds: int) -> str:
    """``YYYYMMDDHHMMSS`` in UTC."""
    return datetime.fromtimestamp(max(epoch_seconds, 0), tz=UTC).strftime("%Y%m%d%H%M%S")


def wall_clock(text: str | None) -> datetime:
    """A ``dateTime`` without zone, taken as UTC (assumed). One that is absent is of today."""
    if text is None:
        return datetime.max.replace(tzinfo=UTC)
    told = datetime.fromisoformat(text)
    return told if told.tzinfo else told.replace(tzinfo=UTC)

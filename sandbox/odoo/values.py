"""How values look on the wire: false for empty, money with the currency's digits, UTC text."""

from datetime import UTC, datetime
from functools import lru_cache

CURRENCIES = {"EUR": 126, "USD": 1, "GBP": 143}
NAME_OF_CURRENCY = {number: name for name, number in CURRENCIES.items()}


def money(cents: int) -> float:
    return cents / 100


def moment(ms: int) -> str:
    """Stored with fractions of a second, shown without."""
    return _shown(ms // 1000)


@lru_cache(maxsize=10_000)
def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")


def seconds_of(text: str) -> int:
    """What a client sent; a zone is refused by the server."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def blank(value: str | None) -> str | bool:
    """An empty text is the literal false."""
    return value or False

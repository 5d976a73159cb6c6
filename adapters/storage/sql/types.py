"""Columns of instants: stored as UTC ISO text of fixed width, so that text order is time order.

``2026-03-10T12:00:00.000000+00:00`` reads the same in every database and by eye, keeps
microseconds, and knows no session time zone.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

INSTANT_CHARACTERS: Final = 32


def text_of(instant: datetime) -> str:
    """The stored form; an instant without a time zone is a bug of the caller."""
    assert instant.tzinfo is not None, "instants are aware"
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


class Instant(TypeDecorator[datetime]):
    """An aware datetime as text."""

    impl = String(INSTANT_CHARACTERS)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else text_of(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else datetime.fromisoformat(value)

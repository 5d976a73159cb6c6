"""Entries and lines on their way into a staged form.

They have the fields of the domain's records and are encoded to the same bytes, so that what is
decoded from those are the domain's records; being made costs them a fraction.
"""

import datetime as dt
from typing import Final

import msgspec
from attrs import define

CODE_CHARACTERS_MAX: Final = 200
TEXT_CHARACTERS_MAX: Final = 1_000
AMOUNT_E4_MAX: Final = 10**16
"""A trillion units in one line are no booking, and sums of more would not fit."""


class StagedEntry(msgspec.Struct, gc=False):
    """The fields of core.domain.books.JournalEntry."""

    key: str
    number: str | None
    journal_key: str | None
    date: dt.date
    year: int
    period: int
    description: str | None = None


class StagedLine(msgspec.Struct, gc=False):
    """The fields of core.domain.books.JournalLine."""

    key: str
    entry_key: str
    position: int
    account_key: str
    date: dt.date
    year: int
    period: int
    amount_e4: int
    currency: str | None = None
    foreign_e4: int | None = None
    contact_key: str | None = None
    tax_key: str | None = None
    description: str | None = None


@define
class Open:
    """The entry the last row belonged to."""

    identity: tuple[object, str, str]
    entry: StagedEntry
    told: bool = False
    """Its header is in the part being made."""


def identity_of(date: dt.date, journal: str, number: str) -> tuple[object, str, str]:
    """What rows of one entry have in common. ``number`` empty: entries are told by their date."""
    return None if number else date, journal, number

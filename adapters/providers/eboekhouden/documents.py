"""A mutation as both interfaces tell it: a document with a main account and rows."""

import datetime as dt
from collections.abc import Mapping
from enum import IntEnum

from attrs import field, frozen


class Kind(IntEnum):
    """``type`` of REST; ``Soort`` of SOAP. Zero is missing in the documented list."""

    OPENING = 0
    BOUGHT = 1
    SOLD = 2
    RECEIVED = 3
    PAID = 4
    MONEY_IN = 5
    MONEY_OUT = 6
    MEMORIAL = 7


WITH_VAT = frozenset({Kind.BOUGHT, Kind.SOLD, Kind.MONEY_IN, Kind.MONEY_OUT})


@frozen(kw_only=True)
class Row:
    """``amount_e4`` is with VAT or without as the mutation says; ``vat_e4`` None: not told."""

    account_key: str | None
    amount_e4: int
    vat_code: str = ""
    vat_e4: int | None = None
    contact_key: str | None = None
    invoice_number: str | None = None
    description: str | None = None


@frozen(kw_only=True)
class Mutation:
    """``vat_e4``: totals per VAT code where they are told."""

    number: int
    kind: int
    date: dt.date
    main_key: str | None
    contact_key: str | None = None
    invoice_number: str | None = None
    entry_number: str | None = None
    description: str | None = None
    term_days: int | None = None
    including: bool = False
    rows: tuple[Row, ...] = ()
    vat_e4: Mapping[str, int] = field(factory=dict)

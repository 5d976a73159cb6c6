"""What the HTTP interface says of reports, retention and closed periods."""

import datetime as dt

from attrs import frozen

from interfaces.http.shapes import Generation
from interfaces.report_rows import (
    AgeingLine,
    BalanceColumn,
    ContactRow,
    InvoiceRow,
    ProfitColumn,
    StatementAmount,
)

__all__ = [
    "AgeingLine",
    "BalanceColumn",
    "ContactRow",
    "InvoiceRow",
    "ProfitColumn",
    "StatementAmount",
]


@frozen(kw_only=True)
class ProfitAndLoss:
    """``closings``: periods left out because they post the result into equity. ``unplaced``:
    account keys no account has; they are in none of the figures.
    """

    entity_id: str
    currency: str
    generation: Generation
    by: str
    closings: list[str]
    unplaced: int
    columns: list[ProfitColumn]
    items: list[StatementAmount]


@frozen(kw_only=True)
class BalanceSheet:
    entity_id: str
    currency: str
    generation: Generation
    by: str
    unplaced: int
    columns: list[BalanceColumn]
    items: list[StatementAmount]


@frozen(kw_only=True)
class Ageing:
    """``method``: by what the items are known to be open. ``totals`` per bucket, in the items'
    order.
    """

    entity_id: str
    currency: str
    generation: Generation
    side: str
    method: str
    on: dt.date
    totals: list[str]
    items: list[AgeingLine]


@frozen(kw_only=True)
class ContactPage:
    generation: int
    items: list[ContactRow]
    next_cursor: str | None


@frozen(kw_only=True)
class InvoicePage:
    generation: int
    items: list[InvoiceRow]
    next_cursor: str | None


@frozen(kw_only=True)
class ClosedBooks:
    """``closed_through`` None: no period is known to be closed."""

    closed_through: dt.date | None
    closed_by: str


@frozen(kw_only=True)
class NewClosedBooks:
    closed_through: dt.date | None


@frozen(kw_only=True)
class Retention:
    """``nights`` None: every generation is kept for ever."""

    nights: int | None


@frozen(kw_only=True)
class Compacted:
    """``retired`` are no longer listed and go in a day; ``compacted`` are gone, with ``removed``
    row versions.
    """

    retired: int
    compacted: int
    removed: int

"""What the HTTP interface says of books, and of the organisation at a glance."""

import datetime as dt

from attrs import frozen

from interfaces.http.shapes import Generation


@frozen(kw_only=True)
class BalanceRow:
    """``closing`` = opening + debit - credit. ``code`` None: a key no account has."""

    account_key: str
    code: str | None
    name: str | None
    account_class: str | None
    opening: str
    debit: str
    credit: str
    closing: str
    lines: int


@frozen(kw_only=True)
class TrialBalance:
    entity_id: str
    currency: str
    generation: Generation
    debit: str
    credit: str
    items: list[BalanceRow]


@frozen(kw_only=True)
class Line:
    date: dt.date
    year: int
    period: int
    journal_key: str | None
    entry_key: str
    number: str | None
    position: int
    key: str
    account_key: str
    account_code: str | None
    account: str | None
    amount: str
    currency: str | None
    foreign_amount: str | None
    contact_key: str | None
    tax_key: str | None
    description: str | None


@frozen(kw_only=True)
class LinePage:
    """All pages of one cursor chain are of one ``generation``, whatever is imported meanwhile."""

    generation: int
    items: list[Line]
    next_cursor: str | None


@frozen(kw_only=True)
class Entry:
    key: str
    number: str | None
    journal_key: str | None
    date: dt.date
    year: int
    period: int
    description: str | None
    lines: list[Line]


@frozen(kw_only=True)
class CellChange:
    """One account in one period that differs."""

    year: int
    period: int
    account_key: str
    account_code: str | None
    account: str | None
    added: int
    changed: int
    removed: int
    closed: int
    before: str
    after: str
    difference: str


@frozen(kw_only=True)
class Changes:
    """``older`` null: nothing comes before ``newer``, and there are no items. ``closed_lines``:
    changed lines dated up to ``closed_through``, where books are closed.
    """

    older: int | None
    newer: int
    closed_through: dt.date | None
    closed_by: str
    closed_lines: int
    items: list[CellChange]


@frozen(kw_only=True)
class LineChange:
    """``before`` None: added; ``after`` None: removed."""

    before: Line | None
    after: Line | None


@frozen(kw_only=True)
class LineChangePage:
    older: int
    newer: int
    items: list[LineChange]
    next_cursor: str | None


@frozen(kw_only=True)
class LedgerAccount:
    key: str
    code: str
    name: str
    account_class: str
    statement: str
    trade: str | None
    active: bool


@frozen(kw_only=True)
class LedgerAccountList:
    items: list[LedgerAccount]


@frozen(kw_only=True)
class PeriodFigures:
    year: int
    period: int
    income: str
    expense: str
    result: str
    balance_total: str


@frozen(kw_only=True)
class Figures:
    items: list[PeriodFigures]
    unplaced: int


@frozen(kw_only=True)
class Attention:
    """What a person should know or do; ``action`` says which."""

    action: str
    sentence: str
    entities: int
    at_least: bool
    integration_id: str | None
    entity_id: str | None
    until: dt.datetime | None


@frozen(kw_only=True)
class NightTotals:
    local_date: dt.date
    by_status: dict[str, int]


@frozen(kw_only=True)
class Younger:
    """So many entities have books at most so old."""

    hours: int
    entities: int


@frozen(kw_only=True)
class Overview:
    """``by_status``: entities by their newest import; ``never`` for those without any."""

    entities: int
    by_status: dict[str, int]
    verdicts: dict[str, int]
    published: int
    younger: list[Younger]
    attention: list[Attention]
    nights: list[NightTotals]

"""Reports as flat rows, the same for every front end and every file format.

Amounts are decimal text, in the entity's currency unless a currency stands beside them. The tables
at the end say what kind each column is: what is no amount, number, day or truth is text from
outside, which a spreadsheet must not run.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

import attrs
from attrs import frozen

from core.domain import books
from core.domain.ageing import AgeingRow, Bucket
from core.domain.money import text_of
from core.domain.statements import BalanceSheet, ProfitAndLoss, Section, Span


@frozen(kw_only=True)
class StatementAmount:
    """One account in one column of a statement; ``period`` None: the whole year."""

    year: int
    period: int | None
    section: str
    account_key: str
    code: str
    name: str
    amount: str


@frozen(kw_only=True)
class ProfitColumn:
    """``result`` = income - expense + other."""

    year: int
    period: int | None
    income: str
    expense: str
    other: str
    result: str


@frozen(kw_only=True)
class BalanceColumn:
    """``result`` and ``earlier_results`` are profit that is not posted into equity yet.

    ``difference`` = assets + other - liabilities - equity - result - earlier results.
    """

    year: int
    period: int | None
    assets: str
    other: str
    liabilities: str
    equity: str
    result: str
    earlier_results: str
    difference: str


@frozen(kw_only=True)
class AgeingLine:
    """What one contact owes, or is owed, by days past due. ``contact_key`` None: nobody named."""

    contact_key: str | None
    contact: str | None
    current: str
    days_1_30: str
    days_31_60: str
    days_61_90: str
    days_over_90: str
    total: str
    open_items: int


@frozen(kw_only=True)
class AccountRow:
    key: str
    code: str
    name: str
    account_class: str
    statement: str
    trade: str | None
    active: bool


@frozen(kw_only=True)
class ContactRow:
    key: str
    code: str | None
    name: str
    is_customer: bool
    is_supplier: bool
    vat_number: str | None
    email: str | None
    city: str | None
    country: str | None
    active: bool


@frozen(kw_only=True)
class InvoiceRow:
    """Credit notes have negative totals. ``open_amount`` None: the provider does not say."""

    key: str
    direction: str
    number: str | None
    contact_key: str | None
    date: dt.date
    due_date: dt.date | None
    currency: str | None
    total: str
    tax: str | None
    open_amount: str | None
    reference: str | None
    entry_key: str | None


def statement_amounts(found: ProfitAndLoss | BalanceSheet) -> Iterator[StatementAmount]:
    """Column by column; zero amounts are left out."""
    for at, span in enumerate(found.columns):
        for row in found.rows:
            if row.amounts_e4[at]:
                yield StatementAmount(
                    year=span.year,
                    period=span.period,
                    section=row.section.value,
                    account_key=row.account.key,
                    code=row.account.code,
                    name=row.account.name,
                    amount=text_of(row.amounts_e4[at]),
                )


def profit_columns(found: ProfitAndLoss) -> list[ProfitColumn]:
    income, expense, other = (
        found.section_e4(one) for one in (Section.INCOME, Section.EXPENSE, Section.OTHER)
    )
    results = found.results_e4
    return [
        ProfitColumn(
            year=span.year,
            period=span.period,
            income=text_of(income[at]),
            expense=text_of(expense[at]),
            other=text_of(other[at]),
            result=text_of(results[at]),
        )
        for at, span in enumerate(found.columns)
    ]


def balance_columns(found: BalanceSheet) -> list[BalanceColumn]:
    assets, other, liabilities, equity = (
        found.section_e4(one)
        for one in (Section.ASSET, Section.OTHER, Section.LIABILITY, Section.EQUITY)
    )
    differences = found.differences_e4
    return [
        BalanceColumn(
            year=span.year,
            period=span.period,
            assets=text_of(assets[at]),
            other=text_of(other[at]),
            liabilities=text_of(liabilities[at]),
            equity=text_of(equity[at]),
            result=text_of(found.results_e4[at]),
            earlier_results=text_of(found.earlier_results_e4[at]),
            difference=text_of(differences[at]),
        )
        for at, span in enumerate(found.columns)
    ]


def ageing_line(row: AgeingRow) -> AgeingLine:
    assert len(row.amounts_e4) == len(Bucket), "an amount per bucket"
    current, to_30, to_60, to_90, over = (text_of(one) for one in row.amounts_e4)
    return AgeingLine(
        contact_key=row.contact_key,
        contact=row.contact,
        current=current,
        days_1_30=to_30,
        days_31_60=to_60,
        days_61_90=to_90,
        days_over_90=over,
        total=text_of(row.total_e4),
        open_items=row.items,
    )


def account_row(found: books.LedgerAccount) -> AccountRow:
    return AccountRow(
        key=found.key,
        code=found.code,
        name=found.name,
        account_class=found.account_class.value,
        statement=found.statement.value,
        trade=found.trade.value if found.trade is not None else None,
        active=found.active,
    )


def contact_row(found: books.Contact) -> ContactRow:
    return ContactRow(**attrs.asdict(found))


def invoice_row(found: books.Invoice) -> InvoiceRow:
    return InvoiceRow(
        key=found.key,
        direction=found.direction.value,
        number=found.number,
        contact_key=found.contact_key,
        date=found.date,
        due_date=found.due_date,
        currency=found.currency,
        total=text_of(found.total_e4),
        tax=text_of(found.tax_e4) if found.tax_e4 is not None else None,
        open_amount=text_of(found.open_e4) if found.open_e4 is not None else None,
        reference=found.reference,
        entry_key=found.entry_key,
    )


def period_words(spans: tuple[tuple[int, int], ...]) -> list[str]:
    """``2025-13``."""
    return [Span(year=year, period=period).words for year, period in spans]


AMOUNTS: Final = frozenset(
    {
        "amount", "foreign_amount", "opening", "debit", "credit", "closing", "before", "after",
        "difference", "income", "expense", "other", "result", "assets", "liabilities", "equity",
        "earlier_results", "current", "days_1_30", "days_31_60", "days_61_90", "days_over_90",
        "total", "tax", "open_amount",
    }
)  # fmt: skip
"""Columns whose text is a number of ours, and may begin with a minus."""
WHOLE_NUMBERS: Final = frozenset(
    {"year", "period", "position", "lines", "added", "changed", "removed", "closed", "open_items"}
)
DAYS: Final = frozenset({"date", "due_date"})
TRUTHS: Final = frozenset({"active", "is_customer", "is_supplier"})
OURS: Final = AMOUNTS | WHOLE_NUMBERS | DAYS | TRUTHS

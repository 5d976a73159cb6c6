"""Horus' rows as records, by the words of the contract. Pure: decoded JSON in, records out."""

from datetime import date
from decimal import Decimal
from typing import Final

from attrs import frozen

from adapters.providers.horus.contract import (
    ACCOUNT_CLASSES,
    JOURNAL_KINDS,
    OPENING_JOURNAL,
    SALE,
)
from adapters.providers.kit.decoding import fraction_e4
from adapters.providers.kit.loose import Loose
from core.domain.books import (
    AccountClass,
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalKind,
    JournalLine,
    LedgerAccount,
    Statement,
    TaxCode,
    TaxUse,
)

_PERCENT: Final = Decimal(100)

_STATEMENTS: Final = {
    AccountClass.INCOME: Statement.PROFIT_AND_LOSS,
    AccountClass.EXPENSE: Statement.PROFIT_AND_LOSS,
    AccountClass.OFF_BALANCE: Statement.OFF_BALANCE,
}
_PROFIT_AND_LOSS_NUMBERS: Final = ("6", "7")
_OFF_BALANCE_NUMBERS: Final = ("0",)
"""First digits in the Belgian chart, where the type says nothing."""


@frozen(kw_only=True)
class BookYear:
    """``year``: the calendar year it ends in."""

    id: str
    year: int
    start: date
    end: date
    closed: bool


def book_year(row: Loose) -> BookYear:
    start, end = row.day("startDate"), row.day("endDate")
    if start is None or end is None:
        raise row.wrong("startDate", "or the last day is missing")
    return BookYear(
        id=row.required("id"),
        year=end.year,
        start=start,
        end=end,
        closed=row.flag("closed", default=False),
    )


def ledger_account(row: Loose) -> LedgerAccount:
    number = row.text("number") or ""
    told = (row.text("type") or "").casefold()
    account_class = ACCOUNT_CLASSES.get(told, AccountClass.UNKNOWN)
    return LedgerAccount(
        key=row.required("id"),
        code=number,
        name=row.text("name") or number,
        account_class=account_class,
        statement=_statement(account_class, number),
        active=row.flag("active", default=True),
    )


def _statement(account_class: AccountClass, number: str) -> Statement:
    if account_class is not AccountClass.UNKNOWN:
        return _STATEMENTS.get(account_class, Statement.BALANCE_SHEET)
    if number.startswith(_PROFIT_AND_LOSS_NUMBERS):
        return Statement.PROFIT_AND_LOSS
    if number.startswith(_OFF_BALANCE_NUMBERS):
        return Statement.OFF_BALANCE
    return Statement.BALANCE_SHEET


def journal(row: Loose) -> Journal:
    key = row.required("id")
    code = row.text("code") or key
    told = (row.text("type") or "").casefold()
    return Journal(
        key=key,
        code=code,
        name=row.text("name") or code,
        journal_kind=JOURNAL_KINDS.get(told, JournalKind.OTHER),
        active=row.flag("active", default=True),
    )


def is_opening(row: Loose) -> bool:
    """Whether a journal holds what book years begin with."""
    return (row.text("type") or "").casefold() == OPENING_JOURNAL


def tax_code(row: Loose) -> TaxCode:
    key = row.required("id")
    rate = row.decimal("rate")
    direction = (row.text("direction") or "").casefold()
    use = TaxUse.BOTH if not direction else TaxUse.PURCHASE
    return TaxCode(
        key=key,
        code=row.text("code") or key,
        name=row.text("name") or key,
        use=TaxUse.SALES if direction == SALE else use,
        rate_e4=None if rate is None else fraction_e4(rate / _PERCENT),
        active=row.flag("active", default=True),
    )


def contact(row: Loose) -> Contact:
    """A company is taken for a contact of the folder: assumed, it may be a legal entity."""
    key = row.required("id")
    return Contact(
        key=key,
        code=None,
        name=row.text("name") or key,
        is_customer=row.flag("isCustomer", default=True),
        is_supplier=row.flag("isSupplier", default=True),
        vat_number=row.text("vatNumber"),
        email=row.text("email"),
        city=row.text("city"),
        country=row.text("country"),
        active=row.flag("active", default=True),
    )


def entry(row: Loose, year: BookYear) -> JournalEntry:
    day = row.day("date")
    if day is None:
        raise row.wrong("date", "is missing")
    return JournalEntry(
        key=row.required("id"),
        number=row.text("number"),
        journal_key=row.text("journalId"),
        date=day,
        year=year.year,
        period=row.whole("period") or day.month,
        description=row.text("description"),
    )


def line(row: Loose, booked: JournalEntry, place: int, outer: Loose, currency: str) -> JournalLine:
    """``outer`` is its entry's row. A line is known by its entry and its id, else its place."""
    debit_e4, credit_e4 = row.amount_e4("debit"), row.amount_e4("credit")
    if debit_e4 is None and credit_e4 is None:
        raise row.wrong("debit", "and credit are missing")
    amount_e4 = (debit_e4 or 0) - (credit_e4 or 0)
    position = row.whole("position")
    named = row.text("id")
    entry_currency = outer.text("currency")
    foreign_e4 = row.amount_e4("amountCurrency")
    is_foreign = entry_currency not in {None, currency} and foreign_e4 is not None
    return JournalLine(
        key=f"{booked.key}/{named if named is not None else f'#{place}'}",
        entry_key=booked.key,
        position=place if position is None else position,
        account_key=row.required("accountId"),
        date=booked.date,
        year=booked.year,
        period=booked.period,
        amount_e4=amount_e4,
        currency=entry_currency if is_foreign else None,
        # Whether it carries a sign is not known: it is given that of the amount.
        foreign_e4=_signed(foreign_e4, amount_e4) if is_foreign else None,
        contact_key=row.text("companyId") or outer.text("companyId"),
        tax_key=row.text("vatCodeId"),
        description=row.text("description"),
    )


def _signed(foreign_e4: int | None, amount_e4: int) -> int:
    size_e4 = abs(foreign_e4 or 0)
    return -size_e4 if amount_e4 < 0 else size_e4


def invoice(row: Loose) -> Invoice:
    """Totals are assumed to be in the folder's currency. Its entry is not named: a changed entry
    would take the invoice along, while Horus tells of invoices in a list of their own.
    """
    day = row.day("date")
    if day is None:
        raise row.wrong("date", "is missing")
    total_e4 = row.amount_e4("totalInclVat")
    if total_e4 is None:
        raise row.wrong("totalInclVat", "is missing")
    is_sale = (row.text("type") or "").casefold() == SALE
    sign = -1 if row.flag("creditNote", default=False) and total_e4 > 0 else 1
    tax_e4, open_e4 = row.amount_e4("totalVat"), row.amount_e4("openAmount")
    return Invoice(
        key=row.required("id"),
        direction=InvoiceDirection.SALES if is_sale else InvoiceDirection.PURCHASE,
        number=row.text("number"),
        contact_key=row.text("companyId"),
        date=day,
        due_date=row.day("dueDate"),
        currency=row.text("currency"),
        total_e4=sign * total_e4,
        tax_e4=None if tax_e4 is None else sign * tax_e4,
        open_e4=None if open_e4 is None else sign * open_e4,
        reference=row.text("reference"),
    )

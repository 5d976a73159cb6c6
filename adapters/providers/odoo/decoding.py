"""Rows into records of the books. Pure: no call is made here.

Facts behind it, seen on a genuine Odoo 19: the ledger is what is posted; lines without an account
are text (sections, notes); the date of a line is its move's; header amounts are taken for invoices
because sums of lines can differ by a cent; ``*_signed`` amounts are in the company's currency.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from adapters.providers.odoo.rows import (
    AccountRow,
    BalanceGroup,
    CompanyRow,
    JournalRow,
    LineRow,
    MoveRow,
    PartnerRow,
    TaxRow,
    id_of,
    name_of,
    text_of,
)
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
    Record,
    Statement,
    TaxCode,
    TaxUse,
)
from core.domain.failures import NotUnderstood
from core.domain.integration import Administration
from core.domain.money import InexactAmount, parse_e4
from core.domain.proof import Cell, ControlTotals

POSTED: Final = "posted"

_E4_STEP: Final = Decimal("0.0001")
_NOISE_MAX: Final = Decimal("0.000001")
"""The server computes some amounts in binary floating point. Digits beyond the fourth decimal that
come to less than this are that noise; anything larger is an amount we do not understand."""

_CLASSES: Final = {
    "asset": AccountClass.ASSET,
    "liability": AccountClass.LIABILITY,
    "equity": AccountClass.EQUITY,
    "income": AccountClass.INCOME,
    "expense": AccountClass.EXPENSE,
    "off": AccountClass.OFF_BALANCE,
    "off_balance": AccountClass.OFF_BALANCE,  # 15 and older
}
_STATEMENTS: Final = {
    AccountClass.INCOME: Statement.PROFIT_AND_LOSS,
    AccountClass.EXPENSE: Statement.PROFIT_AND_LOSS,
    AccountClass.OFF_BALANCE: Statement.OFF_BALANCE,
}
_JOURNAL_KINDS: Final = {
    "sale": JournalKind.SALES,
    "purchase": JournalKind.PURCHASE,
    "bank": JournalKind.BANK,
    "credit": JournalKind.BANK,
    "cash": JournalKind.CASH,
    "general": JournalKind.GENERAL,
}
_TAX_USES: Final = {"sale": TaxUse.SALES, "purchase": TaxUse.PURCHASE, "none": TaxUse.NONE}

_DIRECTIONS: Final = {
    "out_invoice": (InvoiceDirection.SALES, 1),
    "out_refund": (InvoiceDirection.SALES, 1),
    "out_receipt": (InvoiceDirection.SALES, 1),
    "in_invoice": (InvoiceDirection.PURCHASE, -1),
    "in_refund": (InvoiceDirection.PURCHASE, -1),
    "in_receipt": (InvoiceDirection.PURCHASE, -1),
}
"""Direction, and what turns a signed amount into ours: an invoice positive, a refund negative.
Signed amounts are: out_invoice +, out_refund -, in_invoice -, in_refund +."""


def amount_e4(value: Decimal) -> int:
    """An amount of the wire in 1/10,000, free of the server's binary noise. NotUnderstood."""
    if not value.is_finite():
        raise _unreadable("an amount", str(value))
    if value.as_tuple().exponent not in _SHORT:
        try:
            rounded = value.quantize(_E4_STEP)
        except ArithmeticError as error:
            raise _unreadable("an amount", str(value)[:40]) from error
        if abs(rounded - value) <= _NOISE_MAX:
            value = rounded
    try:
        return parse_e4(value)
    except InexactAmount as error:
        raise _unreadable("an amount", str(error)) from error


_SHORT: Final = frozenset({0, -1, -2, -3, -4})


def date_of(text: str) -> dt.date:
    """``2024-02-26``; NotUnderstood otherwise."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise _unreadable("a date", repr(text[:40])) from error


def administration(row: CompanyRow) -> Administration:
    """A company; a branch names its parent. Ids are kept in a backup, so there is no epoch."""
    parent = id_of(row.parent_id)
    locked = text_of(row.fiscalyear_lock_date)
    return Administration(
        key=str(row.id),
        name=row.name,
        currency=name_of(row.currency_id) or "",
        country=text_of(row.country_code),
        parent_key=None if parent is None else str(parent),
        importable=row.active,
        obstacle=None if row.active else "This company is archived in Odoo.",
        closed_through=date_of(locked) if locked else None,
    )


def account(row: AccountRow) -> LedgerAccount:
    group = _CLASSES.get(text_of(row.internal_group) or "", AccountClass.UNKNOWN)
    return LedgerAccount(
        key=str(row.id),
        code=text_of(row.code) or "",
        name=text_of(row.name) or "",
        account_class=group,
        statement=_STATEMENTS.get(group, Statement.BALANCE_SHEET),
        active=row.active and not row.deprecated,
    )


def journal(row: JournalRow) -> Journal:
    return Journal(
        key=str(row.id),
        code=text_of(row.code) or "",
        name=text_of(row.name) or "",
        journal_kind=_JOURNAL_KINDS.get(text_of(row.type) or "", JournalKind.OTHER),
        active=row.active,
    )


def tax_code(row: TaxRow) -> TaxCode:
    """Odoo's taxes have a name and no code: the name is what people know them by."""
    name = text_of(row.name) or ""
    rate = row.amount * 100 if row.amount_type == "percent" else None
    whole = rate is not None and rate == rate.to_integral_value()
    return TaxCode(
        key=str(row.id),
        code=name,
        name=name,
        use=_TAX_USES.get(text_of(row.type_tax_use) or "", TaxUse.BOTH),
        rate_e4=int(rate) if rate is not None and whole else None,
        active=row.active,
    )


def contact(row: PartnerRow) -> Contact:
    return Contact(
        key=str(row.id),
        code=text_of(row.ref),
        name=text_of(row.name) or "",
        is_customer=row.customer_rank > 0,
        is_supplier=row.supplier_rank > 0,
        vat_number=text_of(row.vat),
        email=text_of(row.email),
        city=text_of(row.city),
        country=text_of(row.country_code),
        active=row.active,
    )


def move_records(move: MoveRow, currency: str) -> list[Record]:
    """A posted move: its header, its ledger lines and, if it is one, the invoice.

    ``currency`` is the company's. Odoo has no period numbers: year and month of the date.
    """
    date = date_of(move.date)
    key = str(move.id)
    records: list[Record] = [
        JournalEntry(
            key=key,
            number=_number(move),
            journal_key=_key(id_of(move.journal_id)),
            date=date,
            year=date.year,
            period=date.month,
            description=text_of(move.ref),
        )
    ]
    records += _lines(move.line_ids, key, date, currency)
    found = _DIRECTIONS.get(move.move_type)
    if found is not None:
        records.append(_invoice(move, date, *found))
    return records


def partner_ids(move: MoveRow) -> set[int]:
    """The contacts that the move's records refer to."""
    found = {id_of(line.partner_id) for line in move.line_ids if id_of(line.account_id) is not None}
    if move.move_type in _DIRECTIONS:
        found.add(id_of(move.commercial_partner_id))
    return {number for number in found if number is not None}


def control_totals(groups: Iterable[BalanceGroup]) -> ControlTotals:
    """The server's sums per account and month, over every year."""
    balances_e4: dict[Cell, int] = {}
    for group in groups:
        account_id = id_of(group.account_id)
        amount = group.formatted if group.formatted is not None else group.plain
        if account_id is None or amount is None:
            raise _unreadable("a control total", "a group without account or sum")
        first = _first_day(group)
        cell = Cell(account_key=str(account_id), year=first.year, period=first.month)
        balances_e4[cell] = balances_e4.get(cell, 0) + amount_e4(amount)
    return ControlTotals(balances_e4=balances_e4)


def _lines(
    rows: Sequence[LineRow], entry_key: str, date: dt.date, currency: str
) -> list[JournalLine]:
    real = [row for row in rows if id_of(row.account_id) is not None]
    real.sort(key=lambda row: (row.sequence, row.id))
    lines = []
    for position, row in enumerate(real):
        in_currency = name_of(row.currency_id)
        foreign = in_currency is not None and in_currency != currency
        tax = id_of(row.tax_line_id)
        if tax is None and len(row.tax_ids) == 1:
            tax = row.tax_ids[0]
        lines.append(
            JournalLine(
                key=str(row.id),
                entry_key=entry_key,
                position=position,
                account_key=str(id_of(row.account_id)),
                date=date,
                year=date.year,
                period=date.month,
                amount_e4=amount_e4(row.balance),
                currency=in_currency if foreign else None,
                foreign_e4=amount_e4(row.amount_currency) if foreign else None,
                contact_key=_key(id_of(row.partner_id)),
                tax_key=_key(tax),
                description=text_of(row.name),
            )
        )
    return lines


def _invoice(move: MoveRow, date: dt.date, direction: InvoiceDirection, sign: int) -> Invoice:
    issued = text_of(move.invoice_date)
    due = text_of(move.invoice_date_due)
    sales = direction is InvoiceDirection.SALES
    tax, residual = move.amount_tax_signed, move.amount_residual_signed
    return Invoice(
        key=str(move.id),
        direction=direction,
        number=_number(move),
        contact_key=_key(id_of(move.commercial_partner_id)),
        date=date_of(issued) if issued else date,
        due_date=date_of(due) if due else None,
        currency=name_of(move.currency_id),
        total_e4=sign * amount_e4(move.amount_total_signed),
        tax_e4=None if tax is None else sign * amount_e4(tax),
        open_e4=None if residual is None else sign * amount_e4(residual),
        reference=text_of(move.payment_reference if sales else move.ref) or text_of(move.ref),
        entry_key=str(move.id),
    )


def _number(move: MoveRow) -> str | None:
    """None for a number not given yet: ``false`` on 19, a slash on older servers."""
    number = text_of(move.name)
    return None if number == "/" else number


def _first_day(group: BalanceGroup) -> dt.date:
    if isinstance(group.month, tuple):
        return date_of(group.month[0])
    for name in ("date:month", "date"):
        found = group.ranges.get(name)
        if found is not None and not isinstance(found, bool):
            return date_of(found.start)
    raise _unreadable("a control total", "a group without its month")


def _key(number: int | None) -> str | None:
    return None if number is None else str(number)


def _unreadable(what: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"Odoo sent {what} that this version cannot read: report this with the log.", detail=detail
    )

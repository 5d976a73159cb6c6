"""From rows to records. Documents become the entries Xero posts for them.

How Xero posts follows from recorded journals for invoices, credit notes, payments, money spent and
received, transfers and manual journals; for prepayments, overpayments and manual journals with tax
included it is inferred. What no document tells is not made up: the trial balance shows it as a
difference, account by account. How Xero rounds amounts of other currencies is not known: each
line is rounded to the cent, and the control account takes what the lines add up to.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from adapters.providers.kit.decoding import cents_e4, trimmed
from adapters.providers.xero import codes, rows
from adapters.providers.xero.entries import (
    NO_ACCOUNT,
    Heading,
    Organisation,
    Part,
    Posted,
    base_e4,
    entry_of,
)
from adapters.providers.xero.rows import day, day_or_none, e4, key
from core.domain.books import Invoice, InvoiceDirection, JournalEntry, JournalLine, Record

_INCLUSIVE: Final = "Inclusive"
_NO_TAX: Final = "NoTax"


def trade(
    organisation: Organisation, row: rows.InvoiceRow | rows.CreditNoteRow, *, ledger: bool
) -> Posted:
    """An invoice, bill or credit note; with its entry where the ``ledger`` is made of documents."""
    document = key(row.id)
    if row.status not in codes.POSTED_TRADE or row.type in codes.REPEATED_TRADE:
        return Posted(key=document, year=_year(organisation, row.date))
    sign = codes.LINE_SIGNS.get(row.type)
    if sign is None:
        raise ValueError(f"document of type {row.type!r}")
    heading = Heading(
        key=document,
        journal=codes.JOURNAL_OF[row.type],
        day=day(row.date),
        number=trimmed(row.number),
        description=trimmed(row.reference) or trimmed(row.number),
        contact=_contact(row.contact),
        currency=row.currency_code,
        rate=row.currency_rate,
    )
    records: list[Record] = []
    if ledger:
        parts = _lines(organisation, row, sign)
        control = organisation.control(codes.CONTROL_OF[row.type])
        records = entry_of(organisation, heading, parts, control)
    records.append(_invoice(organisation, row, heading, ledger=bool(records)))
    return Posted(key=document, records=tuple(records), year=_year(organisation, row.date))


def bank_transaction(organisation: Organisation, row: rows.BankTransactionRow) -> Posted:
    """Money spent or received. The halves of a transfer are left out: it is read by itself."""
    document = key(row.id)
    year = _year(organisation, row.date)
    if row.status not in codes.POSTED_BANK or row.type in codes.TRANSFER_HALVES:
        return Posted(key=document, year=year)
    sign = codes.BANK_SIGNS.get(row.type)
    if sign is None:
        raise ValueError(f"bank transaction of type {row.type!r}")
    heading = Heading(
        key=document,
        journal="bank",
        day=day(row.date),
        description=trimmed(row.reference),
        contact=_contact(row.contact),
        currency=row.currency_code,
        rate=row.currency_rate,
    )
    parts = _lines(organisation, row, -sign, control=codes.OVERPAYMENT_CONTROL.get(row.type))
    bank = _of(organisation, row.bank_account)
    return Posted(
        key=document, records=tuple(entry_of(organisation, heading, parts, bank)), year=year
    )


def payment(organisation: Organisation, row: rows.PaymentRow) -> Posted:
    """Bank against debtors or creditors, both at the payment's own rate: what the rates made of it
    meanwhile is in no document.
    """
    document = key(row.id)
    year = _year(organisation, row.date)
    if row.status not in codes.POSTED_BANK:
        return Posted(key=document, year=year)
    side = codes.PAYMENT_SIDES.get(row.payment_type)
    if side is None:
        raise ValueError(f"payment of type {row.payment_type!r}")
    part, sign = side
    settled = row.settled
    currency = settled.currency_code if settled is not None else None
    bank = _of(organisation, row.account)
    amount = row.amount or Decimal(0)
    rate = row.currency_rate
    told_in_base = row.bank_amount is not None and bank not in organisation.foreign_banks
    if organisation.is_foreign(currency) and told_in_base and row.bank_amount:
        # Exact: what the bank booked, in the organisation's own currency.
        rate = amount / row.bank_amount
    heading = Heading(
        key=document,
        journal="bank",
        day=day(row.date),
        description=trimmed(row.reference),
        contact=_contact(settled.contact if settled is not None else None),
        currency=currency,
        rate=rate,
    )
    control = Part(role="control", account=organisation.control(part), amount=-sign * amount)
    return Posted(
        key=document, records=tuple(entry_of(organisation, heading, [control], bank)), year=year
    )


def bank_transfer(organisation: Organisation, row: rows.BankTransferRow) -> Posted:
    """One bank to another. Between currencies the amount is that of the account it leaves, and
    ``CurrencyRate`` is taken for foreign units per unit of the base: not confirmed.
    """
    document = key(row.id)
    year = _year(organisation, row.date)
    if row.status not in codes.POSTED_BANK:
        return Posted(key=document, year=year)
    origin = _of(organisation, row.from_bank_account)
    target = _of(organisation, row.to_bank_account)
    is_foreign = origin in organisation.foreign_banks
    if is_foreign and not row.currency_rate:
        raise ValueError("a transfer from a bank account in another currency has no rate")
    amount = row.amount or Decimal(0)
    base = amount / row.currency_rate if is_foreign and row.currency_rate else amount
    heading = Heading(
        key=document,
        journal="bank",
        day=day(row.date),
        description=trimmed(row.reference),
    )
    parts = [Part(role="to", account=target, amount=Decimal(cents_e4(base)).scaleb(-4))]
    return Posted(
        key=document, records=tuple(entry_of(organisation, heading, parts, origin)), year=year
    )


def manual_journal(organisation: Organisation, row: rows.ManualJournalRow) -> Posted:
    """Lines as they stand, debit positive, and the tax they carry on the tax account."""
    document = key(row.id)
    year = _year(organisation, row.date)
    if row.status not in codes.POSTED_MANUAL:
        return Posted(key=document, year=year)
    heading = Heading(
        key=document, journal="manual", day=day(row.date), description=trimmed(row.narration)
    )
    parts = []
    tax = Decimal(0)
    for ordinal, line in enumerate(row.journal_lines):
        amount, of_line = line.line_amount or Decimal(0), line.tax_amount or Decimal(0)
        if not amount and not line.account_id and not line.account_code:
            continue  # a remark
        if row.line_amount_types != _NO_TAX:
            tax += of_line
        net = amount - of_line if row.line_amount_types == _INCLUSIVE else amount
        parts.append(
            Part(
                role=str(ordinal),
                account=organisation.account(line.account_id, line.account_code),
                amount=net,
                tax_key=_tax_key(line.tax_type),
                description=trimmed(line.description),
            )
        )
    if tax:
        parts.append(Part(role="tax", account=organisation.control(codes.TAX), amount=tax))
    return Posted(
        key=document, records=tuple(entry_of(organisation, heading, parts, None)), year=year
    )


def journal(organisation: Organisation, row: rows.JournalRow) -> Posted:
    """A journal as posted. Never changes; an edit is another that reverses it, and a third."""
    entry_key, on = key(row.id), day(row.date)
    year, period = organisation.years.of(on)
    entry = JournalEntry(
        key=entry_key,
        number=str(row.number),
        journal_key=codes.JOURNAL_OF.get(row.source_type or "", codes.SYSTEM_JOURNAL),
        date=on,
        year=year,
        period=period,
        description=trimmed(row.reference),
    )
    lines = [
        JournalLine(
            key=key(line.id),
            entry_key=entry_key,
            position=position,
            account_key=key(line.account_id) if line.account_id else NO_ACCOUNT,
            date=on,
            year=year,
            period=period,
            amount_e4=e4(line.net_amount),
            tax_key=_tax_key(line.tax_type),
            description=trimmed(line.description),
        )
        for position, line in enumerate(row.lines)
    ]
    return Posted(key=entry_key, records=(entry, *lines) if lines else (), year=year)


# -- within ----------------------------------------------------------------------------------------


def _lines(
    organisation: Organisation,
    row: rows.DocumentRow,
    sign: int,
    control: str | None = None,
) -> list[Part]:
    """Net lines and one of the tax. ``control``: the part an account plays no line has to name."""
    parts: list[Part] = []
    tax = Decimal(0)
    for ordinal, item in enumerate(row.line_items):
        amount, of_line = item.line_amount or Decimal(0), item.tax_amount or Decimal(0)
        if not amount and not item.account_id and not item.account_code:
            continue  # a remark
        if row.line_amount_types == _NO_TAX:
            of_line = Decimal(0)
        tax += of_line
        account = organisation.account(item.account_id, item.account_code)
        if account == NO_ACCOUNT and control is not None:
            account = organisation.control(control)
        parts.append(
            Part(
                role=key(item.line_item_id) if item.line_item_id else str(ordinal),
                account=account,
                amount=sign * (amount - of_line if row.line_amount_types == _INCLUSIVE else amount),
                tax_key=_tax_key(item.tax_type),
                description=trimmed(item.description),
            )
        )
    if tax:
        account = organisation.control(codes.TAX)
        parts.append(Part(role="tax", account=account, amount=sign * tax))
    return parts


def _invoice(
    organisation: Organisation,
    row: rows.InvoiceRow | rows.CreditNoteRow,
    heading: Heading,
    *,
    ledger: bool,
) -> Invoice:
    sign = -1 if isinstance(row, rows.CreditNoteRow) else 1
    is_sale = codes.CONTROL_OF[row.type] == codes.DEBTORS
    total, tax, still_open = (
        sign * base_e4(organisation, amount, heading)
        for amount in (row.total, row.total_tax, row.open)
    )
    return Invoice(
        key=heading.key,
        direction=InvoiceDirection.SALES if is_sale else InvoiceDirection.PURCHASE,
        number=heading.number,
        contact_key=heading.contact,
        date=heading.day,
        due_date=day_or_none(row.due_date),
        currency=row.currency_code or organisation.currency,
        total_e4=total,
        tax_e4=tax,
        open_e4=None if row.open is None else still_open,
        reference=trimmed(row.reference),
        entry_key=heading.key if ledger else None,
    )


def without_lines(found: Iterable[rows.DocumentRow]) -> bool:
    """Whether a page holds posted documents with amounts, and not one line of any of them."""
    posted = [row for row in found if row.status in codes.POSTED_TRADE and row.total]
    return bool(posted) and not any(row.line_items for row in posted)


def _of(organisation: Organisation, account: rows.AccountOf | None) -> str:
    if account is None:
        return NO_ACCOUNT
    return organisation.account(account.account_id, account.code)


def _contact(contact: rows.ContactOf | None) -> str | None:
    return key(contact.contact_id) if contact is not None and contact.contact_id else None


def _tax_key(tax_type: str | None) -> str | None:
    return trimmed(tax_type)


def _year(organisation: Organisation, told: str | None) -> int | None:
    return organisation.years.of(day(told))[0] if told else None

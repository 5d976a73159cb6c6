"""Objects as Horus is assumed to write them: camelCase; amounts as decimal text."""

from typing import Final

from sandbox.fiscal import FiscalYear
from sandbox.horus.view import ACCOUNT_TYPES, OPENING_JOURNAL, View, moment
from sandbox.identity import Kind
from sandbox.records import (
    Account,
    Contact,
    Entry,
    EntryKind,
    Journal,
    JournalKind,
    Line,
    LineRole,
    TaxCode,
    TaxKind,
)
from sandbox.truth import decimal_text

Row = dict[str, object]

JOURNAL_TYPES: Final = {
    JournalKind.SALES: "sale",
    JournalKind.PURCHASE: "purchase",
    JournalKind.BANK: "bank",
    JournalKind.CASH: "cash",
    JournalKind.GENERAL: "misc",
}
SALES: Final = {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}
CREDIT_NOTES: Final = {EntryKind.SALES_CREDIT, EntryKind.PURCHASE_CREDIT}
OPENING_SERIAL: Final = 10_000_000
"""Ids of opening entries and their journal lie beyond those of the books."""


def folder(view: View) -> Row:
    company = view.company
    return {
        "id": view.id,
        "code": f"DOS{company.number:02d}",
        "name": company.name,
        "legalName": company.name,
        "vatNumber": company.vat_number,
        "currency": company.currency,
        "country": company.country,
        "active": view.active,
        "address": {"street": "", "zip": "", "city": company.city, "country": company.country},
        "createdAt": "2024-01-02T03:04:05Z",
    }


def book_year(view: View, known: FiscalYear) -> Row:
    periods = [period for period in view.books.periods if period.year == known.year]
    return {
        "id": view.book_year_id(known.year),
        "name": str(known.year),
        "startDate": known.start.isoformat(),
        "endDate": known.end.isoformat(),
        "closed": view.is_closed(known.year),
        "periods": [
            {
                "number": period.number,
                "startDate": period.first.isoformat(),
                "endDate": period.last.isoformat(),
            }
            for period in periods
        ],
    }


def account(view: View, shown: Account) -> Row:
    return {
        "id": view.guid(Kind.ACCOUNT, shown.serial),
        "number": shown.code,
        "name": shown.name,
        "type": ACCOUNT_TYPES.get(shown.kind, "expense"),
        "active": True,
        "vatCodeId": None,
        "modifiedAt": moment(shown.modified_ms),
    }


def journal(view: View, shown: Journal) -> Row:
    behind = shown.account
    return {
        "id": view.guid(Kind.JOURNAL, shown.serial),
        "code": shown.code,
        "name": shown.name,
        "type": JOURNAL_TYPES[shown.kind],
        "accountId": None if behind is None else view.guid(Kind.ACCOUNT, behind.serial),
        "active": True,
    }


def opening_journal(view: View) -> Row:
    return {
        "id": view.guid(Kind.JOURNAL, OPENING_SERIAL),
        "code": OPENING_JOURNAL,
        "name": "A nouveaux",
        "type": "opening",
        "accountId": None,
        "active": True,
    }


def vat_code(view: View, tax: TaxCode) -> Row:
    return {
        "id": view.guid(Kind.TAX_CODE, tax.serial),
        "code": tax.code,
        "name": tax.name,
        "rate": decimal_text(tax.basis_points),
        "direction": "sale" if tax.kind is TaxKind.SALES else "purchase",
        "reverseCharge": tax.kind is TaxKind.REVERSE_CHARGE,
        "active": True,
    }


def company(view: View, person: Contact) -> Row:
    return {
        "id": view.guid(Kind.CONTACT, person.serial),
        "name": person.name,
        "vatNumber": person.vat_number,
        "isCustomer": person.customer,
        "isSupplier": person.supplier,
        "street": person.street,
        "zip": person.postcode,
        "city": person.city,
        "country": person.country,
        "email": person.email,
        "iban": None,
        "active": True,
        "modifiedAt": moment(person.modified_ms),
    }


def entry(view: View, booked: Entry) -> Row:
    """Without its lines, which come inside or beside it."""
    person = booked.contact
    return {
        "id": view.guid(Kind.ENTRY, booked.serial),
        "journalId": view.guid(Kind.JOURNAL, booked.journal.serial),
        "bookYearId": view.book_year_id(booked.year),
        "period": booked.period,
        "number": str(booked.number),
        "date": booked.date.isoformat(),
        "dueDate": None if booked.due is None else booked.due.isoformat(),
        "documentDate": booked.date.isoformat(),
        "reference": booked.reference,
        "description": booked.description,
        "companyId": None if person is None else view.guid(Kind.CONTACT, person.serial),
        "currency": booked.currency,
        "exchangeRate": f"{booked.rate_millionths / 1_000_000:.6f}",
        "posted": True,
        "modifiedAt": moment(view.changed_ms(booked)),
        "deleted": False,
    }


def deleted_entry(view: View, booked: Entry, at_ms: int) -> Row:
    return {
        "id": view.guid(Kind.ENTRY, booked.serial),
        "modifiedAt": moment(at_ms),
        "deleted": True,
    }


def line(view: View, posted: Line) -> Row:
    person = posted.entry.contact
    assert posted.account is not None
    return {
        "id": view.guid(Kind.LINE, posted.serial),
        "position": posted.number,
        "accountId": view.guid(Kind.ACCOUNT, posted.account.serial),
        "debit": decimal_text(max(posted.cents, 0)),
        "credit": decimal_text(max(-posted.cents, 0)),
        "amountCurrency": decimal_text(posted.foreign_cents),
        "companyId": None if person is None else view.guid(Kind.CONTACT, person.serial),
        "description": posted.description,
        "vatCodeId": None if posted.tax is None else view.guid(Kind.TAX_CODE, posted.tax.serial),
        "vatBase": None,
        "analytic": [],
    }


def opening_entry(view: View, year: FiscalYear) -> tuple[Row, list[Row]]:
    """What the years before ended with, as an entry of its own."""
    row = {
        "id": view.guid(Kind.ENTRY, OPENING_SERIAL + year.year),
        "journalId": view.guid(Kind.JOURNAL, OPENING_SERIAL),
        "bookYearId": view.book_year_id(year.year),
        "period": 1,
        "number": "1",
        "date": year.start.isoformat(),
        "description": f"A nouveaux {year.year}",
        "currency": view.company.currency,
        "posted": True,
        "modifiedAt": moment(0),
        "deleted": False,
    }
    lines: list[Row] = [
        {
            "id": view.guid(Kind.LINE, OPENING_SERIAL + year.year * 1_000 + place),
            "position": place,
            "accountId": view.guid(Kind.ACCOUNT, carried.account.serial),
            "debit": decimal_text(max(carried.cents, 0)),
            "credit": decimal_text(max(-carried.cents, 0)),
        }
        for place, carried in enumerate(view.carried_into(year.year))
    ]
    return row, lines


def invoice(view: View, booked: Entry) -> Row:
    sale = booked.kind in SALES
    sign = 1 if sale else -1
    gross = booked.lines[0].cents * sign
    tax = -sign * sum(line.cents for line in booked.lines if line.role is LineRole.VAT)
    is_credit = booked.kind in CREDIT_NOTES
    if is_credit:
        gross, tax = -gross, -tax
    left = booked.open_cents * sign
    person = booked.contact
    return {
        "id": view.guid(Kind.TOMBSTONE, booked.serial),
        "type": "sale" if sale else "purchase",
        "number": str(booked.invoice_number),
        "reference": booked.reference,
        "companyId": None if person is None else view.guid(Kind.CONTACT, person.serial),
        "date": booked.date.isoformat(),
        "dueDate": None if booked.due is None else booked.due.isoformat(),
        "currency": view.company.currency,
        "totalExclVat": decimal_text(gross - tax),
        "totalVat": decimal_text(tax),
        "totalInclVat": decimal_text(gross),
        "openAmount": decimal_text(-left if is_credit else left),
        "status": "open" if left else "paid",
        "creditNote": is_credit,
        "bookEntryId": view.guid(Kind.ENTRY, booked.serial),
        "lines": [],
        "modifiedAt": moment(view.changed_ms(booked)),
    }


def deleted_invoice(view: View, booked: Entry, at_ms: int) -> Row:
    return {
        "id": view.guid(Kind.TOMBSTONE, booked.serial),
        "modifiedAt": moment(at_ms),
        "deleted": True,
    }


def balances(view: View, year: FiscalYear) -> list[Row]:
    """Per account: what it began with, what moved, what it comes to."""
    opening = {carried.account.serial: carried.cents for carried in view.carried_into(year.year)}
    debit: dict[int, int] = {}
    credit: dict[int, int] = {}
    for key, cell in view.books.balances.items():
        if key.year == year.year and cell.lines:
            debit[key.account] = debit.get(key.account, 0) + cell.debit_cents
            credit[key.account] = credit.get(key.account, 0) + cell.credit_cents
    found: list[Row] = []
    for serial in sorted(opening.keys() | debit.keys()):
        before, plus, minus = opening.get(serial, 0), debit.get(serial, 0), credit.get(serial, 0)
        found.append(
            {
                "accountId": view.guid(Kind.ACCOUNT, serial),
                "accountNumber": view.books.accounts[serial].code,
                "openingDebit": decimal_text(max(before, 0)),
                "openingCredit": decimal_text(max(-before, 0)),
                "debit": decimal_text(plus),
                "credit": decimal_text(minus),
                "balance": decimal_text(before + plus - minus),
            }
        )
    return found

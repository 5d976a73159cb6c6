"""Rows as Moneybird writes them. Field names and types are those of its official API document."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from sandbox.identity import Kind
from sandbox.moneybird.view import (
    ACCOUNT_TYPES,
    CREDIT_TYPES,
    WITHOUT_NUMBER,
    WITHOUT_TAXONOMY,
    Booking,
    View,
)
from sandbox.records import (
    Account,
    AccountKind,
    Contact,
    Entry,
    EntryKind,
    LineRole,
    TaxCode,
    TaxKind,
)

TAX_TYPES: Final[Mapping[TaxKind, str]] = {
    TaxKind.SALES: "sales_invoice",
    TaxKind.PURCHASE: "purchase_invoice",
    TaxKind.REVERSE_CHARGE: "purchase_invoice",
    TaxKind.NONE: "general_journal_document",
}
TRADE_TYPES: Final = ["sales_invoice", "financial_mutation", "general_journal_document"]


def money(cents: int) -> str:
    """At least one decimal: ``300.0``, ``247.93``."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    return f"{sign}{units}.{rest // 10}" if rest % 10 == 0 else f"{sign}{units}.{rest:02d}"


def moment(ms: int) -> str:
    told = datetime.fromtimestamp(ms / 1000, tz=UTC)
    return f"{told:%Y-%m-%dT%H:%M:%S}.{told.microsecond // 1000:03d}Z"


def administration(view: View) -> dict[str, object]:
    """One locks its books with a moment instead of a day, as fixtures show."""
    locked: str | None = "2025-12-31"
    if view.company.number == 2:
        locked = "2025-12-31T23:00:00.000Z"
    return {
        "id": view.id,
        "name": view.company.name,
        "language": "nl" if view.company.country == "NL" else "nl-be",
        "currency": view.company.currency,
        "country": view.company.country,
        "time_zone": "Europe/Amsterdam",
        "access": "accountant_company" if view.company.number == 7 else "user",
        "suspended": view.suspended,
        "period_locked_until": locked,
        "period_start_date": "2025-01-01",
    }


def ledger_account(view: View, account: Account) -> dict[str, object]:
    taxonomy = None
    if account.kind is not WITHOUT_TAXONOMY:
        taxonomy = {
            "taxonomy_version": "3.5",
            "code": f"X{account.kind.name.title()}",
            "name": account.name,
            "name_english": account.kind.value,
            "reference": f"90{account.code}",
        }
    return {
        "id": view.number(Kind.ACCOUNT, account.serial),
        "administration_id": view.id,
        "name": account.name,
        "account_type": ACCOUNT_TYPES[account.kind],
        "account_id": None if account.kind in WITHOUT_NUMBER else account.code,
        "parent_id": None,
        "active": account.kind is not AccountKind.INVENTORY,
        "created_at": moment(account.created_ms),
        "updated_at": moment(account.modified_ms),
        "allowed_document_types": TRADE_TYPES,
        "taxonomy_item": taxonomy,
        "financial_account_id": view.financial_account_id(account),
    }


def tax_rate(view: View, tax: TaxCode) -> dict[str, object]:
    """``percentage`` is text, number or null."""
    percentage: object = f"{tax.basis_points // 100}.{tax.basis_points % 100 // 10}"
    if tax.kind is TaxKind.NONE:
        percentage = None
    elif not tax.basis_points:
        percentage = 0
    return {
        "id": view.number(Kind.TAX_CODE, tax.serial),
        "administration_id": view.id,
        "name": tax.name,
        "percentage": percentage,
        "tax_rate_type": TAX_TYPES[tax.kind],
        "show_tax": True,
        "active": True,
        "country": None,
        "created_at": moment(tax.modified_ms),
        "updated_at": moment(tax.modified_ms),
    }


def contact(view: View, known: Contact) -> dict[str, object]:
    """Every second one is a person instead of a company; blanks are empty text."""
    first, _, last = known.name.partition(" ")
    is_person = known.serial % 2 == 1
    return {
        "id": view.number(Kind.CONTACT, known.serial),
        "administration_id": view.id,
        "company_name": "" if is_person else known.name,
        "firstname": first if is_person else None,
        "lastname": last if is_person else None,
        "address1": known.street,
        "address2": "",
        "zipcode": known.postcode,
        "city": known.city,
        "country": known.country,
        "phone": "",
        "delivery_method": "Email",
        "customer_id": str(known.number),
        "tax_number": known.vat_number or "",
        "chamber_of_commerce": "",
        "bank_account": "",
        "is_trusted": False,
        "max_transfer_amount": None,
        "attention": "",
        "email": known.email,
        "email_ubl": True,
        "send_invoices_to_attention": "",
        "send_invoices_to_email": known.email,
        "direct_debit": False,
        "sepa_active": False,
        "sepa_sequence_type": "RCUR",
        "created_at": moment(known.created_ms),
        "updated_at": moment(known.modified_ms),
        "version": known.modified_ms // 1000,
        "sales_invoices_url": f"https://moneybird.dev/{view.id}/sales_invoices/{'0' * 64}/all",
        "notes": [],
        "custom_fields": [],
        "contact_people": [],
        "archived": view.is_archived(known),
    }


def whole_contact(view: View, known: Contact) -> dict[str, object]:
    """By itself a contact has its events too; inside an invoice it has none."""
    return {**contact(view, known), "events": []}


class _Totals:
    """Of an invoice, from the seller's or the buyer's side; in its own and the base currency."""

    def __init__(self, entry: Entry) -> None:
        side = 1 if entry.kind in {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT} else -1
        header = entry.lines[0]
        net = [line for line in entry.lines if line.role is LineRole.NET]
        self.incl_base = side * header.cents
        self.incl = side * header.foreign_cents
        self.excl_base = -side * sum(line.cents for line in net)
        self.excl = -side * sum(line.foreign_cents for line in net)
        self.open_base = side * entry.open_cents
        self.open = self.open_base if self.incl == self.incl_base else 0
        if self.open_base and self.incl != self.incl_base:
            self.open = self.incl


def _details(view: View, entry: Entry) -> list[dict[str, object]]:
    """The amount of a row is free text; only its decimal twin is a number."""
    return [
        {
            "id": view.number(Kind.LINE, line.serial),
            "administration_id": view.id,
            "tax_rate_id": None
            if line.tax is None
            else view.number(Kind.TAX_CODE, line.tax.serial),
            "ledger_account_id": None
            if line.account is None
            else view.number(Kind.ACCOUNT, line.account.serial),
            "project_id": None,
            "product_id": None,
            "amount": "1 x",
            "amount_decimal": "1.0",
            "description": line.description,
            "price": money(abs(line.foreign_cents)),
            "period": None,
            "row_order": place,
            "tax_report_reference": [],
            "created_at": moment(entry.created_ms),
            "updated_at": moment(line.modified_ms),
        }
        for place, line in enumerate(entry.lines)
        if line.role is LineRole.NET
    ]


def _common(view: View, entry: Entry) -> dict[str, object]:
    totals = _Totals(entry)
    contact_id = None
    if entry.contact is not None:
        contact_id = view.number(Kind.CONTACT, entry.contact.serial)
    return {
        "id": view.number(Kind.ENTRY, entry.serial),
        "administration_id": view.id,
        "contact_id": contact_id,
        "contact": None if entry.contact is None else contact(view, entry.contact),
        "due_date": None if entry.due is None else entry.due.isoformat(),
        "currency": entry.currency,
        "paid_at": None if totals.open_base else entry.date.isoformat(),
        "created_at": moment(entry.created_ms),
        "updated_at": moment(entry.modified_ms),
        "version": view.version(entry),
        "details": _details(view, entry),
        "payments": [],
        "prices_are_incl_tax": False,
        "total_price_excl_tax": money(totals.excl),
        "total_price_excl_tax_base": money(totals.excl_base),
        "total_price_incl_tax": money(totals.incl),
        "total_price_incl_tax_base": money(totals.incl_base),
        "notes": [],
        "attachments": [],
        "events": [],
    }


def sales_invoice(view: View, entry: Entry) -> dict[str, object]:
    """``invoice_id`` is the number people know, not an id."""
    totals = _Totals(entry)
    return {
        **_common(view, entry),
        "invoice_id": str(entry.invoice_number),
        "draft_id": None,
        "workflow_id": view.number(Kind.PERIOD, 0),
        "state": "open" if totals.open_base else "paid",
        "invoice_date": entry.date.isoformat(),
        "payment_conditions": None,
        "reference": entry.reference,
        "language": "nl",
        "discount": "0.0",
        "original_sales_invoice_id": None,
        "paused": False,
        "sent_at": entry.date.isoformat(),
        "total_paid": money(totals.incl - totals.open),
        "total_unpaid": money(totals.open),
        "total_unpaid_base": money(totals.open_base),
        "total_discount": "0.0",
        "url": "https://moneybird.dev/documents/0",
        "payment_url": "https://moneybird.dev/online_sales_invoices/0/pay",
        "custom_fields": [],
        "tax_totals": [],
    }


def external_sales_invoice(view: View, entry: Entry) -> dict[str, object]:
    totals = _Totals(entry)
    return {
        **_common(view, entry),
        "date": entry.date.isoformat(),
        "state": "open" if totals.open_base else "paid",
        "reference": str(entry.invoice_number),
        "entry_number": entry.number,
        "origin": "api",
        "source": "Webwinkel",
        "source_url": None,
        "total_paid": money(totals.incl - totals.open),
        "total_unpaid": money(totals.open),
        "total_unpaid_base": money(totals.open_base),
        "marked_dubious_on": None,
        "marked_uncollectible_on": None,
        "tax_totals": [],
    }


def purchase_document(view: View, entry: Entry) -> dict[str, object]:
    """Purchase invoices and receipts look the same."""
    totals = _Totals(entry)
    foreign = entry.currency != view.company.currency
    return {
        **_common(view, entry),
        "reference": entry.reference,
        "date": entry.date.isoformat(),
        "entry_number": entry.number,
        "state": "open" if totals.open_base else "paid",
        "exchange_rate": f"{entry.rate_millionths / 1_000_000:.4f}" if foreign else "1.0",
        "revenue_invoice": False,
        "origin": "upload",
        "tax_number": None,
        "fiscal_allocations": [],
    }


def draft(view: View, day: date) -> dict[str, object]:
    """A sales invoice that is no booking yet: without number and date."""
    stamp = f"{day.isoformat()}T09:00:00.000Z"
    return {
        "id": draft_id(view),
        "administration_id": view.id,
        "contact_id": view.number(Kind.CONTACT, 0),
        "invoice_id": None,
        "draft_id": 1,
        "state": "draft",
        "invoice_date": None,
        "due_date": day.isoformat(),
        "currency": view.company.currency,
        "reference": None,
        "paid_at": None,
        "created_at": stamp,
        "updated_at": stamp,
        "version": draft_version(day),
        "details": [],
        "payments": [],
        "total_unpaid": "0.0",
        "total_unpaid_base": "0.0",
        "total_price_excl_tax": "100.0",
        "total_price_excl_tax_base": "100.0",
        "total_price_incl_tax": "121.0",
        "total_price_incl_tax_base": "121.0",
    }


def draft_id(view: View) -> str:
    return view.number(Kind.TOMBSTONE, 0)


def draft_version(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp())


def journal_entry(view: View, row: Booking) -> dict[str, object]:
    """``amount`` follows the natural side of the account: no debit, no credit, no sign to trust."""
    line, entry = row.line, row.line.entry
    on_credit_side = ACCOUNT_TYPES[row.account.kind] in CREDIT_TYPES
    return {
        "id": row.id,
        "administration_id": view.id,
        "date": row.day.isoformat(),
        "document_type": row.document_type,
        "document_id": row.document_id,
        "ledger_account_id": view.number(Kind.ACCOUNT, row.account.serial),
        "project_id": row.project_id,
        "contact_id": None
        if entry.contact is None
        else view.number(Kind.CONTACT, entry.contact.serial),
        "tax_rate_id": None if line.tax is None else view.number(Kind.TAX_CODE, line.tax.serial),
        "financial_account_id": view.financial_account_id(row.account),
        "amount": money(-row.cents if on_credit_side else row.cents),
        "description": line.description,
    }

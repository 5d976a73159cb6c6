"""Rows as Xero sends them. Names and which members may be absent are the OpenAPI document's.

Money comes as JSON numbers and is read from their digits; moments as ``/Date(ms+0000)/``.
"""

import re
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

import msgspec

from adapters.providers.kit.decoding import JsonPage
from adapters.providers.xero.declaration import PROVIDER
from core.domain.failures import NotUnderstood
from core.domain.money import InexactAmount, parse_e4

_MSDATE: Final = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_DAY_MILLISECONDS: Final = 86_400_000
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_E4: Final = Decimal("0.0001")
_ZERO: Final = Decimal(0)


def milliseconds(text: str) -> int:
    """The number in ``/Date(1767225600000+0000)/``; the offset is always zero. ValueError."""
    found = _MSDATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no /Date(...)/")
    return int(found[1])


def day(text: str | None) -> date:
    """An accounting date: the calendar date of the moment in UTC. ValueError when absent."""
    return date.fromordinal(_EPOCH_ORDINAL + milliseconds(text or "") // _DAY_MILLISECONDS)


def day_or_none(text: str | None) -> date | None:
    return day(text) if text else None


def e4(amount: Decimal | None) -> int:
    """In 1/10,000 units, rounded; absent is zero. InexactAmount when it does not fit."""
    try:
        return parse_e4((amount or _ZERO).quantize(_E4, ROUND_HALF_EVEN))
    except InvalidOperation as error:
        raise InexactAmount(f"{amount} is not an amount") from error


def key(guid: str) -> str:
    return guid.strip().lower()


class Row(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Members are named in Pascal case; ids end in ``ID``, moments in ``UTC``."""


class Pagination(msgspec.Struct, frozen=True, rename="camel"):
    page: int
    page_count: int = 0


class Page(Row, frozen=True, kw_only=True):
    pagination: Pagination | None = msgspec.field(default=None, name="pagination")
    asked_at: str | None = msgspec.field(default=None, name="DateTimeUTC")


# -- who and where ---------------------------------------------------------------------------------


class ConnectionRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    tenant_id: str
    tenant_type: str
    tenant_name: str | None = None
    created_date_utc: str = ""


class OrganisationRow(Row, frozen=True, kw_only=True):
    name: str = ""
    base_currency: str
    country_code: str | None = None
    organisation_status: str = "ACTIVE"
    financial_year_end_day: int
    financial_year_end_month: int
    period_lock_date: str | None = None
    end_of_year_lock_date: str | None = None


class Organisations(Page, frozen=True, kw_only=True):
    rows: list[OrganisationRow] = msgspec.field(name="Organisations")


# -- masters ---------------------------------------------------------------------------------------


class AccountRow(Row, frozen=True, kw_only=True):
    account_id: str = msgspec.field(name="AccountID")
    code: str | None = None
    name: str = ""
    type: str = ""
    account_class: str = msgspec.field(default="", name="Class")
    status: str = "ACTIVE"
    currency_code: str | None = None
    system_account: str | None = None


class Accounts(Page, frozen=True, kw_only=True):
    rows: list[AccountRow] = msgspec.field(name="Accounts")


class TaxRateRow(Row, frozen=True, kw_only=True):
    tax_type: str
    name: str = ""
    status: str = "ACTIVE"
    effective_rate: Decimal | None = None
    display_tax_rate: Decimal | None = None
    can_apply_to_revenue: bool | None = None
    can_apply_to_expenses: bool | None = None


class TaxRates(Page, frozen=True, kw_only=True):
    rows: list[TaxRateRow] = msgspec.field(name="TaxRates")


class AddressRow(Row, frozen=True, kw_only=True):
    address_type: str = ""
    city: str | None = None
    country: str | None = None


class ContactRow(Row, frozen=True, kw_only=True):
    contact_id: str = msgspec.field(name="ContactID")
    contact_status: str = "ACTIVE"
    name: str = ""
    email_address: str | None = None
    contact_number: str | None = None
    account_number: str | None = None
    tax_number: str | None = None
    is_supplier: bool | None = None
    is_customer: bool | None = None
    addresses: list[AddressRow] = []


class Contacts(Page, frozen=True, kw_only=True):
    rows: list[ContactRow] = msgspec.field(name="Contacts")


# -- documents -------------------------------------------------------------------------------------


class ContactOf(Row, frozen=True, kw_only=True):
    contact_id: str | None = msgspec.field(default=None, name="ContactID")


class AccountOf(Row, frozen=True, kw_only=True):
    account_id: str | None = msgspec.field(default=None, name="AccountID")
    code: str | None = None


class LineItem(Row, frozen=True, kw_only=True):
    line_item_id: str | None = msgspec.field(default=None, name="LineItemID")
    description: str | None = None
    line_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    tax_type: str | None = None
    account_id: str | None = msgspec.field(default=None, name="AccountID")
    account_code: str | None = None


class DocumentRow(Row, frozen=True, kw_only=True):
    """What every document with lines has. ``date`` is absent on some that were emptied."""

    type: str = ""
    status: str = ""
    date: str | None = None
    contact: ContactOf | None = None
    reference: str | None = None
    currency_code: str | None = None
    currency_rate: Decimal | None = None
    line_amount_types: str = "Exclusive"
    line_items: list[LineItem] = []
    total: Decimal | None = None
    total_tax: Decimal | None = None


class InvoiceRow(DocumentRow, frozen=True, kw_only=True):
    id: str = msgspec.field(name="InvoiceID")
    number: str | None = msgspec.field(default=None, name="InvoiceNumber")
    due_date: str | None = None
    open: Decimal | None = msgspec.field(default=None, name="AmountDue")


class CreditNoteRow(DocumentRow, frozen=True, kw_only=True):
    id: str = msgspec.field(name="CreditNoteID")
    number: str | None = msgspec.field(default=None, name="CreditNoteNumber")
    due_date: str | None = None
    open: Decimal | None = msgspec.field(default=None, name="RemainingCredit")


class BankTransactionRow(DocumentRow, frozen=True, kw_only=True):
    id: str = msgspec.field(name="BankTransactionID")
    bank_account: AccountOf | None = None


class Invoices(Page, frozen=True, kw_only=True):
    rows: list[InvoiceRow] = msgspec.field(name="Invoices")


class CreditNotes(Page, frozen=True, kw_only=True):
    rows: list[CreditNoteRow] = msgspec.field(name="CreditNotes")


class BankTransactions(Page, frozen=True, kw_only=True):
    rows: list[BankTransactionRow] = msgspec.field(name="BankTransactions")


class SettledOf(Row, frozen=True, kw_only=True):
    """The invoice, credit note, prepayment or overpayment a payment belongs to."""

    contact: ContactOf | None = None
    currency_code: str | None = None


class PaymentRow(Row, frozen=True, kw_only=True):
    id: str = msgspec.field(name="PaymentID")
    date: str | None = None
    amount: Decimal | None = None
    bank_amount: Decimal | None = None
    currency_rate: Decimal | None = None
    payment_type: str = ""
    status: str = ""
    reference: str | None = None
    account: AccountOf | None = None
    invoice: SettledOf | None = None
    credit_note: SettledOf | None = None
    prepayment: SettledOf | None = None
    overpayment: SettledOf | None = None

    @property
    def settled(self) -> SettledOf | None:
        return self.invoice or self.credit_note or self.prepayment or self.overpayment


class Payments(Page, frozen=True, kw_only=True):
    rows: list[PaymentRow] = msgspec.field(name="Payments")


class BankTransferRow(Row, frozen=True, kw_only=True):
    id: str = msgspec.field(name="BankTransferID")
    date: str | None = None
    amount: Decimal | None = None
    currency_rate: Decimal | None = None
    status: str = "AUTHORISED"
    reference: str | None = None
    from_bank_account: AccountOf | None = None
    to_bank_account: AccountOf | None = None
    created: str | None = msgspec.field(default=None, name="CreatedDateUTC")


class BankTransfers(Page, frozen=True, kw_only=True):
    rows: list[BankTransferRow] = msgspec.field(name="BankTransfers")


class ManualLine(Row, frozen=True, kw_only=True):
    line_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    tax_type: str | None = None
    account_id: str | None = msgspec.field(default=None, name="AccountID")
    account_code: str | None = None
    description: str | None = None


class ManualJournalRow(Row, frozen=True, kw_only=True):
    id: str = msgspec.field(name="ManualJournalID")
    narration: str | None = None
    date: str | None = None
    status: str = ""
    line_amount_types: str = "NoTax"
    journal_lines: list[ManualLine] = []


class ManualJournals(Page, frozen=True, kw_only=True):
    rows: list[ManualJournalRow] = msgspec.field(name="ManualJournals")


# -- journals --------------------------------------------------------------------------------------


class JournalLineRow(Row, frozen=True, kw_only=True):
    id: str = msgspec.field(name="JournalLineID")
    account_id: str | None = msgspec.field(default=None, name="AccountID")
    net_amount: Decimal
    description: str | None = None
    tax_type: str | None = None


class JournalRow(Row, frozen=True, kw_only=True):
    id: str = msgspec.field(name="JournalID")
    number: int = msgspec.field(name="JournalNumber")
    date: str = msgspec.field(name="JournalDate")
    reference: str | None = None
    source_type: str | None = None
    lines: list[JournalLineRow] = msgspec.field(default=[], name="JournalLines")


class Journals(Page, frozen=True, kw_only=True):
    rows: list[JournalRow] = msgspec.field(name="Journals")


# -- the trial balance -----------------------------------------------------------------------------


class Attribute(Row, frozen=True, kw_only=True):
    id: str = msgspec.field(default="", name="Id")
    value: str | None = None


class Cell(Row, frozen=True, kw_only=True):
    value: str | None = None
    attributes: list[Attribute] = []


class ReportRow(Row, frozen=True, kw_only=True):
    row_type: str
    cells: list[Cell] = []
    rows: list["ReportRow"] = []


class Report(Row, frozen=True, kw_only=True):
    rows: list[ReportRow] = []


class Reports(Row, frozen=True, kw_only=True):
    reports: list[Report]


CONNECTIONS: Final = JsonPage(PROVIDER, "connections", list[ConnectionRow])
ORGANISATIONS: Final = JsonPage(PROVIDER, "the organisation", Organisations)
ACCOUNTS: Final = JsonPage(PROVIDER, "ledger accounts", Accounts)
TAX_RATES: Final = JsonPage(PROVIDER, "tax rates", TaxRates)
CONTACTS: Final = JsonPage(PROVIDER, "contacts", Contacts)
INVOICES: Final = JsonPage(PROVIDER, "invoices and bills", Invoices)
CREDIT_NOTES: Final = JsonPage(PROVIDER, "credit notes", CreditNotes)
BANK_TRANSACTIONS: Final = JsonPage(PROVIDER, "bank transactions", BankTransactions)
BANK_TRANSFERS: Final = JsonPage(PROVIDER, "bank transfers", BankTransfers)
PAYMENTS: Final = JsonPage(PROVIDER, "payments", Payments)
MANUAL_JOURNALS: Final = JsonPage(PROVIDER, "manual journals", ManualJournals)
JOURNALS: Final = JsonPage(PROVIDER, "journals", Journals)
REPORTS: Final = JsonPage(PROVIDER, "the trial balance", Reports)


def bad_value(what: str, error: ValueError) -> NotUnderstood:
    """For values that decode and make no sense."""
    return NotUnderstood(
        f"{PROVIDER} sent {what} with a value this version does not know: report it.",
        detail=f"{what}: {error}",
    )

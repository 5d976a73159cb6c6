"""A ledger line as Exact Online writes it; the same names in sync, bulk and single."""

from collections.abc import Callable

from sandbox.exact_online.odata import number, wire_date, wire_moment
from sandbox.exact_online.view import NO_GUID, UNSET, View, always, padded_left, padded_right
from sandbox.identity import Kind
from sandbox.records import EntryKind, Line, LineRole, TaxKind

LineField = Callable[[View, Line], object]

ENTRY_TYPES = {
    EntryKind.OPENING: 10,
    EntryKind.SALES_INVOICE: 20,
    EntryKind.SALES_CREDIT: 21,
    EntryKind.PURCHASE_INVOICE: 30,
    EntryKind.PURCHASE_CREDIT: 31,
    EntryKind.BANK: 40,
    EntryKind.GENERAL: 90,
}

_SALES = {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}
_CREDIT_NOTES = {EntryKind.SALES_CREDIT, EntryKind.PURCHASE_CREDIT}


def status(*, processed: bool) -> int:
    return 50 if processed else 20


def _vat_type(line: Line) -> str | None:
    """One letter for what the line is to the tax return; credit notes have their own letters."""
    if line.tax is None:
        return None
    credit = line.entry.kind in _CREDIT_NOTES
    if line.role is LineRole.NET:
        if line.entry.kind in _SALES:
            return "X" if credit else "V"
        return "W" if credit else "I"
    if line.entry.kind in _SALES:
        return "Z" if credit else "A"
    to_pay = line.tax.kind is TaxKind.REVERSE_CHARGE and line.account is line.tax.payable
    if to_pay:
        return "Y" if credit else "P"
    return "Q" if credit else "O"


def _vat_base(line: Line) -> int | float:
    """Assumed: tax lines tell the sum of the net lines they were worked out over."""
    if line.role is not LineRole.VAT:
        return 0
    return number(sum(net.foreign_cents for net in line.entry.lines if net.role is LineRole.NET))


def _account_guid(view: View, line: Line) -> str | None:
    return None if line.account is None else view.known_guid(Kind.ACCOUNT, line.account.serial)


def _contact_guid(view: View, line: Line) -> str | None:
    contact = line.entry.contact
    return None if contact is None else view.known_guid(Kind.CONTACT, contact.serial)


MODELLED: dict[str, LineField] = {
    "ID": lambda view, line: view.guid(Kind.LINE, line.serial),
    "EntryID": lambda view, line: view.guid(Kind.ENTRY, line.entry.serial),
    "EntryNumber": lambda _, line: line.entry.number,
    "LineNumber": lambda _, line: line.number,
    "LineType": always(0),
    "Type": lambda _, line: ENTRY_TYPES[line.entry.kind],
    "Status": lambda _, line: status(processed=line.entry.processed),
    "JournalCode": lambda _, line: line.entry.journal.code,
    "JournalDescription": lambda _, line: line.entry.journal.name,
    "Date": lambda _, line: wire_date(line.entry.date),
    "FinancialYear": lambda _, line: line.entry.year,
    "FinancialPeriod": lambda _, line: line.entry.period,
    "GLAccount": _account_guid,
    "GLAccountCode": lambda _, line: line.account and line.account.code,
    "GLAccountDescription": lambda _, line: line.account and line.account.name,
    "AmountDC": lambda _, line: number(line.cents),
    "AmountFC": lambda _, line: number(line.foreign_cents),
    "Currency": lambda _, line: line.entry.currency,
    "ExchangeRate": lambda _, line: line.entry.rate_millionths / 1_000_000,
    "Account": _contact_guid,
    "AccountCode": lambda _, line: line.entry.contact and padded_left(line.entry.contact.number),
    "AccountName": lambda _, line: line.entry.contact and line.entry.contact.name,
    "Description": lambda _, line: line.description,
    "VATCode": lambda _, line: line.tax and padded_right(line.tax.code),
    "VATCodeDescription": lambda _, line: line.tax and line.tax.name,
    "VATPercentage": lambda _, line: line.tax and line.tax.basis_points / 10_000,
    "VATType": lambda _, line: _vat_type(line),
    "AmountVATFC": lambda _, line: number(line.foreign_cents) if line.role is LineRole.VAT else 0,
    "AmountVATBaseFC": lambda _, line: _vat_base(line),
    "InvoiceNumber": lambda _, line: line.entry.invoice_number,
    "YourRef": lambda _, line: line.entry.reference or "",
    "DueDate": lambda _, line: line.entry.due and wire_date(line.entry.due),
    "OffsetID": always(NO_GUID),
    "Quantity": always(0),
    "Division": lambda view, _: view.code,
    "Created": lambda _, line: wire_moment(line.entry.created_ms),
    "CreatorFullName": always("Bea Boekhouder"),
    "Modified": lambda _, line: wire_moment(line.modified_ms),
    "ModifierFullName": always("Bea Boekhouder"),
}

NEVER_SET = """
Notes PaymentReference OrderNumber PaymentDiscountAmount Document DocumentNumber
DocumentSubject CostCenter CostCenterDescription CostUnit CostUnitDescription Project
ProjectCode ProjectDescription ProjectWBS ProjectWBSDescription Item ItemCode
ItemDescription Asset AssetCode AssetDescription Subscription SubscriptionDescription
TrackingNumber TrackingNumberDescription ExternalLinkDescription ExternalLinkReference
ExtraDutyAmountFC ExtraDutyPercentage CustomField SerialNumber Creator Modifier
"""

LINE_FIELDS: dict[str, LineField] = MODELLED | dict.fromkeys(NEVER_SET.split(), UNSET)

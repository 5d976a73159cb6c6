"""Objects as QuickBooks writes them: names and types of its published entities."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

from sandbox.quickbooks.view import Employee, View, moment
from sandbox.records import (
    Account,
    AccountKind,
    Contact,
    Entry,
    EntryKind,
    Line,
    LineRole,
    TaxCode,
    TaxKind,
)
from sandbox.truth import decimal_text

Row = dict[str, object]

ACCOUNT_TYPES: Final[Mapping[AccountKind, tuple[str, str, str]]] = {
    AccountKind.CASH: ("Asset", "Bank", "CashOnHand"),
    AccountKind.BANK: ("Asset", "Bank", "Checking"),
    AccountKind.RECEIVABLE: ("Asset", "Accounts Receivable", "AccountsReceivable"),
    AccountKind.PAYABLE: ("Liability", "Accounts Payable", "AccountsPayable"),
    AccountKind.VAT: ("Liability", "Other Current Liability", "GlobalTaxPayable"),
    AccountKind.TAX_PAYABLE: ("Liability", "Other Current Liability", "OtherCurrentLiabilities"),
    AccountKind.STAFF_PAYABLE: ("Liability", "Other Current Liability", "PayrollTaxPayable"),
    AccountKind.FIXED_ASSET: ("Asset", "Fixed Asset", "MachineryAndEquipment"),
    AccountKind.ACCUMULATED_DEPRECIATION: ("Asset", "Fixed Asset", "AccumulatedDepreciation"),
    AccountKind.INVENTORY: ("Asset", "Other Current Asset", "Inventory"),
    AccountKind.EQUITY: ("Equity", "Equity", "OwnersEquity"),
    AccountKind.RETAINED: ("Equity", "Equity", "RetainedEarnings"),
    AccountKind.LOAN: ("Liability", "Long Term Liability", "NotesPayable"),
    AccountKind.SUSPENSE: ("Asset", "Other Current Asset", "OtherCurrentAssets"),
    AccountKind.REVENUE: ("Revenue", "Income", "SalesOfProductIncome"),
    AccountKind.COST_OF_GOODS: ("Expense", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    AccountKind.EXPENSE: ("Expense", "Expense", "OfficeGeneralAdministrativeExpenses"),
    AccountKind.STAFF: ("Expense", "Expense", "PayrollExpenses"),
    AccountKind.DEPRECIATION: ("Expense", "Other Expense", "Depreciation"),
    AccountKind.INTEREST: ("Expense", "Expense", "InterestPaid"),
    AccountKind.EXCHANGE: ("Expense", "Other Expense", "ExchangeGainOrLoss"),
    AccountKind.APPROPRIATION: ("Expense", "Other Expense", "OtherMiscellaneousExpense"),
}
"""Classification, type, subtype."""

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
STARTED: Final = date(2025, 1, 1)


def number(cents: int) -> msgspec.Raw:
    """A JSON number with two decimals."""
    return msgspec.Raw(decimal_text(cents).encode())


def _common(key: str, created_ms: int, updated_ms: int) -> Row:
    return {
        "Id": key,
        "SyncToken": "0" if created_ms == updated_ms else "1",
        "domain": "QBO",
        "sparse": False,
        "MetaData": {"CreateTime": moment(created_ms), "LastUpdatedTime": moment(updated_ms)},
    }


def company_info(view: View) -> Row:
    company = view.company
    founded = view.books.accounts[0].created_ms
    return {
        **_common("1", founded, founded),
        "CompanyName": company.name,
        "LegalName": company.name,
        "Country": company.country,
        "FiscalYearStartMonth": MONTHS[company.fiscal_start_month - 1],
        "CompanyStartDate": STARTED.isoformat(),
        "CompanyAddr": {"Id": "1", "Line1": "Marktplein 1", "City": company.city},
        "Email": {"Address": f"info{company.number}@voorbeeld.test"},
        "PrimaryPhone": {},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "DefaultTimeZone": "Europe/Amsterdam",
        "NameValue": [
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }


def preferences(view: View, *, closed_through: str | None, numbers: bool) -> Row:
    founded = view.books.accounts[0].created_ms
    month = MONTHS[view.company.fiscal_start_month - 1]
    accounting: Row = {
        "UseAccountNumbers": numbers,
        "TrackDepartments": False,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": False,
        "FirstMonthOfFiscalYear": month,
        "TaxYearMonth": "January",
        "CustomerTerminology": "Customers",
    }
    if closed_through is not None:
        accounting["BookCloseDate"] = closed_through
    return {
        **_common("1", founded, founded),
        "AccountingInfoPrefs": accounting,
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": view.multi_currency,
            "HomeCurrency": {"value": view.company.currency},
        },
        "ReportPrefs": {"ReportBasis": "Cash", "CalcAgingReportFromTxnDate": False},
        "TaxPrefs": {"UsingSalesTax": True},
    }


def account(view: View, known: Account, *, numbers: bool) -> Row:
    classification, kind, subtype = ACCOUNT_TYPES[known.kind]
    row: Row = {
        **_common(view.account_id(known), known.created_ms, known.modified_ms),
        "Name": known.name,
        "FullyQualifiedName": known.name,
        "SubAccount": False,
        "Active": known.kind is not AccountKind.INVENTORY,
        "Classification": classification,
        "AccountType": kind,
        "AccountSubType": subtype,
        "CurrentBalance": number(0),
        "CurrentBalanceWithSubAccounts": number(0),
        "CurrencyRef": {"value": view.company.currency, "name": "Euro"},
    }
    if numbers:
        row["AcctNum"] = known.code
    return row


def _party(view: View, contact: Contact, key: str, name: str) -> Row:
    row: Row = {
        **_common(key, contact.created_ms, contact.modified_ms),
        "DisplayName": name,
        "CompanyName": contact.name,
        "FullyQualifiedName": name,
        "PrintOnCheckName": contact.name,
        "Active": contact.serial % 10 != 9,
        "Balance": number(0),
        "CurrencyRef": {"value": contact.currency if view.multi_currency else "EUR"},
        "PrimaryEmailAddr": {"Address": contact.email},
        "BillAddr": {"Id": key, "Line1": contact.street, "City": contact.city},
    }
    if contact.country:
        row["BillAddr"] = {**_object(row["BillAddr"]), "Country": contact.country}
    return row


def _object(value: object) -> Row:
    assert isinstance(value, dict)
    return value


def customer(view: View, contact: Contact) -> Row:
    row = _party(view, contact, view.customer_id(contact), contact.name)
    row |= {"Job": False, "Taxable": True, "BalanceWithJobs": number(0)}
    if contact.vat_number:
        row["PrimaryTaxIdentifier"] = contact.vat_number
    return row


def vendor(view: View, contact: Contact) -> Row:
    """Tax identifiers of vendors come masked."""
    row = _party(view, contact, view.vendor_id(contact), view.vendor_name(contact))
    del row["FullyQualifiedName"]
    row |= {"Vendor1099": False, "AcctNum": f"KL{contact.number}"}
    if contact.vat_number:
        row["TaxIdentifier"] = f"XXXXXXXX{contact.vat_number[-4:]}"
    return row


def employee(view: View, known: Employee) -> Row:
    founded = view.books.accounts[0].created_ms
    given, _, family = known.name.partition(" ")
    return {
        **_common(known.id, founded, founded),
        "DisplayName": known.name,
        "GivenName": given,
        "FamilyName": family,
        "Active": True,
    }


# -- tax -------------------------------------------------------------------------------------------


def tax_rate(view: View, tax: TaxCode, *, contrary: bool = False) -> Row:
    points = -tax.basis_points if contrary else tax.basis_points
    return {
        **_common(rate_id(tax, contrary=contrary), tax.modified_ms, tax.modified_ms),
        "Name": f"{tax.name}{' (contra)' if contrary else ''}",
        "Description": f"{tax.name} of {view.company.name}",
        "Active": True,
        "RateValue": number(points),
        "AgencyRef": {"value": "1"},
        "SpecialTaxType": "NONE",
        "EffectiveTaxRate": [{"RateValue": number(points)}],
    }


def rate_id(tax: TaxCode, *, contrary: bool = False) -> str:
    return str(2 * tax.serial + 3 + contrary)


def tax_code(tax: TaxCode) -> Row:
    """Reverse charge is a group of two rates that cancel out."""
    details: list[Row] = [
        {
            "TaxRateRef": {"value": rate_id(tax), "name": tax.name},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": 0,
        }
    ]
    if tax.kind is TaxKind.REVERSE_CHARGE:
        contrary: Row = {"TaxRateRef": {"value": rate_id(tax, contrary=True)}, "TaxOrder": 0}
        details.append(contrary)
    empty: Row = {"TaxRateDetail": []}
    listed: Row = {"TaxRateDetail": details}
    return {
        **_common(str(tax.serial + 2), tax.modified_ms, tax.modified_ms),
        "Name": tax.name,
        "Description": tax.name,
        "Active": True,
        "Hidden": False,
        "Taxable": tax.kind is not TaxKind.NONE,
        "TaxGroup": True,
        "SalesTaxRateList": listed if tax.kind is TaxKind.SALES else empty,
        "PurchaseTaxRateList": (
            listed if tax.kind in {TaxKind.PURCHASE, TaxKind.REVERSE_CHARGE} else empty
        ),
    }


# -- transactions ----------------------------------------------------------------------------------


def transaction(view: View, entry: Entry) -> Row:
    """The whole object, of whichever type it is."""
    row: Row = {
        **_common(view.transaction_id(entry), entry.created_ms, view.updated_ms(entry)),
        "TxnDate": entry.date.isoformat(),
        "CurrencyRef": {"value": view.currency_of(entry), "name": view.currency_of(entry)},
        "PrivateNote": entry.description,
    }
    if view.multi_currency:
        row["ExchangeRate"] = _rate(entry)
    if entry.kind in {
        EntryKind.SALES_INVOICE,
        EntryKind.SALES_CREDIT,
        EntryKind.PURCHASE_INVOICE,
        EntryKind.PURCHASE_CREDIT,
    }:
        return row | _trade(view, entry)
    row["Line"] = [
        _journal_line(view, line, place)
        for place, line in enumerate(entry.lines)
        if line.account is not None
    ]
    row["TotalAmt"] = number(0)
    return row


def _rate(entry: Entry) -> msgspec.Raw:
    units, rest = divmod(entry.rate_millionths, 1_000_000)
    return msgspec.Raw(f"{units}.{rest:06d}".encode())


def _trade(view: View, entry: Entry) -> Row:
    assert entry.contact is not None
    foreign = view.multi_currency
    header = entry.lines[0]
    sign = 1 if entry.kind in {EntryKind.SALES_INVOICE, EntryKind.PURCHASE_CREDIT} else -1
    total = sign * (header.foreign_cents if foreign else header.cents)
    tax = -sign * sum(
        line.foreign_cents if foreign else line.cents
        for line in entry.lines
        if line.role is LineRole.VAT
    )
    open_home = sign * entry.open_cents
    balance = round(open_home * 1_000_000 / entry.rate_millionths) if foreign else open_home
    name, key = view.name_of(entry)
    sells = entry.kind in {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}
    row: Row = {
        "DocNumber": str(entry.invoice_number) if sells else entry.reference,
        "TotalAmt": number(total),
        "Balance": number(balance),
        "CustomerRef" if sells else "VendorRef": {"value": key, "name": name},
        "TxnTaxDetail": {"TotalTax": number(tax), "TaxLine": []},
        "LinkedTxn": [],
        "Line": [_item_line(view, line) for line in entry.lines[1:] if line.account is not None],
    }
    if entry.due is not None and entry.kind in {
        EntryKind.SALES_INVOICE,
        EntryKind.PURCHASE_INVOICE,
    }:
        row["DueDate"] = entry.due.isoformat()
    if entry.kind is EntryKind.SALES_CREDIT:
        row["RemainingCredit"] = number(balance)
    if foreign and sells:
        row["HomeTotalAmt"] = number(sign * header.cents)
    if foreign and entry.kind is EntryKind.SALES_INVOICE:
        row["HomeBalance"] = number(open_home)
    if not sells:
        row["APAccountRef"] = {"value": view.account_id(_account_of(header))}
    return row


def _account_of(line: Line) -> Account:
    assert line.account is not None
    return line.account


def _item_line(view: View, line: Line) -> Row:
    return {
        "Id": str(line.number + 1),
        "Description": line.description,
        "Amount": number(abs(line.foreign_cents if view.multi_currency else line.cents)),
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {
            "AccountRef": {"value": view.account_id(_account_of(line))}
        },
    }


def _journal_line(view: View, line: Line, place: int) -> Row:
    return {
        "Id": str(place),
        "Description": line.description,
        "Amount": number(abs(line.cents)),
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {
            "PostingType": "Debit" if line.cents >= 0 else "Credit",
            "AccountRef": {"value": view.account_id(_account_of(line))},
        },
    }


def deleted(view: View, entry: Entry, at_ms: int) -> Row:
    return {
        "domain": "QBO",
        "status": "Deleted",
        "Id": view.transaction_id(entry),
        "MetaData": {"LastUpdatedTime": moment(at_ms)},
    }

"""Organisation, accounts, contacts and tax rates in Xero's fields."""

from datetime import date, timedelta
from typing import Final

from sandbox.records import Account, AccountKind, Contact, TaxCode, TaxKind
from sandbox.xero.view import View, msdate, msmoment

Row = dict[str, object]

TYPES: Final[dict[AccountKind, tuple[str, str]]] = {
    AccountKind.CASH: ("BANK", "ASSET"),
    AccountKind.BANK: ("BANK", "ASSET"),
    AccountKind.RECEIVABLE: ("CURRENT", "ASSET"),
    AccountKind.PAYABLE: ("CURRLIAB", "LIABILITY"),
    AccountKind.VAT: ("CURRLIAB", "LIABILITY"),
    AccountKind.TAX_PAYABLE: ("CURRLIAB", "LIABILITY"),
    AccountKind.STAFF_PAYABLE: ("CURRLIAB", "LIABILITY"),
    AccountKind.FIXED_ASSET: ("FIXED", "ASSET"),
    AccountKind.ACCUMULATED_DEPRECIATION: ("FIXED", "ASSET"),
    AccountKind.INVENTORY: ("INVENTORY", "ASSET"),
    AccountKind.EQUITY: ("EQUITY", "EQUITY"),
    AccountKind.RETAINED: ("EQUITY", "EQUITY"),
    AccountKind.LOAN: ("TERMLIAB", "LIABILITY"),
    AccountKind.SUSPENSE: ("CURRENT", "ASSET"),
    AccountKind.REVENUE: ("REVENUE", "REVENUE"),
    AccountKind.COST_OF_GOODS: ("DIRECTCOSTS", "EXPENSE"),
    AccountKind.EXPENSE: ("OVERHEADS", "EXPENSE"),
    AccountKind.STAFF: ("EXPENSE", "EXPENSE"),
    AccountKind.DEPRECIATION: ("DEPRECIATN", "EXPENSE"),
    AccountKind.INTEREST: ("EXPENSE", "EXPENSE"),
    AccountKind.EXCHANGE: ("EXPENSE", "EXPENSE"),
    AccountKind.APPROPRIATION: ("EXPENSE", "EXPENSE"),
}
SYSTEM: Final[dict[AccountKind, str]] = {
    AccountKind.RECEIVABLE: "DEBTORS",
    AccountKind.PAYABLE: "CREDITORS",
    AccountKind.VAT: "GST",
    AccountKind.RETAINED: "RETAINEDEARNINGS",
    AccountKind.EXCHANGE: "REALISEDCURRENCYGAIN",
}
_TAX_NAMES: Final[dict[TaxKind, str]] = {
    TaxKind.SALES: "OUTPUT",
    TaxKind.PURCHASE: "INPUT",
    TaxKind.REVERSE_CHARGE: "REVERSECHARGES",
    TaxKind.NONE: "NONE",
}
_LOCKED: Final = date(2025, 12, 31)


def organisation(view: View) -> Row:
    company = view.company
    last = date(2025, company.fiscal_start_month, 1) - timedelta(days=1)
    return {
        "OrganisationID": view.tenant_id,
        "Name": company.name,
        "LegalName": company.name,
        "PaysTax": True,
        "Version": "GLOBAL",
        "OrganisationType": "COMPANY",
        "BaseCurrency": company.currency,
        "CountryCode": company.country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE" if view.is_active else "SUSPENDED",
        "RegistrationNumber": company.registration,
        "TaxNumber": company.vat_number,
        "FinancialYearEndDay": last.day,
        "FinancialYearEndMonth": last.month,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY",
        "PeriodLockDate": msdate(_LOCKED),
        "CreatedDateUTC": "/Date(1733137200000)/",
        "OrganisationEntityType": "COMPANY",
        "Timezone": "WEUROPESTANDARDTIME",
        "ShortCode": f"!S{company.number:04d}",
        "Class": "PREMIUM",
        "Edition": "BUSINESS",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }


def account(view: View, account: Account) -> Row:
    kind, group = TYPES[account.kind]
    row: Row = {
        "AccountID": view.account_id(account),
        "Code": account.code,
        "Name": account.name,
        "Status": "ACTIVE",
        "Type": kind,
        "TaxType": "NONE",
        "Class": group,
        "EnablePaymentsToAccount": False,
        "ShowInExpenseClaims": False,
        "ReportingCode": "",
        "HasAttachments": False,
        "UpdatedDateUTC": msmoment(account.modified_ms),
        "AddToWatchlist": False,
    }
    if kind == "BANK":
        row["BankAccountNumber"] = "NL00SAND0123456789"
        row["BankAccountType"] = "BANK"
        row["CurrencyCode"] = view.company.currency
    if view.posted(account) is account and account.kind in SYSTEM:
        row["SystemAccount"] = SYSTEM[account.kind]
    return row


def contact(view: View, contact: Contact) -> Row:
    row: Row = {
        "ContactID": view.contact_id(contact),
        "ContactNumber": str(contact.number),
        "ContactStatus": "ARCHIVED" if contact.serial % 10 == 9 else "ACTIVE",
        "Name": contact.name,
        "EmailAddress": contact.email,
        "BankAccountDetails": "",
        "Addresses": [
            {"AddressType": "STREET", "City": "", "Region": "", "PostalCode": "", "Country": ""},
            {
                "AddressType": "POBOX",
                "AddressLine1": contact.street,
                "City": contact.city,
                "Region": "",
                "PostalCode": contact.postcode,
                "Country": contact.country,
            },
        ],
        "Phones": [
            {"PhoneType": "DEFAULT", "PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}
        ],
        "UpdatedDateUTC": msmoment(contact.modified_ms),
        "ContactGroups": [],
        "IsSupplier": contact.supplier,
        "IsCustomer": contact.customer,
        "DefaultCurrency": contact.currency,
        "ContactPersons": [],
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    if contact.vat_number:
        row["TaxNumber"] = contact.vat_number
    return row


def tax_type(tax: TaxCode | None) -> str:
    """The key used on lines; not a GUID."""
    if tax is None:
        return "NONE"
    name = _TAX_NAMES[tax.kind]
    return name if tax.kind is TaxKind.NONE else f"{name}{tax.serial}"


def tax_rate(tax: TaxCode) -> Row:
    rate = tax.basis_points / 100
    return {
        "Name": tax.name,
        "TaxType": tax_type(tax),
        "ReportTaxType": _TAX_NAMES[tax.kind],
        "CanApplyToAssets": True,
        "CanApplyToEquity": True,
        "CanApplyToExpenses": tax.kind is not TaxKind.SALES,
        "CanApplyToLiabilities": True,
        "CanApplyToRevenue": tax.kind in {TaxKind.SALES, TaxKind.NONE},
        "DisplayTaxRate": rate,
        "EffectiveRate": rate,
        "Status": "ACTIVE",
        "TaxComponents": [
            {"Name": tax.name, "Rate": rate, "IsCompound": False, "IsNonRecoverable": False}
        ],
    }

"""Accounts, contacts, journals, tax codes and periods as Exact Online writes them."""

from collections.abc import Callable
from typing import TypeVar

from sandbox.exact_online.odata import wire_date, wire_moment
from sandbox.exact_online.versions import (
    ACCOUNT_TYPE,
    CONTACT_TYPE,
    DOCUMENT_TYPE,
    LINE_TYPE,
    Tombstone,
)
from sandbox.exact_online.view import (
    NO,
    NO_GUID,
    UNSET,
    YES,
    View,
    always,
    padded_left,
    padded_right,
)
from sandbox.identity import Kind
from sandbox.records import (
    Account,
    AccountKind,
    Contact,
    Journal,
    JournalKind,
    Period,
    TaxCode,
    TaxKind,
)

R = TypeVar("R")
Fields = dict[str, Callable[[View, R], object]]


def _unset(names: str) -> dict[str, Callable[[View, object], object]]:
    return dict.fromkeys(names.split(), UNSET)


ACCOUNT_TYPES = {
    AccountKind.CASH: (10, "Kas"),
    AccountKind.BANK: (12, "Bank"),
    AccountKind.RECEIVABLE: (20, "Debiteuren"),
    AccountKind.PAYABLE: (22, "Crediteuren"),
    AccountKind.VAT: (24, "Btw"),
    AccountKind.STAFF_PAYABLE: (25, "Te betalen personeel"),
    AccountKind.FIXED_ASSET: (30, "Vaste activa"),
    AccountKind.ACCUMULATED_DEPRECIATION: (35, "Cumulatieve afschrijvingen"),
    AccountKind.INVENTORY: (40, "Voorraad"),
    AccountKind.EQUITY: (50, "Kapitaal"),
    AccountKind.RETAINED: (52, "Ingehouden winst"),
    AccountKind.LOAN: (55, "Langlopende schulden"),
    AccountKind.SUSPENSE: (90, "Algemeen"),
    AccountKind.TAX_PAYABLE: (100, "Te betalen belasting"),
    AccountKind.REVENUE: (110, "Omzet"),
    AccountKind.COST_OF_GOODS: (111, "Kostprijs van de omzet"),
    AccountKind.EXPENSE: (121, "Verkoop- en algemene kosten"),
    AccountKind.STAFF: (125, "Personeelskosten"),
    AccountKind.DEPRECIATION: (122, "Afschrijvingskosten"),
    AccountKind.INTEREST: (160, "Rentebaten"),
    AccountKind.EXCHANGE: (120, "Overige kosten"),
    AccountKind.APPROPRIATION: (300, "Jaarafsluiting"),
}

JOURNAL_TYPES = {
    JournalKind.CASH: 10,
    JournalKind.BANK: 12,
    JournalKind.SALES: 20,
    JournalKind.PURCHASE: 22,
    JournalKind.GENERAL: 90,
}

ACCOUNT_FIELDS: Fields[Account] = {
    "ID": lambda view, account: view.known_guid(Kind.ACCOUNT, account.serial),
    "Code": lambda _, account: account.code,
    "Description": lambda _, account: account.name,
    "Type": lambda _, account: ACCOUNT_TYPES[account.kind][0],
    "TypeDescription": lambda _, account: ACCOUNT_TYPES[account.kind][1],
    "BalanceType": lambda _, account: "B" if account.balance_sheet else "W",
    "BalanceSide": lambda _, account: "C" if account.credit_side else "D",
    "IsBlocked": NO,
    "SearchCode": lambda _, account: account.name[:10].upper().ljust(20),
    "Matching": lambda _, account: account.kind in {AccountKind.RECEIVABLE, AccountKind.PAYABLE},
    "Compress": NO,
    "RevalueCurrency": NO,
    "UseCostcenter": always(0),
    "UseCostunit": always(0),
    "ExcludeVATListing": always(0),
    "PrivateGLAccount": always(NO_GUID),
    "Division": lambda view, _: view.code,
    "Created": lambda _, account: wire_moment(account.created_ms),
    "Modified": lambda _, account: wire_moment(account.modified_ms),
    **_unset(
        "VATCode VATDescription ReportingCode Costcenter CostcenterDescription Costunit "
        "CostunitDescription PrivatePercentage VATNonDeductibleGLAccount "
        "VATNonDeductiblePercentage ExpenseNonDeductiblePercentage YearEndCostGLAccount "
        "YearEndReflectionGLAccount BelcotaxType AssimilatedVATBox VATGLAccountType VATSystem "
        "Creator CreatorFullName Modifier ModifierFullName"
    ),
}

CONTACT_FIELDS: Fields[Contact] = {
    "ID": lambda view, contact: view.known_guid(Kind.CONTACT, contact.serial),
    "Code": lambda _, contact: padded_left(contact.number),
    "Name": lambda _, contact: contact.name,
    "Status": lambda _, contact: "C" if contact.customer else "A",
    "IsSales": lambda _, contact: contact.customer,
    "IsSupplier": lambda _, contact: contact.supplier,
    "IsPurchase": lambda _, contact: contact.supplier,
    "Type": always("A"),
    "VATNumber": lambda _, contact: contact.vat_number,
    "Email": lambda _, contact: contact.email,
    "AddressLine1": lambda _, contact: contact.street,
    "Postcode": lambda _, contact: contact.postcode,
    "City": lambda _, contact: contact.city,
    "Country": lambda _, contact: padded_right(contact.country),
    "Language": always("NL "),
    "SearchCode": lambda _, contact: contact.name[:10].upper().ljust(20),
    "SalesCurrency": lambda _, contact: contact.currency,
    "PurchaseCurrency": lambda _, contact: contact.currency,
    "GLAccountSales": always(NO_GUID),
    "Blocked": NO,
    "Division": lambda view, _: view.code,
    "StartDate": lambda _, contact: wire_moment(contact.created_ms),
    "Created": lambda _, contact: wire_moment(contact.created_ms),
    "Modified": lambda _, contact: wire_moment(contact.modified_ms),
    **_unset(
        "TradeName ChamberOfCommerce Phone Website AddressLine2 AddressLine3 State GLAR GLAP "
        "PaymentConditionSales PaymentConditionPurchase GLAccountPurchase SalesVATCode "
        "PurchaseVATCode EndDate PeppolIdentifier Creator Modifier"
    ),
}

JOURNAL_FIELDS: Fields[Journal] = {
    "ID": lambda view, journal: view.known_guid(Kind.JOURNAL, journal.serial),
    "Code": lambda _, journal: journal.code,
    "Description": lambda _, journal: journal.name,
    "Type": lambda _, journal: JOURNAL_TYPES[journal.kind],
    "Currency": lambda view, _: view.company.currency,
    "GLAccount": lambda view, journal: (
        journal.account and view.known_guid(Kind.ACCOUNT, journal.account.serial)
    ),
    "GLAccountCode": lambda _, journal: journal.account and journal.account.code,
    "GLAccountType": lambda _, journal: journal.account and ACCOUNT_TYPES[journal.account.kind][0],
    "IsBlocked": NO,
    "BankAccountIBAN": lambda _, journal: journal.iban,
    "AllowVAT": lambda _, journal: journal.kind is not JournalKind.BANK,
    "AllowVariableCurrency": YES,
    "Division": lambda view, _: view.code,
    "Created": lambda _, journal: wire_moment(journal.created_ms),
    "Modified": lambda _, journal: wire_moment(journal.modified_ms),
    **_unset("BankAccountBICCode BankName BankAccountIncludingMask"),
}


def _tax_type(tax: TaxCode) -> str:
    if tax.kind is TaxKind.NONE:
        return "N"
    return "E" if tax.basis_points else "B"


TAX_FIELDS: Fields[TaxCode] = {
    "ID": lambda view, tax: view.known_guid(Kind.TAX_CODE, tax.serial),
    "Code": lambda _, tax: padded_right(tax.code),
    "Description": lambda _, tax: tax.name,
    "Percentage": lambda _, tax: tax.basis_points / 10_000,
    "Type": lambda _, tax: _tax_type(tax),
    "VATTransactionType": lambda _, tax: "S" if tax.kind is TaxKind.SALES else "P",
    "Charged": lambda _, tax: tax.kind is TaxKind.REVERSE_CHARGE,
    "EUSalesListing": always("N"),
    "IntraStat": NO,
    "CalculationBasis": always(0),
    "IsBlocked": NO,
    "GLToPay": lambda view, tax: tax.payable and view.known_guid(Kind.ACCOUNT, tax.payable.serial),
    "GLToPayCode": lambda _, tax: tax.payable and tax.payable.code,
    "GLToClaim": lambda view, tax: (
        tax.claimable and view.known_guid(Kind.ACCOUNT, tax.claimable.serial)
    ),
    "GLToClaimCode": lambda _, tax: tax.claimable and tax.claimable.code,
    "Division": lambda view, _: view.code,
    "Modified": lambda _, tax: wire_moment(tax.modified_ms),
    **_unset(
        "Account TaxReturnType VATPartialRatio VatMargin VatDocType OssCountry LegalText Created"
    ),
}

PERIOD_FIELDS: Fields[Period] = {
    "ID": lambda view, period: view.known_guid(Kind.PERIOD, period.serial),
    "FinYear": lambda _, period: period.year,
    "FinPeriod": lambda _, period: period.number,
    "StartDate": lambda _, period: wire_date(period.first),
    "EndDate": lambda _, period: wire_date(period.last),
    "Division": lambda view, _: view.code,
}

_BURIED = {
    LINE_TYPE: Kind.LINE,
    CONTACT_TYPE: Kind.CONTACT,
    DOCUMENT_TYPE: Kind.ENTRY,
    ACCOUNT_TYPE: Kind.ACCOUNT,
}

TOMBSTONE_FIELDS: Fields[Tombstone] = {
    "ID": lambda view, stone: view.guid(Kind.TOMBSTONE, stone.serial),
    "EntityKey": lambda view, stone: view.guid(_BURIED[stone.kind], stone.record),
    "EntityType": lambda _, stone: stone.kind,
    "Division": lambda view, _: view.code,
    "DeletedDate": lambda _, stone: wire_moment(stone.at_ms),
    "DeletedBy": UNSET,
}

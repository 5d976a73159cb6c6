"""Xero's words and what they are called here. From its OpenAPI document."""

from collections.abc import Mapping
from typing import Final

from core.domain.books import AccountClass, JournalKind, TaxUse, TradeSide

ACCOUNT_CLASSES: Final[Mapping[str, AccountClass]] = {
    "ASSET": AccountClass.ASSET,
    "LIABILITY": AccountClass.LIABILITY,
    "EQUITY": AccountClass.EQUITY,
    "REVENUE": AccountClass.INCOME,
    "EXPENSE": AccountClass.EXPENSE,
}
PROFIT_AND_LOSS: Final = frozenset({"REVENUE", "EXPENSE"})

DEBTORS: Final = "DEBTORS"
CREDITORS: Final = "CREDITORS"
TAX: Final = "GST"
RETAINED: Final = "RETAINEDEARNINGS"
SYSTEM_ACCOUNTS: Final = frozenset({DEBTORS, CREDITORS, TAX, RETAINED})
"""Accounts the ledger of documents needs and no document names; each organisation has them once."""

TRADE: Final[Mapping[str, TradeSide]] = {
    DEBTORS: TradeSide.RECEIVABLE,
    CREDITORS: TradeSide.PAYABLE,
}

LIVING: Final = frozenset({"ACTIVE"})

JOURNALS: Final[Mapping[str, tuple[str, JournalKind]]] = {
    "sales": ("Sales invoices and credit notes", JournalKind.SALES),
    "purchases": ("Bills and supplier credit notes", JournalKind.PURCHASE),
    "bank": ("Bank: payments, money spent and received, transfers", JournalKind.BANK),
    "manual": ("Manual journals", JournalKind.GENERAL),
    "expenses": ("Expense claims", JournalKind.PURCHASE),
    "payroll": ("Payroll", JournalKind.GENERAL),
    "system": ("Xero itself: conversion, depreciation, revaluation", JournalKind.OTHER),
}
"""Xero has no journals in the sense of day books: these are made from what a posting came from."""

SYSTEM_JOURNAL: Final = "system"
JOURNAL_OF: Final[Mapping[str, str]] = {
    "ACCREC": "sales",
    "ACCRECCREDIT": "sales",
    "ACCPAY": "purchases",
    "ACCPAYCREDIT": "purchases",
    "ACCRECPAYMENT": "bank",
    "ACCPAYPAYMENT": "bank",
    "ARCREDITPAYMENT": "bank",
    "APCREDITPAYMENT": "bank",
    "CASHREC": "bank",
    "CASHPAID": "bank",
    "TRANSFER": "bank",
    "ARPREPAYMENT": "bank",
    "APPREPAYMENT": "bank",
    "AROVERPAYMENT": "bank",
    "APOVERPAYMENT": "bank",
    "EXTERNALSPENDMONEY": "bank",
    "EXPCLAIM": "expenses",
    "EXPPAYMENT": "expenses",
    "MANJOURNAL": "manual",
    "PAYSLIP": "payroll",
    "WAGEPAYABLE": "payroll",
    "INTEGRATEDPAYROLLPE": "payroll",
    "INTEGRATEDPAYROLLPT": "payroll",
    "INTEGRATEDPAYROLLPTPAYMENT": "payroll",
    "INTEGRATEDPAYROLLCN": "payroll",
}
"""By ``SourceType``; absent on conversion and some of Xero's own journals."""

POSTED_TRADE: Final = frozenset({"AUTHORISED", "PAID"})
POSTED_BANK: Final = frozenset({"AUTHORISED"})
POSTED_MANUAL: Final = frozenset({"POSTED"})

CONTROL_OF: Final[Mapping[str, str]] = {
    "ACCREC": DEBTORS,
    "ACCRECCREDIT": DEBTORS,
    "ACCPAY": CREDITORS,
    "ACCPAYCREDIT": CREDITORS,
}
LINE_SIGNS: Final[Mapping[str, int]] = {
    "ACCREC": -1,
    "ACCRECCREDIT": 1,
    "ACCPAY": 1,
    "ACCPAYCREDIT": -1,
}
"""Of the lines and the tax: debit is positive. The control account has the other sign."""

REPEATED_TRADE: Final = frozenset(
    {"AROVERPAYMENT", "ARPREPAYMENT", "APOVERPAYMENT", "APPREPAYMENT"}
)
"""Types the document knows for invoices too: money that is read as a bank transaction."""

PAYMENT_SIDES: Final[Mapping[str, tuple[str, int]]] = {
    "ACCRECPAYMENT": (DEBTORS, 1),
    "ACCPAYPAYMENT": (CREDITORS, -1),
    "ARCREDITPAYMENT": (DEBTORS, -1),
    "AROVERPAYMENTPAYMENT": (DEBTORS, -1),
    "ARPREPAYMENTPAYMENT": (DEBTORS, -1),
    "APCREDITPAYMENT": (CREDITORS, 1),
    "APOVERPAYMENTPAYMENT": (CREDITORS, 1),
    "APPREPAYMENTPAYMENT": (CREDITORS, 1),
}
"""Control account, and the sign on the bank: 1 is money that came in."""

BANK_SIGNS: Final[Mapping[str, int]] = {
    "RECEIVE": 1,
    "RECEIVE-OVERPAYMENT": 1,
    "RECEIVE-PREPAYMENT": 1,
    "SPEND": -1,
    "SPEND-OVERPAYMENT": -1,
    "SPEND-PREPAYMENT": -1,
}
"""Of the bank account. Prepayments and overpayments post like money received or spent: inferred."""
OVERPAYMENT_CONTROL: Final[Mapping[str, str]] = {
    "RECEIVE-OVERPAYMENT": DEBTORS,
    "SPEND-OVERPAYMENT": CREDITORS,
}
TRANSFER_HALVES: Final = frozenset({"RECEIVE-TRANSFER", "SPEND-TRANSFER"})
"""The same money as a bank transfer: counted there."""


def tax_use(sales: bool, purchases: bool) -> TaxUse:  # noqa: FBT001 - two facts, read at one place
    if sales and purchases:
        return TaxUse.BOTH
    if sales:
        return TaxUse.SALES
    return TaxUse.PURCHASE if purchases else TaxUse.NONE

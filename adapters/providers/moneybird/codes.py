"""Moneybird's words and what they are called here. From its OpenAPI document."""

from collections.abc import Mapping
from typing import Final

from core.domain.books import AccountClass, JournalKind, Statement, TaxUse

ACCOUNT_CLASSES: Final[Mapping[str, AccountClass]] = {
    "non_current_assets": AccountClass.ASSET,
    "current_assets": AccountClass.ASSET,
    "equity": AccountClass.EQUITY,
    "provisions": AccountClass.LIABILITY,
    "non_current_liabilities": AccountClass.LIABILITY,
    "current_liabilities": AccountClass.LIABILITY,
    "revenue": AccountClass.INCOME,
    "direct_costs": AccountClass.EXPENSE,
    "expenses": AccountClass.EXPENSE,
    "other_income_expenses": AccountClass.UNKNOWN,
    "other": AccountClass.UNKNOWN,
    "temporary": AccountClass.UNKNOWN,
}

PROFIT_AND_LOSS: Final = frozenset({"revenue", "direct_costs", "expenses", "other_income_expenses"})


def statement(account_type: str) -> Statement:
    return Statement.PROFIT_AND_LOSS if account_type in PROFIT_AND_LOSS else Statement.BALANCE_SHEET


CREDIT_SIDE: Final = frozenset(
    {
        "equity",
        "provisions",
        "non_current_liabilities",
        "current_liabilities",
        "revenue",
        "other_income_expenses",
    }
)
"""Types on which a booking's amount is taken for a credit when it is positive, until the general
ledger of the month says otherwise. Seen by client authors for assets and liabilities; for the
others it follows from how the profit and loss report adds up, and is assumed."""

UNSURE_SIDE: Final = frozenset({"other_income_expenses", "other", "temporary"})
"""Types that hold accounts of either side: a month whose debit equals its credit tells nothing."""

TAX_USES: Final[Mapping[str, TaxUse]] = {
    "sales_invoice": TaxUse.SALES,
    "purchase_invoice": TaxUse.PURCHASE,
}
"""Rates for general journal documents belong to neither side."""

JOURNALS: Final[Mapping[str, tuple[str, JournalKind]]] = {
    "sales": ("Sales invoices", JournalKind.SALES),
    "external-sales": ("External sales invoices", JournalKind.SALES),
    "documents": ("Purchase invoices, receipts and memorials", JournalKind.OTHER),
    "bank": ("Bank and cash", JournalKind.BANK),
    "vat": ("VAT returns", JournalKind.GENERAL),
    "other": ("Other bookings", JournalKind.OTHER),
}
"""Moneybird has no journals: these are made from the kind of document behind a booking."""

JOURNAL_OF: Final[Mapping[str, str]] = {
    "SalesInvoice": "sales",
    "ExternalSalesInvoice": "external-sales",
    "Document": "documents",
    "FinancialMutation": "bank",
    "FinancialStatement": "bank",
    "Payment": "bank",
    "VatDocument": "vat",
}
"""``document_type`` is an open set: only ``Document`` stands in the official examples, the others
are the class names used elsewhere in the API. Anything else is in ``other``."""

OUTSIDE_STATES: Final = frozenset({"draft", "scheduled", "new"})
"""Invoices and documents in these states are not booked."""

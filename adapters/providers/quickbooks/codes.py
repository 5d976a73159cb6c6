"""QuickBooks' words and what they are called here. From its published entities."""

from collections.abc import Mapping
from typing import Final

from core.domain.books import AccountClass, JournalKind, Statement, TradeSide

ACCOUNT_CLASSES: Final[Mapping[str, AccountClass]] = {
    "Asset": AccountClass.ASSET,
    "Liability": AccountClass.LIABILITY,
    "Equity": AccountClass.EQUITY,
    "Revenue": AccountClass.INCOME,
    "Expense": AccountClass.EXPENSE,
}
PROFIT_AND_LOSS: Final = frozenset({"Revenue", "Expense"})
NON_POSTING: Final = "Non-Posting"
TRADE: Final[Mapping[str, TradeSide]] = {
    "Accounts Receivable": TradeSide.RECEIVABLE,
    "Accounts Payable": TradeSide.PAYABLE,
}
RETAINED_EARNINGS: Final = "RetainedEarnings"
"""The subtype of the account into which earlier years' results go without an entry."""


def statement(classification: str, account_type: str) -> Statement:
    if account_type == NON_POSTING:
        return Statement.OFF_BALANCE
    if classification in PROFIT_AND_LOSS:
        return Statement.PROFIT_AND_LOSS
    return Statement.BALANCE_SHEET


JOURNAL_KINDS: Final[Mapping[str, JournalKind]] = {
    "Invoice": JournalKind.SALES,
    "Sales Receipt": JournalKind.SALES,
    "Credit Memo": JournalKind.SALES,
    "Credit Note": JournalKind.SALES,
    "Refund": JournalKind.SALES,
    "Bill": JournalKind.PURCHASE,
    "Vendor Credit": JournalKind.PURCHASE,
    "Supplier Credit": JournalKind.PURCHASE,
    "Payment": JournalKind.BANK,
    "Bill Payment (Check)": JournalKind.BANK,
    "Bill Payment (Cheque)": JournalKind.BANK,
    "Bill Payment (Credit Card)": JournalKind.BANK,
    "Bill Payment": JournalKind.BANK,
    "Check": JournalKind.BANK,
    "Cheque": JournalKind.BANK,
    "Expense": JournalKind.BANK,
    "Cash Expense": JournalKind.CASH,
    "Credit Card Expense": JournalKind.BANK,
    "Credit Card Credit": JournalKind.BANK,
    "Credit Card Payment": JournalKind.BANK,
    "Deposit": JournalKind.BANK,
    "Transfer": JournalKind.BANK,
    "Journal Entry": JournalKind.GENERAL,
    "Journal": JournalKind.GENERAL,
}
"""There are no journals: the type of a transaction, as reports call it, is one. Labels come in the
company's language; those that are not here are of no particular kind."""

MONTHS: Final[Mapping[str, int]] = {
    name: number
    for number, name in enumerate(
        (
            "january", "february", "march", "april", "may", "june", "july", "august",
            "september", "october", "november", "december",
        ),
        start=1,
    )
}  # fmt: skip

FRANCE: Final = "FR"
FRENCH_SUFFIX: Final = "FR"
"""Companies in France have reports of their own names. Nothing of one was ever recorded."""

TRANSACTIONS: Final = (
    "Invoice",
    "CreditMemo",
    "Bill",
    "VendorCredit",
    "Payment",
    "BillPayment",
    "Purchase",
    "JournalEntry",
    "Deposit",
    "Transfer",
    "SalesReceipt",
    "RefundReceipt",
)
"""Types whose changes are told. Not confirmed for inventory adjustments, tax and credit card
payments: for these the newest months are always read again."""
PARTIES: Final = ("Customer", "Vendor", "Employee")

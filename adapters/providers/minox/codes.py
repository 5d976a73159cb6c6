"""Minox' words and what they are called here."""

from collections.abc import Mapping
from typing import Final

from core.domain.books import AccountClass, JournalKind, TaxUse, TradeSide

CUSTOMER: Final = "customer"
SUPPLIER: Final = "supplier"

CONTROL_KEYS: Final[Mapping[str, str]] = {CUSTOMER: "debtors", SUPPLIER: "creditors"}
"""Keys of the accounts on which lines of people are put together. Ledger accounts are numbers, so
these are met nowhere else."""

TRADE_SIDES: Final[Mapping[str, TradeSide]] = {
    CUSTOMER: TradeSide.RECEIVABLE,
    SUPPLIER: TradeSide.PAYABLE,
}

CONTACT_PREFIXES: Final[Mapping[str, str]] = {CUSTOMER: "C", SUPPLIER: "S"}
"""Customers and suppliers count from the same numbers without being the same people."""

RGS_CLASSES: Final[tuple[tuple[str, AccountClass], ...]] = (
    ("BIva", AccountClass.ASSET),
    ("BMva", AccountClass.ASSET),
    ("BVas", AccountClass.ASSET),
    ("BFva", AccountClass.ASSET),
    ("BVrd", AccountClass.ASSET),
    ("BPro", AccountClass.ASSET),
    ("BVor", AccountClass.ASSET),
    ("BEff", AccountClass.ASSET),
    ("BLim", AccountClass.ASSET),
    ("BEiv", AccountClass.EQUITY),
    ("BEga", AccountClass.LIABILITY),
    ("BVrz", AccountClass.LIABILITY),
    ("BLas", AccountClass.LIABILITY),
    ("BSch", AccountClass.LIABILITY),
    ("WOmz", AccountClass.INCOME),
    ("WOvb", AccountClass.INCOME),
    ("WKpr", AccountClass.EXPENSE),
    ("WPer", AccountClass.EXPENSE),
    ("WAfs", AccountClass.EXPENSE),
    ("WWvi", AccountClass.EXPENSE),
    ("WBed", AccountClass.EXPENSE),
    ("WBel", AccountClass.EXPENSE),
)
"""Beginnings of codes of the Dutch reference chart (RGS). Financial income and expense (``WFbe``)
is either, and so are the ones that are not listed."""

SUGGESTED: Final[Mapping[tuple[bool, str], AccountClass]] = {
    (True, "debet"): AccountClass.ASSET,
    (False, "debet"): AccountClass.EXPENSE,
    (False, "credit"): AccountClass.INCOME,
}
"""By ``isBalance`` and ``debit_credit_suggestion``, where there is no reference code. On the credit
side of the balance sheet it cannot tell equity from debt."""

JOURNAL_KINDS: Final[Mapping[str, JournalKind]] = {
    "general": JournalKind.GENERAL,
    "sales": JournalKind.SALES,
    "purchase": JournalKind.PURCHASE,
    "purchases": JournalKind.PURCHASE,
    "bank": JournalKind.BANK,
    "cash": JournalKind.CASH,
}
"""Only ``general`` was seen; the others are assumed. Unknown ones are ``OTHER``."""

INVOICE_JOURNALS: Final[Mapping[JournalKind, str]] = {
    JournalKind.SALES: CUSTOMER,
    JournalKind.PURCHASE: SUPPLIER,
}
"""In these journals the lines of these people are invoices."""

TAX_USES: Final[tuple[tuple[str, TaxUse], ...]] = (
    ("te vorderen", TaxUse.PURCHASE),
    ("verwerving", TaxUse.PURCHASE),
    ("af te dragen", TaxUse.SALES),
    ("levering", TaxUse.SALES),
    ("afstandsverkopen", TaxUse.SALES),
    ("diensten", TaxUse.SALES),
)
"""Words in the type of a VAT code, as the vendor writes them; the first that is met counts."""

BALANCE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "account": ("account", "ledger_account"),
    "id": ("id", "account_id", "ledger_account_id"),
    "type": ("type", "account_type"),
    "opening_debit": ("opening_debit", "begin_debit", "begin_debet", "opening_debet"),
    "opening_credit": ("opening_credit", "begin_credit"),
    "debit": ("debit", "total_debit", "debet"),
    "credit": ("credit", "total_credit"),
}
"""Members of a trial balance row, with the names each may have. Its form is assumed: it is known
only that it is a collection or a bare list. Where none fits, the books are not held against it."""

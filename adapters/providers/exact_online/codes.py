"""Exact Online's numbers and letters, and what they are called here. From its reference pages."""

from collections.abc import Mapping
from typing import Final

from core.domain.books import (
    AccountClass,
    InvoiceDirection,
    JournalKind,
    RecordKind,
    TaxUse,
    TradeSide,
)

BUDGET_TYPE: Final = 3000
"""Line type of budget scenarios. Never seen in the ledger; left out if it ever comes."""

INVOICE_TYPES: Final[Mapping[int, InvoiceDirection]] = {
    20: InvoiceDirection.SALES,
    21: InvoiceDirection.SALES,
    30: InvoiceDirection.PURCHASE,
    31: InvoiceDirection.PURCHASE,
}
"""Sales entry and credit note, purchase entry and credit note. Their line 0 is always there."""

JOURNAL_KINDS: Final[Mapping[int, JournalKind]] = {
    10: JournalKind.CASH,
    12: JournalKind.BANK,
    16: JournalKind.BANK,
    20: JournalKind.SALES,
    21: JournalKind.SALES,
    22: JournalKind.PURCHASE,
    23: JournalKind.PURCHASE,
    90: JournalKind.GENERAL,
}
"""Cash, bank, payment service, sales and its returns, purchase and its returns, general."""

TAX_USES: Final[Mapping[str, TaxUse]] = {
    "B": TaxUse.BOTH,
    "P": TaxUse.PURCHASE,
    "S": TaxUse.SALES,
}

DELETED_KINDS: Final[Mapping[int, RecordKind]] = {
    1: RecordKind.LINE,
    2: RecordKind.CONTACT,
    7: RecordKind.ACCOUNT,
}
"""Entity types of ``sync/Deleted`` that are imported; the list goes on to 55."""

_CLASSES: Final[Mapping[AccountClass, frozenset[int]]] = {
    # cash, bank, payment services, receivable and its prepayment, prepaid, assets, inventory
    AccountClass.ASSET: frozenset({10, 12, 16, 20, 21, 26, 30, 32, 35, 40}),
    # credit card, payable, VAT, employees, accrued, income tax, debt, tax payable
    AccountClass.LIABILITY: frozenset({14, 22, 24, 25, 27, 29, 55, 60, 100}),
    AccountClass.EQUITY: frozenset({50, 52}),
    # revenue, exceptional income, interest income
    AccountClass.INCOME: frozenset({110, 140, 160}),
    AccountClass.EXPENSE: frozenset({111, 120, 121, 122, 123, 125, 126, 130, 150}),
}
TRADES: Final[Mapping[int, TradeSide]] = {20: TradeSide.RECEIVABLE, 22: TradeSide.PAYABLE}
"""Accounts receivable and payable: every line on them belongs to a customer or supplier."""

_CLASS_OF: Final = {
    number: account_class for account_class, numbers in _CLASSES.items() for number in numbers
}
_ON_BALANCE: Final = frozenset({AccountClass.ASSET, AccountClass.LIABILITY, AccountClass.EQUITY})

STATUS_INACTIVE: Final = 0
OBSTACLES: Final[Mapping[int, str]] = {
    1: "it is being backed up or restored",
    2: "it is being converted",
    3: "it is being converted",
    4: "it waits to be converted",
    5: "it waits to be copied",
    6: "it is being copied",
}
"""``BlockingStatus`` in words."""


def account_class(type_number: int | None, *, on_balance: bool, side: str | None) -> AccountClass:
    """What the account is for. Users may set types freely, so the statement it stands on wins.

    General (90) and year-end accounts (300 to 302) are told by statement and side alone.
    """
    told = _CLASS_OF.get(type_number or 0)
    if told is not None and (told in _ON_BALANCE) == on_balance:
        return told
    credit = side == "C"
    if on_balance:
        return AccountClass.LIABILITY if credit else AccountClass.ASSET
    return AccountClass.INCOME if credit else AccountClass.EXPENSE

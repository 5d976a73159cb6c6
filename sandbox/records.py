"""What books are made of. Amounts are whole cents, debit positive; times are epoch ms, UTC."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from attrs import define, field, frozen

Day = date
"""A calendar day; named so that a record may have a field called ``date``."""


class AccountKind(StrEnum):
    """What a ledger account is for; providers translate it into their own type codes."""

    CASH = "cash"
    BANK = "bank"
    RECEIVABLE = "receivable"
    PAYABLE = "payable"
    VAT = "vat"
    TAX_PAYABLE = "tax payable"
    STAFF_PAYABLE = "staff payable"
    FIXED_ASSET = "fixed asset"
    ACCUMULATED_DEPRECIATION = "accumulated depreciation"
    INVENTORY = "inventory"
    EQUITY = "equity"
    RETAINED = "retained earnings"
    LOAN = "loan"
    SUSPENSE = "suspense"
    REVENUE = "revenue"
    COST_OF_GOODS = "cost of goods"
    EXPENSE = "expense"
    STAFF = "staff cost"
    DEPRECIATION = "depreciation"
    INTEREST = "interest"
    EXCHANGE = "exchange difference"
    APPROPRIATION = "appropriation of result"


PROFIT_AND_LOSS = frozenset(
    {
        AccountKind.REVENUE,
        AccountKind.COST_OF_GOODS,
        AccountKind.EXPENSE,
        AccountKind.STAFF,
        AccountKind.DEPRECIATION,
        AccountKind.INTEREST,
        AccountKind.EXCHANGE,
        AccountKind.APPROPRIATION,
    }
)

CREDIT_SIDE = frozenset(
    {
        AccountKind.PAYABLE,
        AccountKind.TAX_PAYABLE,
        AccountKind.STAFF_PAYABLE,
        AccountKind.ACCUMULATED_DEPRECIATION,
        AccountKind.EQUITY,
        AccountKind.RETAINED,
        AccountKind.LOAN,
        AccountKind.REVENUE,
    }
)


class JournalKind(StrEnum):
    SALES = "sales"
    PURCHASE = "purchase"
    BANK = "bank"
    CASH = "cash"
    GENERAL = "general"


class EntryKind(StrEnum):
    OPENING = "opening balance"
    SALES_INVOICE = "sales invoice"
    SALES_CREDIT = "sales credit note"
    PURCHASE_INVOICE = "purchase invoice"
    PURCHASE_CREDIT = "purchase credit note"
    BANK = "bank"
    GENERAL = "general journal"


class LineRole(StrEnum):
    """HEADER is the side of the debtor, creditor or bank; NET the cost or revenue; VAT the tax."""

    HEADER = "header"
    NET = "net"
    VAT = "vat"


class TaxKind(StrEnum):
    SALES = "sales"
    PURCHASE = "purchase"
    REVERSE_CHARGE = "reverse charge"  # on purchases: the same tax to pay and to claim
    NONE = "none"


class Trait(StrEnum):
    """What is special about a company; a provider's stand-in shows it in its own way."""

    REGULAR = "regular"
    BROKEN_YEAR = "broken year"  # the fiscal year starts in July
    EMPTY = "empty"  # masters, but not one entry
    ARCHIVED = "archived"
    INACTIVE = "inactive"
    BLOCKED = "blocked"  # conversion or restore is running
    OTHER_LICENCE = "other licence"  # a client of the same accountant


@frozen
class Company:
    number: int
    name: str
    country: str  # ISO 3166, two letters
    currency: str
    trait: Trait
    city: str
    vat_number: str
    registration: str  # chamber of commerce or enterprise number
    fiscal_start_month: int = 1


@define(eq=False)
class Account:
    serial: int
    code: str
    name: str
    kind: AccountKind
    created_ms: int
    modified_ms: int

    @property
    def balance_sheet(self) -> bool:
        return self.kind not in PROFIT_AND_LOSS

    @property
    def credit_side(self) -> bool:
        return self.kind in CREDIT_SIDE


@define(eq=False)
class Journal:
    serial: int
    code: str
    name: str
    kind: JournalKind
    account: Account | None  # the ledger account behind it: bank, cash, debtors, creditors
    iban: str | None
    created_ms: int
    modified_ms: int


@define(eq=False)
class Contact:
    serial: int
    number: int  # the debtor or creditor number people use
    name: str
    customer: bool
    supplier: bool
    country: str
    city: str
    postcode: str
    street: str
    email: str
    vat_number: str | None
    currency: str
    created_ms: int
    modified_ms: int


@define(eq=False)
class TaxCode:
    serial: int
    code: str
    name: str
    basis_points: int  # 2100 = 21 %
    kind: TaxKind
    payable: Account | None
    claimable: Account | None
    modified_ms: int


@define(eq=False)
class Line:
    """One posting. Without an account it is a remark of zero cents, and no part of the ledger."""

    serial: int
    entry: "Entry"
    number: int  # place within the entry, 0 for the header line
    role: LineRole
    account: Account | None
    cents: int
    foreign_cents: int  # in the currency of the entry
    description: str
    tax: TaxCode | None
    modified_ms: int


@define(eq=False)
class Entry:
    """A journal entry; its lines sum to zero. Invoices are entries with an invoice number."""

    serial: int
    number: int  # unique per company; two digits of the year, journal, sequence
    journal: Journal
    kind: EntryKind
    date: Day
    due: Day | None
    year: int  # fiscal
    period: int  # fiscal, from 1
    processed: bool  # the provider no longer lets it be changed (closed year)
    description: str
    contact: Contact | None
    invoice_number: int | None
    reference: str | None  # the supplier's own number, or the payment reference
    currency: str
    rate_millionths: int  # units of base currency for a million units of ``currency``
    settles: "Entry | None"  # the invoice a bank entry pays
    open_cents: int  # invoices: still to be received (+) or paid (-), base currency
    created_ms: int
    modified_ms: int
    lines: list[Line] = field(factory=list)


@frozen
class Period:
    serial: int
    year: int
    number: int
    first: date
    last: date


class Action(StrEnum):
    ADDED = "added"
    EDITED = "edited"
    DELETED = "deleted"


Record = Account | Contact | Entry | Line


@frozen(eq=False)
class Change:
    """One edit of one record since the books were generated, in the order it happened."""

    sequence: int
    at_ms: int
    action: Action
    record: Record


class BalanceKey(NamedTuple):
    """A cell of the ledger; a tuple because a million lines are hashed by it."""

    account: int  # serial
    year: int
    period: int
    kind: EntryKind
    processed: bool


@define
class BalanceCell:
    debit_cents: int = 0
    credit_cents: int = 0  # positive
    lines: int = 0

"""Books: the records an import brings, and what a batch says it covers.

Keys are the provider's own stable ids as text, unique per kind and entity. Amounts are integers of
1/10,000 unit (``_e4``), debit positive, in the entity's currency unless named otherwise. A record
refers to others by key; the key may be unknown here (it is then reported by the proof, not lost).
"""

import datetime as dt
from enum import StrEnum
from typing import Final, TypeAlias

from attrs import field, frozen

BATCH_RECORDS_MAX: Final = 20_000
"""No batch may be larger: one batch is one short transaction."""

BOOKMARK_CHARACTERS_MAX: Final = 65_536


class RecordKind(StrEnum):
    ACCOUNT = "ledger account"
    JOURNAL = "journal"
    CONTACT = "contact"
    TAX_CODE = "tax code"
    ENTRY = "journal entry"
    LINE = "journal line"
    INVOICE = "invoice"


class AccountClass(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"
    OFF_BALANCE = "off balance"
    UNKNOWN = "unknown"
    """The provider does not tell balance-sheet sides apart further than ``statement``."""


class Statement(StrEnum):
    BALANCE_SHEET = "balance sheet"
    PROFIT_AND_LOSS = "profit and loss"
    OFF_BALANCE = "off balance"


class TradeSide(StrEnum):
    """Whose open items are kept on an account, or told by a report."""

    RECEIVABLE = "receivable"
    PAYABLE = "payable"


class JournalKind(StrEnum):
    SALES = "sales"
    PURCHASE = "purchase"
    BANK = "bank"
    CASH = "cash"
    GENERAL = "general"
    OTHER = "other"


class TaxUse(StrEnum):
    SALES = "sales"
    PURCHASE = "purchase"
    BOTH = "both"
    NONE = "none"


class InvoiceDirection(StrEnum):
    SALES = "sales"
    PURCHASE = "purchase"


@frozen(kw_only=True, slots=True)
class LedgerAccount:
    key: str
    code: str
    """As people type it; may be empty where the provider knows none in this company."""
    name: str
    account_class: AccountClass
    statement: Statement
    active: bool = True
    trade: TradeSide | None = None
    """What customers or suppliers owe is kept on it. None: not, or the provider does not say."""


@frozen(kw_only=True, slots=True)
class Journal:
    key: str
    code: str
    name: str
    journal_kind: JournalKind
    active: bool = True


@frozen(kw_only=True, slots=True)
class Contact:
    key: str
    code: str | None
    name: str
    is_customer: bool
    is_supplier: bool
    vat_number: str | None = None
    email: str | None = None
    city: str | None = None
    country: str | None = None
    active: bool = True


@frozen(kw_only=True, slots=True)
class TaxCode:
    key: str
    code: str
    name: str
    use: TaxUse
    rate_e4: int | None = None
    """A fraction in 1/10,000: 21 % is 2100. None for groups and codes without one rate."""
    active: bool = True


@frozen(kw_only=True, slots=True)
class JournalEntry:
    """A journal entry's header. Some providers number no entries or know no journals: None."""

    key: str
    number: str | None
    journal_key: str | None
    date: dt.date
    year: int
    period: int
    description: str | None = None


@frozen(kw_only=True, slots=True)
class JournalLine:
    """One posting. ``foreign_e4`` is the amount in ``currency`` when that is not the entity's."""

    key: str
    entry_key: str
    position: int
    account_key: str
    date: dt.date
    year: int
    period: int
    amount_e4: int
    currency: str | None = None
    foreign_e4: int | None = None
    contact_key: str | None = None
    tax_key: str | None = None
    description: str | None = None


@frozen(kw_only=True, slots=True)
class Invoice:
    """A sales or purchase invoice; credit notes have negative totals.

    ``entry_key`` names the journal entry it was booked by: when that entry goes, so does this.
    None amounts are not offered by the provider in this import (not zero).
    """

    key: str
    direction: InvoiceDirection
    number: str | None
    contact_key: str | None
    date: dt.date
    due_date: dt.date | None
    currency: str | None
    total_e4: int
    """In the entity's currency, tax included."""
    tax_e4: int | None = None
    open_e4: int | None = None
    reference: str | None = None
    entry_key: str | None = None


Record: TypeAlias = (
    LedgerAccount | Journal | Contact | TaxCode | JournalEntry | JournalLine | Invoice
)

KIND_OF: Final[dict[type[Record], RecordKind]] = {
    LedgerAccount: RecordKind.ACCOUNT,
    Journal: RecordKind.JOURNAL,
    Contact: RecordKind.CONTACT,
    TaxCode: RecordKind.TAX_CODE,
    JournalEntry: RecordKind.ENTRY,
    JournalLine: RecordKind.LINE,
    Invoice: RecordKind.INVOICE,
}


@frozen(kw_only=True)
class Delta:
    """Upserts, and deletes by name. Says nothing about records that are not mentioned.

    ``deleted``: (kind, key) pairs; a key that is not held is ignored. Deleting an entry takes its
    lines and invoices along. ``whole_entries``: for these entry keys the batch carries all lines
    and invoices there are, so what is held of them and not in the batch is gone.
    ``deleted`` is applied before the batch's records: a record in the batch is alive.
    """

    deleted: frozenset[tuple[RecordKind, str]] = frozenset()
    whole_entries: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Everything:
    """All there is of one kind, spread over one or more batches.

    Each batch's own records of the kind, and the ``present`` keys (alive but not sent), are seen.
    Only when ``last`` is True (the end marker was seen) everything held and not seen is deleted.
    ``first``: the reading begins here; what one that was given up half way had seen is forgotten.
    """

    kind: RecordKind
    present: frozenset[str] = frozenset()
    first: bool = False
    last: bool = True


@frozen(kw_only=True)
class Window:
    """All entries dated ``first`` to ``last_day`` inclusive, spread over one or more batches.

    Only when ``last`` is True, entries held in the window and not seen are deleted, with their
    lines and invoices. Windows of one run do not interleave. ``begins``: the reading of the window
    begins here; what one that was given up half way had seen is forgotten.
    """

    first: dt.date
    last_day: dt.date
    present: frozenset[str] = frozenset()
    begins: bool = False
    last: bool = True


Coverage: TypeAlias = Delta | Everything | Window


def scope_of(coverage: Coverage) -> RecordKind | tuple[dt.date, dt.date] | None:
    """What a coverage speaks of as a whole: a kind, or the days of a window; None: of neither."""
    if isinstance(coverage, Everything):
        return coverage.kind
    return (coverage.first, coverage.last_day) if isinstance(coverage, Window) else None


@frozen(kw_only=True)
class Batch:
    """What one page of a provider becomes: records, coverage, and the bookmark that follows it.

    Applied whole, in one transaction, or not at all. A key twice in ``records``: the later counts.
    ``bookmark`` is opaque, made by the provider's adapter; pulling from it continues after this
    batch. ``stage`` is a word for people. ``expected_lines`` only where the provider counts.
    ``last``: nothing follows; the bookmark is where the next night begins. No two of ``coverage``
    speak of everything of the same kind, or of the same window; and what a batch sends belongs to
    no entry that the end of its own coverage lets go.
    """

    bookmark: str
    records: tuple[Record, ...] = ()
    coverage: tuple[Coverage, ...] = field(factory=lambda: (Delta(),))
    stage: str = ""
    expected_lines: int | None = None
    last: bool = False

    def __attrs_post_init__(self) -> None:
        assert len(self.records) <= BATCH_RECORDS_MAX, "a batch is one short transaction"
        assert len(self.bookmark) <= BOOKMARK_CHARACTERS_MAX, "a bookmark is small"
        scopes = [scope for scope in map(scope_of, self.coverage) if scope is not None]
        assert len(scopes) == len(set(scopes)), "a batch speaks of a scope once"


@frozen(kw_only=True)
class Applied:
    """What one batch changed: row versions written and closed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    more: bool = False
    """Not done yet: what is left takes another unit of work."""

    def plus(self, other: "Applied") -> "Applied":
        return Applied(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            unchanged=self.unchanged + other.unchanged,
            more=self.more or other.more,
        )

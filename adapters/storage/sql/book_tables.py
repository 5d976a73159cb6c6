"""The tables of the books: one of row versions per kind, and what is kept to stay fast.

A version stands in ``from_generation <= g < to_generation`` (None: still stands). ``ledger`` is a
small number for the entity: it is in every index. Column names after ``to_generation`` are those
of the record classes. Amounts are 64-bit integers of 1/10,000; dates are ISO text.

Indexes: by key for applying, by generation for discarding and comparing, and on lines those that
let the first page of a filter come without reading the ledger.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint, text
from sqlmodel import Field

from adapters.storage.sql.tables import Table
from adapters.storage.sql.types import Instant

ID_TYPE: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only under this very word."""


NOT_FIRST_SQL: Final = "from_generation > 1"
"""Rows of a first generation are not indexed by it: nearly all a ledger has are. Queries that want
the index say these words; in a query for generation 1 it would not help."""


OTHER_ENTRY_SQL: Final = "entry_key <> key"
"""Invoices that bear the key of their entry are found by it: indexing them by entry as well would
cost an import a page of the index for each. Queries that want the index say these words."""


def versioned(table: str, *more: Index) -> tuple[Index | UniqueConstraint, ...]:
    """Constraints every table of versions has, and more."""
    return (
        UniqueConstraint("ledger", "key", "from_generation"),
        Index(
            f"ix_{table}_from",
            "ledger",
            "from_generation",
            sqlite_where=text(NOT_FIRST_SQL),
            postgresql_where=text(NOT_FIRST_SQL),
        ),
        Index(
            f"ix_{table}_to",
            "ledger",
            "to_generation",
            sqlite_where=text("to_generation IS NOT NULL"),
            postgresql_where=text("to_generation IS NOT NULL"),
        ),
        *more,
    )


class LedgerRow(Table, table=True):
    """``settled_generation``: the generation being built, settled and not touched since.
    ``texts_generation``: words of rows up to that published generation are indexed, and
    ``texts_place`` is how far indexing the next ones has come.
    """

    __tablename__ = "ledgers"

    id: int | None = Field(default=None, primary_key=True)
    entity_id: str = Field(unique=True)
    settled_generation: int | None = None
    texts_generation: int | None = None
    texts_place: str | None = None


class GenerationRow(Table, table=True):
    __tablename__ = "generations"

    ledger: int = Field(primary_key=True, foreign_key="ledgers.id")
    number: int = Field(primary_key=True)
    run_id: str
    link_id: str
    published_at: datetime = Field(sa_type=Instant)
    bookmark: str | None = None
    counts_json: str
    added: int
    changed: int
    removed: int
    proof_json: str
    retired_at: datetime | None = Field(default=None, sa_type=Instant)
    """When retention let it go; it stays readable for a while."""
    compacted: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """See adapters.storage.sql.compacting."""


class TallyRow(Table, table=True):
    """Per kind how a generation differs from the one before, and how many records it has.

    A generation without a row has the ``live`` of the newest one below it, and no difference.
    """

    __tablename__ = "tallies"

    ledger: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    generation: int = Field(primary_key=True)
    added: int
    changed: int
    removed: int
    live: int


class CoverageRow(Table, table=True):
    """A coverage whose end was not seen yet, or a list of things to look at when settling.

    ``fresh``: nothing was held when it began, so everything held was seen and no mark is kept.
    """

    __tablename__ = "coverages"
    __table_args__ = (UniqueConstraint("ledger", "scope"),)

    id: int | None = Field(default=None, primary_key=True)
    ledger: int
    scope: str
    fresh: bool


class MarkRow(Table, table=True):
    """A key seen under a coverage."""

    __tablename__ = "marks"
    __table_args__ = ({"sqlite_with_rowid": False},)

    coverage: int = Field(primary_key=True, foreign_key="coverages.id", ondelete="CASCADE")
    key: str = Field(primary_key=True)


class Version(Table):
    """The columns every version has."""

    id: int | None = Field(default=None, primary_key=True, sa_type=ID_TYPE)
    ledger: int
    key: str
    from_generation: int
    to_generation: int | None = None


class AccountVersion(Version, table=True):
    __tablename__ = "ledger_accounts"
    __table_args__ = versioned("ledger_accounts")

    code: str
    name: str
    account_class: str
    statement: str
    active: bool
    trade: str | None


class JournalVersion(Version, table=True):
    __tablename__ = "journals"
    __table_args__ = versioned("journals")

    code: str
    name: str
    journal_kind: str
    active: bool


class ContactVersion(Version, table=True):
    __tablename__ = "contacts"
    __table_args__ = versioned("contacts")

    code: str | None
    name: str
    is_customer: bool
    is_supplier: bool
    vat_number: str | None
    email: str | None
    city: str | None
    country: str | None
    active: bool


class TaxCodeVersion(Version, table=True):
    __tablename__ = "tax_codes"
    __table_args__ = versioned("tax_codes")

    code: str
    name: str
    use: str
    rate_e4: int | None = Field(sa_type=BigInteger)
    active: bool


class EntryVersion(Version, table=True):
    __tablename__ = "journal_entries"
    __table_args__ = versioned(
        "journal_entries",
        Index("ix_journal_entries_date", "ledger", "date"),
        Index("ix_journal_entries_journal", "ledger", "journal_key"),
    )

    number: str | None
    journal_key: str | None
    date: str = Field(max_length=10)
    year: int
    period: int
    description: str | None


class LineVersion(Version, table=True):
    __tablename__ = "journal_lines"
    __table_args__ = versioned(
        "journal_lines",
        Index("ix_journal_lines_date", "ledger", "date"),
        Index("ix_journal_lines_account", "ledger", "account_key", "date"),
        Index("ix_journal_lines_entry", "ledger", "entry_key"),
        Index("ix_journal_lines_period", "ledger", "year", "period", "date"),
        Index(
            "ix_journal_lines_contact",
            "ledger",
            "contact_key",
            "date",
            sqlite_where=text("contact_key IS NOT NULL"),
            postgresql_where=text("contact_key IS NOT NULL"),
        ),
    )

    entry_key: str
    position: int = Field(sa_type=BigInteger)
    account_key: str
    date: str = Field(max_length=10)
    year: int
    period: int
    amount_e4: int = Field(sa_type=BigInteger)
    currency: str | None
    foreign_e4: int | None = Field(sa_type=BigInteger)
    contact_key: str | None
    tax_key: str | None
    description: str | None


class InvoiceVersion(Version, table=True):
    __tablename__ = "invoices"
    __table_args__ = versioned(
        "invoices",
        Index(
            "ix_invoices_entry",
            "ledger",
            "entry_key",
            sqlite_where=text(OTHER_ENTRY_SQL),
            postgresql_where=text(OTHER_ENTRY_SQL),
        ),
    )

    direction: str
    number: str | None
    contact_key: str | None
    date: str = Field(max_length=10)
    due_date: str | None = Field(max_length=10)
    currency: str | None
    total_e4: int = Field(sa_type=BigInteger)
    tax_e4: int | None = Field(sa_type=BigInteger)
    open_e4: int | None = Field(sa_type=BigInteger)
    reference: str | None
    entry_key: str | None


class BalanceVersion(Version, table=True):
    """What the lines of one account, year and period add up to. ``key`` joins the three."""

    __tablename__ = "balances"
    __table_args__ = versioned(
        "balances",
        # What stands now, however many nights there were.
        Index(
            "ix_balances_live",
            "ledger",
            sqlite_where=text("to_generation IS NULL"),
            postgresql_where=text("to_generation IS NULL"),
        ),
    )

    account_key: str
    year: int
    period: int
    debit_e4: int = Field(sa_type=BigInteger)
    credit_e4: int = Field(sa_type=BigInteger)
    lines: int


class ImbalanceVersion(Version, table=True):
    """An entry (``key``) whose lines do not add up to zero. Balanced entries have no row."""

    __tablename__ = "imbalances"
    __table_args__ = versioned("imbalances")

    amount_e4: int = Field(sa_type=BigInteger)

"""Exact Online's pages as typed rows, and rows as records. Pure: bytes in, records out.

Sources of meaning: official reference pages for field names and types, recorded traffic for the
envelope, dates and padding. Every posting counts, line 0 (the receivable or payable side) and 9999
(VAT) included; ``AmountDC`` above zero is debit, in the administration's currency.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec
from attrs import frozen

from adapters.providers.exact_online.codes import (
    BUDGET_TYPE,
    INVOICE_TYPES,
    JOURNAL_KINDS,
    TAX_USES,
    TRADES,
    account_class,
)
from adapters.providers.kit.decoding import (
    JsonPage,
    cents_e4,
    fraction_e4,
    guid_or_none,
    msdate,
    trimmed,
)
from core.domain.books import (
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalKind,
    JournalLine,
    LedgerAccount,
    Record,
    RecordKind,
    Statement,
    TaxCode,
    TaxUse,
)
from core.domain.failures import NotUnderstood

PROVIDER: Final = "Exact Online"

NO_ACCOUNT: Final = "none"
"""Account key of an amount on no account: the proof then reports it instead of losing it."""

Int64: TypeAlias = int | str
"""Edm.Int64 travels as text; clients also met numbers."""

Row = TypeVar("Row")


class Results(msgspec.Struct, Generic[Row], gc=False):
    results: list[Row]
    following: str | None = msgspec.field(name="__next", default=None)


class Page(msgspec.Struct, Generic[Row], gc=False):
    """``{"d": {"results": [...], "__next": ...}}``, or ``{"d": [...]}`` as some requests get."""

    d: Results[Row] | list[Row]

    @property
    def rows(self) -> list[Row]:
        return self.d if isinstance(self.d, list) else self.d.results

    @property
    def following(self) -> str | None:
        return None if isinstance(self.d, list) else self.d.following


class MeRow(msgspec.Struct, rename="pascal"):
    user_id: str = msgspec.field(name="UserID")
    current_division: int | None = None
    full_name: str | None = None
    user_name: str | None = None
    email: str | None = None


class DivisionRow(msgspec.Struct, rename="pascal"):
    code: int
    description: str | None = None
    currency: str | None = None
    country: str | None = None
    status: int | None = None
    blocking_status: int | None = None
    division_move_date: str | None = None
    division_hr_link_unlink_date: str | None = msgspec.field(
        name="DivisionHRLinkUnlinkDate", default=None
    )


class AccountRow(msgspec.Struct, rename="pascal", gc=False):
    id: str = msgspec.field(name="ID")
    timestamp: Int64
    code: str | None = None
    description: str | None = None
    type: int | None = None
    balance_type: str | None = None
    balance_side: str | None = None
    is_blocked: bool | None = None


class ContactRow(msgspec.Struct, rename="pascal", gc=False):
    id: str = msgspec.field(name="ID")
    timestamp: Int64
    code: str | None = None
    name: str | None = None
    status: str | None = None
    is_supplier: bool | None = None
    vat_number: str | None = msgspec.field(name="VATNumber", default=None)
    email: str | None = None
    city: str | None = None
    country: str | None = None
    blocked: bool | None = None


class JournalRow(msgspec.Struct, rename="pascal", gc=False):
    code: str
    description: str | None = None
    type: int | None = None
    is_blocked: bool | None = None


class TaxRow(msgspec.Struct, rename="pascal", gc=False):
    code: str
    description: str | None = None
    percentage: Decimal | None = None
    vat_transaction_type: str | None = msgspec.field(name="VATTransactionType", default=None)
    is_blocked: bool | None = None


class LineRow(msgspec.Struct, rename="pascal", gc=False):
    id: str = msgspec.field(name="ID")
    timestamp: Int64
    entry_id: str = msgspec.field(name="EntryID")
    type: int
    date: str
    financial_year: int
    financial_period: int
    amount_dc: Decimal = msgspec.field(name="AmountDC")
    line_number: int = 0
    entry_number: int | None = None
    journal_code: str | None = None
    gl_account: str | None = msgspec.field(name="GLAccount", default=None)
    amount_fc: Decimal | None = msgspec.field(name="AmountFC", default=None)
    currency: str | None = None
    account: str | None = None
    vat_code: str | None = msgspec.field(name="VATCode", default=None)
    description: str | None = None
    invoice_number: int | None = None
    your_ref: str | None = None
    due_date: str | None = None


class DeletedRow(msgspec.Struct, rename="pascal", gc=False):
    timestamp: Int64
    entity_key: str
    entity_type: int


class PeriodRow(msgspec.Struct, rename="pascal", gc=False):
    fin_year: int


class BalanceRow(msgspec.Struct, rename="pascal", gc=False):
    reporting_year: int
    reporting_period: int
    amount: Decimal
    gl_account: str | None = msgspec.field(name="GLAccount", default=None)
    type: int | None = None


class Rights(msgspec.Struct, rename="pascal"):
    user_has_rights: bool


class RightsAnswer(msgspec.Struct):
    """``{"d": {"UserHasRights": true}}``, as client code reads it."""

    d: Rights


ME_PAGE: Final = JsonPage(PROVIDER, "the signed-in user", Page[MeRow])
DIVISION_PAGE: Final = JsonPage(PROVIDER, "administrations", Page[DivisionRow])
ACCOUNT_PAGE: Final = JsonPage(PROVIDER, "ledger accounts", Page[AccountRow])
CONTACT_PAGE: Final = JsonPage(PROVIDER, "relations", Page[ContactRow])
JOURNAL_PAGE: Final = JsonPage(PROVIDER, "journals", Page[JournalRow])
TAX_PAGE: Final = JsonPage(PROVIDER, "VAT codes", Page[TaxRow])
LINE_PAGE: Final = JsonPage(PROVIDER, "journal lines", Page[LineRow])
DELETED_PAGE: Final = JsonPage(PROVIDER, "deletions", Page[DeletedRow])
PERIOD_PAGE: Final = JsonPage(PROVIDER, "financial periods", Page[PeriodRow])
BALANCE_PAGE: Final = JsonPage(PROVIDER, "balances", Page[BalanceRow])
RIGHTS_ANSWER: Final = JsonPage(PROVIDER, "user rights", RightsAnswer)


def version(timestamp: Int64) -> int:
    """A row version; larger than 32 bits."""
    return int(timestamp)


def ledger_account(row: AccountRow) -> LedgerAccount:
    on_balance = row.balance_type != "W"
    return LedgerAccount(
        key=row.id.lower(),
        code=(row.code or "").strip(),
        name=(row.description or "").strip(),
        account_class=account_class(row.type, on_balance=on_balance, side=row.balance_side),
        statement=Statement.BALANCE_SHEET if on_balance else Statement.PROFIT_AND_LOSS,
        active=not row.is_blocked,
        trade=TRADES.get(row.type or 0) if on_balance else None,
    )


def contact(row: ContactRow) -> Contact:
    return Contact(
        key=row.id.lower(),
        code=trimmed(row.code),
        name=(row.name or "").strip(),
        is_customer=row.status == "C",
        is_supplier=bool(row.is_supplier),
        vat_number=trimmed(row.vat_number),
        email=trimmed(row.email),
        city=trimmed(row.city),
        country=trimmed(row.country),
        active=not row.blocked,
    )


def journal(row: JournalRow) -> Journal:
    """Keyed by its code: lines name their journal by nothing else."""
    code = row.code.strip()
    return Journal(
        key=code,
        code=code,
        name=(row.description or "").strip(),
        journal_kind=JOURNAL_KINDS.get(row.type or 0, JournalKind.OTHER),
        active=not row.is_blocked,
    )


def tax_code(row: TaxRow) -> TaxCode:
    """Keyed by its code without padding: lines name it so."""
    code = row.code.strip()
    return TaxCode(
        key=code,
        code=code,
        name=(row.description or "").strip(),
        use=TAX_USES.get(row.vat_transaction_type or "", TaxUse.NONE),
        rate_e4=None if row.percentage is None else fraction_e4(row.percentage),
        active=not row.is_blocked,
    )


@frozen(kw_only=True)
class LinesRead:
    """One page of lines. ``outside`` are line keys that are no postings (remarks, budget)."""

    records: tuple[Record, ...]
    outside: frozenset[tuple[RecordKind, str]]
    years: frozenset[int]


def lines_read(rows: Sequence[LineRow], *, currency: str) -> LinesRead:
    """Lines, the entries they belong to, and the invoices they stand for.

    ``currency`` is the administration's. Rows come in order of row version, so that of an id that
    is there twice the newest counts. An entry's header is taken from line 0; entries that are no
    invoices may have none, then from the lowest line of the page. ValueError for a bad value.
    """
    lines: list[Record] = []
    outside: list[tuple[RecordKind, str]] = []
    heads: dict[str, LineRow] = {}
    for row in rows:
        if row.type == BUDGET_TYPE or (not row.amount_dc and guid_or_none(row.gl_account) is None):
            outside.append((RecordKind.LINE, row.id.lower()))
            if row.type == BUDGET_TYPE:
                continue
        else:
            lines.append(_line(row, currency))
        head = heads.get(row.entry_id)
        if row.line_number == 0 or (
            row.type not in INVOICE_TYPES and (head is None or head.line_number >= row.line_number)
        ):
            heads[row.entry_id] = row
    headers: list[Record] = [_entry(row) for row in heads.values()]
    invoices: list[Record] = [_invoice(row) for row in heads.values() if row.type in INVOICE_TYPES]
    return LinesRead(
        records=(*headers, *invoices, *lines),
        outside=frozenset(outside),
        years=frozenset(row.financial_year for row in rows),
    )


def _line(row: LineRow, currency: str) -> JournalLine:
    foreign = row.currency is not None and row.amount_fc is not None and row.currency != currency
    account = guid_or_none(row.gl_account)
    return JournalLine(
        key=row.id.lower(),
        entry_key=row.entry_id.lower(),
        position=row.line_number,
        account_key=account or NO_ACCOUNT,
        date=msdate(row.date),
        year=row.financial_year,
        period=row.financial_period,
        amount_e4=cents_e4(row.amount_dc),
        currency=row.currency if foreign else None,
        foreign_e4=cents_e4(row.amount_fc) if foreign and row.amount_fc is not None else None,
        contact_key=guid_or_none(row.account),
        tax_key=trimmed(row.vat_code),
        description=row.description or None,
    )


def _entry(row: LineRow) -> JournalEntry:
    """Only what all lines of an entry agree on: a later page may bring another of its lines."""
    return JournalEntry(
        key=row.entry_id.lower(),
        number=None if row.entry_number is None else str(row.entry_number),
        journal_key=trimmed(row.journal_code),
        date=msdate(row.date),
        year=row.financial_year,
        period=row.financial_period,
        description=trimmed(row.description) if row.type in INVOICE_TYPES else None,
    )


def _invoice(row: LineRow) -> Invoice:
    """From line 0: debit for a sale, credit for a purchase, the other way for credit notes.

    The tax is not on it (None); the supplier's own number is the reference.
    """
    direction = INVOICE_TYPES[row.type]
    total_e4 = cents_e4(row.amount_dc)
    number = row.entry_number if row.invoice_number is None else row.invoice_number
    return Invoice(
        key=row.entry_id.lower(),
        direction=direction,
        number=None if number is None else str(number),
        contact_key=guid_or_none(row.account),
        date=msdate(row.date),
        due_date=None if row.due_date is None else msdate(row.due_date),
        currency=trimmed(row.currency),
        total_e4=total_e4 if direction is InvoiceDirection.SALES else -total_e4,
        reference=trimmed(row.your_ref),
        entry_key=row.entry_id.lower(),
    )


def in_version_order(rows: Sequence[LineRow]) -> Sequence[LineRow]:
    """Oldest version first. Pages come so; a page that does not is put in order."""
    versions = [version(row.timestamp) for row in rows]
    if all(left <= right for left, right in pairwise(versions)):
        return rows
    return [row for _, row in sorted(zip(versions, rows, strict=True), key=lambda pair: pair[0])]


def newest_version(timestamps: Iterable[Int64], before: int) -> int:
    """The highest row version on a page, or the cursor it was read with."""
    return max((version(timestamp) for timestamp in timestamps), default=before)


def bad_value(what: str, error: ValueError) -> NotUnderstood:
    """For a page whose structure is right but one of whose values is none."""
    return NotUnderstood(
        f"{PROVIDER} sent {what} with a value this version does not know: report it.",
        detail=f"{what}: {error}",
    )

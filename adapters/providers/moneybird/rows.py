"""Moneybird's answers as typed rows, and rows as records. Pure: bytes in, records out.

Field names and types are those of the official OpenAPI document (v2-20260821). Ids may be text or
numbers there and are always kept as text; money is decimal text, read exactly.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

import msgspec

from adapters.providers.kit.decoding import JsonPage, fraction_e4, trimmed
from adapters.providers.moneybird.codes import (
    ACCOUNT_CLASSES,
    JOURNAL_OF,
    JOURNALS,
    OUTSIDE_STATES,
    TAX_USES,
    statement,
)
from adapters.providers.moneybird.declaration import PROVIDER
from adapters.providers.moneybird.sums import Sums
from core.domain.books import (
    AccountClass,
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    TaxCode,
    TaxUse,
)
from core.domain.failures import NotUnderstood
from core.domain.money import parse_e4

Id: TypeAlias = str | int
"""64 bits; text on the wire, but the schema allows numbers."""

_PERCENT: Final = Decimal(100)


class AdministrationRow(msgspec.Struct):
    id: Id
    name: str
    currency: str
    country: str | None = None
    suspended: bool | None = None
    period_start_date: str | None = None
    period_locked_until: str | None = None
    """A day; fixtures show a moment as well, of which the day is taken as it is written."""


class Taxonomy(msgspec.Struct):
    reference: str | None = None


class AccountRow(msgspec.Struct, gc=False):
    id: Id
    name: str
    account_type: str
    account_id: Id | None = None
    active: bool | None = None
    taxonomy_item: Taxonomy | None = None


class TaxRow(msgspec.Struct, gc=False):
    id: Id
    name: str | None = None
    percentage: Decimal | None = None
    tax_rate_type: str | None = None
    active: bool | None = None


class VersionRow(msgspec.Struct, gc=False):
    id: Id
    version: int | str


class ContactRow(msgspec.Struct, gc=False):
    id: Id
    company_name: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    customer_id: Id | None = None
    tax_number: str | None = None
    email: str | None = None
    city: str | None = None
    country: str | None = None
    archived: bool | None = None


class InvoiceRow(msgspec.Struct, gc=False):
    """Sales invoices, external ones, purchase invoices and receipts: one shape with other names."""

    id: Id
    state: str
    total_price_incl_tax_base: Decimal | None = None
    total_price_excl_tax_base: Decimal | None = None
    total_unpaid_base: Decimal | None = None
    invoice_id: str | None = None
    invoice_date: str | None = None
    date: str | None = None
    due_date: str | None = None
    contact_id: Id | None = None
    currency: str | None = None
    reference: str | None = None
    entry_number: int | None = None
    revenue_invoice: bool | None = None


class EntryRow(msgspec.Struct, gc=False):
    """One booking. Its amount is on the account's own side: see ``sums``."""

    id: Id
    date: str
    document_type: str
    document_id: Id
    ledger_account_id: Id
    amount: Decimal
    contact_id: Id | None = None
    tax_rate_id: Id | None = None
    description: str | None = None


class SumRow(msgspec.Struct, gc=False):
    ledger_account_id: Id
    value: Decimal


LedgerPart: TypeAlias = dict[str, list[SumRow] | Decimal]
"""``{"ledger_accounts": [...]}``, or a flat map from id to value as it was before March 2026."""


class LedgerAnswer(msgspec.Struct):
    debit_sums: LedgerPart
    credit_sums: LedgerPart
    start_balance: LedgerPart = {}

    @property
    def has_past(self) -> bool:
        """Whether anything was booked before the period. ValueError for a value that is none."""
        return any(_values(self.start_balance).values())


ADMINISTRATIONS: Final = JsonPage(PROVIDER, "administrations", list[AdministrationRow])
ACCOUNTS: Final = JsonPage(PROVIDER, "ledger accounts", list[AccountRow])
TAX_RATES: Final = JsonPage(PROVIDER, "tax rates", list[TaxRow])
VERSIONS: Final = JsonPage(PROVIDER, "versions", list[VersionRow])
CONTACTS: Final = JsonPage(PROVIDER, "contacts", list[ContactRow])
INVOICES: Final = JsonPage(PROVIDER, "invoices", list[InvoiceRow])
ENTRIES: Final = JsonPage(PROVIDER, "journal entries", list[EntryRow])
LEDGER: Final = JsonPage(PROVIDER, "the general ledger", LedgerAnswer)


def key(told: Id) -> str:
    return str(told)


def ledger_account(row: AccountRow) -> LedgerAccount:
    """The number may be missing: then the reference of the Dutch standard chart, then the id."""
    code = trimmed(None if row.account_id is None else str(row.account_id))
    if code is None and row.taxonomy_item is not None:
        code = trimmed(row.taxonomy_item.reference)
    return LedgerAccount(
        key=key(row.id),
        code=code or key(row.id),
        name=row.name.strip(),
        account_class=ACCOUNT_CLASSES.get(row.account_type, AccountClass.UNKNOWN),
        statement=statement(row.account_type),
        active=row.active is not False,
    )


def journals() -> tuple[Journal, ...]:
    return tuple(
        Journal(key=code, code=code, name=name, journal_kind=kind)
        for code, (name, kind) in JOURNALS.items()
    )


def tax_code(row: TaxRow) -> TaxCode:
    """Without a code of its own: people know rates by name."""
    return TaxCode(
        key=key(row.id),
        code=key(row.id),
        name=(row.name or "").strip(),
        use=TAX_USES.get(row.tax_rate_type or "", TaxUse.NONE),
        rate_e4=None if row.percentage is None else fraction_e4(row.percentage / _PERCENT),
        active=row.active is not False,
    )


def contact(row: ContactRow) -> Contact:
    """Whether it buys or sells is no field: any contact may do either, so it is called both."""
    person = " ".join(part for part in (trimmed(row.firstname), trimmed(row.lastname)) if part)
    return Contact(
        key=key(row.id),
        code=None if row.customer_id is None else trimmed(str(row.customer_id)),
        name=trimmed(row.company_name) or person or key(row.id),
        is_customer=True,
        is_supplier=True,
        vat_number=trimmed(row.tax_number),
        email=trimmed(row.email),
        city=trimmed(row.city),
        country=trimmed(row.country),
        active=not row.archived,
    )


def invoice_key(prefix: str, told: Id) -> str:
    """Ids are unique per kind of document for certain, so the kind is part of the key."""
    return f"{prefix}:{told}"


def invoice(row: InvoiceRow, *, prefix: str, direction: InvoiceDirection) -> Invoice | None:
    """None for what is not booked (drafts, scheduled and new ones). ValueError for a bad value.

    No entry is named: an invoice is told by its own list, and goes with it. What is unpaid is told
    for sales only; of a purchase only that it is paid.
    """
    told = row.invoice_date or row.date
    total = row.total_price_incl_tax_base
    if row.state in OUTSIDE_STATES or told is None or total is None:
        return None
    total_e4 = parse_e4(total)
    net = row.total_price_excl_tax_base
    open_e4 = None if row.total_unpaid_base is None else parse_e4(row.total_unpaid_base)
    if open_e4 is None and row.state == "paid":
        open_e4 = 0
    number = row.invoice_id
    if number is None and row.entry_number is not None:
        number = str(row.entry_number)
    return Invoice(
        key=invoice_key(prefix, row.id),
        direction=InvoiceDirection.SALES if row.revenue_invoice else direction,
        number=number,
        contact_key=None if row.contact_id is None else key(row.contact_id),
        date=date.fromisoformat(told),
        due_date=None if row.due_date is None else date.fromisoformat(row.due_date),
        currency=trimmed(row.currency),
        total_e4=total_e4,
        tax_e4=None if net is None else total_e4 - parse_e4(net),
        open_e4=open_e4,
        reference=trimmed(row.reference),
    )


def entry_key(row: EntryRow) -> str:
    """There is no transaction id: a document's bookings of one day are an entry. The day is part
    of it because a document may book into several months.
    """
    return f"{row.document_type}:{row.document_id}:{row.date}"


def entry(row: EntryRow) -> JournalEntry:
    """Only what all its bookings agree on: they may come on several pages."""
    day = date.fromisoformat(row.date)
    return JournalEntry(
        key=entry_key(row),
        number=None,
        journal_key=JOURNAL_OF.get(row.document_type, "other"),
        date=day,
        year=day.year,
        period=day.month,
    )


def line(row: EntryRow, amount_e4: int) -> JournalLine:
    """``amount_e4`` is debit positive. Fiscal years are not told anywhere: year and period are the
    calendar's. Bookings have no order of their own within their entry.
    """
    day = date.fromisoformat(row.date)
    return JournalLine(
        key=key(row.id),
        entry_key=entry_key(row),
        position=0,
        account_key=key(row.ledger_account_id),
        date=day,
        year=day.year,
        period=day.month,
        amount_e4=amount_e4,
        contact_key=None if row.contact_id is None else key(row.contact_id),
        tax_key=None if row.tax_rate_id is None else key(row.tax_rate_id),
        description=row.description or None,
    )


def sums(answer: LedgerAnswer) -> Sums:
    """Debits and credits per account; accounts without either are left out."""
    debits, credits_ = _values(answer.debit_sums), _values(answer.credit_sums)
    told = {
        account: (debits.get(account, 0), credits_.get(account, 0))
        for account in debits.keys() | credits_.keys()
    }
    return {account: told[account] for account in sorted(told) if any(told[account])}


def _values(part: Mapping[str, list[SumRow] | Decimal]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value in part.items():
        if isinstance(value, Decimal):
            found[name] = parse_e4(value)
        else:
            found |= {key(row.ledger_account_id): parse_e4(row.value) for row in value}
    return found


def newest(versions: Iterable[VersionRow]) -> int:
    return max((int(row.version) for row in versions), default=0)


def bad_value(what: str, error: ValueError) -> NotUnderstood:
    """For an answer whose structure is right but one of whose values is none."""
    return NotUnderstood(
        f"{PROVIDER} sent {what} with a value this version does not know: report it.",
        detail=f"{what}: {error}",
    )

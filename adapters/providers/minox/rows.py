"""Minox' answers as typed rows, and rows as records. Pure: bytes in, records out.

Field names and types are those of clients whose comments come from the vendor's Swagger. Amounts
are JSON numbers in two columns that are never negative; a line's amount is debit less credit.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec
from attrs import frozen

from adapters.providers.kit.decoding import JsonPage, fraction_e4, trimmed
from adapters.providers.minox.codes import (
    CONTACT_PREFIXES,
    CONTROL_KEYS,
    CUSTOMER,
    JOURNAL_KINDS,
    RGS_CLASSES,
    SUGGESTED,
    SUPPLIER,
    TAX_USES,
    TRADE_SIDES,
)
from adapters.providers.minox.declaration import PROVIDER
from core.domain.books import (
    AccountClass,
    Contact,
    Journal,
    JournalKind,
    LedgerAccount,
    Statement,
    TaxCode,
    TaxUse,
)
from core.domain.failures import NotUnderstood

Row = TypeVar("Row")
Id: TypeAlias = str | int

_PERCENT: Final = Decimal(100)
_DAY_CHARACTERS: Final = 10


class Page(msgspec.Struct, Generic[Row]):
    """The envelope of every list. ``collection`` was met as an array and as an object by key."""

    collection: list[Row] | dict[str, Row]
    links: object = None

    @property
    def rows(self) -> list[Row]:
        if isinstance(self.collection, dict):
            return list(self.collection.values())
        return self.collection

    @property
    def following(self) -> str | None:
        """``links.next``: an address, or a token for ``next=``. What it holds is assumed."""
        told = self.links.get("next") if isinstance(self.links, Mapping) else None
        if isinstance(told, Mapping):
            told = told.get("href")
        if isinstance(told, str | int) and not isinstance(told, bool):
            return str(told).strip() or None
        return None


class CurrencyRow(msgspec.Struct, gc=False):
    id: str | None = None


class FiscalYearRow(msgspec.Struct, gc=False):
    fiscal_year: int
    start_date: str
    end_date: str


class AdministrationRow(msgspec.Struct):
    id: int
    name: str | None = None
    currency: CurrencyRow | None = None
    country_code: str | None = None
    fiscal_years: list[FiscalYearRow] | None = None


class BlockedRow(msgspec.Struct, gc=False):
    active: bool | None = None


class RgsRow(msgspec.Struct, gc=False):
    reference_code: str | None = None


class AccountRow(msgspec.Struct):
    id: Id
    description: str | None = None
    is_balance: bool | None = msgspec.field(name="isBalance", default=None)
    debit_credit_suggestion: str | None = None
    blocked: BlockedRow | None = None
    rgs: list[RgsRow] | None = None


class JournalRow(msgspec.Struct, gc=False):
    id: Id
    description: str | None = None
    type: str | None = None


class VatRow(msgspec.Struct, gc=False):
    id: Id
    type: str | None = None
    percentage: Decimal | None = None
    description: str | None = None


class MailRow(msgspec.Struct, gc=False):
    email_address: str | None = None


class AddressRow(msgspec.Struct):
    address_type: str | None = None
    name: str | None = None
    city: str | None = None
    country_code: str | None = None
    email_addresses: list[MailRow] | None = None


class ContactVatRow(msgspec.Struct, gc=False):
    vat_registration_number: str | None = None


class ContactRow(msgspec.Struct):
    id: Id
    addresses: list[AddressRow] | None = None
    vat: ContactVatRow | None = None
    blocked: BlockedRow | None = None


class ReferenceRow(msgspec.Struct, gc=False):
    id: Id
    type: str | None = None


class PeriodRow(msgspec.Struct, gc=False):
    id: int


class NumberedRow(msgspec.Struct, gc=False):
    id: Id | None = None
    type: str | None = None
    line_number: int | None = None


class LineRow(msgspec.Struct):
    id: Id
    batch_id: str
    account: ReferenceRow
    period: PeriodRow
    debit: Decimal | None = None
    credit: Decimal | None = None
    document_date: str | None = None
    due_date: str | None = None
    entry_number: Id | None = None
    invoice_number: Id | None = None
    description: str | None = None
    journal: NumberedRow | None = None
    vat: NumberedRow | None = None
    currency: CurrencyRow | None = None


class TenantRow(msgspec.Struct, gc=False):
    tenant_id: int


class InspectRow(msgspec.Struct):
    linked_tenants: list[TenantRow]


ADMINISTRATIONS: Final = JsonPage(PROVIDER, "administrations", Page[AdministrationRow])
ACCOUNTS: Final = JsonPage(PROVIDER, "ledger accounts", Page[AccountRow])
JOURNALS: Final = JsonPage(PROVIDER, "journals", Page[JournalRow])
VAT_CODES: Final = JsonPage(PROVIDER, "VAT codes", Page[VatRow])
CUSTOMERS: Final = JsonPage(PROVIDER, "customers", Page[ContactRow])
SUPPLIERS: Final = JsonPage(PROVIDER, "suppliers", Page[ContactRow])
LINES: Final = JsonPage(PROVIDER, "general ledger lines", Page[LineRow])
INSPECTED: Final = JsonPage(PROVIDER, "the connection's customer numbers", InspectRow)


@frozen(kw_only=True)
class FiscalYear:
    """``start`` to ``end`` inclusive."""

    year: int
    start: date
    end: date


@frozen(kw_only=True)
class ControlCodes:
    """The codes under which debtors and creditors are shown."""

    receivable: str
    payable: str


# -- masters ---------------------------------------------------------------------------------------


def fiscal_years(row: AdministrationRow) -> tuple[FiscalYear, ...]:
    """In order of time."""
    found = [
        FiscalYear(year=told.fiscal_year, start=day(told.start_date), end=day(told.end_date))
        for told in row.fiscal_years or ()
    ]
    return tuple(sorted(found, key=lambda known: known.start))


def ledger_account(row: AccountRow) -> LedgerAccount:
    is_balance = bool(row.is_balance)
    number = plain_number(row.id)
    blocked = row.blocked is not None and row.blocked.active
    return LedgerAccount(
        key=number,
        code=number,
        name=trimmed(row.description) or number,
        account_class=_account_class(row, is_balance=is_balance),
        statement=Statement.BALANCE_SHEET if is_balance else Statement.PROFIT_AND_LOSS,
        active=not blocked,
    )


def control_accounts(codes: ControlCodes) -> tuple[LedgerAccount, LedgerAccount]:
    """The two accounts on which lines of customers and suppliers are put together."""
    debtors, creditors = (
        LedgerAccount(
            key=CONTROL_KEYS[kind],
            code=code,
            name=name,
            account_class=account_class,
            statement=Statement.BALANCE_SHEET,
            trade=TRADE_SIDES[kind],
        )
        for kind, code, name, account_class in (
            (CUSTOMER, codes.receivable, "Debtors (all customers)", AccountClass.ASSET),
            (SUPPLIER, codes.payable, "Creditors (all suppliers)", AccountClass.LIABILITY),
        )
    )
    return debtors, creditors


def _account_class(row: AccountRow, *, is_balance: bool) -> AccountClass:
    for told in row.rgs or ():
        code = told.reference_code or ""
        for beginning, account_class in RGS_CLASSES:
            if code.startswith(beginning):
                return account_class
    suggestion = (row.debit_credit_suggestion or "").casefold()
    return SUGGESTED.get((is_balance, suggestion), AccountClass.UNKNOWN)


def journal(row: JournalRow) -> Journal:
    code = str(row.id).strip()
    return Journal(
        key=code,
        code=code,
        name=trimmed(row.description) or code,
        journal_kind=journal_kind_of(row.type),
    )


def journal_kind_of(told: str | None) -> JournalKind:
    return JOURNAL_KINDS.get((told or "").casefold(), JournalKind.OTHER)


def tax_code(row: VatRow) -> TaxCode:
    number = str(row.id)
    told = (row.type or "").casefold()
    use = next((use for words, use in TAX_USES if words in told), TaxUse.BOTH)
    return TaxCode(
        key=number,
        code=number,
        name=trimmed(row.description) or trimmed(row.type) or number,
        use=use,
        rate_e4=None if row.percentage is None else fraction_e4(row.percentage / _PERCENT),
    )


def contact(row: ContactRow, kind: str) -> Contact:
    """There is no name but in an address: the postal one's, else the first one's."""
    addresses = row.addresses or []
    postal = (a for a in addresses if (a.address_type or "").casefold() == "postal")
    address = next(postal, addresses[0] if addresses else AddressRow())
    number = plain_number(row.id)
    mails = (trimmed(mail.email_address) for mail in address.email_addresses or ())
    return Contact(
        key=contact_key(kind, number),
        code=number,
        name=trimmed(address.name) or number,
        is_customer=kind == CUSTOMER,
        is_supplier=kind == SUPPLIER,
        vat_number=trimmed(row.vat.vat_registration_number) if row.vat else None,
        email=next((mail for mail in mails if mail), None),
        city=trimmed(address.city),
        country=trimmed(address.country_code),
        active=not (row.blocked is not None and row.blocked.active),
    )


def contact_key(kind: str, number: str) -> str:
    return f"{CONTACT_PREFIXES[kind]}{number}"


def plain_number(told: Id) -> str:
    """Numbers are integers in lists and text inside references: text without leading zeros."""
    return str(told).strip().lstrip("0") or "0"


def account_key(kind: str | None, number: Id) -> str:
    """Of a reference: a ledger account, or the control account of the people it is one of."""
    return CONTROL_KEYS.get((kind or "").casefold()) or plain_number(number)


def bad_value(what: str, error: ValueError) -> NotUnderstood:
    """For an answer whose structure is right but one of whose values is none."""
    return NotUnderstood(
        f"{PROVIDER} sent {what} with a value this version does not know: report it.",
        detail=f"{what}: {error}",
    )


def day(told: str) -> date:
    """Dates come plain or as a moment, of which the day is taken as it is written."""
    return date.fromisoformat(told[:_DAY_CHARACTERS])


def id_of(row: NumberedRow | None) -> str | None:
    return None if row is None or row.id is None else str(row.id).strip() or None


def text_of(told: Id | None) -> str | None:
    return None if told in {None, 0, "0"} else trimmed(str(told))

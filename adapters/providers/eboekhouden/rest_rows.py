"""Shapes of REST answers and the records they become. Pure.

Every property is optional in the service's own description, and absent means the same as null.
Amounts are doubles there: their digits are read exactly and rounded to cents.
"""

import datetime as dt
from decimal import Decimal
from typing import Final, Generic, TypeVar

import msgspec

from adapters.providers.eboekhouden.chart import Ledger
from adapters.providers.eboekhouden.declaration import PROVIDER
from adapters.providers.eboekhouden.documents import Mutation, Row
from adapters.providers.kit.decoding import JsonPage, cents_e4, trimmed
from core.domain.books import Contact

R = TypeVar("R")
_ZERO: Final = Decimal(0)
_EXCLUDING: Final = "EX"
_ISO_DAY_CHARACTERS: Final = 10


class Page(msgspec.Struct, Generic[R]):
    """``count`` is that of the answer, and so tells nothing."""

    items: list[R] = []


class LedgerRow(msgspec.Struct):
    id: int
    code: str = ""
    description: str | None = None
    category: str = ""


class LinkedRow(msgspec.Struct):
    guid: str
    company: str | None = None


class HeadRow(msgspec.Struct):
    """A mutation in a list: no rows, no relation, no description."""

    id: int
    type: int
    date: str
    invoice_number: str | None = msgspec.field(name="invoiceNumber", default=None)
    ledger_id: int | None = msgspec.field(name="ledgerId", default=None)
    amount: Decimal | None = None
    entry_number: str | None = msgspec.field(name="entryNumber", default=None)

    @property
    def day(self) -> dt.date:
        return day(self.date)

    @property
    def print(self) -> str:
        """All of it, as a text to compare."""
        amount_e4 = cents_e4(self.amount or _ZERO)
        parts = (self.type, self.day, self.invoice_number, self.ledger_id, amount_e4)
        return "|".join(map(str, (self.id, *parts, self.entry_number)))


class VatRow(msgspec.Struct):
    vat_code: str = msgspec.field(name="vatCode", default="")
    amount: Decimal = _ZERO


class RowRow(msgspec.Struct):
    ledger_id: int | None = msgspec.field(name="ledgerId", default=None)
    vat_code: str | None = msgspec.field(name="vatCode", default=None)
    vat_amount: Decimal | None = msgspec.field(name="vatAmount", default=None)
    amount: Decimal | None = None
    description: str | None = None
    invoice_number: str | None = msgspec.field(name="invoiceNumber", default=None)
    relation_id: int | None = msgspec.field(name="relationId", default=None)


class MutationRow(msgspec.Struct):
    type: int
    date: str
    id: int = 0
    description: str | None = None
    term_of_payment: int | None = msgspec.field(name="termOfPayment", default=None)
    ledger_id: int | None = msgspec.field(name="ledgerId", default=None)
    relation_id: int | None = msgspec.field(name="relationId", default=None)
    in_ex_vat: str | None = msgspec.field(name="inExVat", default=None)
    invoice_number: str | None = msgspec.field(name="invoiceNumber", default=None)
    entry_number: str | None = msgspec.field(name="entryNumber", default=None)
    rows: list[RowRow] | None = None
    vat: list[VatRow] | None = None


class RelationHead(msgspec.Struct):
    id: int
    type: str | None = None
    code: str | None = None

    @property
    def print(self) -> str:
        return f"{self.id}|{self.type}|{self.code}"


class RelationRow(msgspec.Struct):
    id: int
    code: str | None = None
    name: str | None = None
    contact: str | None = None
    city: str | None = None
    country: str | None = None
    email: str | None = msgspec.field(name="emailAddress", default=None)
    vat_number: str | None = msgspec.field(name="vatNumber", default=None)
    inactive: bool | None = None


class BalanceRow(msgspec.Struct):
    code: str = ""
    balance: Decimal = _ZERO


ADMINISTRATIONS: Final = JsonPage(PROVIDER, "administrations", Page[LinkedRow])
LEDGERS: Final = JsonPage(PROVIDER, "ledger accounts", Page[LedgerRow])
HEADS: Final = JsonPage(PROVIDER, "mutations", Page[HeadRow])
MUTATION: Final = JsonPage(PROVIDER, "a mutation", MutationRow)
RELATIONS: Final = JsonPage(PROVIDER, "relations", Page[RelationHead])
RELATION: Final = JsonPage(PROVIDER, "a relation", RelationRow)
BALANCE: Final = JsonPage(PROVIDER, "a balance", BalanceRow)
_BALANCE_PAGE: Final = JsonPage(PROVIDER, "balances", Page[BalanceRow])
_BALANCE_LIST: Final = JsonPage(PROVIDER, "balances", list[BalanceRow])


def balances(body: bytes) -> list[BalanceRow]:
    """What ``/v1/ledger/balances`` answers, of which the form is not documented: a list, or a list
    within an object. Failures as those of JsonPage.
    """
    if body.lstrip().startswith(b"["):
        return _BALANCE_LIST.decode(body)
    return _BALANCE_PAGE.decode(body).items


def day(text: str) -> dt.date:
    """The calendar day, with or without a time behind it; ValueError for what is none."""
    return dt.date.fromisoformat(text[:_ISO_DAY_CHARACTERS])


def ledger(row: LedgerRow) -> Ledger:
    return Ledger(row.id, row.code, row.category)


def contact(row: RelationRow) -> Contact:
    """Customer or supplier is not told: a relation may be either."""
    return Contact(
        key=str(row.id),
        code=trimmed(row.code),
        name=trimmed(row.name) or trimmed(row.contact) or row.code or str(row.id),
        is_customer=True,
        is_supplier=True,
        vat_number=trimmed(row.vat_number),
        email=trimmed(row.email),
        city=trimmed(row.city),
        country=trimmed(row.country),
        active=not row.inactive,
    )


def mutation(told: MutationRow, number: int) -> Mutation:
    """``number``: as it was asked for; the opening balance may not tell its own."""
    including = (told.in_ex_vat or _EXCLUDING).upper() == "IN"
    vat_e4: dict[str, int] = {}
    for row in told.vat or ():
        vat_e4[row.vat_code] = vat_e4.get(row.vat_code, 0) + cents_e4(row.amount)
    return Mutation(
        number=number,
        kind=told.type,
        date=day(told.date),
        main_key=_key(told.ledger_id),
        contact_key=_key(told.relation_id),
        invoice_number=trimmed(told.invoice_number),
        entry_number=trimmed(told.entry_number),
        description=trimmed(told.description),
        term_days=told.term_of_payment,
        including=including,
        rows=tuple(_row(row) for row in told.rows or ()),
        vat_e4=vat_e4,
    )


def _row(row: RowRow) -> Row:
    return Row(
        account_key=_key(row.ledger_id),
        amount_e4=cents_e4(row.amount or _ZERO),
        vat_code=trimmed(row.vat_code) or "",
        vat_e4=None if row.vat_amount is None else cents_e4(row.vat_amount),
        contact_key=_key(row.relation_id),
        invoice_number=trimmed(row.invoice_number),
        description=trimmed(row.description),
    )


def _key(number: int | None) -> str | None:
    """Zero stands for none, as in SOAP."""
    return str(number) if number else None

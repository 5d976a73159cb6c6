"""The rows of Odoo's answers as they are on the wire. Everything empty is the literal ``false``.

Unknown fields are ignored; a missing or ill-typed one fails the whole page. A many2one is a bare
id, an ``[id, name]`` pair or, where its fields were asked for, an object.
"""

from decimal import Decimal
from typing import TypeAlias

import msgspec

Text: TypeAlias = str | bool


class Named(msgspec.Struct, gc=False):
    """A many2one of which the name was asked for."""

    id: int
    name: Text = False


Ref: TypeAlias = int | bool | tuple[int, Text] | Named


def id_of(ref: Ref) -> int | None:
    """The id behind a many2one; None for ``false``."""
    if isinstance(ref, bool):
        return None
    if isinstance(ref, int):
        return ref
    return ref[0] if isinstance(ref, tuple) else ref.id


def name_of(ref: Ref) -> str | None:
    """The name behind a many2one that brings one."""
    if isinstance(ref, tuple):
        return text_of(ref[1])
    return text_of(ref.name) if isinstance(ref, Named) else None


def text_of(value: Text) -> str | None:
    """The text; None for ``false`` and for what is only space."""
    return (value.strip() or None) if isinstance(value, str) else None


class VersionRow(msgspec.Struct):
    """``/web/version`` says ``version``, the old service says ``server_version``."""

    version: str = ""
    server_version: str = ""


class ContextRow(msgspec.Struct):
    uid: int


class UserRow(msgspec.Struct):
    login: str
    name: Text = False
    email: Text = False


class KeyRow(msgspec.Struct):
    """One of the user's own API keys, never its secret."""

    id: int
    name: Text = False
    scope: Text = False
    expiration_date: Text = False


class CompanyRow(msgspec.Struct):
    id: int
    name: str
    currency_id: Ref
    parent_id: Ref = False
    country_code: Text = False
    active: bool = True
    fiscalyear_lock_date: Text = False
    """Everything up to that day is locked for everybody but accounting managers."""


class AccountRow(msgspec.Struct):
    id: int
    name: Text
    internal_group: Text
    code: Text = False
    active: bool = True
    deprecated: bool = False


class JournalRow(msgspec.Struct):
    id: int
    name: Text
    type: Text
    code: Text = False
    active: bool = True


class TaxRow(msgspec.Struct):
    id: int
    name: Text
    type_tax_use: Text
    amount_type: Text
    amount: Decimal
    active: bool = True


class PartnerRow(msgspec.Struct):
    id: int
    name: Text
    ref: Text = False
    vat: Text = False
    email: Text = False
    city: Text = False
    country_code: Text = False
    customer_rank: int = 0
    supplier_rank: int = 0
    active: bool = True


class LineRow(msgspec.Struct, gc=False):
    id: int
    account_id: Ref
    balance: Decimal
    amount_currency: Decimal
    currency_id: Ref
    write_date: Text
    name: Text = False
    partner_id: Ref = False
    tax_line_id: Ref = False
    tax_ids: tuple[int, ...] = ()
    sequence: int = 0
    move_id: Ref = False


class MoveRow(msgspec.Struct):
    id: int
    name: Text
    date: str
    journal_id: Ref
    move_type: str
    state: str
    currency_id: Ref
    amount_total_signed: Decimal
    write_date: Text
    amount_tax_signed: Decimal | None = None
    amount_residual_signed: Decimal | None = None
    ref: Text = False
    payment_reference: Text = False
    commercial_partner_id: Ref = False
    invoice_date: Text = False
    invoice_date_due: Text = False
    line_ids: tuple[LineRow, ...] = ()


class MovePage(msgspec.Struct):
    """What ``web_search_read`` answers."""

    records: tuple[MoveRow, ...]


class WrittenRow(msgspec.Struct, gc=False):
    id: int
    write_date: Text


class MoveGroup(msgspec.Struct, gc=False):
    """The lines of one move, grouped: ``formatted`` on 19 and later, ``plain`` before."""

    move_id: Ref
    formatted: Text = msgspec.field(name="write_date:max", default=False)
    plain: Text = msgspec.field(name="write_date", default=False)


class PartnerGroup(msgspec.Struct, gc=False):
    partner_id: Ref


class Extent(msgspec.Struct):
    """One row over all lines: how many there are, and when the newest was written."""

    count: int = msgspec.field(name="__count", default=0)
    formatted: Text = msgspec.field(name="write_date:max", default=False)
    plain: Text = msgspec.field(name="write_date", default=False)


class DateRange(msgspec.Struct):
    start: str = msgspec.field(name="from")


class BalanceGroup(msgspec.Struct):
    """One account in one month. The month is a pair of first day and words, or words only, in
    the language of the user; then ``__range`` tells its days (under ``date`` on older servers).
    """

    account_id: Ref
    month: tuple[str, str] | Text = msgspec.field(name="date:month", default=False)
    formatted: Decimal | None = msgspec.field(name="balance:sum", default=None)
    plain: Decimal | None = msgspec.field(name="balance", default=None)
    ranges: dict[str, DateRange | bool] = msgspec.field(name="__range", default_factory=dict)

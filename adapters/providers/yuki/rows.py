"""From Yuki's elements to records: pure, and tolerant of what it leaves out, adds or misspells.

Texts of kinds (document types, VAT codes) are in the language of the session and may begin with a
raw ``TRM``; nothing is keyed by them. ValueError says what cannot be read.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from attrs import define, field, frozen

from adapters.providers.kit.decoding import fraction_e4, guid_or_none
from adapters.providers.kit.xml import Element
from adapters.providers.yuki.open_items import OpenItems, Owed
from adapters.providers.yuki.session import text_of
from adapters.providers.yuki.years import FiscalYear, placed
from core.domain.books import (
    AccountClass,
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalKind,
    JournalLine,
    LedgerAccount,
    Record,
    Statement,
    TaxCode,
    TaxUse,
    TradeSide,
)
from core.domain.money import parse_e4

HOME_CURRENCY: Final = "EUR"
"""No field tells the currency of an administration: assumed."""
BELGIUM: Final = "BE"

RAW_PREFIX: Final = "TRM"
_POSITION: Final = re.compile("[0-9]{1,9}")
NO_DOCUMENT: Final = "-"

WORDS: Final[Mapping[JournalKind, tuple[str, ...]]] = {
    JournalKind.SALES: ("sales", "verkoop", "vente"),
    JournalKind.PURCHASE: ("purchase", "inkoop", "aankoop", "achat"),
    JournalKind.BANK: ("bank", "banque"),
    JournalKind.CASH: ("cash", "kas", "caisse"),
    JournalKind.GENERAL: ("journal", "memoria", "balance", "balans", "bilan", "correcti"),
}
"""By what a document type begins with or contains, in the languages of Yuki's two countries.

There are no journals: these six, and ``other`` for what has no document or none of these words,
stand in for them.
"""
JOURNALS: Final = tuple(
    Journal(key=kind.value, code=kind.value, name=name, journal_kind=kind)
    for kind, name in (
        (JournalKind.SALES, "Sales documents"),
        (JournalKind.PURCHASE, "Purchase documents"),
        (JournalKind.BANK, "Bank documents"),
        (JournalKind.CASH, "Cash documents"),
        (JournalKind.GENERAL, "General journal documents"),
        (JournalKind.OTHER, "Other and without document"),
    )
)

BALANCE_TYPES: Final = {1: AccountClass.ASSET, 2: AccountClass.LIABILITY}
RESULT_TYPES: Final = {
    3: AccountClass.UNKNOWN,  # turnover and purchases alike
    4: AccountClass.EXPENSE,
    5: AccountClass.UNKNOWN,  # interest paid and received
    6: AccountClass.EXPENSE,
}
"""``type`` of an account as one client reads it."""
BALANCE_DIGITS: Final = {BELGIUM: "12345", "": "0123"}
"""What codes of balance accounts begin with, where the type is none of these."""
CUSTOMERS_BE, SUPPLIERS_BE, LIQUID_BE = "400", "440", ("55", "57")
"""In Belgium the law says where customers, suppliers, banks and cash are kept."""
CUSTOMERS_RGS, SUPPLIERS_RGS, LIQUID_RGS = "BVorDeb", "BSchCre", "BLim"
"""The same in the Dutch reference scheme."""


@frozen(kw_only=True)
class Controls:
    """Codes of the accounts on which customers, suppliers, and banks and cash are kept."""

    receivable: frozenset[str] = frozenset()
    payable: frozenset[str] = frozenset()
    liquid: frozenset[str] = frozenset()

    def side(self, code: str) -> TradeSide | None:
        if code in self.receivable:
            return TradeSide.RECEIVABLE
        return TradeSide.PAYABLE if code in self.payable else None


def plain(text: str | None) -> str:
    """A wording without the mark of one that was not translated."""
    return (text or "").removeprefix(RAW_PREFIX).strip()


def required(element: Element, name: str) -> str:
    text = text_of(element, name)
    if text is None:
        raise ValueError(f"no {name}")
    return text


def members(element: Element) -> dict[str, str]:
    """Texts of the children that have one, by local name: made once for what is read a lot."""
    return {
        child.tag.rpartition("}")[2]: text
        for child in element
        if isinstance(child.tag, str) and (text := (child.text or "").strip())
    }


def needed(told: Mapping[str, str], name: str) -> str:
    if name not in told:
        raise ValueError(f"no {name}")
    return told[name]


def day(text: str) -> date:
    """The calendar day of ``2025-03-15`` or ``2025-03-15T00:00:00``, never converted."""
    return date.fromisoformat(text[:10])


# -- master data -----------------------------------------------------------------------------------


def controls_from_codes(codes: Sequence[str]) -> Controls:
    """In Belgium."""
    return Controls(
        receivable=frozenset(code for code in codes if code.startswith(CUSTOMERS_BE)),
        payable=frozenset(code for code in codes if code.startswith(SUPPLIERS_BE)),
        liquid=frozenset(code for code in codes if code.startswith(LIQUID_BE)),
    )


def controls_from_scheme(entries: Sequence[Element]) -> Controls:
    """In the Netherlands: what the reference scheme calls debtors and creditors."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        reference, code = text_of(entry, "RgsReferenceCode") or "", text_of(entry, "YukiCode")
        for prefix in (CUSTOMERS_RGS, SUPPLIERS_RGS, LIQUID_RGS):
            if code and reference.startswith(prefix):
                named[prefix].add(code)
    return Controls(
        receivable=frozenset(named[CUSTOMERS_RGS]),
        payable=frozenset(named[SUPPLIERS_RGS]),
        liquid=frozenset(named[LIQUID_RGS]),
    )


def account(element: Element, country: str | None, controls: Controls) -> LedgerAccount:
    """``descripton`` is how the service spells it."""
    code = required(element, "code")
    names = ("descripton", "description", "descriptionNL", "descriptionEN")
    name = next((text for one in names if (text := plain(text_of(element, one)))), code)
    kind = text_of(element, "type") or ""
    number = int(kind) if kind.isdecimal() else 0
    digits = BALANCE_DIGITS[BELGIUM if country == BELGIUM else ""]
    on_balance = number in BALANCE_TYPES or (number not in RESULT_TYPES and code[0] in digits)
    return LedgerAccount(
        key=code,
        code=code,
        name=name,
        account_class=(BALANCE_TYPES | RESULT_TYPES).get(number, AccountClass.UNKNOWN),
        statement=Statement.BALANCE_SHEET if on_balance else Statement.PROFIT_AND_LOSS,
        active=(text_of(element, "isEnabled") or "true").lower() != "false",
        trade=controls.side(code),
    )


def contact(element: Element) -> Contact:
    key = guid_or_none(element.get("ID"))
    if key is None:
        raise ValueError("a contact without ID")
    return Contact(
        key=key,
        code=text_of(element, "Code") or text_of(element, "HID"),
        name=text_of(element, "Name") or key,
        is_customer=_is_true(element, "IsCustomer"),
        is_supplier=_is_true(element, "IsSupplier"),
        vat_number=text_of(element, "VATNumber"),
        email=text_of(element, "EMailWork") or text_of(element, "EMailHome"),
        city=text_of(element, "City"),
        country=text_of(element, "Country"),
    )


def _is_true(element: Element, name: str) -> bool:
    return (text_of(element, name) or "").lower() == "true"


def tax_code(element: Element, today: date) -> TaxCode:
    """There is no code: type, percentage and country make the key."""
    kind = required(element, "type")
    percentage = text_of(element, "percentage") or ""
    country = text_of(element, "country")
    try:
        rate_e4 = fraction_e4(Decimal(percentage) / 100) if percentage else None
    except InvalidOperation as error:
        raise ValueError(f"percentage {percentage[:20]!r}") from error
    shown = f"{Decimal(percentage).normalize():f}" if percentage else ""
    code = "/".join(part for part in (kind, shown, country) if part)
    ends = text_of(element, "endDate")
    return TaxCode(
        key=code,
        code=code,
        name=plain(text_of(element, "description")) or plain(text_of(element, "typeDescription")),
        # Whether a type is for sales or purchases no list tells.
        use=TaxUse.BOTH,
        rate_e4=rate_e4,
        active=ends is None or day(ends) >= today,
    )


# -- the ledger ------------------------------------------------------------------------------------


def journal_kind(document_type: str | None) -> JournalKind:
    wording = plain(document_type).casefold()
    for kind, words in WORDS.items():
        if any(word in wording for word in words):
            return kind
    return JournalKind.OTHER


def entry_key(document: str | None, on: date) -> str:
    """Lines name the document they were booked from, and no entry.

    A payment may carry the document of the invoice it pays, on another day, so an entry is what one
    document brought on one day; and what no document brought on a day is one.
    """
    return f"{document or NO_DOCUMENT}/{on}"


@define
class Group:
    """One entry with its lines, and what tells whether it is an invoice."""

    entry: JournalEntry
    kind: JournalKind
    lines: list[JournalLine] = field(factory=list)
    document: str | None = None
    control_e4: dict[TradeSide, int] = field(factory=lambda: defaultdict(int))
    foreign_e4: dict[TradeSide, int] = field(factory=lambda: defaultdict(int))
    """The same in the currency of the lines."""
    currency: str = HOME_CURRENCY
    contact_key: str | None = None
    has_tax: bool = False
    is_payment: bool = False

    def invoice(self, items: OpenItems | None = None) -> Invoice | None:
        """Of a sales or purchase document: what its lines move on the control account.

        What is open of it, and when that is due, the open items tell: what is not among them is
        paid, and its due date no longer told. None: they are not known.

        Not what touches a bank or cash: that is a payment with the document of its invoice. What
        moves it the other way is a credit note if it carries tax, else a settlement. No list of
        invoices exists to compare with.
        """
        side, sign = {
            JournalKind.SALES: (TradeSide.RECEIVABLE, 1),
            JournalKind.PURCHASE: (TradeSide.PAYABLE, -1),
        }.get(self.kind, (None, 0))
        if side is None or side not in self.control_e4 or self.is_payment:
            return None
        owed_e4 = sign * self.control_e4[side]
        if owed_e4 <= 0 and not self.has_tax:
            return None
        is_sale = side is TradeSide.RECEIVABLE
        owed = self._owed(side, items)
        foreign_e4 = sign * self.foreign_e4[side]
        open_e4 = None if items is None else 0
        if owed is not None:
            open_e4 = owed.of(owed_e4, foreign_e4)
        return Invoice(
            key=self.entry.key,
            direction=InvoiceDirection.SALES if is_sale else InvoiceDirection.PURCHASE,
            number=self.entry.number,
            contact_key=self.contact_key,
            date=self.entry.date,
            due_date=None if owed is None else owed.due,
            currency=self.currency,
            total_e4=owed_e4,
            open_e4=open_e4,
            entry_key=self.entry.key,
        )

    def _owed(self, side: TradeSide, items: OpenItems | None) -> Owed | None:
        if items is None:
            return None
        entry = self.entry
        return items.find(side, self.document, self.contact_key, entry.number, entry.date)

    def records(self, items: OpenItems | None = None) -> list[Record]:
        invoice = self.invoice(items)
        return [self.entry, *self.lines, *([invoice] if invoice else [])]


@define(kw_only=True)
class Collected:
    """The lines of one answer, by entry."""

    years: Sequence[FiscalYear]
    taxes: Mapping[str, str]
    controls: Controls
    groups: dict[str, Group] = field(factory=dict)
    count: int = 0
    latest: date | None = None

    def add(self, element: Element) -> None:
        told = members(element)
        on = day(needed(told, "transactionDate"))
        document = guid_or_none(told.get("documentID"))
        year, period = placed(self.years, on)
        key = entry_key(document, on)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _group(told, key, document, on, (year, period))
        line = self._line(told, group.entry)
        group.lines.append(line)
        group.has_tax |= "taxCodeDescription" in told
        group.is_payment |= line.account_key in self.controls.liquid
        side = self.controls.side(line.account_key)
        if side is not None:
            group.control_e4[side] += line.amount_e4
            group.foreign_e4[side] += line.amount_e4 if line.foreign_e4 is None else line.foreign_e4
            group.currency = line.currency or HOME_CURRENCY
            group.contact_key = group.contact_key or line.contact_key
        self.count += 1
        self.latest = max(on, self.latest or on)

    def _line(self, told: Mapping[str, str], entry: JournalEntry) -> JournalLine:
        key = guid_or_none(told.get("id"))
        if key is None:
            raise ValueError("a line without id")
        number = told.get("hID", "")
        currency = told.get("currency")
        is_foreign = currency not in {None, HOME_CURRENCY}
        foreign = told.get("transactionAmountForeignCurrency") if is_foreign else None
        return JournalLine(
            key=key,
            entry_key=entry.key,
            position=int(number) if _POSITION.fullmatch(number) else 0,
            account_key=needed(told, "glAccountCode"),
            date=entry.date,
            year=entry.year,
            period=entry.period,
            amount_e4=parse_e4(needed(told, "transactionAmount")),
            currency=currency if is_foreign else None,
            foreign_e4=None if foreign is None else parse_e4(foreign),
            contact_key=guid_or_none(told.get("contactID")),
            tax_key=self.taxes.get(plain(told.get("taxCodeDescription"))),
            description=told.get("description"),
        )


def _group(
    told: Mapping[str, str], key: str, document: str | None, on: date, place: tuple[int, int]
) -> Group:
    kind = journal_kind(told.get("documentType")) if document else JournalKind.OTHER
    reference = told.get("documentReference") if document else None
    entry = JournalEntry(
        key=key,
        number=None if reference in {None, "0"} else reference,
        journal_key=kind.value,
        date=on,
        year=place[0],
        period=place[1],
    )
    return Group(entry=entry, kind=kind, document=document)

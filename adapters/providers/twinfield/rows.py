"""From Twinfield's rows and dimensions to records. Pure: texts and elements in, records out.

Meaning of fields: the vendor's pages and recorded answers. Amounts are in the office's base
currency, debit positive, two decimals with a dot. Keys join what is unique only together: type and
code of a dimension, daybook and number of a transaction, and its line.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from attrs import define, field

from adapters.providers.kit.decoding import fraction_e4
from adapters.providers.kit.xml import Element, text_at
from adapters.providers.twinfield.browsing import Row
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
    Statement,
    TaxCode,
    TaxUse,
    TradeSide,
)
from core.domain.money import parse_e4
from core.domain.proof import Cell

BALANCE, PROFIT_AND_LOSS, CUSTOMERS, SUPPLIERS = "BAS", "PNL", "DEB", "CRD"

ACTIVE: Final = "active"
_CONTACT_TYPES: Final = frozenset({CUSTOMERS, SUPPLIERS})
_E4_PER_CENT: Final = 100
_DATES_KEPT: Final = 8_192
_CENTS: Final = re.compile(r"(-?[0-9]{1,15})\.([0-9]{2})")
_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SALES, _PURCHASE = "SALESINVOICE", "PURCHASEINVOICE"

JOURNAL_KINDS: Final[Mapping[str, JournalKind]] = {
    _SALES: JournalKind.SALES,
    _PURCHASE: JournalKind.PURCHASE,
    "BANK": JournalKind.BANK,
    "CASH": JournalKind.CASH,
    "JOURNAL": JournalKind.GENERAL,
}
"""``fin.trs.mng.type``. BANK, PURCHASEINVOICE and JOURNAL were seen; the other two are assumed."""

_INVOICES: Final[Mapping[tuple[str, str], InvoiceDirection]] = {
    (_SALES, CUSTOMERS): InvoiceDirection.SALES,
    (_PURCHASE, SUPPLIERS): InvoiceDirection.PURCHASE,
}
_INVOICED: Final = {direction: kind for kind, direction in _INVOICES.items()}
"""Management type of the daybook, and type of the dimension."""
MATCHED: Final = "matched"
_TAX_USES: Final = {"sales": TaxUse.SALES, "purchase": TaxUse.PURCHASE}


def dimension_key(dimension_type: str, code: str) -> str:
    """``BAS 1300``: a code is unique within its type only."""
    return f"{dimension_type} {code}"


def entry_key(daybook: str, number: str) -> str:
    """``VRK/202400012``: numbers start again in every daybook."""
    return f"{daybook}/{number}"


def amount_e4(text: str) -> int:
    """Exact; InexactAmount (a ValueError) for what is no amount."""
    found = _CENTS.fullmatch(text)
    if found is not None:
        return int(found[1] + found[2]) * _E4_PER_CENT
    return parse_e4(text)


@functools.lru_cache(maxsize=_DATES_KEPT)
def day(text: str) -> date:
    """``YYYYMMDD``."""
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError("a date that is none")
    return date(int(found[1]), int(found[2]), int(found[3]))


# -- master data -----------------------------------------------------------------------------------


def is_pseudo(element: Element) -> bool:
    """Every list of dimensions ends with one that stands for the type itself."""
    return text_at(element, "code") in {None, text_at(element, "type")}


def account(
    element: Element, dimension_type: str, trades: Mapping[str, TradeSide]
) -> LedgerAccount:
    """A balance or profit and loss account. Twinfield does not say which side of the balance.

    ``trades``: account codes behind customers and suppliers, as those dimensions name them.
    """
    code = text_at(element, "code") or ""
    on_balance = dimension_type == BALANCE
    return LedgerAccount(
        key=dimension_key(dimension_type, code),
        code=code,
        name=text_at(element, "name") or "",
        account_class=AccountClass.UNKNOWN,
        statement=Statement.BALANCE_SHEET if on_balance else Statement.PROFIT_AND_LOSS,
        active=element.get("status", ACTIVE) == ACTIVE,
        trade=trades.get(code) if on_balance else None,
    )


def contact(element: Element, dimension_type: str) -> Contact:
    code = text_at(element, "code") or ""
    addresses = element.findall("addresses/address")
    chosen = next((one for one in addresses if one.get("default") == "true"), None)
    if chosen is None and addresses:
        chosen = addresses[0]

    def of_address(path: str) -> str | None:
        return None if chosen is None else text_at(chosen, path)

    return Contact(
        key=dimension_key(dimension_type, code),
        code=code,
        name=text_at(element, "name") or "",
        is_customer=dimension_type == CUSTOMERS,
        is_supplier=dimension_type == SUPPLIERS,
        # Fourth address line in the recorded Dutch files, where the field of its own is empty.
        vat_number=text_at(element, "vatnumber") or of_address("field4"),
        email=of_address("email"),
        city=of_address("city"),
        country=of_address("country"),
        active=element.get("status", ACTIVE) == ACTIVE,
    )


def control_account(element: Element) -> str | None:
    """The balance account behind a customer or supplier."""
    return text_at(element, "financials/substitutewith")


def journal(code: str, name: str, management_type: str | None) -> Journal:
    kind = JOURNAL_KINDS.get(management_type or "", JournalKind.OTHER)
    return Journal(key=code, code=code, name=name, journal_kind=kind)


def tax_code(element: Element, today: date) -> TaxCode:
    """The rate is the newest that has begun."""
    code = text_at(element, "code") or ""
    rates = [
        (begins, one)
        for one in element.iterfind("percentages/percentage")
        if (begins := day(text_at(one, "date") or "19000101")) <= today
    ]
    current = max(rates, key=lambda rate: rate[0], default=None)
    percentage = None if current is None else text_at(current[1], "percentage")
    return TaxCode(
        key=code,
        code=code,
        name=text_at(element, "name") or "",
        use=_TAX_USES.get(text_at(element, "type") or "", TaxUse.NONE),
        rate_e4=None if percentage is None else fraction_e4(parse_percentage(percentage)),
    )


def parse_percentage(text: str) -> Decimal:
    return Decimal(text) / 100


# -- the ledger ------------------------------------------------------------------------------------


@define
class Collected:
    """Rows become records here; ``taken`` gives out what is whole.

    Rows of one transaction come together, as recorded; where they do not, ``is_split`` says so for
    readers who must not go on.
    """

    currency: str
    kinds: dict[str, str]
    """Daybook code to management type, added to."""
    remembers: bool = False
    """Whether transactions given out are remembered, to find one that comes in two parts."""
    is_split: bool = False
    derives_invoices: bool = True
    lines: list[JournalLine] = field(factory=list)
    entries: dict[str, JournalEntry] = field(factory=dict)
    invoices: dict[str, Invoice] = field(factory=dict)
    _given: set[str] = field(factory=set)

    def add(self, row: Row) -> bool:
        """Takes a row in; whether it began another transaction than the row before it."""
        year, period, date_text, currency, code, code_type, code2, code2_type, *rest = row
        value, base, tax, description, invoice_number, management, _, *key_parts = rest
        daybook, number, line_number = key_parts
        key = f"{daybook}/{number}"
        is_new = key not in self.entries
        if is_new:
            self.entries[key] = JournalEntry(
                key=key,
                number=number,
                journal_key=daybook,
                date=day(date_text),
                year=int(year),
                period=int(period),
            )
            self.is_split = self.is_split or key in self._given
            self.kinds.setdefault(daybook, management)
        head = self.entries[key]
        base_e4 = amount_e4(base)
        foreign = bool(currency) and currency != self.currency and bool(value)
        contact_key = f"{code2_type} {code2}" if code2_type in _CONTACT_TYPES and code2 else None
        self.lines.append(
            JournalLine(
                key=f"{key}/{line_number}",
                entry_key=key,
                position=int(line_number),
                account_key=f"{code_type} {code}",
                date=head.date,
                year=head.year,
                period=head.period,
                amount_e4=base_e4,
                currency=currency if foreign else None,
                foreign_e4=amount_e4(value) if foreign else None,
                contact_key=contact_key,
                tax_key=tax or None,
                description=description or None,
            )
        )
        direction = _INVOICES.get((management, code2_type)) if self.derives_invoices else None
        if direction is not None and contact_key is not None:
            self._invoice(head, direction, base_e4, contact_key, currency, invoice_number)
        return is_new

    def _invoice(
        self,
        head: JournalEntry,
        direction: InvoiceDirection,
        base_e4: int,
        contact_key: str,
        currency: str,
        invoice_number: str,
    ) -> None:
        """From the customer's or supplier's line. A supplier's own number is the reference.

        Due date and open amount are in other browse codes: see ``invoice``.
        """
        before = self.invoices.get(head.key)
        total_e4 = base_e4 if direction is InvoiceDirection.SALES else -base_e4
        is_sale = direction is InvoiceDirection.SALES
        self.invoices[head.key] = Invoice(
            key=head.key,
            direction=direction,
            number=(invoice_number or head.number) if is_sale else head.number,
            contact_key=contact_key,
            date=head.date,
            due_date=None,
            currency=currency or None,
            total_e4=total_e4 + (before.total_e4 if before else 0),
            reference=None if is_sale else invoice_number or None,
            entry_key=head.key,
        )

    def clear(self) -> None:
        if self.remembers:
            self._given.update(self.entries)
        self.lines = []
        self.entries = {}
        self.invoices = {}


# -- what customers and suppliers owe --------------------------------------------------------------


def invoice(row: Row, direction: InvoiceDirection, kinds: Mapping[str, str]) -> Invoice | None:
    """A row of browse code 100 or 200 in a daybook for invoices; None for any other.

    Payments, and items opened by a journal, stand among them: they are no invoices. Signs are the
    ledger's. One row is one invoice: a sales or purchase transaction has one line in total.
    """
    date_text, currency, code, base, left, number, due, status, _, *key_parts = row
    daybook, document, line = key_parts
    management, dimension_type = _INVOICED[direction]
    if kinds.get(daybook) != management or not code:
        return None
    is_sale = direction is InvoiceDirection.SALES
    sign = 1 if is_sale else -1
    key = entry_key(daybook, document)
    return Invoice(
        key=f"{key}/{line}",
        direction=direction,
        number=(number or document) if is_sale else document,
        contact_key=dimension_key(dimension_type, code),
        date=day(date_text),
        due_date=day(due) if due else None,
        currency=currency or None,
        total_e4=sign * amount_e4(base),
        open_e4=_open_e4(left, status, sign),
        reference=None if is_sale else number or None,
        entry_key=key,
    )


def _open_e4(left: str, status: str, sign: int) -> int | None:
    """``available`` and ``proposed`` (chosen for a payment run) are open: so the vendor says.

    That the amount is left out of what is matched, or of what cannot be, is assumed possible.
    """
    if status == MATCHED:
        return 0
    return sign * amount_e4(left) if left else None


def totals_of(rows: Iterable[Row]) -> dict[Cell, int]:
    """Moved per account, year and period; debit and credit may stand in rows of their own."""
    balances_e4: dict[Cell, int] = {}
    for row in rows:
        year, period, code, code_type, base = row[:5]
        cell = Cell(account_key=dimension_key(code_type, code), year=int(year), period=int(period))
        balances_e4[cell] = balances_e4.get(cell, 0) + amount_e4(base)
    return balances_e4

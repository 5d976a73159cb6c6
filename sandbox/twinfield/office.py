"""One office as its rows are written: codes, numbers, periods and dimensions.

Beginnings and ends of years. With ``year_end`` the office was closed the way Twinfield does it: the
opening balance stands in period 0, and every closed year ends in period 56, where all accounts are
reversed and what was lost or earned goes to the equity; period 0 of the next year opens them again.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from attrs import define, evolve, frozen

from sandbox.books import Books
from sandbox.identity import Identities, Kind
from sandbox.records import (
    Account,
    AccountKind,
    Action,
    Company,
    Contact,
    Entry,
    EntryKind,
    JournalKind,
    Line,
    Trait,
)
from sandbox.twinfield.tokens import ORGANISATION_ID

FIRST_OFFICE = 1_000
SHOWN = frozenset({Trait.REGULAR, Trait.BROKEN_YEAR, Trait.EMPTY, Trait.ARCHIVED})
"""Offices the user may not enter do not appear at all."""

MANAGEMENT = {
    JournalKind.SALES: "SALESINVOICE",
    JournalKind.PURCHASE: "PURCHASEINVOICE",
    JournalKind.BANK: "BANK",
    JournalKind.CASH: "CASH",
    JournalKind.GENERAL: "JOURNAL",
}
DAYBOOKS = {
    JournalKind.SALES: "VRK",
    JournalKind.PURCHASE: "INK",
    JournalKind.BANK: "BNK",
    JournalKind.CASH: "KAS",
    JournalKind.GENERAL: "MEMO",
}
CLOSING_DAYBOOK = "JAAREIND"
CLOSING_PERIOD, OPENING_PERIOD = 56, 0
_CONTROLS = {AccountKind.RECEIVABLE: "DEB", AccountKind.PAYABLE: "CRD"}


@frozen
class Posting:
    """One row of the ledger; amounts in cents."""

    year: int
    period: int
    day: date
    daybook: str
    number: str
    line: int
    management: str
    account: Account
    cents: int
    foreign_cents: int
    currency: str
    relation: tuple[str, str] | None  # type and code
    vat: str
    description: str
    invoice_number: str
    item: "Item | None" = None  # of lines that name a customer or supplier


@frozen
class Item:
    """What a customer's or supplier's line says besides; amounts in cents, signs as the line's."""

    due: date | None
    open_cents: int
    open_foreign_cents: int
    modified_ms: int  # of the line: matching moves it, and not that of the transaction
    matched_on: date | None

    @property
    def status(self) -> str:
        return "available" if self.open_cents else "matched"


@define(eq=False)
class Office:
    """A company under its code; ``year_end`` as the module says."""

    books: Books
    identities: Identities
    year_end: bool = False
    name: str = ""

    def __attrs_post_init__(self) -> None:
        self.name = self.company.name

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def code(self) -> str:
        return str(FIRST_OFFICE + self.company.number)

    @property
    def key(self) -> str:
        """Unique over organisations."""
        return f"{ORGANISATION_ID}/{self.code}"

    def guid(self, kind: Kind, serial: int) -> str:
        return self.identities.guid(self.company.number, kind, serial)

    @property
    def years(self) -> list[int]:
        return sorted({period.year for period in self.books.periods})

    # -- dimensions --------------------------------------------------------------------------------

    def accounts(self, dimension_type: str) -> Iterator[Account]:
        wanted = dimension_type == "BAS"
        return (one for one in self.books.accounts if one.balance_sheet == wanted)

    def contacts(self, dimension_type: str) -> Iterator[Contact]:
        """One who buys and sells is two dimensions with the same code."""
        if dimension_type == "DEB":
            return (one for one in self.books.contacts if one.customer)
        return (one for one in self.books.contacts if one.supplier)

    def control_code(self, dimension_type: str) -> str:
        kind = AccountKind.RECEIVABLE if dimension_type == "DEB" else AccountKind.PAYABLE
        return next(one.code for one in self.books.accounts if one.kind is kind)

    # -- transactions ------------------------------------------------------------------------------

    def number(self, entry: Entry) -> str:
        """Numbers start again in every daybook and year."""
        return f"20{entry.number // 10_000_000:02d}{entry.number % 1_000_000:05d}"

    def period(self, entry: Entry) -> int:
        if self.year_end and entry.kind is EntryKind.OPENING:
            return OPENING_PERIOD
        return entry.period

    def modified_ms(self, entry: Entry) -> int:
        return max(entry.modified_ms, *(line.modified_ms for line in entry.lines))

    def entries(self) -> Iterator[Entry]:
        return self.books.live_entries()

    def items(self, dimension_type: str) -> Iterator[Posting]:
        """Lines of customers or suppliers, with what is open of each."""
        payments: dict[int, Entry] = {}  # by the serial of the invoice; the newest
        touched: dict[int, int] = {}
        for entry in self.entries():
            if entry.settles is not None:
                payments[entry.settles.serial] = entry
                touched[entry.settles.serial] = self.modified_ms(entry)
        for gone, at_ms in self.deleted():
            if gone.settles is not None:
                serial = gone.settles.serial
                touched[serial] = max(at_ms, touched.get(serial, 0))
        for entry in self.entries():
            touched_ms = max(self.modified_ms(entry), touched.get(entry.serial, 0))
            payment = payments.get(entry.serial, entry)
            for posting in self.postings(entry):
                if posting.relation and posting.relation[0] == dimension_type:
                    yield evolve(posting, item=self._item(entry, posting, payment, touched_ms))

    def _item(self, entry: Entry, posting: Posting, payment: Entry, touched_ms: int) -> Item:
        """Payments are matched with what they pay as soon as they are booked."""
        is_invoice = entry.invoice_number is not None
        left = entry.open_cents if is_invoice else 0
        total = posting.cents or 1
        return Item(
            due=entry.due if is_invoice else None,
            open_cents=left,
            open_foreign_cents=round(Fraction(posting.foreign_cents * left, total)),
            modified_ms=touched_ms,
            matched_on=None if left else payment.date,
        )

    def postings(self, entry: Entry) -> Iterator[Posting]:
        number, period = self.number(entry), self.period(entry)
        kind = entry.journal.kind
        for place, line in enumerate(entry.lines, start=1):
            if line.account is None:
                continue  # a remark is no posting here
            yield Posting(
                year=entry.year,
                period=period,
                day=entry.date,
                daybook=DAYBOOKS[kind],
                number=number,
                line=place,
                management=MANAGEMENT[kind],
                account=line.account,
                cents=line.cents,
                foreign_cents=line.foreign_cents,
                currency=entry.currency,
                relation=self._relation(entry, line),
                vat="" if line.tax is None else line.tax.code,
                description=line.description,
                invoice_number=self._invoice_number(entry),
            )

    def _relation(self, entry: Entry, line: Line) -> tuple[str, str] | None:
        control = None if line.account is None else _CONTROLS.get(line.account.kind)
        if control is None or entry.contact is None:
            return None
        return control, str(entry.contact.number)

    def _invoice_number(self, entry: Entry) -> str:
        if entry.invoice_number is None:
            return ""
        return entry.reference or str(entry.invoice_number)

    def deleted(self) -> Iterator[tuple[Entry, int]]:
        """Deleted transactions and when (epoch ms)."""
        for change in self.books.changes:
            if change.action is Action.DELETED and isinstance(change.record, Entry):
                yield change.record, change.at_ms

    # -- the ends of years -------------------------------------------------------------------------

    def closings(self) -> Iterator[Posting]:
        """Rows of the automatic closing and opening, where years are closed that way."""
        if not self.year_end:
            return
        held: dict[str, int] = {}
        for year in sorted(self.books.closed_years):
            moved = dict(held)
            for (code, of_year, _), cents in self.books.trial_balance().items():
                if of_year == year:
                    moved[code] = moved.get(code, 0) + cents
            yield from self._booked(year, CLOSING_PERIOD, {c: -n for c, n in moved.items()})
            result = sum(n for c, n in moved.items() if not self.books.account(c).balance_sheet)
            held = {c: n for c, n in moved.items() if self.books.account(c).balance_sheet}
            equity = next(a.code for a in self.books.accounts if a.kind is AccountKind.RETAINED)
            held[equity] = held.get(equity, 0) + result
            yield from self._booked(year + 1, OPENING_PERIOD, held)

    def _booked(self, year: int, period: int, cells: dict[str, int]) -> Iterator[Posting]:
        day = date(year, 12, 31) if period == CLOSING_PERIOD else date(year, 1, 1)
        for line, (code, cents) in enumerate(sorted(cells.items()), start=1):
            yield Posting(
                year=year,
                period=period,
                day=day,
                daybook=CLOSING_DAYBOOK,
                number=f"{year}{period:05d}",
                line=line,
                management="JOURNAL",
                account=self.books.account(code),
                cents=cents,
                foreign_cents=cents,
                currency=self.company.currency,
                relation=None,
                vat="",
                description="Jaarafsluiting",
                invoice_number="",
            )

"""One administration as e-Boekhouden shows it: entry documents, not double-entry lines.

A mutation has a main ledger and rows with contra ledgers; VAT is told by code. The balances are
those of the true double entry, on the VAT accounts the provider would have booked on.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from attrs import define, field, frozen

from sandbox.books import Books
from sandbox.identity import Identities, Kind
from sandbox.records import (
    Account,
    AccountKind,
    Contact,
    Entry,
    EntryKind,
    Line,
    LineRole,
    TaxCode,
    TaxKind,
)

_PER_COMPANY: Final = 100_000
_FIRST_ACCOUNT_ID: Final = 21_000_000
_FIRST_RELATION_ID: Final = 5_400_000
_EXTRA_SERIALS: Final = {"AF6": 90_001, "AFOVERIG": 90_002}
_EXTRA_NAMES: Final = {"AF6": ("05", "Btw laag af te dragen"), "AFOVERIG": ("10", "Btw overig")}
_SECOND_DEBTORS: Final = (90_003, "12999", "Debiteuren buitenland")
"""Its code comes before that of the first, so that who takes the first code is wrong."""
_SETTLEMENT: Final = frozenset({"1550", "451900"})
_SPLIT_EVERY: Final = 7
_TURNED_EVERY: Final = 3

OPENING, BOUGHT, SOLD, RECEIVED, PAID, MONEY_IN, MONEY_OUT, MEMORIAL = range(8)

_CATEGORIES: Final[Mapping[AccountKind, str]] = {
    AccountKind.CASH: "FIN",
    AccountKind.BANK: "FIN",
    AccountKind.RECEIVABLE: "DEB",
    AccountKind.PAYABLE: "CRED",
}
_SALES: Final = frozenset({EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT})
_PURCHASES: Final = frozenset({EntryKind.PURCHASE_INVOICE, EntryKind.PURCHASE_CREDIT})


@frozen
class Ledger:
    id: int
    code: str
    name: str
    category: str


@frozen
class Row:
    """``net`` and ``vat`` in cents, both in the mutation's own direction."""

    ledger: Ledger
    vat_code: str
    percentage: int  # basis points
    net: int
    vat: int
    invoice_number: str | None = None
    relation: Contact | None = None


@frozen
class Mutation:
    """``due``: the VAT is charged by nobody and both owed and claimed."""

    entry: Entry
    id: int
    type: int
    main: Ledger | None
    rows: tuple[Row, ...]
    vat: tuple[tuple[str, int], ...]
    invoice_number: str
    including: bool
    per_row: bool

    @property
    def total(self) -> int:
        reverse = {code for code, _ in self.vat if "VERL" in code}
        return sum(row.net + (0 if row.vat_code in reverse else row.vat) for row in self.rows)


@define(eq=False)
class View:
    """``due_category``: where VAT that is shifted to the buyer is owed. ``memorial_sign`` and
    ``opening_sign``: 1 when a positive row of a memorial is a credit of the row's account, and a
    positive row of the opening balance a debit; -1 for the other way round. ``second_debtors``:
    every other customer is on an account of debtors of its own.
    """

    books: Books
    identities: Identities
    due_category: str = "AFOVERIG"
    memorial_sign: int = 1
    opening_sign: int = 1
    second_debtors: bool = False
    _seen: object = None
    _mutations: dict[int, Mutation] = field(factory=dict)
    _moved: dict[date, dict[int, int]] = field(factory=dict)

    # -- masters -----------------------------------------------------------------------------------

    @property
    def guid(self) -> str:
        return "{" + self.identities.guid(self.books.company.number, Kind.COMPANY, 0).upper() + "}"

    def ledger(self, account: Account) -> Ledger:
        number = self._account_id(account.serial)
        return Ledger(number, account.code, account.name, self._category(account))

    def ledgers(self) -> list[Ledger]:
        extras = [self._extra(category) for category in _EXTRA_SERIALS]
        if self.second_debtors:
            extras.append(self._other_debtors())
        return [self.ledger(account) for account in self.books.accounts] + extras

    def relation_id(self, contact: Contact) -> int:
        return _FIRST_RELATION_ID + self.books.company.number * _PER_COMPANY + contact.serial

    def _account_id(self, serial: int) -> int:
        return _FIRST_ACCOUNT_ID + self.books.company.number * _PER_COMPANY + serial

    def _extra(self, category: str) -> Ledger:
        ending, name = _EXTRA_NAMES[category]
        code = self._payable().code[:-2] + ending
        return Ledger(self._account_id(_EXTRA_SERIALS[category]), code, name, category)

    def _other_debtors(self) -> Ledger:
        serial, code, name = _SECOND_DEBTORS
        return Ledger(self._account_id(serial), code, name, "DEB")

    def _payable(self) -> Account:
        return next(tax.payable for tax in self.books.tax_codes if tax.payable is not None)

    def _category(self, account: Account) -> str:
        if account.kind is AccountKind.VAT:
            return "AF19" if account is self._payable() else "VOOR"
        if account.code in _SETTLEMENT:
            return "BTWRC"
        return _CATEGORIES.get(account.kind, "BAL" if account.balance_sheet else "VW")

    def vat_code(self, tax: TaxCode | None) -> str:
        """Names of the fixed list, per country."""
        if tax is None or tax.kind is TaxKind.NONE:
            return "GEEN"
        rate = tax.basis_points // 100
        if self.books.company.country == "BE":
            return {
                TaxKind.SALES: f"BE_{rate}_VERK" if rate else "BE_EXP_VERK",
                TaxKind.PURCHASE: f"BE_{rate}_INK",
                TaxKind.REVERSE_CHARGE: f"BE_VERL_{rate}_INK",
            }[tax.kind]
        side = "VERK" if tax.kind is TaxKind.SALES else "INK"
        if tax.kind is TaxKind.REVERSE_CHARGE:
            return "VERL_INK"
        if not rate:
            return "BU_EU_VERK"
        return f"HOOG_{side}_21" if rate == 21 else f"LAAG_{side}_9"

    def booked_on(self, line: Line) -> Ledger:
        """The account a line is on here: VAT goes by its rate, where the books know one account."""
        assert line.account is not None
        tax = line.tax
        if line.role is LineRole.VAT and tax is not None and line.account is tax.payable:
            category = self.due_category
            if tax.kind is not TaxKind.REVERSE_CHARGE:
                category = "AF19" if tax.basis_points >= 2_000 else "AF6"
            if category != "AF19":
                return self._extra(category)
        contact = line.entry.contact
        is_trade = self.second_debtors and line.account.kind is AccountKind.RECEIVABLE
        if is_trade and contact is not None and contact.serial % 2:
            return self._other_debtors()
        return self.ledger(line.account)

    # -- mutations ---------------------------------------------------------------------------------

    def mutations(self) -> dict[int, Mutation]:
        """All that are alive, by number."""
        self._refresh()
        return self._mutations

    def movements(self, first: date | None, last: date) -> dict[int, int]:
        """Cents moved per account id, debit positive, both days included."""
        self._refresh()
        sums: dict[int, int] = defaultdict(int)
        for day, moved in self._moved.items():
            if (first is None or first <= day) and day <= last:
                for account, cents in moved.items():
                    sums[account] += cents
        return sums

    def lines(self) -> Iterator[tuple[Ledger, Line]]:
        """The true double entry, on the accounts shown."""
        for line in self.books.live_lines():
            if line.account is not None:
                yield self.booked_on(line), line

    def line_count(self) -> int:
        """Lines a client derives: rows that were split count as they are told."""
        split = sum(
            len(shown.rows) - 1
            for shown in self.mutations().values()
            if shown.type in {RECEIVED, PAID}
        )
        return sum(1 for _ in self.lines()) + split

    def _refresh(self) -> None:
        signs = (self.due_category, self.memorial_sign, self.opening_sign, self.second_debtors)
        now = (len(self.books.changes), signs)
        if now == self._seen:
            return
        shown = (self._shown(entry) for entry in self.books.live_entries())
        self._mutations = {mutation.id: mutation for mutation in shown}
        moved: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for ledger, line in self.lines():
            moved[line.entry.date][ledger.id] += line.cents
        self._moved = moved
        self._seen = now

    def _shown(self, entry: Entry) -> Mutation:
        if entry.kind is EntryKind.OPENING:
            return self._opening(entry)
        if entry.kind in _SALES | _PURCHASES:
            return self._invoice(entry)
        lines = [line for line in entry.lines if line.account is not None]
        if entry.kind is EntryKind.BANK and len(lines) == 2:
            return self._money(entry, lines[0], lines[1])
        rows = tuple(self._plain(line, -line.cents * self.memorial_sign) for line in lines[1:])
        return self._mutation(entry, MEMORIAL, self.booked_on(lines[0]), rows)

    def _opening(self, entry: Entry) -> Mutation:
        lines = [line for line in entry.lines if line.account is not None]
        rows = tuple(self._plain(line, line.cents * self.opening_sign) for line in lines)
        return self._mutation(entry, OPENING, None, rows)

    def _money(self, entry: Entry, bank: Line, other: Line) -> Mutation:
        """A payment of an invoice, now and then told as of two; or money without an invoice."""
        invoice = entry.settles
        if invoice is None:
            # Now and then typed in on the other side, with a negative amount.
            is_in = bank.cents > 0 or entry.serial % _TURNED_EVERY == 0
            kind = MONEY_IN if is_in else MONEY_OUT
            row = self._plain(other, bank.cents if is_in else -bank.cents)
            return self._mutation(entry, kind, self.booked_on(bank), (row,))
        kind = RECEIVED if invoice.kind in _SALES else PAID
        cents = bank.cents if kind == RECEIVED else -bank.cents
        number = self._number(invoice)
        parts = [(number, cents)]
        if entry.serial % _SPLIT_EVERY == 0:
            parts = [(number, cents // 2), (f"{number}A", cents - cents // 2)]
        rows = tuple(
            Row(self.booked_on(other), "GEEN", 0, part, 0, told, entry.contact)
            for told, part in parts
        )
        joined = ",".join(told for told, _ in parts)
        return self._mutation(entry, kind, self.booked_on(bank), rows, number=joined)

    def _invoice(self, entry: Entry) -> Mutation:
        kind = SOLD if entry.kind in _SALES else BOUGHT
        sign = -1 if kind == SOLD else 1
        nets = [line for line in entry.lines if line.role is LineRole.NET]
        taxes = [line for line in entry.lines if line.role is LineRole.VAT]
        tax = nets[0].tax
        code = self.vat_code(tax)
        reverse = tax is not None and tax.kind is TaxKind.REVERSE_CHARGE
        vat = sign * taxes[0].cents if taxes else 0
        shares = _shares(vat, [sign * line.cents for line in nets])
        rows = tuple(
            Row(
                self.booked_on(line),
                code,
                tax.basis_points if tax else 0,
                sign * line.cents,
                share,
            )
            for line, share in zip(nets, shares, strict=True)
        )
        # With reverse-charged VAT always excluding (MUT_026).
        including = not reverse and entry.serial % 3 == 0
        per_row = (including and len(rows) > 1) or entry.serial % 4 == 0
        return self._mutation(
            entry,
            kind,
            self.booked_on(entry.lines[0]),
            rows,
            vat=((code, vat),) if taxes else (),
            number=self._number(entry),
            including=including,
            per_row=per_row,
        )

    def _plain(self, line: Line, cents: int) -> Row:
        return Row(self.booked_on(line), "GEEN", 0, cents, 0)

    def _number(self, invoice: Entry) -> str:
        return invoice.reference or str(invoice.invoice_number)

    def _mutation(
        self,
        entry: Entry,
        kind: int,
        main: Ledger | None,
        rows: tuple[Row, ...],
        *,
        vat: tuple[tuple[str, int], ...] = (),
        number: str = "",
        including: bool = False,
        per_row: bool = False,
    ) -> Mutation:
        return Mutation(
            entry=entry,
            id=0 if kind == OPENING else entry.serial + 1,
            type=kind,
            main=main,
            rows=rows,
            vat=vat,
            invoice_number=number,
            including=including,
            per_row=per_row,
        )


def _shares(vat: int, nets: list[int]) -> list[int]:
    """The VAT of a document spread over its rows, the rest on the last."""
    total = sum(nets)
    shares = [vat * net // total if total else 0 for net in nets]
    shares[-1] += vat - sum(shares)
    return shares

"""One administration as Moneybird shows it: ids, account types, and bookings by month."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from attrs import define, field, frozen

from sandbox.books import Books
from sandbox.identity import Kind
from sandbox.records import (
    Account,
    AccountKind,
    Company,
    Contact,
    Entry,
    EntryKind,
    Line,
    Trait,
)

FIRST_ID: Final = 496_000_000_000_000_000
"""Above 2**53: as JSON numbers they would lose digits, so they travel as text."""
_PER_COMPANY: Final = 10**13
_PER_KIND: Final = 10**11

ACCOUNT_TYPES: Final[Mapping[AccountKind, str]] = {
    AccountKind.CASH: "current_assets",
    AccountKind.BANK: "current_assets",
    AccountKind.RECEIVABLE: "current_assets",
    AccountKind.PAYABLE: "current_liabilities",
    # Also the VAT to claim: the type is not the side people expect.
    AccountKind.VAT: "current_liabilities",
    AccountKind.TAX_PAYABLE: "current_liabilities",
    AccountKind.STAFF_PAYABLE: "current_liabilities",
    AccountKind.FIXED_ASSET: "non_current_assets",
    AccountKind.ACCUMULATED_DEPRECIATION: "non_current_assets",
    AccountKind.INVENTORY: "current_assets",
    AccountKind.EQUITY: "equity",
    AccountKind.RETAINED: "equity",
    AccountKind.LOAN: "non_current_liabilities",
    AccountKind.SUSPENSE: "temporary",
    AccountKind.REVENUE: "revenue",
    AccountKind.COST_OF_GOODS: "direct_costs",
    AccountKind.EXPENSE: "expenses",
    AccountKind.STAFF: "expenses",
    AccountKind.DEPRECIATION: "expenses",
    AccountKind.INTEREST: "other_income_expenses",
    AccountKind.EXCHANGE: "other_income_expenses",
    AccountKind.APPROPRIATION: "other_income_expenses",
}

CREDIT_TYPES: Final = frozenset(
    {
        "equity",
        "provisions",
        "revenue",
        "current_liabilities",
        "non_current_liabilities",
    }
)
"""On these a debit is a negative amount. For the types that may be either (other income and
expenses, other, temporary) a debit is positive here; the real rule is not known."""

WITHOUT_NUMBER: Final = frozenset({AccountKind.EXCHANGE, AccountKind.SUSPENSE})
"""Accounts whose ``account_id`` is null, as in older charts."""
WITHOUT_TAXONOMY: Final = AccountKind.SUSPENSE

PROJECTS: Final = (("1", "Verbouwing"), ("2", "Webshop"))
"""Serial and name of the projects; nobody booked on them unless settings say so."""


@frozen
class Booking:
    """One row of the journal entries report; ``cents`` debit positive."""

    line: Line
    day: date
    cents: int
    account: Account
    document_type: str
    document_id: str
    id: str
    project_id: str | None


@define(eq=False)
class View:
    """``project_every``: each so-many-th line carries a project (0: none)."""

    books: Books
    project_every: int = 0
    _seen: tuple[int, int] = (-1, -1)
    _months: dict[str, list[Booking]] = field(factory=dict)

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def id(self) -> str:
        return str(FIRST_ID + self.company.number * _PER_COMPANY)

    @property
    def suspended(self) -> bool:
        return self.company.trait in {Trait.INACTIVE, Trait.BLOCKED}

    def number(self, kind: Kind, serial: int) -> str:
        return str(int(self.id) + kind * _PER_KIND + serial + 1)

    def financial_account_id(self, account: Account | None) -> str | None:
        if account is None or account.kind not in {AccountKind.BANK, AccountKind.CASH}:
            return None
        return self.number(Kind.JOURNAL, account.serial)

    # -- documents ---------------------------------------------------------------------------------

    def document_type(self, entry: Entry) -> str:
        """Class names; which there are besides ``Document`` is partly assumed."""
        if entry.kind in {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}:
            return "ExternalSalesInvoice" if self.is_external(entry) else "SalesInvoice"
        if entry.kind is EntryKind.BANK:
            return "FinancialMutation"
        if entry.description.startswith("Btw-aangifte"):
            return "VatDocument"  # no document endpoint knows it
        if entry.description.startswith("Afschrijving"):
            return "AssetValueChange"  # nor this; the name is made up
        return "Document"

    def is_external(self, entry: Entry) -> bool:
        """Invoices of customers abroad were made in a web shop."""
        return entry.contact is not None and entry.contact.country not in {"NL", "BE"}

    def is_receipt(self, entry: Entry) -> bool:
        return entry.contact is not None and entry.contact.serial % 5 == 0

    def is_archived(self, contact: Contact) -> bool:
        return contact.serial % 10 == 9

    def version(self, entry: Entry) -> int:
        """Seconds: when the document was last changed."""
        newest = max((line.modified_ms for line in entry.lines), default=0)
        return max(entry.modified_ms, newest) // 1000

    # -- bookings ----------------------------------------------------------------------------------

    def bookings(self, month: str) -> list[Booking]:
        """Of ``YYYYMM``, newest first."""
        now = (len(self.books.changes), self.project_every)
        if now != self._seen:
            self._sort_into_months()
            self._seen = now
        return self._months.get(month, [])

    def months(self) -> list[str]:
        """Every month with bookings."""
        self.bookings("")
        return sorted(self._months)

    def _sort_into_months(self) -> None:
        months: dict[str, list[Booking]] = {}
        for line in self.books.live_lines():
            if line.account is None:
                continue
            entry = line.entry
            months.setdefault(f"{entry.date:%Y%m}", []).append(
                Booking(
                    line=line,
                    day=entry.date,
                    cents=line.cents,
                    account=line.account,
                    document_type=self.document_type(entry),
                    document_id=self.number(Kind.ENTRY, entry.serial),
                    id=self.number(Kind.LINE, line.serial),
                    project_id=self._project_of(line),
                )
            )
        for rows in months.values():
            rows.sort(key=lambda row: (row.day, row.line.serial), reverse=True)
        self._months = months

    def _project_of(self, line: Line) -> str | None:
        if not self.project_every or line.serial % self.project_every:
            return None
        return self.number(Kind.PERIOD, line.serial % len(PROJECTS))

"""One folder as Horus shows it: ids, book years, what changed since when."""

from datetime import UTC, datetime
from typing import Final

from attrs import define, frozen

from sandbox.books import Books
from sandbox.fiscal import FiscalYear, booked_years
from sandbox.identity import Identities, Kind
from sandbox.records import Account, AccountKind, Action, Company, Entry, Line, Trait

ACCOUNT_TYPES: Final = {
    AccountKind.CASH: "asset",
    AccountKind.BANK: "asset",
    AccountKind.RECEIVABLE: "asset",
    AccountKind.PAYABLE: "liability",
    AccountKind.VAT: "liability",
    AccountKind.TAX_PAYABLE: "liability",
    AccountKind.STAFF_PAYABLE: "liability",
    AccountKind.FIXED_ASSET: "asset",
    AccountKind.ACCUMULATED_DEPRECIATION: "asset",
    AccountKind.INVENTORY: "asset",
    AccountKind.EQUITY: "equity",
    AccountKind.RETAINED: "equity",
    AccountKind.LOAN: "liability",
    AccountKind.SUSPENSE: "liability",
    AccountKind.REVENUE: "income",
}
"""Everything else is an expense."""

OPENING_JOURNAL: Final = "AN"
"""Book years begin with an entry in it when settings say so."""


@frozen
class Carried:
    """What an account ended the years before with."""

    account: Account
    cents: int


@define(eq=False)
class View:
    """``opening_entries``: each book year but the first begins with its opening balance."""

    books: Books
    identities: Identities
    opening_entries: bool = False

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def id(self) -> str:
        return self.guid(Kind.COMPANY, self.company.number)

    @property
    def active(self) -> bool:
        return self.company.trait not in {Trait.INACTIVE, Trait.ARCHIVED}

    def guid(self, kind: Kind, serial: int) -> str:
        return self.identities.guid(self.company.number, kind, serial)

    # -- book years --------------------------------------------------------------------------------

    def book_years(self) -> list[FiscalYear]:
        return booked_years(self.books)

    def book_year_id(self, year: int) -> str:
        return self.guid(Kind.PERIOD, year)

    def book_year(self, asked: str) -> FiscalYear | None:
        return next((y for y in self.book_years() if self.book_year_id(y.year) == asked), None)

    def is_closed(self, year: int) -> bool:
        return year in self.books.closed_years

    # -- changes -----------------------------------------------------------------------------------

    def changed_ms(self, entry: Entry) -> int:
        return max([entry.modified_ms, *(line.modified_ms for line in entry.lines)])

    def deleted_since(self, since_ms: int) -> list[tuple[Entry, int]]:
        """Entries that are gone, with when they went."""
        return [
            (change.record, change.at_ms)
            for change in self.books.changes
            if change.action is Action.DELETED
            and isinstance(change.record, Entry)
            and change.at_ms >= since_ms
        ]

    def postings(self, entry: Entry) -> list[Line]:
        return [line for line in entry.lines if line.account is not None]

    # -- balances ----------------------------------------------------------------------------------

    def carried_into(self, year: int) -> list[Carried]:
        sums: dict[int, int] = {}
        for key, cell in self.books.balances.items():
            if key.year < year:
                moved = cell.debit_cents - cell.credit_cents
                sums[key.account] = sums.get(key.account, 0) + moved
        return [Carried(self.books.accounts[key], sums[key]) for key in sorted(sums) if sums[key]]


def moment(at_ms: int) -> str:
    """RFC 3339, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat().replace("+00:00", "Z")

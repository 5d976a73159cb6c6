"""One administration as Minox shows it: numbers inside a tenant, fiscal years, who is on a line."""

from typing import Final

from attrs import define, field, frozen

from sandbox.books import Books
from sandbox.fiscal import FiscalYear, booked_years, fiscal_year
from sandbox.identity import Identities, Kind
from sandbox.records import Account, AccountKind, Company, Contact, Line, Trait

FIRST_TENANT: Final = 10_471
SECOND_TENANT: Final = 20_885
"""The accountant's other subscription. Administrations count from 1 in each tenant."""

FIRST_CUSTOMER: Final = 1
FIRST_SUPPLIER: Final = 1
"""Customers and suppliers share their range of numbers with each other and with the ledger."""

TRADE: Final = {AccountKind.RECEIVABLE: "customer", AccountKind.PAYABLE: "supplier"}
"""Collective accounts do not exist as ledger accounts: people stand in their place."""


@frozen
class OpeningLine:
    """A balance carried into a year, in period 0."""

    account: Account
    contact: Contact | None
    cents: int
    year: FiscalYear
    serial: int


@define(eq=False)
class View:
    """``opening_lines``: each year begins with the balances of the one before, in period 0."""

    books: Books
    identities: Identities
    tenant_id: int
    id: int
    opening_lines: bool = False
    _years_seen: int = field(default=-1)
    _by_year: dict[int, list[Line]] = field(factory=dict)

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def key(self) -> str:
        return f"{self.tenant_id}/{self.id}"

    @property
    def is_set_up(self) -> bool:
        """One company was made and never given a fiscal year."""
        return self.company.trait is not Trait.BLOCKED

    def fiscal_years(self) -> list[FiscalYear]:
        """From the year the company was founded in, before its first entry."""
        if not self.is_set_up:
            return []
        booked = booked_years(self.books)
        return [fiscal_year(self.books, booked[0].year - 1), *booked]

    def fiscal_year(self, year: int) -> FiscalYear | None:
        return next((known for known in self.fiscal_years() if known.year == year), None)

    def accounts(self) -> list[Account]:
        """Ledger accounts proper."""
        return [account for account in self.books.accounts if account.kind not in TRADE]

    def customers(self) -> list[Contact]:
        return [contact for contact in self.books.contacts if contact.customer]

    def suppliers(self) -> list[Contact]:
        return [contact for contact in self.books.contacts if contact.supplier]

    def account_type(self, account: Account, contact: Contact | None) -> str:
        return TRADE[account.kind] if account.kind in TRADE and contact else "ledger_account"

    def lines_of(self, year: int) -> list[Line]:
        """Postings of a fiscal year, in the order they were booked."""
        edits = len(self.books.changes)
        if edits != self._years_seen:
            by_year: dict[int, list[Line]] = {}
            for line in self.books.live_lines():
                if line.account is not None:
                    by_year.setdefault(line.entry.year, []).append(line)
            self._by_year, self._years_seen = by_year, edits
        return self._by_year.get(year, [])

    def carried_into(self, fiscal: FiscalYear) -> list[OpeningLine]:
        """Balances of all years before, per account or person; none where nothing was booked."""
        sums: dict[tuple[int, int | None], int] = {}
        for year in sorted(self._booked_before(fiscal.year)):
            for line in self.lines_of(year):
                assert line.account is not None
                contact = line.entry.contact if line.account.kind in TRADE else None
                place = (line.account.serial, None if contact is None else contact.serial)
                sums[place] = sums.get(place, 0) + line.cents
        kept = [(place, cents) for place, cents in sorted(sums.items(), key=str) if cents]
        return [
            OpeningLine(
                self.books.accounts[account],
                None if contact is None else self.books.contacts[contact],
                cents,
                fiscal,
                serial,
            )
            for serial, ((account, contact), cents) in enumerate(kept)
        ]

    def _booked_before(self, year: int) -> set[int]:
        self.lines_of(year)
        return {known for known in self._by_year if known < year}

    def guid(self, kind: Kind, serial: int) -> str:
        return self.identities.guid(self.company.number, kind, serial)

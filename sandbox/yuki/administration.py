"""One administration as its rows are written: documents instead of entries, dates, fiscal years.

The opening balance stands on the eve of the first fiscal year. A payment carries the document of
the invoice it pays, every second other bank entry carries none (both as clients met them). With
``fiscal`` there is a correction that only the fiscal books hold.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from attrs import define, frozen

from sandbox.books import Books
from sandbox.generator import FIRST_DAY
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

SHOWN = frozenset({Trait.REGULAR, Trait.BROKEN_YEAR, Trait.EMPTY, Trait.ARCHIVED})
BELGIAN_DOMAIN, DUTCH_DOMAIN = 2, 1
TYPES = {
    JournalKind.SALES: ("Verkoopfactuur", "Verkoop", "Facturen"),
    JournalKind.PURCHASE: ("Inkoopfactuur", "Inkoop", "Facturen"),
    JournalKind.BANK: ("Bankafschrift", "Bank", "Afschriften"),
    JournalKind.CASH: ("Kasstuk", "Kas", "Kasboek"),
    JournalKind.GENERAL: ("Memoriaalboeking", "Boekhouding", "Memoriaal"),
}
OPENING_TYPE = ("Beginbalans", "Boekhouding", "Beginbalans")
FISCAL_CENTS = 123_45


@frozen
class Posting:
    """One line; ``document`` is a serial of entries, None where it has none."""

    id: str
    number: int
    day: date
    account: Account
    cents: int
    foreign_cents: int
    entry: Entry | None
    line: Line | None
    document: int | None
    description: str


@define(eq=False)
class Ledger:
    """A company under its GUID, in its domain."""

    books: Books
    identities: Identities
    fiscal: bool = False

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def key(self) -> str:
        return self.guid(Kind.COMPANY, 1)

    @property
    def domain_number(self) -> int:
        return BELGIAN_DOMAIN if self.company.country == "BE" else DUTCH_DOMAIN

    @property
    def domain_id(self) -> str:
        return self.identities.guid(0, Kind.COMPANY, self.domain_number)

    @property
    def active(self) -> bool:
        return self.company.trait is not Trait.ARCHIVED

    def guid(self, kind: Kind, serial: int) -> str:
        return self.identities.guid(self.company.number, kind, serial)

    def fiscal_year(self, year_id: int) -> tuple[date, date] | None:
        """First and last day; none before the books began or long after."""
        days = [period for period in self.books.periods if period.year == year_id]
        if not days or days[-1].last < FIRST_DAY:
            return None
        return days[0].first, days[-1].last

    @property
    def begins(self) -> date:
        """The first day of the first fiscal year."""
        return next(
            found[0]
            for period in self.books.periods
            if (found := self.fiscal_year(period.year)) is not None
        )

    def account_type(self, account: Account) -> int:
        if account.balance_sheet:
            return 2 if account.credit_side else 1
        if account.kind in {AccountKind.REVENUE, AccountKind.COST_OF_GOODS}:
            return 3
        return 5 if account.kind in {AccountKind.INTEREST, AccountKind.EXCHANGE} else 4

    def contact_id(self, contact: Contact) -> str:
        return self.guid(Kind.CONTACT, contact.serial)

    # -- lines -------------------------------------------------------------------------------------

    def day(self, entry: Entry) -> date:
        if entry.kind is EntryKind.OPENING:
            return self.begins - timedelta(days=1)
        return entry.date

    def document(self, entry: Entry) -> int | None:
        if entry.kind is not EntryKind.BANK:
            return entry.serial
        if entry.settles is not None:
            return entry.settles.serial
        return entry.serial if entry.serial % 2 else None

    def document_type(self, posting: Posting) -> tuple[str, str, str]:
        """Of a payment it is that of the invoice whose document it carries."""
        entry = posting.entry
        if entry is None or entry.kind is EntryKind.OPENING:
            return OPENING_TYPE if entry else TYPES[JournalKind.GENERAL]
        return TYPES[(entry.settles or entry).journal.kind]

    def postings_of(self, entry: Entry) -> Iterator[Posting]:
        for line in entry.lines:
            if line.account is None:
                continue  # a remark is no posting here
            yield Posting(
                id=self.guid(Kind.LINE, line.serial),
                number=line.serial + 1,
                day=self.day(entry),
                account=line.account,
                cents=line.cents,
                foreign_cents=line.foreign_cents,
                entry=entry,
                line=line,
                document=self.document(entry),
                description=line.description,
            )

    def postings(self, *, fiscal: bool = False) -> Iterator[Posting]:
        for entry in self.books.live_entries():
            yield from self.postings_of(entry)
        if fiscal and self.fiscal:
            yield from self._correction()

    def _correction(self) -> Iterator[Posting]:
        """On the last day of the first fiscal year, as such corrections are."""
        found = self.fiscal_year(self.books.period_of(FIRST_DAY)[0])
        assert found is not None
        pair = (
            next(one for one in self.books.accounts if one.kind is AccountKind.EXPENSE),
            next(one for one in self.books.accounts if one.kind is AccountKind.FIXED_ASSET),
        )
        for place, (account, sign) in enumerate(zip(pair, (1, -1), strict=True)):
            cents = sign * FISCAL_CENTS
            yield Posting(
                id=self.guid(Kind.TOMBSTONE, place),
                number=10**8 + place,
                day=found[1],
                account=account,
                cents=cents,
                foreign_cents=cents,
                entry=None,
                line=None,
                document=10**8,
                description="Fiscale correctie",
            )

    def balances(self, day: date, *, fiscal: bool) -> dict[str, int]:
        """As of that day; of accounts that are not on the balance only since the year began."""
        year = self.books.period_of(day)[0]
        found = self.fiscal_year(year)
        begins = found[0] if found else date(day.year, 1, 1)
        sums: dict[str, int] = {}
        for posting in self.postings(fiscal=fiscal):
            in_year = posting.account.balance_sheet or posting.day >= begins
            if posting.day <= day and in_year:
                code = posting.account.code
                sums[code] = sums.get(code, 0) + posting.cents
        return sums

    def open_items(self, journal: JournalKind) -> Iterator[Entry]:
        """Invoices of which something is open, of customers or suppliers, by date."""
        found = (
            entry
            for entry in self.books.live_entries()
            if entry.invoice_number and entry.journal.kind is journal and entry.open_cents
        )
        return iter(sorted(found, key=lambda entry: (entry.date, entry.serial)))

    # -- changes -----------------------------------------------------------------------------------

    def changes(self) -> Iterator[tuple[Posting, int, bool]]:
        """Lines, when they changed (epoch ms), and whether they are deleted; oldest first."""
        for change in self.books.changes:
            is_gone = change.action is Action.DELETED
            if isinstance(change.record, Entry):
                for posting in self.postings_of(change.record):
                    yield posting, change.at_ms, is_gone
            elif isinstance(change.record, Line):
                for posting in self.postings_of(change.record.entry):
                    if posting.line is change.record:
                        yield posting, change.at_ms, is_gone
                if is_gone:
                    yield self._gone(change.record), change.at_ms, True

    def _gone(self, line: Line) -> Posting:
        assert line.account is not None
        return Posting(
            id=self.guid(Kind.LINE, line.serial),
            number=line.serial + 1,
            day=self.day(line.entry),
            account=line.account,
            cents=line.cents,
            foreign_cents=line.foreign_cents,
            entry=line.entry,
            line=line,
            document=self.document(line.entry),
            description=line.description,
        )

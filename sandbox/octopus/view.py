"""One dossier as Octopus shows it: Belgian account numbers, bookyears, documents and their keys."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from attrs import define, frozen

from sandbox.books import Books
from sandbox.records import (
    Account,
    AccountKind,
    Action,
    Company,
    Entry,
    EntryKind,
    Journal,
    JournalKind,
    Line,
    LineRole,
    Trait,
)

ZONE = ZoneInfo("Europe/Brussels")
FIRST_DOSSIER = 45_000
SHOWN = frozenset({Trait.REGULAR, Trait.BROKEN_YEAR, Trait.EMPTY, Trait.INACTIVE})
FIRST_YEAR, LAST_YEAR = 2024, 2027
"""The first has no booking at all; bookyears are numbered from 1."""

LETTERS = {
    JournalKind.PURCHASE: "A",
    JournalKind.SALES: "V",
    JournalKind.BANK: "F",
    JournalKind.CASH: "F",
    JournalKind.GENERAL: "D",
}
NUMBERS = {"A": 1, "V": 2, "F": 3, "D": 4}

_BELGIAN = {
    AccountKind.EQUITY: 100_000,
    AccountKind.RETAINED: 140_000,
    AccountKind.LOAN: 173_000,
    AccountKind.FIXED_ASSET: 230_000,
    AccountKind.ACCUMULATED_DEPRECIATION: 239_000,
    AccountKind.INVENTORY: 300_000,
    AccountKind.RECEIVABLE: 400_000,
    AccountKind.PAYABLE: 440_000,
    AccountKind.VAT: 451_000,
    AccountKind.TAX_PAYABLE: 453_000,
    AccountKind.STAFF_PAYABLE: 455_000,
    AccountKind.SUSPENSE: 499_000,
    AccountKind.BANK: 550_000,
    AccountKind.CASH: 570_000,
    AccountKind.COST_OF_GOODS: 600_000,
    AccountKind.EXPENSE: 610_000,
    AccountKind.STAFF: 620_000,
    AccountKind.DEPRECIATION: 630_000,
    AccountKind.INTEREST: 650_000,
    AccountKind.EXCHANGE: 655_000,
    AccountKind.APPROPRIATION: 693_000,
    AccountKind.REVENUE: 700_000,
}
_STEP = 10
_PER_YEAR, _PER_JOURNAL = 10_000_000, 1_000_000
_MOVED = 500_000
"""A document moved to another bookyear gets another number there."""

TRADE = frozenset(
    {
        EntryKind.SALES_INVOICE,
        EntryKind.SALES_CREDIT,
        EntryKind.PURCHASE_INVOICE,
        EntryKind.PURCHASE_CREDIT,
    }
)


@frozen
class DocumentKey:
    bookyear: int
    letter: str
    journal: int
    number: int

    @property
    def journal_key(self) -> str:
        return f"{self.letter}{self.journal}"


@define(eq=False)
class View:
    books: Books

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def id(self) -> str:
        return str(FIRST_DOSSIER + self.company.number)

    # -- years and accounts ------------------------------------------------------------------------

    @property
    def years(self) -> list[int]:
        found = {period.year for period in self.books.periods}
        return sorted(year for year in found if FIRST_YEAR <= year <= LAST_YEAR)

    def bookyear(self, year: int) -> int:
        return year - FIRST_YEAR + 1

    def year_of(self, bookyear: int) -> int | None:
        year = bookyear + FIRST_YEAR - 1
        return year if year in self.years else None

    def period(self, entry: Entry) -> int:
        return entry.year * 100 + entry.period

    def number(self, account: Account) -> int:
        """Six digits; a company of another country gets the Belgian number of its kind."""
        if self.company.country == "BE":
            return int(account.code)
        alike = [each for each in self.books.accounts if each.kind is account.kind]
        return _BELGIAN[account.kind] + _STEP * alike.index(account)

    def numbers(self) -> dict[int, int]:
        """Number by serial, for all accounts at once."""
        counts: dict[AccountKind, int] = {}
        found = {}
        for account in self.books.accounts:
            place = counts[account.kind] = counts.get(account.kind, -1) + 1
            is_own = self.company.country == "BE"
            found[account.serial] = (
                int(account.code) if is_own else _BELGIAN[account.kind] + _STEP * place
            )
        return found

    # -- journals and documents --------------------------------------------------------------------

    def journal_place(self, journal: Journal) -> tuple[str, int]:
        """Letter, and place among the journals of that letter."""
        letter = LETTERS[journal.kind]
        alike = [each for each in self.books.journals if LETTERS[each.kind] == letter]
        return letter, alike.index(journal) + 1

    def key(self, entry: Entry) -> DocumentKey:
        letter, journal = self.journal_place(entry.journal)
        number = entry.number % _PER_JOURNAL
        if self._original_year(entry) != entry.year:
            number += _MOVED
        return DocumentKey(self.bookyear(entry.year), letter, journal, number)

    def original_key(self, entry: Entry) -> DocumentKey:
        """As it was numbered when it was booked."""
        letter, journal = self.journal_place(entry.journal)
        year = self._original_year(entry)
        return DocumentKey(self.bookyear(year), letter, journal, entry.number % _PER_JOURNAL)

    def _original_year(self, entry: Entry) -> int:
        return 2000 + entry.number // _PER_YEAR

    def modified_ms(self, entry: Entry) -> int:
        return max(entry.modified_ms, *(line.modified_ms for line in entry.lines))

    def documents(self, bookyear: int, letter: str, since_ms: int, to_ms: int) -> Iterator[Entry]:
        """-1 and an empty letter stand for all."""
        for entry in self.books.live_entries():
            place, _ = self.journal_place(entry.journal)
            if (
                bookyear in {-1, self.bookyear(entry.year)}
                and letter in {"", place}
                and since_ms <= self.modified_ms(entry) <= to_ms
            ):
                yield entry

    def deleted(
        self, bookyear: int, letter: str, since_ms: int, to_ms: int
    ) -> Iterator[DocumentKey]:
        """Documents that were deleted, and the old numbers of those moved to another year."""
        for change in self.books.changes:
            entry = change.record
            if not isinstance(entry, Entry) or not since_ms <= change.at_ms <= to_ms:
                continue
            is_moved = self._original_year(entry) != entry.year
            if change.action is Action.DELETED:
                key = self.key(entry)
            elif change.action is Action.EDITED and is_moved:
                key = self.original_key(entry)
            else:
                continue
            if bookyear in {-1, key.bookyear} and letter in {"", key.letter}:
                yield key

    def line_number(self, entry: Entry, line: Line, place: int) -> int:
        """-1 is the relation's own line of purchases and sales; others count from 1."""
        letter, _ = self.journal_place(entry.journal)
        if letter in "AV" and line.role is LineRole.HEADER:
            return -1
        return place + 1

    def is_inactive(self, serial: int) -> bool:
        return serial % 10 == 9

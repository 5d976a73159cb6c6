"""One company's books: records, the edits they take, and their own trial balance."""

from collections.abc import Iterable, Iterator
from datetime import date
from random import Random

from attrs import evolve, frozen

from sandbox.clock import SandboxClock
from sandbox.records import (
    Account,
    AccountKind,
    Action,
    BalanceCell,
    BalanceKey,
    Change,
    Company,
    Contact,
    Day,
    Entry,
    EntryKind,
    Journal,
    JournalKind,
    Line,
    LineRole,
    Period,
    Record,
    TaxCode,
)


class UnknownRecord(Exception):
    """An edit named a record that is not in these books."""


@frozen
class Posting:
    """What a line of a new entry should say; ``foreign_cents`` None = same as ``cents``."""

    account: Account | None
    cents: int
    description: str = ""
    role: LineRole = LineRole.NET
    number: int | None = None  # None: its place in the entry
    foreign_cents: int | None = None
    tax: TaxCode | None = None


@frozen
class Heading:
    """What a new entry should say besides its lines."""

    journal: Journal
    kind: EntryKind
    date: Day
    description: str
    created_ms: int
    contact: Contact | None = None
    due: Day | None = None
    invoice_number: int | None = None
    reference: str | None = None
    currency: str | None = None  # None: the company's
    rate_millionths: int = 1_000_000
    settles: Entry | None = None


class Books:
    """Mutable books of one company.

    ``lines`` and ``entries`` are indexed by serial and hold None where something was deleted;
    ``changes`` lists every edit since generation, so that a stand-in can follow them at its own
    pace and give out row versions or write dates in its own way.
    """

    def __init__(self, company: Company, clock: SandboxClock, random: Random) -> None:
        self.company = company
        self.clock = clock
        self.random = random
        self.accounts: list[Account] = []
        self.journals: list[Journal] = []
        self.contacts: list[Contact] = []
        self.tax_codes: list[TaxCode] = []
        self.periods: list[Period] = []
        self.entries: list[Entry | None] = []
        self.lines: list[Line | None] = []
        self.changes: list[Change] = []
        self.closed_years: set[int] = set()
        self.balances: dict[BalanceKey, BalanceCell] = {}
        self.generated = False
        self._accounts_by_code: dict[str, Account] = {}
        self._sequences: dict[tuple[str, int], int] = {}

    # -- finding ---------------------------------------------------------------------------------

    def account(self, code: str) -> Account:
        try:
            return self._accounts_by_code[code]
        except KeyError:
            raise UnknownRecord(f"No account {code} in {self.company.name}") from None

    def journal(self, kind: JournalKind) -> Journal:
        return next(journal for journal in self.journals if journal.kind is kind)

    def journal_by_code(self, code: str) -> Journal:
        for journal in self.journals:
            if journal.code == code:
                return journal
        raise UnknownRecord(f"No journal {code} in {self.company.name}")

    def contact(self, number: int) -> Contact:
        for contact in self.contacts:
            if contact.number == number:
                return contact
        raise UnknownRecord(f"No contact {number} in {self.company.name}")

    def entry(self, number: int) -> Entry:
        for entry in self.live_entries():
            if entry.number == number:
                return entry
        raise UnknownRecord(f"No entry {number} in {self.company.name}")

    def live_entries(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry is not None)

    def live_lines(self) -> Iterator[Line]:
        return (line for line in self.lines if line is not None)

    def period_of(self, day: date) -> tuple[int, int]:
        """Fiscal year and period of a date. A broken year is named after the year it ends in."""
        start = self.company.fiscal_start_month
        if start == 1:
            return day.year, day.month
        later = day.month >= start
        return day.year + later, day.month - start + 1 + (0 if later else 12)

    # -- truth -----------------------------------------------------------------------------------

    def trial_balance(self) -> dict[tuple[str, int, int], int]:
        """Cents moved per account code, fiscal year and period; cells without lines are absent."""
        result: dict[tuple[str, int, int], int] = {}
        for key, cell in self.balances.items():
            if cell.lines:
                place = (self.accounts[key.account].code, key.year, key.period)
                moved = cell.debit_cents - cell.credit_cents
                result[place] = result.get(place, 0) + moved
        return result

    def recount(self) -> dict[tuple[str, int, int], int]:
        """The trial balance added up anew from every line; must equal ``trial_balance``."""
        result: dict[tuple[str, int, int], int] = {}
        for line in self.live_lines():
            if line.account is not None:
                place = (line.account.code, line.entry.year, line.entry.period)
                result[place] = result.get(place, 0) + line.cents
        return result

    # -- adding ----------------------------------------------------------------------------------

    def add_account(self, code: str, name: str, kind: AccountKind, at_ms: int | None) -> Account:
        """A new ledger account; ``at_ms`` None means now, by the sandbox clock."""
        if code in self._accounts_by_code:
            raise UnknownRecord(f"Account {code} exists already")
        moment = self.clock.now_ms() if at_ms is None else at_ms
        account = Account(len(self.accounts), code, name, kind, moment, moment)
        self.accounts.append(account)
        self._accounts_by_code[code] = account
        self._note(Action.ADDED, account, moment)
        return account

    def add_contact(self, contact: Contact) -> Contact:
        self.contacts.append(contact)
        self._note(Action.ADDED, contact, contact.modified_ms)
        return contact

    def add_entry(self, heading: Heading, postings: Iterable[Posting]) -> Entry:
        """Books an entry. Raises if its lines do not sum to zero."""
        year, period = self.period_of(heading.date)
        entry = Entry(
            serial=len(self.entries),
            number=self._next_number(heading.journal, year),
            journal=heading.journal,
            kind=heading.kind,
            date=heading.date,
            due=heading.due,
            year=year,
            period=period,
            processed=year in self.closed_years,
            description=heading.description,
            contact=heading.contact,
            invoice_number=heading.invoice_number,
            reference=heading.reference,
            currency=heading.currency or self.company.currency,
            rate_millionths=heading.rate_millionths,
            settles=heading.settles,
            open_cents=0,
            created_ms=heading.created_ms,
            modified_ms=heading.created_ms,
        )
        for place, posting in enumerate(postings):
            entry.lines.append(self._line(entry, place, posting))
        if sum(line.cents for line in entry.lines) != 0:
            raise ValueError(f"Entry {entry.number} does not balance: {entry.lines}")
        if entry.invoice_number is not None:
            entry.open_cents = entry.lines[0].cents
        if heading.settles is not None:
            heading.settles.open_cents += _settled_cents(entry)
        self.entries.append(entry)
        for line in entry.lines:
            self.lines.append(line)
            self._count(line, 1)
        self._note(Action.ADDED, entry, heading.created_ms)
        return entry

    # -- editing ---------------------------------------------------------------------------------

    def change_amount(self, entry: Entry, delta_cents: int) -> None:
        """Adds cents to the first line and takes them from the second, so the entry balances."""
        postings = [line for line in entry.lines if line.account is not None]
        foreign = delta_cents * 1_000_000 // entry.rate_millionths
        for line, sign in zip(postings[:2], (1, -1), strict=True):
            self._count(line, -1)
            line.cents += sign * delta_cents
            line.foreign_cents += sign * foreign
            self._count(line, 1)
        if entry.invoice_number is not None:
            entry.open_cents += delta_cents
        self._touch(entry)

    def change_account(self, line: Line, account: Account) -> None:
        """Moves one line to another account; only that line's own time of change moves."""
        self._count(line, -1)
        line.account = account
        self._count(line, 1)
        line.modified_ms = self.clock.now_ms()
        self._note(Action.EDITED, line, line.modified_ms)

    def describe(self, entry: Entry, description: str) -> None:
        entry.description = description
        for line in entry.lines:
            line.description = description
        self._touch(entry)

    def move(self, entry: Entry, day: date) -> None:
        """Gives an entry another date, hence perhaps another period."""
        for line in entry.lines:
            self._count(line, -1)
        entry.date = day
        entry.year, entry.period = self.period_of(day)
        for line in entry.lines:
            self._count(line, 1)
        self._touch(entry)

    def replace_lines(self, entry: Entry) -> None:
        """Takes every line out and books the same again under new ids, as some edits do."""
        old = list(entry.lines)
        entry.lines.clear()
        for line in old:
            self.lines[line.serial] = None
            self._note(Action.DELETED, line, self.clock.now_ms())
        entry.modified_ms = self.clock.now_ms()
        for line in old:
            new = evolve(line, serial=len(self.lines), modified_ms=entry.modified_ms)
            entry.lines.append(new)
            self.lines.append(new)
            self._note(Action.ADDED, new, entry.modified_ms)

    def delete_entry(self, entry: Entry) -> None:
        if self.entries[entry.serial] is not entry:
            raise UnknownRecord(f"Entry {entry.number} is not in {self.company.name}")
        for line in entry.lines:
            self._count(line, -1)
            self.lines[line.serial] = None
        if entry.settles is not None:
            entry.settles.open_cents -= _settled_cents(entry)
        self.entries[entry.serial] = None
        self._note(Action.DELETED, entry, self.clock.now_ms())

    def rename(self, record: Account | Contact, name: str) -> None:
        record.name = name
        record.modified_ms = self.clock.now_ms()
        self._note(Action.EDITED, record, record.modified_ms)

    def new_contact(self, name: str, *, customer: bool) -> Contact:
        """A contact like the last one, with another name and number, as of now."""
        moment = self.clock.now_ms()
        last = self.contacts[-1]
        return self.add_contact(
            evolve(
                last,
                serial=last.serial + 1,
                number=max(contact.number for contact in self.contacts) + 1,
                name=name,
                customer=customer,
                supplier=not customer,
                vat_number=None,
                created_ms=moment,
                modified_ms=moment,
            )
        )

    # -- within ----------------------------------------------------------------------------------

    def _line(self, entry: Entry, place: int, posting: Posting) -> Line:
        foreign = posting.cents if posting.foreign_cents is None else posting.foreign_cents
        return Line(
            serial=len(self.lines) + place,
            entry=entry,
            number=place if posting.number is None else posting.number,
            role=posting.role,
            account=posting.account,
            cents=posting.cents,
            foreign_cents=foreign,
            description=posting.description or entry.description,
            tax=posting.tax,
            modified_ms=entry.modified_ms,
        )

    def _next_number(self, journal: Journal, year: int) -> int:
        place = (journal.code, year)
        sequence = self._sequences.get(place, 0) + 1
        self._sequences[place] = sequence
        return year % 100 * 10_000_000 + journal.serial * 1_000_000 + sequence

    def _count(self, line: Line, sign: int) -> None:
        """Keeps the trial balance while lines come (+1) and go (-1)."""
        if line.account is None:
            return
        entry = line.entry
        key = BalanceKey(line.account.serial, entry.year, entry.period, entry.kind, entry.processed)
        cell = self.balances.get(key)
        if cell is None:
            cell = self.balances[key] = BalanceCell()
        if line.cents >= 0:
            cell.debit_cents += sign * line.cents
        else:
            cell.credit_cents -= sign * line.cents
        cell.lines += sign

    def _touch(self, entry: Entry) -> None:
        entry.modified_ms = self.clock.now_ms()
        for line in entry.lines:
            line.modified_ms = entry.modified_ms
        self._note(Action.EDITED, entry, entry.modified_ms)

    def _note(self, action: Action, record: Record, at_ms: int) -> None:
        if self.generated:
            self.changes.append(Change(len(self.changes), at_ms, action, record))


def _settled_cents(entry: Entry) -> int:
    """What a payment moves on the account on which the invoice it settles is open."""
    assert entry.settles is not None
    control = entry.settles.lines[0].account
    return sum(line.cents for line in entry.lines if line.account is control)

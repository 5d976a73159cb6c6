"""The made-up books as records with ids, as an object store would hold them.

Which company is what: 4 is an empty root with branch 8, whose lines use the root's accounts,
journals and taxes; 5 is archived; company 2 shares one account with company 1 under another code.
Beside the ledger there are drafts without a number, a cancelled entry, rows of text on invoices,
and partners that trade with nobody. None of these is part of the books' own truth.
"""

from collections.abc import Iterator
from datetime import date

from attrs import define, field, frozen

from sandbox.books import Books
from sandbox.odoo.people import ALL_COMPANIES
from sandbox.records import Account, Contact, Entry, Journal, Line, TaxCode
from sandbox.world import World

ROOT_OF = {8: 4}
"""Branches and their roots; every other company is its own root."""

SHARED = ((2, "655000"), (1, "4990"))
"""The account of the first company and code is the same record as the second's."""

NOTE_EVERY = 7
"""Every so manieth invoice carries a row of text."""

_MOVES, _LINES, _ACCOUNTS, _SMALL, _PARTNERS = 10**7, 10**8, 10**4, 10**3, 10**5
_EXTRA_MOVES, _EXTRA_LINES = 9 * 10**6, 9 * 10**7
_FIRST_PARTNER = 100


@frozen(eq=False)
class Move:
    """A posted entry, or (``entry`` None) a draft or cancelled one of two lines."""

    id: int
    company: int
    entry: Entry | None
    state: str = "posted"
    date: date = date(2026, 1, 15)
    amount_cents: int = 0
    written_ms: int = 0


@frozen(eq=False)
class MoveLine:
    """A ledger line, a row of text (``note``), or a line of a move that is not posted."""

    id: int
    move: Move
    line: Line | None = None
    note: str = ""
    account_id: int | None = None
    cents: int = 0


@frozen(eq=False)
class Partner:
    id: int
    company: int | None
    contact: Contact | None
    name: str = ""


@frozen(eq=False)
class Owned:
    """An account, a journal or a tax with its id and the root company it belongs to."""

    id: int
    company: int
    record: Account | Journal | TaxCode


@define
class Store:
    world: World
    _extras: dict[int, tuple[Move, ...]] = field(factory=dict)
    _partner_ids: dict[int, int] = field(factory=dict)

    def books(self, company: int) -> Books:
        return self.world.company_books(company)

    def root(self, company: int) -> int:
        return ROOT_OF.get(company, company)

    # -- accounts, journals, taxes -----------------------------------------------------------------

    def account_id(self, company: int, account: Account) -> int:
        """Lines of a branch use the root's account of that code."""
        root = self.root(company)
        if (root, account.code) == SHARED[0]:
            other, code = SHARED[1]
            return self.account_id(other, self.books(other).account(code))
        if root != company:
            for known in self.books(root).accounts:
                if known.code == account.code:
                    return root * _ACCOUNTS + known.serial + 1
        return company * _ACCOUNTS + account.serial + 1

    def accounts(self, company: int) -> Iterator[Owned]:
        """What is visible in a company, by id; a branch sees its root's and what only it has."""
        root = self.root(company)
        found: dict[int, Owned] = {}
        for owner in dict.fromkeys((root, company)):
            for account in self.books(owner).accounts:
                number = self.account_id(owner, account)
                found.setdefault(number, Owned(number, root, account))
        yield from (found[number] for number in sorted(found))

    def account(self, number: int) -> Owned | None:
        """By id, which tells the company that owns it."""
        company, serial = divmod(number, _ACCOUNTS)
        accounts = self.books(company).accounts if company in ALL_COMPANIES else []
        if not 0 < serial <= len(accounts):
            return None
        return Owned(number, self.root(company), accounts[serial - 1])

    def small_id(self, company: int, record: Journal | TaxCode) -> int:
        return self.root(company) * _SMALL + record.serial + 1

    def journals(self, company: int) -> Iterator[Owned]:
        root = self.root(company)
        for journal in self.books(root).journals:
            yield Owned(self.small_id(root, journal), root, journal)

    def taxes(self, company: int) -> Iterator[Owned]:
        root = self.root(company)
        for tax in self.books(root).tax_codes:
            yield Owned(self.small_id(root, tax), root, tax)

    # -- partners ----------------------------------------------------------------------------------

    def partner_id(self, company: int, contact: Contact) -> int:
        return company * _PARTNERS + _FIRST_PARTNER + contact.serial

    def partner(self, number: int) -> Partner | None:
        company, serial = divmod(number, _PARTNERS)
        if company == 0:
            return next((partner for partner in self.partners() if partner.id == number), None)
        contacts = self.books(company).contacts if company in ALL_COMPANIES else []
        place = serial - _FIRST_PARTNER
        return Partner(number, company, contacts[place]) if 0 <= place < len(contacts) else None

    def partners(self) -> Iterator[Partner]:
        """The companies' own partner records and an employee first: they trade with nobody."""
        for number in ALL_COMPANIES:
            yield Partner(number, None, None, self.books(number).company.name)
        yield Partner(20, None, None, "Medewerker Magazijn")
        for company in sorted(ALL_COMPANIES):
            for contact in self.books(company).contacts:
                yield Partner(self.partner_id(company, contact), company, contact)

    # -- moves -------------------------------------------------------------------------------------

    def moves(self, company: int, after: int = 0) -> Iterator[Move]:
        """By id, from the first after ``after``."""
        entries = self.books(company).entries
        start = max(after - company * _MOVES, 0)
        for serial in range(start, len(entries)):
            entry = entries[serial]
            if entry is not None:
                yield Move(company * _MOVES + serial + 1, company, entry)
        yield from (move for move in self.extras(company) if move.id > after)

    def move(self, number: int) -> Move | None:
        company, serial = divmod(number, _MOVES)
        if company not in ALL_COMPANIES:
            return None
        if serial > _EXTRA_MOVES:
            return next((move for move in self.extras(company) if move.id == number), None)
        entries = self.books(company).entries
        entry = entries[serial - 1] if 0 < serial <= len(entries) else None
        return None if entry is None else Move(number, company, entry)

    def move_of(self, company: int, entry: Entry) -> Move:
        return Move(company * _MOVES + entry.serial + 1, company, entry)

    def extras(self, company: int) -> tuple[Move, ...]:
        if company not in self._extras:
            books = self.books(company)
            written = max((entry.created_ms for entry in books.live_entries()), default=None)
            states = () if written is None else ("draft", "draft", "cancel")
            self._extras[company] = tuple(
                Move(
                    company * _MOVES + _EXTRA_MOVES + place + 1,
                    company,
                    None,
                    state,
                    amount_cents=12_345 + place,
                    written_ms=(written or 0) + place * 1_000,
                )
                for place, state in enumerate(states)
            )
        return self._extras[company]

    # -- lines -------------------------------------------------------------------------------------

    def lines_of(self, move: Move) -> Iterator[MoveLine]:
        company = move.company
        if move.entry is None:
            accounts = list(self.accounts(company))
            base = company * _LINES + _EXTRA_LINES + (move.id % _MOVES) * 10
            yield MoveLine(base, move, None, "", accounts[0].id, move.amount_cents)
            yield MoveLine(base + 1, move, None, "", accounts[1].id, -move.amount_cents)
            return
        for line in move.entry.lines:
            yield MoveLine(company * _LINES + line.serial + 1, move, line)
        if move.entry.invoice_number is not None and move.entry.serial % NOTE_EVERY == 0:
            number = company * _LINES + _EXTRA_LINES // 2 + move.entry.serial
            yield MoveLine(number, move, None, "Alleen een opmerking")

    def lines(self, company: int) -> Iterator[MoveLine]:
        """By move, which is by id of the ledger lines; text rows come with their move."""
        for move in self.moves(company):
            yield from self.lines_of(move)

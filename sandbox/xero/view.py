"""One organisation as Xero shows it: ids, the kind of document behind an entry, one tax account."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from attrs import define, field

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
    Line,
    Trait,
)

_MONEY: Final = frozenset({AccountKind.BANK, AccountKind.CASH})
_INVOICES: Final = frozenset({EntryKind.SALES_INVOICE, EntryKind.PURCHASE_INVOICE})
_SALES: Final = frozenset({EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT})
_TRANSFER_LINES: Final = 2
_OLD_STAMP_MS: Final = 5 * 365 * 86_400_000
_MILLION: Final = 1_000_000


class Role(StrEnum):
    """What an entry is to Xero. The last two have no document anybody could read."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit note"
    PAYMENT = "payment"
    BANK_TRANSACTION = "bank transaction"
    BANK_TRANSFER = "bank transfer"
    MANUAL_JOURNAL = "manual journal"
    CONVERSION = "conversion balances"
    DEPRECIATION = "fixed asset depreciation"


@define(eq=False)
class View:
    books: Books
    identities: Identities
    _deleted: dict[int, tuple[Entry, int]] = field(factory=dict)
    _changes_seen: int = 0

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def tenant_id(self) -> str:
        return self.guid(Kind.COMPANY, 0)

    @property
    def is_active(self) -> bool:
        return self.company.trait not in {Trait.ARCHIVED, Trait.INACTIVE, Trait.BLOCKED}

    def clock_ms(self) -> int:
        return self.books.clock.now_ms()

    def guid(self, kind: Kind, serial: int) -> str:
        return self.identities.guid(self.company.number, kind, serial)

    # -- accounts ----------------------------------------------------------------------------------

    def posted(self, account: Account) -> Account:
        """The account Xero would post to: it has a single tax account, the chart's first."""
        if account.kind is not AccountKind.VAT:
            return account
        return next(a for a in self.books.accounts if a.kind is AccountKind.VAT)

    def account_id(self, account: Account) -> str:
        return self.guid(Kind.ACCOUNT, account.serial)

    def contact_id(self, contact: Contact) -> str:
        return self.guid(Kind.CONTACT, contact.serial)

    # -- documents ---------------------------------------------------------------------------------

    def document_id(self, entry: Entry) -> str:
        return self.guid(Kind.ENTRY, entry.serial)

    @staticmethod
    def role(entry: Entry) -> Role:
        if entry.invoice_number is not None:
            return Role.INVOICE if entry.kind in _INVOICES else Role.CREDIT_NOTE
        if entry.kind is EntryKind.OPENING:
            return Role.CONVERSION
        if entry.kind is EntryKind.BANK:
            if entry.settles is not None:
                return Role.PAYMENT
            kinds = [line.account.kind for line in entry.lines if line.account is not None]
            is_transfer = len(kinds) == _TRANSFER_LINES and set(kinds) <= _MONEY
            return Role.BANK_TRANSFER if is_transfer else Role.BANK_TRANSACTION
        if entry.description.startswith("Afschrijving"):
            return Role.DEPRECIATION
        return Role.MANUAL_JOURNAL

    @staticmethod
    def is_sale(entry: Entry) -> bool:
        return entry.kind in _SALES

    def is_foreign(self, entry: Entry) -> bool:
        return entry.currency != self.company.currency

    def deleted(self) -> list[tuple[Entry, int]]:
        """Entries taken out since the beginning, with the moment; Xero keeps their documents."""
        changes = self.books.changes
        for change in changes[self._changes_seen :]:
            if change.action is Action.DELETED and isinstance(change.record, Entry):
                self._deleted[change.record.serial] = (change.record, change.at_ms)
        self._changes_seen = len(changes)
        return list(self._deleted.values())

    @staticmethod
    def updated_ms(entry: Entry) -> int:
        """When it was changed last. A third carry a stamp from years before their own date."""
        newest = max((line.modified_ms for line in entry.lines), default=0)
        moment = max(entry.modified_ms, newest)
        typed = datetime.fromtimestamp(entry.created_ms / 1000, UTC).date()
        is_old = entry.serial % 3 == 0 and moment == entry.created_ms and typed == entry.date
        return moment - _OLD_STAMP_MS if is_old else moment

    def main_line(self, entry: Entry) -> Line:
        """The side of the debtor, creditor or bank."""
        return entry.lines[0]

    def foreign_of(self, entry: Entry, cents: int) -> int:
        """Cents of the entry's currency for cents of the base currency."""
        return round(cents * _MILLION / entry.rate_millionths)


def postings(view: View, entry: Entry) -> list[tuple[Line, Account]]:
    """Lines of the ledger with the account they are on; remarks are none."""
    return [(line, view.posted(line.account)) for line in entry.lines if line.account is not None]


def msdate(day: date) -> str:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return f"/Date({int(moment.timestamp()) * 1000}+0000)/"


def msmoment(milliseconds: int) -> str:
    return f"/Date({milliseconds}+0000)/"


def amount(cents: int) -> float:
    """A JSON number with two decimals at most."""
    return cents / 100

"""One company as QuickBooks shows it: ids, types of transactions, balances never closed."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from attrs import define, field, frozen

from sandbox.books import Books
from sandbox.records import (
    Account,
    AccountKind,
    Action,
    Company,
    Contact,
    Entry,
    EntryKind,
    Trait,
)

_FIRST_REALM: Final = 9_130_347_800_000_000
_FIRST_TRANSACTION: Final = 101
PACIFIC: Final = timezone(timedelta(hours=-8))
"""Moments are told in Pacific time, whatever the company."""

TYPES: Final = {
    EntryKind.SALES_INVOICE: ("Invoice", "Invoice"),
    EntryKind.SALES_CREDIT: ("CreditMemo", "Credit Memo"),
    EntryKind.PURCHASE_INVOICE: ("Bill", "Bill"),
    EntryKind.PURCHASE_CREDIT: ("VendorCredit", "Vendor Credit"),
    EntryKind.OPENING: ("JournalEntry", "Journal Entry"),
    EntryKind.GENERAL: ("JournalEntry", "Journal Entry"),
}
"""Entity and, in a US company, the label in reports."""

FRENCH: Final = {
    "Invoice": "Facture",
    "Credit Memo": "Note de crédit",
    "Bill": "Facture à payer",
    "Vendor Credit": "Crédit du fournisseur",
    "Journal Entry": "Écriture de journal",
    "Payment": "Paiement",
    "Bill Payment (Check)": "Paiement de factures (chèque)",
    "Expense": "Dépense",
    "Sales Tax Payment": "Paiement de taxe de vente",
}

SHOWN: Final = frozenset({Trait.REGULAR, Trait.BROKEN_YEAR, Trait.EMPTY, Trait.OTHER_LICENCE})


@frozen
class Employee:
    id: str
    name: str


@define(eq=False)
class View:
    """``multi_currency`` decides whether foreign amounts are shown at all."""

    books: Books
    multi_currency: bool = True
    _seen: int = -1
    _sorted: list[Entry] = field(factory=list)

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def realm(self) -> str:
        return str(_FIRST_REALM + self.company.number)

    # -- ids ---------------------------------------------------------------------------------------

    def account_id(self, account: Account) -> str:
        return str(account.serial + 1)

    def customer_id(self, contact: Contact) -> str:
        """Customers and vendors share one sequence; a business that is both has two records."""
        return str(2 * contact.serial + 1)

    def vendor_id(self, contact: Contact) -> str:
        return str(2 * contact.serial + 2)

    def transaction_id(self, entry: Entry) -> str:
        """One sequence through all types."""
        return str(entry.serial + _FIRST_TRANSACTION)

    def employees(self) -> Sequence[Employee]:
        return (Employee("900001", "Anna de Wit"), Employee("900002", "Bram Kok"))

    def vendor_name(self, contact: Contact) -> str:
        """Names are unique over customers, vendors and employees together."""
        return f"{contact.name} (V)" if contact.customer else contact.name

    # -- transactions ------------------------------------------------------------------------------

    def entity_and_label(self, entry: Entry) -> tuple[str, str]:
        if entry.kind is EntryKind.BANK:
            if entry.settles is None:
                return "Purchase", "Expense"
            if entry.settles.kind in {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}:
                return "Payment", "Payment"
            return "BillPayment", "Bill Payment (Check)"
        if entry.description.startswith("Btw-aangifte"):
            return "TaxPayment", "Sales Tax Payment"
        return TYPES[entry.kind]

    def name_of(self, entry: Entry) -> tuple[str, str]:
        """Name and id as reports print them."""
        if entry.contact is None:
            return "", ""
        entity, _ = self.entity_and_label(entry)
        if entity in {"Invoice", "CreditMemo", "Payment"}:
            return entry.contact.name, self.customer_id(entry.contact)
        return self.vendor_name(entry.contact), self.vendor_id(entry.contact)

    def currency_of(self, entry: Entry) -> str:
        return entry.currency if self.multi_currency else self.company.currency

    def updated_ms(self, entry: Entry) -> int:
        return max([entry.modified_ms, *(line.modified_ms for line in entry.lines)])

    def deleted_since(self, since_ms: int) -> list[tuple[Entry, int]]:
        return [
            (change.record, change.at_ms)
            for change in self.books.changes
            if change.action is Action.DELETED
            and isinstance(change.record, Entry)
            and change.at_ms >= since_ms
        ]

    def entries_between(self, first: date, last: date) -> list[Entry]:
        """By date, then id."""
        if self._seen != len(self.books.changes):
            self._sorted = sorted(
                self.books.live_entries(), key=lambda entry: (entry.date, entry.serial)
            )
            self._seen = len(self.books.changes)
        begin = bisect_left(self._sorted, first, key=lambda entry: entry.date)
        end = bisect_right(self._sorted, last, key=lambda entry: entry.date)
        return self._sorted[begin:end]

    # -- balances ----------------------------------------------------------------------------------

    def fiscal_start(self, day: date) -> date:
        month = self.company.fiscal_start_month
        return date(day.year if day.month >= month else day.year - 1, month, 1)

    def balances(self, start: date, end: date) -> dict[Account, int]:
        """Balance sheet as of ``end``; profit and loss from ``start``, and what came before it in
        retained earnings, although nobody booked it there.
        """
        retained = next(a for a in self.books.accounts if a.kind is AccountKind.RETAINED)
        told: dict[Account, int] = {}
        for entry in self.entries_between(date.min, end):
            for line in entry.lines:
                if line.account is None:
                    continue
                account = line.account
                if not account.balance_sheet and entry.date < start:
                    account = retained
                told[account] = told.get(account, 0) + line.cents
        return told


def moment(ms: int) -> str:
    told = datetime.fromtimestamp(ms / 1000, tz=UTC).astimezone(PACIFIC)
    return told.isoformat(timespec="seconds")

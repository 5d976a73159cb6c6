"""Which lists an organisation has, what is in them, and which scope opens each."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from attrs import define, field, frozen

from sandbox.identity import Kind
from sandbox.records import Entry
from sandbox.xero import documents, masters
from sandbox.xero.listing import Item
from sandbox.xero.view import Role, View

Make = Callable[[View, Entry, int | None], masters.Row]


@frozen
class Resource:
    """``lines``: the member that unpaged answers leave empty; ``paged`` False: one whole list."""

    scope: str
    paged: bool = True
    lines: str | None = None
    takes_order: bool = True


_TRADE: Final = "accounting.invoices"
RESOURCES: Final[Mapping[str, Resource]] = {
    "Accounts": Resource("accounting.settings", paged=False),
    "TaxRates": Resource("accounting.settings", paged=False),
    "Contacts": Resource("accounting.contacts"),
    "Invoices": Resource(_TRADE, lines="LineItems"),
    "CreditNotes": Resource(_TRADE, lines="LineItems"),
    "Payments": Resource("accounting.payments"),
    "BankTransactions": Resource("accounting.banktransactions", lines="LineItems"),
    "BankTransfers": Resource("accounting.banktransactions", paged=False),
    "ManualJournals": Resource("accounting.manualjournals", lines="JournalLines"),
}
_DOCUMENTS: Final[Mapping[str, tuple[Role, Make]]] = {
    "Invoices": (Role.INVOICE, documents.trade),
    "CreditNotes": (Role.CREDIT_NOTE, documents.trade),
    "Payments": (Role.PAYMENT, documents.payment),
    "BankTransactions": (Role.BANK_TRANSACTION, documents.bank_transaction),
    "BankTransfers": (Role.BANK_TRANSFER, documents.bank_transfer),
    "ManualJournals": (Role.MANUAL_JOURNAL, documents.manual_journal),
}
_NO_STAMP: Final = 2**62
"""TaxRates know no changes since: every row is shown whatever was asked."""


@define(eq=False)
class Library:
    """Items per list, made anew when the books changed."""

    view: View
    _seen: int = -1
    _items: dict[str, list[Item]] = field(factory=dict)

    def items(self, name: str, *, deleted: bool = True, archived: bool = True) -> list[Item]:
        changes = len(self.view.books.changes)
        if changes != self._seen:
            self._items, self._seen = {}, changes
        key = f"{name} {deleted} {archived}"
        if key not in self._items:
            self._items[key] = self._made(name, deleted=deleted, archived=archived)
        return self._items[key]

    def _made(self, name: str, *, deleted: bool, archived: bool) -> list[Item]:
        view, books = self.view, self.view.books
        if name == "Accounts":
            return [
                Item(view.account_id(a), a.modified_ms, partial(masters.account, view, a))
                for a in books.accounts
            ]
        if name == "TaxRates":
            return [
                Item(tax.code, _NO_STAMP, partial(masters.tax_rate, tax)) for tax in books.tax_codes
            ]
        if name == "Contacts":
            return [
                Item(view.contact_id(c), c.modified_ms, partial(masters.contact, view, c))
                for c in books.contacts
                if archived or c.serial % 10 != 9
            ]
        return self._documents(name, deleted=deleted)

    def _documents(self, name: str, *, deleted: bool) -> list[Item]:
        view = self.view
        role, make = _DOCUMENTS[name]
        items = [
            Item(view.document_id(entry), view.updated_ms(entry), partial(make, view, entry, None))
            for entry in view.books.live_entries()
            if view.role(entry) is role
        ]
        gone = [found for found in view.deleted() if view.role(found[0]) is role] if deleted else []
        items += [
            Item(view.document_id(entry), at_ms, partial(make, view, entry, at_ms))
            for entry, at_ms in gone
        ]
        if name == "Invoices":
            first = next((e for e in view.books.live_entries() if e.invoice_number), None)
            if first is not None:
                made = partial(documents.draft, view, first)
                items.append(Item(view.guid(Kind.ENTRY, 10**9), first.created_ms, made))
        if name == "BankTransactions":
            items += self._halves()
        return items

    def _halves(self) -> list[Item]:
        view = self.view
        return [
            Item(str(row["BankTransactionID"]), view.updated_ms(entry), partial(dict, row))
            for entry in view.books.live_entries()
            if view.role(entry) is Role.BANK_TRANSFER
            for row in documents.halves(view, entry)
        ]

"""Edits to running books, as the control API takes them.

Every edit is a mapping with ``kind`` and, where it matters, ``administration`` (the provider's
code; without it the first importable). The rest is optional: what is not named is chosen from the
books' own random numbers, so the same edits in the same order give the same books. An entry is
chosen among the newest unpaid invoices, or with ``year`` among all invoices of that fiscal year
(a closed one, say).

=================  ===================================================================
kind               further fields
=================  ===================================================================
add-entry          count
edit-entry         entry (number), delta (cents), account (code), description, date
replace-lines      entry (number): the same lines under new ids
delete-entry       entry (number)
pay-entry          entry (number), delta (cents of what is open; all of it)
rename-contact     contact (number), name
rename-account     account (code), name
add-account        account (code), name
add-contact        name
night              (a mix of all of these, as one working day brings)
=================  ===================================================================
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from sandbox.books import Books, Heading, Posting, UnknownRecord
from sandbox.records import (
    Account,
    AccountKind,
    Contact,
    Day,
    Entry,
    EntryKind,
    JournalKind,
    LineRole,
    TaxKind,
)

EDITABLE_AGE = 2_000
"""Random picks come from this many newest entries, so that a pick costs the same in any books."""


class EditRequest(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    administration: str | None = None
    count: int = 1
    entry: int | None = None
    year: int | None = None
    delta: int | None = None
    account: str | None = None
    description: str | None = None
    date: Day | None = None
    contact: int | None = None
    name: str | None = None


class UnknownEdit(Exception):
    """An edit kind nobody knows."""


def edit(books: Books, document: Mapping[str, object]) -> list[str]:
    """Does one edit and says in words what was done, one sentence per record touched."""
    request = msgspec.convert(document, EditRequest)
    if request.kind == "night":
        return _night(books)
    doers = {
        "add-entry": _add,
        "edit-entry": _change,
        "replace-lines": _replace,
        "delete-entry": _delete,
        "pay-entry": _pay,
        "rename-contact": _rename_contact,
        "rename-account": _rename_account,
        "add-account": _add_account,
        "add-contact": _add_contact,
    }
    if request.kind not in doers:
        raise UnknownEdit(f"No edit is called {request.kind}; there are {sorted(doers)} and night")
    return doers[request.kind](books, request)


def _night(books: Books) -> list[str]:
    steps: tuple[EditRequest, ...] = (
        EditRequest("add-contact"),
        EditRequest("add-entry", count=5),
        EditRequest("edit-entry", delta=100),
        EditRequest("edit-entry", delta=-250),
        EditRequest("edit-entry", description="Omschrijving aangepast"),
        EditRequest("replace-lines"),
        EditRequest("delete-entry"),
        EditRequest("delete-entry"),
        EditRequest("rename-contact"),
        EditRequest("rename-account"),
        EditRequest("add-account"),
    )
    done: list[str] = []
    for step in steps:
        done += edit(books, msgspec.to_builtins(step))
    costs = [a for a in books.accounts if a.kind is AccountKind.EXPENSE]
    return done + edit(books, {"kind": "edit-entry", "account": books.random.choice(costs).code})


def _pick(books: Books, request: EditRequest) -> Entry:
    """The named entry, one of the named year, or one of the newest invoices nobody paid yet."""
    if request.entry is not None:
        return books.entry(request.entry)
    if request.year is not None:
        invoices = [e for e in books.live_entries() if e.invoice_number and e.year == request.year]
        if not invoices:
            raise UnknownRecord(f"No invoice in {request.year}")
        return books.random.choice(invoices)
    newest = [entry for entry in books.entries[-EDITABLE_AGE:] if entry is not None]
    free = [entry for entry in newest if entry.invoice_number and not entry.processed]
    unpaid = [entry for entry in free if entry.open_cents == entry.lines[0].cents]
    candidates = unpaid or free
    if not candidates:
        _add(books, EditRequest("add-entry"))
        return _pick(books, EditRequest("any"))
    return books.random.choice(candidates)


def _add(books: Books, request: EditRequest) -> list[str]:
    done = []
    for _ in range(request.count):
        entry = add_sale(books)
        done.append(f"added entry {entry.number}")
    return done


def add_sale(books: Books) -> Entry:
    """A sales invoice of today's typing on a day of the last booked month that is still open."""
    random = books.random
    invoices = [e for e in books.entries[-EDITABLE_AGE:] if e is not None and e.invoice_number]
    last = max((e.date for e in invoices if not e.processed), default=date(2026, 10, 15))
    contact = random.choice([c for c in books.contacts if c.customer and c.country in "NL BE"])
    tax = random.choice([t for t in books.tax_codes if t.kind is TaxKind.SALES and t.basis_points])
    revenue = random.choice([a for a in books.accounts if a.kind is AccountKind.REVENUE])
    receivable = next(a for a in books.accounts if a.kind is AccountKind.RECEIVABLE)
    net = random.randint(10_00, 2_500_00)
    amount = (net * tax.basis_points + 5_000) // 10_000
    number = max((e.invoice_number or 0 for e in invoices), default=250_000) + 1
    heading = Heading(
        journal=books.journal(JournalKind.SALES),
        kind=EntryKind.SALES_INVOICE,
        date=last,
        due=last,
        description=f"Verkoopfactuur {number}",
        created_ms=books.clock.now_ms(),
        contact=contact,
        invoice_number=number,
        currency=books.company.currency,
    )
    return books.add_entry(
        heading,
        [
            Posting(receivable, net + amount, role=LineRole.HEADER, number=0),
            Posting(revenue, -net, role=LineRole.NET, number=1, tax=tax),
            Posting(tax.payable, -amount, role=LineRole.VAT, number=9999, tax=tax),
        ],
    )


def _change(books: Books, request: EditRequest) -> list[str]:
    entry = _pick(books, request)
    if request.account is not None:
        line = next(line for line in entry.lines if line.role is LineRole.NET)
        books.change_account(line, books.account(request.account))
    if request.description is not None:
        books.describe(entry, request.description)
    if request.date is not None:
        books.move(entry, request.date)
    nothing_else = request.account is None and request.description is None and request.date is None
    if request.delta is not None or nothing_else:
        books.change_amount(entry, 100 if request.delta is None else request.delta)
    return [f"edited entry {entry.number}"]


def _replace(books: Books, request: EditRequest) -> list[str]:
    entry = _pick(books, request)
    books.replace_lines(entry)
    return [f"replaced the lines of entry {entry.number}"]


def _delete(books: Books, request: EditRequest) -> list[str]:
    entry = _pick(books, request)
    books.delete_entry(entry)
    return [f"deleted entry {entry.number}"]


def _pay(books: Books, request: EditRequest) -> list[str]:
    """A payment from or to the bank, on the last booked day; ``delta`` has the sign of the debt."""
    invoice = _pick(books, request)
    bank, control = books.journal(JournalKind.BANK), invoice.lines[0].account
    assert bank.account is not None
    assert control is not None
    cents = invoice.open_cents if request.delta is None else request.delta
    newest = books.entries[-EDITABLE_AGE:]
    heading = Heading(
        journal=bank,
        kind=EntryKind.BANK,
        date=max(entry.date for entry in newest if entry is not None),
        description=f"Betaling factuur {invoice.invoice_number}",
        created_ms=books.clock.now_ms(),
        contact=invoice.contact,
        settles=invoice,
    )
    lines = [
        Posting(bank.account, cents, role=LineRole.HEADER, number=0),
        Posting(control, -cents, number=1),
    ]
    paid = books.add_entry(heading, lines)
    return [f"paid entry {invoice.number} by entry {paid.number}"]


def _rename_contact(books: Books, request: EditRequest) -> list[str]:
    if request.contact is not None:
        contact: Contact = books.contact(request.contact)
    else:
        contact = books.random.choice(books.contacts)
    books.rename(contact, request.name or f"{contact.name} Holding")
    return [f"renamed contact {contact.number}"]


def _rename_account(books: Books, request: EditRequest) -> list[str]:
    if request.account is not None:
        account: Account = books.account(request.account)
    else:
        account = books.random.choice(books.accounts)
    books.rename(account, request.name or f"{account.name} (nieuw)")
    return [f"renamed account {account.code}"]


def _add_account(books: Books, request: EditRequest) -> list[str]:
    taken = {account.code for account in books.accounts}
    free = next(str(code) for code in range(495000, 496000) if str(code) not in taken)
    account = books.add_account(
        request.account or free, request.name or f"Nieuwe kosten {free}", AccountKind.EXPENSE, None
    )
    return [f"added account {account.code}"]


def _add_contact(books: Books, request: EditRequest) -> list[str]:
    name = request.name or f"Nieuwe klant {len(books.contacts) + 1}"
    contact = books.new_contact(name, customer=True)
    return [f"added contact {contact.number}"]

"""Everything the books' port can say about a generation, as one comparable value."""

from collections.abc import Iterator
from typing import Any

from core.domain.books import InvoiceDirection
from core.ports.books import Books, LineFilter
from core.ports.storage import Storage
from tests.storage.makers import ENT, day

FILTERS = (
    LineFilter(),
    LineFilter(account_key="1000"),
    LineFilter(entry_key="e1"),
    LineFilter(journal_key="j1"),
    LineFilter(contact_key="c1"),
    LineFilter(date_from=day(2), date_to=day(32)),
    LineFilter(year=2025, period=2),
    LineFilter(text="É_"),
    LineFilter(text="nE"),
    LineFilter(account_key="8000", text="x%", date_to=day(3)),
)


def all_lines(
    books: Books, entity_id: str, generation: int, where: LineFilter, limit: int = 3
) -> Iterator[Any]:
    cursor = None
    while True:  # ends: each page begins after the one before
        page = books.lines(entity_id, generation, where=where, cursor=cursor, limit=limit)
        assert len(page.rows) <= limit
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def all_changes(
    books: Books, entity_id: str, older: int, newer: int, limit: int = 2
) -> Iterator[Any]:
    cursor = None
    while True:  # ends: each page begins after the one before
        page = books.changed_lines(entity_id, older=older, newer=newer, cursor=cursor, limit=limit)
        assert len(page.changes) <= limit
        yield from page.changes
        cursor = page.next_cursor
        if cursor is None:
            return


def view(books: Books, entity_id: str, generation: int, limit: int = 3) -> dict[str, Any]:
    """All reads of one generation, in pages of ``limit``."""
    before = max(generation - 2, 0)
    said: dict[str, Any] = {
        "cells": books.cells(entity_id, generation),
        "counts": books.counts(entity_id, generation),
        "findings": list(books.findings(entity_id, generation, limit=100)),
        "one finding": list(books.findings(entity_id, generation, limit=1)),
        "trial balance": list(books.trial_balance(entity_id, generation)),
        "february": list(
            books.trial_balance(entity_id, generation, since=(2025, 2), until=(2025, 2))
        ),
        "accounts": list(books.accounts(entity_id, generation)),
        "journals": list(books.journals(entity_id, generation)),
        "tax codes": list(books.tax_codes(entity_id, generation)),
        "contacts": list(books.contacts(entity_id, generation)),
        "contacts after": list(books.contacts(entity_id, generation, after="c1", limit=1)),
        "invoices": list(books.invoices(entity_id, generation)),
        "sales": list(
            books.invoices(entity_id, generation, direction=InvoiceDirection.SALES, after="i0")
        ),
        "entries": [books.entry(entity_id, generation, f"e{number}") for number in range(5)],
        "changed cells": list(books.changed_cells(entity_id, older=before, newer=generation)),
        "changed lines": list(all_changes(books, entity_id, before, generation, limit)),
    }
    for where in FILTERS:
        said[f"lines {where}"] = list(all_lines(books, entity_id, generation, where, limit))
    return said


def keys_of(storage: Storage, number: int, kind: str = "lines") -> list[str]:
    """Keys of lines (or accounts, invoices) in a generation."""
    with storage.reading() as unit:
        if kind == "lines":
            rows = all_lines(unit.books, ENT, number, LineFilter())
            return [row.line.key for row in rows]
        return [row.key for row in getattr(unit.books, kind)(ENT, number)]


def everything_said(storage: Storage, number: int) -> dict[str, Any]:
    with storage.reading() as unit:
        return view(unit.books, ENT, number)

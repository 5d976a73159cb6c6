"""What the stand-in answers, against the facts of Xero's official OpenAPI documents."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox.books import Heading, Posting
from sandbox.records import EntryKind, JournalKind
from sandbox.server import Sandbox
from sandbox.xero import Xero as StandIn
from tests.sandbox.xero_client import XERO, get, granted
from tests.sandbox.xero_facts import FIELDS, NOT_IN_THE_DOCUMENT, WORDS

Rows = list[dict[str, Any]]
NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
_MSDATE = re.compile(r"/Date\(-?\d+(\+0000)?\)/")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _is(kind: str, value: object) -> bool:
    if kind == "msdate":
        return isinstance(value, str) and _MSDATE.fullmatch(value) is not None
    if kind == "guid":
        return isinstance(value, str) and _GUID.fullmatch(value) is not None
    if isinstance(value, bool):
        return kind == "boolean"
    types = {"string": str, "integer": int, "array": list, "object": dict}
    return isinstance(value, types.get(kind, (int, float)))


def faults(label: str, rows: Rows) -> set[str]:
    """Every field that the document does not know, or knows otherwise."""
    assert rows, label
    kinds = {name: kind for kind, names in FIELDS[label].items() for name in names.split()}
    found = set()
    for row in rows:
        for name, value in row.items():
            if name not in kinds:
                found.add(f"{label}.{name}")
            elif not _is(kinds[name], value):
                found.add(f"{label}.{name} is {kinds[name]}, not {value!r}")
            words = WORDS.get((label, name))
            if words is not None and value not in words.split():
                found.add(f"{label}.{name} is never {value!r}")
    return found - NOT_IN_THE_DOCUMENT


class Reading:
    """One organisation, read with a token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = granted(sandbox)["access_token"]
        self.connections: Rows = get(sandbox, self.token, "/connections").json()
        self.tenant = self.connections[0]["tenantId"]

    def rows(self, path: str, member: str) -> Rows:
        answer = get(self.sandbox, self.token, f"/api.xro/2.0/{path}", self.tenant)
        assert answer.status_code == 200, answer.text
        found: Rows = answer.json()[member]
        return found


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with Sandbox(seed=7, lines=600, providers=[XERO], frozen_at=NOW) as running:
        stand_in = running.stand_in(XERO)
        assert isinstance(stand_in, StandIn)
        books = next(iter(stand_in.views.values())).books
        books.add_entry(
            Heading(
                journal=books.journal(JournalKind.BANK),
                kind=EntryKind.BANK,
                date=date(2026, 5, 6),
                description="Kas gestort",
                created_ms=books.clock.now_ms(),
            ),
            [Posting(books.account("1100"), 5_000), Posting(books.account("1000"), -5_000)],
        )
        running.edit(XERO, {"kind": "delete-entry"})
        yield Reading(running)


@pytest.mark.parametrize(
    ("label", "path", "member"),
    [
        ("Organisation", "Organisation", "Organisations"),
        ("Account", "Accounts", "Accounts"),
        ("Contact", "Contacts?page=1&includeArchived=true", "Contacts"),
        ("TaxRate", "TaxRates", "TaxRates"),
        ("Invoice", "Invoices?page=1&pageSize=1000", "Invoices"),
        ("CreditNote", "CreditNotes?page=1", "CreditNotes"),
        ("Payment", "Payments?page=1&pageSize=1000", "Payments"),
        ("BankTransaction", "BankTransactions?page=1", "BankTransactions"),
        ("BankTransfer", "BankTransfers", "BankTransfers"),
        ("ManualJournal", "ManualJournals?page=1", "ManualJournals"),
        ("Journal", "Journals?offset=0", "Journals"),
        ("ReportWithRow", "Reports/TrialBalance?date=2026-06-30", "Reports"),
    ],
)
def test_rows_have_the_documents_fields(
    reading: Reading, label: str, path: str, member: str
) -> None:
    assert faults(label, reading.rows(path, member)) == set()


@pytest.mark.parametrize(
    ("label", "path", "member", "inner"),
    [
        ("Address", "Contacts?page=1", "Contacts", "Addresses"),
        ("Phone", "Contacts?page=1", "Contacts", "Phones"),
        ("TaxComponent", "TaxRates", "TaxRates", "TaxComponents"),
        ("LineItem", "Invoices?page=1", "Invoices", "LineItems"),
        ("LineItem", "CreditNotes?page=1", "CreditNotes", "LineItems"),
        ("LineItem", "BankTransactions?page=1", "BankTransactions", "LineItems"),
        ("ManualJournalLine", "ManualJournals?page=1", "ManualJournals", "JournalLines"),
        ("JournalLine", "Journals?offset=0", "Journals", "JournalLines"),
        ("ReportRows", "Reports/TrialBalance?date=2026-06-30", "Reports", "Rows"),
    ],
)
def test_rows_within_rows_have_them_too(
    reading: Reading, label: str, path: str, member: str, inner: str
) -> None:
    rows = [each for row in reading.rows(path, member) for each in row[inner]]
    assert faults(label, rows) == set()


def test_connections_have_the_documents_fields(reading: Reading) -> None:
    assert faults("Connection", reading.connections) == set()


def test_a_page_tells_how_many_there_are(reading: Reading) -> None:
    answer = get(reading.sandbox, reading.token, "/api.xro/2.0/Payments?page=1", reading.tenant)
    assert faults("Pagination", [answer.json()["pagination"]]) == set()


def test_a_report_is_made_of_rows_and_cells(reading: Reading) -> None:
    (report,) = reading.rows("Reports/TrialBalance?date=2026-06-30", "Reports")
    rows = [row for section in report["Rows"] for row in section.get("Rows", [])]
    assert faults("ReportRow", rows) == set()
    assert faults("ReportCell", [cell for row in rows for cell in row["Cells"]]) == set()

"""The journals feed: every posting of every kind, never changed; an edit is reversed and redone."""

from bisect import bisect_right
from typing import Final

from attrs import define, field, frozen

from sandbox.identity import Kind
from sandbox.records import Account, Entry, LineRole
from sandbox.xero.masters import TYPES, Row, tax_type
from sandbox.xero.view import Role, View, amount, msdate, msmoment, postings

JOURNALS_PER_PAGE: Final = 100
_GAP_EVERY: Final = 50
_LINES_MAX: Final = 10_000
_SOURCES: Final = {
    Role.BANK_TRANSFER: "TRANSFER",
    Role.MANUAL_JOURNAL: "MANJOURNAL",
}


@frozen
class Posted:
    """One line of a journal as it was posted."""

    account: Account
    cents: int
    description: str
    tax_type: str | None
    tax_name: str | None


@frozen
class Journal:
    number: int
    entry: Entry
    day: str
    created_ms: int
    lines: tuple[Posted, ...]


@define(eq=False)
class Feed:
    """Follows the books: one journal per entry, then a reversal and a new one per edit."""

    view: View
    journals: list[Journal] = field(factory=list)
    _numbers: list[int] = field(factory=list)
    _standing: dict[int, Journal] = field(factory=dict)
    _changes_seen: int = -1

    def after(self, number: int, created_ms: int | None) -> list[Row]:
        """The oldest journals above the number, at most a page."""
        self._follow()
        found = []
        for journal in self.journals[bisect_right(self._numbers, number) :]:
            if created_ms is None or journal.created_ms >= created_ms:
                found.append(self._row(journal))
            if len(found) == JOURNALS_PER_PAGE:
                break
        return found

    def standing(self) -> list[Journal]:
        """Every journal there is."""
        self._follow()
        return self.journals

    def _follow(self) -> None:
        books = self.view.books
        if self._changes_seen < 0:
            for entry in books.live_entries():
                self._post(entry, entry.created_ms)
        else:
            touched: dict[int, Entry] = {}
            for change in books.changes[self._changes_seen :]:
                record = getattr(change.record, "entry", change.record)
                if isinstance(record, Entry):
                    touched[record.serial] = record
            for entry in touched.values():
                self._redo(entry)
        self._changes_seen = len(books.changes)

    def _redo(self, entry: Entry) -> None:
        now = self.view.clock_ms()
        before = self._standing.pop(entry.serial, None)
        if before is not None:
            turned = tuple(
                Posted(x.account, -x.cents, x.description, x.tax_type, x.tax_name)
                for x in before.lines
            )
            self._add(Journal(self._next(), entry, before.day, now, turned))
        if self.view.books.entries[entry.serial] is entry:
            self._post(entry, now)

    def _post(self, entry: Entry, created_ms: int) -> None:
        lines = tuple(
            Posted(
                account,
                line.cents,
                line.description,
                tax_type(line.tax) if line.role is LineRole.NET else None,
                line.tax.name if line.role is LineRole.NET and line.tax else None,
            )
            for line, account in postings(self.view, entry)
        )
        journal = Journal(self._next(), entry, msdate(entry.date), created_ms, lines)
        self._standing[entry.serial] = journal
        self._add(journal)

    def _next(self) -> int:
        """Numbers have gaps."""
        count = len(self.journals)
        return count + 1 + count // _GAP_EVERY

    def _add(self, journal: Journal) -> None:
        self.journals.append(journal)
        self._numbers.append(journal.number)

    def _row(self, journal: Journal) -> Row:
        view, entry = self.view, journal.entry
        row: Row = {
            "JournalID": view.guid(Kind.JOURNAL, journal.number),
            "JournalDate": journal.day,
            "JournalNumber": journal.number,
            "CreatedDateUTC": msmoment(journal.created_ms),
            "JournalLines": [
                self._line(journal, place, line) for place, line in enumerate(journal.lines)
            ],
        }
        if entry.reference:
            row["Reference"] = entry.reference
        source = self._source(entry)
        if source is not None:
            row |= {"SourceID": view.document_id(entry), "SourceType": source}
        return row

    def _source(self, entry: Entry) -> str | None:
        role = self.view.role(entry)
        document = entry.settles if role is Role.PAYMENT else entry
        assert document is not None
        side = "REC" if self.view.is_sale(document) else "PAY"
        if role is Role.INVOICE:
            return f"ACC{side}"
        if role is Role.CREDIT_NOTE:
            return f"ACC{side}CREDIT"
        if role is Role.PAYMENT and self.view.role(document) is Role.CREDIT_NOTE:
            return "ARCREDITPAYMENT" if side == "REC" else "APCREDITPAYMENT"
        if role is Role.PAYMENT:
            return f"ACC{side}PAYMENT"
        if role is Role.BANK_TRANSACTION:
            return "CASHREC" if self.view.main_line(entry).cents >= 0 else "CASHPAID"
        return _SOURCES.get(role)

    def _line(self, journal: Journal, place: int, line: Posted) -> Row:
        account = line.account
        serial = 2 * 10**12 + journal.number * _LINES_MAX + place
        row: Row = {
            "JournalLineID": self.view.guid(Kind.TOMBSTONE, serial),
            "AccountID": self.view.account_id(account),
            "AccountCode": account.code,
            "AccountType": TYPES[account.kind][0],
            "AccountName": account.name,
            "Description": line.description,
            "NetAmount": amount(line.cents),
            "GrossAmount": amount(line.cents),
            "TaxAmount": 0.0,
            "TrackingCategories": [],
        }
        if line.tax_type is not None:
            row |= {"TaxType": line.tax_type, "TaxName": line.tax_name or ""}
        return row

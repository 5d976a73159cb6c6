"""Lines of one fiscal year as entries, lines and invoices. Pure: typed rows in, records out."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from attrs import define, field

from adapters.providers.kit.decoding import cents_e4, trimmed
from adapters.providers.minox import rows
from adapters.providers.minox.codes import CONTROL_KEYS, CUSTOMER, INVOICE_JOURNALS
from core.domain.books import Invoice, InvoiceDirection, JournalEntry, JournalLine, Record

_OPENING_PERIOD: Final = 0


@define
class Ledger:
    """What lines of one fiscal year become. ``entries``: keys, in the order they were met."""

    year: rows.FiscalYear
    currency: str
    leave_opening: bool
    """Lines of period 0 repeat what the years before ended with: assumed, see ``docs``."""
    records: list[Record] = field(factory=list)
    entries: dict[str, int] = field(factory=dict)
    """By key, how many lines were met."""
    _invoices: dict[str, Invoice] = field(factory=dict)

    def add(self, found: Iterable[rows.LineRow]) -> None:
        """ValueError for a value that is none."""
        for row in found:
            if self.leave_opening and row.period.id == _OPENING_PERIOD:
                continue
            self._add(row)

    def all_records(self) -> tuple[Record, ...]:
        return (*self.records, *self._invoices.values())

    def _add(self, row: rows.LineRow) -> None:
        day = rows.day(row.document_date) if row.document_date else self.year.start
        key = f"{self.year.year}/{row.batch_id.casefold()}"
        position = self.entries.get(key, 0)
        self.entries[key] = position + 1
        if position == 0:
            self.records.append(self._entry(row, key, day))
        kind = (row.account.type or "").casefold()
        person = (
            rows.contact_key(kind, rows.plain_number(row.account.id))
            if kind in CONTROL_KEYS
            else None
        )
        line_number = row.journal.line_number if row.journal else None
        amount_e4 = cents_e4(row.debit or Decimal(0)) - cents_e4(row.credit or Decimal(0))
        self.records.append(
            JournalLine(
                key=str(row.id).casefold(),
                entry_key=key,
                position=position if line_number is None else line_number,
                account_key=rows.account_key(row.account.type, row.account.id),
                date=day,
                year=self.year.year,
                period=row.period.id,
                amount_e4=amount_e4,
                contact_key=person,
                tax_key=rows.id_of(row.vat),
                description=trimmed(row.description),
            )
        )
        if person is not None:
            self._add_invoice(row, kind, key, person, day, amount_e4)

    def _entry(self, row: rows.LineRow, key: str, day: dt.date) -> JournalEntry:
        """Its date is brought inside the fiscal year it is booked in, so that a window of dates
        holds the entries of that year and no others; its lines keep the document's date.
        """
        return JournalEntry(
            key=key,
            number=rows.text_of(row.entry_number),
            journal_key=rows.id_of(row.journal),
            date=min(max(day, self.year.start), self.year.end),
            year=self.year.year,
            period=row.period.id,
            description=trimmed(row.description),
        )

    def _add_invoice(
        self, row: rows.LineRow, kind: str, entry: str, person: str, day: dt.date, amount_e4: int
    ) -> None:
        """The line of a person in a sales or purchase journal is an invoice: the lists of open
        items forget what is paid. Several lines of one number in an entry are one invoice.
        """
        journal_kind = rows.journal_kind_of(row.journal.type if row.journal else None)
        if INVOICE_JOURNALS.get(journal_kind) != kind:
            return
        number = rows.text_of(row.invoice_number)
        is_sale = kind == CUSTOMER
        key = f"{entry}#{person}#{number or ''}"
        before = self._invoices.get(key)
        total_e4 = (amount_e4 if is_sale else -amount_e4) + (before.total_e4 if before else 0)
        self._invoices[key] = Invoice(
            key=key,
            direction=InvoiceDirection.SALES if is_sale else InvoiceDirection.PURCHASE,
            number=number,
            contact_key=person,
            date=day,
            due_date=rows.day(row.due_date) if row.due_date else None,
            currency=(trimmed(row.currency.id) if row.currency else None) or self.currency or None,
            total_e4=total_e4,
            entry_key=entry,
        )

"""The exports: one file per fiscal year, with everything the books hold for that year."""

import csv
import io
from collections.abc import Iterator

import openpyxl

from sandbox.books import Books
from sandbox.records import Entry, Line


def years_of(books: Books) -> list[int]:
    """Fiscal years with entries, the oldest first."""
    return sorted({entry.year for entry in books.live_entries()})


def _postings(books: Books, year: int) -> Iterator[tuple[Entry, Line, str]]:
    for entry in books.live_entries():
        if entry.year == year:
            for line in entry.lines:
                if line.account is not None:
                    yield entry, line, line.account.code


def _comma(cents: int) -> str:
    """As the Dutch write it: ``1.234,56``."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02d}"


def dutch_csv(books: Books, year: int) -> bytes:
    """Semicolons, code page 1252, day first, decimal comma, debit and credit, a line of totals."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([f"Grootboekmutaties {books.company.name}"])
    writer.writerow([])
    writer.writerow(
        [
            "Datum", "Dagboek", "Boekstuknummer", "Rekening", "Rekeningnaam", "Rekeningtype",
            "Boekjaar", "Periode", "Relatiecode", "Relatienaam", "Omschrijving", "Debet", "Credit",
        ]
    )  # fmt: skip
    debit = credit = 0
    for entry, line, code in _postings(books, year):
        account = line.account
        assert account is not None
        debit += max(line.cents, 0)
        credit += max(-line.cents, 0)
        writer.writerow(
            [
                entry.date.strftime("%d-%m-%Y"),
                entry.journal.code,
                entry.number,
                code,
                account.name,
                "Balans" if account.balance_sheet else "Winst en verlies",
                entry.year,
                entry.period,
                entry.contact.number if entry.contact else "",
                entry.contact.name if entry.contact else "",
                line.description,
                _comma(line.cents) if line.cents >= 0 else "",
                _comma(-line.cents) if line.cents < 0 else "",
            ]
        )
    writer.writerow(["Totaal", *[""] * 10, _comma(debit), _comma(credit)])
    return text.getvalue().encode("cp1252", "replace")


def workbook(books: Books, year: int) -> bytes:
    """One signed amount as a number, genuine dates, English words."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Ledger")
    sheet.append(
        ["Date", "Journal", "Entry number", "Account", "Account name", "Fiscal year", "Period",
         "Description", "Amount"]
    )  # fmt: skip
    for entry, line, code in _postings(books, year):
        account = line.account
        assert account is not None
        sheet.append(
            [
                entry.date,
                entry.journal.code,
                str(entry.number),
                code,
                account.name,
                entry.year,
                entry.period,
                line.description,
                line.cents / 100,
            ]
        )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

"""Octopus' rows, with the vendor's names and spellings. Amounts are doubles."""

from datetime import date

from sandbox.octopus.view import NUMBERS, TRADE, DocumentKey, View
from sandbox.records import Account, Contact, Entry, Journal, Line, LineRole, TaxCode, TaxKind

LANGUAGE = "NL"
TRANSFER = 1


def units(cents: int) -> float:
    return cents / 100


def dossier(view: View) -> dict[str, object]:
    company = view.company
    return {
        "dossierKey": {"id": int(view.id)},
        "dossierDescription": company.name,
        "vatNr": company.vat_number,
        "streetAndNr": "Kerkstraat 1",
        "postalCode": "3000",
        "city": company.city,
        "country": company.country,
        "url": "",
        "email": "",
        "languageCode": LANGUAGE,
        "corporationTypeKey": {"id": 9},
    }


def bookyear(view: View, year: int) -> dict[str, object]:
    periods = [period for period in view.books.periods if period.year == year]
    return {
        "bookyearKey": {"id": view.bookyear(year)},
        "bookyearDescription": f"Boekjaar {year}",
        "startDate": min(period.first for period in periods).isoformat(),
        "endDate": max(period.last for period in periods).isoformat(),
        "closed": year in view.books.closed_years,
        "periods": [
            {
                "bookyearPeriod": year * 100 + period.number,
                "startDate": period.first.isoformat(),
                "endDate": period.last.isoformat(),
            }
            for period in periods
        ],
    }


def account(account_row: Account, number: int, bookyear: int, *, newest: bool) -> dict[str, object]:
    """Texts in one language only; older bookyears keep the name the account had."""
    return {
        "accountKey": {
            "bookyearKey": {"id": bookyear},
            "id": number,
            "accountNumberKey": {"id": number},
        },
        "description": {
            "description_NL": account_row.name if newest else f"{account_row.name} (oud)",
            "description_FR": "",
            "description_EN": "",
            "description_DE": "",
        },
        "vatRecupPercentage": 100.0,
        "fiscProfessionalPercentage": 100.0,
        "fiscRecupPercentage": 100.0,
        "costCentreType": 0,
    }


# -- journals --------------------------------------------------------------------------------------


def journal(view: View, journal_row: Journal, bookyear: int) -> dict[str, object]:
    letter, number = view.journal_place(journal_row)
    told: dict[str, object] = {
        "bookyearKey": {"id": bookyear},
        "journalKey": f"{letter}{number}",
        "name": journal_row.name,
        "closed": False,
        "lastBookedDocumentNr": 0,
        "protectedPeriod": 0,
        "closedPeriod": 0,
        "insertionType": 1,
        "customFieldList": [],
        "customFieldLineList": [],
    }
    if letter == "F":
        told["currencyCode"] = view.company.currency
    return told


def common_journal(view: View, journal_row: Journal, bookyear: int) -> dict[str, object]:
    """As ``journals/modified`` tells it: another shape than that of the list."""
    letter, number = view.journal_place(journal_row)
    return {
        "journalKeyServiceData": {
            "bookyearKey": {"id": bookyear},
            "journalTypeCode": letter,
            "sequenceNumber": number,
        },
        "names": [{"language": "NL", "value": journal_row.name}],
        "nextDocumentNumber": 1,
        "protectedPeriod": 0,
        "closed": False,
        "closedPeriod": 0,
    }


def financial_journal(view: View, journal_row: Journal, bookyear: int) -> dict[str, object]:
    assert journal_row.account is not None
    return {
        "commonJournalServiceData": common_journal(view, journal_row, bookyear),
        "bankAccountServiceData": {"bankAccountIban": journal_row.iban or ""},
        "account": view.number(journal_row.account),
        "currency": view.company.currency,
    }


# -- relations and VAT codes -----------------------------------------------------------------------


def relation(view: View, contact: Contact) -> dict[str, object]:
    return {
        "relationIdentificationServiceData": {
            "relationKey": {"id": contact.number},
            "externalRelationId": 0,
        },
        "name": contact.name,
        "firstName": "",
        "client": contact.customer,
        "supplier": contact.supplier,
        "streetAndNr": contact.street,
        "postalCode": contact.postcode,
        "city": contact.city,
        "country": contact.country or "  ",
        "email": contact.email,
        "vatNr": contact.vat_number or "",
        "vatType": 1 if contact.vat_number else 7,
        "currencyCode": contact.currency,
        "active": not view.is_inactive(contact.serial),
        "factLanguage": 0,
    }


def vat_codes(tax: TaxCode) -> list[dict[str, object]]:
    """A code for documents and one of the same name for credit notes."""
    types = {TaxKind.SALES: (2, 4), TaxKind.NONE: (2,)}.get(tax.kind, (1, 3))
    letter = {TaxKind.PURCHASE: "D", TaxKind.REVERSE_CHARGE: "M"}.get(tax.kind, "")
    percent = tax.basis_points // 100
    return [
        {
            "code": f"{letter}{percent:02d}" if tax.kind is not TaxKind.NONE else "00V",
            "description": tax.name,
            "type": kind,
            "basePercentage": percent * 1.0,
            "defaultSellBookingAccountNr": 700_000,
        }
        for kind in types
    ]


# -- bookings --------------------------------------------------------------------------------------


def booking(view: View, line: Line, key: DocumentKey, number: int, place: int) -> dict[str, object]:
    entry = line.entry
    told: dict[str, object] = {
        "bookyearKey": {"id": key.bookyear},
        "journalType": NUMBERS[key.letter],
        "journalNr": key.journal,
        "documentSequenceNr": key.number,
        "lineSequenceNr": view.line_number(entry, line, place),
        "bookyearPeriodeNr": view.period(entry),
        "documentDate": entry.date.isoformat(),
        "expiryDate": _day(entry.due or entry.date),
        "currencyCode": entry.currency,
        "exchangeRate": entry.rate_millionths / 1_000_000,
        "relationKey": {"id": 0 if entry.contact is None else entry.contact.number},
        "comment": line.description,
        "reference": entry.reference or "",
        "accountKey": number,
        "bookingAmount": units(line.cents),
        "documentAmount": units(line.foreign_cents),
        "vatSectionCode": "",
        "vatRecuperationPercentage": 100.0,
    }
    return told


def deleted_document(key: DocumentKey) -> dict[str, object]:
    return {
        "bookyearKey": {"id": key.bookyear},
        "journalType": NUMBERS[key.letter],
        "journalSequenceNr": key.journal,
        "documentSequenceNr": key.number,
    }


def buy_sell(
    view: View, entry: Entry, numbers: dict[int, int], *, signed: bool
) -> dict[str, object]:
    """``signed``: the lines of a credit note are negative; otherwise positive, as one writes it."""
    assert entry.kind in TRADE
    key = view.key(entry)
    header = next(line for line in entry.lines if line.role is LineRole.HEADER)
    side = 1 if key.letter == "V" else -1
    amount = side * header.foreign_cents
    factor = -side if signed or amount >= 0 else side
    return {
        "bookyearKey": {"id": key.bookyear},
        "journalKey": key.journal_key,
        "documentSequenceNr": key.number,
        "relationIdentificationServiceData": {
            "relationKey": {"id": 0 if entry.contact is None else entry.contact.number},
            "externalRelationId": 0,
        },
        "bookyearPeriodeNr": view.period(entry),
        "documentDate": entry.date.isoformat(),
        "expiryDate": _day(entry.due or entry.date),
        "comment": entry.description,
        "orderReference": "",
        "reference": entry.reference or "",
        "amount": units(amount),
        "currencyCode": entry.currency,
        "exchangeRate": entry.rate_millionths / 1_000_000,
        "paymentMethod": TRANSFER,
        "bookingLines": _buy_sell_lines(entry, numbers, factor),
    }


def _buy_sell_lines(entry: Entry, numbers: dict[int, int], factor: int) -> list[dict[str, object]]:
    """The tax of each code stands on its first line."""
    tax_cents: dict[int, int] = {}
    for line in entry.lines:
        if line.role is LineRole.VAT and line.tax is not None:
            serial = line.tax.serial
            tax_cents[serial] = tax_cents.get(serial, 0) + line.foreign_cents
    rows = []
    for line in entry.lines:
        if line.role is not LineRole.NET or line.account is None:
            continue
        tax = tax_cents.pop(line.tax.serial, 0) if line.tax is not None else 0
        rows.append(
            {
                "accountKey": numbers[line.account.serial],
                "baseAmount": units(factor * line.foreign_cents),
                "vatCodeKey": "" if line.tax is None else f"{line.tax.basis_points // 100:02d}",
                "vatAmount": units(factor * tax),
                "comment": line.description,
            }
        )
    return rows


def reserved(view: View, year: int) -> dict[str, object]:
    """A number somebody reserved: a document of nothing."""
    day = min(period.first for period in view.books.periods if period.year == year)
    return {
        "bookyearKey": {"id": view.bookyear(year)},
        "journalKey": "V1",
        "documentSequenceNr": 400_000,
        "relationIdentificationServiceData": {"relationKey": {"id": 0}, "externalRelationId": 0},
        "bookyearPeriodeNr": year * 100 + 1,
        "documentDate": day.isoformat(),
        "expiryDate": day.isoformat(),
        "amount": 0.0,
        "currencyCode": view.company.currency,
        "exchangeRate": 1.0,
        "paymentMethod": 0,
        "bookingLines": [],
    }


def financial_divers(view: View, entry: Entry, numbers: dict[int, int]) -> dict[str, object]:
    """One-sided in financial journals: the bank's line is implied, what comes in is positive."""
    key = view.key(entry)
    behind = entry.journal.account if key.letter == "F" else None
    sign = -1 if key.letter == "F" else 1
    return {
        "bookyearKey": {"id": key.bookyear},
        "journalKey": key.journal_key,
        "documentSequenceNr": key.number,
        "bookyearPeriodeNr": view.period(entry),
        "documentDate": entry.date.isoformat(),
        "exchangeRate": entry.rate_millionths / 1_000_000,
        "bookingLines": [
            {
                "type": "A",
                "accountKey": numbers[line.account.serial],
                "externalRelationId": 0,
                "relationId": 0,
                "reference": entry.reference or "",
                "amount": units(sign * line.foreign_cents),
            }
            for line in entry.lines
            if line.account is not None and line.account is not behind
        ],
    }


def amount(bookyear: int, period: int, number: int, cents: int) -> dict[str, object]:
    return {
        "accountAmountKey": {
            "bookyearPeriodKey": {
                "bookyearKey": {"id": bookyear},
                "bookyearPeriodNr": period,
            },
            "accountKey": {
                "bookyearKey": {"id": bookyear},
                "id": number,
                "accountNumberKey": {"id": number},
            },
        },
        "balance": units(cents),
    }


def _day(day: date) -> str:
    return day.isoformat()

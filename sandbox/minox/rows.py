"""Objects as Minox writes them: snake_case, but ``isBalance``; ``debet`` in one enumeration."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

from sandbox.identity import Kind
from sandbox.minox.view import OpeningLine, View
from sandbox.records import (
    Account,
    AccountKind,
    Contact,
    Journal,
    JournalKind,
    Line,
    TaxCode,
    TaxKind,
)
from sandbox.truth import decimal_text

RGS_CODES: Final[Mapping[AccountKind, str]] = {
    AccountKind.CASH: "BLimKas",
    AccountKind.BANK: "BLimBan",
    AccountKind.VAT: "BSchBep",
    AccountKind.TAX_PAYABLE: "BSchBep",
    AccountKind.STAFF_PAYABLE: "BSchSal",
    AccountKind.FIXED_ASSET: "BMvaInv",
    AccountKind.ACCUMULATED_DEPRECIATION: "BMvaInvCae",
    AccountKind.INVENTORY: "BVrdGeh",
    AccountKind.EQUITY: "BEivGok",
    AccountKind.RETAINED: "BEivOvr",
    AccountKind.LOAN: "BLasSak",
    AccountKind.REVENUE: "WOmzNol",
    AccountKind.COST_OF_GOODS: "WKprKra",
    AccountKind.EXPENSE: "WBedHui",
    AccountKind.STAFF: "WPerLes",
    AccountKind.DEPRECIATION: "WAfsAfm",
    AccountKind.INTEREST: "WFbeRlm",
    AccountKind.EXCHANGE: "WFbeOad",
}
"""Codes of the Dutch reference chart; suspense and appropriation have none here."""

VAT_TYPES: Final[Mapping[TaxKind, str]] = {
    TaxKind.SALES: "Af te dragen (1a, 1b)",
    TaxKind.PURCHASE: "Te vorderen (5b)",
    TaxKind.REVERSE_CHARGE: "Verlegd binnenland - verwerving (2a)",
    TaxKind.NONE: "Diensten binnen de EU (ICP)",
}

FIRST_VAT_ID: Final = 1


def amount(cents: int) -> msgspec.Raw:
    """A JSON number with two decimals."""
    return msgspec.Raw(decimal_text(cents).encode())


def administration(view: View) -> dict[str, object]:
    return {
        "id": view.id,
        "name": view.company.name,
        "number_of_periods": 12,
        "vat_on_sub": False,
        "currency": {
            "id": view.company.currency,
            "exchange_rate": 1,
            "description": view.company.currency,
        },
        "chamber_of_commerce": view.company.registration,
        "country_code": view.company.country,
        "fiscal_years": [
            {
                "number_of_periods": 12,
                "fiscal_year": known.year,
                "start_date": known.start.isoformat(),
                "end_date": known.end.isoformat(),
            }
            for known in view.fiscal_years()
        ],
        "ledger_accounts": {
            "profit_loss": {
                "id": "590",
                "scheme": "MINOX",
                "type": "ledger_account",
                "description": "Onverdeeld resultaat",
            }
        },
    }


def ledger_account(_: View, account: Account) -> dict[str, object]:
    code = RGS_CODES.get(account.kind)
    return {
        "id": int(account.code),
        "description": account.name,
        "isBalance": account.balance_sheet,
        "debit_credit_suggestion": "credit" if account.credit_side else "debet",
        "aggregation": {"aggregation_level": 1, "description": "geen"},
        "blocked": {"active": False, "reason": None},
        "aggregate_transactions": False,
        "rgs": []
        if code is None
        else [
            {
                "reference_code": code,
                "order": "1",
                "reference_number": "1",
                "description": account.name,
                "description_short": account.name,
                "debit_credit": "C" if account.credit_side else "D",
                "level": 3,
                "filters": {"ZZP": True, "AFREK": False},
            }
        ],
    }


def journal(_: View, shown: Journal) -> dict[str, object]:
    return {
        "id": shown.code,
        "description": shown.name,
        "type": shown.kind.value,
        "ledger_account_id": None if shown.account is None else int(shown.account.code),
        "iban": shown.iban,
        "currency": {"id": "EUR", "exchange_rate": 1, "description": "Euro"},
        "range": {"start": 1, "end": 999999, "is_automatically_assigned": True},
        "allow_linking_of_documents": shown.kind is JournalKind.PURCHASE,
    }


def vat(_: View, tax: TaxCode) -> dict[str, object]:
    account = tax.payable or tax.claimable
    return {
        "id": tax.serial + FIRST_VAT_ID,
        "type": VAT_TYPES[tax.kind],
        "percentage": tax.basis_points // 100,
        "account_id": None if account is None else str(int(account.code)),
        "description": tax.name,
        "amount": 0,
    }


def contact(_: View, person: Contact) -> dict[str, object]:
    """A customer or a supplier. There is no name but in its addresses."""
    return {
        "id": person.number,
        "is_one_time": False,
        "addresses": [
            {
                "address_type": "delivery",
                "id": 2,
                "name": "Magazijn",
                "city": "Elders",
                "country_code": person.country,
                "email_addresses": [],
            },
            {
                "address_type": "postal",
                "id": 1,
                "name": person.name,
                "streetname_and_number": person.street,
                "postal_code": person.postcode,
                "city": person.city,
                "country_code": person.country,
                "phone_numbers": [],
                "email_addresses": [
                    {"email_address_type": "general", "email_address": person.email}
                ],
            },
        ],
        "vat": {"active": True, "vat_registration_number": person.vat_number},
        "currency": {"id": person.currency, "exchange_rate": 1},
        "blocked": {"active": False, "reason": None},
        "aggregation": {"aggregation_level": 1, "description": "totaal debiteuren binnenland"},
        "externalid": None,
    }


def reference(view: View, account: Account, person: Contact | None) -> dict[str, object]:
    """An account on a line: a ledger account, or the person in its place. The id is text here."""
    kind = view.account_type(account, person)
    if kind == "ledger_account" or person is None:
        told, name = str(int(account.code)), account.name
    else:
        told, name = str(person.number), person.name
    return {"id": told, "scheme": "MINOX", "type": kind, "description": name}


def line(view: View, posted: Line) -> dict[str, object]:
    entry = posted.entry
    assert posted.account is not None
    told: dict[str, object] = {
        "id": view.guid(Kind.LINE, posted.serial),
        "batch_id": view.guid(Kind.ENTRY, entry.serial),
        "account": reference(view, posted.account, entry.contact),
        "debit": amount(max(posted.cents, 0)),
        "credit": amount(max(-posted.cents, 0)),
        "document_date": entry.date.isoformat(),
        "entry_number": entry.number,
        "invoice_number": entry.invoice_number,
        "description": posted.description,
        "journal": {
            "id": entry.journal.code,
            "description": entry.journal.name,
            "type": entry.journal.kind.value,
            "line_number": posted.number,
            "page_number": 1,
        },
        "period": _period(entry.period, entry.year),
        "currency": {"id": view.company.currency, "exchange_rate": 1, "description": "Euro"},
        "document_id": None,
        "messages": [],
    }
    if entry.due is not None:
        told["due_date"] = entry.due.isoformat()
    if posted.tax is not None:
        told["vat"] = {
            "id": posted.tax.serial + FIRST_VAT_ID,
            "type": VAT_TYPES[posted.tax.kind],
            "percentage": posted.tax.basis_points // 100,
            "description": posted.tax.name,
            "amount": 0,
        }
    return told


def any_line(view: View, shown: Line | OpeningLine) -> dict[str, object]:
    return line(view, shown) if isinstance(shown, Line) else opening_line(view, shown)


def opening_line(view: View, carried: OpeningLine) -> dict[str, object]:
    """Period 0 of a year: what the year before ended with. All of them are one batch."""
    start: date = carried.year.start
    return {
        "id": view.guid(Kind.PERIOD, carried.year.year * 100_000 + carried.serial),
        "batch_id": view.guid(Kind.TOMBSTONE, carried.year.year),
        "account": reference(view, carried.account, carried.contact),
        "debit": amount(max(carried.cents, 0)),
        "credit": amount(max(-carried.cents, 0)),
        "document_date": start.isoformat(),
        "entry_number": 0,
        "invoice_number": None,
        "description": "Beginbalans",
        "journal": {"id": "BB", "description": "Beginbalans", "type": "general"},
        "period": _period(0, carried.year.year),
        "messages": [],
    }


def _period(number: int, year: int) -> dict[str, object]:
    return {"id": number, "fiscal_year": year, "description": f"Periode {number} {year}"}

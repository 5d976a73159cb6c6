"""The trial balance report: movement of the report's month and balance, as text, by section.

Profit and loss accounts start anew each fiscal year; what earlier years brought stands in Retained
Earnings although nothing was posted there. Accounts at zero are left out.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from attrs import define, field

from sandbox.records import Account, AccountKind
from sandbox.xero.masters import TYPES, Row
from sandbox.xero.view import View, msmoment, postings

_SECTIONS: Final = (
    ("Revenue", "REVENUE"),
    ("Expenses", "EXPENSE"),
    ("Assets", "ASSET"),
    ("Liabilities", "LIABILITY"),
    ("Equity", "EQUITY"),
)


@define(eq=False)
class Sums:
    """What was posted per account and day; counted anew when the books changed."""

    view: View
    _seen: int = -1
    _cents: dict[tuple[int, date], int] = field(factory=dict)

    def by_day(self) -> dict[tuple[int, date], int]:
        changes = len(self.view.books.changes)
        if changes != self._seen:
            cents: dict[tuple[int, date], int] = defaultdict(int)
            for entry in self.view.books.live_entries():
                for line, account in postings(self.view, entry):
                    cents[account.serial, entry.date] += line.cents
            self._cents, self._seen = dict(cents), changes
        return self._cents


def trial_balance(sums: Sums, day: date, now_ms: int) -> Row:
    view = sums.view
    first_of_year = _year_start(day, view.company.fiscal_start_month)
    first_of_month = day.replace(day=1)
    moved: dict[int, int] = defaultdict(int)
    balance: dict[int, int] = defaultdict(int)
    earlier = 0
    for (serial, on), cents in sums.by_day().items():
        if on > day:
            continue
        if on >= first_of_month:
            moved[serial] += cents
        if view.books.accounts[serial].balance_sheet or on >= first_of_year:
            balance[serial] += cents
        else:
            earlier += cents
    retained = next(a for a in view.books.accounts if a.kind is AccountKind.RETAINED)
    balance[retained.serial] += earlier
    sections: list[Row] = [_header()]
    for title, group in _SECTIONS:
        rows = [
            _row(view, found, moved[found.serial], balance[found.serial], first_of_year)
            for found in view.books.accounts
            if TYPES[found.kind][1] == group and (moved[found.serial] or balance[found.serial])
        ]
        if rows:
            sections.append({"RowType": "Section", "Title": title, "Rows": rows})
    sections.append({"RowType": "Section", "Title": "", "Rows": [_summary(moved, balance)]})
    return {
        "ReportID": "TrialBalance",
        "ReportName": "Trial Balance",
        "ReportType": "TrialBalance",
        "ReportTitles": ["Trial Balance", view.company.name, f"As at {day.day} {day:%B %Y}"],
        "ReportDate": f"{day.day} {day:%B %Y}",
        "UpdatedDateUTC": msmoment(now_ms),
        "Fields": [],
        "Rows": sections,
    }


def _year_start(day: date, month: int) -> date:
    return date(day.year if day.month >= month else day.year - 1, month, 1)


def _header() -> Row:
    titles = ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")
    return {"RowType": "Header", "Cells": [{"Value": title} for title in titles]}


def _row(view: View, account: Account, moved: int, balance: int, first_of_year: date) -> Row:
    attributes: list[Row] = [{"Value": view.account_id(account), "Id": "account"}]
    if account.kind is AccountKind.RETAINED:
        last = first_of_year - timedelta(days=1)
        attributes = [
            {"Value": "", "Id": "fromDate"},
            {"Value": f"{last.month}/{last.day}/{last.year}", "Id": "toDate"},
            *attributes,
        ]
    cells = (f"{account.name} ({account.code})", *_sides(moved), *_sides(balance))
    return {
        "RowType": "Row",
        "Cells": [{"Value": told, "Attributes": attributes} for told in cells],
    }


def _summary(moved: dict[int, int], balance: dict[int, int]) -> Row:
    told = ["Total"]
    for cents in (moved, balance):
        told.append(_text(sum(value for value in cents.values() if value > 0)))
        told.append(_text(-sum(value for value in cents.values() if value < 0)))
    return {"RowType": "SummaryRow", "Cells": [{"Value": text} for text in told]}


def _sides(cents: int) -> tuple[str, str]:
    """Debit and credit; nothing where there is nothing."""
    return (_text(cents), "") if cents > 0 else ("", _text(-cents) if cents else "")


def _text(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"

"""``reports/journal_entries`` and ``reports/general_ledger``."""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Final

from sandbox.identity import Kind
from sandbox.moneybird.errors import refusal
from sandbox.moneybird.paging import PER_PAGE_MAX, paged
from sandbox.moneybird.rows import journal_entry, money
from sandbox.moneybird.view import ACCOUNT_TYPES, CREDIT_TYPES, Booking, View
from sandbox.wire import WireRequest, WireResponse, json_response

_MONTHS = re.compile(r"(\d{6})(?:\.\.(\d{6}))?")
_DAYS = re.compile(r"(\d{8})\.\.(\d{8})")
_PRESETS: Final = {"this_month": 0, "prev_month": -1, "next_month": 1}
LEDGER_MONTHS_MAX: Final = 12
ENTRIES_PER_PAGE: Final = 25
"""Default when ``per_page`` is left out; assumed."""


def journal_entries(view: View, request: WireRequest, today: date, rows_max: int) -> WireResponse:
    query = request.query
    if not {"ledger_account_id", "contact_id", "project_id"} & query.keys():
        if "account_type" in query:
            raise refusal(
                400, "when account_type is present, a contact_id or project_id is required"
            )
        raise refusal(400, "at least a contact_id, project_id or ledger_account_id is required")
    months = _months(query.get("period", "this_month"), today)
    if len(months) > 1:
        raise refusal(400, "Period cannot exceed 1 month")
    found = [row for row in view.bookings(months[0]) if _wanted(view, row, query)]
    return paged(
        request,
        found,
        lambda row: journal_entry(view, row),
        default=min(ENTRIES_PER_PAGE, PER_PAGE_MAX),
        rows_max=rows_max,
    )


def _wanted(view: View, row: Booking, query: dict[str, str]) -> bool:
    contact = row.line.entry.contact
    told = {
        "ledger_account_id": view.number(Kind.ACCOUNT, row.account.serial),
        "contact_id": None if contact is None else view.number(Kind.CONTACT, contact.serial),
        "project_id": row.project_id,
        "account_type": ACCOUNT_TYPES[row.account.kind],
    }
    for name, value in told.items():
        asked = query.get(name)
        if asked is not None and asked != (value or "null"):
            return False
    return True


def general_ledger(view: View, request: WireRequest, today: date, *, as_map: bool) -> WireResponse:
    """Sums per account over whole months; a start or final balance on the account's own side.

    Which side the balances of credit accounts have is not known; the sums are never negative.
    ``as_map``: each part a flat map from id to value, as it was before March 2026.
    """
    months = _months(request.query.get("period", "this_month"), today)
    if len(months) > LEDGER_MONTHS_MAX:
        raise refusal(400, "Period cannot exceed 12 months")
    rows = [row for month in months for row in view.bookings(month)]
    earlier = [row for month in view.months() if month < months[0] for row in view.bookings(month)]
    debit = _sums(view, [row for row in rows if row.cents > 0])
    credit = _sums(view, [row for row in rows if row.cents < 0])
    start = _sums(view, [row for row in earlier if row.account.balance_sheet])
    final = {
        account: start.get(account, 0) + debit.get(account, 0) + credit.get(account, 0)
        for account in sorted(start.keys() | debit.keys() | credit.keys())
    }
    on_credit_side = {
        view.number(Kind.ACCOUNT, account.serial)
        for account in view.books.accounts
        if ACCOUNT_TYPES[account.kind] in CREDIT_TYPES
    }
    parts = {
        "debit_sums": debit,
        "credit_sums": {account: -cents for account, cents in credit.items()},
        "start_balance": {a: -c if a in on_credit_side else c for a, c in start.items()},
        "final_balance": {a: -c if a in on_credit_side else c for a, c in final.items()},
    }
    if as_map:
        return json_response(
            {name: {a: money(c) for a, c in part.items()} for name, part in parts.items()}
        )
    return json_response(
        {
            name: {
                "ledger_accounts": [
                    {"ledger_account_id": account, "value": money(cents)}
                    for account, cents in part.items()
                ]
            }
            for name, part in parts.items()
        }
    )


def _sums(view: View, rows: Sequence[Booking]) -> dict[str, int]:
    sums: dict[int, int] = {}
    for row in rows:
        sums[row.account.serial] = sums.get(row.account.serial, 0) + row.cents
    return {view.number(Kind.ACCOUNT, serial): cents for serial, cents in sorted(sums.items())}


def _months(period: str, today: date) -> list[str]:
    """``YYYYMM`` of every month in the period; 400 for anything but whole months."""
    if period in _PRESETS:
        place = today.year * 12 + today.month - 1 + _PRESETS[period]
        return [f"{place // 12:04d}{place % 12 + 1:02d}"]
    if period in {"this_year", "prev_year", "next_year"}:
        year = today.year + {"this_year": 0, "prev_year": -1, "next_year": 1}[period]
        return [f"{year:04d}{month:02d}" for month in range(1, 13)]
    whole = _MONTHS.fullmatch(period)
    if whole is not None:
        return _between(whole[1], whole[2] or whole[1])
    days = _DAYS.fullmatch(period)
    if days is None or days[1][6:] != "01":
        raise refusal(400, "Period is invalid")
    last = days[2]
    if (
        not 1 <= int(last[4:6]) <= 12
        or int(last[6:]) != monthrange(int(last[:4]), int(last[4:6]))[1]
    ):
        raise refusal(400, "Period is invalid")
    return _between(days[1][:6], last[:6])


def _between(first: str, last: str) -> list[str]:
    places = [int(text[:4]) * 12 + int(text[4:]) - 1 for text in (first, last)]
    valid = all(1 <= int(text[4:]) <= 12 for text in (first, last))
    if not valid or places[0] > places[1]:
        raise refusal(400, "Period is invalid")
    return [f"{place // 12:04d}{place % 12 + 1:02d}" for place in range(places[0], places[1] + 1)]

"""The general ledger of a fiscal year, line by line, and its trial balance.

The body of the JSON trial balance is known to nobody here but for being a collection or a bare
list; its columns are assumed.
"""

from collections.abc import Mapping
from typing import Final

from attrs import define

from sandbox.minox import rows
from sandbox.minox.view import OpeningLine, View
from sandbox.records import Account, Contact, Line

Row = dict[str, object]

_OTHER_NAMES: Final = {
    "opening_debit": "begin_debet",
    "opening_credit": "begin_credit",
    "debit": "debet",
    "credit": "credit",
}
LAST_PERIOD: Final = 99


def lines(view: View, year: int, period: str | None) -> list[Line | OpeningLine] | None:
    """The lines of a year, or of one period of it; None for a year that is not there."""
    fiscal = view.fiscal_year(year)
    if fiscal is None:
        return None
    posted = view.lines_of(year)
    carried = view.carried_into(fiscal) if view.opening_lines and period in {None, "0"} else []
    if period is not None:
        posted = [line for line in posted if str(line.entry.period) == period]
    return [*carried, *posted]


@define
class _Sums:
    account: Account
    contact: Contact | None
    opening: int = 0
    debit: int = 0
    credit: int = 0


def trial_balance(view: View, year: int, query: Mapping[str, str]) -> list[Row] | None:
    """Per ledger account and per person; None for a year that is not there.

    ``start_period`` and ``end_period`` bound what moved; what was before is in the opening.
    """
    fiscal = view.fiscal_year(year)
    if fiscal is None:
        return None
    first = int(query.get("start_period") or 1)
    last = int(query.get("end_period") or LAST_PERIOD)
    sums: dict[str, _Sums] = {}
    for carried in view.carried_into(fiscal):
        _of(view, sums, carried.account, carried.contact).opening += carried.cents
    for line in view.lines_of(year):
        assert line.account is not None
        row = _of(view, sums, line.account, line.entry.contact)
        if line.entry.period < first:
            row.opening += line.cents
        elif line.entry.period <= last and line.cents > 0:
            row.debit += line.cents
        elif line.entry.period <= last:
            row.credit -= line.cents
    return [_row(view, sums[key]) for key in sorted(sums)]


def _of(view: View, sums: dict[str, _Sums], account: Account, contact: Contact | None) -> _Sums:
    told = rows.reference(view, account, contact)
    key = f"{told['type']}:{told['id']}"
    if key not in sums:
        sums[key] = _Sums(account, contact)
    return sums[key]


def _row(view: View, sums: _Sums) -> Row:
    told = rows.reference(view, sums.account, sums.contact)
    ends = sums.opening + sums.debit - sums.credit
    return {
        "account": {name: told[name] for name in ("id", "description", "type")},
        "opening_debit": rows.amount(max(sums.opening, 0)),
        "opening_credit": rows.amount(max(-sums.opening, 0)),
        "debit": rows.amount(sums.debit),
        "credit": rows.amount(sums.credit),
        "balance_debit": rows.amount(max(ends, 0)),
        "balance_credit": rows.amount(max(-ends, 0)),
    }


def shaped(told: list[Row], shape: str) -> object:
    """The same in each of the forms that are thought possible, and in one that is not."""
    if shape == "bare":
        return told
    if shape == "other-names":
        return {"collection": [_renamed(row) for row in told]}
    if shape == "unreadable":
        return {"collection": [{"rekening": 1, "saldo": "x"} for _ in told]}
    return {"links": {}, "collection": told}


def _renamed(row: Row) -> Row:
    return {_OTHER_NAMES.get(name, name): value for name, value in row.items()}

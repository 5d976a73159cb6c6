"""The trial balance as movements per account and period.

The report tells balances on a day: of profit and loss since the fiscal year began, of the balance
sheet since ever. A period's movement is what two days differ by. The report's own column of the
month's movement is left alone: that it is always the calendar month is not confirmed. At a new
year Retained Earnings takes the result of the year before, though nothing was posted: what it rose
by that way is taken off again.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from adapters.providers.xero import rows
from core.domain.failures import NotUnderstood
from core.domain.money import parse_e4
from core.domain.proof import Cell

_DEBIT_COLUMN: Final = "YTD Debit"
_CREDIT_COLUMN: Final = "YTD Credit"
_ACCOUNT: Final = "account"
_DEPTH_MAX: Final = 4

Balances = Mapping[str, int]
"""Debit positive, in 1/10,000, per account id; accounts at zero are absent."""


def balances_of(report: rows.Report, retained: str | None) -> dict[str, int]:
    """Balances of a trial balance. A row without an account's id is Retained Earnings; a second
    one, or one where there is no such account, is NotUnderstood.
    """
    columns: tuple[int, int] | None = None
    found: dict[str, int] = {}
    for row in _rows(report.rows, _DEPTH_MAX):
        if row.row_type == "Header":
            columns = _columns(row)
        elif row.row_type == "Row":
            if columns is None:
                raise rows.REPORTS.not_understood("rows before the header")
            account = _account(row)
            if account is None:
                if retained is None or retained in found:
                    raise rows.REPORTS.not_understood(f"a row without an account: {_label(row)!r}")
                account = retained
            balance = _value(row, columns[0]) - _value(row, columns[1])
            found[account] = found.get(account, 0) + balance
    if columns is None:
        raise rows.REPORTS.not_understood("no header")
    return {account: balance for account, balance in found.items() if balance}


def _rows(found: list[rows.ReportRow], depth: int) -> Iterator[rows.ReportRow]:
    for row in found:
        yield row
        if depth:
            yield from _rows(row.rows, depth - 1)


def _columns(header: rows.ReportRow) -> tuple[int, int]:
    titles = [cell.value or "" for cell in header.cells]
    if _DEBIT_COLUMN not in titles or _CREDIT_COLUMN not in titles:
        raise rows.REPORTS.not_understood(f"columns {titles!r:.200}")
    return titles.index(_DEBIT_COLUMN), titles.index(_CREDIT_COLUMN)


def _account(row: rows.ReportRow) -> str | None:
    """By the attribute's name: Retained Earnings carries others besides."""
    told = (each.value for cell in row.cells for each in cell.attributes if each.id == _ACCOUNT)
    return next((rows.key(value) for value in told if value), None)


def _label(row: rows.ReportRow) -> str:
    return (row.cells[0].value or "")[:60] if row.cells else ""


def _value(row: rows.ReportRow, column: int) -> int:
    told = row.cells[column].value if column < len(row.cells) else None
    if not told:
        return 0
    try:
        return parse_e4(Decimal(told.replace(",", "")))
    except (ArithmeticError, ValueError):
        raise rows.REPORTS.not_understood(f"amount {told[:40]!r}") from None


def add_movements(
    cells: dict[Cell, int],
    year: int,
    ends: Sequence[Balances],
    *,
    periods: Sequence[int],
    results: frozenset[str],
    retained: str | None,
) -> None:
    """Adds a year's movements to ``cells``. ``ends``: balances at the end of the year before, then
    of each of ``periods``. ``results``: the accounts of profit and loss, which start at nothing.
    """
    before = ends[0]
    opening = {account: value for account, value in before.items() if account not in results}
    result_e4 = sum(value for account, value in before.items() if account in results)
    if result_e4 and retained is None:
        raise NotUnderstood(
            "Xero tells of no account that takes the result of a year: report it.",
            detail="no RETAINEDEARNINGS among the accounts",
        )
    if retained is not None:
        opening[retained] = opening.get(retained, 0) + result_e4
    previous: Balances = opening
    for period, balances in zip(periods, ends[1:], strict=True):
        for account in previous.keys() | balances.keys():
            moved = balances.get(account, 0) - previous.get(account, 0)
            if moved:
                cells[Cell(account_key=account, year=year, period=period)] = moved
        previous = balances

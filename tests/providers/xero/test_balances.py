"""Fiscal years, and movements out of balances."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.xero import rows
from adapters.providers.xero.balances import add_movements, balances_of
from adapters.providers.xero.years import MONTHS, FiscalYears
from core.domain.failures import NotUnderstood
from core.domain.proof import Cell

KEPT = "retained"


@given(
    end=st.dates(date(2024, 1, 1), date(2024, 12, 31)),
    day=st.dates(date(1990, 1, 1), date(2060, 12, 31)),
)
def test_every_day_is_in_one_period(end: date, day: date) -> None:
    years = FiscalYears(end.month, end.day)
    year, period = years.of(day)
    assert 1 <= period <= MONTHS
    assert years.last_day(year, period - 1) < day <= years.last_day(year, period)
    assert years.last_day(year, 0) == years.last_day(year - 1, MONTHS)
    assert years.first_day(year) == years.last_day(year, 0) + timedelta(days=1)
    assert FiscalYears.decoded(years.encoded()) == years


@pytest.mark.parametrize(
    ("end", "day", "expected"),
    [
        ((12, 31), "2026-12-31", (2026, 12)),
        ((6, 30), "2026-07-01", (2027, 1)),
        ((3, 31), "2026-03-31", (2026, 12)),
        ((2, 28), "2024-02-29", (2024, 12)),
        ((4, 5), "2026-04-05", (2026, 12)),
        ((4, 5), "2026-04-06", (2027, 1)),
        ((4, 5), "2026-05-05", (2027, 1)),
        ((4, 5), "2026-05-06", (2027, 2)),
    ],
)
def test_years_are_named_after_the_one_they_end_in(
    end: tuple[int, int], day: str, expected: tuple[int, int]
) -> None:
    assert FiscalYears(*end).of(date.fromisoformat(day)) == expected


@pytest.mark.parametrize("end", [(0, 1), (13, 1), (1, 0), (1, 32)])
def test_a_year_that_ends_on_no_day_is_refused(end: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no fiscal year"):
        FiscalYears(*end)


# -- the report ------------------------------------------------------------------------------------

HEADER: dict[str, object] = {
    "RowType": "Header",
    "Cells": [{"Value": v} for v in ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")],
}


def row(account: str | None, debit: str, credit: str) -> dict[str, object]:
    attributes = [{"Id": "toDate", "Value": "12/31/2025"}, {"Id": "account", "Value": account}]
    told = ("Name (1)", "1.00", "", debit, credit)
    return {
        "RowType": "Row",
        "Cells": [{"Value": each, "Attributes": attributes} for each in told],
    }


def report(*found: dict[str, object], header: dict[str, object] = HEADER) -> rows.Report:
    total = {"RowType": "SummaryRow", "Cells": [{"Value": "Total"}]}
    sections = [
        header,
        {"RowType": "Section", "Title": "Assets", "Rows": list(found)},
        {"RowType": "Section", "Title": "", "Rows": [total]},
    ]
    return rows.REPORTS.decode(json.dumps({"Reports": [{"Rows": sections}]}).encode()).reports[0]


def test_balances_are_those_of_the_year_so_far_by_the_accounts_id() -> None:
    told = report(row("A", "1,750.00", ""), row("b", "", "1750.00"), row("c", "", ""))
    assert balances_of(told, KEPT) == {"a": 17_500_000, "b": -17_500_000}


def test_the_one_row_without_an_id_is_retained_earnings() -> None:
    assert balances_of(report(row("", "5.00", "")), KEPT) == {KEPT: 50_000}
    with pytest.raises(NotUnderstood):
        balances_of(report(row("", "5.00", ""), row(None, "6.00", "")), KEPT)
    with pytest.raises(NotUnderstood):
        balances_of(report(row("", "5.00", "")), None)


@pytest.mark.parametrize(
    "told",
    [
        report(row("a", "five", "")),
        report(header={"RowType": "Header", "Cells": [{"Value": "Account"}]}),
        report(header={"RowType": "Section"}),
    ],
)
def test_a_report_of_another_shape_is_not_understood(told: rows.Report) -> None:
    with pytest.raises(NotUnderstood):
        balances_of(told, KEPT)


def test_movements_are_what_two_days_differ_by() -> None:
    cells: dict[Cell, int] = {}
    before = {"bank": 100, "sales": -130, KEPT: 30}
    january = {"bank": 150, "sales": -50, KEPT: -100}
    march = {"bank": 150, "sales": -70, KEPT: -80}
    ends = [before, january, january, march]
    results = frozenset({"sales"})
    add_movements(cells, 2026, ends, periods=(1, 2, 3), results=results, retained=KEPT)
    assert {(cell.account_key, cell.period): moved for cell, moved in cells.items()} == {
        ("bank", 1): 50,
        ("sales", 1): -50,
        ("sales", 3): -20,
        (KEPT, 3): 20,
    }
    assert {cell.year for cell in cells} == {2026}


def test_a_result_needs_an_account_that_takes_it() -> None:
    ends, results = [{"sales": 1}, {}], frozenset({"sales"})
    with pytest.raises(NotUnderstood):
        add_movements({}, 2026, ends, periods=(1,), results=results, retained=None)

"""Reports from written bytes: whole, cut short, and wrong."""

from datetime import date
from typing import Any

import msgspec
import pytest

from adapters.providers.quickbooks.cells import CutShort, HomeAmountsMissing
from adapters.providers.quickbooks.report import general_ledger, journal, trial_balance
from core.domain.failures import NotUnderstood, ProviderDown

FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
KEYS = (
    "tx_date", "txn_type", "doc_num", "name", "memo", "account_name", "debt_amt", "credit_amt",
)  # fmt: skip
Row = dict[str, Any]


def cell(value: str = "", key: str | None = None) -> dict[str, str]:
    return {"value": value} if key is None else {"value": value, "id": key}


def line(
    account: str,
    debit: str = "",
    credit: str = "",
    *,
    day: str = "0-00-00",
    kind: str = "",
    key: str = "900",
) -> Row:
    cells = [
        cell(day), cell(kind, key), cell("1001" if kind else ""), cell("", ""), cell(""),
        cell("Account", account), cell(debit), cell(credit),
    ]  # fmt: skip
    return {"type": "Data", "ColData": cells}


def closing(debit: str, credit: str, word: str = "") -> Row:
    cells = [cell(word), *(cell() for _ in range(5)), cell(debit), cell(credit)]
    return {"type": "Section", "Summary": {"ColData": cells}}


BLANK: Row = {"type": "Data", "ColData": [cell() for _ in KEYS]}
NOTICE: Row = {
    "type": "Data",
    "ColData": [cell("UNABLE to display more data. Please reduce the date range.")],
}
WHOLE: list[Row] = [
    line("84", "110.00", day="2026-05-07", kind="Invoice"),
    line("1", credit="100.00"),
    line("90", credit="10.00"),
    closing("110.00", "110.00"),
    BLANK,
    closing("110.00", "110.00", "TOTAL"),
]


def answer(rows: list[Row] | None, *, keys: tuple[str, ...] = KEYS, **header: object) -> bytes:
    told = {"StartPeriod": FIRST.isoformat(), "EndPeriod": LAST.isoformat(), "Option": []} | header
    listed: object = {} if rows is None else {"Row": rows}
    columns = [{"ColTitle": "?", "ColType": key} for key in keys]
    return msgspec.json.encode({"Header": told, "Columns": {"Column": columns}, "Rows": listed})


def read(body: bytes) -> list[tuple[str, date, list[tuple[str, int]]]]:
    found = journal(body, FIRST, LAST, home="EUR", is_multi=False)
    return [
        (each.id, each.day, [(posting.account, posting.amount_e4) for posting in each.postings])
        for each in found
    ]


def test_the_official_samples_shape_is_read() -> None:
    lines = [("84", 1_100_000), ("1", -1_000_000), ("90", -100_000)]
    assert read(answer(WHOLE)) == [("900", date(2026, 5, 7), lines)]


@pytest.mark.parametrize(
    "rows",
    [
        WHOLE[:2],
        WHOLE[:4],
        WHOLE[:5],
        [*WHOLE[:5], NOTICE],
        [*WHOLE[:2], NOTICE],
        [*WHOLE[:3], line("1", "5.00", day="2026-05-08", kind="Bill", key="901")],
        [*WHOLE[:5], closing("210.00", "210.00", "TOTAL")],
        [*WHOLE, line("1", "5.00", day="2026-05-08", kind="Bill", key="901")],
        [],
        None,
    ],
)
def test_a_report_without_its_end_is_cut_short(rows: list[Row] | None) -> None:
    with pytest.raises(CutShort):
        read(answer(rows))


def test_a_memo_that_sounds_like_a_notice_is_none() -> None:
    rows = [dict(row) for row in WHOLE]
    cells = list(rows[1]["ColData"])
    cells[4] = cell("Unable to display more data")
    rows[1]["ColData"] = cells
    assert len(read(answer(rows))) == 1


@pytest.mark.parametrize("rows", [None, []])
def test_no_data_is_nothing_where_it_is_said(rows: list[Row] | None) -> None:
    option = [{"Name": "NoReportData", "Value": "true"}]
    assert read(answer(rows, Option=option)) == []
    body = answer(rows, Option=option).replace(b'"Rows":{}', b'"Rows":{"Row":null}')
    assert read(body) == []


@pytest.mark.parametrize(
    "rows",
    [
        [line("84", "110.00", day="2026-05-07", kind="Invoice"), closing("110.00", "110.00")],
        [
            line("84", "10.00", day="2026-05-07", kind="Invoice"),
            line("1", credit="10.00"),
            closing("11.00", "11.00"),
        ],
        [line("", "1.00", day="2026-05-07", kind="Invoice"), closing("1.00", "")],
        [line("84", "1.00", kind="Invoice"), closing("1.00", "")],
        [line("84", "1.00", day="2026-05-07", kind="Invoice", key=""), closing("1.00", "")],
    ],
)
def test_transactions_that_are_wrong_are_refused(rows: list[Row]) -> None:
    with pytest.raises(NotUnderstood):
        read(answer(rows))


def test_amounts_without_a_leading_zero_and_transactions_of_nothing() -> None:
    rows = [
        line("84", ".50", day="2026-05-07", kind="Check"),
        line("1", credit=".50"),
        closing(".50", ".50"),
        BLANK,
        line("", day="2026-05-08", kind="Payment", key="901"),
        line("", key="901"),
        closing(".00", ""),
        BLANK,
        closing(".50", ".50", "Gesamt"),
    ]
    assert read(answer(rows)) == [
        ("900", date(2026, 5, 7), [("84", 5_000), ("1", -5_000)]),
        ("901", date(2026, 5, 8), []),
    ]


def test_a_negative_amount_counts_on_the_other_side() -> None:
    rows = [
        line("84", "-5.00", day="2026-05-07", kind="Refund"),
        line("1", credit="-5.00"),
        closing("5.00", "5.00"),
        BLANK,
        closing("5.00", "5.00", "TOTAL"),
    ]
    assert read(answer(rows)) == [("900", date(2026, 5, 7), [("84", -50_000), ("1", 50_000)])]


def test_nested_sections_are_read_like_flat_rows() -> None:
    section = {"type": "Section", "Rows": {"Row": WHOLE[:5]}}
    assert read(answer([section, WHOLE[-1]])) == read(answer(WHOLE))


def test_another_period_than_asked_for_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="form this version"):
        read(answer(WHOLE, StartPeriod="2026-01-01"))


def test_columns_that_are_missing_are_refused_by_name() -> None:
    rows = [{**row, "ColData": row["ColData"][:6]} for row in WHOLE if "ColData" in row]
    with pytest.raises(NotUnderstood):
        read(answer(rows, keys=KEYS[:6]))
    with pytest.raises(NotUnderstood):
        read(answer(WHOLE, keys=("x", *KEYS[1:])))
    with pytest.raises(HomeAmountsMissing):
        journal(answer(WHOLE), FIRST, LAST, home="EUR", is_multi=True)


def test_home_amounts_that_do_not_balance_are_none() -> None:
    keys = (*KEYS[:6], "debt_home_amt", "credit_home_amt")
    rows = [
        line("84", "11.00", day="2026-05-07", kind="Invoice"),
        line("1", credit="10.00"),
        closing("11.00", "10.00"),
        closing("11.00", "10.00", "TOTAL"),
    ]
    with pytest.raises(HomeAmountsMissing):
        journal(answer(rows, keys=keys), FIRST, LAST, home="EUR", is_multi=True)


def test_half_an_answer_and_a_web_page_are_the_providers_trouble() -> None:
    for body in (b"", b"<html>", answer(WHOLE)[:200]):
        with pytest.raises(ProviderDown):
            read(body)


def test_a_general_ledger_must_close_its_accounts_and_balance() -> None:
    keys = (*KEYS[:6], "debt_home_amt", "credit_home_amt")

    def section(account: str, debit: str, credit: str, *, closed: bool = True) -> Row:
        inner = [
            {"type": "Data", "ColData": [cell("Beginning Balance"), *(cell() for _ in keys[1:])]},
            line(account, debit, credit, day="2026-05-07", kind="Invoice"),
        ]
        told: Row = {
            "type": "Section",
            "Header": {"ColData": [cell("A", account)]},
            "Rows": {"Row": inner},
        }
        return {**told, "Summary": {"ColData": [cell("Total for A")]}} if closed else told

    def ledger(*rows: Row) -> int:
        body = answer(list(rows), keys=keys)
        (found,) = general_ledger(body, FIRST, LAST, home="EUR")
        return len(found.postings)

    assert ledger(section("84", "5.00", ""), section("1", "", "5.00")) == 2
    with pytest.raises(CutShort):
        ledger(section("84", "5.00", ""))
    with pytest.raises(CutShort):
        ledger(section("84", "5.00", ""), section("1", "", "5.00", closed=False))


def balance(rows: list[Row], basis: str = "Accrual") -> dict[str, int]:
    body = answer(rows, keys=("", "debt_amt", "credit_amt"), ReportBasis=basis)
    return trial_balance(body, LAST)


def test_a_trial_balance_is_read_per_account() -> None:
    rows: list[Row] = [
        {"ColData": [cell("Bank", "5"), cell("12.50"), cell()]},
        {"ColData": [cell("Sales", "7"), cell(), cell("12.50")]},
        {
            "group": "GrandTotal",
            "Summary": {"ColData": [cell("TOTAL"), cell("12.50"), cell("12.50")]},
        },
    ]
    assert balance(rows) == {"5": 125_000, "7": -125_000}
    for wrong in (rows[:2], rows[1:], [rows[0], rows[1], {**rows[2], "Summary": rows[0]}]):
        with pytest.raises(NotUnderstood):
            balance(wrong)
    with pytest.raises(NotUnderstood):
        balance(rows, basis="Cash")
    with pytest.raises(NotUnderstood):
        balance([{"ColData": [cell("?"), cell("1.00"), cell("1.00")]}])

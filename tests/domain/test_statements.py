"""Statements and ageing from balances, invoices and lines: signs, closings, buckets, matching."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ageing import Bucket, OpenItem, Posting, aged, bucket_of, unmatched
from core.domain.books import AccountClass, LedgerAccount, Statement
from core.domain.proof import Cell
from core.domain.retention import Retention, to_let_go
from core.domain.statements import By, Section, balance_sheet, profit_and_loss

CLASSES = {
    "bank": (AccountClass.ASSET, Statement.BALANCE_SHEET),
    "loan": (AccountClass.LIABILITY, Statement.BALANCE_SHEET),
    "equity": (AccountClass.EQUITY, Statement.BALANCE_SHEET),
    "sales": (AccountClass.INCOME, Statement.PROFIT_AND_LOSS),
    "rent": (AccountClass.EXPENSE, Statement.PROFIT_AND_LOSS),
    "odd": (AccountClass.UNKNOWN, Statement.PROFIT_AND_LOSS),
}
ACCOUNTS = [
    LedgerAccount(key=key, code=key, name=key, account_class=found, statement=statement)
    for key, (found, statement) in CLASSES.items()
]


def cells(*rows: tuple[str, int, int, int]) -> dict[Cell, int]:
    return {Cell(account_key=key, year=year, period=period): e4 for key, year, period, e4 in rows}


YEAR = cells(
    ("bank", 2024, 1, 700),
    ("sales", 2024, 1, -1000),
    ("rent", 2024, 1, 300),
    ("bank", 2025, 1, 500),
    ("sales", 2025, 1, -800),
    ("rent", 2025, 1, 300),
)
CLOSING = cells(("sales", 2024, 13, 1000), ("rent", 2024, 13, -300), ("equity", 2024, 13, -700))


def test_profit_is_positive_and_so_is_what_is_spent() -> None:
    found = profit_and_loss(YEAR, ACCOUNTS, by=By.YEAR)
    assert [one.words for one in found.columns] == ["2024", "2025"]
    assert found.section_e4(Section.INCOME) == (1000, 800)
    assert found.section_e4(Section.EXPENSE) == (300, 300)
    assert found.results_e4 == (700, 500)


def test_a_closing_into_equity_is_left_out_and_named() -> None:
    found = profit_and_loss(YEAR | CLOSING, ACCOUNTS, by=By.YEAR)
    assert found.results_e4 == (700, 500)
    assert found.closings == ((2024, 13),)


def test_one_account_that_comes_to_nothing_is_no_closing() -> None:
    found = profit_and_loss(
        cells(("sales", 2024, 1, -5), ("sales", 2024, 2, 5)), ACCOUNTS, by=By.PERIOD
    )
    assert found.closings == ()
    assert found.results_e4 == (5, -5)


@pytest.mark.parametrize("closed", [False, True])
def test_both_sides_of_a_balance_sheet_are_the_same(closed: bool) -> None:
    held = YEAR | CLOSING if closed else YEAR
    found = balance_sheet(held, ACCOUNTS, by=By.YEAR)
    assert found.section_e4(Section.ASSET) == (700, 1200)
    assert found.section_e4(Section.EQUITY) == ((700, 700) if closed else (0, 0))
    assert found.results_e4 == ((0, 500) if closed else (700, 500))
    assert found.earlier_results_e4 == ((0, 0) if closed else (0, 700))
    assert found.differences_e4 == (0, 0)


def test_a_balance_sheet_counts_what_was_before_its_first_column() -> None:
    found = balance_sheet(YEAR, ACCOUNTS, since=(2025, 1), until=(2025, 1))
    assert [one.words for one in found.columns] == ["2025-01"]
    assert found.section_e4(Section.ASSET) == (1200,)
    assert found.differences_e4 == (0,)


def test_keys_no_account_has_are_counted_and_in_no_figure() -> None:
    held = YEAR | cells(("gone", 2025, 1, 9))
    assert profit_and_loss(held, ACCOUNTS).unplaced == 1
    assert balance_sheet(held, ACCOUNTS).unplaced == 1


POSTINGS = st.lists(
    st.tuples(
        st.sampled_from(list(CLASSES)),
        st.sampled_from([2024, 2025]),
        st.integers(0, 13),
        st.integers(-1000, 1000),
    ),
    max_size=30,
)


@given(POSTINGS)
def test_balanced_books_have_balanced_sheets(rows: list[tuple[str, int, int, int]]) -> None:
    held: dict[Cell, int] = {}
    for key, year, period, e4 in rows:
        for name, amount_e4 in ((key, e4), ("bank", -e4)):
            cell = Cell(account_key=name, year=year, period=period)
            held[cell] = held.get(cell, 0) + amount_e4
    for by in By:
        assert not any(balance_sheet(held, ACCOUNTS, by=by).differences_e4)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-5, Bucket.CURRENT),
        (0, Bucket.CURRENT),
        (1, Bucket.TO_30),
        (30, Bucket.TO_30),
        (31, Bucket.TO_60),
        (60, Bucket.TO_60),
        (61, Bucket.TO_90),
        (90, Bucket.TO_90),
        (91, Bucket.OVER_90),
    ],
)
def test_buckets_end_on_their_last_day(days: int, bucket: Bucket) -> None:
    assert bucket_of(days) is bucket


def day(number: int) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(days=number)


def posting(number: int, amount_e4: int, contact: str | None = "c") -> Posting:
    return Posting(account_key="1300", contact_key=contact, date=day(number), amount_e4=amount_e4)


def left(*postings: Posting) -> list[tuple[int, int]]:
    return [((item.due - day(0)).days, item.amount_e4) for item in unmatched(postings)]


def test_a_payment_settles_the_item_of_its_amount_before_the_oldest() -> None:
    assert left(posting(0, 100), posting(1, 70), posting(2, -70)) == [(0, 100)]


def test_a_part_payment_settles_the_oldest_first() -> None:
    assert left(posting(0, 100), posting(1, 70), posting(2, -120)) == [(1, 50)]


def test_what_is_paid_too_much_is_open_the_other_way() -> None:
    assert left(posting(0, 100), posting(1, -130)) == [(1, -30)]
    assert left(posting(0, -100), posting(1, 100)) == []


def test_contacts_do_not_pay_for_each_other() -> None:
    assert left(posting(0, 100, "a"), posting(1, -100, "b")) == [(0, 100), (1, -100)]


@given(st.lists(st.integers(-50, 50).filter(bool), max_size=40))
def test_matching_loses_nothing(amounts: list[int]) -> None:
    items = left(*(posting(at, amount) for at, amount in enumerate(amounts)))
    assert sum(amount for _, amount in items) == sum(amounts)
    assert len({amount > 0 for _, amount in items}) <= 1, "one side is open"


def test_rows_are_per_contact_and_leave_settled_ones_out() -> None:
    items = [
        OpenItem(contact_key="b", due=day(0), amount_e4=-5),
        OpenItem(contact_key=None, due=day(40), amount_e4=-7),
        OpenItem(contact_key="c", due=day(1), amount_e4=1),
        OpenItem(contact_key="c", due=day(1), amount_e4=-1),
    ]
    rows = aged(items, day(41), credit_positive=True)
    assert [(row.contact_key, row.amounts_e4, row.total_e4) for row in rows] == [
        (None, (0, 7, 0, 0, 0), 7),
        ("b", (0, 0, 5, 0, 0), 5),
    ]


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=60).map(sorted),
    st.integers(1, 400),
)
def test_retention_keeps_the_newest_the_nights_and_month_ends(
    offsets: list[int], nights: int
) -> None:
    published = [(number, day(offset)) for number, offset in enumerate(offsets, start=1)]
    today = day(400)
    gone = to_let_go(published, Retention(nights=nights), today)
    kept = [(number, date) for number, date in published if number not in gone]
    assert published[-1] in kept
    assert all(number not in gone for number, date in published if (today - date).days < nights)
    assert {(date.year, date.month) for _, date in kept} == {
        (date.year, date.month) for _, date in published
    }
    assert to_let_go(kept, Retention(nights=nights), today) == frozenset()
    assert to_let_go(published, Retention(), today) == frozenset()

"""Proofs of what happens at the edges of a year, and of entries in another currency.

Facts of providers: Twinfield closes a year in period 56 (manual year-end journals in 55) and opens
the next in period 0; Exact marks openings and closings by types of their lines and counts them as
postings, budgets not; Odoo has no closing entries at all, its result stays on its accounts.
"""

import datetime as dt
from decimal import Decimal

import pytest

from adapters.providers.exact_online.codes import BUDGET_TYPE
from adapters.providers.exact_online.rows import LineRow, lines_read
from core.domain.books import JournalEntry, JournalLine
from core.domain.proof import Cell, Proof, Verdict
from tests.services.house import House

YEAR_END = dt.date(2025, 12, 31)
NEW_YEAR = dt.date(2026, 1, 1)


@pytest.fixture
def house() -> House:
    house = House()
    house.follow(house.connect_odoo(), "adm-1")
    return house


def post(
    house: House, key: str, date: dt.date, period: int, *postings: tuple[str, int, int | None]
) -> None:
    """An entry of (account, amount, amount in dollars or None) in a period of the date's year."""
    changes = house.odoo.books[0].changes
    changes.append(
        JournalEntry(
            key=key, number=key, journal_key="jrn-sales", date=date, year=date.year, period=period
        )
    )
    for position, (account_key, amount_e4, foreign_e4) in enumerate(postings, start=1):
        changes.append(
            JournalLine(
                key=f"{key}-{position}",
                entry_key=key,
                position=position,
                account_key=account_key,
                date=date,
                year=date.year,
                period=period,
                amount_e4=amount_e4,
                currency=None if foreign_e4 is None else "USD",
                foreign_e4=foreign_e4,
            )
        )


def proof(house: House) -> Proof:
    (run,) = house.import_rung()
    assert run is not None
    assert run.proof is not None, run.trouble
    return run.proof


def closing_e4(house: House, until: tuple[int, int] | None) -> dict[str, int]:
    (entity,) = house.services.reading.entities(house.org)
    with house.storage.reading() as uow:
        rows = uow.books.trial_balance(entity.entity.id, 1, until=until)
    return {row.account_key: row.closing_e4 for row in rows}


def closed_year(house: House) -> None:
    """Turnover closed into the bank's stead in 56, balances closed there and opened in 0."""
    post(house, "sale", YEAR_END, 12, ("acc-debtors", 500, None), ("acc-turnover", -500, None))
    post(house, "manual", YEAR_END, 55, ("acc-vat", -20, None), ("acc-turnover", 20, None))
    post(house, "result", YEAR_END, 56, ("acc-turnover", 480, None), ("acc-bank", -480, None))
    post(
        house,
        "close",
        YEAR_END,
        56,
        *(("acc-debtors", -500, None), ("acc-vat", 20, None), ("acc-bank", 480, None)),
    )
    post(
        house,
        "open",
        NEW_YEAR,
        0,
        *(("acc-debtors", 500, None), ("acc-vat", -20, None), ("acc-bank", -480, None)),
    )


def test_a_closed_year_and_its_opening_are_proven_in_their_own_periods(house: House) -> None:
    closed_year(house)
    found = proof(house)
    assert found.sound, found
    before_closing = closing_e4(house, (2025, 55))
    assert (before_closing["acc-turnover"], before_closing["acc-debtors"]) == (-480, 500)
    closed = closing_e4(house, (2025, 56))
    assert not any(closed.values()), "all of it was closed"
    assert closing_e4(house, (2026, 0))["acc-debtors"] == 500


def test_a_thirteenth_period_is_a_period_of_its_own(house: House) -> None:
    post(house, "late", YEAR_END, 13, ("acc-vat", -7, None), ("acc-bank", 7, None))
    assert Cell(account_key="acc-bank", year=2025, period=13) in house.odoo.books[0].balances_e4()
    assert proof(house).sound
    assert closing_e4(house, (2025, 12)).get("acc-vat", 0) == 0
    assert closing_e4(house, (2025, 13))["acc-vat"] == -7


def test_a_result_that_is_never_closed_stays_on_its_accounts(house: House) -> None:
    post(house, "a", YEAR_END, 12, ("acc-debtors", 500, None), ("acc-turnover", -500, None))
    post(house, "b", NEW_YEAR, 1, ("acc-debtors", 300, None), ("acc-turnover", -300, None))
    found = proof(house)
    assert found.sound
    assert closing_e4(house, (2025, 12))["acc-turnover"] == -500
    both = closing_e4(house, (2026, 1))["acc-turnover"]
    assert both <= -800, "cut by year it would be less"


def test_an_entry_in_dollars_balances_in_the_books_own_currency(house: House) -> None:
    """The invoice at one rate, its payment at another: the difference is booked, in euros only."""
    post(house, "usd", NEW_YEAR, 1, ("acc-debtors", 900, 1000), ("acc-turnover", -900, -1000))
    post(
        house,
        "paid",
        dt.date(2026, 2, 1),
        2,
        *(("acc-bank", 950, 1000), ("acc-debtors", -900, -1000), ("acc-turnover", -50, None)),
    )
    found = proof(house)
    assert found.sound, found


def test_an_entry_that_balances_in_dollars_only_is_reported(house: House) -> None:
    post(house, "usd", NEW_YEAR, 1, ("acc-debtors", 900, 1000), ("acc-turnover", -950, -1000))
    found = proof(house)
    assert found.verdict is Verdict.PROVEN
    assert [(finding.key, finding.amount_e4) for finding in found.findings] == [("usd", -50)]


@pytest.mark.parametrize(
    ("line_type", "period"),
    [(10, 0), (82, 6), (310, 12), (320, 13), (324, 13), (327, 13), (328, 0)],
)
def test_exacts_openings_closings_and_exchange_differences_are_postings(
    line_type: int, period: int
) -> None:
    row = LineRow(
        id="A1",
        timestamp="5",
        entry_id="E1",
        type=line_type,
        date="/Date(1767139200000)/",
        financial_year=2025,
        financial_period=period,
        amount_dc=Decimal("12.50"),
        gl_account="6F",
        currency="EUR",
    )
    read = lines_read([row], currency="EUR")
    (line,) = (record for record in read.records if isinstance(record, JournalLine))
    assert (line.amount_e4, line.year, line.period) == (125_000, 2025, period)
    assert not read.outside


def test_exacts_budget_is_no_posting() -> None:
    row = LineRow(
        id="A1",
        timestamp="5",
        entry_id="E1",
        type=BUDGET_TYPE,
        date="/Date(1767139200000)/",
        financial_year=2025,
        financial_period=1,
        amount_dc=Decimal(100),
        gl_account="6F",
    )
    assert not lines_read([row], currency="EUR").records

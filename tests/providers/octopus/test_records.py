"""Decoding by itself: from bytes as Octopus writes them to records."""

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.octopus import records, rows
from adapters.providers.octopus.bookmark import Bookmark, Mode, Part, Stage, Step, starting, steps
from adapters.providers.octopus.contract import Balances, stamp
from adapters.providers.octopus.documents import documents, is_upside_down, parts
from adapters.providers.octopus.pulling import fitting_reading
from core.domain.books import (
    InvoiceDirection,
    JournalEntry,
    JournalLine,
)
from core.domain.failures import NotUnderstood, ProviderDown
from core.domain.proof import Cell
from core.ports.provider import START_OVER

Told = dict[str, object]


def booking(**changes: object) -> Told:
    """The supplier's line of a purchase in dollars."""
    row: Told = {
        "bookyearKey": {"id": 2},
        "journalType": 1,
        "journalNr": 1,
        "documentSequenceNr": 7,
        "lineSequenceNr": -1,
        "bookyearPeriodeNr": 202503,
        "documentDate": "2025-03-14",
        "expiryDate": "2025-04-13",
        "currencyCode": "USD",
        "exchangeRate": 0.9,
        "relationKey": {"id": 12},
        "comment": " Flour ",
        "accountKey": 440000,
        "bookingAmount": -121.1,
        "documentAmount": -134.56,
    }
    return {**row, **changes}


def decoded(*told: Told) -> list[rows.BookingRow]:
    body = json.dumps({"modifiedBookings": told, "deletedBookings": None}).encode()
    found = rows.BOOKINGS.decode(body).modified
    assert found is not None
    return found


def buy_sell(**changes: object) -> rows.BuySellRow:
    row: Told = {
        "bookyearKey": {"id": 2},
        "journalKey": "A1",
        "documentSequenceNr": 7,
        "documentDate": "2025-03-14",
        "expiryDate": "2025-04-13",
        "relationIdentificationServiceData": {"relationKey": {"id": 12}},
        "reference": "  ",
        "amount": 121.0,
        "currencyCode": "EUR",
        "exchangeRate": 1.0,
        "bookingLines": [{"accountKey": 600000, "baseAmount": 100.0, "vatAmount": 21.0}],
    }
    return rows.BUY_SELL.decode(json.dumps([{**row, **changes}]).encode())[0]


def nobody(_: int, __: int) -> str:
    raise AssertionError("nothing is asked about a bank journal")


# -- lines -----------------------------------------------------------------------------------------


def test_a_line_is_exact_and_named_after_its_place() -> None:
    document = documents(decoded(booking()))["2/A1/7"]
    entry, line = document.records(nobody)
    assert entry == JournalEntry(
        key="2/A1/7",
        number="7",
        journal_key="A1",
        date=dt.date(2025, 3, 14),
        year=2025,
        period=3,
        description="Flour",
    )
    assert line == JournalLine(
        key="2/A1/7/-1",
        entry_key="2/A1/7",
        position=0,
        account_key="440000",
        date=dt.date(2025, 3, 14),
        year=2025,
        period=3,
        amount_e4=-1_211_000,
        currency="USD",
        foreign_e4=-1_345_600,
        contact_key="12",
        description="Flour",
    )


def test_euro_lines_carry_no_foreign_amount_and_relation_zero_is_none() -> None:
    (document,) = documents(decoded(booking(currencyCode="EUR", relationKey={"id": 0}))).values()
    line = document.records(nobody)[1]
    assert isinstance(line, JournalLine)
    assert (line.foreign_e4, line.contact_key) == (None, None)


def test_a_line_without_an_account_is_kept_for_the_proof_to_report() -> None:
    told = booking()
    del told["accountKey"]
    line = documents(decoded(told))["2/A1/7"].records(nobody)[1]
    assert isinstance(line, JournalLine)
    assert line.account_key == records.NO_ACCOUNT


def test_a_line_number_used_twice_loses_no_line() -> None:
    document = documents(decoded(booking(), booking(bookingAmount=121.1)))["2/A1/7"]
    keys = [each.key for each in document.records(nobody) if isinstance(each, JournalLine)]
    assert keys == ["2/A1/7/-1", "2/A1/7/-1.2"]


@pytest.mark.parametrize("journal_type", [0, 7, 99])
def test_what_books_nothing_is_left_out(journal_type: int) -> None:
    assert documents(decoded(booking(journalType=journal_type))) == {}


@pytest.mark.parametrize("missing", ["bookingAmount", "documentDate", "journalNr"])
def test_a_line_that_misses_what_counts_is_not_understood(missing: str) -> None:
    told = booking()
    del told[missing]
    with pytest.raises(NotUnderstood):
        decoded(told)


def test_half_an_answer_is_octopus_trouble() -> None:
    with pytest.raises(ProviderDown):
        rows.BOOKINGS.decode(b'{"modifiedBookings":[{"bookyearKey":{"id":1},')


def test_doubles_are_rounded_to_cents() -> None:
    (document,) = documents(decoded(booking(bookingAmount=121.00000000000001))).values()
    line = document.records(nobody)[1]
    assert isinstance(line, JournalLine)
    assert line.amount_e4 == 1_210_000


# -- one-sided journals ----------------------------------------------------------------------------


def banked(amount: float, account_number: int = 400000) -> Told:
    return booking(
        journalType=3,
        journalNr=2,
        lineSequenceNr=1,
        currencyCode="EUR",
        accountKey=account_number,
        bookingAmount=amount,
    )


def test_what_a_customer_paid_debits_the_bank() -> None:
    (document,) = documents(decoded(banked(-50.0))).values()
    *_, line = document.records(lambda year, number: f"55{year}{number}00")
    assert isinstance(line, JournalLine)
    assert (line.account_key, line.amount_e4, line.key) == ("552200", 500_000, "2/F2/7/bank")
    assert line.contact_key is None


def test_a_document_with_its_banks_line_stays_as_it_is_however_unbalanced() -> None:
    told = [banked(-50.0), banked(49.0, 550000)]
    (document,) = documents(decoded(*told)).values()
    assert len(document.records(lambda *_: "550000")) == 3


def test_other_journals_are_never_completed() -> None:
    (document,) = documents(decoded(booking(journalType=4))).values()
    assert len(document.records(nobody)) == 2


# -- invoices --------------------------------------------------------------------------------------


def test_a_purchase_invoice() -> None:
    made = records.invoice(buy_sell(), ())
    assert made is not None
    assert made.direction is InvoiceDirection.PURCHASE
    assert (made.total_e4, made.tax_e4) == (1_210_000, 210_000)
    assert (made.contact_key, made.reference, made.entry_key) == ("12", None, "2/A1/7")
    assert made.due_date == dt.date(2025, 4, 13)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_credit_note_is_negative_however_its_lines_are_written(sign: int) -> None:
    line = {"accountKey": 600000, "baseAmount": sign * 100.0, "vatAmount": sign * 21.0}
    made = records.invoice(buy_sell(amount=-121.0, bookingLines=[line]), ())
    assert made is not None
    assert (made.total_e4, made.tax_e4) == (-1_210_000, -210_000)


def test_tax_that_does_not_add_up_is_left_unsaid() -> None:
    made = records.invoice(buy_sell(amount=120.0), ())
    assert made is not None
    assert (made.total_e4, made.tax_e4) == (1_200_000, None)


def test_a_reserved_number_is_no_invoice() -> None:
    assert records.invoice(buy_sell(amount=0.0, bookingLines=[]), ()) is None


def test_a_foreign_invoice_comes_to_what_the_ledger_says() -> None:
    told = buy_sell(amount=-134.56, currencyCode="USD", exchangeRate=0.5)
    made = records.invoice(told, decoded(booking(bookingAmount=121.1, documentAmount=134.56)))
    assert made is not None
    assert (made.total_e4, made.tax_e4) == (-1_211_000, None)
    alone = records.invoice(told, ())
    assert alone is not None
    assert alone.total_e4 == -672_800


# -- balances --------------------------------------------------------------------------------------


def amount(bookyear: int, period: int, account: int, balance: str) -> Told:
    return {
        "accountAmountKey": {
            "bookyearPeriodKey": {
                "bookyearKey": {"id": bookyear},
                "bookyearPeriodNr": period,
            },
            "accountKey": {"id": account, "bookyearKey": {"id": bookyear}},
        },
        "balance": float(Decimal(balance)),
    }


def amounts(*told: Told) -> list[rows.AmountRow]:
    body = json.dumps({"modified": told, "deleted": []}).encode()
    return rows.AMOUNTS.decode(body).modified or []


def cells(*told: tuple[int, int, int]) -> dict[Cell, int]:
    return {
        Cell(account_key="550000", year=year, period=period): amount_e4
        for year, period, amount_e4 in told
    }


def test_running_balances_are_taken_apart_within_a_bookyear() -> None:
    told = amounts(
        amount(1, 202503, 550000, "30.5"),
        amount(1, 202501, 550000, "10"),
        amount(2, 202601, 550000, "4"),
    )
    moved = cells((2025, 1, 100_000), (2025, 3, 205_000), (2026, 1, 40_000))
    assert records.balances(told, Balances.RUNNING) == moved
    read = cells((2025, 1, 100_000), (2025, 3, 305_000), (2026, 1, 40_000))
    assert records.balances(told, Balances.MOVEMENT) == read
    assert fitting_reading(told, moved) is Balances.RUNNING
    assert fitting_reading(told, read) is Balances.MOVEMENT


def test_one_period_says_nothing_about_the_reading() -> None:
    told = amounts(amount(1, 202501, 550000, "10"))
    assert fitting_reading(told, cells((2025, 1, 100_000))) is None


# -- sides, portions, bookmarks --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts_told", "expected"),
    [
        ([5.0] * 20, False),
        ([-5.0] * 20, True),
        ([-5.0] * 19, False),
        ([5.0] * 15 + [-900.0] * 6, False),
    ],
)
def test_the_side_of_costs_tells_the_sign(amounts_told: Sequence[float], expected: bool) -> None:
    told = [booking(accountKey=610000, bookingAmount=each) for each in amounts_told]
    assert is_upside_down(decoded(*told)) is expected


@given(
    sizes=st.lists(st.integers(min_value=1, max_value=7), max_size=30),
    records_max=st.integers(min_value=3, max_value=20),
)
def test_portions_hold_everything_once(sizes: list[int], records_max: int) -> None:
    told = [
        booking(documentSequenceNr=number, lineSequenceNr=line)
        for number, size in enumerate(sizes)
        for line in range(size)
    ]
    found = documents(decoded(*told))
    portions = list(parts(found.values(), nobody, records_max))
    held = [each.key for portion, _ in portions for each in portion]
    assert held == [each.key for document in found.values() for each in document.records(nobody)]
    assert all(len(portion) <= records_max for portion, _ in portions)
    keys = [key for _, whole in portions for key in sorted(whole)]
    assert sorted(keys) == sorted(found)


@pytest.mark.parametrize("bookmark", [None, "", "{", '{"v":0}', START_OVER, "[]", '{"stage":"x"}'])
def test_a_bookmark_of_another_kind_starts_over(bookmark: str | None) -> None:
    assert starting(bookmark) == Bookmark()


def test_a_bookmark_goes_on_where_it_was() -> None:
    at = Bookmark(stage=Stage.BOOKINGS, todo=steps([2, 1]), started="2026-01-01 00:00:00.000")
    assert starting(at.encoded()) == at
    assert at.todo[:2] == (Step(1, Part.TRADE), Step(1, Part.FINANCIAL))


def test_a_finished_bookmark_asks_for_changes() -> None:
    done = Bookmark(
        stage=Stage.DONE,
        started="2026-01-01 00:00:00.000",
        balances=Balances.RUNNING,
        language="FR",
    )
    following = starting(done.encoded())
    assert following.mode is Mode.CHANGES
    assert following.stage is Stage.ACCOUNTS
    assert (following.since, following.started) == ("2026-01-01 00:00:00.000", "")
    assert (following.balances, following.language) == (Balances.RUNNING, "FR")


def test_times_are_the_wall_clocks_of_brussels() -> None:
    summer = dt.datetime(2026, 7, 1, 22, 30, 0, 250_000, tzinfo=dt.UTC)
    assert stamp(summer) == "2026-07-02 00:30:00.250"

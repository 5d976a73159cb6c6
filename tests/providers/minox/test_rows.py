"""Minox' bytes as records."""

import json
from datetime import date
from typing import Any

import pytest

from adapters.providers.minox import rows
from adapters.providers.minox.balance import trial_balance
from adapters.providers.minox.bookmark import (
    BOOKMARK_VERSION,
    Bookmark,
    Mode,
    Stage,
    open_years,
    planned,
    starting,
)
from adapters.providers.minox.codes import CUSTOMER, SUPPLIER
from adapters.providers.minox.ledger import Ledger
from core.domain.books import (
    BOOKMARK_CHARACTERS_MAX,
    AccountClass,
    Invoice,
    InvoiceDirection,
    JournalEntry,
    JournalKind,
    JournalLine,
    Statement,
    TaxUse,
)
from core.domain.failures import NotUnderstood, ProviderDown

YEAR = rows.FiscalYear(year=2025, start=date(2025, 1, 1), end=date(2025, 12, 31))
NOW = 1_760_000_000


def one(decoder: Any, row: dict[str, object]) -> Any:  # noqa: ANN401 - one of several rows
    body = json.dumps({"links": {}, "collection": [row]}).encode()
    return decoder.decode(body).rows[0]


def line(**more: object) -> dict[str, object]:
    return {
        "id": "L1",
        "batch_id": "B1",
        "account": {"id": "4000", "scheme": "MINOX", "type": "ledger_account"},
        "debit": 12.5,
        "credit": 0,
        "document_date": "2025-03-31",
        "entry_number": 7,
        "journal": {"id": "70", "type": "sales", "line_number": 3},
        "period": {"id": 3, "fiscal_year": 2025},
        **more,
    }


def read(*told: dict[str, object], leave_opening: bool = False) -> Ledger:
    ledger = Ledger(year=YEAR, currency="EUR", leave_opening=leave_opening)
    ledger.add([one(rows.LINES, row) for row in told])
    return ledger


def test_two_columns_are_one_amount_to_the_cent() -> None:
    ledger = read(line(debit=0, credit=1234.56), line(id="L2", debit=121.00000000000001))
    amounts = [r.amount_e4 for r in ledger.all_records() if isinstance(r, JournalLine)]
    assert amounts == [-12_345_600, 1_210_000]


def test_lines_of_a_batch_are_one_entry_of_a_year() -> None:
    ledger = read(line(), line(id="L2"), line(id="L3", batch_id="B2"))
    entries = [r for r in ledger.all_records() if isinstance(r, JournalEntry)]
    assert [entry.key for entry in entries] == ["2025/b1", "2025/b2"]
    assert entries[0].number == "7"
    assert entries[0].journal_key == "70"
    assert [r.position for r in ledger.all_records() if isinstance(r, JournalLine)] == [3, 3, 3]


@pytest.mark.parametrize(
    ("told", "entry_day"), [("2024-12-30", date(2025, 1, 1)), ("2026-02-01", date(2025, 12, 31))]
)
def test_an_entry_stays_inside_its_fiscal_year(told: str, entry_day: date) -> None:
    """The window of a year would delete entries of another one otherwise."""
    entry, posted = read(line(document_date=told)).all_records()
    assert isinstance(entry, JournalEntry)
    assert isinstance(posted, JournalLine)
    assert entry.date == entry_day
    assert posted.date.isoformat() == told


def test_a_moment_and_a_missing_date_are_days() -> None:
    ledger = read(line(document_date="2025-03-31T22:00:00.000Z"), line(id="2", document_date=None))
    days = [r.date for r in ledger.all_records() if isinstance(r, JournalLine)]
    assert days == [date(2025, 3, 31), date(2025, 1, 1)]


def test_periods_are_kept_as_they_are() -> None:
    (_, posted) = read(line(period={"id": 14, "fiscal_year": 2025})).all_records()
    assert isinstance(posted, JournalLine)
    assert (posted.year, posted.period) == (2025, 14)


def test_period_nothing_is_left_out_where_it_repeats() -> None:
    opening = line(period={"id": 0, "fiscal_year": 2025})
    assert read(opening, leave_opening=True).all_records() == ()
    assert len(read(opening).all_records()) == 2


@pytest.mark.parametrize(
    ("kind", "journal", "debit", "credit", "direction", "total_e4"),
    [
        (CUSTOMER, "sales", 121, 0, InvoiceDirection.SALES, 1_210_000),
        (CUSTOMER, "sales", 0, 121, InvoiceDirection.SALES, -1_210_000),
        (SUPPLIER, "purchase", 0, 121, InvoiceDirection.PURCHASE, 1_210_000),
        (SUPPLIER, "purchase", 121, 0, InvoiceDirection.PURCHASE, -1_210_000),
    ],
)
def test_a_line_of_a_person_is_an_invoice(
    kind: str,
    journal: str,
    debit: int,
    credit: int,
    direction: InvoiceDirection,
    total_e4: int,
) -> None:
    told = line(
        account={"id": "0042", "type": kind},
        journal={"id": "70", "type": journal},
        debit=debit,
        credit=credit,
        invoice_number=250001,
        due_date="2025-04-30",
    )
    _, posted, invoice = read(told).all_records()
    assert isinstance(posted, JournalLine)
    assert isinstance(invoice, Invoice)
    assert posted.account_key == {CUSTOMER: "debtors", SUPPLIER: "creditors"}[kind]
    assert posted.contact_key == invoice.contact_key == {CUSTOMER: "C42", SUPPLIER: "S42"}[kind]
    assert (invoice.direction, invoice.total_e4) == (direction, total_e4)
    assert (invoice.number, invoice.due_date) == ("250001", date(2025, 4, 30))


@pytest.mark.parametrize("journal", ["bank", "general", "unheard of"])
def test_elsewhere_a_line_of_a_person_is_none(journal: str) -> None:
    told = line(account={"id": "42", "type": CUSTOMER}, journal={"id": "1", "type": journal})
    assert not [r for r in read(told).all_records() if isinstance(r, Invoice)]


def test_terms_of_one_invoice_are_added_up() -> None:
    person = {"account": {"id": "42", "type": CUSTOMER}, "invoice_number": 9}
    ledger = read(line(**person), line(id="L2", **person))
    (invoice,) = [r for r in ledger.all_records() if isinstance(r, Invoice)]
    assert invoice.total_e4 == 250_000


# -- masters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "account_class", "statement"),
    [
        ({"isBalance": True, "rgs": [{"reference_code": "BEivGok"}]}, "equity", "balance sheet"),
        ({"isBalance": True, "rgs": [{"reference_code": "BSchBep"}]}, "liability", "balance sheet"),
        ({"isBalance": False, "rgs": [{"reference_code": "WOmzNol"}]}, "income", None),
        ({"isBalance": True, "debit_credit_suggestion": "debet"}, "asset", "balance sheet"),
        ({"isBalance": True, "debit_credit_suggestion": "credit"}, "unknown", "balance sheet"),
        ({"isBalance": False, "debit_credit_suggestion": "credit"}, "income", None),
        ({"isBalance": False, "rgs": [], "debit_credit_suggestion": "none"}, "unknown", None),
    ],
)
def test_what_an_account_is(
    row: dict[str, object], account_class: str, statement: str | None
) -> None:
    account = rows.ledger_account(one(rows.ACCOUNTS, {"id": 800, "description": " Omzet ", **row}))
    assert account.account_class is AccountClass(account_class)
    assert account.statement is Statement(statement or "profit and loss")
    assert (account.key, account.code, account.name) == ("800", "800", "Omzet")


def test_a_blocked_account_is_not_active() -> None:
    told = {"id": 1, "isBalance": True, "blocked": {"active": True, "reason": "old"}}
    assert not rows.ledger_account(one(rows.ACCOUNTS, told)).active


def test_a_persons_name_is_that_of_the_postal_address() -> None:
    told = {
        "id": 42,
        "addresses": [
            {"address_type": "delivery", "name": "Magazijn"},
            {"address_type": "postal", "name": "Jansen", "city": "Breda", "country_code": "NL"},
        ],
        "vat": {"vat_registration_number": "NL1"},
    }
    contact = rows.contact(one(rows.CUSTOMERS, told), CUSTOMER)
    assert (contact.key, contact.name, contact.city) == ("C42", "Jansen", "Breda")
    assert (contact.is_customer, contact.is_supplier) == (True, False)
    bare = rows.contact(one(rows.SUPPLIERS, {"id": 42}), SUPPLIER)
    assert (bare.key, bare.name) == ("S42", "42")


@pytest.mark.parametrize(
    ("told", "use"),
    [
        ("Af te dragen (1a, 1b)", TaxUse.SALES),
        ("Te vorderen (5b)", TaxUse.PURCHASE),
        ("Verlegd binnenland - levering (1e)", TaxUse.SALES),
        ("Verlegd binnen EU - verwerving (4b)", TaxUse.PURCHASE),
        ("Afstandsverkopen binnen de EU (3c)", TaxUse.SALES),
        ("Diensten binnen de EU (ICP)", TaxUse.SALES),
        ("Iets nieuws", TaxUse.BOTH),
    ],
)
def test_vat_codes_by_their_dutch_words(told: str, use: TaxUse) -> None:
    code = rows.tax_code(one(rows.VAT_CODES, {"id": 2, "type": told, "percentage": 21}))
    assert (code.use, code.rate_e4) == (use, 2_100)


def test_journals_nobody_announced_are_other_ones() -> None:
    journal = rows.journal(one(rows.JOURNALS, {"id": "XX", "type": "accrual"}))
    assert journal.journal_kind is JournalKind.OTHER


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"", ProviderDown),
        (b"<html>", ProviderDown),
        (b'{"collection":[{"id":"L"}]}', NotUnderstood),
        (b'{"links":{}}', NotUnderstood),
        (b"[]", NotUnderstood),
    ],
)
def test_a_page_that_is_none_is_refused(body: bytes, failure: type[Exception]) -> None:
    with pytest.raises(failure):
        rows.LINES.decode(body)


@pytest.mark.parametrize(
    ("links", "following"),
    [
        ({}, None),
        ({"next": None}, None),
        ({"next": ""}, None),
        ({"next": 40}, "40"),
        ({"next": "abc"}, "abc"),
        ({"next": {"href": "https://app.minox.nl/api/1/x"}}, "https://app.minox.nl/api/1/x"),
        ([], None),
        (None, None),
    ],
)
def test_how_a_list_goes_on(links: object, following: str | None) -> None:
    body = json.dumps({"links": links, "collection": {}}).encode()
    assert rows.ACCOUNTS.decode(body).following == following


# -- trial balance ---------------------------------------------------------------------------------


def test_people_are_added_up_in_the_trial_balance() -> None:
    told = [
        {"account": {"id": "7", "type": "customer"}, "opening_debit": 5, "debit": 10, "credit": 1},
        {"account": {"id": 8, "type": "customer"}, "debit": "2.50", "credit": None},
        {"account": {"id": "0800", "type": "ledger_account"}, "debit": 0, "credit": 11.5},
    ]
    balance = trial_balance(json.dumps(told).encode())
    assert balance.moved_e4 == {"debtors": 115_000, "800": -115_000}
    assert balance.opening_e4 == {"debtors": 50_000, "800": 0}
    assert balance.has_bookings


@pytest.mark.parametrize(
    "told",
    [
        {"rows": []},
        {"collection": None},
        {"collection": [{"account": {"id": 1}, "saldo": 5}]},
        {"collection": [{"debit": 5, "credit": 0}]},
        {"collection": [{"account": {"id": 1}, "debit": "vijf"}]},
        [7],
        "x",
    ],
)
def test_a_balance_in_no_form_foreseen_is_told(told: object) -> None:
    with pytest.raises(NotUnderstood):
        trial_balance(json.dumps(told).encode())


# -- bookmarks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [None, "", "start over", '{"v":99}', "{}"])
def test_a_bookmark_that_is_none_starts_over(told: str | None) -> None:
    at = starting(told, now=NOW)
    assert (at.mode, at.stage) == (Mode.WHOLE, Stage.ACCOUNTS)


def test_open_years_are_the_newest_begun_and_those_to_come() -> None:
    years = [
        rows.FiscalYear(year=year, start=date(year, 1, 1), end=date(year, 12, 31))
        for year in range(2020, 2028)
    ]
    assert open_years(years, date(2026, 11, 20)) == {2025, 2026, 2027}
    done = Bookmark(mode=Mode.WHOLE, stage=Stage.DONE, started_at=NOW, whole_at=NOW)
    night = planned(starting(done.encoded(), now=NOW + 86_400), years, date(2026, 11, 20))
    assert night.queue == (2025, 2026, 2027)
    assert night.v == BOOKMARK_VERSION


def test_a_bookmark_stays_small_however_many_entries_began() -> None:
    begun = "".join(f"{number:08d}" for number in range(20_000))
    at = Bookmark(mode=Mode.OPEN, stage=Stage.LINES, started_at=0, whole_at=0, begun=begun)
    told = at.encoded()
    assert len(told) <= BOOKMARK_CHARACTERS_MAX
    kept = starting(told, now=NOW).begun
    assert kept
    assert begun.endswith(kept), "the newest are kept"

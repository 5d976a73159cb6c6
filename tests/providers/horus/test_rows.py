"""Horus' rows as records, by the words of the contract."""

from datetime import date

import pytest

from adapters.providers.horus import rows
from adapters.providers.horus.bookmark import (
    CHECK_SECONDS,
    OVERLAP_SECONDS,
    RELOAD_SECONDS,
    Bookmark,
    Mode,
    Stage,
    starting,
)
from adapters.providers.horus.contract import CONTRACT, Resource
from adapters.providers.kit.loose import Loose
from core.domain.books import (
    AccountClass,
    InvoiceDirection,
    JournalKind,
    JournalLine,
    Statement,
    TaxUse,
)
from core.domain.failures import NotUnderstood

YEAR = rows.BookYear(
    id="y", year=2025, start=date(2025, 1, 1), end=date(2025, 12, 31), closed=False
)
NOW = 1_760_000_000


def of(resource: Resource, **members: object) -> Loose:
    return Loose.of(members, provider="Horus", what=resource.about, names=resource.names)


def entry(**more: object) -> Loose:
    told = {"id": "e1", "date": "2025-03-31", "period": 3, "number": 7, "currency": "EUR"}
    return of(CONTRACT.entries, **{**told, **more})


def line(outer: Loose, **more: object) -> JournalLine:
    told = {"id": "l1", "accountId": "a1", "debit": "12.50", "credit": "0"}
    booked = rows.entry(outer, YEAR)
    return rows.line(of(CONTRACT.lines, **{**told, **more}), booked, 4, outer, "EUR")


def test_a_line_is_known_by_its_entry_and_its_id_or_place() -> None:
    assert line(entry()).key == "e1/l1"
    without = line(entry(), id=None)
    assert (without.key, without.position) == ("e1/#4", 4)
    assert line(entry(), position=9).position == 9


def test_debit_is_positive_and_one_of_the_two_is_enough() -> None:
    assert line(entry()).amount_e4 == 125_000
    assert line(entry(), debit=None, credit="3").amount_e4 == -30_000
    with pytest.raises(NotUnderstood):
        line(entry(), debit=None, credit=None)


@pytest.mark.parametrize("told", ["100.00", "-100.00"])
def test_a_foreign_amount_has_the_sign_of_the_line(told: str) -> None:
    """Whether it carries one is not known."""
    outer = entry(currency="USD")
    assert line(outer, amountCurrency=told).foreign_e4 == 1_000_000
    bought = line(outer, debit="0", credit="90", amountCurrency=told)
    assert (bought.currency, bought.foreign_e4) == ("USD", -1_000_000)
    own = line(entry(), amountCurrency=told)
    assert (own.currency, own.foreign_e4) == (None, None)


def test_a_line_without_a_company_has_its_entrys() -> None:
    assert line(entry(companyId="c1")).contact_key == "c1"
    assert line(entry(companyId="c1"), companyId="c2").contact_key == "c2"


def test_an_entry_without_a_period_is_in_its_month() -> None:
    assert rows.entry(entry(period=None), YEAR).period == 3
    assert rows.entry(entry(period=13), YEAR).period == 13
    with pytest.raises(NotUnderstood):
        rows.entry(entry(date=None), YEAR)


@pytest.mark.parametrize(
    ("told", "total_e4"),
    [
        ({"creditNote": False}, 1_210_000),
        ({"creditNote": True}, -1_210_000),
        ({"creditNote": True, "totalInclVat": "-121"}, -1_210_000),
    ],
)
def test_credit_notes_are_negative_however_they_come(
    told: dict[str, object], total_e4: int
) -> None:
    members = {"id": "i", "type": "sale", "date": "2025-01-02", "totalInclVat": "121", **told}
    invoice = rows.invoice(of(CONTRACT.invoices, **members))
    assert (invoice.total_e4, invoice.direction) == (total_e4, InvoiceDirection.SALES)
    assert invoice.tax_e4 is None
    assert invoice.entry_key is None


@pytest.mark.parametrize(
    ("told", "account_class", "statement"),
    [
        ({"type": "income", "number": "700000"}, AccountClass.INCOME, Statement.PROFIT_AND_LOSS),
        ({"type": "OFF", "number": "090000"}, AccountClass.OFF_BALANCE, Statement.OFF_BALANCE),
        ({"type": "asset", "number": "400000"}, AccountClass.ASSET, Statement.BALANCE_SHEET),
        ({"number": "610000"}, AccountClass.UNKNOWN, Statement.PROFIT_AND_LOSS),
        ({"number": "012000"}, AccountClass.UNKNOWN, Statement.OFF_BALANCE),
        ({"type": "??", "number": "170000"}, AccountClass.UNKNOWN, Statement.BALANCE_SHEET),
    ],
)
def test_what_an_account_is(
    told: dict[str, object], account_class: AccountClass, statement: Statement
) -> None:
    account = rows.ledger_account(of(CONTRACT.accounts, id="a", name="x", **told))
    assert (account.account_class, account.statement) == (account_class, statement)


def test_masters_that_say_little() -> None:
    assert rows.journal(of(CONTRACT.journals, id="j")).journal_kind is JournalKind.OTHER
    assert rows.is_opening(of(CONTRACT.journals, id="j", type="Opening"))
    assert rows.tax_code(of(CONTRACT.vat_codes, id="v")).use is TaxUse.BOTH
    code = rows.tax_code(of(CONTRACT.vat_codes, id="v", rate="21.00", direction="purchase"))
    assert (code.use, code.rate_e4) == (TaxUse.PURCHASE, 2_100)
    contact = rows.contact(of(CONTRACT.companies, id="c"))
    assert (contact.name, contact.is_customer, contact.is_supplier) == ("c", True, True)


def test_a_book_year_is_called_by_the_year_it_ends_in() -> None:
    told = {"id": "y", "startDate": "2024-07-01", "endDate": "2025-06-30", "closed": True}
    year = rows.book_year(of(CONTRACT.book_years, **told))
    assert (year.year, year.closed) == (2025, True)
    with pytest.raises(NotUnderstood):
        rows.book_year(of(CONTRACT.book_years, id="y", startDate="2024-07-01"))


# -- bookmarks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [None, "", "start over", '{"v":99}', "{}"])
def test_a_bookmark_that_is_none_starts_over(told: str | None) -> None:
    at = starting(told, now=NOW)
    assert (at.mode, at.stage) == (Mode.WHOLE, Stage.BOOK_YEARS)


@pytest.mark.parametrize(
    ("seconds", "mode"),
    [
        (3_600, Mode.CHANGES),
        (CHECK_SECONDS + 1, Mode.CHECK),
        (RELOAD_SECONDS + 1, Mode.WHOLE),
    ],
)
def test_how_much_is_read_depends_on_how_long_ago_it_was(seconds: int, mode: Mode) -> None:
    done = Bookmark(mode=Mode.WHOLE, stage=Stage.DONE, started_at=NOW, checked_at=NOW)
    at = starting(done.encoded(), now=NOW + seconds)
    assert at.mode is mode
    assert at.since == (0 if mode is Mode.WHOLE else NOW - OVERLAP_SECONDS)


def test_a_pull_that_was_left_goes_on_where_it_was() -> None:
    left = Bookmark(
        mode=Mode.CHANGES, stage=Stage.ENTRIES, started_at=NOW, checked_at=NOW, page="500"
    )
    assert starting(left.encoded(), now=NOW + 60) == left

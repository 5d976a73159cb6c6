"""From elements and texts to records, and what of a browse answer is refused."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.xml import Element, Reading, elements, whole
from adapters.providers.twinfield import rows as wire
from adapters.providers.twinfield.browsing import WANTED, Row, rows_of
from adapters.providers.twinfield.questions import (
    CUSTOMER_ITEMS,
    ITEM_FIELDS,
    LEDGER_FIELDS,
    SUPPLIER_ITEMS,
    Slice,
    browse,
)
from adapters.providers.twinfield.refusals import check_finder, check_result
from adapters.providers.twinfield.times import wall_clock, wide
from core.domain.books import Invoice, InvoiceDirection, JournalKind, TaxUse, TradeSide
from core.domain.failures import FixSettings, NotUnderstood
from core.domain.proof import Cell

READING = Reading(sender="Twinfield", what="a test")
SHORT = ("fin.trs.head.year", "fin.trs.line.dim1")


def parsed(text: str) -> Element:
    return whole(text.encode(), READING)


def browsed(body: str, fields: tuple[str, ...] = SHORT) -> list[Row]:
    found: Iterator[Element] = elements([body.encode()], WANTED, READING)
    return list(rows_of(found, fields, "rows"))


def cell(name: str, text: str) -> str:
    return f'<td field="{name}" type="String">{text}</td>'


KEY = "<key><office>1001</office><code>VRK</code><number>202400001</number><line>2</line></key>"
HEADING = "<th><td>fin.trs.head.year</td><td>fin.trs.line.dim1</td></th>"


def row(year: str = "2024", code: str = "0180") -> str:
    return f"<tr>{cell(SHORT[0], year)}{cell(SHORT[1], code)}{KEY}</tr>"


@given(cents=st.integers(-(10**14), 10**14))
def test_amounts_are_exact(cents: int) -> None:
    text = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    assert wire.amount_e4(text) == cents * 100


@pytest.mark.parametrize("text", ["", "1,00", "NaN", "1e400", "1.00001", "--1.00"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        wire.amount_e4(text)


@pytest.mark.parametrize("text", ["", "2024-01-01", "20240230", "2024010", "20240101120000"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        wire.day(text)


def test_rows_are_read_in_the_order_of_the_heading_and_padded_codes_kept() -> None:
    body = f'<browse result="1" total="2">{HEADING}{row()}{row(code=" 001 ")}</browse>'
    assert browsed(body) == [
        ("2024", "0180", "1001", "VRK", "202400001", "2"),
        ("2024", "001", "1001", "VRK", "202400001", "2"),
    ]


def test_cells_in_another_order_or_beside_others_are_told_by_name() -> None:
    turned = f"<tr>{KEY}{cell('new', 'x')}{cell(SHORT[1], '0180')}{cell(SHORT[0], '2024')}</tr>"
    for heading in (HEADING, ""):
        body = f'<browse result="1" total="1">{heading}{turned}</browse>'
        assert browsed(body) == [("2024", "0180", "1001", "VRK", "202400001", "2")]


@pytest.mark.parametrize(
    "body",
    [
        f'<browse result="1" total="3">{HEADING}{row()}</browse>',
        f'<browse result="1" total="1"><tr>{cell(SHORT[0], "2024")}{KEY}</tr></browse>',
        "<something/>",
    ],
)
def test_a_partial_answer_is_refused(body: str) -> None:
    with pytest.raises(NotUnderstood):
        browsed(body)


def test_zero_rows_are_an_answer() -> None:
    assert browsed('<browse result="1" first="1" last="0" total="0"/>') == []


def test_a_refusal_with_status_200_names_what_twinfield_said_in_the_log_only() -> None:
    body = '<browse result="0" msgtype="error" msg="Geen toegang."/>'
    with pytest.raises(FixSettings) as caught:
        browsed(body)
    assert "Geen toegang" in caught.value.detail
    assert "Geen toegang" not in caught.value.sentence


def test_a_warning_leaves_the_data_usable_and_a_nested_error_does_not() -> None:
    check_result(parsed('<a result="0" msgtype="warning" msg="Let op"/>'), "it")
    with pytest.raises(FixSettings):
        check_result(parsed('<a result="0"><code msgtype="error" msg="x" result="0"/></a>'), "it")


def test_a_finder_refuses_by_code() -> None:
    message = "<MessageOfErrorCodes><Type>{}</Type><Code>AccessDenied</Code></MessageOfErrorCodes>"
    answer = "<r><SearchResult>{}</SearchResult></r>"
    check_finder(parsed(answer.format(message.format("Warning"))), "daybooks")
    with pytest.raises(FixSettings):
        check_finder(parsed(answer.format(message.format("Error"))), "daybooks")


def test_the_element_that_closes_a_list_of_dimensions_is_none_of_them() -> None:
    pseudo = "<dimension><type>DEB</type><code>DEB</code></dimension>"
    assert wire.is_pseudo(parsed(pseudo))
    assert wire.is_pseudo(parsed("<dimension><type>DEB</type></dimension>"))
    assert not wire.is_pseudo(parsed(pseudo.replace("<code>DEB", "<code> 1000 ")))


def test_a_control_account_is_told_by_those_behind_it() -> None:
    element = parsed(
        "<dimension status='deleted'><code>\n1300\n</code><name>Deb</name></dimension>"
    )
    account = wire.account(element, "BAS", {"1300": TradeSide.RECEIVABLE})
    assert (account.key, account.code, account.trade) == ("BAS 1300", "1300", TradeSide.RECEIVABLE)
    assert not account.active
    assert wire.account(element, "PNL", {"1300": TradeSide.RECEIVABLE}).trade is None


def test_a_customers_default_address_counts() -> None:
    element = parsed(
        "<dimension status='active'><code>1000</code><name>X</name><vatnumber/><addresses>"
        "<address default='false'><city>Gent</city></address>"
        "<address default='true'><city>Leuven</city><country name='Belgium'>BE</country>"
        "<email>a@b.test</email><field4>BE0123</field4></address></addresses></dimension>"
    )
    contact = wire.contact(element, "CRD")
    assert (contact.key, contact.is_supplier, contact.is_customer) == ("CRD 1000", True, False)
    assert (contact.city, contact.country, contact.email) == ("Leuven", "BE", "a@b.test")
    assert contact.vat_number == "BE0123"


def test_the_rate_of_today_is_the_newest_that_began() -> None:
    rates = "".join(
        f"<percentage><date>{day}</date><percentage>{rate}</percentage></percentage>"
        for day, rate in (("20000101", "19.0"), ("20121001", "21.000000000"), ("20990101", "25"))
    )
    element = parsed(
        f"<vat><code>VH</code><name>Hoog</name><type>sales</type><percentages>{rates}</percentages>"
        "</vat>"
    )
    tax = wire.tax_code(element, date(2026, 1, 1))
    assert (tax.rate_e4, tax.use) == (2100, TaxUse.SALES)
    bare = wire.tax_code(parsed("<vat><code>X</code></vat>"), date(2026, 1, 1))
    assert (bare.rate_e4, bare.use) == (None, TaxUse.NONE)
    assert wire.parse_percentage("6") == Decimal("0.06")


def line(
    *,
    management: str,
    relation: str,
    base: str,
    currency: str = "EUR",
    value: str = "",
    n: str = "1",
) -> Row:
    head = ("2024", "0", "20240101", currency)
    dims = ("1300", "BAS", "1000" if relation else "", relation)
    rest = (value or base, base, "VH", "tekst", "F7", management)
    return (*head, *dims, *rest, "1001", "VRK", "202400001", n)


def test_a_transaction_becomes_entry_lines_and_invoice() -> None:
    collected = wire.Collected(currency="EUR", kinds={})
    assert collected.add(line(management="SALESINVOICE", relation="DEB", base="121.00"))
    assert not collected.add(line(management="SALESINVOICE", relation="", base="-121.00", n="2"))
    (entry,) = collected.entries.values()
    assert (entry.key, entry.year, entry.period) == ("VRK/202400001", 2024, 0)
    assert [one.key for one in collected.lines] == ["VRK/202400001/1", "VRK/202400001/2"]
    assert collected.lines[0].contact_key == "DEB 1000"
    assert collected.lines[1].contact_key is None
    (invoice,) = collected.invoices.values()
    assert (invoice.direction, invoice.total_e4) == (InvoiceDirection.SALES, 1_210_000)
    assert (invoice.number, invoice.reference) == ("F7", None)
    assert collected.kinds == {"VRK": "SALESINVOICE"}
    assert wire.journal("VRK", "Verkoop", "SALESINVOICE").journal_kind is JournalKind.SALES
    assert wire.journal("X", "Nieuw", "SOMETHING").journal_kind is JournalKind.OTHER


def test_a_suppliers_credit_note_is_negative_and_its_number_the_reference() -> None:
    collected = wire.Collected(currency="EUR", kinds={})
    collected.add(line(management="PURCHASEINVOICE", relation="CRD", base="50.00"))
    (invoice,) = collected.invoices.values()
    assert (invoice.direction, invoice.total_e4) == (InvoiceDirection.PURCHASE, -500_000)
    assert (invoice.number, invoice.reference) == ("202400001", "F7")


def test_a_cost_centre_is_no_contact_and_foreign_amounts_stand_beside() -> None:
    collected = wire.Collected(currency="EUR", kinds={})
    collected.add(
        line(management="BANK", relation="KPL", base="1.10", currency="USD", value="1.00")
    )
    (only,) = collected.lines
    assert (only.contact_key, only.currency, only.foreign_e4) == (None, "USD", 10_000)


def test_a_transaction_that_comes_again_is_noticed() -> None:
    collected = wire.Collected(currency="EUR", kinds={}, remembers=True)
    collected.add(line(management="BANK", relation="", base="1.00"))
    collected.clear()
    collected.add(line(management="BANK", relation="", base="-1.00", n="2"))
    assert collected.is_split


KINDS = {"VRK": "SALESINVOICE", "INK": "PURCHASEINVOICE", "BNK": "BANK"}


def item(base: str, left: str, *, book: str = "VRK", status: str = "available", **told: str) -> Row:
    head = ("20240105", told.get("currency", "EUR"), told.get("code", "1000"))
    rest = (told.get("number", "F7"), told.get("due", "20240204"), status)
    return (*head, base, left, *rest, "1001", book, "202400001", "1")


def test_a_row_of_a_customer_is_an_invoice_with_what_is_open_of_it() -> None:
    assert wire.invoice(item("121.00", "20.50"), InvoiceDirection.SALES, KINDS) == Invoice(
        key="VRK/202400001/1",
        direction=InvoiceDirection.SALES,
        number="F7",
        contact_key="DEB 1000",
        date=date(2024, 1, 5),
        due_date=date(2024, 2, 4),
        currency="EUR",
        total_e4=1_210_000,
        open_e4=205_000,
        entry_key="VRK/202400001",
    )


def test_what_a_supplier_is_owed_is_positive_and_its_number_the_reference() -> None:
    row = item("-50.00", "-50.00", book="INK", number="X1", currency="USD")
    told = wire.invoice(row, InvoiceDirection.PURCHASE, KINDS)
    assert told is not None
    assert (told.total_e4, told.open_e4, told.currency) == (500_000, 500_000, "USD")
    assert (told.number, told.reference, told.contact_key) == ("202400001", "X1", "CRD 1000")


@pytest.mark.parametrize(
    ("left", "status", "open_e4"),
    [
        ("20.50", "proposed", 205_000),
        ("", "matched", 0),
        ("0.00", "matched", 0),
        ("", "notmatchable", None),
        ("-0.10", "available", -1_000),
    ],
)
def test_what_is_matched_is_not_open_and_what_is_proposed_is(
    left: str, status: str, open_e4: int | None
) -> None:
    told = wire.invoice(item("121.00", left, status=status), InvoiceDirection.SALES, KINDS)
    assert told is not None
    assert told.open_e4 == open_e4


def test_an_invoice_may_lack_number_and_due_date() -> None:
    told = wire.invoice(item("1.00", "1.00", number="", due=""), InvoiceDirection.SALES, KINDS)
    assert told is not None
    assert (told.number, told.due_date) == ("202400001", None)


@pytest.mark.parametrize(
    "row",
    [item("-1.00", "0.00", book="BNK"), item("1.00", "1.00", book="NEW"), item("1", "1", code="")],
)
def test_other_rows_of_customers_are_no_invoices(row: Row) -> None:
    assert wire.invoice(row, InvoiceDirection.SALES, KINDS) is None


@pytest.mark.parametrize(
    "row", [item("1,00", "1.00"), item("1.00", "x"), item("1.00", "", due="x")]
)
def test_an_item_that_cannot_be_read_is_not_guessed_at(row: Row) -> None:
    with pytest.raises(ValueError):
        wire.invoice(row, InvoiceDirection.SALES, KINDS)


def test_what_is_owed_is_asked_by_the_change_of_lines_with_every_column_shown() -> None:
    for code in (CUSTOMER_ITEMS, SUPPLIER_ITEMS):
        asked = parsed(browse(code, ITEM_FIELDS, Slice(year=2024), ("1", "2")))
        fields = {one.findtext("field"): one for one in asked.iterfind("column")}
        assert "fin.trs.head.modified" not in fields
        assert fields["fin.trs.line.modified"].findtext("operator") == "between"
        assert {one.findtext("visible") for one in fields.values()} == {"true"}


def test_totals_in_separate_rows_for_debit_and_credit_are_added() -> None:
    rows: list[Row] = [("2024", "55", "1300", "BAS", amount) for amount in ("10.00", "-2.50")]
    assert wire.totals_of(rows) == {Cell(account_key="BAS 1300", year=2024, period=55): 75_000}


def test_a_browse_query_asks_for_every_period_and_both_ends_of_a_change() -> None:
    asked = parsed(browse("030_3", LEDGER_FIELDS, Slice(year=2024), ("20240101000000", "2")))
    filters = {
        one.findtext("field"): (one.findtext("from"), one.findtext("to"))
        for one in asked.iterfind("column")
        if one.findtext("ask") == "true"
    }
    assert filters["fin.trs.head.yearperiod"] == ("2024/00", "2024/56")
    assert filters["fin.trs.head.modified"] == ("20240101000000", "2")
    assert filters["fin.trs.head.status"] == ("normal", "")


def test_the_widest_range_ends_after_this_year_and_after_the_last() -> None:
    now = datetime.fromisoformat("2026-05-05T00:00:00+00:00")
    assert (wide((2020, 2021), now).begin, wide((2020,), now).end) == ("2020/00", "2027/56")
    assert wide((2030,), now).end == "2031/56"


def test_deletions_without_a_zone_are_taken_as_utc() -> None:
    assert wall_clock("2024-01-01T10:00:00").isoformat() == "2024-01-01T10:00:00+00:00"
    assert wall_clock("2024-01-01T10:00:00.1234567").tzinfo is not None
    assert wall_clock(None).year == 9999

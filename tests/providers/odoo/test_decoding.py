"""Rows of Odoo as records of the books, from the bytes on."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.odoo import decoding
from adapters.providers.odoo.entries import MovesPage, split
from adapters.providers.odoo.rows import (
    AccountRow,
    BalanceGroup,
    CompanyRow,
    JournalRow,
    MovePage,
    MoveRow,
    PartnerRow,
    TaxRow,
)
from core.domain.books import (
    BATCH_RECORDS_MAX,
    AccountClass,
    Invoice,
    InvoiceDirection,
    JournalEntry,
    JournalKind,
    JournalLine,
    RecordKind,
    Statement,
    TaxUse,
)
from core.domain.failures import NotUnderstood
from core.domain.proof import Cell

USD_INVOICE = b"""{"length": 1, "records": [{"id": 120, "name": "INV/2024/00003",
 "date": "2024-02-26", "ref": false, "payment_reference": "INV/2024/00003", "journal_id": 19,
 "move_type": "out_invoice", "state": "posted", "commercial_partner_id": 63,
 "currency_id": {"id": 1, "name": "USD"}, "invoice_date": "2024-02-25",
 "invoice_date_due": "2024-03-26", "amount_total_signed": 621.5, "amount_tax_signed": 0.0,
 "amount_residual_signed": 100.01, "write_date": "2026-11-22 14:41:34", "line_ids": [
 {"id": 465, "account_id": 723, "balance": 621.5, "amount_currency": 686.76, "sequence": 12000,
  "currency_id": {"id": 1, "name": "USD"}, "partner_id": 63, "name": "INV/2024/00003",
  "tax_line_id": false, "tax_ids": [], "write_date": "2026-11-22 14:41:34"},
 {"id": 283, "account_id": 991, "balance": -621.5, "amount_currency": -686.76, "sequence": 100,
  "currency_id": {"id": 1, "name": "USD"}, "partner_id": 63, "name": "Large table\\nfor ten",
  "tax_line_id": false, "tax_ids": [140], "write_date": "2026-11-22 14:41:34"},
 {"id": 284, "account_id": false, "balance": 0.0, "amount_currency": 0.0, "sequence": 101,
  "currency_id": {"id": 1, "name": "USD"}, "partner_id": 63, "name": "only a note",
  "tax_line_id": false, "tax_ids": [], "write_date": "2026-11-22 14:41:35", "surprise": {}}
 ]}]}"""


def move_of(**changes: object) -> MoveRow:
    (move,) = msgspec.json.decode(USD_INVOICE, type=MovePage).records
    return msgspec.structs.replace(move, **changes)


def invoice_of(move: MoveRow) -> Invoice:
    (invoice,) = (r for r in decoding.move_records(move, "EUR") if isinstance(r, Invoice))
    return invoice


def test_a_foreign_invoice_with_a_row_of_text() -> None:
    entry, first, second, invoice = decoding.move_records(move_of(), "EUR")
    assert isinstance(entry, JournalEntry)
    assert (entry.key, entry.number, entry.journal_key) == ("120", "INV/2024/00003", "19")
    assert (entry.year, entry.period, entry.description) == (2024, 2, None)
    assert isinstance(first, JournalLine)
    assert (first.key, first.position, first.account_key) == ("283", 0, "991")
    assert (first.amount_e4, first.currency, first.foreign_e4) == (-6_215_000, "USD", -6_867_600)
    assert (first.tax_key, first.contact_key) == ("140", "63")
    assert first.description == "Large table\nfor ten"
    assert isinstance(second, JournalLine)
    assert (second.key, second.position, second.amount_e4) == ("465", 1, 6_215_000)
    assert isinstance(invoice, Invoice)
    assert invoice.direction is InvoiceDirection.SALES
    assert (invoice.total_e4, invoice.tax_e4, invoice.open_e4) == (6_215_000, 0, 1_000_100)
    assert (invoice.currency, invoice.contact_key, invoice.entry_key) == ("USD", "63", "120")
    assert (invoice.date.isoformat(), str(invoice.due_date)) == ("2024-02-25", "2024-03-26")


def test_the_companys_own_currency_is_not_foreign() -> None:
    records = decoding.move_records(move_of(), "USD")
    lines = [record for record in records if isinstance(record, JournalLine)]
    assert {(line.currency, line.foreign_e4) for line in lines} == {(None, None)}


@pytest.mark.parametrize(
    ("move_type", "signed", "direction", "total_e4"),
    [
        ("out_invoice", "100.00", InvoiceDirection.SALES, 1_000_000),
        ("out_refund", "-100.00", InvoiceDirection.SALES, -1_000_000),
        ("out_receipt", "100.00", InvoiceDirection.SALES, 1_000_000),
        ("in_invoice", "-100.00", InvoiceDirection.PURCHASE, 1_000_000),
        ("in_refund", "100.00", InvoiceDirection.PURCHASE, -1_000_000),
        ("in_receipt", "-100.00", InvoiceDirection.PURCHASE, 1_000_000),
    ],
)
def test_invoices_are_positive_and_refunds_negative_both_ways(
    move_type: str, signed: str, direction: InvoiceDirection, total_e4: int
) -> None:
    amounts = dict.fromkeys(
        ("amount_total_signed", "amount_tax_signed", "amount_residual_signed"), Decimal(signed)
    )
    invoice = invoice_of(move_of(move_type=move_type, ref="F123", **amounts))
    assert invoice.direction is direction
    assert (invoice.total_e4, invoice.tax_e4, invoice.open_e4) == (total_e4,) * 3
    wanted = "INV/2024/00003" if direction is InvoiceDirection.SALES else "F123"
    assert invoice.reference == wanted


def test_an_entry_is_no_invoice_and_a_draft_has_no_number() -> None:
    records = decoding.move_records(move_of(move_type="entry", name="/"), "EUR")
    assert [type(record) for record in records] == [JournalEntry, JournalLine, JournalLine]
    assert isinstance(records[0], JournalEntry)
    assert records[0].number is None


def test_a_page_names_what_is_not_posted_as_deleted() -> None:
    moves = (move_of(), move_of(id=121, state="draft"), move_of(id=122, state="cancel"))
    (piece,) = split(MovesPage(moves=moves, ended=True), "EUR")
    assert piece.delta.whole_entries == {"120"}
    assert piece.delta.deleted == {(RecordKind.ENTRY, "121"), (RecordKind.ENTRY, "122")}
    assert piece.last_id == 122


def test_a_move_too_large_for_one_batch_comes_in_parts() -> None:
    line = move_of().line_ids[0]
    count = BATCH_RECORDS_MAX + 5
    many = tuple(msgspec.structs.replace(line, id=number) for number in range(1, count + 1))
    moves = (move_of(), move_of(id=121, line_ids=many, move_type="entry"), move_of(id=122))
    pieces = split(MovesPage(moves=moves, ended=True), "EUR")
    assert [len(piece.records) for piece in pieces] == [4, BATCH_RECORDS_MAX, 6 + 4]
    assert [piece.last_id for piece in pieces] == [120, 120, 122]
    assert pieces[1].delta.deleted == {(RecordKind.ENTRY, "121")}
    assert pieces[2].delta.deleted == frozenset()
    assert pieces[2].delta.whole_entries == {"122"}


def test_an_empty_page_is_one_empty_piece() -> None:
    (piece,) = split(MovesPage(moves=(), ended=True), "EUR")
    assert (piece.records, piece.last_id) == ((), 0)


@pytest.mark.parametrize(
    ("group", "account_class", "statement"),
    [
        ("asset", AccountClass.ASSET, Statement.BALANCE_SHEET),
        ("equity", AccountClass.EQUITY, Statement.BALANCE_SHEET),
        ("income", AccountClass.INCOME, Statement.PROFIT_AND_LOSS),
        ("expense", AccountClass.EXPENSE, Statement.PROFIT_AND_LOSS),
        ("off", AccountClass.OFF_BALANCE, Statement.OFF_BALANCE),
        ("off_balance", AccountClass.OFF_BALANCE, Statement.OFF_BALANCE),
        (False, AccountClass.UNKNOWN, Statement.BALANCE_SHEET),
    ],
)
def test_accounts(group: str | bool, account_class: AccountClass, statement: Statement) -> None:
    row = msgspec.convert({"id": 1, "name": "Kas", "internal_group": group}, AccountRow)
    found = decoding.account(row)
    assert (found.account_class, found.statement) == (account_class, statement)
    assert (found.code, found.active) == ("", True)
    assert not decoding.account(msgspec.structs.replace(row, deprecated=True)).active


def test_the_other_masters() -> None:
    tax = {"id": 2, "name": "21% ST", "type_tax_use": "sale", "amount_type": "percent"}
    found = decoding.tax_code(msgspec.convert(tax | {"amount": Decimal("21.0")}, TaxRow))
    assert (found.use, found.rate_e4) == (TaxUse.SALES, 2_100)
    group = tax | {"amount_type": "group", "amount": Decimal(0), "type_tax_use": "none"}
    assert decoding.tax_code(msgspec.convert(group, TaxRow)).rate_e4 is None
    journal = {"id": 3, "name": "Card", "type": "credit", "code": "CC"}
    assert decoding.journal(msgspec.convert(journal, JournalRow)).journal_kind is JournalKind.BANK
    partner = msgspec.convert({"id": 4, "name": False, "customer_rank": 2}, PartnerRow)
    contact = decoding.contact(partner)
    assert (contact.name, contact.is_customer, contact.is_supplier) == ("", True, False)
    company = {"id": 5, "name": "Branch", "currency_id": (126, "EUR"), "parent_id": (4, "Root")}
    branch = decoding.administration(msgspec.convert(company, CompanyRow))
    assert (branch.key, branch.parent_key, branch.currency) == ("5", "4", "EUR")
    archived = decoding.administration(msgspec.convert(company | {"active": False}, CompanyRow))
    assert not archived.importable
    assert archived.obstacle


def test_control_totals_of_new_and_old_servers_are_the_same() -> None:
    new = b"""[{"account_id": [652, "001000 x"], "date:month": ["2024-01-01", "January 2024"],
     "__extra_domain": [], "balance:sum": -1146.62, "__count": 1}]"""
    old = b"""[{"account_id": [652, "001000 x"], "date:month": "januari 2024", "__count": 1,
     "balance": -1146.62, "__domain": [],
     "__range": {"%s": {"from": "2024-01-01", "to": "2024-02-01"}}}]"""
    wanted = {Cell(account_key="652", year=2024, period=1): -11_466_200}
    for text in (new, old % b"date:month", old % b"date"):
        groups = msgspec.json.decode(text, type=tuple[BalanceGroup, ...])
        assert decoding.control_totals(groups).balances_e4 == wanted
    nameless = msgspec.json.decode(
        b'[{"account_id": 1, "balance": 1.0}]', type=tuple[BalanceGroup, ...]
    )
    with pytest.raises(NotUnderstood):
        decoding.control_totals(nameless)


@given(st.integers(min_value=-(10**13), max_value=10**13))
def test_amounts_survive_the_servers_binary_numbers(cents: int) -> None:
    text = repr(cents / 100)
    assert decoding.amount_e4(Decimal(text)) == cents * 100


def test_noise_is_no_amount_and_a_real_fraction_is_not_noise() -> None:
    assert decoding.amount_e4(Decimal("0.30000000000000004")) == 3_000
    assert decoding.amount_e4(Decimal("-1234.5600000000002")) == -12_345_600
    for text in ("0.00005", "1.23456", "NaN", "1E+30", "Infinity"):
        with pytest.raises(NotUnderstood):
            decoding.amount_e4(Decimal(text))

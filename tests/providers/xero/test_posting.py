"""Documents and what they post: each kind by itself, from written bytes."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.providers.xero import posting, rows
from adapters.providers.xero.entries import NO_ACCOUNT, Organisation, Posted
from adapters.providers.xero.years import FiscalYears
from core.domain.books import Invoice, InvoiceDirection, JournalEntry, JournalLine
from core.domain.failures import NotUnderstood

DAY = "/Date(1767225600000+0000)/"  # 2026-01-01
CODES = {"200": "sales", "400": "rent", "090": "bank"}
HERE = Organisation(
    currency="EUR",
    years=FiscalYears(12, 31),
    system={"DEBTORS": "debtors", "CREDITORS": "creditors", "GST": "tax"},
    foreign_banks=frozenset({"dollars"}),
    by_code=CODES.get,
)


def amounts(posted: Posted) -> dict[str, str]:
    """Per account, debit positive; two lines on one account are added."""
    found: dict[str, Decimal] = {}
    for record in posted.records:
        if isinstance(record, JournalLine):
            amount = Decimal(record.amount_e4).scaleb(-4)
            found[record.account_key] = found.get(record.account_key, Decimal(0)) + amount
    assert sum(found.values()) == 0
    return {account: f"{amount:.2f}" for account, amount in found.items()}


def item(account: str | None, amount: float, tax: float = 0, **more: object) -> dict[str, Any]:
    told: dict[str, Any] = {"LineItemID": f"L{account}", "LineAmount": amount, "TaxAmount": tax}
    return {**told, **({"AccountID": account} if account else {}), **more}


def invoice(**fields: object) -> rows.InvoiceRow:
    plain = {
        "InvoiceID": "I1",
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Date": DAY,
        "LineAmountTypes": "Exclusive",
        "LineItems": [item("sales", 100, 21)],
        "Total": 121,
        "TotalTax": 21,
        "AmountDue": 21.5,
    }
    (row,) = rows.INVOICES.decode(json.dumps({"Invoices": [{**plain, **fields}]}).encode()).rows
    return row


def credit_note(**fields: object) -> rows.CreditNoteRow:
    plain = {
        "CreditNoteID": "C1",
        "Type": "ACCRECCREDIT",
        "Status": "PAID",
        "Date": DAY,
        "LineItems": [item("sales", 100, 21)],
        "Total": 121,
        "RemainingCredit": 0,
    }
    body = json.dumps({"CreditNotes": [{**plain, **fields}]}).encode()
    (row,) = rows.CREDIT_NOTES.decode(body).rows
    return row


# -- invoices and credit notes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"debtors": "121.00", "sales": "-100.00", "tax": "-21.00"}),
        ({"Type": "ACCPAY"}, {"creditors": "-121.00", "sales": "100.00", "tax": "21.00"}),
        (
            {"LineAmountTypes": "Inclusive", "LineItems": [item("sales", 121, 21)]},
            {"debtors": "121.00", "sales": "-100.00", "tax": "-21.00"},
        ),
        ({"LineAmountTypes": "NoTax"}, {"debtors": "100.00", "sales": "-100.00"}),
        (
            {"LineItems": [item("sales", 0.1), item("rent", 0.2), {"Description": "remark"}]},
            {"debtors": "0.30", "sales": "-0.10", "rent": "-0.20"},
        ),
        (
            {"LineItems": [item(None, 100, AccountCode="200")], "TotalTax": 0},
            {"debtors": "100.00", "sales": "-100.00"},
        ),
        (
            {"LineItems": [item(None, 100, AccountCode="999")]},
            {"debtors": "100.00", NO_ACCOUNT: "-100.00"},
        ),
    ],
)
def test_an_invoice_posts_its_lines_its_tax_and_what_they_add_up_to(
    fields: dict[str, Any], expected: dict[str, str]
) -> None:
    assert amounts(posting.trade(HERE, invoice(**fields), ledger=True)) == expected


def test_a_credit_note_mirrors_an_invoice() -> None:
    posted = posting.trade(HERE, credit_note(), ledger=True)
    assert amounts(posted) == {"debtors": "-121.00", "sales": "100.00", "tax": "21.00"}
    supplier = posting.trade(HERE, credit_note(Type="ACCPAYCREDIT"), ledger=True)
    assert amounts(supplier) == {"creditors": "121.00", "sales": "-100.00", "tax": "-21.00"}
    (told,) = [record for record in posted.records if isinstance(record, Invoice)]
    assert (told.total_e4, told.open_e4, told.entry_key) == (-1_210_000, 0, "c1")


def test_amounts_of_another_currency_are_divided_by_the_rate() -> None:
    row = invoice(CurrencyCode="USD", CurrencyRate=1.25)
    posted = posting.trade(HERE, row, ledger=True)
    assert amounts(posted) == {"debtors": "96.80", "sales": "-80.00", "tax": "-16.80"}
    lines = [record for record in posted.records if isinstance(record, JournalLine)]
    assert [line.foreign_e4 for line in lines] == [1_210_000, -1_000_000, -210_000]
    assert {line.currency for line in lines} == {"USD"}
    (told,) = [record for record in posted.records if isinstance(record, Invoice)]
    assert (told.currency, told.total_e4, told.open_e4) == ("USD", 968_000, 172_000)


def test_the_rate_of_the_own_currency_means_nothing() -> None:
    row = invoice(CurrencyCode="EUR", CurrencyRate=0)
    assert amounts(posting.trade(HERE, row, ledger=True))["debtors"] == "121.00"


def test_another_currency_without_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="USD"):
        posting.trade(HERE, invoice(CurrencyCode="USD"), ledger=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"Status": "DRAFT"},
        {"Status": "SUBMITTED"},
        {"Status": "VOIDED"},
        {"Status": "DELETED", "Date": "/Date(0+0000)/"},
        {"Type": "ARPREPAYMENT"},
    ],
)
def test_what_is_in_no_ledger_posts_nothing(fields: dict[str, Any]) -> None:
    assert not posting.trade(HERE, invoice(**fields), ledger=True).is_posted


def test_where_journals_tell_the_ledger_an_invoice_is_only_that() -> None:
    (told,) = posting.trade(HERE, invoice(InvoiceNumber=" 7 "), ledger=False).records
    assert isinstance(told, Invoice)
    assert (told.number, told.direction, told.entry_key) == ("7", InvoiceDirection.SALES, None)


def test_a_page_without_a_single_line_is_noticed() -> None:
    bare = invoice(LineItems=[])
    assert posting.without_lines([bare, bare])
    assert not posting.without_lines([bare, invoice()])
    assert not posting.without_lines([invoice(LineItems=[], Total=0)])
    assert not posting.without_lines([])


def test_a_missing_system_account_is_named_in_the_proof() -> None:
    bare = Organisation(
        currency="EUR",
        years=HERE.years,
        system={},
        foreign_banks=frozenset(),
        by_code=CODES.get,
    )
    assert set(amounts(posting.trade(bare, invoice(), ledger=True))) == {
        "system:DEBTORS",
        "system:GST",
        "sales",
    }


# -- bank ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "account", "expected"),
    [
        ("RECEIVE", "sales", {"bank": "121.00", "sales": "-100.00", "tax": "-21.00"}),
        ("SPEND", "rent", {"bank": "-121.00", "rent": "100.00", "tax": "21.00"}),
        ("RECEIVE-PREPAYMENT", "sales", {"bank": "121.00", "sales": "-100.00", "tax": "-21.00"}),
        ("RECEIVE-OVERPAYMENT", None, {"bank": "121.00", "debtors": "-100.00", "tax": "-21.00"}),
        ("SPEND-OVERPAYMENT", None, {"bank": "-121.00", "creditors": "100.00", "tax": "21.00"}),
        ("SPEND-TRANSFER", "rent", {}),
    ],
)
def test_money_spent_and_received(kind: str, account: str | None, expected: dict[str, str]) -> None:
    row = {
        "BankTransactionID": "B1",
        "Type": kind,
        "Status": "AUTHORISED",
        "Date": DAY,
        "BankAccount": {"AccountID": "BANK"},
        "LineItems": [item(account, 100, 21)],
        "Total": 121,
    }
    page = rows.BANK_TRANSACTIONS.decode(json.dumps({"BankTransactions": [row]}).encode())
    assert amounts(posting.bank_transaction(HERE, page.rows[0])) == expected


def payment(**fields: object) -> rows.PaymentRow:
    plain = {
        "PaymentID": "P1",
        "PaymentType": "ACCRECPAYMENT",
        "Status": "AUTHORISED",
        "Date": DAY,
        "Amount": 100,
        "Account": {"AccountID": "bank"},
        "Invoice": {"InvoiceID": "I1", "CurrencyCode": "EUR", "Contact": {"ContactID": "K1"}},
    }
    (row,) = rows.PAYMENTS.decode(json.dumps({"Payments": [{**plain, **fields}]}).encode()).rows
    return row


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ACCRECPAYMENT", {"bank": "100.00", "debtors": "-100.00"}),
        ("ACCPAYPAYMENT", {"bank": "-100.00", "creditors": "100.00"}),
        ("ARCREDITPAYMENT", {"bank": "-100.00", "debtors": "100.00"}),
        ("AROVERPAYMENTPAYMENT", {"bank": "-100.00", "debtors": "100.00"}),
        ("ARPREPAYMENTPAYMENT", {"bank": "-100.00", "debtors": "100.00"}),
        ("APCREDITPAYMENT", {"bank": "100.00", "creditors": "-100.00"}),
        ("APOVERPAYMENTPAYMENT", {"bank": "100.00", "creditors": "-100.00"}),
        ("APPREPAYMENTPAYMENT", {"bank": "100.00", "creditors": "-100.00"}),
    ],
)
def test_payments_of_every_kind(kind: str, expected: dict[str, str]) -> None:
    assert amounts(posting.payment(HERE, payment(PaymentType=kind, CurrencyRate=0))) == expected


def test_a_payment_in_another_currency_takes_what_the_bank_booked() -> None:
    dollars = {"InvoiceID": "I1", "CurrencyCode": "USD"}
    row = payment(Invoice=dollars, BankAmount=92.13, CurrencyRate=1.1)
    posted = posting.payment(HERE, row)
    assert amounts(posted) == {"bank": "92.13", "debtors": "-92.13"}
    lines = [record for record in posted.records if isinstance(record, JournalLine)]
    assert [line.foreign_e4 for line in lines] == [1_000_000, -1_000_000]
    abroad = payment(
        Invoice=dollars, BankAmount=100, CurrencyRate=1.25, Account={"AccountID": "dollars"}
    )
    assert amounts(posting.payment(HERE, abroad)) == {"dollars": "80.00", "debtors": "-80.00"}


def test_a_deleted_payment_posts_nothing_and_keys_differ_per_line() -> None:
    assert not posting.payment(HERE, payment(Status="DELETED")).is_posted
    lines = [r for r in posting.payment(HERE, payment()).records if isinstance(r, JournalLine)]
    assert [line.key for line in lines] == ["p1:bank", "p1:control"]
    assert {line.contact_key for line in lines} == {"k1"}


def test_words_nobody_announced_are_refused() -> None:
    with pytest.raises(ValueError, match="NEWPAYMENT"):
        posting.payment(HERE, payment(PaymentType="NEWPAYMENT"))
    with pytest.raises(ValueError, match="NEW"):
        posting.trade(HERE, invoice(Type="NEW"), ledger=True)


@pytest.mark.parametrize(
    ("origin", "rate", "expected"),
    [
        ("bank", 0, {"bank": "-50.00", "till": "50.00"}),
        ("dollars", 1.25, {"dollars": "-40.00", "till": "40.00"}),
    ],
)
def test_transfers(origin: str, rate: float, expected: dict[str, str]) -> None:
    row = {
        "BankTransferID": "T1",
        "Date": DAY,
        "Amount": 50,
        "CurrencyRate": rate,
        "FromBankAccount": {"AccountID": origin},
        "ToBankAccount": {"AccountID": "till"},
    }
    page = rows.BANK_TRANSFERS.decode(json.dumps({"BankTransfers": [row]}).encode())
    assert amounts(posting.bank_transfer(HERE, page.rows[0])) == expected


# -- manual journals and journals ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "debit", "tax"), [("NoTax", 121, 21), ("Exclusive", 100, 21), ("Inclusive", 121, 21)]
)
def test_manual_journals_in_three_ways_of_tax(types: str, debit: float, tax: float) -> None:
    row = {
        "ManualJournalID": "M1",
        "Status": "POSTED",
        "Date": DAY,
        "LineAmountTypes": types,
        "JournalLines": [
            {"LineAmount": debit, "TaxAmount": tax, "AccountID": "rent"},
            {"LineAmount": -121, "AccountID": "till"},
            {"Description": "remark", "IsBlank": True},
        ],
    }
    page = rows.MANUAL_JOURNALS.decode(json.dumps({"ManualJournals": [row]}).encode())
    expected = {"rent": "100.00", "till": "-121.00", "tax": "21.00"}
    if types == "NoTax":
        expected = {"rent": "121.00", "till": "-121.00"}
    assert amounts(posting.manual_journal(HERE, page.rows[0])) == expected


def test_a_journal_is_taken_as_it_was_posted() -> None:
    row = {
        "JournalID": "J1",
        "JournalNumber": 7,
        "JournalDate": "/Date(1767225600000)/",
        "SourceType": "ACCPAYPAYMENT",
        "JournalLines": [
            {"JournalLineID": "A", "AccountID": "BANK", "NetAmount": -1.005, "TaxAmount": 9},
            {"JournalLineID": "B", "AccountID": "rent", "NetAmount": 1.005, "TaxType": "INPUT"},
        ],
    }
    page = rows.JOURNALS.decode(json.dumps({"Journals": [row]}).encode())
    entry, *lines = posting.journal(HERE, page.rows[0]).records
    assert isinstance(entry, JournalEntry)
    assert (entry.number, entry.journal_key, f"{entry.date}") == ("7", "bank", "2026-01-01")
    assert [(x.account_key, x.amount_e4, x.tax_key) for x in lines if isinstance(x, JournalLine)]
    assert [getattr(line, "amount_e4", 0) for line in lines] == [-10_050, 10_050]


@pytest.mark.parametrize(("fields", "journal"), [({}, "system"), ({"SourceType": "NEW"}, "system")])
def test_a_journal_of_xeros_own(fields: dict[str, Any], journal: str) -> None:
    line = {"JournalLineID": "A", "AccountID": "x", "NetAmount": 0}
    row = {"JournalID": "J", "JournalNumber": 1, "JournalDate": DAY, "JournalLines": [line]}
    page = rows.JOURNALS.decode(json.dumps({"Journals": [{**row, **fields}]}).encode())
    entry = posting.journal(HERE, page.rows[0]).records[0]
    assert getattr(entry, "journal_key", "") == journal


def test_a_journal_without_lines_is_none() -> None:
    row = {"JournalID": "J", "JournalNumber": 1, "JournalDate": DAY}
    page = rows.JOURNALS.decode(json.dumps({"Journals": [row]}).encode())
    assert not posting.journal(HERE, page.rows[0]).is_posted


# -- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/Date(1767225600000+0000)/", "2026-01-01"),
        ("/Date(1767225600000)/", "2026-01-01"),
        ("/Date(1767311999999+0000)/", "2026-01-01"),
        ("/Date(-86400000+0000)/", "1969-12-31"),
        ("/Date(0+0000)/", "1970-01-01"),
    ],
)
def test_days(text: str, expected: str) -> None:
    assert rows.day(text).isoformat() == expected


@pytest.mark.parametrize("text", ["", "2026-01-01", "/Date()/", "/Date(1e3)/", None])
def test_what_is_no_day(text: str | None) -> None:
    with pytest.raises(ValueError, match="Date"):
        rows.day(text)


@pytest.mark.parametrize(
    "decode",
    [rows.INVOICES.decode, rows.JOURNALS.decode, rows.REPORTS.decode, rows.CONNECTIONS.decode],
)
@pytest.mark.parametrize("body", [b'{"other": 1}', b"[1]", b'{"Invoices": 5}', b"null"])
def test_pages_that_are_none_are_not_taken_over(
    decode: Callable[[bytes], object], body: bytes
) -> None:
    with pytest.raises(NotUnderstood):
        decode(body)

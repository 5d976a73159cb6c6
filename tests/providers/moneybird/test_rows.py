"""Moneybird's bytes to records: exact, and only what is said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.moneybird import rows
from adapters.providers.moneybird.sums import Fit, add, digest, fit
from core.domain.books import (
    AccountClass,
    InvoiceDirection,
    JournalKind,
    LedgerAccount,
    Statement,
    TaxUse,
)
from core.domain.failures import NotUnderstood, ProviderDown

ACCOUNT = b"""[{"id": "496081347348006005", "administration_id": 123, "name": "Algemene kosten",
 "account_type": "expenses", "account_id": "46801.01", "parent_id": null, "active": true,
 "created_at": "2026-08-21T13:47:41.430Z", "updated_at": "2026-08-21T13:47:41.674Z",
 "allowed_document_types": ["purchase_invoice"], "taxonomy_item": {"taxonomy_version": "3.5",
 "code": "WBedAlkOal", "name": "Algemene kosten", "name_english": "General expenses",
 "reference": "4215010"}, "financial_account_id": null}]"""
"""As in the official document."""

ENTRY = b"""[{"id": "je_5", "date": "2025-06-12", "document_type": "Document",
 "document_id": "496081552900359800", "ledger_account_id": "123", "project_id": null,
 "contact_id": null, "tax_rate_id": null, "financial_account_id": null, "amount": "-75.0",
 "description": "Credit note"}]"""
"""As in the official document."""


def test_an_account_keeps_its_dotted_number() -> None:
    row = rows.ACCOUNTS.decode(ACCOUNT)[0]
    assert rows.ledger_account(row) == LedgerAccount(
        key="496081347348006005",
        code="46801.01",
        name="Algemene kosten",
        account_class=AccountClass.EXPENSE,
        statement=Statement.PROFIT_AND_LOSS,
    )


@pytest.mark.parametrize(
    ("number", "taxonomy", "code"),
    [
        (b'"1300"', b"null", "1300"),
        (b"1300", b"null", "1300"),
        (b"null", b'{"reference": "1101010"}', "1101010"),
        (b'" "', b'{"reference": null}', "9"),
        (b"null", b"null", "9"),
    ],
)
def test_an_account_without_a_number_has_a_code_all_the_same(
    number: bytes, taxonomy: bytes, code: str
) -> None:
    body = (
        b'[{"id": 9, "name": "x", "account_type": "something new", "account_id": '
        + number
        + b', "taxonomy_item": '
        + taxonomy
        + b"}]"
    )
    account = rows.ledger_account(rows.ACCOUNTS.decode(body)[0])
    assert account.code == code
    assert account.key == "9"
    assert account.account_class is AccountClass.UNKNOWN
    assert account.active


@pytest.mark.parametrize(
    ("percentage", "rate_e4"), [(b'"21.0"', 2100), (b"9", 900), (b"0", 0), (b"null", None)]
)
def test_a_percentage_is_text_number_or_null(percentage: bytes, rate_e4: int | None) -> None:
    body = b'[{"id": "1", "name": "btw", "tax_rate_type": "sales_invoice", "percentage": '
    tax = rows.tax_code(rows.TAX_RATES.decode(body + percentage + b"}]")[0])
    assert tax.rate_e4 == rate_e4
    assert tax.use is TaxUse.SALES


def test_a_person_has_a_name_too() -> None:
    body = b"""[{"id": "1", "company_name": "", "firstname": "An", "lastname": "Maes",
     "customer_id": "7", "tax_number": "", "email": null, "archived": true},
     {"id": "2", "company_name": "Bar BV", "firstname": "An", "lastname": null},
     {"id": "3", "company_name": null, "firstname": null, "lastname": ""}]"""
    person, company, nobody = map(rows.contact, rows.CONTACTS.decode(body))
    assert (person.name, person.code, person.vat_number) == ("An Maes", "7", None)
    assert not person.active
    assert company.name == "Bar BV"
    assert nobody.name == "3"


INVOICE = """[{{"id": "1", "state": "{state}", "invoice_id": "2025-0001",
 "invoice_date": "2025-03-01", "due_date": "2025-03-15", "contact_id": "2", "currency": "USD",
 "total_price_incl_tax": "121.0", "total_price_incl_tax_base": "-110.55",
 "total_price_excl_tax_base": "-91.37", "total_unpaid_base": "-10.0", "reference": " "}}]"""


def test_a_sales_invoice_is_in_the_books_currency_and_its_id_is_no_number() -> None:
    row = rows.INVOICES.decode(INVOICE.format(state="open").encode())[0]
    invoice = rows.invoice(row, prefix="sales", direction=InvoiceDirection.SALES)
    assert invoice is not None
    assert (invoice.key, invoice.number) == ("sales:1", "2025-0001")
    assert (invoice.total_e4, invoice.tax_e4, invoice.open_e4) == (
        -1_105_500,
        -191_800,
        -100_000,
    )
    assert invoice.currency == "USD"
    assert invoice.due_date == date(2025, 3, 15)
    assert invoice.entry_key is None
    assert invoice.reference is None


@pytest.mark.parametrize("state", ["draft", "scheduled", "new"])
def test_what_is_not_booked_is_no_invoice(state: str) -> None:
    row = rows.INVOICES.decode(INVOICE.format(state=state).encode())[0]
    assert rows.invoice(row, prefix="sales", direction=InvoiceDirection.SALES) is None


def test_an_income_document_is_a_sale_and_only_paid_ones_say_what_is_open() -> None:
    body = b"""[{"id": 1, "state": "paid", "date": "2025-03-01", "revenue_invoice": true,
     "total_price_incl_tax_base": "5.0", "entry_number": 12},
     {"id": 2, "state": "late", "date": "2025-03-01", "revenue_invoice": null,
     "total_price_incl_tax_base": "5.0", "total_price_excl_tax_base": null}]"""
    first, second = (
        rows.invoice(row, prefix="purchase", direction=InvoiceDirection.PURCHASE)
        for row in rows.INVOICES.decode(body)
    )
    assert first is not None
    assert second is not None
    assert (first.direction, first.open_e4, first.number) == (InvoiceDirection.SALES, 0, "12")
    assert (second.direction, second.open_e4, second.tax_e4) == (
        InvoiceDirection.PURCHASE,
        None,
        None,
    )


def test_a_booking_belongs_to_its_documents_day() -> None:
    row = rows.ENTRIES.decode(ENTRY)[0]
    line = rows.line(row, -750_000)
    assert line.key == "je_5"
    assert line.entry_key == "Document:496081552900359800:2025-06-12" == rows.entry(row).key
    assert (line.year, line.period, line.amount_e4) == (2025, 6, -750_000)
    assert rows.entry(row).journal_key == "documents"


def test_every_journal_has_a_kind_and_unknown_documents_one_too() -> None:
    kinds = {journal.key: journal.journal_kind for journal in rows.journals()}
    assert kinds["bank"] is JournalKind.BANK
    row = rows.ENTRIES.decode(ENTRY.replace(b'"Document"', b'"Novelty"'))[0]
    assert rows.entry(row).journal_key == "other"
    assert "other" in kinds


@pytest.mark.parametrize(
    "ledger",
    [
        b"""{"debit_sums": {"ledger_accounts": [{"ledger_account_id": "1", "value": "10.5"},
        {"ledger_account_id": "3", "value": "0.0"}]},
        "credit_sums": {"ledger_accounts": [{"ledger_account_id": "2", "value": "3.0"}]},
        "start_balance": {"ledger_accounts": []}, "final_balance": {"ledger_accounts": []}}""",
        b"""{"debit_sums": {"1": "10.5", "3": "0.0"}, "credit_sums": {"2": 3.0},
        "start_balance": {}, "final_balance": {}}""",
    ],
)
def test_the_general_ledger_is_read_in_both_shapes(ledger: bytes) -> None:
    assert rows.sums(rows.LEDGER.decode(ledger)) == {"1": (105_000, 0), "2": (0, 30_000)}


def test_what_is_no_answer_of_moneybird_is_not_taken_for_one() -> None:
    with pytest.raises(ProviderDown):
        rows.ENTRIES.decode(b"<html>nginx</html>")
    with pytest.raises(NotUnderstood, match="journal entries"):
        rows.ENTRIES.decode(ENTRY.replace(b'"-75.0"', b"[]"))
    with pytest.raises(NotUnderstood):
        rows.LEDGER.decode(b'{"debit_sums": {}}')


Pair = st.tuples(st.integers(0, 10**12), st.integers(0, 10**12))


@given(Pair, st.booleans())
def test_the_sign_that_fits_is_found_wherever_it_can_be(told: tuple[int, int], minus: bool) -> None:
    shown = told[::-1] if minus else told
    assert fit(told, shown, minus=minus) is Fit.AS_TAKEN
    other = fit(told, shown, minus=not minus)
    assert other is (Fit.AS_TAKEN if told[0] == told[1] else Fit.TURNED)
    more = (shown[0] + 1, shown[1])
    if more not in {told, told[::-1]}:
        assert fit(told, more, minus=minus) is Fit.NEITHER


@given(st.lists(st.integers(-(10**12), 10**12), max_size=20))
def test_sums_are_of_positive_and_negative_amounts(amounts: list[int]) -> None:
    sums: dict[str, tuple[int, int]] = {}
    for amount in amounts:
        add(sums, "1", amount)
    expected = (
        sum(amount for amount in amounts if amount > 0),
        -sum(amount for amount in amounts if amount < 0),
    )
    assert sums.get("1", (0, 0)) == expected


def test_a_digest_is_another_one_for_any_other_sums() -> None:
    one = digest({"1": (5, 0), "2": (0, 5)})
    assert one == digest({"2": (0, 5), "1": (5, 0), "3": (0, 0)})
    others = [{"1": (0, 5), "2": (5, 0)}, {"1": (5, 1), "2": (0, 5)}, {"1": (5, 0)}]
    assert one not in {digest(other) for other in others}
    assert digest({}) == digest({"1": (0, 0)}) == ""

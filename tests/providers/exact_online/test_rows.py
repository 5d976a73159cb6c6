"""Recorded shapes with made-up values: bytes in, records out, no server."""

from datetime import date
from typing import TypeVar

import pytest

from adapters.providers.exact_online import rows
from adapters.providers.exact_online.codes import account_class
from core.domain.books import (
    AccountClass,
    Invoice,
    InvoiceDirection,
    JournalEntry,
    JournalKind,
    JournalLine,
    Record,
    RecordKind,
    Statement,
    TaxUse,
)
from core.domain.failures import NotUnderstood, ProviderDown

ENTRY = "B1000000-0000-4000-8000-000000000001"
DEBTORS = "a1000000-0000-4000-8000-000000000001"
RELATION = "c1000000-0000-4000-8000-000000000001"
NO_GUID = "00000000-0000-0000-0000-000000000000"


def line_json(number: int, amount: str, **changes: str) -> str:
    fields = {
        "Timestamp": f'"{20000000001 + number}"',
        "ID": f'"D1000000-0000-4000-8000-{number:012d}"',
        "EntryID": f'"{ENTRY}"',
        "EntryNumber": "25700001",
        "LineNumber": str(number),
        "Type": "20",
        "Status": "20",
        "JournalCode": '"70"',
        "Date": '"/Date(1735689600000)/"',
        "FinancialYear": "2025",
        "FinancialPeriod": "1",
        "GLAccount": f'"{DEBTORS}"',
        "AmountDC": amount,
        "AmountFC": amount,
        "Currency": '"EUR"',
        "VATCode": "null",
        "Account": f'"{RELATION}"',
        "Description": '"Verkoop"',
        "InvoiceNumber": "25700007",
        "YourRef": '""',
        "DueDate": '"/Date(1738281600000)/"',
        **changes,
    }
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


def page(*lines: str, following: str = "") -> bytes:
    link = f',"__next":"{following}"' if following else ""
    return ('{"d":{"results":[' + ",".join(lines) + "]" + link + "}}").encode()


def read(*lines: str, currency: str = "EUR") -> rows.LinesRead:
    return rows.lines_read(rows.LINE_PAGE.decode(page(*lines)).rows, currency=currency)


T = TypeVar("T", bound=Record)


def of_type(found: rows.LinesRead, kind: type[T]) -> list[T]:
    return [record for record in found.records if isinstance(record, kind)]


def test_every_envelope_is_taken() -> None:
    following = "https://start.exactonline.nl/api/v1/7/sync/x?$skiptoken=20000001000L"
    paged = rows.LINE_PAGE.decode(page(line_json(0, "1"), following=following))
    assert (len(paged.rows), paged.following) == (1, following)
    bare = rows.LINE_PAGE.decode(b'{"d":[' + line_json(0, "1").encode() + b"]}")
    assert (len(bare.rows), bare.following) == (1, None)
    assert rows.LINE_PAGE.decode(b'{"d":[]}').rows == []
    assert rows.RIGHTS_ANSWER.decode(b'{"d":{"UserHasRights":true}}').d.user_has_rights


def test_a_sale_keeps_line_0_and_9999_and_becomes_an_invoice() -> None:
    found = read(
        line_json(0, "121"),
        line_json(1, "-100", VATCode='"4  "'),
        line_json(9999, "-21"),
    )
    lines = of_type(found, JournalLine)
    assert [(line.position, line.amount_e4) for line in lines] == [
        (0, 1_210_000),
        (1, -1_000_000),
        (9999, -210_000),
    ]
    assert lines[1].tax_key == "4"
    assert lines[0].key == "d1000000-0000-4000-8000-000000000000"
    assert {line.entry_key for line in lines} == {ENTRY.lower()}
    assert of_type(found, JournalEntry) == [
        JournalEntry(
            key=ENTRY.lower(),
            number="25700001",
            journal_key="70",
            date=date(2025, 1, 1),
            year=2025,
            period=1,
            description="Verkoop",
        )
    ]
    assert of_type(found, Invoice) == [
        Invoice(
            key=ENTRY.lower(),
            direction=InvoiceDirection.SALES,
            number="25700007",
            contact_key=RELATION,
            date=date(2025, 1, 1),
            due_date=date(2025, 1, 31),
            currency="EUR",
            total_e4=1_210_000,
            reference=None,
            entry_key=ENTRY.lower(),
        )
    ]
    assert found.years == {2025}


@pytest.mark.parametrize(
    ("kind", "amount", "direction", "total_e4"),
    [
        ("21", "-121", InvoiceDirection.SALES, -1_210_000),
        ("30", "-121", InvoiceDirection.PURCHASE, 1_210_000),
        ("31", "121", InvoiceDirection.PURCHASE, -1_210_000),
    ],
)
def test_signs_of_invoices(
    kind: str, amount: str, direction: InvoiceDirection, total_e4: int
) -> None:
    (invoice,) = of_type(read(line_json(0, amount, Type=kind)), Invoice)
    assert (invoice.direction, invoice.total_e4) == (direction, total_e4)


def test_an_invoices_header_comes_from_line_0_only() -> None:
    found = read(line_json(1, "-100"), line_json(9999, "-21"))
    assert of_type(found, JournalEntry) == []
    assert of_type(found, Invoice) == []
    assert len(of_type(found, JournalLine)) == 2


def test_other_entries_take_their_lowest_line() -> None:
    found = read(line_json(2, "5", Type="90"), line_json(1, "-5", Type="90"))
    (entry,) = of_type(found, JournalEntry)
    assert entry.description is None
    assert of_type(found, Invoice) == []


def test_foreign_amounts_are_kept_beside() -> None:
    found = read(line_json(1, "100.5", AmountFC="110.55", Currency='"USD"', Type="90"))
    (line,) = of_type(found, JournalLine)
    assert (line.amount_e4, line.currency, line.foreign_e4) == (1_005_000, "USD", 1_105_500)
    (plain,) = of_type(read(line_json(1, "100.5", Type="90")), JournalLine)
    assert (plain.currency, plain.foreign_e4) == (None, None)


def test_the_noise_of_doubles_is_rounded_to_cents() -> None:
    (line,) = of_type(read(line_json(1, "121.00000000000001", Type="90")), JournalLine)
    assert line.amount_e4 == 1_210_000


@pytest.mark.parametrize("account", ["null", f'"{NO_GUID}"'])
def test_remarks_are_no_postings_but_amounts_are_never_dropped(account: str) -> None:
    found = read(line_json(3, "0", GLAccount=account, Type="90"))
    assert of_type(found, JournalLine) == []
    assert found.outside == {(RecordKind.LINE, "d1000000-0000-4000-8000-000000000003")}
    (line,) = of_type(read(line_json(3, "7", GLAccount=account, Type="90")), JournalLine)
    assert line.account_key == rows.NO_ACCOUNT


def test_budget_lines_stay_out() -> None:
    found = read(line_json(1, "7", Type="3000"))
    assert found.records == ()
    assert len(found.outside) == 1


def test_the_newest_version_of_an_id_counts_whatever_the_order() -> None:
    same = '"d1000000-0000-4000-8000-00000000000f"'
    newer = line_json(1, "2", ID=same, Timestamp='"20000000099"', Type="90")
    older = line_json(1, "1", ID=same, Timestamp="20000000010", Type="90")
    decoded = rows.LINE_PAGE.decode(page(newer, older)).rows
    found = rows.lines_read(rows.in_version_order(decoded), currency="EUR")
    assert of_type(found, JournalLine)[-1].amount_e4 == 20_000
    assert rows.newest_version((row.timestamp for row in decoded), 1) == 20_000_000_099


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("AmountDC", "null", "AmountDC"),
        ("AmountDC", '"a lot"', "AmountDC"),
        ("Date", "20250101", "Date"),
        ("EntryID", "null", "EntryID"),
        ("FinancialYear", '"2025"', "FinancialYear"),
    ],
)
def test_a_page_with_a_wrong_type_says_where(name: str, value: str, path: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        read(line_json(0, "1"), line_json(1, "1", **{name: value}))
    assert f"$.d.results[1].{path}" in caught.value.detail.replace("[...]", "[1]")


def test_wrong_values_in_right_types_are_told_too() -> None:
    with pytest.raises(ValueError, match="Date"):
        read(line_json(1, "1", Date='"2025-01-01"'))


def test_a_web_page_is_the_providers_trouble() -> None:
    with pytest.raises(ProviderDown):
        rows.LINE_PAGE.decode(b"<html>Onderhoud</html>")


def test_masters_lose_their_padding() -> None:
    account = rows.ACCOUNT_PAGE.decode(
        b'{"d":{"results":[{"ID":"A1","Timestamp":"20000000001","Code":"1300","Description":'
        b'"Debiteuren","Type":20,"BalanceType":"B","BalanceSide":"D","IsBlocked":false}]}}'
    ).rows[0]
    made = rows.ledger_account(account)
    assert (made.key, made.account_class, made.statement) == (
        "a1",
        AccountClass.ASSET,
        Statement.BALANCE_SHEET,
    )
    relation = rows.contact(
        rows.CONTACT_PAGE.decode(
            b'{"d":[{"ID":"C1","Timestamp":7,"Code":"                42","Name":"Jansen",'
            b'"Status":"C","IsSupplier":true,"Country":"NL ","Blocked":null}]}'
        ).rows[0]
    )
    assert (relation.code, relation.country) == ("42", "NL")
    assert relation.is_customer
    assert relation.is_supplier
    journal = rows.journal(rows.JOURNAL_PAGE.decode(b'{"d":[{"Code":"70 ","Type":21}]}').rows[0])
    assert (journal.key, journal.journal_kind) == ("70", JournalKind.SALES)
    tax = rows.tax_code(
        rows.TAX_PAGE.decode(
            b'{"d":[{"Code":"4  ","Percentage":0.21,"VATTransactionType":"S"}]}'
        ).rows[0]
    )
    assert (tax.key, tax.rate_e4, tax.use) == ("4", 2100, TaxUse.SALES)


def test_the_statement_wins_over_a_type_somebody_chose() -> None:
    assert account_class(110, on_balance=True, side="C") is AccountClass.LIABILITY
    assert account_class(20, on_balance=False, side="D") is AccountClass.EXPENSE
    assert account_class(90, on_balance=True, side="D") is AccountClass.ASSET
    assert account_class(None, on_balance=False, side="C") is AccountClass.INCOME

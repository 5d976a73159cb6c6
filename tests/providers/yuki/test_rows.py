"""Decoding as pure functions, on elements as the vendor's examples and clients show them."""

from datetime import date

import pytest

from adapters.providers.kit.xml import Element, Reading, whole
from adapters.providers.yuki import rows
from adapters.providers.yuki.rows import Collected, Controls, journal_kind
from adapters.providers.yuki.years import (
    LAST_DAY,
    FiscalYear,
)
from core.domain.books import (
    AccountClass,
    JournalEntry,
    JournalKind,
    JournalLine,
    Statement,
    TradeSide,
)

YEARS = (
    FiscalYear(2024, date(2024, 3, 15), date(2025, 6, 30)),  # extended
    FiscalYear(2026, date(2025, 7, 1), date(2026, 6, 30)),  # broken
)
CONTROLS = Controls(
    receivable=frozenset({"13000"}), payable=frozenset({"16000"}), liquid=frozenset({"11000"})
)
TAXES = {"BTW hoog, verkoop": "1/21"}


def parsed(markup: str) -> Element:
    return whole(markup.encode(), Reading(sender="A test", what="an example"))


def told(
    amount: str = "121.00", *, account: str = "13000", day: str = "2025-08-15", **others: str
) -> Element:
    """A line in the service's namespace; ``others`` replace or add members."""
    members = {
        "id": "c6e77963-1eb6-4aea-bb65-77902c1b201d",
        "hID": "919",
        "transactionDate": f"{day}T00:00:00",
        "transactionAmount": amount,
        "transactionAmountForeignCurrency": amount,
        "currencyRate": "1.000000",
        "currency": "EUR",
        "glAccountCode": account,
        "documentID": "8F2FB08A-2C46-40D2-AB15-8758A869F32A",
        "documentReference": "00042",
        "documentType": "TRMSales invoice",
        "contactID": "5b0e9dc2-ec60-4614-afb6-d876a0f20370",
    } | others
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in members.items() if text)
    return parsed(
        f'<TransactionInfo xmlns="http://www.theyukicompany.com/">{inner}</TransactionInfo>'
    )


def collected(*elements: Element) -> Collected:
    found = Collected(years=YEARS, taxes=TAXES, controls=CONTROLS)
    for element in elements:
        found.add(element)
    return found


# -- lines -----------------------------------------------------------------------------------------


def test_a_line_tells_its_document_and_date_and_no_entry() -> None:
    (group,) = collected(
        told(), told("-121.00", account="80000", id="x", hID="920")
    ).groups.values()
    assert group.entry == JournalEntry(
        key="8f2fb08a-2c46-40d2-ab15-8758a869f32a/2025-08-15",
        number="00042",
        journal_key="sales",
        date=date(2025, 8, 15),
        year=2026,
        period=2,
    )
    assert group.lines[0] == JournalLine(
        key="c6e77963-1eb6-4aea-bb65-77902c1b201d",
        entry_key=group.entry.key,
        position=919,
        account_key="13000",
        date=date(2025, 8, 15),
        year=2026,
        period=2,
        amount_e4=1_210_000,
        contact_key="5b0e9dc2-ec60-4614-afb6-d876a0f20370",
    )
    invoice = group.invoice()
    assert invoice is not None
    assert (invoice.number, invoice.total_e4, invoice.open_e4) == ("00042", 1_210_000, None)


def test_lines_without_document_make_one_entry_a_day() -> None:
    found = collected(
        told(documentID="", id="a"),
        told("-121.00", documentID="", id="b", documentType="", documentReference=""),
        told(documentID="00000000-0000-0000-0000-000000000000", id="c", day="2025-08-16"),
    )
    assert sorted(found.groups) == ["-/2025-08-15", "-/2025-08-16"]
    entry = found.groups["-/2025-08-15"].entry
    assert (entry.number, entry.journal_key) == (None, "other")
    assert found.groups["-/2025-08-15"].invoice() is None
    assert (found.count, found.latest) == (3, date(2025, 8, 16))


def test_foreign_amounts_stand_beside_and_own_currency_does_not() -> None:
    foreign = told("110.00", currency="USD", transactionAmountForeignCurrency="121.00")
    (line,) = next(iter(collected(foreign).groups.values())).lines
    assert (line.currency, line.foreign_e4, line.amount_e4) == ("USD", 1_210_000, 1_100_000)
    (own,) = next(iter(collected(told()).groups.values())).lines
    assert (own.currency, own.foreign_e4) == (None, None)


@pytest.mark.parametrize("reference", ["0", "", "  "])
def test_a_document_without_reference_has_no_number(reference: str) -> None:
    (group,) = collected(told(documentReference=reference)).groups.values()
    assert group.entry.number is None


@pytest.mark.parametrize(
    "broken",
    [
        {"id": ""},
        {"transactionDate": "2025-13-01"},
        {"transactionDate": ""},
        {"transactionAmount": "1,00"},
        {"transactionAmount": "1.00001"},
        {"transactionAmount": "NaN"},
        {"transactionAmount": ""},
        {"glAccountCode": ""},
    ],
)
def test_a_line_that_cannot_be_read_is_not_guessed_at(broken: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        collected(told(**broken))


def test_wordings_of_vat_lead_to_the_code_where_only_one_has_them() -> None:
    (group,) = collected(told(taxCodeDescription="TRMBTW hoog, verkoop")).groups.values()
    assert group.lines[0].tax_key == "1/21"
    (other,) = collected(told(taxCodeDescription="TRMNon deductable")).groups.values()
    assert other.lines[0].tax_key is None


@pytest.mark.parametrize(
    ("wording", "kind"),
    [
        ("Verkoopfactuur", JournalKind.SALES),
        ("TRMSales invoice", JournalKind.SALES),
        ("Facture de vente", JournalKind.SALES),
        ("Inkoopfactuur", JournalKind.PURCHASE),
        ("Aankoopfactuur", JournalKind.PURCHASE),
        ("Facture d'achat", JournalKind.PURCHASE),
        ("Bankafschrift", JournalKind.BANK),
        ("Memoriaalboeking", JournalKind.GENERAL),
        ("Beginbalans", JournalKind.GENERAL),
        ("Something new", JournalKind.OTHER),
        ("", JournalKind.OTHER),
        (None, JournalKind.OTHER),
    ],
)
def test_kinds_of_documents(wording: str | None, kind: JournalKind) -> None:
    assert journal_kind(wording) is kind


# -- invoices --------------------------------------------------------------------------------------


def invoice_of(*elements: Element) -> int | None:
    (group,) = collected(*elements).groups.values()
    invoice = group.invoice()
    return None if invoice is None else invoice.total_e4


def test_a_credit_note_is_negative_and_carries_tax() -> None:
    tax = {"taxCodeDescription": "BTW hoog, verkoop"}
    assert invoice_of(told("-50.00"), told("50.00", account="80000", id="b", **tax)) == -500_000
    assert invoice_of(told("-50.00"), told("50.00", account="12000", id="b")) is None


def test_a_payment_is_no_invoice_whichever_way_it_goes() -> None:
    for amount, back in (("-121.00", "121.00"), ("121.00", "-121.00")):
        assert invoice_of(told(amount), told(back, account="11000", id="b")) is None


def test_a_purchase_counts_on_the_side_of_suppliers() -> None:
    kind = {"documentType": "Inkoopfactuur"}
    assert invoice_of(told("-121.00", account="16000", **kind)) == 1_210_000
    assert invoice_of(told("-121.00", account="13000", **kind)) is None
    assert invoice_of(told(documentType="Memoriaal")) is None


# -- master data -----------------------------------------------------------------------------------


def account_of(code: str, kind: str = "", country: str = "NL", **others: str) -> tuple[str, ...]:
    members = {"code": code, "type": kind, "descripton": "Naam"} | others
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in members.items())
    account = rows.account(parsed(f"<GlAccount>{inner}</GlAccount>"), country, CONTROLS)
    return account.code, account.name, account.account_class, account.statement


def test_an_accounts_type_decides_and_its_code_where_there_is_none() -> None:
    balance, result = Statement.BALANCE_SHEET, Statement.PROFIT_AND_LOSS
    assert account_of("01000", "1") == ("01000", "Naam", AccountClass.ASSET, balance)
    assert account_of("40000", "4") == ("40000", "Naam", AccountClass.EXPENSE, result)
    assert account_of("80000", "3")[2:] == (AccountClass.UNKNOWN, result)
    assert account_of("13000", "99")[2:] == (AccountClass.UNKNOWN, balance)
    assert account_of("45000")[3] == result
    assert account_of("450000", country="BE")[3] == balance
    assert account_of("700000", country="BE")[3] == result


def test_an_account_spelled_right_or_translated_has_a_name_too() -> None:
    assert account_of("1", descripton="", description="Goed")[1] == "Goed"
    assert account_of("1", descripton="TRMSold", descriptionNL="Verkocht")[1] == "Sold"
    assert account_of("1", descripton="", descriptionNL="Verkocht")[1] == "Verkocht"
    assert account_of("007", descripton="")[1] == "007"


def test_an_account_may_be_disabled_and_hold_what_customers_owe() -> None:
    element = parsed("<GlAccount><code>13000</code><isEnabled>false</isEnabled></GlAccount>")
    account = rows.account(element, "NL", CONTROLS)
    assert not account.active
    assert account.trade is TradeSide.RECEIVABLE


def test_control_accounts_by_law_and_by_reference() -> None:
    codes = ["400000", "400100", "406000", "440000", "550003", "570000", "700000"]
    found = rows.controls_from_codes(codes)
    assert found == Controls(
        receivable=frozenset({"400000", "400100"}),
        payable=frozenset({"440000"}),
        liquid=frozenset({"550003", "570000"}),
    )
    entries = "".join(
        f"<RGSEntry><YukiCode>{code}</YukiCode><RgsReferenceCode>{reference}</RgsReferenceCode>"
        "</RGSEntry>"
        for code, reference in (("13000", "BVorDebHad"), ("13100", ""), ("16000", "BSchCreHac"))
    )
    told_scheme = parsed(f"<Result>{entries}</Result>")
    assert rows.controls_from_scheme(list(told_scheme)) == Controls(
        receivable=frozenset({"13000"}), payable=frozenset({"16000"})
    )


def test_a_contact_keeps_its_zeros_and_loses_its_blanks() -> None:
    element = parsed(
        '<Contact xmlns="" ID="64F5DFA0-D756-4FD2-8F1F-2B795439249A"><HID>25</HID>'
        "<Code>00025</Code><Name>  Biovita Bvba</Name><City>Leuven</City><Country>BE</Country>"
        "<EMailHome>a@b.test</EMailHome><EMailWork/><VATNumber/><IsSupplier>True</IsSupplier>"
        "<IsCustomer>False</IsCustomer></Contact>"
    )
    contact = rows.contact(element)
    assert contact.key == "64f5dfa0-d756-4fd2-8f1f-2b795439249a"
    assert (contact.code, contact.name, contact.email) == ("00025", "Biovita Bvba", "a@b.test")
    assert (contact.is_supplier, contact.is_customer, contact.vat_number) == (True, False, None)
    with pytest.raises(ValueError, match="without ID"):
        rows.contact(parsed("<Contact/>"))


def test_a_vat_code_is_its_type_percentage_and_country() -> None:
    element = parsed(
        '<VATCode xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><description>OSS NL'
        "</description><type>40</type><percentage>21.00</percentage><country>NL</country>"
        '<startDate>2021-07-01T00:00:00</startDate><endDate i:nil="true"/></VATCode>'
    )
    code = rows.tax_code(element, date(2026, 1, 1))
    assert (code.key, code.name, code.rate_e4, code.active) == ("40/21/NL", "OSS NL", 2_100, True)
    ended = parsed(
        "<VATCode><type>1</type><typeDescription>TRMVAT low</typeDescription>"
        "<percentage>5.50</percentage><endDate>2018-12-31T00:00:00</endDate></VATCode>"
    )
    code = rows.tax_code(ended, date(2026, 1, 1))
    assert (code.key, code.name, code.rate_e4, code.active) == ("1/5.5", "VAT low", 550, False)
    with pytest.raises(ValueError, match="percentage"):
        rows.tax_code(
            parsed("<VATCode><type>1</type><percentage>x</percentage></VATCode>"), LAST_DAY
        )

"""Accounts, journals, VAT codes and dossiers: from bytes as Octopus writes them to records."""

import json

import pytest

from adapters.providers.octopus import records, rows
from core.domain.books import AccountClass, JournalKind, Statement, TaxUse, TradeSide

Told = dict[str, object]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (100000, AccountClass.EQUITY),
        (140000, AccountClass.EQUITY),
        (173000, AccountClass.LIABILITY),
        (230000, AccountClass.ASSET),
        (400000, AccountClass.ASSET),
        (411000, AccountClass.ASSET),
        (440000, AccountClass.LIABILITY),
        (451000, AccountClass.LIABILITY),
        (491000, AccountClass.ASSET),
        (493000, AccountClass.LIABILITY),
        (550000, AccountClass.ASSET),
        (612000, AccountClass.EXPENSE),
        (700000, AccountClass.INCOME),
        (1000, AccountClass.OFF_BALANCE),
    ],
)
def test_classes_are_those_of_the_belgian_chart(number: int, expected: AccountClass) -> None:
    assert records.class_of(number) is expected


def account(number: int, bookyear: int, **texts: str | None) -> rows.AccountRow:
    key = {"id": number, "bookyearKey": {"id": bookyear}, "accountNumberKey": {"id": number}}
    told = {"modified": [{"accountKey": key, "description": texts}], "deleted": []}
    found = rows.ACCOUNTS.decode(json.dumps(told).encode()).modified
    assert found is not None
    return found[0]


def test_an_account_is_the_newest_bookyears() -> None:
    told = [account(400000, year, description_NL=f"Klanten {year}") for year in (3, 1, 2)]
    (made,) = records.accounts(told, "NL")
    assert (made.key, made.code, made.name) == ("400000", "400000", "Klanten 3")
    assert (made.statement, made.trade) == (Statement.BALANCE_SHEET, TradeSide.RECEIVABLE)


@pytest.mark.parametrize(
    ("language", "texts", "expected"),
    [
        ("FR", {"description_NL": "Kas", "description_FR": "Caisse"}, "Caisse"),
        ("fr", {"description_NL": "Kas", "description_FR": " "}, "Kas"),
        (None, {"description_NL": "", "description_EN": "Cash"}, "Cash"),
        ("NL", {"description_NL": None}, "570000"),
    ],
)
def test_names_are_in_the_dossiers_language_where_there_are_any(
    language: str | None, texts: dict[str, str | None], expected: str
) -> None:
    (made,) = records.accounts([account(570000, 1, **texts)], language)
    assert made.name == expected


def journal(letter: str, number: int, bookyear: int, name: str) -> Told:
    key = {"bookyearKey": {"id": bookyear}, "journalTypeCode": letter, "sequenceNumber": number}
    return {
        "journalKeyServiceData": key,
        "names": [{"language": "NL", "value": name}],
        "closed": bookyear == 1,
    }


def test_journals_are_the_newest_bookyears_without_delivery_notes() -> None:
    told = [
        journal("F", 1, 2, "Bank nieuw"),
        journal("F", 1, 1, "Bank oud"),
        journal("L", 1, 2, "Leveringen"),
        journal("X", 1, 2, "Onbekend"),
    ]
    body = json.dumps({"modifiedJournalServiceDataList": told, "deletedJournalList": []}).encode()
    made = records.journals(rows.JOURNALS.decode(body).modified or (), "NL")
    assert [(each.key, each.name, each.journal_kind, each.active) for each in made] == [
        ("F1", "Bank nieuw", JournalKind.BANK, True),
        ("X1", "Onbekend", JournalKind.OTHER, True),
    ]


def test_vat_codes_of_credit_notes_are_their_own() -> None:
    body = b'[{"code":"D21","type":1,"basePercentage":21.0},{"code":"D21","type":3}]'
    made = [records.tax_code(row) for row in rows.VAT_CODES.decode(body)]
    assert [(each.key, each.use, each.rate_e4) for each in made] == [
        ("D21/1", TaxUse.PURCHASE, 2100),
        ("D21/3", TaxUse.PURCHASE, None),
    ]


def test_dossiers_without_a_key_are_passed_over() -> None:
    body = b'[{"dossierDescription":"x"},{"dossierKey":{}},{"dossierKey":{"id":5},"country":"  "}]'
    made = [records.administration(row) for row in rows.DOSSIERS.decode(body)]
    assert made[:2] == [None, None]
    assert made[2] is not None
    assert (made[2].key, made[2].name, made[2].country) == ("5", "5", None)

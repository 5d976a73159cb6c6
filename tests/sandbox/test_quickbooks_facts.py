"""What the stand-in answers, against the facts of Intuit's published schemas."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from sandbox.browser import decide
from sandbox.quickbooks import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox
from tests.sandbox.moneybird_client import NO_CERTIFICATES
from tests.sandbox.quickbooks_facts import FIELDS
from tests.sandbox.quickbooks_words import ACCOUNT_SUBTYPES, WORDS

KEY = "quickbooks"
Row = dict[str, Any]
NOT_IN_THE_SCHEMA = {
    ("accounting preferences", "TaxYearMonth"),
    ("credit memo", "RemainingCredit"),
}
"""Documented on the pages of these entities, and in recorded answers."""


class Client:
    def __init__(self, sandbox: Sandbox) -> None:
        self.http = httpx.Client(base_url=sandbox.url(KEY), timeout=20, verify=NO_CERTIFICATES)
        query = {
            "client_id": SANDBOX_CLIENT_ID,
            "response_type": "code",
            "scope": "com.intuit.quickbooks.accounting",
            "redirect_uri": "http://localhost:1/x",
            "state": "s",
        }
        back = decide(f"{sandbox.url(KEY)}/connect/oauth2?{urlencode(query)}")
        answer = parse_qs(urlsplit(back).query)
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"][0],
            "redirect_uri": "http://localhost:1/x",
        }
        token = self.http.post(
            "/oauth2/v1/tokens/bearer", data=form, auth=(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)
        ).json()
        self.headers = {
            "Authorization": f"Bearer {token['access_token']}",
            "Accept": "application/json",
        }
        self.realm = answer["realmId"][0]

    def ask(self, path: str, **query: str) -> httpx.Response:
        address = f"/v3/company/{self.realm}/{path}"
        return self.http.get(address, params=query, headers=self.headers)

    def get(self, path: str, **query: str) -> Row:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        told: Row = answer.json()
        return told

    def rows(self, entity: str) -> list[Row]:
        text = f"SELECT * FROM {entity} MAXRESULTS 1000"  # noqa: S608 - names of this test
        found: list[Row] = self.get("query", query=text)["QueryResponse"][entity]
        return found


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Sandbox(seed=7, lines=500, providers=[KEY]) as running:
        connected = Client(running)
        with closing(connected.http):
            yield connected


def _is(kind: str, value: object) -> bool:
    if kind == "date":
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    if kind == "date-time":
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "boolean": bool,
        "number": (int, float),
        "array": list,
        "object": dict,
    }
    is_number = kind == "number"
    return isinstance(value, kinds[kind]) and not (is_number and isinstance(value, bool))


def faults(label: str, rows: list[Row]) -> list[str]:
    """Every field that the schemas do not know, or know otherwise."""
    assert rows, label
    found = set()
    for row in rows:
        for name, value in row.items():
            told = FIELDS[label].get(name)
            if told is None:
                if (label, name) not in NOT_IN_THE_SCHEMA:
                    found.add(f"{label} has no field {name}")
            elif not _is(told, value):
                found.add(f"{label}.{name} is {told}, not {value!r}")
            words = WORDS.get((label, name))
            if words is not None and value not in words:
                found.add(f"{label}.{name} is never {value!r}")
    return sorted(found)


@pytest.mark.parametrize(
    ("label", "entity"),
    [
        ("account", "Account"),
        ("customer", "Customer"),
        ("vendor", "Vendor"),
        ("employee", "Employee"),
        ("tax code", "TaxCode"),
        ("tax rate", "TaxRate"),
        ("invoice", "Invoice"),
        ("credit memo", "CreditMemo"),
        ("bill", "Bill"),
        ("vendor credit", "VendorCredit"),
        ("journal entry", "JournalEntry"),
        ("payment", "Payment"),
    ],
)
def test_objects_have_the_schemas_fields(client: Client, label: str, entity: str) -> None:
    rows = client.rows(entity)
    assert faults(label, rows) == []
    for row in rows:
        assert row["Id"].isdecimal()
        assert row["SyncToken"].isdecimal()
        assert row["domain"] == "QBO"
        assert datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]).tzinfo is not None
    lines = [line for row in rows for line in row.get("Line", ())]
    if lines:
        assert faults("line", lines) == []
    taxes = [row["TxnTaxDetail"] for row in rows if "TxnTaxDetail" in row]
    if taxes:
        assert faults("tax detail", taxes) == []


def test_account_subtypes_are_known(client: Client) -> None:
    assert {row["AccountSubType"] for row in client.rows("Account")} <= ACCOUNT_SUBTYPES


def test_rates_of_a_code_have_the_schemas_fields(client: Client) -> None:
    details = [
        detail
        for row in client.rows("TaxCode")
        for part in ("SalesTaxRateList", "PurchaseTaxRateList")
        for detail in row[part]["TaxRateDetail"]
    ]
    assert faults("tax rate detail", details) == []


def test_the_company_and_its_preferences_have_the_schemas_fields(client: Client) -> None:
    company = client.get(f"companyinfo/{client.realm}")["CompanyInfo"]
    assert faults("company", [company]) == []
    told = client.get("preferences")["Preferences"]
    assert faults("accounting preferences", [told["AccountingInfoPrefs"]]) == []
    assert faults("currency preferences", [told["CurrencyPrefs"]]) == []


def _cells(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield from row.get("ColData", ())
        for part in ("Header", "Summary"):
            yield from row.get(part, {}).get("ColData", ())
        yield from _cells(row.get("Rows", {}).get("Row", []))


def _all(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _all(row.get("Rows", {}).get("Row", []))


@pytest.mark.parametrize("name", ["JournalReport", "GeneralLedger", "TrialBalance"])
def test_reports_have_the_schemas_shape(client: Client, name: str) -> None:
    columns = (
        {} if name == "TrialBalance" else {"columns": "tx_date,txn_type,account_name,debt_amt"}
    )
    told = client.get(f"reports/{name}", start_date="2025-01-01", end_date="2025-06-30", **columns)
    assert told.keys() == {"Header", "Columns", "Rows"}
    assert faults("report header", [told["Header"]]) == []
    assert faults("column", told["Columns"]["Column"]) == []
    rows = list(_all(told["Rows"]["Row"]))
    assert faults("row", rows) == []
    cells = list(_cells(told["Rows"]["Row"]))
    assert faults("cell", cells) == []
    width = len(told["Columns"]["Column"])
    assert {len(row["ColData"]) for row in rows if "ColData" in row} == {width}
    amounts = [
        cell["value"] for row in rows if "Summary" in row for cell in row["Summary"]["ColData"]
    ]
    assert (
        any(re.fullmatch(r"-?\d*\.\d\d", amount) for amount in amounts) or name == "GeneralLedger"
    )


def test_without_dates_a_report_is_not_of_everything(client: Client) -> None:
    told = client.get("reports/JournalReport")
    assert told["Header"]["StartPeriod"].endswith("-01")
    assert told["Rows"] == {}
    assert told["Header"]["Option"] == [{"Name": "NoReportData", "Value": "true"}]


def test_faults_come_in_two_spellings(client: Client) -> None:
    business = client.ask("query", query="SELECT * FROM Nothing")
    assert business.status_code == 400
    (error,) = business.json()["Fault"]["Error"]
    assert error.keys() >= {"Message", "Detail", "code"}
    client.realm, own = "9130347800000002", client.realm
    gateway = client.ask("preferences")
    client.realm = own
    assert gateway.status_code == 403
    (told,) = gateway.json()["fault"]["error"]
    assert told["code"] == "3100"


def test_changes_longer_ago_than_thirty_days_are_refused(client: Client) -> None:
    assert client.ask("cdc", entities="Invoice", changedSince="2020-01-01T00:00:00Z").is_error
    assert client.ask("cdc", entities="TaxCode", changedSince="2026-11-01T00:00:00Z").is_error


def test_the_facts_can_be_broken() -> None:
    row = {"Name": 7, "AccountType": "Sleeping", "made_up": 1}
    assert faults("account", [row]) == [
        "account has no field made_up",
        "account.AccountType is never 'Sleeping'",
        "account.Name is string, not 7",
    ]

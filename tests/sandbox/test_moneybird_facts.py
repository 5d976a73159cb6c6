"""What the stand-in answers, against the facts of Moneybird's official OpenAPI document."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from sandbox.server import Sandbox
from tests.sandbox.moneybird_client import MONEYBIRD, MoneybirdClient
from tests.sandbox.moneybird_facts import FIELDS, WORDS

Rows = list[dict[str, Any]]
NOT_IN_THE_DOCUMENT = {"ledger account.taxonomy_item is object, not None"}
"""Client authors met accounts outside the standard chart; the document has no such example."""
WIDE = {"filter": "period:19900101..20991231,state:all"}


def _is(kind: str, value: object) -> bool:
    if isinstance(value, str):
        match kind:
            case "id":
                return value.isdecimal()
            case "date":
                return date.fromisoformat(value) is not None
            case "date-time":
                return datetime.fromisoformat(value).tzinfo is not None
            case "uri":
                return value.startswith("https://")
        return kind in {"string", "any"}
    names = {bool: "boolean", int: "integer", list: "array", dict: "object", type(None): "null"}
    name = names.get(type(value), "number")
    return kind in {name, "any"} or (kind == "number" and name == "integer")


def faults(label: str, rows: Rows) -> list[str]:
    """Every field that the document does not know, or knows otherwise."""
    assert rows, label
    found = []
    for row in rows:
        for name, value in row.items():
            told = FIELDS[label].get(name)
            if told is None:
                found.append(f"{label} has no field {name}")
            elif not any(_is(kind, value) for kind in told.split("|")):
                found.append(f"{label}.{name} is {told}, not {value!r}")
            words = WORDS.get((label, name))
            if words is not None and value is not None and value not in words:
                found.append(f"{label}.{name} is never {value!r}")
    return sorted(set(found))


@pytest.fixture(scope="module")
def client() -> Iterator[MoneybirdClient]:
    with (
        Sandbox(seed=7, lines=600, providers=[MONEYBIRD]) as running,
        MoneybirdClient(running) as moneybird,
    ):
        running.settings(MONEYBIRD, project_every=9, unique_numbers=True)
        yield moneybird.connect()


@pytest.mark.parametrize(
    ("label", "resource"),
    [
        ("ledger account", "ledger_accounts"),
        ("tax rate", "tax_rates"),
        ("project", "projects"),
    ],
)
def test_lists_have_the_documents_fields(
    client: MoneybirdClient, label: str, resource: str
) -> None:
    assert set(faults(label, client.rows(resource))) <= NOT_IN_THE_DOCUMENT


@pytest.mark.parametrize(
    ("label", "resource", "query"),
    [
        ("contact", "contacts", {"include_archived": "true"}),
        ("sales invoice", "sales_invoices", WIDE),
        ("external sales invoice", "external_sales_invoices", WIDE),
        ("purchase invoice", "documents/purchase_invoices", WIDE),
        ("purchase invoice", "documents/receipts", WIDE),
    ],
)
def test_synchronized_records_have_the_documents_fields(
    client: MoneybirdClient, label: str, resource: str, query: dict[str, str]
) -> None:
    versions = client.get(f"{resource}/synchronization", **query).json()
    assert all(row.keys() == {"id", "version"} for row in versions)
    assert all(row["id"].isdecimal() and type(row["version"]) is int for row in versions)
    records = client.synced(resource, **query)
    assert faults(label, records) == []
    if label != "contact":
        assert faults("detail", [row for record in records for row in record["details"]]) == []
        embedded = [record["contact"] for record in records if record.get("contact")]
        assert faults("contact", embedded) == []
        assert not any("events" in contact for contact in embedded), "only by itself"


def test_administrations_have_the_documents_fields(client: MoneybirdClient) -> None:
    answer = client.http.get("/api/v2/administrations.json", headers=client.headers)
    rows = answer.json()
    moments = [row for row in rows if "T" in (row["period_locked_until"] or "")]
    assert len(moments) == 1, "one fixture has a moment where the document says a day"
    days = [row for row in rows if row not in moments]
    assert faults("administration", days) == []


def test_taxonomy_items_have_the_documents_fields(client: MoneybirdClient) -> None:
    items = [row["taxonomy_item"] for row in client.rows("ledger_accounts")]
    assert faults("taxonomy item", [item for item in items if item is not None]) == []


def test_journal_entries_have_the_documents_fields(client: MoneybirdClient) -> None:
    for month in ("202503", "202512"):
        rows = client.rows("reports/journal_entries", period=month, project_id="null")
        assert faults("journal entry", rows) == []
        assert all(re.fullmatch(r"-?\d+\.\d{1,2}", row["amount"]) for row in rows)


def test_the_general_ledger_has_the_documents_shape(client: MoneybirdClient) -> None:
    told = client.get("reports/general_ledger", period="202503").json()
    assert told.keys() == {"debit_sums", "credit_sums", "start_balance", "final_balance"}
    for part in told.values():
        assert part.keys() == {"ledger_accounts"}
        for row in part["ledger_accounts"]:
            assert row.keys() == {"ledger_account_id", "value"}
            assert type(row["ledger_account_id"]) is str
            assert type(row["value"]) is str


def test_downloads_have_the_documents_fields(client: MoneybirdClient) -> None:
    assert client.post("reports/export/auditfile", {"year": "2025"}).status_code == 204
    polls = [client.get("downloads", download_type="auditfile").json() for _ in range(3)]
    assert polls[:2] == [[], []]
    assert faults("download", polls[2]) == []


def test_the_facts_can_be_broken() -> None:
    row = {"id": 7.5, "name": "x", "state": "sleeping", "made_up": 1}
    assert faults("project", [row]) == [
        "project has no field made_up",
        "project.id is id, not 7.5",
        "project.state is never 'sleeping'",
    ]

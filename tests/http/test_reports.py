"""Reports over HTTP, in every form; retention and closed periods."""

import csv
import io
import json
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.http.street import Street

Client = TestClient[Litestar]
REPORTS = (
    "trial-balance", "lines", "accounts", "changes", "profit-and-loss", "balance-sheet",
    "ageing", "contacts", "invoices",
)  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_every_form_has_the_same_rows(client: Client, street: Street, name: str) -> None:
    path = f"/v1/entities/{street.here.entity_ids[0]}/books/{name}"
    headers = street.here.headers()
    asked = {"side": "receivable"} if name == "ageing" else {}
    paged = {"limit": "200"} if name in {"lines", "contacts", "invoices"} else {}
    found = client.get(path, params=asked | paged, headers=headers)
    assert found.status_code == 200, found.text
    items = found.json()["items"]
    ndjson = client.get(path, params=asked | {"format": "ndjson"}, headers=headers)
    assert [json.loads(line) for line in ndjson.text.splitlines()] == items
    accepted = client.get(path, params=asked, headers=headers | {"Accept": "text/csv"})
    assert accepted.headers["content-type"].startswith("text/csv")
    assert len(list(csv.DictReader(io.StringIO(accepted.text)))) == len(items)
    parquet = client.get(path, params=asked | {"format": "parquet"}, headers=headers)
    assert parquet.headers["content-disposition"].endswith(f'"{name}.parquet"')
    rows = pq.read_table(io.BytesIO(parquet.content)).to_pylist()
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        for key, value in row.items():
            same = Decimal(item[key]) if isinstance(value, Decimal) else item[key]
            assert value == same or str(value) == str(same)


def test_the_first_import_has_no_changes_and_that_is_no_error(
    client: Client, street: Street
) -> None:
    path = f"/v1/entities/{street.here.entity_ids[0]}/books/changes"
    headers, first = street.here.headers(), {"newer": "1"}
    found = client.get(path, params=first, headers=headers)
    assert found.status_code == 200, found.text
    said = found.json()
    assert (said["older"], said["newer"], said["items"], said["closed_lines"]) == (None, 1, [], 0)
    as_csv = client.get(path, params=first | {"format": "csv"}, headers=headers)
    assert as_csv.status_code == 200
    assert list(csv.DictReader(io.StringIO(as_csv.text))) == []


def test_statements_add_up(client: Client, street: Street) -> None:
    base = f"/v1/entities/{street.here.entity_ids[0]}/books"
    headers = street.here.headers()
    profit = client.get(f"{base}/profit-and-loss", params={"by": "year"}, headers=headers).json()
    sheet = client.get(f"{base}/balance-sheet", params={"by": "year"}, headers=headers).json()
    assert profit["columns"][0]["result"] == sheet["columns"][0]["result"] != "0.00"
    assert {one["difference"] for one in sheet["columns"]} == {"0.00"}


def test_retention_and_closed_periods_are_set(client: Client, street: Street) -> None:
    headers, entity_id = street.here.headers(), street.here.entity_ids[0]
    assert client.get("/v1/retention", headers=headers).json() == {"nights": None}
    assert client.put("/v1/retention", json={"nights": 9}, headers=headers).json() == {"nights": 9}
    assert client.get("/v1/retention", headers=headers).json() == {"nights": 9}
    assert client.get("/v1/retention", headers=street.there.headers()).json() == {"nights": None}
    path = f"/v1/entities/{entity_id}/books"
    put = client.put(f"{path}/closed", json={"closed_through": "2025-12-31"}, headers=headers)
    assert put.json() == {"closed_through": "2025-12-31", "closed_by": "operator"}
    assert client.get(f"{path}/closed", headers=headers).json() == put.json()
    done = client.post(f"{path}/compaction", headers=headers).json()
    assert set(done) == {"retired", "compacted", "removed"}
    client.put("/v1/retention", json={"nights": None}, headers=headers)

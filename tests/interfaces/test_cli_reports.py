"""Reports on the command line: statements, ageing, lists, files."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.interfaces.stage import Stage


@pytest.mark.parametrize("name", ["profit-and-loss", "balance-sheet"])
def test_statements_for_people_and_programs(stage: Stage, name: str) -> None:
    stage.import_all()
    table = stage.run("books", name, "bakery", "--by", "year")
    assert table.code == 0
    assert "2026" in table.out
    assert "Result" in table.out
    answer = json.loads(stage.run("books", name, "bakery", "--json").out)
    assert {one["difference"] for one in answer["columns"] if "difference" in one} <= {"0.00"}
    assert {row["section"] for row in answer["items"]} & {"income", "asset"}
    march = ("--since", "2026-3", "--until", "2026-3")
    narrowed = stage.run("books", name, "bakery", *march, "--json")
    assert [one["period"] for one in json.loads(narrowed.out)["columns"]] == [3]


@pytest.mark.parametrize("name", ["accounts", "contacts", "invoices", "lines", "trial-balance"])
def test_every_list_becomes_a_file_of_every_format(stage: Stage, tmp_path: Path, name: str) -> None:
    stage.import_all()
    items = json.loads(stage.run("books", name, "bakery", "--json").out)["items"]
    counts = {}
    for form in ("json", "csv", "ndjson", "parquet"):
        file = tmp_path / f"{name}.{form}"
        ended = stage.run("books", name, "bakery", "--format", form, "--output", str(file))
        assert (ended.code, ended.out) == (0, "")
        if form == "json":
            counts[form] = len(json.loads(file.read_text())["items"])
        elif form == "csv":
            counts[form] = len(list(csv.DictReader(io.StringIO(file.read_text()))))
        elif form == "ndjson":
            counts[form] = len([json.loads(line) for line in file.read_text().splitlines()])
        else:
            counts[form] = pq.read_table(file).num_rows
    assert set(counts.values()) == {len(items)}
    assert not list(tmp_path.glob("*.part"))


def test_parquet_amounts_are_exact_decimals(stage: Stage, tmp_path: Path) -> None:
    stage.import_all()
    file = tmp_path / "lines.parquet"
    stage.run("books", "lines", "bakery", "--format", "parquet", "--output", str(file))
    table = pq.read_table(file)
    assert str(table.schema.field("amount").type) == "decimal128(38, 4)"
    assert sum(table.column("amount").to_pylist()) == Decimal(0)
    assert str(table.schema.field("date").type) == "date32[day]"


def test_a_table_is_not_written_to_a_file(stage: Stage, tmp_path: Path) -> None:
    stage.import_all()
    ended = stage.run("books", "lines", "bakery", "--output", str(tmp_path / "x"))
    assert ended.code == 2
    unwritable = tmp_path / "absent" / "x.csv"
    refused = stage.run("books", "lines", "bakery", "--format", "csv", "--output", str(unwritable))
    assert refused.code == 2
    assert "output-unwritable" in refused.err


def test_ageing_says_by_what(stage: Stage) -> None:
    stage.import_all()
    answer = json.loads(stage.run("books", "ageing", "bakery", "receivable", "--json").out)
    assert (answer["side"], answer["method"], answer["items"]) == ("receivable", "not possible", [])
    assert "nothing to age" in stage.run("books", "ageing", "bakery", "payable").err


def test_retention_compaction_and_closed_periods(stage: Stage) -> None:
    stage.import_all()
    assert json.loads(stage.run("books", "retention", "--json").out) == {"nights": None}
    assert json.loads(stage.run("books", "retention", "--nights", "7", "--json").out) == {
        "nights": 7
    }
    assert "7 nights" in stage.run("books", "retention").err
    done = json.loads(stage.run("books", "compact", "bakery", "--json").out)
    assert done == {"retired": 0, "compacted": 0, "removed": 0}
    assert stage.run("books", "retention", "--all").code == 0
    ended = stage.run("books", "closed", "bakery", "--through", "2025-12-31", "--json")
    assert json.loads(ended.out) == {"closed_through": "2025-12-31", "closed_by": "operator"}
    assert "2025-12-31" in stage.run("books", "closed", "bakery").err
    stage.run("books", "closed", "bakery", "--by-provider")
    assert "No period" in stage.run("books", "closed", "bakery").err

"""Books on the command line: exact amounts, every row, earlier generations, three formats."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pytest

from core.domain.failures import TryAgain
from interfaces.cli import books as commands
from tests.interfaces.stage import Stage


def _import_again(stage: Stage) -> None:
    stage.clock.pause(24 * 3600)
    stage.import_all()


def test_a_trial_balance_is_the_providers_to_the_cent(stage: Stage) -> None:
    stage.import_all()
    ended = stage.run("books", "trial-balance", "bakery", "--json")
    answer = json.loads(ended.out)
    assert ended.code == 0
    truth: dict[str, int] = {}
    for cell, amount_e4 in stage.keyed.books[0].balances_e4().items():
        truth[cell.account_key] = truth.get(cell.account_key, 0) + amount_e4
    assert {row["account_key"]: Decimal(row["closing"]) for row in answer["items"]} == {
        key: Decimal(amount_e4).scaleb(-4) for key, amount_e4 in truth.items()
    }
    assert answer["totals"]["debit"] == answer["totals"]["credit"]
    assert answer["entity"]["currency"] == "EUR"
    assert answer["generation"]["proof"]["verdict"] == "proven"


def test_periods_make_an_opening(stage: Stage) -> None:
    stage.import_all()
    ended = stage.run(
        "books", "trial-balance", "bakery", "--since", "2026-3", "--until", "2026-4", "--json"
    )
    bank = next(row for row in json.loads(ended.out)["items"] if row["code"] == "1000")
    assert Decimal(bank["opening"]) > 0
    assert Decimal(bank["closing"]) == Decimal(bank["opening"]) + Decimal(bank["debit"])
    assert stage.run("books", "trial-balance", "bakery", "--since", "March").code == 2


def test_people_see_totals_and_proof(stage: Stage) -> None:
    stage.import_all()
    ended = stage.run("books", "trial-balance", "bakery")
    assert "Turnover" in ended.out
    assert "Total debit" in ended.err
    assert "generation 1 of" in ended.err
    assert "proven" in ended.err


def test_every_line_comes_across_pages(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.import_all()
    monkeypatch.setattr(commands, "ROWS_MAX", 5)
    answer = json.loads(stage.run("books", "lines", "bakery", "--json").out)
    assert len({row["key"] for row in answer["items"]}) == len(answer["items"]) == 24
    assert sum(Decimal(row["amount"]) for row in answer["items"]) == 0
    assert set(answer["items"][0]) == {
        "date", "year", "period", "journal_key", "entry_key", "number", "position", "key",
        "account_key", "account_code", "account", "amount", "currency", "foreign_amount",
        "contact_key", "tax_key",
        "description",
    }  # fmt: skip


def test_pages_are_of_one_generation_though_another_is_published_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.import_all()
    monkeypatch.setattr(commands, "ROWS_MAX", 5)
    reading = type(stage.services.reading)
    genuine, calls = reading.lines, []

    def lines(*args: object, **kwargs: object) -> object:
        calls.append(kwargs)
        if len(calls) == 2:
            stage.keyed.books[0].delete("sale-1")
            stage.import_all()
        return genuine(*args, **kwargs)  # type: ignore[arg-type]  # passed through as they came

    monkeypatch.setattr(reading, "lines", lines)
    answer = json.loads(stage.run("books", "lines", "bakery", "--json").out)
    assert len(answer["items"]) == 24
    assert {call.get("as_of") for call in calls} == {"1"}


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--account", "1000"], 3),
        (["--account", "acc-bank"], 3),
        (["--account", "9999"], 0),
        (["--entry", "sale-1"], 3),
        (["--date-from", "2026-02-01", "--date-to", "2026-02-20"], 3),
        (["--year", "2026", "--period", "2"], 5),
        (["--text", "PAYMENT 2"], 2),
        (["--journal", "jrn-sales"], 24),
        (["--contact", "nobody"], 0),
    ],
)
def test_lines_can_be_narrowed(stage: Stage, options: list[str], count: int) -> None:
    stage.import_all()
    answer = json.loads(stage.run("books", "lines", "bakery", *options, "--json").out)
    assert len(answer["items"]) == count


def test_a_table_of_lines_ends_and_says_how_to_get_the_rest(stage: Stage) -> None:
    stage.import_all()
    ended = stage.run("books", "lines", "bakery", "--limit", "4")
    assert "Only the first 4 rows are shown" in ended.err
    assert len([row for row in ended.out.splitlines() if "2026-" in row]) == 4


def test_csv_defuses_formulas_in_texts_and_leaves_numbers_alone(stage: Stage) -> None:
    stage.keyed.books[0].post(
        "evil",
        dt.date(2026, 1, 1),
        ("acc-bank", -5_0000),
        ("acc-turnover", 5_0000),
        description="=HYPERLINK(1)",
    )
    stage.import_all()
    ended = stage.run("books", "lines", "bakery", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    evil = next(row for row in rows if row["entry_key"] == "evil")
    assert evil["description"] == "'=HYPERLINK(1)"
    assert evil["amount"] == "-5.00"
    assert len(rows) == 26


def test_a_trial_balance_as_csv_has_the_same_amounts(stage: Stage) -> None:
    stage.import_all()
    as_json = json.loads(stage.run("books", "trial-balance", "bakery", "--json").out)["items"]
    ended = stage.run("books", "trial-balance", "bakery", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [row["closing"] for row in rows] == [row["closing"] for row in as_json]


def test_earlier_books_stay_readable_by_generation_and_date(stage: Stage) -> None:
    stage.import_all()
    before = json.loads(stage.run("books", "trial-balance", "bakery", "--json").out)
    stage.keyed.books[0].delete("sale-1")
    _import_again(stage)
    now = json.loads(stage.run("books", "trial-balance", "bakery", "--json").out)
    assert now["totals"] != before["totals"]
    for as_of in ("1", "2026-03-10"):
        then = stage.run("books", "trial-balance", "bakery", "--as-of", as_of, "--json")
        assert json.loads(then.out)["totals"] == before["totals"]
    for as_of, code in (("9", "unknown-generation"), ("soon", "bad-as-of")):
        refused = stage.run("books", "trial-balance", "bakery", "--as-of", as_of, "--json")
        assert refused.code == 2
        assert json.loads(refused.out)["error"]["code"] == code


def test_changes_tell_what_moved_where(stage: Stage) -> None:
    stage.import_all()
    stage.keyed.books[0].post(
        "sale-1", dt.date(2026, 1, 15), ("acc-debtors", 7_0000), ("acc-turnover", -7_0000)
    )
    _import_again(stage)
    answer = json.loads(stage.run("books", "changes", "bakery", "--json").out)
    assert (answer["older"]["number"], answer["newer"]["number"]) == (1, 2)
    turnover = next(row for row in answer["items"] if row["account_key"] == "acc-turnover")
    assert turnover["after"] == "-7.00"
    assert (turnover["account_code"], turnover["account"]) == ("8000", "Turnover")
    assert Decimal(turnover["difference"]) == Decimal(turnover["after"]) - Decimal(
        turnover["before"]
    )
    table = stage.run("books", "changes", "bakery", "--since", "1", "--as-of", "2")
    assert "Turnover" in table.out
    assert "from generation 1" in table.err
    as_csv = stage.run("books", "changes", "bakery", "--format", "csv").out.splitlines()
    assert len(as_csv) == 1 + len(answer["items"])


def test_the_first_import_has_no_changes_and_that_is_no_error(stage: Stage) -> None:
    stage.import_all()
    nothing = "Generation 1 is the first that can be read: there is nothing before it to compare"
    shown = stage.run("books", "changes", "bakery")
    assert shown.code == 0
    assert nothing in shown.err
    as_json = stage.run("books", "changes", "bakery", "--json")
    assert as_json.code == 0
    answer = json.loads(as_json.out)
    assert (answer["older"], answer["newer"]["number"], answer["items"]) == (None, 1, [])
    assert (answer["closed_through"], answer["closed_lines"]) == (None, 0)
    as_csv = stage.run("books", "changes", "bakery", "--format", "csv")
    assert as_csv.code == 0
    assert len(as_csv.out.splitlines()) == 1
    _import_again(stage)
    assert nothing in stage.run("books", "changes", "bakery", "--to", "1").err
    other = stage.run("books", "changes", "bakery", "--to", "7")
    assert other.code == 2
    assert "unknown-generation" in other.err


def test_generations_are_listed_newest_first(stage: Stage) -> None:
    stage.follow_all()
    assert "has no books yet" in stage.run("books", "generations", "bakery").err
    stage.import_all()
    _import_again(stage)
    items = json.loads(stage.run("books", "generations", "bakery", "--json").out)["items"]
    assert [item["number"] for item in items] == [2, 1]
    assert "nothing changed" in stage.run("books", "generations", "bakery").out


def test_a_refusal_comes_before_the_first_byte(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.import_all()
    reading = type(stage.services.reading)
    genuine, calls = reading.lines, []

    def lines(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise TryAgain("The storage is locked: try again.", code="storage-locked")
        return genuine(*args, **kwargs)  # type: ignore[arg-type]  # passed through as they came

    monkeypatch.setattr(reading, "lines", lines)
    ended = stage.run("books", "lines", "bakery", "--json")
    assert ended.code == 4
    assert json.loads(ended.out)["error"]["code"] == "storage-locked"


def test_json_that_is_cut_short_is_still_json_and_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.import_all()
    monkeypatch.setattr(commands, "ROWS_MAX", 5)
    reading = type(stage.services.reading)
    genuine, calls = reading.lines, []

    def lines(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise TryAgain("The storage is locked: try again.", code="storage-locked")
        return genuine(*args, **kwargs)  # type: ignore[arg-type]  # passed through as they came

    monkeypatch.setattr(reading, "lines", lines)
    ended = stage.run("books", "lines", "bakery", "--json")
    answer = json.loads(ended.out)
    assert ended.code == 4
    assert len(answer["items"]) == 10
    assert answer["error"]["code"] == "storage-locked"

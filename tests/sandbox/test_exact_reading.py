"""Paging, shapes, cursors, deletes and balances of the Exact Online stand-in."""

import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from sandbox.server import Sandbox
from tests.sandbox.exact_client import (
    EXACT,
    ExactClient,
    Row,
    balances_of,
    true_balances,
    truth_of,
)

BALANCE_FIELDS = "ID,GLAccountCode,Amount,ReportingYear,ReportingPeriod,Status,Type,Count"


def ms(wire: str) -> int:
    match = re.fullmatch(r"/Date\((-?\d+)\)/", wire)
    assert match is not None
    return int(match[1])


@pytest.mark.parametrize("division", ["700001", "700002", "700003", "700005", "700007"])
def test_paging_to_the_end_gives_the_truth_to_the_cent(
    sandbox: Sandbox, connected: ExactClient, division: str
) -> None:
    sandbox.settings(EXACT, page_large=173, limits=False)
    lines = connected.lines(division)
    assert balances_of(lines) == true_balances(sandbox, division)
    truth = truth_of(sandbox, division)
    ledger = [line for line in lines if line["GLAccount"] is not None]
    assert len(ledger) == truth["lines"]
    assert len(lines) - len(ledger) == truth["remarks"]
    assert len({line["EntryID"] for line in lines}) == truth["entries"]
    assert len({line["ID"] for line in lines}) == len(lines)
    debit = sum(Decimal(str(line["AmountDC"])) for line in lines if line["AmountDC"] > 0)
    assert debit == Decimal(truth["debit"]) == Decimal(truth["credit"])
    stamps = [int(line["Timestamp"]) for line in lines]
    assert stamps == sorted(stamps)
    assert stamps[0] > 2**32
    accounts = connected.rows(
        f"{division}/sync/Financial/GLAccounts", _filter="Timestamp gt 1", _select="ID,Code"
    )
    assert {row["GLAccount"] for row in ledger} <= {row["ID"] for row in accounts}
    assert len(accounts) == truth["accounts"]
    asked = [entry.query for entry in sandbox.log(EXACT)]
    assert len(asked) == len(set(asked)) + 1, "one page twice: consent and token have no query"


def test_the_reporting_balance_is_the_truth(sandbox: Sandbox, connected: ExactClient) -> None:
    sums: dict[tuple[str, int, int], Decimal] = {}
    count = 0
    for year in (2025, 2026):
        for page in connected.pages(
            "700001/financial/ReportingBalance",
            _filter=f"ReportingYear eq {year}",
            _select=BALANCE_FIELDS,
        ):
            assert len(page) <= 60
            for row in page:
                assert row["Status"] == (50 if year == 2025 else 20)
                assert isinstance(row["ID"], str)
                place = (row["GLAccountCode"], row["ReportingYear"], row["ReportingPeriod"])
                sums[place] = sums.get(place, Decimal(0)) + Decimal(str(row["Amount"]))
                count += row["Count"]
    assert sums == true_balances(sandbox)
    assert count == truth_of(sandbox)["lines"]


def test_lines_carry_the_oddities_of_the_wire(connected: ExactClient) -> None:
    lines = connected.rows(
        "700001/sync/Financial/TransactionLines", _filter="Timestamp gt 1", _select="*"
    )
    assert {line["Type"] for line in lines} == {10, 20, 21, 30, 31, 40, 90}
    assert {0, 1, 2, 9999} <= {line["LineNumber"] for line in lines}
    bare = [line for line in lines if line["GLAccount"] is None]
    assert len(bare) == 1
    assert bare[0]["AmountDC"] == 0
    assert all(isinstance(line["Timestamp"], str) for line in lines)
    coded = next(line for line in lines if line["AccountCode"])
    assert len(coded["AccountCode"]) == 18
    assert coded["AccountCode"].strip().isdigit()
    taxed = next(line for line in lines if line["VATCode"])
    assert len(taxed["VATCode"]) == 3
    assert 0 <= taxed["VATPercentage"] < 1
    assert all(ms(line["Date"]) % 86_400_000 == 0 for line in lines), "midnight, as if UTC"
    foreign = next(line for line in lines if line["Currency"] == "USD")
    assert foreign["AmountFC"] != foreign["AmountDC"]
    assert 0.8 < foreign["ExchangeRate"] < 1
    whole = [line["AmountDC"] for line in lines if line["AmountDC"] == int(line["AmountDC"])]
    assert all(isinstance(amount, int) for amount in whole)
    assert "Notes" in lines[0]
    assert lines[0]["Notes"] is None
    letters = {line["VATType"] for line in lines}
    assert {"A", "V", "I", "O", "P", None} <= letters


def test_moments_are_the_amsterdam_wall_clock(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.edit(EXACT, {"kind": "rename-account", "account": "4100", "name": "Huur"})
    account = connected.rows(
        "700001/financial/GLAccounts", _filter="Code eq '4100'", _select="Modified,Description"
    )[0]
    now = datetime.fromtimestamp(sandbox.clock.now_ms() / 1000, tz=ZoneInfo("Europe/Amsterdam"))
    wall = now.replace(tzinfo=UTC).timestamp() * 1000
    assert abs(wall - ms(account["Modified"])) < 20_000
    assert account["Description"] == "Huur"
    me = connected.rows("current/Me")[0]
    assert me["ServerUtcOffset"] in {3600, 7200}
    assert me["Legislation"] == "1"


def test_only_what_is_selected_comes_back(connected: ExactClient) -> None:
    row = connected.rows("700001/financial/Journals", _select="Code,Type")[0]
    assert set(row) == {"__metadata", "Code", "Type"}
    wrong = connected.get("700001/financial/Journals", _select="Code,Nonsense")
    assert wrong.status_code == 400
    assert wrong.json()["error"]["code"] == ""


def test_the_envelope_has_three_shapes(connected: ExactClient) -> None:
    whole = connected.get("700001/financial/FinancialPeriods").json()["d"]
    assert len(whole["results"]) == 60
    assert "$skiptoken=guid'" in whole["__next"]
    assert len(connected.rows("700001/financial/FinancialPeriods")) == 72
    bare = connected.get("700001/financial/FinancialPeriods", _top="2").json()["d"]
    assert isinstance(bare, list)
    assert len(bare) == 2
    nothing = connected.get("700001/financial/Journals", _top="1", _filter="Code eq 'x'").json()
    assert nothing == {"d": []}
    capped = connected.get("700001/financial/FinancialPeriods", _top="65").json()["d"]
    assert "$top=5" in capped["__next"]
    assert len(connected.rows("700001/financial/FinancialPeriods", _top="65")) == 65
    key = bare[0]["ID"]
    one = connected.get(f"700001/financial/FinancialPeriods(guid'{key}')").json()["d"]
    assert one["ID"] == key
    missing = f"700001/financial/FinancialPeriods(guid'{key[::-1]}')"
    assert connected.get(missing).status_code in {400, 404}


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("bulk/Financial/TransactionLines", {}, "Please add a $select"),
        ("sync/Financial/TransactionLines", {"_filter": "Timestamp gt 1"}, "Please add a $select"),
        (
            "sync/Financial/TransactionLines",
            {"_select": "ID", "_filter": "Modified gt datetime'2026-01-01'"},
            "Filtering on these fields is not supported: Modified",
        ),
        ("sync/Deleted", {"_select": "ID", "_filter": "Timestamp lt 5L"}, "not supported"),
        ("financial/Journals", {"_filter": "Code eq"}, "Error in query syntax"),
        ("financial/Journals", {"_filter": "Description eq 5"}, "Operator 'eq' incompatible"),
        ("financial/Journals", {"_filter": "Type eq 1.2.3"}, "Error in query syntax"),
        ("financial/Journals", {"_filter": "Code eq '5' or Code eq '6'"}, "Error in query syntax"),
        ("financial/Journals", {"_skip": "60"}, "$skip is not supported"),
        ("financial/Journals", {"_top": "many"}, "Error in query syntax"),
    ],
)
def test_a_wrong_question_is_a_400_with_words(
    connected: ExactClient, path: str, options: dict[str, str], words: str
) -> None:
    answer = connected.get(f"700001/{path}", **options)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]["value"]


def test_bulk_filters_on_dates_and_pages_by_guid(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.settings(EXACT, page_large=50)
    filters = "Date ge datetime'2026-09-01T00:00:00' and Date lt datetime'2026-10-01'"
    options = {"_filter": filters, "_select": "ID,FinancialPeriod,FinancialYear"}
    found = connected.rows("700001/bulk/Financial/TransactionLines", **options)
    assert len(found) > 50
    assert {(row["FinancialYear"], row["FinancialPeriod"]) for row in found} == {(2026, 9)}
    assert len({row["ID"] for row in found}) == len(found)
    trimmed = connected.rows("700001/crm/Accounts", _filter="trim(Code) eq '2'", _select="Code")
    assert [row["Code"].strip() for row in trimmed] == ["2"]


def test_single_resources_may_want_a_filter(sandbox: Sandbox, connected: ExactClient) -> None:
    assert connected.get("700001/financial/GLAccounts").status_code == 200
    sandbox.settings(EXACT, mandatory_filters=True)
    refused = connected.get("700001/financial/GLAccounts")
    assert refused.status_code == 400
    assert "mandatory filtering" in refused.text
    harmless = "Modified ge datetime'1990-01-01'"
    assert connected.get("700001/financial/GLAccounts", _filter=harmless).status_code == 200


# -- what changes ----------------------------------------------------------------------------------


class Mirror:
    """What an incremental reader holds: lines by id, and two cursors."""

    def __init__(self, client: ExactClient) -> None:
        self.client = client
        self.cursor = self.deleted = 1
        self.held: dict[str, Row] = {}

    def read(self) -> int:
        rows = self.client.lines(cursor=self.cursor)
        for row in rows:
            self.held[row["ID"]] = row
            self.cursor = max(self.cursor, int(row["Timestamp"]))
        gone = self.client.rows(
            "700001/sync/Deleted",
            _filter=f"Timestamp gt {self.deleted}L",
            _select="Timestamp,EntityKey,EntityType,DeletedDate",
        )
        for row in gone:
            self.deleted = max(self.deleted, int(row["Timestamp"]))
            held = self.held.get(row["EntityKey"])
            if row["EntityType"] == 1 and held and int(held["Timestamp"]) <= int(row["Timestamp"]):
                del self.held[row["EntityKey"]]
        return len(rows) + len(gone)


def test_an_incremental_reader_stays_level_over_the_nights(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.settings(EXACT, limits=False)
    mirror = Mirror(connected)
    mirror.read()
    for _ in range(5):
        sandbox.edit(EXACT, {"kind": "night"})
        assert 0 < mirror.read() < 60
        truth = {key: value for key, value in true_balances(sandbox).items() if value}
        held = balances_of(list(mirror.held.values()))
        assert {key: value for key, value in held.items() if value} == truth
        assert len(mirror.held) == truth_of(sandbox)["lines"] + truth_of(sandbox)["remarks"]
        assert mirror.read() == 0


def test_an_edit_keeps_the_id_and_moves_the_timestamp(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    before = {row["ID"]: int(row["Timestamp"]) for row in connected.lines()}
    sandbox.edit(EXACT, {"kind": "edit-entry", "delta": 5})
    changed = connected.lines(cursor=max(before.values()))
    assert changed
    assert all(row["ID"] in before for row in changed)
    assert len({row["EntryID"] for row in changed}) == 1


def test_deletes_are_told_for_two_months(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.edit(EXACT, {"kind": "delete-entry"})
    fields = {"_filter": "Timestamp gt 1", "_select": "ID,EntityKey,EntityType,DeletedBy"}
    told = connected.rows("700001/sync/Deleted", **fields)
    kinds = Counter(row["EntityType"] for row in told)
    assert kinds[1] >= 2
    assert kinds[6] == 1
    assert all(row["ID"] != row["EntityKey"] for row in told)
    only = connected.rows(
        "700001/sync/Deleted", _filter="Timestamp gt 1 and EntityType eq 1", _select="ID"
    )
    assert len(only) == kinds[1]
    sandbox.advance(62 * 86_400)
    connected.keep(connected.exchange(connected.consent()["code"]))
    assert connected.rows("700001/sync/Deleted", **fields) == []


def test_an_entry_edited_between_pages_comes_twice(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.settings(EXACT, page_large=300, edit_between_pages=1)
    lines = connected.lines()
    twice = [key for key, count in Counter(line["ID"] for line in lines).items() if count == 2]
    assert twice
    latest = {line["ID"]: line for line in lines}  # later rows win
    assert balances_of(list(latest.values())) == true_balances(sandbox)


def test_a_moved_division_has_new_timestamps_below_the_old_ones(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    before = connected.lines()
    sandbox.settings(EXACT, move_division="700001")
    assert connected.lines(cursor=int(before[-1]["Timestamp"])) == []
    after = connected.lines()
    assert [row["ID"] for row in after] == [row["ID"] for row in before]
    moved = {
        row["Code"]: row["DivisionMoveDate"]
        for row in connected.rows("1/system/Divisions", _select="Code,DivisionMoveDate")
    }
    assert moved[700001] is not None
    assert moved[700002] is None


def test_a_cursor_can_be_asked_for_a_moment(connected: ExactClient) -> None:
    answer = connected.get(
        "700001/read/sync/Sync/SyncTimestamp",
        modified="datetime'2026-06-01'",
        endPoint="'TransactionLines'",
    ).json()["d"]["results"][0]
    recent = connected.lines(cursor=int(answer["TimeStampAsBigInt"]))
    assert recent
    assert all(ms(row["Modified"]) >= ms("/Date(1780272000000)/") for row in recent)
    assert connected.get("700001/read/sync/Sync/SyncTimestamp").status_code == 400


def test_replaced_lines_come_under_new_ids_and_the_old_ones_are_told_as_deleted(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    before = connected.lines()
    sandbox.edit(EXACT, {"kind": "replace-lines", "year": 2025})
    new = connected.lines(cursor=int(before[-1]["Timestamp"]))
    gone = connected.rows("700001/sync/Deleted", _filter="Timestamp gt 1", _select="EntityKey")
    assert len(new) == len(gone)
    entry = {row["EntryID"] for row in new}
    assert {row["ID"] for row in before if row["EntryID"] in entry} == {
        row["EntityKey"] for row in gone
    }
    assert {row["FinancialYear"] for row in new} == {2025}
    assert balances_of(connected.lines()) == true_balances(sandbox)


def test_an_address_that_is_too_long_is_refused(connected: ExactClient) -> None:
    assert connected.get("700001/financial/Journals", _select="Code," * 1_500).status_code == 414

"""The ledger of QuickBooks: each of its oddities by itself, through the stand-in."""

from contextlib import closing
from datetime import date

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.quickbooks import ledger
from adapters.providers.quickbooks.bookmark import starting
from core.domain.books import JournalKind, RecordKind
from core.domain.failures import NotUnderstood
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS
from tests.providers.folding import Ledger
from tests.providers.quickbooks.sandboxed import (
    KEY,
    SINGLE,
    asked,
    assert_true,
    authorised,
    booked,
    imported,
    view_of,
)
from tests.providers.sandboxed import run

# -- the journal report ----------------------------------------------------------------------------


@pytest.mark.parametrize("says_so", [True, False])
def test_a_report_cut_without_an_error_is_read_in_halves(
    sandbox: Sandbox, source: Source, administration: Administration, *, says_so: bool
) -> None:
    sandbox.settings(KEY, report_cells=1_200, cut_text=says_so)
    ledger_read, _ = imported(source, administration)
    assert asked(sandbox, "JournalReport") > 4
    assert_true(sandbox, source, administration, ledger_read)


def test_a_window_that_was_too_much_is_remembered(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, report_cells=1_200)
    _, bookmark = imported(source, administration)
    days_max = starting(bookmark, now=int(sandbox.clock.now().timestamp())).days_max
    assert 0 < days_max < 366
    sandbox.advance(NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    run(source, administration, bookmark, Ledger())
    assert all("0101" not in entry.query for entry in sandbox.log(KEY))


def test_a_report_that_takes_too_long_is_halved_and_never_asked_for_twice(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, slow_rows=200)
    ledger_read, _ = imported(source, administration)
    queries = [entry.query for entry in sandbox.log(KEY) if "JournalReport" in entry.path]
    assert len(queries) == len(set(queries))
    assert sum(entry.status == 504 for entry in sandbox.log(KEY)) > 1
    assert_true(sandbox, source, administration, ledger_read)


def test_a_day_with_too_much_is_said_instead_of_left_out(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, report_cells=24)
    with pytest.raises(NotUnderstood) as caught:
        imported(source, administration)
    assert caught.value.code == "day-too-large"


def test_an_answer_larger_than_a_batch_is_applied_by_days(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after any of its parts, a pull asks for the days that are left only."""
    monkeypatch.setattr(ledger, "RECORDS_PER_BATCH", 60)
    batches = list(source.pull(administration, None))
    assert len([each for each in batches if each.stage == "journal entries"]) > 5
    whole = Ledger()
    for batch in batches:
        assert len(batch.records) <= 60 or batch.stage != "journal entries"
        whole.apply(batch)
    whole.settle()
    assert_true(sandbox, source, administration, whole)
    for stop in range(10, len(batches), 4):
        part = Ledger()
        bookmark = run(source, administration, None, part, stop_after=stop)
        sandbox.clear_log(KEY)
        run(source, administration, bookmark, part)
        assert part.records == whole.records
        assert asked(sandbox, "start_date=1990-01-01&end_date=2025-12-31") == 0


def test_a_day_larger_than_a_batch_comes_in_several(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "RECORDS_PER_BATCH", 9)
    for _ in range(12):
        booked(sandbox, date(2026, 9, 9))
    ledger_read, bookmark = imported(source, administration)
    assert_true(sandbox, source, administration, ledger_read)
    gone = booked(sandbox, date(2026, 9, 9))
    sandbox.advance(NIGHT_SECONDS)
    bookmark = run(source, administration, bookmark, ledger_read)
    view_of(sandbox).books.delete_entry(gone)
    sandbox.advance(NIGHT_SECONDS)
    run(source, administration, bookmark, ledger_read)
    assert_true(sandbox, source, administration, ledger_read)


def test_columns_are_known_by_key_in_both_styles_and_any_language(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, old_columns=True, french=True, nested_balance=True)
    ledger_read, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger_read)
    kinds = {
        each.name: each.journal_kind  # type: ignore[union-attr] # journals
        for each in ledger_read.records[RecordKind.JOURNAL].values()
    }
    assert kinds["Écriture de journal"] is JournalKind.OTHER


def test_foreign_amounts_come_beside_those_in_home_currency(
    source: Source, administration: Administration
) -> None:
    ledger_read, _ = imported(source, administration)
    foreign = [line for line in ledger_read.lines if line.currency is not None]
    assert {line.currency for line in foreign} <= {"GBP", "USD"}
    assert foreign
    for line in foreign:
        assert line.foreign_e4 is not None
        assert line.foreign_e4 != line.amount_e4
        assert (line.foreign_e4 > 0) == (line.amount_e4 > 0)


def test_a_journal_without_home_amounts_gives_way_to_the_general_ledger(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, home_columns=False)
    ledger_read, bookmark = imported(source, administration)
    assert asked(sandbox, "JournalReport") == 1, "asked once, not for every window"
    assert asked(sandbox, "GeneralLedger") == 2
    assert_true(sandbox, source, administration, ledger_read)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "night"})
    run(source, administration, bookmark, ledger_read)
    assert asked(sandbox, "JournalReport") == 1
    assert_true(sandbox, source, administration, ledger_read)


def test_a_journal_that_refuses_the_columns_gives_way_as_well(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    body = '{"Fault":{"Error":[{"Message":"m","Detail":"d","code":"2030"}],"type":"x"}}'
    fault = {"kind": "status", "status": 400, "body": body, "path": "*/JournalReport", "times": 9}
    sandbox.add_fault(KEY, fault)
    ledger_read, _ = imported(source, administration)
    assert asked(sandbox, "JournalReport") == 1
    assert_true(sandbox, source, administration, ledger_read)


def test_a_general_ledger_that_is_cut_is_read_in_halves(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """Its rows are sections of accounts: what is beyond the limit are whole accounts."""
    sandbox.settings(KEY, home_columns=False, report_cells=240)
    ledger_read, _ = imported(source, administration)
    assert asked(sandbox, "GeneralLedger") > 10
    assert_true(sandbox, source, administration, ledger_read)


def test_a_company_of_one_currency_asks_for_no_other(sandbox: Sandbox, kit: Kit) -> None:
    with closing(authorised(sandbox, kit, SINGLE).open()) as source:
        (administration,) = source.administrations()
        ledger_read, _ = imported(source, administration)
        assert asked(sandbox, "home_amt") == 0
        assert {line.currency for line in ledger_read.lines} == {None}
        assert_true(sandbox, source, administration, ledger_read)


def test_lines_of_nothing_on_no_account_are_left_out_and_places_kept(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    closing_entry = next(
        entry for entry in view_of(sandbox).books.live_entries() if entry.lines[0].account is None
    )
    ledger_read, _ = imported(source, administration)
    key = view_of(sandbox).transaction_id(closing_entry)
    places = [line.position for line in ledger_read.lines if line.entry_key == key]
    assert sorted(places) == [1, 2]


def test_the_name_on_the_first_line_is_that_of_every_line_but_in_manual_journals(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    manual = booked(sandbox, date(2026, 3, 3))
    manual.contact = view_of(sandbox).books.contacts[0]
    ledger_read, _ = imported(source, administration)
    contacts = ledger_read.records[RecordKind.CONTACT]
    by_entry: dict[str, list[str | None]] = {}
    for line in ledger_read.lines:
        by_entry.setdefault(line.entry_key, []).append(line.contact_key)
    view = view_of(sandbox)
    assert sum(key is not None for key in by_entry.pop(view.transaction_id(manual))) == 1
    named = [keys for keys in by_entry.values() if any(keys)]
    assert named
    for keys in named:
        assert len(set(keys)) == 1
        assert keys[0] in contacts

"""What is odd about Octopus, each thing by itself."""

from contextlib import ExitStack, closing
from functools import partial
from typing import cast

import pytest
from attrs import evolve

from adapters.providers.kit.calls import Kit
from adapters.providers.octopus import source as octopus_source
from adapters.providers.octopus.contract import Balances
from adapters.providers.octopus.pulling import Pull
from core.domain.books import Contact, Invoice, Journal, LedgerAccount, RecordKind
from core.domain.failures import FixSettings, NotUnderstood
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import START_OVER, Source
from sandbox.octopus.view import TRADE
from sandbox.records import LineRole
from sandbox.server import Sandbox
from tests.providers.conformance import NOW
from tests.providers.folding import Ledger
from tests.providers.octopus.sandboxed import (
    API,
    DISABLED,
    FIRST,
    KEY,
    OpenBudgets,
    asked,
    assert_true,
    imported,
    signed_in,
    view_of,
)
from tests.providers.sandboxed import Connected, SandboxTime, run

NIGHT_SECONDS = 24 * 3600
ANSWER_BYTES = 300_000
"""Every answer but that of a year's sales or purchases fits."""


# -- dossiers --------------------------------------------------------------------------------------


def test_a_disabled_dossier_stops_no_other(sandbox: Sandbox, source: Source) -> None:
    found = {each.key: each for each in source.administrations()}
    assert not found[DISABLED].importable
    assert found[FIRST].importable
    with pytest.raises(FixSettings) as caught:
        imported(source, found[DISABLED])
    assert caught.value.code == "dossier-closed"


def test_a_dossier_that_went_is_a_setting(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.tokens(KEY, "expire")
    told = '{"errorCode":404,"errorMessage":"No dossier found"}'
    fault = {"kind": "status", "status": 404, "body": told, "method": "POST"}
    sandbox.add_fault(KEY, {**fault, "path": f"{API}/dossiers*"})
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "dossier-gone"


def test_a_user_without_dossiers_is_told_so(sandbox: Sandbox, source: Source) -> None:
    sandbox.settings(KEY, no_dossiers=True)
    with pytest.raises(FixSettings) as caught:
        source.health()
    assert caught.value.code == "no-administrations"


@pytest.mark.parametrize("operation", ["bookyears", "accounts/modified"])
def test_what_the_user_may_not_see_does_not_pass_for_empty(
    sandbox: Sandbox, source: Source, administration: Administration, operation: str
) -> None:
    sandbox.settings(KEY, hidden=[operation])
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "rights-missing"


def test_bookings_the_user_may_not_see_are_missed_by_the_proof(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, hidden=["bookings/modified"])
    ledger, _ = imported(source, administration)
    proof = hold_against(ledger.cells, source.control_totals(administration))
    assert proof.verdict is Verdict.DIFFERS


# -- nothing found ---------------------------------------------------------------------------------


def test_nothing_found_is_empty(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(3 * NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    bookmark = run(source, administration, bookmark, ledger)
    sandbox.advance(3 * NIGHT_SECONDS)
    run(source, administration, bookmark, ledger)
    statuses = {one.status for one in sandbox.log(KEY) if "bookings" in one.path}
    assert statuses == {404}
    assert_true(sandbox, source, administration, ledger)


def test_a_web_page_that_finds_nothing_is_not_octopus(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    fault = {"kind": "status", "status": 404, "body": "<html>Not here</html>"}
    sandbox.add_fault(KEY, {**fault, "path": "*bookings/modified"})
    with pytest.raises(NotUnderstood):
        imported(source, administration)


# -- bookings --------------------------------------------------------------------------------------


def test_one_sided_bank_journals_get_their_banks_line(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, one_sided=True)
    ledger, _ = imported(source, administration)
    assert ledger.unbalanced == []
    proof = hold_against(ledger.cells, source.control_totals(administration))
    assert proof.verdict is Verdict.PROVEN, proof.residuals[:5]
    assert asked(sandbox, "/journals/F/") > 0


def test_whole_bank_journals_ask_for_no_account_behind(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    imported(source, administration)
    assert asked(sandbox, "/journals/F/") == 0


@pytest.mark.parametrize("signed", [False, True])
def test_credit_notes_are_negative_with_their_tax(
    sandbox: Sandbox, source: Source, administration: Administration, *, signed: bool
) -> None:
    """However their lines are written: positive as one enters them, or as the document."""
    sandbox.settings(KEY, signed_credit_notes=signed)
    ledger, _ = imported(source, administration)
    invoices = [cast("Invoice", each) for each in ledger.records[RecordKind.INVOICE].values()]
    view = view_of(sandbox)
    expected: dict[str, tuple[int, int | None]] = {}
    for entry in view.books.live_entries():
        if entry.kind not in TRADE:
            continue
        key = view.key(entry)
        side = 1 if key.letter == "V" else -1
        header = next(line for line in entry.lines if line.role is LineRole.HEADER)
        tax = -side * sum(line.cents for line in entry.lines if line.role is LineRole.VAT)
        is_own = entry.currency == "EUR"
        name = f"{key.bookyear}/{key.journal_key}/{key.number}"
        expected[name] = (side * header.cents * 100, tax * 100 if is_own else None)
    assert {each.key: (each.total_e4, each.tax_e4) for each in invoices} == expected
    credit_notes = [each for each in invoices if each.total_e4 < 0]
    assert credit_notes
    assert any(each.tax_e4 is not None and each.tax_e4 < 0 for each in credit_notes)
    assert all(each.entry_key in ledger.records[RecordKind.ENTRY] for each in invoices)


def test_a_turned_sign_is_noticed_before_anything_is_taken_over(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, upside_down=True)
    with pytest.raises(NotUnderstood) as caught:
        imported(source, administration)
    assert "sign" in caught.value.detail


def test_running_balances_are_told_from_movements(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, running_balances=True)
    ledger, bookmark = imported(source, administration)
    assert_true(sandbox, source, administration, ledger)
    assert Balances.RUNNING.value in bookmark
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"administration": FIRST, "kind": "night"})
    with closing(connected.open()) as tonight:
        run(tonight, administration, bookmark, ledger)
        assert_true(sandbox, tonight, administration, ledger)


def test_a_document_moved_to_another_bookyear_is_not_there_twice(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    view = view_of(sandbox)
    moved = next(e for e in view.books.live_entries() if e.kind in TRADE and e.year == 2026)
    sandbox.advance(NIGHT_SECONDS)
    edit = {"kind": "edit-entry", "entry": moved.number, "date": "2025-12-30"}
    sandbox.edit(KEY, {"administration": FIRST, **edit})
    run(source, administration, bookmark, ledger)
    assert_true(sandbox, source, administration, ledger)


def test_an_answer_too_large_is_read_in_slices_of_time(kit: Kit) -> None:
    with Sandbox(seed=11, lines=4_000, providers=[KEY], frozen_at=NOW) as sandbox, ExitStack() as e:
        sandbox.settings(KEY, limits=False)
        narrow = evolve(
            kit,
            clock=SandboxTime(sandbox),
            budgets=OpenBudgets(SandboxTime(sandbox)),
            sizes=evolve(kit.sizes, answer_bytes=ANSWER_BYTES),
        )
        source = e.enter_context(closing(signed_in(sandbox, narrow).open()))
        administration = next(each for each in source.administrations() if each.key == FIRST)
        ledger, _ = imported(source, administration)
        assert_true(sandbox, source, administration, ledger)
        assert asked(sandbox, "modifiedTimeStampTo") > 2


@pytest.mark.parametrize("records_max", [60, 400])
def test_a_pull_that_stops_within_an_answer_asks_for_it_again(
    sandbox: Sandbox,
    kit: Kit,
    monkeypatch: pytest.MonkeyPatch,
    records_max: int,
) -> None:
    """There are no pages: portions of an answer have the bookmark from before it."""
    sandbox.settings(KEY, limits=False)
    monkeypatch.setattr(octopus_source, "Pull", partial(Pull, records_max=records_max))
    often = evolve(kit, budgets=OpenBudgets(SandboxTime(sandbox)))
    with closing(signed_in(sandbox, often).open()) as source:
        administration = next(each for each in source.administrations() if each.key == FIRST)
        batches = len(list(source.pull(administration, None)))
        assert batches > 16
        ledger, bookmark = Ledger(), None
        for stop in range(5, batches, 5):
            bookmark = run(source, administration, None, ledger, stop_after=stop)
            run(source, administration, bookmark, ledger)
            assert_true(sandbox, source, administration, ledger)
        sandbox.advance(NIGHT_SECONDS)
        sandbox.edit(KEY, {"administration": FIRST, "kind": "night"})
        bookmark = run(source, administration, None, ledger)
        assert_true(sandbox, source, administration, ledger)


def test_an_invoice_that_changed_between_two_answers_is_not_lost(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """The ledger said nothing of it yet: that night the invoice comes alone."""
    ledger, bookmark = imported(source, administration)
    before = dict(ledger.records[RecordKind.INVOICE])
    sandbox.advance(3 * NIGHT_SECONDS)
    sandbox.edit(KEY, {"administration": FIRST, "kind": "edit-entry", "delta": 700})
    sandbox.settings(KEY, hidden=["bookings/modified"])
    bookmark = run(source, administration, bookmark, ledger)
    after = ledger.records[RecordKind.INVOICE]
    assert after.keys() == before.keys()
    assert sum(after[key] != before[key] for key in before) == 1
    sandbox.settings(KEY, hidden=[])
    run(source, administration, bookmark, ledger)
    assert_true(sandbox, source, administration, ledger)


def test_starting_over_removes_what_is_gone(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    for _ in range(3):
        sandbox.edit(KEY, {"administration": FIRST, "kind": "delete-entry"})
    run(source, administration, START_OVER, ledger)
    assert_true(sandbox, source, administration, ledger)


# -- masters ---------------------------------------------------------------------------------------


def test_names_are_those_of_the_newest_bookyear(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    accounts = [cast("LedgerAccount", one) for one in ledger.records[RecordKind.ACCOUNT].values()]
    assert accounts
    assert not any(account.name.endswith("(oud)") for account in accounts)
    journals = {cast("Journal", each).code for each in ledger.records[RecordKind.JOURNAL].values()}
    assert journals == {"A1", "D1", "F1", "F2", "V1"}


def test_journals_nobody_shows_any_more_are_kept(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    held = dict(ledger.records[RecordKind.JOURNAL])
    sandbox.advance(NIGHT_SECONDS)
    sandbox.settings(KEY, hidden=["journals/modified"])
    run(source, administration, bookmark, ledger)
    assert ledger.records[RecordKind.JOURNAL] == held


def test_inactive_relations_are_there_too(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    contacts = [cast("Contact", each) for each in ledger.records[RecordKind.CONTACT].values()]
    assert any(not contact.active for contact in contacts)
    assert len(contacts) == len(view_of(sandbox).books.contacts)

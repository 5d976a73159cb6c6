"""Every switch of the assumed contract: whichever way it is turned, the same books arrive."""

from contextlib import closing

import msgspec
import pytest
from attrs import evolve

from adapters.providers.horus import pulling
from adapters.providers.horus.bookmark import Bookmark
from adapters.providers.horus.contract import CONTRACT, Contract, Paging
from adapters.providers.kit.calls import Kit
from core.domain.books import Journal, RecordKind
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.horus.sandboxed import KEY, asked, authorised, imported, views_of
from tests.providers.sandboxed import run, run_into_failure

NIGHT_SECONDS = 24 * 3600
CURSOR = evolve(CONTRACT, pages=evolve(CONTRACT.pages, paging=Paging.CURSOR, rows_asked=40))
SMALL = evolve(CONTRACT, pages=evolve(CONTRACT.pages, rows_asked=40))
PLAIN = evolve(CONTRACT, sideloads=False)


def first(source: Source, sandbox: Sandbox) -> Ledger:
    """The first folder's books, and a night's changes, held against the stand-in's truth."""
    wanted = views_of(sandbox)[1].id
    administration = next(a for a in source.administrations() if a.key == wanted)
    ledger, bookmark = imported(source, administration)
    _assert_true(sandbox, source, ledger)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"administration": wanted, "kind": "night"})
    run(source, administration, bookmark, ledger)
    _assert_true(sandbox, source, ledger)
    return ledger


def _assert_true(sandbox: Sandbox, source: Source, ledger: Ledger) -> None:
    view = views_of(sandbox)[1]
    held = [line for line in view.books.live_lines() if line.account is not None]
    assert sorted(line.amount_e4 for line in ledger.lines) == sorted(x.cents * 100 for x in held)
    assert ledger.unbalanced == []
    invoices = [e for e in view.books.live_entries() if e.invoice_number is not None]
    assert len(ledger.records[RecordKind.INVOICE]) == len(invoices)
    administration = next(a for a in source.administrations() if a.key == view.id)
    control = source.control_totals(administration, whole=True)
    assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN


@pytest.mark.parametrize(
    ("contract", "settings"),
    [
        pytest.param(CONTRACT, {"pascal": True}, id="PascalCase"),
        pytest.param(CONTRACT, {"numbers": True}, id="amounts as numbers"),
        pytest.param(CONTRACT, {"pascal": True, "numbers": True}, id="both"),
        pytest.param(SMALL, {}, id="offset"),
        pytest.param(SMALL, {"counts": False}, id="offset without a count"),
        pytest.param(CONTRACT, {"page_rows": 30}, id="smaller pages than asked for"),
        pytest.param(CURSOR, {"cursor": True}, id="cursor"),
        pytest.param(CURSOR, {"cursor": True, "page_rows": 15, "pascal": True}, id="small cursor"),
        pytest.param(CONTRACT, {"sideloads": False}, id="nothing beside"),
        pytest.param(PLAIN, {}, id="nothing asked for beside"),
        pytest.param(CONTRACT, {"lines_beside": True}, id="lines beside"),
        pytest.param(CONTRACT, {"drafts": True}, id="entries not posted"),
        pytest.param(CONTRACT, {"opening_entries": True}, id="opening entries each year"),
    ],
)
def test_whichever_way_it_is_the_books_are_the_same(
    sandbox: Sandbox, kit: Kit, contract: Contract, settings: dict[str, object]
) -> None:
    sandbox.settings(KEY, **settings)
    with closing(authorised(sandbox, kit, contract).open()) as source:
        first(source, sandbox)


def test_journals_come_beside_entries_or_by_a_call_of_their_own(sandbox: Sandbox, kit: Kit) -> None:
    for sideloads, calls in ((True, 1), (False, 2)):
        sandbox.settings(KEY, sideloads=sideloads)
        sandbox.clear_log(KEY)
        with closing(authorised(sandbox, kit).open()) as source:
            ledger = first(source, sandbox)
        assert asked(sandbox, "/journals") == calls
        kinds = list(ledger.records[RecordKind.JOURNAL].values())
        assert all(isinstance(kind, Journal) for kind in kinds)


def test_lines_that_are_nowhere_are_not_taken_for_none(sandbox: Sandbox, kit: Kit) -> None:
    contract = evolve(CONTRACT, query=evolve(CONTRACT.query, include="expand"))
    with (
        closing(authorised(sandbox, kit, contract).open()) as source,
        pytest.raises(NotUnderstood, match="book entries"),
    ):
        first(source, sandbox)


@pytest.mark.parametrize("field", ["debit", "accountId", "date"])
def test_a_name_that_is_not_there_is_told(sandbox: Sandbox, kit: Kit, field: str) -> None:
    """The contract is assumed: where it is wrong nothing is taken over, and it is said what."""
    of = "entries" if field == "date" else "lines"
    resource = getattr(CONTRACT, of)
    names = {**resource.names, field: "nobodyCallsItThat"}
    if field == "debit":
        names["credit"] = "norThis"
    contract = evolve(CONTRACT, **{of: evolve(resource, names=names)})
    with (
        closing(authorised(sandbox, kit, contract).open()) as source,
        pytest.raises(NotUnderstood) as caught,
    ):
        first(source, sandbox)
    assert "nobodyCallsItThat" in caught.value.detail


def test_without_a_call_for_balances_nothing_is_proven(sandbox: Sandbox, kit: Kit) -> None:
    contract = evolve(CONTRACT, balances=None)
    with closing(authorised(sandbox, kit, contract).open()) as source:
        administration = source.administrations()[0]
        assert source.control_totals(administration) is None


def test_a_folder_that_is_not_open_is_a_setting(sandbox: Sandbox, kit: Kit) -> None:
    view = views_of(sandbox)[1]
    sandbox.settings(KEY, forbidden=[view.id])
    with closing(authorised(sandbox, kit).open()) as source:
        with pytest.raises(FixSettings) as caught:
            first(source, sandbox)
        assert caught.value.code == "no-folder-access"
        others = [a for a in source.administrations() if a.importable and a.key != view.id]
        ledger, _ = imported(source, others[0])
        assert ledger.lines


def test_no_folder_at_all_tells_of_the_link_with_falco(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, no_folders=True)
    with (
        closing(authorised(sandbox, kit).open()) as source,
        pytest.raises(FixSettings, match="Falco"),
    ):
        source.health()


@pytest.mark.parametrize("trouble", ["502", "503", "504", "close"])
def test_a_server_that_sleeps_is_no_broken_connection(
    sandbox: Sandbox, kit: Kit, trouble: str
) -> None:
    """It is tried again by the run; bookmark and consent stay."""
    fault: dict[str, object] = {"kind": "close"}
    if trouble != "close":
        fault = {"kind": "status", "status": int(trouble), "body": "<html>asleep</html>"}
    view = views_of(sandbox)[1]
    connected = authorised(sandbox, kit)
    with closing(connected.open()) as source:
        administration = next(a for a in source.administrations() if a.key == view.id)
        sandbox.add_fault(KEY, {**fault, "path": "/db/*", "nth": 4, "times": 50})
        ledger = Ledger()
        failure, bookmark = run_into_failure(source, administration, ledger)
        assert isinstance(failure, ProviderDown)
        assert failure.code == "customer-server-unavailable"
        assert "switched off at night" in failure.sentence
    sandbox.clear_faults(KEY)
    with closing(connected.open()) as source:
        run(source, administration, bookmark, ledger)
        _assert_true(sandbox, source, ledger)


def test_a_server_that_is_not_there_is_asleep_too(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    nobody = {"api_endpoint": "http://127.0.0.1:9/db/x/api"}
    with (
        closing(connected.provider.open(evolve(connected.credentials, facts=nobody))) as source,
        pytest.raises(ProviderDown) as caught,
    ):
        source.administrations()
    assert caught.value.code == "customer-server-unavailable"


@pytest.mark.parametrize("body", ["", "<html>login</html>", "[]", '"no"', '{"folders": 7}'])
def test_odd_bodies_are_survived(sandbox: Sandbox, kit: Kit, body: str) -> None:
    fault = {"kind": "status", "status": 200, "body": body, "path": "/db/*", "times": 9}
    sandbox.add_fault(KEY, fault)
    with (
        closing(authorised(sandbox, kit).open()) as source,
        pytest.raises((NotUnderstood, ProviderDown)),
    ):
        source.administrations()


def test_once_a_week_what_tells_of_no_changes_is_read_too(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    view = views_of(sandbox)[1]
    with closing(connected.open()) as source:
        administration = next(a for a in source.administrations() if a.key == view.id)
        ledger, bookmark = imported(source, administration)
    sandbox.advance(8 * NIGHT_SECONDS)
    sandbox.edit(KEY, {"administration": view.id, "kind": "night"})
    sandbox.clear_log(KEY)
    with closing(connected.open()) as source:
        run(source, administration, bookmark, ledger)
        control = source.control_totals(administration)
        assert control is not None
        assert control.years is None
        _assert_true(sandbox, source, ledger)
    assert asked(sandbox, "/vatcodes") == asked(sandbox, "/journals") == 1


def test_a_book_year_that_is_new_is_asked_for(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    view = views_of(sandbox)[1]
    with closing(connected.open()) as source:
        administration = next(a for a in source.administrations() if a.key == view.id)
        ledger, told = imported(source, administration)
        kept = msgspec.json.decode(told, type=Bookmark)
        before = msgspec.structs.replace(kept, years=kept.years[:1])
        sandbox.advance(NIGHT_SECONDS)
        sandbox.edit(KEY, {"administration": view.id, "kind": "night"})
        run(source, administration, before.encoded(), ledger)
        _assert_true(sandbox, source, ledger)
    years = evolve(CONTRACT.entries, names={**CONTRACT.entries.names, "bookYearId": "journalId"})
    wrong = evolve(CONTRACT, entries=years)
    with (
        closing(authorised(sandbox, kit, wrong).open()) as source,
        pytest.raises(NotUnderstood) as caught,
    ):
        imported(source, administration)
    assert "none of the folder's book years" in caught.value.detail


def test_a_page_of_very_many_lines_is_several_batches(
    sandbox: Sandbox, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "RECORDS_PER_BATCH", 30)
    connected = authorised(sandbox, kit)
    with closing(connected.open()) as source:
        whole = first(source, sandbox)
        administration = next(
            a for a in source.administrations() if a.key == views_of(sandbox)[1].id
        )
        batches = list(source.pull(administration, None))
        assert max(len(batch.records) for batch in batches if batch.stage == "book entries") == 30
        for stop in (7, 9, 15):
            ledger = Ledger()
            reached = run(source, administration, None, ledger, stop_after=stop)
            with closing(connected.open()) as second:
                run(second, administration, reached, ledger)
            assert ledger.records[RecordKind.LINE] == whole.records[RecordKind.LINE]

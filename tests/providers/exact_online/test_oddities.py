"""What is odd about Exact Online, one by one, against the stand-in."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.providers.kit.calls import Kit
from core.domain.books import RecordKind
from core.domain.failures import Failure, FixSettings, NotUnderstood, Wait
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source, TooEarlyToRefresh
from sandbox.server import Sandbox
from tests.providers.exact_online.test_conformance import KEY, authorised
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, SandboxTime, run

DIVISION = "700001"
DAY_SECONDS = 86_400


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5, lines=1_200, providers=[KEY]) as running:
        yield running


@pytest.fixture
def kit(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    return Kit(clock=clock, budgets=FakeBudgets(clock))


@pytest.fixture
def connected(sandbox: Sandbox, kit: Kit) -> Connected:
    return authorised(sandbox, kit)


@pytest.fixture
def source(connected: Connected) -> Iterator[Source]:
    with closing(connected.open()) as opened:
        yield opened


def division(source: Source, key: str = DIVISION) -> Administration:
    return next(found for found in source.administrations() if found.key == key)


def ledger_of(source: Source) -> Ledger:
    """What a fresh import of the books as they are now would hold."""
    ledger = Ledger()
    run(source, division(source), None, ledger)
    return ledger


def assert_same(held: Ledger, fresh: Ledger) -> None:
    for kind in RecordKind:
        assert held.records[kind] == fresh.records[kind], kind


def test_a_moved_division_is_read_again_and_compared(sandbox: Sandbox, source: Source) -> None:
    """All row versions are given out anew, lower than before: the old cursor would find nothing."""
    ledger = Ledger()
    bookmark = run(source, division(source), None, ledger)
    sandbox.advance(DAY_SECONDS)
    sandbox.edit(KEY, {"administration": DIVISION, "kind": "night"})
    sandbox.settings(KEY, move_division=DIVISION)
    moved = division(source)
    assert moved.epoch != division(source, "700002").epoch
    run(source, moved, bookmark, ledger)
    assert_same(ledger, ledger_of(source))


def test_a_move_in_the_middle_of_an_import_starts_it_over(sandbox: Sandbox, source: Source) -> None:
    sandbox.settings(KEY, page_large=200)
    ledger = Ledger()
    bookmark = run(source, division(source), None, ledger, stop_after=5)
    sandbox.edit(KEY, {"administration": DIVISION, "kind": "delete-entry"})
    sandbox.settings(KEY, move_division=DIVISION)
    run(source, division(source), bookmark, ledger)
    assert_same(ledger, ledger_of(source))


def test_after_two_months_the_deletions_are_forgotten_and_sets_are_compared(
    sandbox: Sandbox, source: Source
) -> None:
    ledger = Ledger()
    bookmark = run(source, division(source), None, ledger)
    sandbox.advance(DAY_SECONDS)
    for _ in range(3):
        sandbox.edit(KEY, {"administration": DIVISION, "kind": "delete-entry"})
    for _ in range(3):
        sandbox.advance(20 * DAY_SECONDS)
        source.health()  # keeps the refresh token alive
    sandbox.advance(5 * DAY_SECONDS)
    before = len(ledger.lines)
    run(source, division(source), bookmark, ledger)
    assert len(ledger.lines) < before
    assert_same(ledger, ledger_of(source))


def test_an_unreadable_bookmark_is_no_error(sandbox: Sandbox, source: Source) -> None:
    ledger = Ledger()
    run(source, division(source), None, ledger)
    sandbox.edit(KEY, {"administration": DIVISION, "kind": "delete-entry"})
    run(source, division(source), "made by another version", ledger)
    assert_same(ledger, ledger_of(source))


def test_a_reload_can_stop_anywhere_too(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    sandbox.settings(KEY, page_large=300, page_single=5)
    kept = Ledger()
    run(source, division(source), None, kept)
    sandbox.edit(KEY, {"administration": DIVISION, "kind": "night"})
    fresh = ledger_of(source)
    total = len(list(source.pull(division(source), "unreadable")))
    for stop in range(1, total):
        ledger = Ledger(records={kind: dict(held) for kind, held in kept.records.items()})
        reached = run(source, division(source), "unreadable", ledger, stop_after=stop)
        with closing(connected.open()) as second:
            run(second, division(second), reached, ledger)
        assert_same(ledger, fresh)


def test_an_entry_edited_between_pages_comes_twice_and_counts_once(
    sandbox: Sandbox, source: Source
) -> None:
    sandbox.settings(KEY, page_large=200, edit_between_pages=3)
    ledger = Ledger()
    run(source, division(source), None, ledger)
    assert ledger.unbalanced == []
    proof = hold_against(ledger.cells, source.control_totals(division(source)))
    assert proof.verdict is Verdict.PROVEN


def test_an_entry_deleted_during_a_first_import_is_gone_at_its_end(
    sandbox: Sandbox, source: Source
) -> None:
    sandbox.settings(KEY, page_large=200)
    ledger = Ledger()
    batches = source.pull(division(source), None)
    for batch in batches:
        ledger.apply(batch)
        if batch.stage == "deletions":
            break
        sandbox.edit(KEY, {"administration": DIVISION, "kind": "delete-entry"})
    ledger.settle()
    assert_same(ledger, ledger_of(source))


@pytest.mark.parametrize("user", ["zonderrechten@sandbox.test", None])
def test_no_rights_is_not_an_empty_ledger(sandbox: Sandbox, kit: Kit, user: str | None) -> None:
    """Without rights everything is an empty 200."""
    connected = authorised(sandbox, kit, username=user)
    if user is None:
        sandbox.settings(KEY, rights="none")
    with closing(connected.open()) as source, pytest.raises(FixSettings) as caught:
        run(source, division(source), None, Ledger())
    assert caught.value.code == "rights-missing"
    assert "ledger" in caught.value.sentence


def test_rights_taken_away_do_not_empty_the_books(sandbox: Sandbox, source: Source) -> None:
    ledger = Ledger()
    bookmark = run(source, division(source), None, ledger)
    journals = dict(ledger.records[RecordKind.JOURNAL])
    sandbox.settings(KEY, rights="none")
    with pytest.raises(FixSettings) as caught:
        run(source, division(source), bookmark, ledger)
    assert caught.value.code == "rights-missing"
    assert ledger.records[RecordKind.JOURNAL] == journals


def test_a_missing_scope_names_its_area(sandbox: Sandbox, source: Source) -> None:
    sandbox.settings(KEY, denied_areas=["Crm accounts"])
    with pytest.raises(FixSettings) as caught:
        run(source, division(source), None, Ledger())
    assert caught.value.code == "scope-missing"
    assert "Crm accounts" in caught.value.sentence


def test_a_refused_division_leaves_the_others_alone(sandbox: Sandbox, source: Source) -> None:
    sandbox.settings(KEY, refused={DIVISION: "LicenseExpired"})
    with pytest.raises(FixSettings) as caught:
        run(source, division(source), None, Ledger())
    assert caught.value.code == "licence-ended"
    run(source, division(source, "700002"), None, Ledger())


def test_a_minute_of_sixty_calls_is_never_overrun(sandbox: Sandbox, source: Source) -> None:
    """Our own count keeps the provider from ever having to refuse."""
    sandbox.settings(KEY, page_large=15)
    began_ms = sandbox.clock.now_ms()
    ledger = Ledger()
    run(source, division(source), None, ledger)
    statuses = {entry.status for entry in sandbox.log(KEY) if entry.path.startswith("/api/v1")}
    assert statuses == {200}
    assert source.calls > 60
    assert sandbox.clock.now_ms() - began_ms > 60_000


def test_the_day_limit_is_ours_to_know(sandbox: Sandbox, source: Source) -> None:
    sandbox.settings(KEY, per_day=5)
    administration = division(source)
    with pytest.raises(Wait) as caught:
        run(source, administration, None, Ledger())
    assert caught.value.retry_at is not None
    assert caught.value.retry_at.strftime("%H:%M") == "00:00"


def test_a_refresh_too_early_consumes_nothing(sandbox: Sandbox, connected: Connected) -> None:
    flow = connected.provider.oauth
    tokens = connected.credentials.tokens
    assert flow is not None
    assert tokens is not None
    grant = tokens.grant  # type: ignore[attr-defined]  # the test's own tokens
    with pytest.raises(TooEarlyToRefresh):
        flow.refresh(connected.credentials.fields, grant.refresh_token)
    sandbox.advance(601)
    renewed = flow.refresh(connected.credentials.fields, grant.refresh_token)
    assert renewed.access_token != grant.access_token
    assert renewed.refresh_token != grant.refresh_token


def test_the_next_page_is_never_asked_of_another_host(sandbox: Sandbox, source: Source) -> None:
    administration = division(source)
    body = '{"d":{"results":[],"__next":"https://evil.example.org/api/v1/1/x"}}'
    fault = {"kind": "status", "status": 200, "body": body, "path": "*/GLAccounts"}
    sandbox.add_fault(KEY, fault)
    with pytest.raises(NotUnderstood):
        run(source, administration, None, Ledger())


def test_an_all_years_proof_and_an_open_years_proof(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    ledger = Ledger()
    bookmark = run(source, division(source), None, ledger)
    first = source.control_totals(division(source))
    assert first is not None
    assert first.years is None
    sandbox.advance(DAY_SECONDS)
    with closing(connected.open()) as tonight:
        bookmark = run(tonight, division(tonight), bookmark, ledger)
        second = tonight.control_totals(division(tonight))
    assert second is not None
    assert second.years is not None
    assert len(second.years) == 2
    with closing(connected.open()) as tonight:
        run(tonight, division(tonight), bookmark, ledger)
        whole = tonight.control_totals(division(tonight), whole=True)
    assert whole is not None
    assert whole.years is None


def test_lines_booked_years_ahead_do_not_take_the_place_of_the_running_year(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    """Deferred costs are posted into years to come: those are no reason to skip this one."""
    ledger = Ledger()
    bookmark = run(source, division(source), None, ledger)
    for year in (2027, 2028):
        sandbox.edit(KEY, {"kind": "edit-entry", "date": f"{year}-03-01"})
    for _ in range(2):
        sandbox.advance(DAY_SECONDS)
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, division(tonight), bookmark, ledger)
            totals = tonight.control_totals(division(tonight))
    assert totals is not None
    assert totals.years is not None
    assert totals.years == {2025, 2026, 2027, 2028}


def test_a_second_pull_does_not_narrow_the_proof(source: Source) -> None:
    """A difference is looked at twice: the catching-up pull must not hide the closed years."""
    bookmark = run(source, division(source), None, Ledger())
    run(source, division(source), bookmark, Ledger())
    totals = source.control_totals(division(source))
    assert totals is not None
    assert totals.years is None


def test_a_source_that_pulled_nothing_proves_every_year(source: Source) -> None:
    totals = source.control_totals(division(source))
    assert totals is not None
    assert totals.years is None
    assert totals.balances_e4


def test_failures_stop_at_once_where_repeating_is_counted_against_us(
    sandbox: Sandbox, source: Source
) -> None:
    administration = division(source)
    for status in (400, 403, 404):
        sandbox.clear_log(KEY)
        fault = {"kind": "status", "status": status, "path": "*/GLAccounts", "times": 9}
        sandbox.add_fault(KEY, fault)
        with pytest.raises(Failure):
            run(source, administration, None, Ledger())
        assert len(sandbox.log(KEY)) == 1
        sandbox.clear_faults(KEY)

"""What is odd about Twinfield, each oddity against the stand-in that shows it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from typing import cast

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.twinfield.bookmark import Bookmark, Mode, Part, Stage, starting
from adapters.providers.twinfield.source import TwinfieldSource
from core.domain.books import (
    Delta,
    Everything,
    JournalEntry,
    LedgerAccount,
    RecordKind,
    Statement,
    TradeSide,
)
from core.domain.failures import NotUnderstood, ProviderDown
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from sandbox.server import Sandbox
from sandbox.twinfield import Twinfield as StandIn
from sandbox.twinfield.office import DAYBOOKS
from tests.providers.conformance import NIGHT_SECONDS, NOW
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, SandboxTime, run
from tests.providers.twinfield.test_conformance import KEY, OFFICE, authorised


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=700, providers=[KEY], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def kit(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)


@pytest.fixture
def connected(sandbox: Sandbox, kit: Kit) -> Connected:
    return authorised(sandbox, kit)


@pytest.fixture
def source(connected: Connected) -> Iterator[Source]:
    with closing(connected.open()) as opened:
        yield opened


def office(source: Source) -> Administration:
    return next(found for found in source.administrations() if found.key == OFFICE)


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def asked(sandbox: Sandbox, word: str) -> list[str]:
    return [one.body for one in sandbox.log(KEY) if word in one.body]


# -- special periods -------------------------------------------------------------------------------


def test_opening_and_closing_periods_are_all_kept_and_proven(
    sandbox: Sandbox, source: Source
) -> None:
    """A running sum is right only when the closing of a year and the next opening both count."""
    administration = office(source)
    plain, _ = imported(source, administration)
    sandbox.settings(KEY, year_end=True)
    ledger, _ = imported(source, administration)
    proof = hold_against(ledger.cells, source.control_totals(administration))
    assert proof.verdict is Verdict.PROVEN, proof.residuals[:3]
    periods = {cell.period for cell in ledger.cells}
    assert {0, 56} <= periods
    assert ledger.unbalanced == []
    assert balance_sheet(ledger) != {}
    # Balance accounts end where they ended without it, but for the result that was carried over.
    moved = {
        key: amount - balance_sheet(plain).get(key, 0)
        for key, amount in balance_sheet(ledger).items()
        if amount != balance_sheet(plain).get(key, 0)
    }
    assert len(moved) <= 1
    closed = {cell.year for cell in ledger.cells if cell.period == 56}
    for year in closed:
        assert sum_of(ledger, year, Statement.PROFIT_AND_LOSS) == 0


def balance_sheet(ledger: Ledger) -> dict[str, int]:
    accounts = cast("dict[str, LedgerAccount]", ledger.records[RecordKind.ACCOUNT])
    sums: dict[str, int] = defaultdict(int)
    for cell, amount in ledger.cells.items():
        if accounts[cell.account_key].statement is Statement.BALANCE_SHEET:
            sums[cell.account_key] += amount
    return dict(sums)


def sum_of(ledger: Ledger, year: int, statement: Statement) -> int:
    accounts = cast("dict[str, LedgerAccount]", ledger.records[RecordKind.ACCOUNT])
    return sum(
        amount
        for cell, amount in ledger.cells.items()
        if cell.year == year and accounts[cell.account_key].statement is statement
    )


def test_the_accounts_behind_customers_and_suppliers_are_known(source: Source) -> None:
    ledger, _ = imported(source, office(source))
    accounts = cast("list[LedgerAccount]", list(ledger.records[RecordKind.ACCOUNT].values()))
    trades = {one.code: one.trade for one in accounts if one.trade}
    assert trades == {"1300": TradeSide.RECEIVABLE, "1600": TradeSide.PAYABLE}


# -- one answer, many batches ----------------------------------------------------------------------


def small(connected: Connected) -> TwinfieldSource:
    opened = connected.open()
    assert isinstance(opened, TwinfieldSource)
    opened.records_max = 60
    return opened


def test_an_answer_becomes_many_batches_and_a_stop_within_it_loses_nothing(
    connected: Connected, source: Source
) -> None:
    administration = office(source)
    whole, _ = imported(source, administration)
    with closing(small(connected)) as counted:
        batches = list(counted.pull(administration, None))
    of_ledger = [one for one in batches if one.stage == Stage.LINES.value]
    assert len(of_ledger) > 8
    ends = [
        coverage.last
        for batch in of_ledger
        for coverage in batch.coverage
        if isinstance(coverage, Everything) and coverage.kind is RecordKind.LINE
    ]
    assert ends == [False] * (len(ends) - 1) + [True]
    for stop in (3, 9, len(batches) - 4, len(batches) - 2):
        ledger = Ledger()
        with closing(small(connected)) as first:
            bookmark = run(first, administration, None, ledger, stop_after=stop)
        with closing(small(connected)) as second:
            run(second, administration, bookmark, ledger)
        assert ledger.records == whole.records, f"stop {stop}"


def test_no_transaction_is_parted_by_a_batch(connected: Connected, source: Source) -> None:
    administration = office(source)
    seen: set[str] = set()
    with closing(small(connected)) as parted:
        for batch in parted.pull(administration, None):
            entries = {one.key for one in batch.records if isinstance(one, JournalEntry)}
            assert not entries & seen
            seen |= entries


@pytest.mark.parametrize("kind", ["truncated", "unavailable"])
def test_a_year_that_does_not_come_whole_is_asked_for_in_halves(
    sandbox: Sandbox, source: Source, kind: str
) -> None:
    administration = office(source)
    whole, _ = imported(source, administration)
    sandbox.clear_log(KEY)
    sandbox.add_fault(KEY, {"kind": kind, "body_contains": "030_3", "times": 3})
    ledger, _ = imported(source, administration)
    assert ledger.records == whole.records
    assert any("/28</to>" in body for body in asked(sandbox, "030_3"))
    assert len(asked(sandbox, "030_3")) <= 12


def test_a_period_that_never_comes_ends_the_halving(sandbox: Sandbox, source: Source) -> None:
    administration = office(source)
    sandbox.add_fault(KEY, {"kind": "unavailable", "body_contains": "030_3", "times": 500})
    with pytest.raises(ProviderDown):
        imported(source, administration)
    assert len(asked(sandbox, "030_3")) < 14


def test_fewer_rows_than_announced_are_not_taken_for_all(sandbox: Sandbox, source: Source) -> None:
    administration = office(source)
    sandbox.settings(KEY, announced=1)
    with pytest.raises(NotUnderstood):
        imported(source, administration)


# -- changes and deletions -------------------------------------------------------------------------


def test_deletions_are_told_once_and_old_ones_left_alone(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    administration = office(source)
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "delete-entry", "administration": OFFICE})
    told: list[int] = []
    for _ in range(5):
        with closing(connected.open()) as tonight:
            gone = 0
            for batch in tonight.pull(administration, bookmark):
                ledger.apply(batch)
                bookmark = batch.bookmark
                deltas = [one for one in batch.coverage if isinstance(one, Delta)]
                gone += sum(len(one.deleted) for one in deltas)
            ledger.settle()
            told.append(gone)
        sandbox.advance(NIGHT_SECONDS)
    assert told[0] == 1
    assert told[-1] == 0


def test_a_number_used_again_lives_although_its_deletion_is_told_again(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    """Deletions reach back a day, changes two: whoever hears of the one reads the other."""
    administration = office(source)
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "delete-entry", "administration": OFFICE})
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    shown = stand_in.offices["1001"]
    (deleted,) = (entry for entry, _ in shown.deleted())
    sandbox.advance(60)
    sandbox.edit(KEY, {"kind": "add-entry", "administration": OFFICE})
    newest = next(one for one in reversed(shown.books.entries) if one is not None)
    newest.journal, newest.number = deleted.journal, deleted.number
    key = f"{DAYBOOKS[deleted.journal.kind]}/{shown.number(deleted)}"
    for _ in range(3):
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
            assert key in ledger.records[RecordKind.ENTRY]
            proof = hold_against(ledger.cells, tonight.control_totals(administration))
            assert proof.verdict is Verdict.PROVEN
        sandbox.advance(3_600)


def test_changes_name_both_ends_and_reach_back_two_days(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    administration = office(source)
    ledger, bookmark = imported(source, administration)
    began = sandbox.clock.now()
    sandbox.advance(NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    with closing(connected.open()) as tonight:
        run(tonight, administration, bookmark, ledger)
    (question,) = asked(sandbox, "030_3")
    _, _, after = question.partition("fin.trs.head.modified")
    begin, end = (after.split(f"<{name}>")[1][:14] for name in ("from", "to"))
    assert int(began.strftime("%Y%m%d%H%M%S")) > int(begin)
    assert end >= sandbox.clock.now().strftime("%Y%m%d000000")
    assert "<label/>" in question


def test_vat_codes_are_read_again_once_a_week(
    sandbox: Sandbox, connected: Connected, source: Source
) -> None:
    administration = office(source)
    ledger, bookmark = imported(source, administration)
    nights = []
    for _ in range(9):
        sandbox.advance(NIGHT_SECONDS)
        sandbox.clear_log(KEY)
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
        nights.append(bool(asked(sandbox, ">VAT<")))
    assert nights.count(True) == 1


def test_a_bookmark_of_another_version_or_epoch_reads_everything_again() -> None:
    done = Bookmark(epoch="", mode=Mode.FIRST, stage=Stage.DONE, started_at=1, parts=None)
    assert starting(done.encoded(), epoch="", now=9).mode is Mode.CHANGES
    assert starting(done.encoded(), epoch="", now=9).since == 1
    assert starting(done.encoded(), epoch="x", now=9).mode is Mode.RELOAD
    assert starting('{"v":2}', epoch="", now=9).mode is Mode.RELOAD
    assert starting(None, epoch="", now=9).mode is Mode.FIRST
    kept = Bookmark(
        epoch="", mode=Mode.FIRST, stage=Stage.LINES, started_at=1, parts=(Part(2024, 0, 28),)
    )
    assert starting(kept.encoded(), epoch="", now=9) == kept

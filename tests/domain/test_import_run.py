"""The transition table, and what ending badly means."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.failures import RETRYABLE_ACTIONS, Action, Trouble
from core.domain.import_run import (
    ATTEMPTS_MAX,
    RETRY_DELAYS,
    STRIKES_MAX,
    ImportRun,
    RunCause,
    RunEvent,
    RunStatus,
    WrongTransition,
    after,
)
from core.domain.proof import Proof, Verdict

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TABLE = {
    (RunStatus.WAITING, RunEvent.CLAIMED): RunStatus.IN_PROGRESS,
    (RunStatus.IN_PROGRESS, RunEvent.PUBLISHED): RunStatus.SUCCEEDED,
    (RunStatus.IN_PROGRESS, RunEvent.GAVE_UP): RunStatus.FAILED,
    (RunStatus.IN_PROGRESS, RunEvent.PUT_BACK): RunStatus.WAITING,
    (RunStatus.WAITING, RunEvent.UNUSABLE): RunStatus.FAILED,
}
WAITING = ImportRun(
    id="run_1",
    organisation_id="org_1",
    entity_id="ent_1",
    link_id="lnk_1",
    integration_id="int_1",
    status=RunStatus.WAITING,
    cause=RunCause.MANUAL,
    requested_at=NOW,
    due_at=NOW,
)


def claimed(run: ImportRun = WAITING) -> ImportRun:
    return run.claimed(owner="worker-1", now=NOW, generation=3, bookmark="b0")


def trouble(action: Action, retry_at: datetime | None = None) -> Trouble:
    return Trouble(action=action, sentence="A sentence.", retry_at=retry_at)


@pytest.mark.parametrize("status", RunStatus)
@pytest.mark.parametrize("event", RunEvent)
def test_every_pair_is_in_the_table_or_raises(status: RunStatus, event: RunEvent) -> None:
    if (status, event) in TABLE:
        assert after(status, event) is TABLE[status, event]
    else:
        with pytest.raises(WrongTransition):
            after(status, event)


def test_a_second_claim_keeps_generation_and_bookmark() -> None:
    first = attrs.evolve(claimed(), bookmark="b7")
    again = first.put_back(due_at=NOW, trouble=trouble(Action.TRY_AGAIN), strike=True).claimed(
        owner="worker-2", now=NOW, generation=99, bookmark="other"
    )
    assert (again.generation, again.bookmark) == (3, "b7")
    assert (again.attempt, again.owner) == (2, "worker-2")


def test_ending_frees_the_lease() -> None:
    proof = Proof(verdict=Verdict.PROVEN)
    for ended in (
        claimed().published(now=NOW, proof=proof),
        claimed().gave_up(now=NOW, trouble=trouble(Action.REPORT_BUG)),
        claimed().put_back(due_at=NOW, trouble=trouble(Action.WAIT), strike=False),
    ):
        assert ended.owner is None
        assert ended.lease_until is None


@pytest.mark.parametrize("action", Action)
def test_only_what_may_help_is_tried_again(action: Action) -> None:
    ended = claimed().ended_badly(now=NOW, trouble=trouble(action))
    expected = RunStatus.WAITING if action in RETRYABLE_ACTIONS else RunStatus.FAILED
    assert ended.status is expected
    if ended.status is RunStatus.WAITING:
        assert ended.due_at == NOW + RETRY_DELAYS[0]


def test_strikes_run_out() -> None:
    run = WAITING
    for strike in range(1, STRIKES_MAX + 1):
        run = claimed(run).ended_badly(now=NOW, trouble=trouble(Action.PROVIDER_DOWN))
        expected = RunStatus.FAILED if strike == STRIKES_MAX else RunStatus.WAITING
        assert run.status is expected


@given(st.integers(min_value=1, max_value=ATTEMPTS_MAX - 1))
def test_waiting_for_a_limit_is_no_strike(waits: int) -> None:
    run = WAITING
    until = NOW + timedelta(hours=5)
    for _ in range(waits):
        run = claimed(run).ended_badly(now=NOW, trouble=trouble(Action.WAIT, until))
        assert (run.status, run.due_at, run.strikes) == (RunStatus.WAITING, until, 0)


def test_attempts_of_all_kinds_are_bounded() -> None:
    run = attrs.evolve(claimed(), attempt=ATTEMPTS_MAX)
    ended = run.ended_badly(now=NOW, trouble=trouble(Action.WAIT, NOW + timedelta(hours=1)))
    assert ended.status is RunStatus.FAILED


def test_a_finished_run_takes_no_event() -> None:
    done = claimed().published(now=NOW, proof=Proof(verdict=Verdict.PROVEN))
    with pytest.raises(WrongTransition):
        done.gave_up(now=NOW, trouble=trouble(Action.REPORT_BUG))

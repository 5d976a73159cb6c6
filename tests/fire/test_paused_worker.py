"""A worker process stopped with SIGSTOP past its lease, and woken after another did its work.

It writes nothing more, publishes nothing, and says so in the activity.
"""

import os
import signal
import time
from pathlib import Path

import pytest

from core.domain.failures import TryAgain
from core.domain.import_run import RunStatus
from core.ports.storage import Event
from monitr.bootstrap import Monitr, open_monitr
from monitr.settings import settings_from
from sandbox.server import Sandbox
from tests.fire.killing import AHEAD_SECONDS, WorkerProcess, waiting_run, worker_process

LINES = 20_000
WAIT_SECONDS = 60
PAUSES_MAX = 20


def wait_for_batches(monitr: Monitr, organisation_id: str, run_id: str, batches: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while monitr.services.reading.run(organisation_id, run_id).progress.batches < batches:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def pause(monitr: Monitr, child: WorkerProcess) -> None:
    """Stop it, at a moment when it does not hold the write lock (nobody could work then)."""
    for _ in range(PAUSES_MAX):
        os.kill(child.pid, signal.SIGSTOP)
        try:
            monitr.services.importing.beat("probe", standing=False)
        except TryAgain:
            os.kill(child.pid, signal.SIGCONT)
            time.sleep(0.003)
        else:
            return
    raise AssertionError("it always held the lock")


def activity(monitr: Monitr, organisation_id: str) -> list[Event]:
    return list(monitr.services.reading.activity(organisation_id))


@pytest.mark.fire
@pytest.mark.timeout(300)
def test_a_worker_paused_past_its_lease_wakes_up_and_changes_nothing(tmp_path: Path) -> None:
    with Sandbox(seed=29, lines=LINES, providers=["exact-online"]) as sandbox:
        monitr = open_monitr(settings_from(os.environ, data_dir=tmp_path), os.environ)
        organisation_id, entity_id, run_id = waiting_run(monitr, sandbox)
        sandbox.advance(AHEAD_SECONDS)
        sleeper = worker_process(monitr, run_id, kill_after=0, number=1)
        assert sleeper.heard() == "working"
        wait_for_batches(monitr, organisation_id, run_id, 7)
        pause(monitr, sleeper)
        try:
            sandbox.advance(AHEAD_SECONDS)
            rescuer = worker_process(monitr, run_id, kill_after=0, number=2)
            assert rescuer.ended() == 0
            published = monitr.services.reading.run(organisation_id, run_id)
            assert published.status is RunStatus.SUCCEEDED, published.trouble
            assert published.proof is not None
            assert published.proof.sound
            generations = monitr.services.reading.generations(organisation_id, entity_id)
            balance = monitr.services.reading.trial_balance(organisation_id, entity_id)
        finally:
            os.kill(sleeper.pid, signal.SIGCONT)
        assert sleeper.heard() == "none"
        assert sleeper.ended() == 0
        assert monitr.services.reading.run(organisation_id, run_id) == published
        assert monitr.services.reading.generations(organisation_id, entity_id) == generations
        after = monitr.services.reading.trial_balance(organisation_id, entity_id)
        assert after.rows == balance.rows
        lost = [event for event in activity(monitr, organisation_id) if event.kind == "run.lost"]
        assert [event.run_id for event in lost] == [run_id]
        assert "wrote nothing" in lost[0].text
        monitr.close()

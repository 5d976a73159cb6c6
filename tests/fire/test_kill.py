"""Real workers killed with SIGKILL: the next one continues, and no page is fetched twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.import_run import STRIKES_MAX, RunStatus
from core.domain.money import text_of
from monitr.bootstrap import Monitr, open_monitr
from monitr.settings import settings_from
from sandbox.server import Sandbox
from tests.fire.killing import AHEAD_SECONDS, ended, requests_twice, waiting_run, worker_process

LINES = 4_000


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=LINES, providers=["exact-online"]) as sandbox:
        sandbox.settings("exact-online", page_large=500)
        yield sandbox


@pytest.fixture
def monitr(tmp_path: Path) -> Iterator[Monitr]:
    monitr = open_monitr(settings_from({}, data_dir=tmp_path / "data"), {})
    yield monitr
    monitr.close()


@pytest.mark.fire
@pytest.mark.parametrize("step", [1, 2, 3])
def test_killed_after_every_batch_the_import_still_ends_proven(
    monitr: Monitr, sandbox: Sandbox, step: int
) -> None:
    """Each worker lives for ``step`` batches."""
    organisation_id, entity_id, run_id = waiting_run(monitr, sandbox)
    sandbox.clear_log("exact-online")
    kills = 0
    for number in range(1, 100):
        sandbox.advance(AHEAD_SECONDS)
        if ended(worker_process(monitr, run_id, kill_after=step, number=number)) == 0:
            break
        kills += 1
    assert kills >= STRIKES_MAX, "it was killed often enough to mean something"
    run = monitr.services.reading.run(organisation_id, run_id)
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    assert run.proof is not None
    assert run.proof.sound
    assert requests_twice(sandbox) == {}
    truth = sandbox.truth("exact-online")[0]
    balance = monitr.services.reading.trial_balance(organisation_id, entity_id)
    assert (text_of(balance.debit_e4), text_of(balance.credit_e4)) == (
        truth["debit"],
        truth["credit"],
    )
    print(f"kills {kills}, requests {len(sandbox.log('exact-online'))}, pages twice 0")

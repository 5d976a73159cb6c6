"""Real workers killed with SIGKILL: the next one continues, and nothing is read again but the pages
that were on their way.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.import_run import STRIKES_MAX, RunStatus
from core.domain.money import text_of
from core.services.pulling import PAGES_IN_FLIGHT_MAX
from monitr.bootstrap import Monitr, open_monitr
from monitr.settings import settings_from
from sandbox.server import Sandbox
from tests.fire.killing import (
    AHEAD_SECONDS,
    KILLED,
    pages_again,
    waiting_run,
    worker_process,
)

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
        if worker_process(monitr, run_id, kill_after=step, number=number).ended() == 0:
            break
        kills += 1
    assert kills >= STRIKES_MAX, "it was killed often enough to mean something"
    run = monitr.services.reading.run(organisation_id, run_id)
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    assert run.proof is not None
    assert run.proof.sound
    again = pages_again(sandbox)
    assert again <= kills * PAGES_IN_FLIGHT_MAX
    truth = sandbox.truth("exact-online")[0]
    balance = monitr.services.reading.trial_balance(organisation_id, entity_id)
    assert (text_of(balance.debit_e4), text_of(balance.credit_e4)) == (
        truth["debit"],
        truth["credit"],
    )
    print(f"kills {kills}, requests {len(sandbox.log('exact-online'))}, pages again {again}")


@pytest.mark.fire
@pytest.mark.parametrize("moment", ["before publishing", "published, not committed", "committed"])
def test_killed_while_publishing_readers_see_the_old_books_or_the_new(
    monitr: Monitr, sandbox: Sandbox, moment: str
) -> None:
    organisation_id, entity_id, run_id = waiting_run(monitr, sandbox)
    sandbox.clear_log("exact-online")
    sandbox.advance(AHEAD_SECONDS)
    dying = worker_process(monitr, run_id, kill_after=0, number=1, moment=moment)
    assert dying.ended() == KILLED
    is_there = monitr.services.reading.entity(organisation_id, entity_id).published is not None
    assert is_there == (moment == "committed")
    sandbox.advance(AHEAD_SECONDS)
    assert worker_process(monitr, run_id, kill_after=0, number=2).ended() == 0
    assert monitr.services.reading.run(organisation_id, run_id).status is RunStatus.SUCCEEDED
    assert pages_again(sandbox) == 0
    truth = sandbox.truth("exact-online")[0]
    balance = monitr.services.reading.trial_balance(organisation_id, entity_id)
    assert text_of(balance.debit_e4) == truth["debit"]
    generations = monitr.services.reading.generations(organisation_id, entity_id)
    assert [one.number for one in generations] == [1]

"""Two hundred workers killed with SIGKILL at random moments of 50,000-line imports.

Whatever they were doing - fetching, writing, committing, proving, publishing - the next worker goes
on from the last bookmark. Nothing is lost, nothing doubled, and no page is fetched again but those
that were on their way when the worker died.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from attrs import define

from core.domain.books import RecordKind
from core.domain.import_run import ImportRun, RunStatus
from core.domain.money import text_of
from monitr.bootstrap import Monitr, open_monitr
from monitr.settings import settings_from
from sandbox.server import Sandbox
from tests.fire.killing import AHEAD_SECONDS, KILLED, ended, requests_twice, waiting_run
from tests.fire.killing import worker_process as worker_process_of

LINES = 50_000
KILLS = 50
"""Per seed; the four seeds make 200."""
SEEDS = (1, 2, 3, 4)
ALIVE_SECONDS_MAX = 1.5
"""A worker is killed at a random moment of this long: some six per import."""
ATTEMPTS_MAX = 60
"""Of one import."""
PAGES_ON_THE_WAY = 2
"""What a kill may cost: the page being written, and the one being fetched meanwhile."""
TOTALS = "ReportingBalance"
"""Control totals are read afresh by whoever proves; they are no pages of the pull."""


@define
class Tally:
    """What happened so far."""

    kills: int = 0
    imports: int = 0
    pages_again: int = 0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=23, lines=LINES, providers=["exact-online"]) as sandbox:
        yield sandbox


def lives_until(monitr: Monitr, run_id: str, number: int, seconds: float) -> int:
    """One worker, killed so many seconds after it began to work; its exit code."""
    child = worker_process_of(monitr, run_id, kill_after=0, number=number)
    assert child.stdout is not None
    assert child.stdout.readline() == "working\n"
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
    return ended(child)


def import_among_kills(
    monitr: Monitr, sandbox: Sandbox, chance: Random, tally: Tally
) -> tuple[str, ImportRun]:
    """(entity id, run) of one first import whose workers die until one gets to the end."""
    organisation_id, entity_id, run_id = waiting_run(monitr, sandbox)
    sandbox.clear_log("exact-online")
    kills = 0
    for number in range(1, ATTEMPTS_MAX):
        sandbox.advance(AHEAD_SECONDS)
        seconds = chance.uniform(0, ALIVE_SECONDS_MAX)
        if lives_until(monitr, run_id, number, seconds) == KILLED:
            kills += 1
        if monitr.services.reading.run(organisation_id, run_id).finished:
            break
    again = [
        times - 1 for address, times in requests_twice(sandbox).items() if TOTALS not in address
    ]
    assert sum(again) <= kills * PAGES_ON_THE_WAY
    tally.kills += kills
    tally.pages_again += sum(again)
    tally.imports += 1
    return entity_id, monitr.services.reading.run(organisation_id, run_id)


def assert_nothing_lost_or_doubled(
    monitr: Monitr, sandbox: Sandbox, entity_id: str, run: ImportRun
) -> None:
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    assert run.proof is not None
    assert run.proof.sound
    truth = sandbox.truth("exact-online")[0]
    balance = monitr.services.reading.trial_balance(run.organisation_id, entity_id)
    assert (text_of(balance.debit_e4), text_of(balance.credit_e4)) == (
        truth["debit"],
        truth["credit"],
    )
    assert run.generation is not None
    with monitr.ports.storage.reading() as uow:
        counts = uow.books.counts(entity_id, run.generation)
    assert counts[RecordKind.LINE] == truth["lines"]


@pytest.mark.fire
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_nothing_is_lost_or_doubled(
    seed: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    chance = Random(seed)  # noqa: S311 - no secret is made
    tally = Tally()
    while tally.kills < KILLS:
        folder = tmp_path / f"import-{tally.imports}"
        monitr = open_monitr(settings_from({}, data_dir=folder), {})
        try:
            entity_id, run = import_among_kills(monitr, sandbox, chance, tally)
            assert_nothing_lost_or_doubled(monitr, sandbox, entity_id, run)
        finally:
            monitr.close()
    print(f"kills {tally.kills}, imports {tally.imports}, pages again {tally.pages_again}")

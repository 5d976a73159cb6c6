"""Two hundred workers killed with SIGKILL at random moments of 50,000-line imports.

Whatever they were doing - fetching, writing, committing, proving, publishing - the next worker goes
on from the last bookmark. Nothing is lost, nothing doubled, and no page is fetched again but those
that were on their way when the worker died.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from attrs import define

from core.domain.books import RecordKind
from core.domain.import_run import ImportRun, RunStatus
from core.domain.money import text_of
from core.services.pulling import PAGES_IN_FLIGHT_MAX
from monitr.bootstrap import Monitr, open_monitr
from monitr.settings import settings_from
from sandbox.server import Sandbox
from tests.fire.killing import AHEAD_SECONDS, KILLED, pages_again, waiting_run, worker_process

LINES = 50_000
KILLS = 50
"""Per seed; the four seeds make 200."""
SEEDS = (1, 2, 3, 4)
LIVES = 4
"""A worker is killed within this fraction of what an undisturbed import takes: some eight of them
die per import, whatever the machine.
"""
ATTEMPTS_MAX = 100
"""Of one entity, until its first books are published."""


@define
class Tally:
    """What happened so far."""

    kills: int = 0
    imports: int = 0
    pages_again: int = 0
    gave_up: int = 0
    """Runs that failed for good because worker after worker died at the same place."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=23, lines=LINES, providers=["exact-online"]) as sandbox:
        sandbox.settings("exact-online", limits=False)
        yield sandbox


def lives_until(monitr: Monitr, run_id: str, number: int, seconds: float) -> int:
    """One worker, killed so many seconds after it began to work; its exit code."""
    child = worker_process(monitr, run_id, kill_after=0, number=number)
    assert child.heard() == "working"
    child.killed_within(seconds)
    return child.ended()


def import_among_kills(
    monitr: Monitr, sandbox: Sandbox, chance: Random, alive_seconds_max: float, tally: Tally
) -> tuple[str, ImportRun]:
    """(entity id, run) of a first import whose workers die until one gets to the end.

    A run whose workers die again and again at the same place, without a page in between, fails for
    good, as it should; it is then asked for again.
    """
    services = monitr.services
    organisation_id, entity_id, run_id = waiting_run(monitr, sandbox)
    sandbox.clear_log("exact-online")
    kills = 0
    for number in range(1, ATTEMPTS_MAX):
        sandbox.advance(AHEAD_SECONDS)
        seconds = chance.uniform(0, alive_seconds_max)
        if lives_until(monitr, run_id, number, seconds) == KILLED:
            kills += 1
        run = services.reading.run(organisation_id, run_id)
        if run.status is RunStatus.SUCCEEDED:
            break
        if run.finished:
            assert run.trouble is not None
            assert run.trouble.code == "worker-lost"
            tally.gave_up += 1
            count_pages(sandbox, kills, tally)
            kills = 0
            (asked,) = services.importing.request(organisation_id, [entity_id], operator="fire")
            assert asked.run is not None
            run_id = asked.run.id
    count_pages(sandbox, kills, tally)
    tally.imports += 1
    return entity_id, services.reading.run(organisation_id, run_id)


def count_pages(sandbox: Sandbox, kills: int, tally: Tally) -> None:
    """Add up what one run's kills cost, and hold it against what they may; forget its requests."""
    again = pages_again(sandbox)
    assert again <= kills * PAGES_IN_FLIGHT_MAX
    tally.kills += kills
    tally.pages_again += again
    sandbox.clear_log("exact-online")


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


def undisturbed_seconds(monitr: Monitr, sandbox: Sandbox) -> float:
    """What an import takes on this machine, as loaded as it is, from "working" on."""
    _, _, run_id = waiting_run(monitr, sandbox)
    sandbox.advance(AHEAD_SECONDS)
    child = worker_process(monitr, run_id, kill_after=0, number=1)
    assert child.heard() == "working"
    began = time.monotonic()
    assert child.ended() == 0
    return time.monotonic() - began


@pytest.mark.fire
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_nothing_is_lost_or_doubled(
    seed: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    chance = Random(seed)  # noqa: S311 - no secret is made
    tally = Tally()
    with closing(open_monitr(settings_from({}, data_dir=tmp_path / "undisturbed"), {})) as monitr:
        alive_seconds_max = undisturbed_seconds(monitr, sandbox) / LIVES
    while tally.kills < KILLS:
        folder = tmp_path / f"import-{tally.imports}"
        with closing(open_monitr(settings_from({}, data_dir=folder), {})) as monitr:
            entity_id, run = import_among_kills(monitr, sandbox, chance, alive_seconds_max, tally)
            assert_nothing_lost_or_doubled(monitr, sandbox, entity_id, run)
    print(
        f"kills {tally.kills}, imports {tally.imports}, pages again {tally.pages_again}, "
        f"runs that gave up {tally.gave_up}"
    )

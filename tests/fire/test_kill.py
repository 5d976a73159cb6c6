"""Real workers killed with SIGKILL: the next one continues, and no page is fetched twice."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from core.domain.import_run import STRIKES_MAX, RunStatus
from core.domain.money import text_of
from core.services.importing import PRESENCE_SECONDS
from monitr.bootstrap import Monitr, open_monitr
from monitr.settings import settings_from
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox

LINES = 4_000
ATTEMPT_SECONDS = 60
AHEAD_SECONDS = PRESENCE_SECONDS + 60
"""Each worker's clock, and the stand-in's with it, is this much further than the last one's."""
KILLED = -9


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


def waiting_run(monitr: Monitr, sandbox: Sandbox) -> tuple[str, str, str]:
    """(organisation id, entity id, run id) of a first import that waits."""
    services = monitr.services
    organisation = services.onboarding.start("Fire")
    connection = services.connecting.connect(
        organisation.id,
        "exact-online",
        {
            "site": sandbox.url("exact-online"),
            "client_id": SANDBOX_CLIENT_ID,
            "client_secret": SANDBOX_CLIENT_SECRET,
        },
        operator="fire",
        redirect_base="http://127.0.0.1:1",
    )
    assert connection.authorize_url is not None
    landed = decide(connection.authorize_url)
    services.authorising.complete("exact-online", dict(parse_qsl(urlsplit(landed).query)))
    administration = str(sandbox.truth("exact-online")[0]["code"])
    selection = services.linking.select(
        organisation.id, connection.integration.id, [administration], operator="fire"
    )
    return organisation.id, selection.created[0].id, selection.runs[0].id


def attempt(monitr: Monitr, run_id: str, *, kill_after: int, number: int) -> int:
    """One worker process; returns its exit code (-9: killed)."""
    child = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fire.one_attempt"),
            *(str(monitr.settings.data_dir), run_id, str(kill_after)),
            str(number * AHEAD_SECONDS),
        ],
        check=False,
        capture_output=True,
        timeout=ATTEMPT_SECONDS,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    assert child.returncode in {0, KILLED}, child.stderr.decode()
    return child.returncode


def requests_twice(sandbox: Sandbox) -> dict[str, int]:
    """Page addresses of the administration that were asked for more than once."""
    asked = Counter(
        f"{one.path}?{one.query}"
        for one in sandbox.log("exact-online")
        if "/oauth2/" not in one.path
    )
    return {address: times for address, times in asked.items() if times > 1}


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
        if attempt(monitr, run_id, kill_after=step, number=number) == 0:
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

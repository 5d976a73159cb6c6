"""Imports by worker processes that are killed with SIGKILL, against the Exact Online stand-in."""

import os
import subprocess
import sys
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

from core.services.importing import PRESENCE_SECONDS
from monitr.bootstrap import Monitr
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox

ATTEMPT_SECONDS = 60
AHEAD_SECONDS = PRESENCE_SECONDS + 60
"""Each worker's clock, and the stand-in's with it, is this much further than the last one's."""
KILLED = -9
TOTALS = ("ReportingBalance", "FinancialPeriods")
"""What is read for a proof; these are no pages of the pull."""


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


def worker_process(
    monitr: Monitr, run_id: str, *, kill_after: int, number: int, moment: str = ""
) -> subprocess.Popen[str]:
    """A worker that says "working" before it claims the run. ``kill_after`` 0: it lives, unless
    ``moment`` names one of publishing at which it dies.
    """
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.fire.one_attempt"),
            *(str(monitr.settings.data_dir), run_id, str(kill_after)),
            str(number * AHEAD_SECONDS),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.getcwd(),  # noqa: PTH109
            "MONITR_FIRE_MOMENT": moment,
        },
    )


def ended(child: subprocess.Popen[str]) -> int:
    """Its exit code, -9 when it was killed; anything but a success or a kill is shown."""
    _, complaint = child.communicate(timeout=ATTEMPT_SECONDS)
    assert child.returncode in {0, KILLED}, complaint
    return child.returncode


def pages_again(sandbox: Sandbox) -> int:
    """How many pages of the pull were asked for once more; proofs are read afresh by each."""
    return sum(
        times - 1
        for address, times in requests_twice(sandbox).items()
        if not any(totals in address for totals in TOTALS)
    )


def requests_twice(sandbox: Sandbox) -> dict[str, int]:
    """Page addresses of the administration that were asked for more than once."""
    asked = Counter(
        f"{one.path}?{one.query}"
        for one in sandbox.log("exact-online")
        if "/oauth2/" not in one.path
    )
    return {address: times for address, times in asked.items() if times > 1}

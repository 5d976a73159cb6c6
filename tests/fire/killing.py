"""Imports by worker processes that are killed with SIGKILL, against the Exact Online stand-in."""

from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from urllib.parse import parse_qsl, urlsplit

from attrs import frozen

from core.services.importing import PRESENCE_SECONDS
from monitr.bootstrap import Monitr
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox
from tests.fire import one_attempt
from tests.processes import FORKED

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


@frozen
class WorkerProcess:
    """A process that makes one attempt, and the end of the pipe it tells through."""

    process: ForkServerProcess
    told: Connection

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def heard(self) -> str:
        """The next it says."""
        assert self.told.poll(ATTEMPT_SECONDS), "it says nothing"
        said = self.told.recv()
        assert isinstance(said, str)
        return said

    def killed_within(self, seconds: float) -> None:
        """Let it live for that long at most."""
        self.process.join(seconds)
        self.process.kill()

    def ended(self) -> int:
        """Its exit code, -9 when it was killed; nothing but a success or a kill is taken (what it
        complained of is on the standard error output).
        """
        self.process.join(ATTEMPT_SECONDS)
        code = self.process.exitcode
        assert code in {0, KILLED}, code
        return code


def worker_process(
    monitr: Monitr, run_id: str, *, kill_after: int, number: int, moment: str = ""
) -> WorkerProcess:
    """The ``number``-th worker, each ahead of the last; see one_attempt."""
    told, telling = FORKED.Pipe(duplex=False)
    ahead_seconds = number * AHEAD_SECONDS
    process = FORKED.Process(
        target=one_attempt.attempt,
        args=(telling, monitr.settings.data_dir, run_id, kill_after, ahead_seconds, moment),
        daemon=True,
    )
    process.start()
    telling.close()
    return WorkerProcess(process, told)


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

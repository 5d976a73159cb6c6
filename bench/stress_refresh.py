"""200 callers in 8 processes want a token at once, and the one that fetches it is killed.

The stand-in rotates refresh tokens and ends the whole grant when a spent one comes back. First
nobody dies: one refresh, no revocation, everybody served. Then the process that refreshes is killed
with SIGKILL at each step. Before the request leaves and after the new token is committed nothing
may be lost. In between the provider has spent the old token and the new one died with the process:
no protocol without a grace period can keep that grant, so the connection must say at once, after
one question to the provider, that it needs to be reconnected. ``grants_lost`` counts grants that
could have been kept.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from attrs import frozen

from bench._refresh_caller import PROVIDER, STEPS
from core.domain.integration import IntegrationStatus
from monitr.bootstrap import Monitr, open_monitr
from monitr.logs import QUIET, configure_logs
from monitr.settings import settings_from
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.exact_online.stand_in import ExactOnline
from sandbox.server import Sandbox

PROCESSES: Final = 8
CALLERS: Final = 200
KEEPABLE: Final = frozenset({"before-sending", "after-the-commit"})
"""Steps at which a kill leaves a grant that still can be used."""

ANSWER_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.02


@frozen(kw_only=True)
class Race:
    """What one race came to."""

    step: str
    callers: int
    processes: int
    refreshes: int
    """Refresh requests the provider granted."""
    revocations: int
    """Spent tokens that came back: each ends a grant."""
    kills: int
    outcomes: Mapping[str, int]
    status: IntegrationStatus
    all_tokens_live: bool
    seconds: float


def race(step: str = "none", *, callers: int = CALLERS, processes: int = PROCESSES) -> Race:
    """One crowd on a fresh connection whose access token is over."""
    with (
        tempfile.TemporaryDirectory(prefix="monitr-stress-") as folder_name,
        Sandbox(seed=5, lines=20, providers=[PROVIDER]) as sandbox,
    ):
        folder = Path(folder_name)
        sandbox.settings(PROVIDER, reuse_revokes=True)
        monitr = open_monitr(settings_from({}, data_dir=folder / "data"), {})
        try:
            integration_id = _connected(monitr, sandbox)
            sandbox.tokens(PROVIDER, "expire")
            sandbox.clear_log(PROVIDER)
            seconds, told = _crowd(folder, integration_id, step, callers, processes, sandbox)
            with monitr.ports.storage.reading() as uow:
                integration = uow.integrations.get(integration_id)
            assert integration is not None
        finally:
            monitr.close()
        stand_in = sandbox.stand_in(PROVIDER)
        assert isinstance(stand_in, ExactOnline)
        outcomes: Counter[str] = Counter()
        for one in told:
            outcomes.update(one["outcomes"])
        return Race(
            step=step,
            callers=callers,
            processes=processes,
            refreshes=_answers(sandbox, 200),
            revocations=_answers(sandbox, 401),
            kills=processes - len(told),
            outcomes=outcomes,
            status=integration.status,
            all_tokens_live=all(
                stand_in.tokens.grant_of(access) is not None
                for one in told
                for access in one["accesses"]
            ),
            seconds=seconds,
        )


def _connected(monitr: Monitr, sandbox: Sandbox) -> str:
    services = monitr.services
    organisation = services.onboarding.start("Stress")
    connection = services.connecting.connect(
        organisation.id,
        PROVIDER,
        {
            "site": sandbox.url(PROVIDER),
            "client_id": SANDBOX_CLIENT_ID,
            "client_secret": SANDBOX_CLIENT_SECRET,
        },
        operator="stress",
        redirect_base="http://127.0.0.1:1",
    )
    assert connection.authorize_url is not None
    landed = decide(connection.authorize_url)
    services.authorising.complete(PROVIDER, dict(parse_qsl(urlsplit(landed).query)))
    return connection.integration.id


def _crowd(
    folder: Path, integration_id: str, step: str, callers: int, processes: int, sandbox: Sandbox
) -> tuple[float, Sequence[dict[str, dict[str, int]]]]:
    """Let the processes loose together; seconds, and what those that lived have to say."""
    words = [str(folder), integration_id, str(processes), str(callers // processes), step]
    with subprocess.Popen(  # noqa: S603 - this interpreter, our own module
        [sys.executable, "-m", "bench._refresh_caller", *words, str(time.time())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as crowd:
        try:
            assert crowd.stdout is not None
            for _ in range(processes):
                assert crowd.stdout.readline() == "ready\n"
            assert crowd.stdin is not None
            started = time.monotonic()
            crowd.stdin.write("!" * processes)
            crowd.stdin.flush()
            if step == "after-sending":
                _kill_once_sent(folder, sandbox)
            told, _ = crowd.communicate(timeout=ANSWER_SECONDS)
            seconds = time.monotonic() - started
        finally:
            if crowd.poll() is None:
                os.killpg(crowd.pid, signal.SIGKILL)
    return seconds, [json.loads(line) for line in told.splitlines()]


def _kill_once_sent(folder: Path, sandbox: Sandbox) -> None:
    """The request has arrived and was granted; its sender never gets to read the answer."""
    deadline = time.monotonic() + ANSWER_SECONDS
    mark = folder / "killed"
    while _answers(sandbox, 200) == 0 or not mark.exists():  # either may be seen first
        assert time.monotonic() < deadline, "nobody refreshed"
        time.sleep(POLL_SECONDS)
    os.kill(int(mark.read_text()), signal.SIGKILL)


def _answers(sandbox: Sandbox, status: int) -> int:
    return sum(
        asked.status == status and asked.path.endswith("/oauth2/token")
        for asked in sandbox.log(PROVIDER)
    )


def kept(one: Race) -> bool:
    """Whether the grant lives and everybody that was not killed got its token."""
    living = one.callers * (one.processes - one.kills) // one.processes
    return (
        one.all_tokens_live
        and one.outcomes.get("served") == living
        and one.status is not IntegrationStatus.NEEDS_RECONNECT
    )


def main() -> None:
    configure_logs(QUIET)
    calm = race()
    killed = {step: race(step) for step in STEPS}
    keepable = [calm, *(killed[step] for step in STEPS if step in KEEPABLE)]
    spent = [one for step, one in killed.items() if step not in KEEPABLE]
    print(f"callers {calm.callers}")
    print(f"processes {calm.processes}")
    print(f"refreshes {max(one.refreshes for one in keepable)} <=1")
    print(f"revocations {sum(one.revocations for one in keepable)} <=0")
    print(f"kills {sum(one.kills for one in killed.values())} >={len(STEPS)}")
    print(f"grants_lost {sum(not kept(one) for one in keepable)} <=0")
    print(f"callers_served {calm.outcomes.get('served', 0)} >={CALLERS}")
    print(f"race_seconds {calm.seconds:.2f}")
    # What no protocol can keep: the old token is spent, the new one died with its process.
    told = sum(one.status is IntegrationStatus.NEEDS_RECONNECT for one in spent)
    print(f"needs_reconnect_told {told} >={len(spent)}")
    print(f"settling_questions {max(one.revocations for one in spent)} <=1")
    print(f"slowest_after_kill_seconds {max(one.seconds for one in killed.values()):.2f}")


if __name__ == "__main__":
    main()

"""Processes that all want one session at once; each login leaves a line in a file."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

from attrs import define

from adapters.environment import RandomIds
from adapters.storage.sql.storage import SqlStorage
from adapters.storage.vault import vault_from
from core.domain.failures import Failure, Reconnect
from core.domain.integration import Integration, IntegrationStatus
from core.ports.sessions import Session
from core.services.ports import Ports
from core.services.sessions import IntegrationSessions
from tests.fakes import RecordingDoorbell
from tests.processes import FORKED

GIVE_UP_SECONDS = 60
THREADS = 5
PACE = 20
"""Seconds pass this much faster, so that nobody waits out a dead process' lock in real time."""
CONNECTED = Integration(
    id="int_crowd",
    organisation_id="org_crowd",
    provider="yuki",
    status=IntegrationStatus.ACTIVE,
    created_at=datetime(2026, 3, 10, tzinfo=UTC),
)


@define
class FastClock:
    """Implements Clock. ``epoch`` is shared by all processes."""

    epoch: float

    def now(self) -> datetime:
        passed = timedelta(seconds=(time.time() - self.epoch) * PACE)
        return datetime.fromtimestamp(self.epoch, UTC) + passed

    def pause(self, seconds: float) -> None:
        time.sleep(seconds / PACE)


def ports_of(folder: Path, storage: SqlStorage, epoch: float) -> Ports:
    return Ports(
        storage=storage,
        vault=vault_from(folder, {}),
        doorbell=RecordingDoorbell(),
        clock=FastClock(epoch),
        ids=RandomIds(),
        providers={},
    )


def logins(folder: Path) -> int:
    path = folder / "logins"
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def _want(
    folder: Path,
    verdict: str,
    epoch: float,
    start: Barrier,
    outcomes: "multiprocessing.Queue[list[str]]",
) -> None:
    with closing(SqlStorage(folder / "monitr.sqlite3")) as storage:
        ports = ports_of(folder, storage, epoch)

        def login() -> Session:
            with (folder / "logins").open("ab", buffering=0) as told:
                told.write(f"{os.getpid()}\n".encode())
            if verdict == "killed" and logins(folder) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            if verdict == "refused":
                raise Reconnect("Yuki refuses this key: make another one.")
            now = ports.clock.now()
            token = f"session-{os.getpid()}"
            return Session(token=token, obtained_at=now, expires_at=now + timedelta(hours=24))

        def ask(_: int) -> str:
            sessions = IntegrationSessions(ports=ports, integration=CONNECTED, provider_name="Yuki")
            try:
                return sessions.current("user", login)
            except Failure as failure:
                return type(failure).__name__

        start.wait(GIVE_UP_SECONDS)
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes.put(list(pool.map(ask, range(THREADS))))


def crowd(folder: Path, verdict: str, *, processes: int) -> list[str]:
    """What each caller got: a token, or the name of a Failure class."""
    epoch, start = time.time(), FORKED.Barrier(processes)
    outcomes: multiprocessing.Queue[list[str]] = FORKED.Queue()
    wanting = [
        FORKED.Process(target=_want, args=(folder, verdict, epoch, start, outcomes))
        for _ in range(processes)
    ]
    for process in wanting:
        process.start()
    expected = processes - (verdict == "killed")
    shares = [outcomes.get(timeout=GIVE_UP_SECONDS * 4) for _ in range(expected)]
    for process in wanting:
        process.join()
    return [outcome for share in shares for outcome in share]

"""The crowd of the refresh stress: processes of threads that all want a token, and perhaps a kill.

``python -m bench._refresh_caller FOLDER INTEGRATION PROCESSES CALLERS STEP EPOCH`` forks PROCESSES,
each with CALLERS threads. Each prints ``ready``, waits for a byte, lets its callers loose at once
and prints one JSON line about what they got.

STEP says where the process that refreshes dies by SIGKILL; only the first to get there does (it
makes FOLDER/killed with its id). At ``after-sending`` it stands still instead, with its whole
request sent and no answer read, until whoever started it has seen the request arrive and kills it.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs
from attrs import define

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.oauth import CodeFlow
from adapters.providers.kit.watchdog import Watchdog
from adapters.storage.budgets import MemoryBudgets
from adapters.storage.sql.storage import SqlUnit
from core.domain.failures import Failure
from core.ports.provider import TokenGrant
from core.services.sources import stored_fields
from core.services.tokens import IntegrationTokens
from monitr.bootstrap import open_monitr, providers
from monitr.logs import QUIET, configure_logs
from monitr.settings import settings_from

PROVIDER: Final = "exact-online"
STEPS: Final = (
    "before-sending",
    "after-sending",
    "after-the-answer",
    "before-the-commit",
    "after-the-commit",
)
PACE: Final = 10
"""Seconds pass this much faster, so that nobody waits out a dead process' lock in real time."""


@define
class FastClock:
    """Implements Clock. ``epoch`` is shared by all processes; an hour ahead, so tokens are over."""

    epoch: float

    def now(self) -> datetime:
        passed = timedelta(seconds=(time.time() - self.epoch) * PACE)
        return datetime.fromtimestamp(self.epoch, UTC) + timedelta(hours=1) + passed

    def pause(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / PACE)


def first_to_die(folder: Path) -> bool:
    """Whether this process is the one to be killed; leaves its id for whoever counts."""
    mine = folder / f"dying-{os.getpid()}"
    mine.write_text(str(os.getpid()))
    with suppress(FileExistsError):
        (folder / "killed").hardlink_to(mine)  # whoever sees it finds the id in it
        return True
    return False


def die(folder: Path) -> None:
    if first_to_die(folder):
        os.kill(os.getpid(), signal.SIGKILL)


def arm(step: str, folder: Path) -> None:
    """Put the kill where it belongs."""
    refresh, commit, trace = CodeFlow.refresh, SqlUnit.commit, Watchdog._trace  # noqa: SLF001
    answered = threading.local()

    def dying_refresh(self: CodeFlow, fields: Mapping[str, str], refresh_token: str) -> TokenGrant:
        if step == "before-sending":
            die(folder)
        grant = refresh(self, fields, refresh_token)
        if step == "after-the-answer":
            die(folder)
        answered.yes = True
        return grant

    def dying_commit(self: SqlUnit) -> None:
        storing = getattr(answered, "yes", False)
        if storing and step == "before-the-commit":
            die(folder)
        commit(self)
        if storing and step == "after-the-commit":
            die(folder)

    def standing_still(self: Watchdog, event: str, details: Mapping[str, object]) -> None:
        trace(self, event, details)
        if event == "http11.send_request_body.complete" and first_to_die(folder):
            threading.Event().wait()

    CodeFlow.refresh = dying_refresh  # type: ignore[method-assign] # the point of this process
    SqlUnit.commit = dying_commit  # type: ignore[method-assign] # the point of this process
    if step == "after-sending":
        Watchdog._trace = standing_still  # type: ignore[method-assign] # noqa: SLF001


def say(line: str) -> None:
    """In one piece: the processes share one pipe."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def crowd(folder: Path, integration_id: str, callers: int, step: str, epoch: float) -> None:
    """One process."""
    monitr = open_monitr(settings_from({}, data_dir=folder / "data"), {})
    clock = FastClock(epoch)
    ports = attrs.evolve(
        monitr.ports,
        clock=clock,
        providers=providers(Kit(clock=clock, budgets=MemoryBudgets(clock))),
    )
    with ports.storage.reading() as uow:
        integration = uow.integrations.get(integration_id)
    assert integration is not None
    provider = ports.provider(PROVIDER)
    assert provider.oauth is not None
    tokens = IntegrationTokens(
        ports=ports,
        integration_id=integration_id,
        provider_name="Exact Online",
        flow=provider.oauth,
        fields=stored_fields(ports, integration),
    )
    arm(step, folder)
    outcomes: Counter[str] = Counter()
    accesses: set[str] = set()
    counting = threading.Lock()
    go = threading.Event()

    def call() -> None:
        go.wait()
        try:
            access = tokens.current()
        except Failure as failure:
            outcome = failure.code
        else:
            outcome = "served"
            accesses.add(access)
        with counting:  # a counter that threads share loses some otherwise
            outcomes[outcome] += 1

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    say("ready")
    assert os.read(sys.stdin.fileno(), 1)
    go.set()
    for thread in threads:
        thread.join()
    monitr.close()
    say(json.dumps({"outcomes": outcomes, "accesses": sorted(accesses)}))


def main(words: Sequence[str]) -> None:
    """Fork first, open afterwards: no process shares a connection with another."""
    configure_logs(QUIET)
    folder, integration_id, processes, callers, step, epoch = words
    children = []
    for _ in range(int(processes)):
        child = os.fork()
        if child == 0:
            try:
                crowd(Path(folder), integration_id, int(callers), step, float(epoch))
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1:])

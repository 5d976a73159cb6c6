"""Exact Online, 50,000 lines: wire to published and proven; calls, rows a second, peak memory.

The stand-in runs in a process of its own with its limits off, and the importer (measured, in its
own process too) counts calls without waiting: at 60 calls a minute the provider, not Monitr, would
be what is timed. Calls are counted by the stand-in's log, not by the adapter.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen

from adapters.environment import RandomIds, SystemClock
from adapters.providers.exact_online import ExactOnline
from adapters.providers.exact_online.wire import Volume, pull_calls
from adapters.providers.kit.calls import Kit
from adapters.scheduler.inline import CollectingDoorbell
from adapters.storage.sql import SqlStorage
from adapters.storage.vault import vault_from
from core.domain.import_run import ImportRun
from core.domain.proof import Verdict
from core.ports.budget import NOBODY, Charge, Left
from core.ports.provider import Limit
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from monitr.logs import QUIET, configure_logs
from monitr.working import present
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET

LINES = 50_000
SEED = 7
PORT = 9_460
START_SECONDS = 60
HTTP_SECONDS = 60
ADMINISTRATION_INDEX = 0
CHILD = "--child"


class NoBudgets:
    """Implements Budgets: every call may leave now."""

    def take(
        self, charges: Sequence[Charge], *, call: str, seconds: float, party: str = NOBODY
    ) -> None:
        return None

    def end(self, charges: Sequence[Charge], *, call: str) -> None:
        return None

    def spend(self, scope: str, limits: Sequence[Limit]) -> datetime | None:
        return None

    def learn(self, scope: str, limit: Limit, *, remaining: int, resets_at: datetime) -> None:
        return None

    def left(self, prefix: str, limits: Sequence[Limit]) -> Sequence[Left]:
        return ()


def control(origin: str, method: str, path: str, document: object = None) -> Any:  # noqa: ANN401 - JSON
    """One call of a stand-in's control API."""
    body = None if document is None else json.dumps(document).encode()
    request = Request(f"{origin}/__sandbox__/{path}", data=body, method=method)  # noqa: S310 - loopback
    with urlopen(request, timeout=HTTP_SECONDS) as answer:  # noqa: S310 - loopback
        return json.load(answer)


@contextmanager
def standing_sandbox(lines: int, port: int = PORT) -> Iterator[str]:
    """The stand-in of Exact Online in a process of its own; yields its origin."""
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [
            *(sys.executable, "-m", "monitr", "sandbox"),
            *("--port", str(port), "--seed", str(SEED), "--lines", str(lines)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    origin = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                control(origin, "POST", "settings", {"limits": False})
                break
            except OSError:
                if time.monotonic() > deadline or child.poll() is not None:
                    raise
                time.sleep(0.1)
        yield origin
    finally:
        child.terminate()
        child.wait()


def house(folder: Path) -> tuple[Ports, Services]:
    """A Monitr on SQLite without call limits."""
    clock = SystemClock()
    ports = Ports(
        storage=SqlStorage(folder / "monitr.sqlite3"),
        vault=vault_from(folder, os.environ),
        doorbell=CollectingDoorbell(),
        clock=clock,
        ids=RandomIds(),
        providers={"exact-online": ExactOnline(Kit(clock=clock, budgets=NoBudgets()))},
    )
    return ports, Services(ports)


def connected(services: Services, origin: str) -> tuple[str, str]:
    """(organisation id, integration id) after a consent on the stand-in's pages."""
    organisation = services.onboarding.start("Bench")
    connection = services.connecting.connect(
        organisation.id,
        "exact-online",
        {
            "site": origin,
            "client_id": SANDBOX_CLIENT_ID,
            "client_secret": SANDBOX_CLIENT_SECRET,
        },
        operator="bench",
        redirect_base="http://127.0.0.1:1",
    )
    assert connection.authorize_url is not None
    landed = decide(connection.authorize_url)
    answer = dict(parse_qsl(urlsplit(landed).query))
    services.authorising.complete("exact-online", answer)
    return organisation.id, connection.integration.id


def measure(origin: str) -> list[tuple[str, float, str]]:
    """One full import and one unchanged one, in this process: (name, value, target)."""
    configure_logs(QUIET)
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        ports, services = house(Path(folder))
        organisation_id, integration_id = connected(services, origin)
        truth = control(origin, "GET", "truth")[ADMINISTRATION_INDEX]
        services.linking.select(
            organisation_id, integration_id, [str(truth["code"])], operator="bench"
        )
        full, full_seconds, full_calls = imported(ports, services, organisation_id, origin)
        services.importing.request(organisation_id, None, operator="bench")
        _, night_seconds, night_calls = imported(ports, services, organisation_id, origin)
        ports.storage.close()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        ("exact_full_lines", full.progress.lines, ""),
        ("exact_full_rows", full.progress.records, ""),
        ("exact_full_seconds", full_seconds, ""),
        ("exact_full_rows_per_second", full.progress.records / full_seconds, ""),
        ("exact_full_calls", len(full_calls), f"<={fewest_calls(truth, full_calls)}"),
        ("exact_unchanged_seconds", night_seconds, ""),
        ("exact_unchanged_calls", len(night_calls), ""),
        ("exact_unchanged_vs_full", night_seconds / full_seconds, "<=0.05"),
        ("exact_peak_memory_mib", peak_mib, "<=200"),
    ]


def imported(
    ports: Ports, services: Services, organisation_id: str, origin: str
) -> tuple[ImportRun, float, list[str]]:
    """Carry out the one waiting run: (run, seconds, page addresses the stand-in was asked)."""
    control(origin, "DELETE", "log")
    (waiting,) = (run for run in services.reading.runs(organisation_id) if not run.finished)
    with present(services, "bench", standing=False):
        started = time.perf_counter()
        run = ImportEngine(ports, "bench").run(waiting.id)
        seconds = time.perf_counter() - started
    assert run is not None
    assert run.proof is not None, run.trouble
    assert run.proof.verdict is Verdict.PROVEN, run.proof
    asked = [f"{one['path']}?{one['query']}" for one in control(origin, "GET", "log")]
    return run, seconds, asked


def fewest_calls(truth: dict[str, Any], asked: list[str]) -> int:
    """The fewest calls for the whole ledger; pages of balances and periods count once each.

    How many pages those have follows from the provider's grouping, so the stand-in's word counts.
    """
    checking = {page for page in asked if "ReportingBalance" in page or "FinancialPeriods" in page}
    volume = Volume(
        lines=truth["lines"] + truth["remarks"],
        accounts=truth["accounts"],
        contacts=truth["contacts"],
        journals=truth["journals"],
    )
    return pull_calls(volume) + len(checking)


def main() -> None:
    """Print ``name value target`` lines."""
    with standing_sandbox(LINES) as origin:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "bench.import_exact", CHILD, origin],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    for name, value, target in json.loads(child.stdout):
        print(f"{name} {value:.2f} {target}")


if __name__ == "__main__":
    if CHILD in sys.argv:
        print(json.dumps(measure(sys.argv[-1])))
    else:
        main()

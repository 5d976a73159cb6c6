"""An import against the least any program could do with the same pages: prints ratios.

One local server repeats the same Exact Online pages to both. *Ours* is the whole path: fetch,
decode, row versions, balances, control totals, proof, publication. The *floor* fetches with the
same HTTP library, parses with the fastest JSON parser there is here (msgspec, untyped), and
upserts the same columns by ``executemany`` into one SQLite table with a key and nothing else: no
checks, no history, no indexes to read by, no bookmark. Each in a process of its own, in turn; the
figures are medians of the ratios.

``import_vs_floor`` is of seconds, in which ours does two things at once where a second processor is
free; ``import_cpu_vs_floor`` is of processor seconds, which other work on the machine hardly moves.

``--quick`` for fewer lines and rounds.
"""

import json
import resource
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from adapters.providers.exact_online.wire import LINES as LINE_RESOURCE
from adapters.providers.exact_online.wire import after, first_page
from bench.import_exact import (
    ADMINISTRATION_INDEX,
    connected,
    control,
    house,
    imported,
    standing_sandbox,
)
from monitr.logs import QUIET, configure_logs

LINES: Final = 200_000
ROUNDS: Final = 5
QUICK_LINES: Final = 20_000
QUICK_ROUNDS: Final = 3
PORT: Final = 9_470
START_SECONDS: Final = 30
CHILDREN: Final = ("--ours", "--floor")
COLUMNS: Final = tuple(LINE_RESOURCE.select.split(","))
EPOCH_MILLISECONDS_AT: Final = slice(6, -2)
"""Of ``/Date(1735689600000)/``."""


@contextmanager
def replaying(origin: str) -> Iterator[str]:
    """The repeating server in front of a stand-in, in a process of its own; its origin."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench._replay", str(port), origin]
    )
    replay = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                control(replay, "GET", "truth")
                break
            except OSError:
                if time.monotonic() > deadline or child.poll() is not None:
                    raise
                time.sleep(0.05)
        yield replay
    finally:
        child.terminate()
        child.wait()


def ours(origin: str, division: str) -> dict[str, float]:
    """One first import and one unchanged night, in this process."""
    configure_logs(QUIET)
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        ports, services = house(Path(folder))
        organisation_id, integration_id = connected(services, origin)
        services.linking.select(organisation_id, integration_id, [division], operator="bench")
        before = time.process_time()
        full, full_seconds, _ = imported(ports, services, organisation_id, origin)
        cpu_seconds = time.process_time() - before
        services.importing.request(organisation_id, None, operator="bench")
        night, night_seconds, _ = imported(ports, services, organisation_id, origin)
        ports.storage.close()
    return {
        "lines": full.progress.lines,
        "seconds": full_seconds,
        "cpu_seconds": cpu_seconds,
        "unchanged_seconds": night_seconds,
        "unchanged_rows": night.progress.changed,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def floor(origin: str, division: str) -> dict[str, float]:
    """The least: fetch, parse, upsert."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    upsert = (
        f"INSERT INTO lines VALUES ({', '.join('?' * len(COLUMNS))}) "  # noqa: S608 - our own names
        f"ON CONFLICT (ID) DO UPDATE SET {changes}"
    )
    decode = msgspec.json.Decoder().decode
    lines = 0
    with (
        tempfile.TemporaryDirectory(prefix="monitr-floor-") as folder,
        closing(sqlite3.connect(Path(folder) / "floor.sqlite3", isolation_level=None)) as database,
        httpx.Client(trust_env=False) as client,
    ):
        database.execute("PRAGMA journal_mode=WAL").fetchall()
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(f"CREATE TABLE lines (ID PRIMARY KEY, {', '.join(COLUMNS[1:])})")
        asked: str | None = origin + first_page(division, LINE_RESOURCE, after(1))
        began, before = time.perf_counter(), time.process_time()
        while asked is not None:
            page: dict[str, Any] = decode(client.get(asked).content)["d"]
            rows = [[row[name] for name in COLUMNS] for row in page["results"]]
            for row in rows:
                row[DATE_AT] = _date(row[DATE_AT])
            database.execute("BEGIN IMMEDIATE")
            database.executemany(upsert, rows)
            database.execute("COMMIT")
            lines += len(rows)
            asked = page.get("__next")
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - before
    return {"lines": lines, "seconds": seconds, "cpu_seconds": cpu_seconds}


DATE_AT: Final = COLUMNS.index("Date")


def _date(text: str) -> str:
    seconds = int(text[EPOCH_MILLISECONDS_AT]) // 1_000
    return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()


def child(which: str, origin: str, division: str) -> dict[str, float]:
    """Measured in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.import_floor", which, origin, division],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Print ``name value target`` lines."""
    quick = "--quick" in sys.argv
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with (
        standing_sandbox(QUICK_LINES if quick else LINES, PORT) as sandbox,
        replaying(sandbox) as origin,
    ):
        division = str(control(origin, "GET", "truth")[ADMINISTRATION_INDEX]["code"])
        child("--ours", origin, division)  # the server learns the pages
        pairs = [
            (child("--floor", origin, division), child("--ours", origin, division))
            for _ in range(rounds)
        ]
    ratio = statistics.median(least["seconds"] / own["seconds"] for least, own in pairs)
    cpu = statistics.median(least["cpu_seconds"] / own["cpu_seconds"] for least, own in pairs)
    night = statistics.median(own["unchanged_seconds"] / own["seconds"] for _, own in pairs)
    own_rate = statistics.median(own["lines"] / own["seconds"] for _, own in pairs)
    floor_rate = statistics.median(least["lines"] / least["seconds"] for least, _ in pairs)
    print(f"import_vs_floor {ratio:.3f} >=0.4")
    print(f"import_cpu_vs_floor {cpu:.3f}")
    print(f"import_lines_per_second {own_rate:.0f}")
    print(f"floor_lines_per_second {floor_rate:.0f}")
    print(f"unchanged_vs_full {night:.4f} <=0.05")
    print(f"unchanged_rows_written {max(own['unchanged_rows'] for _, own in pairs):.0f} <=0")
    print(f"import_peak_memory_mib {max(own['peak_mib'] for _, own in pairs):.0f} <=200")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in CHILDREN:
        measured = ours if sys.argv[1] == "--ours" else floor
        print(json.dumps(measured(sys.argv[2], sys.argv[3])))
    else:
        main()

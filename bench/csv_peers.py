"""The same CSV, 1,000,000 lines, through dlt's filesystem source into SQLite.

``csv_vs_dlt`` is our time, from upload to published and proven, as a share of dlt's time for
loading the rows alone. Each in a process of its own, in turn.

python -m bench.csv_peers [lines]
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench._peers import LOCKS, environment
from bench.file_import import LINES, entity_of_files, house, imported, write_ledger

OURS: Final = "--ours"
PEER_SECONDS_MAX: Final = 1_800


def dlt(source: Path) -> dict[str, float]:
    """What loading the rows took."""
    with tempfile.TemporaryDirectory(prefix="monitr-dlt-") as folder:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [environment("dlt_csv") / "python", LOCKS / "dlt_csv.py", source, folder],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=PEER_SECONDS_MAX,
            env={"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "WARNING"},
            cwd=folder,
        )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def ours(source: Path) -> dict[str, float]:
    """From upload to published and proven."""
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        ports, services = house(Path(folder))
        entity = entity_of_files(ports, services)
        _, seconds, summary = imported(ports, services, entity, source)
        ports.storage.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "lines": summary.lines,
    }


def child(source: Path) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.csv_peers", OURS, source],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Print ``name value target`` lines."""
    lines = next((int(word) for word in sys.argv[1:] if word.isdigit()), LINES)
    environment("dlt_csv")
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        source = Path(folder) / "ledger.csv"
        write_ledger(source, lines)
        own, peer = child(source), dlt(source)
    assert own["lines"] == peer["lines"], "a peer that skipped rows would be fast for nothing"
    print(f"csv_own_seconds {own['seconds']:.2f}")
    print(f"csv_dlt_seconds {peer['seconds']:.2f}")
    print(f"csv_vs_dlt {own['seconds'] / peer['seconds']:.2f} <=0.5")
    print(f"csv_vs_dlt_cpu {own['cpu_seconds'] / peer['cpu_seconds']:.2f}")


if __name__ == "__main__":
    if OURS in sys.argv:
        print(json.dumps(ours(Path(sys.argv[-1]))))
    else:
        main()

"""The same pages through dlt and through Singer: prints how much longer they take than Monitr.

One local server repeats the pages of the Exact Online stand-in to all. *Ours* is everything from
the first call to published and proven. *dlt* merges the lines, and only them, into SQLite. *Singer*
is a tap and a SQLite target made with the Singer SDK, piped, again only the lines; starting both
processes (about two seconds) is part of its time, for that is how it runs. Each round measures the
three in turn; the figures are medians of the rounds' ratios.

``--quick`` for fewer lines and rounds.
"""

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from adapters.providers.exact_online.wire import LINES as LINE_RESOURCE
from adapters.providers.exact_online.wire import after, first_page
from bench._peers import LOCKS, environment
from bench.import_exact import ADMINISTRATION_INDEX, control, standing_sandbox
from bench.import_floor import child, replaying

LINES: Final = 200_000
ROUNDS: Final = 5
QUICK_LINES: Final = 20_000
QUICK_ROUNDS: Final = 1
PORT: Final = 9_560
PEER_SECONDS_MAX: Final = 1_800
NUMBERS: Final = {"AmountDC": "number", "AmountFC": "number"}
INTEGERS: Final = (
    *("EntryNumber", "FinancialPeriod", "FinancialYear", "InvoiceNumber", "LineNumber", "Type"),
)
COLUMN_TYPES: Final = {
    name: NUMBERS.get(name, "integer" if name in INTEGERS else "string")
    for name in LINE_RESOURCE.select.split(",")
}


def dlt(origin: str, path: str) -> float:
    """Seconds of one merge."""
    with tempfile.TemporaryDirectory(prefix="monitr-dlt-") as folder:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [environment("dlt") / "python", LOCKS / "dlt_merge.py", origin, path, folder],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=PEER_SECONDS_MAX,
            env={"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "WARNING"},
            cwd=folder,
        )
        answer = json.loads(done.stdout.splitlines()[-1])
    _expect(int(answer["lines"]))
    return float(answer["seconds"])


def singer(origin: str, path: str) -> float:
    """Seconds of one tap piped into one target."""
    with tempfile.TemporaryDirectory(prefix="monitr-singer-") as name:
        folder = Path(name)
        tap = {"origin": origin, "path": path, "columns": COLUMN_TYPES}
        (folder / "tap.json").write_text(json.dumps(tap))
        file = folder / "singer.sqlite3"
        (folder / "target.json").write_text(json.dumps({"path_to_db": str(file)}))
        python = environment("singer") / "python"
        began = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 - our own arguments
            [python, LOCKS / "singer_tap.py", "--config", folder / "tap.json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as producer:
            subprocess.run(  # noqa: S603 - our own arguments
                [python, LOCKS / "singer_target.py", "--config", folder / "target.json"],
                check=True,
                stdin=producer.stdout,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PEER_SECONDS_MAX,
            )
        seconds = time.perf_counter() - began
        with closing(sqlite3.connect(file)) as database:
            _expect(database.execute("SELECT count(*) FROM lines").fetchone()[0])
    return seconds


def _lines() -> int:
    return QUICK_LINES if "--quick" in sys.argv else LINES


def _expect(lines: int) -> None:
    """A peer that skipped rows would be fast for nothing."""
    assert lines >= _lines(), f"a peer kept {lines} lines of {_lines()}"


def main() -> None:
    """Print ``name value target`` lines."""
    rounds = QUICK_ROUNDS if "--quick" in sys.argv else ROUNDS
    for name in ("dlt", "singer"):
        environment(name)
    with (
        standing_sandbox(_lines(), PORT) as sandbox,
        replaying(sandbox) as origin,
    ):
        division = str(control(origin, "GET", "truth")[ADMINISTRATION_INDEX]["code"])
        path = first_page(division, LINE_RESOURCE, after(1))
        child("--ours", origin, division)  # the server learns the pages
        times = [
            (child("--ours", origin, division)["seconds"], dlt(origin, path), singer(origin, path))
            for _ in range(rounds)
        ]
    for name, place, target in (("dlt", 1, ">=5"), ("singer", 2, ">=8")):
        ratio = statistics.median(one[place] / one[0] for one in times)
        print(f"import_vs_{name} {ratio:.2f} {target}")
        print(f"{name}_seconds {statistics.median(one[place] for one in times):.2f}")
    print(f"own_seconds {statistics.median(one[0] for one in times):.2f}")


if __name__ == "__main__":
    main()

"""Coverage-guided fuzzing of the file readers: no crash, no hang, no memory without end.

``--audit``: audit files only.

python -m bench.fuzz_files [--minutes N] [--audit]
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

MINUTES: Final = 10
GRACE_SECONDS: Final = 120
ROOT: Final = Path(__file__).parents[1]
_STAT: Final = re.compile(r"stat::(\w+):\s+(\d+)")
_COVERAGE: Final = re.compile(r"cov: (\d+)")


def minutes_asked(words: list[str]) -> float:
    if "--minutes" in words:
        return float(words[words.index("--minutes") + 1])
    return MINUTES


def main() -> None:
    """Print ``name value target`` lines."""
    seconds = int(minutes_asked(sys.argv[1:]) * 60)
    kind = ["audit"] if "--audit" in sys.argv else []
    with tempfile.TemporaryDirectory(prefix="monitr-fuzz-") as folder:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module
            [
                sys.executable,
                "-m",
                "tests.fire.fuzz_files",
                str(seconds),
                f"{folder}/corpus",
                *kind,
            ],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=seconds + GRACE_SECONDS,
            check=False,
        )
    stats = dict(_STAT.findall(child.stderr))
    coverage = _COVERAGE.findall(child.stderr)
    print(f"fuzz_inputs {stats.get('number_of_executed_units', 0)}")
    print(f"fuzz_coverage_points {coverage[-1] if coverage else 0}")
    print(f"fuzz_slowest_seconds {stats.get('slowest_unit_time_sec', 0)} <=10")
    print(f"fuzz_peak_memory_mib {stats.get('peak_rss_mb', 0)}")
    print(f"fuzz_failures {int(child.returncode != 0)} <=0")
    if child.returncode:
        print(child.stderr[-4_000:], file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

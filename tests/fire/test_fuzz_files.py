"""Twenty seconds of coverage-guided fuzzing; ten minutes are ``python -m bench fuzz_files``."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 20
PATIENCE_SECONDS = 110
BETWEEN = ("sh", "-c", '"$@"; exit $?', "sh")
"""libFuzzer asks getrusage for its peak memory, and Linux lets a process begin with its parent's:
here that of all the proofs this worker went through. A small process stands between.
"""


@pytest.mark.fire
def test_no_input_crashes_or_hangs_the_readers(tmp_path: Path) -> None:
    fuzzer = (sys.executable, "-m", "tests.fire.fuzz_files")
    child = subprocess.run(
        [*BETWEEN, *fuzzer, str(SECONDS), str(tmp_path / "corpus")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-4_000:]
    assert "stat::number_of_executed_units" in child.stderr

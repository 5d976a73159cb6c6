"""How long the command line takes to start, in fresh processes, the best of several.

Prints ``cli_help_seconds`` (nothing is opened), ``cli_start_seconds`` (``monitr entities`` on a new
data directory that was opened once before: database, vault and queue are opened, nothing is
listed) and ``cli_bare_python_seconds``, what an interpreter alone takes here.
"""

import os
import subprocess
import sys
import tempfile
import time
from typing import Final

STARTS: Final = 7


def seconds(*command: str, folder: str) -> float:
    environ = {**os.environ, "MONITR_DATA_DIR": folder}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    took = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, *command], env=environ, check=True, capture_output=True
        )
        took.append(time.perf_counter() - began)
    return min(took)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"cli_bare_python_seconds {seconds('-c', 'pass', folder=folder):.2f}")
        print(f"cli_help_seconds {seconds('-m', 'monitr', '--help', folder=folder):.2f}")
        print(f"cli_start_seconds {seconds('-m', 'monitr', 'entities', folder=folder):.2f}")


if __name__ == "__main__":
    main()

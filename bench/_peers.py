"""Environments of the peers: built once per lock file, beside our own, removed by hand."""

import subprocess
import sys
from pathlib import Path
from typing import Final

LOCKS: Final = Path(__file__).parent / "peers"
ENVIRONMENTS: Final = Path(__file__).parent.parent / ".venv-peers"
SET_UP_SECONDS: Final = 600


def environment(name: str) -> Path:
    """The ``bin`` folder of a peer's environment, up to date with its lock file."""
    folder = ENVIRONMENTS / name
    lock = LOCKS / f"{name}.lock"
    ready = folder / ".ready"
    if not ready.exists() or ready.read_bytes() != lock.read_bytes():
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        pip = (str(folder / "bin/python"), "-m", "pip", "install", "-qq")
        _run(*pip, "--disable-pip-version-check", "--require-hashes", "-r", str(lock))
        ready.write_bytes(lock.read_bytes())
    return folder / "bin"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=SET_UP_SECONDS, stdout=sys.stderr)  # noqa: S603 - our own arguments

"""The ``monitr`` command."""

import os
import sys
from pathlib import Path
from typing import Final

from interfaces.cli import main_with
from interfaces.launcher import Launcher

PRIVATE_UMASK: Final = 0o077
STREAMS_LAST: Final = 2
"""Standard error's file descriptor."""


def _launcher(data_dir: Path | None) -> Launcher:
    # Imported late: help and completion need no database driver, no HTTP library, no server.
    from monitr.launching import LocalLauncher  # noqa: PLC0415
    from monitr.logs import QUIET, configure_logs  # noqa: PLC0415
    from monitr.settings import settings_from  # noqa: PLC0415

    configure_logs(QUIET)
    return LocalLauncher(settings_from(os.environ, data_dir=data_dir), dict(os.environ))


def main() -> None:
    """Run the command line and exit with its code."""
    # Books and keys are nobody else's, also in a data directory others may look into.
    os.umask(os.umask(PRIVATE_UMASK) | PRIVATE_UMASK)
    _open_standard_streams()
    sys.exit(main_with(_launcher))


def _open_standard_streams() -> None:
    """Whoever started us may have closed one (``>&-``): then it goes nowhere.

    Otherwise the next file opened, a database perhaps, would be our standard output.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STREAMS_LAST:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - positional only
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - kept


if __name__ == "__main__":
    main()

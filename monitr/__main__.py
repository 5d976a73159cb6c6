"""The ``monitr`` command."""

import os
import sys
from pathlib import Path

from interfaces.cli import main_with
from interfaces.launcher import Launcher


def _launcher(data_dir: Path | None) -> Launcher:
    # Imported late: help and completion need no database driver, no HTTP library, no server.
    from monitr.launching import LocalLauncher  # noqa: PLC0415
    from monitr.logs import QUIET, configure_logs  # noqa: PLC0415
    from monitr.settings import settings_from  # noqa: PLC0415

    configure_logs(QUIET)
    return LocalLauncher(settings_from(os.environ, data_dir=data_dir), dict(os.environ))


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(main_with(_launcher))


if __name__ == "__main__":
    main()

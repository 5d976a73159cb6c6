"""``run_tui``: from a terminal to an exit code."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.domain.failures import Failure
from interfaces.tui.app import MonitrApp
from interfaces.tui.glyphs import wants_ascii
from interfaces.tui.settings import TuiSettings, load_settings, settings_path

if TYPE_CHECKING:
    from interfaces.launcher import Launcher


def run_tui(launcher: "Launcher | Callable[[], Launcher]") -> int:
    """Run until the operator quits; the exit code is Textual's (0: quit, 1: broke down).

    A function that makes the launcher is called after the first paint. The launcher is the
    caller's to close.
    """
    path = settings_path(os.environ)
    settings, failure = TuiSettings(), None
    try:
        settings = load_settings(path)
    except Failure as refused:
        failure = refused
    ascii_only = wants_ascii(settings.glyphs, os.environ)
    if ascii_only and sys.__stderr__ is not None and hasattr(sys.__stderr__, "reconfigure"):
        # Textual writes there; what the filter does not reach must not end the app.
        sys.__stderr__.reconfigure(errors="replace")
    app = MonitrApp(
        launcher,
        settings,
        settings_path=path if failure is None else None,
        settings_failure=failure,
        ascii_only=ascii_only,
    )
    app.leave_on_signals = True
    try:
        app.run()
    finally:
        app.close()
    return app.return_code or 0

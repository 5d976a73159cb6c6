"""Whether, and how, a browser can be opened in front of whoever sits at this terminal."""

import os
import sys
import webbrowser
from collections.abc import Mapping


def has_display(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a browser opened here would appear in front of whoever typed the command."""
    if "SSH_CONNECTION" in environ:
        return False
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def open_browser(url: str) -> bool:
    """False when there is no display, or no browser. May take seconds."""
    return has_display() and webbrowser.open(url)

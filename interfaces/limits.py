"""Providers' limits in words, the same in every front end for people."""

from typing import Final

from core.ports.provider import Limit

_WINDOWS: Final = {1: "second", 60: "minute", 3_600: "hour", 86_400: "day"}
_MINUTE_SECONDS: Final = 60


def window_words(seconds: int) -> str:
    """``minute``, ``day``; ``5 minutes``, ``90 seconds`` where no word fits."""
    if seconds in _WINDOWS:
        return _WINDOWS[seconds]
    for unit, word in sorted(_WINDOWS.items(), reverse=True):
        if unit >= _MINUTE_SECONDS and seconds % unit == 0:
            return f"{seconds // unit} {word}s"
    return f"{seconds} seconds"


def limit_words(limit: Limit) -> str:
    """``60 per minute, per app and administration``; ``5 at once, per app``."""
    scope = " and ".join(limit.scope.split("+"))
    if limit.at_once:
        return f"{limit.calls:,} at once, per {scope}"
    return f"{limit.calls:,} per {window_words(limit.seconds)}, per {scope}"

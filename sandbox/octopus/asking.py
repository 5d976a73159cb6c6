"""What a question says: bookyear, and from when to when something was changed."""

import re
from datetime import datetime

from sandbox.octopus.errors import bad_parameters
from sandbox.octopus.view import ZONE
from sandbox.wire import WireRequest

FIRST_LOAD_YEAR = 1981
"""Asking for everything since before then is a first load: not for all years or types at once."""
FAR_MS = 2**62
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}")


def span(request: WireRequest) -> tuple[int, int]:
    """From and to in milliseconds, both inclusive; times are wall clock in Brussels (assumed)."""
    asked = request.query
    to = asked.get("modifiedTimeStampTo")
    return _ms(asked.get("modifiedTimeStamp", "")), FAR_MS if to is None else _ms(to)


def _ms(text: str) -> int:
    if not _STAMP.fullmatch(text):
        raise bad_parameters()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_parameters() from None
    return int(moment.replace(tzinfo=ZONE).timestamp() * 1000)


def is_first_load(since_ms: int) -> bool:
    return since_ms < int(datetime(FIRST_LOAD_YEAR, 1, 1, tzinfo=ZONE).timestamp() * 1000)


def asked_bookyear(request: WireRequest) -> int:
    """Misspelt or left out is refused."""
    try:
        return int(request.query["bookyearId"])
    except (KeyError, ValueError):
        raise bad_parameters() from None

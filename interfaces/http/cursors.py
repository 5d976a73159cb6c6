"""Cursors: opaque to clients, bound to the list and filter they were given for.

A cursor is a position, not a right: whatever is in one, a list is read for the asker's
organisation only. They end after a day so that their meaning may change between versions.
"""

import base64
import binascii
import datetime as dt
import hashlib
import json
from typing import Annotated, Final, TypeAlias

from litestar.params import Parameter

from core.domain.failures import CorrectRequest

PAGE_MAX: Final = 200
PAGE_DEFAULT: Final = 100
CURSOR_CHARACTERS_MAX: Final = 4_096
CURSOR_LIFE: Final = dt.timedelta(hours=24)

Limit: TypeAlias = Annotated[
    int, Parameter(ge=1, le=PAGE_MAX, description="Items on a page at most.")
]
Cursor: TypeAlias = Annotated[
    str | None,
    Parameter(
        max_length=CURSOR_CHARACTERS_MAX,
        description="`next_cursor` of the page before, with the same filter. It lives a day.",
    ),
]


def given(list_: str, position: str, now: dt.datetime, **filter_: object) -> str:
    """The cursor that continues after ``position``."""
    held = [_name(list_, filter_), int(now.timestamp()), position]
    return base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


def taken(list_: str, cursor: str | None, now: dt.datetime, **filter_: object) -> str | None:
    """The position in a cursor; None for none. CorrectRequest for any other text."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        held = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        name, began, position = held
        fits = name == _name(list_, filter_)
        age = now - dt.datetime.fromtimestamp(began, dt.UTC)
    except (ValueError, TypeError, binascii.Error, OverflowError, OSError, RecursionError):
        raise _bad() from None
    if not fits or not isinstance(position, str):
        raise _bad()
    if age >= CURSOR_LIFE:
        raise CorrectRequest(
            "This cursor is older than a day: begin the list again.", code="cursor-expired"
        )
    return position


def _bad() -> CorrectRequest:
    return CorrectRequest(
        "This cursor was not given for this list and filter: begin the list again.",
        code="bad-cursor",
    )


def _name(list_: str, filter_: dict[str, object]) -> str:
    asked = json.dumps([list_, sorted((name, str(one)) for name, one in filter_.items())])
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:12]

"""Cursors: the place after which the next page starts, as text nobody needs to understand.

They carry the last row's position (never an offset), so rows that come and go elsewhere do not
shift a page. They are checked, not signed: a position says nothing secret.
"""

import base64
import binascii
import json
from collections.abc import Sequence

from core.domain.failures import CorrectRequest

CURSOR_CHARACTERS_MAX = 4_096


def write_cursor(tag: str, position: Sequence[str | int]) -> str:
    """The cursor of that listing (``tag``) after that position."""
    plain = json.dumps([tag, *position], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(plain.encode("utf-8", "surrogatepass")).decode("ascii")


def read_cursor(tag: str, cursor: str, shape: tuple[type[str] | type[int], ...]) -> list[str | int]:
    """The position in a cursor; CorrectRequest (``bad-cursor``) unless tag and shape fit."""
    if len(cursor) <= CURSOR_CHARACTERS_MAX:
        try:
            plain = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
            parts = json.loads(plain.decode("utf-8", "surrogatepass"))
        except (UnicodeError, binascii.Error, ValueError, RecursionError):
            parts = None
        if (
            isinstance(parts, list)
            and len(parts) == len(shape) + 1
            and parts[0] == tag
            and all(type(part) is kind for part, kind in zip(parts[1:], shape, strict=True))
        ):
            return parts[1:]
    raise CorrectRequest(
        "This cursor was not given by this listing: start again without a cursor.",
        code="bad-cursor",
    )

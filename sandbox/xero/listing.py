"""Lists: pages by number, changes since a moment, order by a field."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import field, frozen

from sandbox.wire import WireRequest
from sandbox.xero.errors import invalid
from sandbox.xero.masters import Row

PAGE_SIZE: Final = 100
PAGE_SIZE_MAX: Final = 1_000
_MOMENT: Final = re.compile(r"/Date\((-?\d+)")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_HTTP_DATE: Final = "%a, %d %b %Y %H:%M:%S %Z"


@frozen
class Item:
    """One row to come: made only when it is on the page."""

    id: str
    stamp_ms: int
    make: Callable[[], Row] = field(eq=False)


def since_ms(request: WireRequest) -> int | None:
    """``If-Modified-Since`` in whole seconds of UTC; milliseconds in it are not taken."""
    told = request.headers.get("if-modified-since")
    if not told:
        return None
    if _ISO.fullmatch(told):
        moment = datetime.fromisoformat(told)
    else:
        try:
            moment = datetime.strptime(told, _HTTP_DATE)  # noqa: DTZ007 - made UTC below
        except ValueError:
            raise invalid("If-Modified-Since could not be read") from None
    return int(moment.replace(tzinfo=UTC).timestamp()) * 1000


def listed(
    request: WireRequest, items: Sequence[Item], *, lines: str | None = None, rows_max: int
) -> tuple[list[Row], Row | None]:
    """The rows asked for, and the pagination object of a paged list.

    ``lines``: the member that is empty unless pages are asked for.
    """
    since = since_ms(request)
    found = [item for item in items if since is None or item.stamp_ms >= since]
    found = _ordered(request.query.get("order", ""), found)
    asked = request.query.get("page")
    if asked is None:
        rows = [item.make() for item in found]
        return [({**row, lines: []} if lines else row) for row in rows], None
    page, size = _number(asked), _number(request.query.get("pageSize", str(PAGE_SIZE)))
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise invalid("pageSize must be from 1 to 1000")
    size = min(size, rows_max)
    shown = found[(page - 1) * size : page * size]
    pagination: Row = {
        "page": page,
        "pageSize": size,
        "pageCount": -(-len(found) // size),
        "itemCount": len(found),
    }
    return [item.make() for item in shown], pagination


def whole(request: WireRequest, items: Sequence[Item]) -> list[Row]:
    """A list without pages."""
    since = since_ms(request)
    return [item.make() for item in items if since is None or item.stamp_ms >= since]


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise invalid(f"{text} is no page")
    return int(text)


def _ordered(order: str, found: list[Item]) -> list[Item]:
    """``UpdatedDateUTC ASC``, or by the row's id; without it as they were entered."""
    name, _, direction = order.partition(" ")
    if not name:
        return found
    is_back = direction.upper() == "DESC"
    if name == "UpdatedDateUTC":
        return sorted(found, key=lambda item: item.stamp_ms, reverse=is_back)
    if name.endswith("ID"):
        return sorted(found, key=lambda item: item.id, reverse=is_back)
    raise invalid(f"No order by {name}")

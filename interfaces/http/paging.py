"""Pages of lists that the services give whole or by id."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from core.services.ports import Ports
from interfaces.http import cursors
from interfaces.http.asking import Asker

_T = TypeVar("_T")


def page_of(
    asker: Asker,
    list_: str,
    found: Sequence[_T],
    key: Callable[[_T], str],
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[_T], str | None]:
    """One page of a list that is short enough to be read whole: it continues after the key."""
    now = _ports(asker).clock.now()
    after = cursors.taken(list_, cursor, now)
    begin = 0
    if after is not None:
        # A key that is gone meanwhile ends the list; nothing is shown twice.
        begin = next((at + 1 for at, one in enumerate(found) if key(one) == after), len(found))
    items = found[begin : begin + limit]
    more = begin + limit < len(found)
    return items, cursors.given(list_, key(items[-1]), now) if more and items else None


def after_of(asker: Asker, list_: str, cursor: str | None, **filter_: object) -> str | None:
    """Where a list that is read page by page continues."""
    return cursors.taken(list_, cursor, _ports(asker).clock.now(), **filter_)


def cursor_to(asker: Asker, list_: str, position: str | None, **filter_: object) -> str | None:
    """The cursor of that position; None for none."""
    if position is None:
        return None
    return cursors.given(list_, position, _ports(asker).clock.now(), **filter_)


def split(found: Sequence[_T], limit: int) -> tuple[Sequence[_T], bool]:
    """A page of a list of which one more than the page was read, and whether more follow."""
    return found[:limit], len(found) > limit


def _ports(asker: Asker) -> Ports:
    return asker.services.ports

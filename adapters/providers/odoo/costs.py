"""How many calls an import takes: the fewest that bring everything, counted by tests.

Opening: the version (two questions on servers that lack the new one), who asks (JSON-2:
``context_get``, XML-RPC: ``authenticate``). A pull: the rights; accounts, journals and taxes; in
full one question for the extent, a page per 500 moves and one of contacts; for changes two scans
by time of writing, what changed, all ids of posted moves, changed contacts and all their ids.
"""

from typing import Final

from attrs import frozen

from adapters.providers.odoo.questions import IDS_PER_PAGE, MASTERS_PER_PAGE, MOVES_PER_PAGE

_RIGHTS: Final = 1
_JOURNALS_AND_TAXES: Final = 2
_EXTENT: Final = 1
_SCANS: Final = 2


@frozen(kw_only=True)
class Volume:
    """What there is: moves to be read (all posted ones, or those that changed) and masters."""

    moves: int
    accounts: int
    contacts: int
    posted: int = 0
    """All posted moves: their ids are compared when only changes are read."""


def opening_calls(*, json2: bool) -> int:
    return 2 if json2 else 3


def pull_calls(volume: Volume, *, full: bool, nested: bool) -> int:
    """Calls of one pull by a user of the readonly group."""
    masters = _RIGHTS + _JOURNALS_AND_TAXES + _pages(volume.accounts, MASTERS_PER_PAGE)
    contacts = _pages(volume.contacts, MASTERS_PER_PAGE)
    per_page = 1 if nested else 2
    if full:
        pages = _pages(volume.moves, MOVES_PER_PAGE)
        without_lines = 0 if nested or volume.moves % MOVES_PER_PAGE else 1
        return masters + _EXTENT + pages * per_page - without_lines + contacts
    changed = -(-volume.moves // MOVES_PER_PAGE) * per_page
    ids = _pages(volume.posted, IDS_PER_PAGE) + _pages(volume.contacts, IDS_PER_PAGE)
    return masters + _SCANS + changed + ids + contacts


def control_calls() -> int:
    return 1


def _pages(rows: int, per_page: int) -> int:
    """Pages are read until one is not full."""
    return rows // per_page + 1

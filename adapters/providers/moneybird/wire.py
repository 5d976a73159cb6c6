"""Where things are at Moneybird, what may be asked at once, and how many calls reading takes.

Source: Moneybird's official OpenAPI document, v2-20260821. Limits from its developer pages.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final
from urllib.parse import quote, urlencode

from attrs import field, frozen

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.origins import is_loopback, origin_of
from core.domain.failures import FixSettings
from core.ports.provider import Limit

ORIGIN: Final = "https://moneybird.com"
"""One host for every country, for sign-in and API."""

PER_PAGE: Final = 100
"""The most; always sent, because the default differs per list."""
SYNC_IDS_MAX: Final = 100
"""Records that come back for one POST, however many ids it names; the rest is left out silently."""
PAGES_MAX: Final = 10_000
"""Of one list: a million rows."""

_WINDOW_SECONDS: Final = 300
OVERALL_LIMIT: Final = Limit(scope="address", calls=150, seconds=_WINDOW_SECONDS)
REPORTS_LIMIT: Final = Limit(scope="address, reports", calls=50, seconds=_WINDOW_SECONDS)
LIMITS: Final = (OVERALL_LIMIT, REPORTS_LIMIT)
"""Counted per network address: every connection of this machine draws from the same two."""

_OVERALL: Final = Charge(scope="moneybird:address", limits=(OVERALL_LIMIT,))
_REPORTS: Final = Charge(scope="moneybird:reports", limits=(REPORTS_LIMIT,))

ADMINISTRATIONS: Final = "/api/v2/administrations.json"


def origin(fields: Mapping[str, str]) -> str:
    """Moneybird's own address, or that of a stand-in on this machine.

    FixSettings for any other host: a token must never be sent to an address somebody made up.
    """
    typed = (fields.get("address") or ORIGIN).strip()
    found = origin_of(typed, setting="address")
    host = found.split("://")[1].rsplit(":", 1)[0]
    if found != ORIGIN and not is_loopback(host):
        raise FixSettings(
            f"Moneybird is at {ORIGIN} only: leave the address as it is.",
            code="unknown-address",
            setting="address",
        )
    return found


def charges(fields: Mapping[str, str], *, reports: bool = False) -> tuple[Charge, ...]:
    """What a call counts against. A stand-in on this machine is not Moneybird: it counts itself,
    and what is asked of it takes nothing from connections to the real one.
    """
    if origin(fields) != ORIGIN:
        return ()
    return (_REPORTS, _OVERALL) if reports else (_OVERALL,)


@frozen(kw_only=True)
class SyncedResource:
    """A list with versions. ``query`` widens defaults that leave records out; ``about`` is for
    people.
    """

    path: str
    about: str
    query: Mapping[str, str] = field(factory=dict)


def path(administration: str, resource: str, **query: str | int) -> str:
    """Path and query below the API, in JSON."""
    told = f"?{urlencode(query, safe=':,|.')}" if query else ""
    return f"/api/v2/{quote(administration, safe='')}/{resource}.json{told}"


def entries_path(administration: str, month: str, selector: Mapping[str, str], page: int) -> str:
    """One page of a month's bookings. At least one selector is required; the literal ``null`` asks
    for those without a project.
    """
    return path(
        administration,
        "reports/journal_entries",
        period=month,
        **selector,
        per_page=PER_PAGE,
        page=page,
    )


def ledger_path(administration: str, first: str, last: str) -> str:
    """Sums per account over at most twelve whole months, as ``YYYYMM``."""
    period = first if first == last else f"{first}..{last}"
    return path(administration, "reports/general_ledger", period=period)


@frozen(kw_only=True)
class Volume:
    """How much there is to read. ``records``: to fetch per synchronized resource, one element each.

    ``years``: surveyed with one call; ``months``: read one by one; ``lines``: per month to read.
    ``redone``: accounts read once more because their sign or projects asked for it.
    """

    tax_codes: int = 0
    records: Sequence[int] = ()
    years: int = 0
    months: int = 0
    lines: Sequence[int] = ()
    redone: int = 0


def pull_calls(volume: Volume) -> int:
    """The fewest calls that bring this much, control totals included: they are the months' sums."""
    return (
        1  # ledger accounts
        + max(1, ceil(volume.tax_codes / PER_PAGE))
        + sum(1 + ceil(count / SYNC_IDS_MAX) for count in volume.records)
        + volume.years
        + volume.months
        + sum(ceil(count / PER_PAGE) for count in volume.lines)
        + volume.redone
    )

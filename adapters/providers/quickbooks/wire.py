"""Where things are at QuickBooks, what may be asked, and how many calls reading takes.

Paths, page size and minor version: Intuit's developer pages and official SDKs. Limits: its page on
limits and throttles.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final
from urllib.parse import quote, urlencode

from attrs import frozen

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.origins import is_loopback, origin_of
from core.domain.failures import FixSettings
from core.ports.provider import Limit

REALM: Final = "realmId"
"""Parameter of the callback, and nothing else, that tells which company was chosen."""

PRODUCTION: Final = "production"
SANDBOX: Final = "sandbox"
API_ORIGINS: Final[Mapping[str, str]] = {
    PRODUCTION: "https://quickbooks.api.intuit.com",
    SANDBOX: "https://sandbox-quickbooks.api.intuit.com",
}
"""By the kind of keys: development keys open sandbox companies only, production keys real ones."""

AUTHORIZE_URL: Final = "https://appcenter.intuit.com/connect/oauth2"
TOKEN_URL: Final = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - no secret
REVOKE_URL: Final = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
"""The same for both environments, and all on one origin of a stand-in."""

MINOR_VERSION: Final = 75
"""The lowest that counts since August 2025; said so that a newer default changes nothing here."""
PAGE_ROWS: Final = 1_000
"""The most of a query."""
PAGES_MAX: Final = 10_000
CDC_OBJECTS_MAX: Final = 1_000
"""Of one answer; there is no second page."""
CDC_DAYS_MAX: Final = 30

MINUTE_LIMIT: Final = Limit(scope="company", calls=500, seconds=60)
BURST_LIMIT: Final = Limit(scope="app+company", calls=10, seconds=1)
AT_ONCE_LIMIT: Final = Limit(scope="app+company", calls=10, seconds=0)
"""The documentation said ten at once before it said ten a second: both are kept."""
LIMITS: Final = (MINUTE_LIMIT, BURST_LIMIT, AT_ONCE_LIMIT)


def environment(fields: Mapping[str, str]) -> str:
    """``production``, ``sandbox``, or the origin of a stand-in on this machine.

    FixSettings for any other host: a token must never be sent to an address somebody made up.
    """
    typed = (fields.get("environment") or PRODUCTION).strip()
    if typed.casefold() in API_ORIGINS:
        return typed.casefold()
    if "://" in typed:
        found = origin_of(typed, setting="environment")
        if is_loopback(found.split("://")[1].rsplit(":", 1)[0]):
            return found
    raise FixSettings(
        f"QuickBooks has two environments: enter {PRODUCTION} or {SANDBOX}.",
        code="unknown-environment",
        setting="environment",
    )


def api_origin(fields: Mapping[str, str]) -> str:
    found = environment(fields)
    return API_ORIGINS.get(found, found)


def sign_in_url(fields: Mapping[str, str], official: str) -> str:
    """An address of the sign-in service; a stand-in has the same path at its own origin."""
    found = environment(fields)
    if found in API_ORIGINS:
        return official
    return f"{found}/{official.split('/', 3)[3]}"


def charges(realm: str) -> tuple[Charge, ...]:
    """All limits are per company; those of ten are per application too, and there is one."""
    return (Charge(scope=f"quickbooks:{realm}", limits=LIMITS),)


def path(realm: str, resource: str, **query: str) -> str:
    told = urlencode({**query, "minorversion": MINOR_VERSION}, safe=":,*")
    return f"/v3/company/{quote(realm, safe='')}/{resource}?{told}"


def listing(entity: str, start: int, *, rows: int, is_list: bool) -> str:
    """A query for one page. Lists tell inactive ones only when asked; pages shift without order."""
    active = " WHERE Active IN (true, false)" if is_list else ""
    paging = f"ORDERBY Id STARTPOSITION {start} MAXRESULTS {rows}"
    return f"SELECT * FROM {entity}{active} {paging}"  # noqa: S608 - names of our own table only


@frozen(kw_only=True)
class Volume:
    """How much there is to read. ``lists``: objects per list; ``windows``: journal reports.

    ``years``: fiscal years held against a trial balance, those before the first included.
    """

    lists: Sequence[int] = ()
    windows: int = 0
    years: int = 0
    cdc: int = 0
    company: int = 1


def pull_calls(volume: Volume) -> int:
    """The fewest calls that bring this much, control totals included."""
    return (
        volume.company
        + sum(max(1, ceil(count / PAGE_ROWS)) for count in volume.lists)
        + volume.windows
        + volume.years
        + volume.cdc
    )

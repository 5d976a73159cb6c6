"""Where things are at Minox, what may be asked at once, and how many calls reading takes.

Sources: clients in use (PHP, Go, a Node demo) and texts of the vendor's Swagger copied into them.
The vendor's own reference could not be read; what no client shows is marked as assumed.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from attrs import frozen

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.origins import is_loopback, origin_of
from core.domain.failures import FixSettings
from core.ports.provider import Limit

ORIGIN: Final = "https://app.minox.nl"
"""Sign-in and API."""
ACCEPTANCE_ORIGIN: Final = "https://acc.minox.nl"
"""Seen in an older demo; whether it still exists is not known."""

API: Final = "/api/1"
INSPECT: Final = f"{API}/inspect"
AUTHORIZE: Final = "/oauth/authorize"
TOKEN: Final = "/oauth/token"  # noqa: S105 - a path

READ_SECONDS: Final = 120.0
"""Lists may come whole, so an answer may take long to begin."""
PAGES_MAX: Final = 10_000
"""Of one pull."""

TENANT_LIMIT: Final = Limit(scope="tenant", calls=20, seconds=120)
"""The real limit depends on the server's load. An integrator met 20 calls per window and a wait of
120 seconds; an older client goes by five calls per second. The lower is kept."""
LIMITS: Final = (TENANT_LIMIT,)


def origin(fields: Mapping[str, str]) -> str:
    """Minox' address, its acceptance host, or a stand-in on this machine.

    FixSettings for any other host: a token must never be sent to an address somebody made up.
    """
    found = origin_of((fields.get("address") or ORIGIN).strip(), setting="address")
    host = urlsplit(found).hostname or ""
    if found not in {ORIGIN, ACCEPTANCE_ORIGIN} and not is_loopback(host):
        raise FixSettings(
            f"Minox is at {ORIGIN} only: leave the address as it is.",
            code="unknown-address",
            setting="address",
        )
    return found


def charges(fields: Mapping[str, str], tenant: str) -> tuple[Charge, ...]:
    """What a call counts against; a stand-in on this machine counts itself."""
    if origin(fields) not in {ORIGIN, ACCEPTANCE_ORIGIN}:
        return ()
    return (Charge(scope=f"minox:{tenant}", limits=LIMITS),)


@frozen(kw_only=True)
class Place:
    """An administration. Its number counts inside its tenant only, so both name it."""

    tenant: str
    number: str

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.number}"

    @property
    def path(self) -> str:
        return f"{tenant_path(self.tenant)}/administration/{self.number}"


def place_of(key: str) -> Place:
    """From an administration's key."""
    tenant, _, number = key.partition("/")
    assert tenant.isdecimal(), "keys are made by Place"
    assert number.isdecimal(), "keys are made by Place"
    return Place(tenant=tenant, number=number)


def tenant_path(tenant: str) -> str:
    return f"{API}/tenant/{tenant}"


def administrations_path(tenant: str) -> str:
    return f"{tenant_path(tenant)}/administration"


def lines_path(place: Place, year: int, period: int | None = None) -> str:
    """The general ledger of a fiscal year, or of one period of it."""
    told = "" if period is None else f"?{urlencode({'period': period})}"
    return f"{place.path}/year/{year}/transaction_lines{told}"


def balance_path(place: Place, year: int) -> str:
    """The trial balance of a fiscal year: what moved from its first period on. What was before
    stands in columns of its own, it is assumed.
    """
    return f"{place.path}/report/trialbalance/{year}?start_period=1"


MASTERS: Final = 5
"""Ledger accounts, journals, VAT codes, customers and suppliers: a call each, where whole."""


def pull_calls(*, years: int, balances: int, list_asked: bool, further_pages: int = 0) -> int:
    """The fewest calls of a pull with its control totals. ``list_asked``: administrations are
    listed once per connection, for the fiscal years there are.
    """
    return int(list_asked) + MASTERS + years + balances + further_pages

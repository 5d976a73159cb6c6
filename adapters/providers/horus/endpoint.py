"""Where a customer's Horus database is: told with the token, asked for, or typed in.

Each customer has an address of its own. An access token goes to no host but the login server and
what passes here: https, a name that ends as the contract says or that the machine's owner allows
(``MONITR_ALLOWED_HOSTS``), and, at each connection, what the kit lets be reached.
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from adapters.providers.horus.contract import Contract, Strategy
from adapters.providers.horus.declaration import PROVIDER
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.loose import Loose, rows_of
from adapters.providers.kit.origins import is_loopback, origin_of
from adapters.providers.kit.reaching import SETTING, Reach
from core.domain.failures import FixSettings

TYPED_FIELD: Final = "api_address"
DATABASE_FIELD: Final = "database"
DATABASES_NAMED_MAX: Final = 10
_BODY: Final[JsonPage[object]] = JsonPage(PROVIDER, "the list of databases", object)


@frozen(kw_only=True)
class Told:
    """What may hold the address: the form, and what came with the token."""

    fields: Mapping[str, str]
    facts: Mapping[str, str]


def find(contract: Contract, told: Told, reach: Reach, discover: Callable[[], str | None]) -> str:
    """The address without a slash at its end, by the first strategy that knows one.

    ``discover`` asks the login server; None where it tells nothing. FixSettings when nobody does.
    """
    ways: dict[Strategy, Callable[[], str | None]] = {
        Strategy.TOKEN_FIELD: lambda: told.facts.get(contract.endpoint.token_field),
        Strategy.DISCOVERY: discover,
        Strategy.TYPED: lambda: (told.fields.get(TYPED_FIELD) or "").strip() or None,
    }
    for strategy in contract.endpoint.strategies:
        address = ways[strategy]()
        if address:
            return checked(address, contract, reach)
    raise FixSettings(
        f"{PROVIDER} does not tell the API address of this customer's database: ask the customer "
        "or Horus Software for it and enter it.",
        detail="no strategy found an endpoint",
        code="endpoint-unknown",
        setting=TYPED_FIELD,
    )


def checked(address: str, contract: Contract, reach: Reach) -> str:
    """``address`` with its path, if a token may be sent there; FixSettings if not."""
    origin = origin_of(address, setting=TYPED_FIELD)
    host = (urlsplit(origin).hostname or "").casefold().rstrip(".")
    known = any(host.endswith(ending) for ending in contract.endpoint.hosts)
    if not known and not is_loopback(host) and host not in reach.hosts:
        raise FixSettings(
            f"{host} is no known address of {PROVIDER}: correct the API address, or, if it is "
            f"the customer's own server, add it to {SETTING}.",
            detail=f"hosts end with {', '.join(contract.endpoint.hosts)}",
            code="unknown-address",
            setting=TYPED_FIELD,
        )
    typed = address.strip()
    path = urlsplit(typed if "://" in typed else f"https://{typed}").path
    return origin + path.rstrip("/")


def chosen(body: bytes, contract: Contract, wanted: str) -> str:
    """The address of the database that is wanted by name or id, or of the only one.

    FixSettings, naming them, when there are several and none of them is meant.
    """
    value = _BODY.decode(body)
    names = contract.endpoint.discovery_names
    if isinstance(value, Mapping):
        outer = Loose.of(value, provider=PROVIDER, what="the list of databases")
        found = outer.rows(contract.endpoint.discovery_rows, called=names) or ()
    else:
        found = rows_of(value, provider=PROVIDER, what="the list of databases", names=names)
    meant = [
        row
        for row in found
        if not wanted or wanted.casefold() in {_folded(row, "id"), _folded(row, "name")}
    ]
    if len(meant) == 1:
        return meant[0].required("endpoint")
    named = [row.text("name") or row.text("id") or "?" for row in found[:DATABASES_NAMED_MAX]]
    raise FixSettings(
        f"This sign-in reaches {len(found)} {PROVIDER} databases ({', '.join(named)}): enter the "
        "name of the one to connect. Each is a connection of its own."
        if found
        else f"This sign-in reaches no {PROVIDER} database: approve with a user who has one.",
        code="which-database",
        setting=DATABASE_FIELD,
    )


def _folded(row: Loose, name: str) -> str:
    return (row.text(name) or "").casefold()

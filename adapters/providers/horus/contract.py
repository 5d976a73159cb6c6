"""The whole contract with Horus, in one place: addresses, names, pages, and what is switched.

ASSUMED, ALL OF IT, but for what is marked as known. Horus Software gives its API guide on request;
nobody here has read it. What it says is typed in here and nowhere else: no other file of this
adapter holds an address or a name of a member. Names are found in any case (``BookEntries`` is
``bookEntries``), amounts are read from text and from numbers, a tuple holds alternatives.

Known from summaries of the guide: OAuth2 with a client registered by e-mail; an API address per
customer's database; folders, companies, book entries, invoices, account histories; related records
beside the main ones. Known from the login server as a sister product uses it: its host, the path of
its token endpoint, ``refresh_token_expires_in``, rotation, and how a refresh token is revoked.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from attrs import frozen

from adapters.providers.kit.loose import Names
from core.domain.books import AccountClass, JournalKind
from core.ports.provider import Limit


class Strategy(StrEnum):
    """How the address of a customer's database is found."""

    TOKEN_FIELD = "token field"  # noqa: S105 - a word, no secret
    """A member of the token answer."""
    DISCOVERY = "discovery"
    """A call to the login server that lists databases."""
    TYPED = "typed"
    """A field of the connect form."""


class Paging(StrEnum):
    OFFSET = "offset"
    """By the number of rows to pass over; the count of all rows may be told."""
    CURSOR = "cursor"
    """By the id of the last row; the end is a page without a new one."""


def _same(words: str) -> Mapping[str, Names]:
    """Members that are called what they are called here, parted by blanks."""
    return MappingProxyType({word: word for word in words.split()})


DATABASE_LIMIT: Final = Limit(scope="database", calls=60, seconds=60)
"""Calls per database."""


@frozen(kw_only=True)
class Resource:
    """A list. ``path`` may name ``{folder}``; ``rows`` is the member of the answer that holds it.

    ``names``: what each member is called. ``about`` is for people.
    """

    path: str
    rows: Names
    about: str
    names: Mapping[str, Names]
    key: str = "id"
    """The member that tells rows apart, for pages by cursor."""


@frozen(kw_only=True)
class SignIn:
    """The login server. Its host and the token path are known, the rest is assumed."""

    origin: str = "https://accounts.horus-software.be"
    authorize_path: str = "/oauth2/authorize"
    token_path: str = "/oauth2/token"  # noqa: S105 - a path
    revoke_path: str = "/revoke-refresh-token"
    revoke_name: str = "RefreshToken"
    scope: str = "horus offline_access"
    uses_pkce: bool = False
    access_seconds: int = 3_600
    """Where the answer does not tell ``expires_in``."""
    refresh_seconds: int = 2_592_000
    """Where the answer does not tell it."""
    refresh_life_name: str = "refresh_token_expires_in"


@frozen(kw_only=True)
class Endpoint:
    """Where a customer's database is. Strategies are tried in this order."""

    strategies: tuple[Strategy, ...] = (Strategy.TOKEN_FIELD, Strategy.DISCOVERY, Strategy.TYPED)
    token_field: str = "api_endpoint"  # noqa: S105 - the name of a member
    discovery_path: str = "/oauth2/databases"
    discovery_rows: Names = "databases"
    """Where the list is not the answer itself."""
    discovery_names: Mapping[str, Names] = MappingProxyType(
        {"id": "id", "name": "name", "endpoint": ("apiEndpoint", "api_endpoint")}
    )
    hosts: tuple[str, ...] = (".horus-software.be", ".azurewebsites.net")
    """Ends of the names of hosts a token may be sent to."""


@frozen(kw_only=True)
class Pages:
    paging: Paging = Paging.OFFSET
    offset: str = "offset"
    limit: str = "limit"
    total: Names = "totalCount"
    last: str = "last"
    take: str = "take"
    rows_asked: int = 500
    """The most that may be asked for."""


@frozen(kw_only=True)
class Query:
    """Parameters besides those of pages. ``include`` asks for records beside the main ones."""

    include: str = "include"
    included: str = "lines,journals"
    lines_only: str = "lines"
    """What is asked for where related records do not come beside the main ones."""
    modified_since: str = "modifiedSince"
    book_year: str = "bookYearId"
    to: str = "to"


@frozen(kw_only=True)
class Contract:
    """Everything there is to type in."""

    sign_in: SignIn = SignIn()
    endpoint: Endpoint = Endpoint()
    pages: Pages = Pages()
    query: Query = Query()
    sideloads: bool = True
    """Whether related records are asked for. Answers without them are understood too."""
    limit: Limit = DATABASE_LIMIT
    folders: Resource = Resource(
        path="/folders",
        rows="folders",
        about="folders",
        names=_same("id code name legalName currency country active"),
    )
    book_years: Resource = Resource(
        path="/folders/{folder}/bookyears",
        rows="bookYears",
        about="book years",
        names=_same("id name startDate endDate closed"),
    )
    accounts: Resource = Resource(
        path="/folders/{folder}/accounts",
        rows="accounts",
        about="ledger accounts",
        names=_same("id number name type active deleted"),
    )
    journals: Resource = Resource(
        path="/folders/{folder}/journals",
        rows="journals",
        about="journals",
        names=_same("id code name type active deleted"),
    )
    vat_codes: Resource = Resource(
        path="/folders/{folder}/vatcodes",
        rows="vatCodes",
        about="VAT codes",
        names=_same("id code name rate direction active deleted"),
    )
    companies: Resource = Resource(
        path="/folders/{folder}/companies",
        rows="companies",
        about="companies",
        names=_same("id name vatNumber isCustomer isSupplier city country email active deleted"),
    )
    entries: Resource = Resource(
        path="/folders/{folder}/bookentries",
        rows="bookEntries",
        about="book entries",
        names=_same(
            "id journalId bookYearId period number date "
            "description companyId currency posted deleted lines"
        ),
    )
    lines: Resource = Resource(
        path="",
        rows="lines",
        about="lines of book entries",
        names=_same(
            "id bookEntryId position accountId debit "
            "credit amountCurrency companyId description vatCodeId"
        ),
    )
    """Inside each entry, or beside the entries with ``bookEntryId``."""
    invoices: Resource = Resource(
        path="/folders/{folder}/invoices",
        rows="invoices",
        about="invoices",
        names=_same(
            "id type number reference companyId date "
            "dueDate currency totalVat totalInclVat openAmount creditNote deleted"
        ),
    )
    balances: Resource | None = Resource(
        path="/folders/{folder}/balances",
        rows="balances",
        about="balances",
        key="accountId",
        names=_same("accountId openingDebit openingCredit debit credit"),
    )
    """None: there is no such call, and the books are not held against anything."""


CONTRACT: Final = Contract()

ACCOUNT_CLASSES: Final[Mapping[str, AccountClass]] = {
    "asset": AccountClass.ASSET,
    "liability": AccountClass.LIABILITY,
    "equity": AccountClass.EQUITY,
    "income": AccountClass.INCOME,
    "expense": AccountClass.EXPENSE,
    "off": AccountClass.OFF_BALANCE,
}
JOURNAL_KINDS: Final[Mapping[str, JournalKind]] = {
    "purchase": JournalKind.PURCHASE,
    "sale": JournalKind.SALES,
    "bank": JournalKind.BANK,
    "cash": JournalKind.CASH,
    "misc": JournalKind.GENERAL,
    "opening": JournalKind.GENERAL,
}
OPENING_JOURNAL: Final = "opening"
SALE: Final = "sale"
"""Of VAT codes and invoices; anything else is a purchase."""

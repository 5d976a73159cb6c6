"""Where things are at Xero, what may be asked at once, and how many calls reading takes.

Paths, parameters and page sizes are those of Xero's official OpenAPI document (16.1.0); limits and
hosts those of its developer site.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import ceil
from typing import Final
from urllib.parse import urlencode

from attrs import frozen

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.origins import is_loopback, origin_of
from core.domain.failures import FixSettings
from core.ports.provider import Limit

API: Final = "https://api.xero.com"
"""One host for every country. There is no test host: Xero offers a demo organisation instead."""
_LOGIN: Final = "https://login.xero.com"
_IDENTITY: Final = "https://identity.xero.com"

PAGE_SIZE: Final = 1_000
"""The most; always sent with ``page``, because a list without pages comes without its lines."""
JOURNALS_PER_PAGE: Final = 100
PAGES_MAX: Final = 100_000
"""Of one list in one import: ten million journals."""

MINUTE_LIMIT: Final = Limit(scope="app+organisation", calls=60, seconds=60)
DAY_LIMIT: Final = Limit(scope="app+organisation", calls=5_000, seconds=86_400)
AT_ONCE_LIMIT: Final = Limit(scope="app+organisation", calls=5, seconds=0)
APP_MINUTE_LIMIT: Final = Limit(scope="app", calls=10_000, seconds=60)
ORGANISATION_LIMITS: Final = (MINUTE_LIMIT, DAY_LIMIT, AT_ONCE_LIMIT)
LIMITS: Final = (*ORGANISATION_LIMITS, APP_MINUTE_LIMIT)

NO_ORGANISATION: Final = "connections"
"""Budget scope of calls that belong to no organisation."""

CONNECTIONS: Final = "/connections"
ORGANISATION: Final = "/api.xro/2.0/Organisation"


class LedgerSource(StrEnum):
    """Where journal lines come from: an app that is entitled reads the journals themselves."""

    JOURNALS = "journals"
    DOCUMENTS = "documents"


def ledger_of(fields: Mapping[str, str]) -> LedgerSource:
    """What the operator said of the app in the connect form."""
    told = fields.get("journals", "no").strip().casefold()
    return LedgerSource.JOURNALS if told == "yes" else LedgerSource.DOCUMENTS


def api_origin(fields: Mapping[str, str]) -> str:
    """Xero's own address, or that of a stand-in on this machine.

    FixSettings for any other host: a token must never be sent to an address somebody made up.
    """
    found = origin_of((fields.get("address") or API).strip(), setting="address")
    host = found.split("://")[1].rsplit(":", 1)[0]
    if found != API and not is_loopback(host):
        raise FixSettings(
            f"Xero is at {API} only: leave the address as it is.",
            code="unknown-address",
            setting="address",
        )
    return found


def authorize_url(fields: Mapping[str, str]) -> str:
    found = api_origin(fields)
    return f"{_LOGIN if found == API else found}/identity/connect/authorize"


def token_url(fields: Mapping[str, str]) -> str:
    found = api_origin(fields)
    return f"{_IDENTITY if found == API else found}/connect/token"


def revoke_url(fields: Mapping[str, str]) -> str:
    found = api_origin(fields)
    return f"{_IDENTITY if found == API else found}/connect/revocation"


def charges(fields: Mapping[str, str], organisation: str = NO_ORGANISATION) -> tuple[Charge, ...]:
    """Per app and organisation, and per app. The client id is no secret."""
    app = f"xero:{fields['client_id'].strip().casefold()}"
    whole = Charge(scope=app, limits=(APP_MINUTE_LIMIT,))
    if organisation == NO_ORGANISATION:
        return (whole,)
    return (Charge(scope=f"{app}:{organisation}", limits=ORGANISATION_LIMITS), whole)


@frozen(kw_only=True)
class Resource:
    """A list: its path, what it is for people, and the member that orders it stably.

    ``key`` empty: no order is asked for. ``query`` widens what is shown by default.
    """

    name: str
    about: str
    key: str = ""
    query: Mapping[str, str] = {}
    paged: bool = True


# Pages are asked for in the order of ids (any member may be named, the official examples show): a
# list that is ordered by time of change moves on while it is read, and a row would be passed over.
ACCOUNTS: Final = Resource(name="Accounts", about="ledger accounts", paged=False)
TAX_RATES: Final = Resource(name="TaxRates", about="tax rates", paged=False)
CONTACTS: Final = Resource(
    name="Contacts", about="contacts", key="ContactID", query={"includeArchived": "true"}
)
INVOICES: Final = Resource(name="Invoices", about="invoices and bills", key="InvoiceID")
CREDIT_NOTES: Final = Resource(name="CreditNotes", about="credit notes", key="CreditNoteID")
BANK_TRANSACTIONS: Final = Resource(
    name="BankTransactions", about="bank transactions", key="BankTransactionID"
)
BANK_TRANSFERS: Final = Resource(
    name="BankTransfers",
    about="bank transfers",
    query={"includeDeleted": "true"},
    paged=False,
)
PAYMENTS: Final = Resource(name="Payments", about="payments", key="PaymentID")
# With an order this list ignores pages and never ends.
MANUAL_JOURNALS: Final = Resource(name="ManualJournals", about="manual journals")


def list_path(resource: Resource, page: int) -> str:
    """Path and query of one page, or of the whole of a list without pages."""
    query: dict[str, str] = dict(resource.query)
    if resource.paged:
        query |= {"page": str(page), "pageSize": str(PAGE_SIZE)}
    if resource.key:
        query["order"] = f"{resource.key} ASC"
    return f"/api.xro/2.0/{resource.name}" + (f"?{urlencode(query)}" if query else "")


def journals_path(offset: int) -> str:
    """Journals above a number, at most 100, in order of their numbers."""
    return f"/api.xro/2.0/Journals?offset={offset}"


def trial_balance_path(day: str) -> str:
    return f"/api.xro/2.0/Reports/TrialBalance?date={day}"


@frozen(kw_only=True)
class Volume:
    """How much there is to read. ``lists``: rows of each list with pages; ``journals`` None: the
    ledger comes from documents. ``balances``: days of which the trial balance is read.
    """

    lists: Sequence[int] = ()
    journals: int | None = None
    balances: int = 0


def pull_calls(volume: Volume) -> int:
    """The fewest calls that bring this much, the organisation and the control totals included."""
    calls = 3  # organisation, accounts, tax rates
    calls += sum(max(1, ceil(rows / PAGE_SIZE)) for rows in volume.lists)
    if volume.journals is None:
        calls += 1  # bank transfers
    else:
        calls += volume.journals // JOURNALS_PER_PAGE + 1
    return calls + volume.balances

"""Where things are at Exact Online, and how many calls reading them takes.

Paths, field names, page sizes and limits are those of the official reference pages and of recorded
traffic. Not confirmed: page sizes of ReportingBalance, FinancialPeriods and VATCodes (60 assumed;
nothing depends on it but the expected number of calls), which scope area some resources belong to,
and that sync pages come in row-version order (the key of a sync set is its row version).
"""

from collections.abc import Mapping
from math import ceil
from typing import Final
from urllib.parse import quote

from attrs import frozen

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.origins import is_loopback, origin_of
from core.domain.failures import FixSettings
from core.ports.provider import Limit

SITES: Final = ("nl", "be", "de", "fr", "es", "co.uk", "com")
"""Separate instances: a user, a registration and its tokens belong to one of them."""

SYNC_PAGE_ROWS: Final = 1_000
SINGLE_PAGE_ROWS: Final = 60
PAGES_MAX: Final = 100_000
"""Of one resource in one import: a hundred million lines."""

FIRST_CURSOR: Final = 1
"""``Timestamp gt 1`` reads everything, says the official advice."""

MINUTE_LIMIT: Final = Limit(scope="app+administration", calls=60, seconds=60)
DAY_LIMIT: Final = Limit(scope="app+administration", calls=5_000, seconds=86_400)
DIVISION_LIMITS: Final = (MINUTE_LIMIT, DAY_LIMIT)

NO_DIVISION: Final = "current"
"""Budget scope of calls that belong to no division."""


@frozen(kw_only=True)
class Resource:
    """One thing to read. ``area`` is the read right the app registration needs for it."""

    path: str
    select: str
    about: str
    area: str

    @property
    def described(self) -> str:
        """For sentences: ``journal lines (Financial generalledgers)``."""
        return f"{self.about} ({self.area})"


_LEDGERS: Final = "Financial generalledgers"
_ACCOUNTING: Final = "Financial accounting"
_RELATIONS: Final = "Crm accounts"
_ORGANISATION: Final = "Organization administration"

ACCOUNTS: Final = Resource(
    path="sync/Financial/GLAccounts",
    select="ID,Timestamp,Code,Description,Type,BalanceType,BalanceSide,IsBlocked",
    about="ledger accounts",
    area=_LEDGERS,
)
CONTACTS: Final = Resource(
    path="sync/CRM/Accounts",
    select="ID,Timestamp,Code,Name,Status,IsSupplier,VATNumber,Email,City,Country,Blocked",
    about="relations",
    area=_RELATIONS,
)
JOURNALS: Final = Resource(
    path="financial/Journals",
    select="ID,Code,Description,Type,IsBlocked",
    about="journals",
    area=_LEDGERS,
)
TAX_CODES: Final = Resource(
    path="vat/VATCodes",
    select="ID,Code,Description,Percentage,VATTransactionType,IsBlocked",
    about="VAT codes",
    area=_LEDGERS,
)
LINES: Final = Resource(
    path="sync/Financial/TransactionLines",
    select=(
        "ID,Timestamp,EntryID,EntryNumber,LineNumber,Type,JournalCode,Date,FinancialYear,"
        "FinancialPeriod,GLAccount,AmountDC,AmountFC,Currency,Account,VATCode,Description,"
        "InvoiceNumber,YourRef,DueDate"
    ),
    about="journal lines",
    area=_LEDGERS,
)
DELETED: Final = Resource(
    path="sync/Deleted",
    select="ID,Timestamp,EntityKey,EntityType",
    about="deletions",
    area=_ORGANISATION,
)
PERIODS: Final = Resource(
    path="financial/FinancialPeriods",
    select="ID,FinYear",
    about="financial periods",
    area=_ACCOUNTING,
)
BALANCES: Final = Resource(
    path="financial/ReportingBalance",
    select="ID,GLAccount,Amount,ReportingYear,ReportingPeriod,Type",
    about="balances",
    area=_LEDGERS,
)
DIVISIONS: Final = Resource(
    path="system/Divisions",
    select=(
        "Code,Description,Currency,Country,Status,BlockingStatus,DivisionMoveDate,"
        "DivisionHRLinkUnlinkDate"
    ),
    about="administrations",
    area=_ORGANISATION,
)
ME: Final = Resource(
    path="current/Me",
    select="CurrentDivision,UserID,FullName,UserName,Email",
    about="the signed-in user",
    area=_ORGANISATION,
)


def site_origin(fields: Mapping[str, str]) -> str:
    """The connect form's ``site`` as origin: ``https://start.exactonline.nl`` for ``nl``.

    A loopback origin in its place is a stand-in's.
    FixSettings for any other host: a token must never be sent to an address somebody made up.
    """
    site = fields.get("site") or SITES[0]
    name = site.strip().casefold()
    if name in SITES:
        return f"https://start.exactonline.{name}"
    known = f"one of {', '.join(SITES)}"
    if "://" not in name:
        raise FixSettings(
            f"There is no Exact Online site {site[:20]!r}: enter {known}.",
            code="unknown-site",
            setting="site",
        )
    origin = origin_of(name, setting="site")
    if not is_loopback(origin.split("://")[1].rsplit(":", 1)[0]):
        raise FixSettings(
            f"An address as site is for a stand-in on this machine only: enter {known}.",
            code="unknown-site",
            setting="site",
        )
    return origin


def app_of(fields: Mapping[str, str]) -> str:
    """The app registration as named in budgets. The id is no secret; braces are decoration."""
    return fields["client_id"].strip().strip("{}").casefold()


def division_charge(fields: Mapping[str, str], division: str) -> tuple[Charge, ...]:
    """Limits count per app and division; calls without one are counted by themselves."""
    return (Charge(scope=f"exact-online:{app_of(fields)}:{division}", limits=DIVISION_LIMITS),)


def first_page(division: str, resource: Resource, condition: str = "") -> str:
    """Path and query of a resource's first page.

    Always with ``$select``, without which many endpoints refuse to answer; never with ``$top``,
    which ends the list silently.
    """
    prefix = f"{quote(division)}/" if division else ""
    narrowed = f"$filter={quote(condition, safe='')}&" if condition else ""
    return f"/api/v1/{prefix}{resource.path}?{narrowed}$select={resource.select}"


def after(cursor: int) -> str:
    """Rows whose version is above the cursor; real cursors carry the Int64 suffix."""
    return f"Timestamp gt {cursor}" + ("" if cursor == FIRST_CURSOR else "L")


@frozen(kw_only=True)
class Volume:
    """How much there is to read in one administration. ``balance_rows``: rows per fiscal year."""

    lines: int = 0
    accounts: int = 0
    contacts: int = 0
    journals: int = 0
    tax_codes: int = 0
    deleted: int = 0
    periods: int = 0
    balance_rows: tuple[int, ...] = ()


def pull_calls(volume: Volume) -> int:
    """The fewest calls that bring this much: the volume of a whole ledger or of one night."""
    return (
        pages(volume.accounts, SYNC_PAGE_ROWS)
        + pages(volume.contacts, SYNC_PAGE_ROWS)
        + pages(volume.journals, SINGLE_PAGE_ROWS)
        + pages(volume.tax_codes, SINGLE_PAGE_ROWS)
        + pages(volume.lines, SYNC_PAGE_ROWS)
        + pages(volume.deleted, SYNC_PAGE_ROWS)
    )


def control_calls(volume: Volume) -> int:
    """The fewest calls that read the control totals; ``periods`` 0: the years are known."""
    return (pages(volume.periods, SINGLE_PAGE_ROWS) if volume.periods else 0) + sum(
        pages(rows, SINGLE_PAGE_ROWS) for rows in volume.balance_rows
    )


def pages(rows: int, page_rows: int) -> int:
    """An empty list is a page too."""
    return max(1, ceil(rows / page_rows))

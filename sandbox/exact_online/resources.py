"""Which resources there are, and what reading each of them takes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

from attrs import frozen

from sandbox.exact_online.balance import BALANCE_FIELDS, groups_of
from sandbox.exact_online.line_fields import LINE_FIELDS
from sandbox.exact_online.master_fields import (
    ACCOUNT_FIELDS,
    CONTACT_FIELDS,
    JOURNAL_FIELDS,
    PERIOD_FIELDS,
    TAX_FIELDS,
    TOMBSTONE_FIELDS,
    Fields,
)
from sandbox.exact_online.view import View
from sandbox.identity import Kind

R = TypeVar("R")

LEDGER: Final = "Financial generalledgers"
ACCOUNTING: Final = "Financial accounting"
RELATIONS: Final = "Crm accounts"
ORGANISATION: Final = "Organization administration"
AREAS: Final = frozenset({LEDGER, ACCOUNTING, RELATIONS, ORGANISATION})


@frozen
class Collection(Generic[R]):
    """A bulk or single resource: records by serial, keyed by GUID, or by a number without one.

    ``mandatory`` names the fields of which one must be filtered on when the service feels like
    enforcing that; empty: no filter is ever asked for.
    """

    path: str
    type_name: str
    area: str
    fields: Fields[R]
    records: Callable[[View], Sequence[R | None]]
    kind: Kind | None
    large: bool = False
    needs_select: bool = False
    mandatory: tuple[str, ...] = ()


@frozen
class SyncSet(Generic[R]):
    """A sync resource: records after a row version, in its order. That bulk and sync want a
    ``$select`` is told for bulk; for sync it is assumed.
    """

    path: str
    type_name: str
    area: str
    fields: Fields[R]
    after: Callable[[View, int], Iterator[tuple[int, R]]]
    filterable: frozenset[str] = frozenset({"Timestamp"})


_COLLECTIONS: tuple[Collection[Any], ...] = (
    Collection(
        "bulk/Financial/TransactionLines", "Financial.TransactionLine", LEDGER, LINE_FIELDS,
        lambda view: view.books.lines, Kind.LINE, large=True, needs_select=True,
        mandatory=("Modified", "Date", "ID", "EntryID", "FinancialYear"),
    ),
    Collection(
        "bulk/Financial/GLAccounts", "Financial.GLAccount", LEDGER, ACCOUNT_FIELDS,
        lambda view: view.books.accounts, Kind.ACCOUNT, large=True, needs_select=True,
        mandatory=("Modified", "ID", "Code"),
    ),
    Collection(
        "bulk/CRM/Accounts", "CRM.Account", RELATIONS, CONTACT_FIELDS,
        lambda view: view.books.contacts, Kind.CONTACT, large=True, needs_select=True,
        mandatory=("Modified", "ID", "Code"),
    ),
    Collection(
        "financialtransaction/TransactionLines", "Financial.TransactionLine", LEDGER, LINE_FIELDS,
        lambda view: view.books.lines, Kind.LINE, mandatory=("Modified", "Date", "ID", "EntryID"),
    ),
    Collection(
        "financial/GLAccounts", "Financial.GLAccount", LEDGER, ACCOUNT_FIELDS,
        lambda view: view.books.accounts, Kind.ACCOUNT, mandatory=("Modified", "ID", "Code"),
    ),
    Collection(
        "crm/Accounts", "CRM.Account", RELATIONS, CONTACT_FIELDS,
        lambda view: view.books.contacts, Kind.CONTACT, mandatory=("Modified", "ID", "Code"),
    ),
    Collection(
        "financial/Journals", "Financial.Journal", LEDGER, JOURNAL_FIELDS,
        lambda view: view.books.journals, Kind.JOURNAL,
    ),
    Collection(
        "vat/VATCodes", "VAT.VATCode", LEDGER, TAX_FIELDS,
        lambda view: view.books.tax_codes, Kind.TAX_CODE,
    ),
    Collection(
        "financial/FinancialPeriods", "Financial.FinancialPeriod", ACCOUNTING, PERIOD_FIELDS,
        lambda view: view.books.periods, Kind.PERIOD,
    ),
    Collection(
        "financial/ReportingBalance", "Financial.ReportingBalance", LEDGER, BALANCE_FIELDS,
        groups_of, None,
    ),
)  # fmt: skip

_SYNC_SETS: tuple[SyncSet[Any], ...] = (
    SyncSet(
        "sync/Financial/TransactionLines", "Sync.Financial.TransactionLine", LEDGER, LINE_FIELDS,
        lambda view, cursor: view.versions.lines.after(cursor),
    ),
    SyncSet(
        "sync/Financial/GLAccounts", "Sync.Financial.GLAccount", LEDGER, ACCOUNT_FIELDS,
        lambda view, cursor: view.versions.accounts.after(cursor),
    ),
    SyncSet(
        "sync/CRM/Accounts", "Sync.CRM.Account", RELATIONS, CONTACT_FIELDS,
        lambda view, cursor: view.versions.contacts.after(cursor),
    ),
    SyncSet(
        "sync/Deleted", "Sync.Deleted", ORGANISATION, TOMBSTONE_FIELDS,
        lambda view, cursor: view.versions.deleted_after(cursor),
        filterable=frozenset({"Timestamp", "EntityType"}),
    ),
)  # fmt: skip

COLLECTIONS: Final = {resource.path: resource for resource in _COLLECTIONS}
SYNC_SETS: Final = {resource.path: resource for resource in _SYNC_SETS}
SYNC_END_POINTS: Final = {path.rsplit("/", 1)[1]: path for path in SYNC_SETS}

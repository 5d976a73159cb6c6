"""The synchronization API: ids with versions by GET, whole records for up to 100 ids by POST."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

from attrs import frozen

from sandbox.generator import LAST_DAY
from sandbox.identity import Kind
from sandbox.moneybird import rows
from sandbox.moneybird.errors import refusal
from sandbox.moneybird.paging import filters, within
from sandbox.moneybird.view import View
from sandbox.records import Entry, EntryKind
from sandbox.wire import WireRequest, WireResponse, json_response

IDS_MAX: Final = 100
"""More may be asked for; no more come back, and nothing says so."""


@frozen
class Record:
    """One record: its version, and how it is written when it is asked for."""

    id: str
    version: int
    write: Callable[[], dict[str, object]]


@frozen
class Resource:
    """``scopes``: any of them will do."""

    scopes: tuple[str, ...]
    records: Callable[[View, WireRequest, date], Iterator[Record]]


def _contacts(view: View, request: WireRequest, _: date) -> Iterator[Record]:
    """Archived contacts only where they are asked for; by id they come always."""
    with_archived = request.query.get("include_archived") == "true" or request.method == "POST"
    for contact in view.books.contacts:
        if with_archived or not view.is_archived(contact):
            yield Record(
                view.number(Kind.CONTACT, contact.serial),
                contact.modified_ms // 1000,
                lambda contact=contact: rows.whole_contact(view, contact),  # type: ignore[misc]  # binds now
            )


def _documents(
    wanted: Callable[[View, Entry], bool],
    write: Callable[[View, Entry], dict[str, object]],
    default: str = "",
) -> Callable[[View, WireRequest, date], Iterator[Record]]:
    def records(view: View, request: WireRequest, today: date) -> Iterator[Record]:
        asked = filters(request, default) if request.method == "GET" else {}
        for entry in view.books.live_entries():
            if wanted(view, entry) and within(asked.get("period"), entry.date, today):
                yield Record(
                    view.number(Kind.ENTRY, entry.serial),
                    view.version(entry),
                    lambda entry=entry: write(view, entry),  # type: ignore[misc]  # binds now
                )

    return records


_SALES = {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}
_PURCHASES = {EntryKind.PURCHASE_INVOICE, EntryKind.PURCHASE_CREDIT}
_invoices = _documents(
    lambda view, entry: entry.kind in _SALES and not view.is_external(entry), rows.sales_invoice
)


def _sales_invoices(view: View, request: WireRequest, today: date) -> Iterator[Record]:
    """With one draft among them, which is in no ledger."""
    yield Record(
        rows.draft_id(view), rows.draft_version(LAST_DAY), lambda: rows.draft(view, LAST_DAY)
    )
    yield from _invoices(view, request, today)


RESOURCES: Final[Mapping[str, Resource]] = {
    "contacts": Resource(
        ("estimates", "sales_invoices", "documents", "bank", "settings"), _contacts
    ),
    "sales_invoices": Resource(("sales_invoices",), _sales_invoices),
    "external_sales_invoices": Resource(
        ("sales_invoices",),
        _documents(
            lambda view, entry: entry.kind in _SALES and view.is_external(entry),
            rows.external_sales_invoice,
            "period:this_year",
        ),
    ),
    "documents/purchase_invoices": Resource(
        ("documents",),
        _documents(
            lambda view, entry: entry.kind in _PURCHASES and not view.is_receipt(entry),
            rows.purchase_document,
        ),
    ),
    "documents/receipts": Resource(
        ("documents",),
        _documents(
            lambda view, entry: entry.kind in _PURCHASES and view.is_receipt(entry),
            rows.purchase_document,
        ),
    ),
}


def synchronize(
    resource: Resource, view: View, request: WireRequest, today: date, forbidden: frozenset[str]
) -> WireResponse:
    """``forbidden``: ids of which one in a batch makes the whole batch a 403, as was seen."""
    records = resource.records(view, request, today)
    if request.method == "GET":
        return json_response([{"id": record.id, "version": record.version} for record in records])
    try:
        body = request.json()
    except ValueError:
        body = None
    ids = body.get("ids") if isinstance(body, dict) else None
    if not isinstance(ids, list):
        raise refusal(400, "Ids is required", {"ids": "required"})
    asked = [str(each) for each in ids]
    if forbidden & set(asked):
        raise refusal(403, "This feature is not active for this administration")
    known = {record.id: record for record in records}
    return json_response([known[each].write() for each in asked if each in known][:IDS_MAX])

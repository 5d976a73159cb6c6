"""Reports and lists of the books in every form; retention; closed periods."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, TypeVar

from litestar import Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from core.domain.books import Contact, Invoice, TradeSide
from core.domain.money import text_of
from core.domain.statements import By
from core.services.closing import Closed
from core.services.reading import ROWS_MAX
from interfaces import report_rows
from interfaces.http import report_shapes, shaping
from interfaces.http.asking import ADMIN, OPERATE, READ, Asking, Id
from interfaces.http.books import BOOKS, READ_EXPORTED, AnyRequest, AsOf, Month, month
from interfaces.http.cursors import PAGE_DEFAULT, Cursor, Limit
from interfaces.http.negotiating import Form, FormQuery, exported, form_of
from interfaces.http.paging import after_of, cursor_to

_T = TypeVar("_T", Contact, Invoice)
_R = TypeVar("_R")

ByQuery = Annotated[By, Parameter(description="What one column covers.")]


@get(f"{BOOKS}/profit-and-loss", opt=READ_EXPORTED, sync_to_thread=True)
def profit_and_loss(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    by: ByQuery = By.PERIOD,
    since: Month = None,
    until: Month = None,
    form: FormQuery = None,
) -> Response[report_shapes.ProfitAndLoss]:
    """Income, expense and result per period or year. Periods that post the result into equity are
    left out and named in ``closings``.
    """
    found = asker.services.reports.profit_and_loss(
        asker.organisation_id,
        entity_id,
        as_of=as_of,
        by=by,
        since=month(since),
        until=month(until),
    )
    rows = list(report_rows.statement_amounts(found.statement))
    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        return _file(wanted, rows, report_rows.StatementAmount, "profit-and-loss")
    return Response(
        report_shapes.ProfitAndLoss(
            entity_id=entity_id,
            currency=found.view.entity.currency,
            generation=shaping.generation(found.view.generation),
            by=by.value,
            closings=report_rows.period_words(found.statement.closings),
            unplaced=found.statement.unplaced,
            columns=report_rows.profit_columns(found.statement),
            items=rows,
        )
    )


@get(f"{BOOKS}/balance-sheet", opt=READ_EXPORTED, sync_to_thread=True)
def balance_sheet(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    by: ByQuery = By.PERIOD,
    since: Month = None,
    until: Month = None,
    form: FormQuery = None,
) -> Response[report_shapes.BalanceSheet]:
    """Assets, liabilities and equity at the end of each period or year."""
    found = asker.services.reports.balance_sheet(
        asker.organisation_id,
        entity_id,
        as_of=as_of,
        by=by,
        since=month(since),
        until=month(until),
    )
    rows = list(report_rows.statement_amounts(found.statement))
    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        return _file(wanted, rows, report_rows.StatementAmount, "balance-sheet")
    return Response(
        report_shapes.BalanceSheet(
            entity_id=entity_id,
            currency=found.view.entity.currency,
            generation=shaping.generation(found.view.generation),
            by=by.value,
            unplaced=found.statement.unplaced,
            columns=report_rows.balance_columns(found.statement),
            items=rows,
        )
    )


@get(f"{BOOKS}/ageing", opt=READ_EXPORTED, sync_to_thread=True)
def ageing(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    side: FromQuery[TradeSide],
    as_of: AsOf = None,
    on: FromQuery[dt.date | None] = None,
    form: FormQuery = None,
) -> Response[report_shapes.Ageing]:
    """Open items per customer or supplier, by days past due on a day; ``method`` says by what."""
    found = asker.services.reports.ageing(
        asker.organisation_id, entity_id, side, as_of=as_of, on=on
    )
    rows = [report_rows.ageing_line(row) for row in found.rows]
    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        return _file(wanted, rows, report_rows.AgeingLine, "ageing")
    return Response(
        report_shapes.Ageing(
            entity_id=entity_id,
            currency=found.view.entity.currency,
            generation=shaping.generation(found.view.generation),
            side=side.value,
            method=found.method.value,
            on=found.on,
            totals=[text_of(one) for one in found.totals_e4],
            items=rows,
        )
    )


@get(f"{BOOKS}/contacts", opt=READ_EXPORTED, sync_to_thread=True)
def contacts(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    form: FormQuery = None,
) -> Response[report_shapes.ContactPage]:
    """Customers and suppliers by key. A cursor keeps to the generation it began with; files have
    all of them.
    """

    def ask(as_of: str | None, after: str | None, limit: int) -> tuple[int, Sequence[Contact]]:
        view, found = asker.services.reading.contacts(
            asker.organisation_id, entity_id, as_of=as_of, after=after, limit=limit
        )
        return view.generation.number, found

    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        pages = _every(ask, as_of, report_rows.contact_row)
        return exported(wanted, pages, report_rows.ContactRow, "contacts")
    asked = {"entity_id": entity_id, "as_of": as_of}
    number, page, following = _page(ask, after_of(asker, "contacts", cursor, **asked), as_of, limit)
    return Response(
        report_shapes.ContactPage(
            generation=number,
            items=[report_rows.contact_row(one) for one in page],
            next_cursor=cursor_to(asker, "contacts", following, **asked),
        )
    )


@get(f"{BOOKS}/invoices", opt=READ_EXPORTED, sync_to_thread=True)
def invoices(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    form: FormQuery = None,
) -> Response[report_shapes.InvoicePage]:
    """Sales and purchase invoices by key. A cursor keeps to the generation it began with; files
    have all of them.
    """

    def ask(as_of: str | None, after: str | None, limit: int) -> tuple[int, Sequence[Invoice]]:
        view, found = asker.services.reading.invoices(
            asker.organisation_id, entity_id, as_of=as_of, after=after, limit=limit
        )
        return view.generation.number, found

    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        pages = _every(ask, as_of, report_rows.invoice_row)
        return exported(wanted, pages, report_rows.InvoiceRow, "invoices")
    asked = {"entity_id": entity_id, "as_of": as_of}
    number, page, following = _page(ask, after_of(asker, "invoices", cursor, **asked), as_of, limit)
    return Response(
        report_shapes.InvoicePage(
            generation=number,
            items=[report_rows.invoice_row(one) for one in page],
            next_cursor=cursor_to(asker, "invoices", following, **asked),
        )
    )


Ask = Callable[[str | None, str | None, int], tuple[int, Sequence[_T]]]


def _page(
    ask: "Ask[_T]", held: str | None, as_of: str | None, limit: int
) -> tuple[int, Sequence[_T], str | None]:
    """The generation, a page of it, and where the next begins: ``GENERATION KEY``."""
    pinned, _, after = held.partition(" ") if held is not None else (as_of, "", None)
    number, found = ask(pinned, after, limit + 1)
    page = found[:limit]
    return number, page, f"{number} {page[-1].key}" if len(found) > limit else None


def _every(ask: "Ask[_T]", as_of: str | None, shaped: Callable[[_T], _R]) -> Iterator[Sequence[_R]]:
    """All pages of one generation."""
    number, page = ask(as_of, None, ROWS_MAX)
    while page:  # ends: each page begins after the one before
        yield [shaped(one) for one in page]
        if len(page) < ROWS_MAX:
            return
        number, page = ask(str(number), page[-1].key, ROWS_MAX)


def _file(form: Form, rows: Sequence[object], shape: type, name: str) -> Response[Any]:
    return exported(form, iter([rows]), shape, name)


def _closed(found: Closed) -> report_shapes.ClosedBooks:
    return report_shapes.ClosedBooks(closed_through=found.through, closed_by=found.by.value)


@get(f"{BOOKS}/closed", opt=READ, sync_to_thread=True)
def closed(asker: Asking, entity_id: Id) -> report_shapes.ClosedBooks:
    """Up to which day the books are closed, and who says so."""
    return _closed(asker.services.closing.closed(asker.organisation_id, entity_id))


@put(f"{BOOKS}/closed", opt=ADMIN, sync_to_thread=True)
def set_closed(
    asker: Asking, entity_id: Id, data: JSONBody[report_shapes.NewClosedBooks]
) -> report_shapes.ClosedBooks:
    """Say by hand through which day the books are closed; null: as the provider says."""
    return _closed(
        asker.services.closing.set_closed(
            asker.organisation_id, entity_id, data.closed_through, operator=asker.operator
        )
    )


@get("/retention", opt=READ, sync_to_thread=True)
def retention(asker: Asking) -> report_shapes.Retention:
    """How many nights every generation is kept; null: for ever."""
    return report_shapes.Retention(
        nights=asker.services.retaining.retention(asker.organisation_id).nights
    )


@put("/retention", opt=ADMIN, sync_to_thread=True)
def set_retention(
    asker: Asking, data: JSONBody[report_shapes.Retention]
) -> report_shapes.Retention:
    """Keep all generations of so many nights, then the last of each month; null keeps all."""
    held = asker.services.retaining.set_retention(
        asker.organisation_id, data.nights, operator=asker.operator
    )
    return report_shapes.Retention(nights=held.nights)


@post(f"{BOOKS}/compaction", opt=OPERATE, status_code=HTTP_200_OK, sync_to_thread=True)
def compact(asker: Asking, entity_id: Id) -> report_shapes.Compacted:
    """Let go now of what the retention does not keep; workers do the same in quiet times."""
    done = asker.services.retaining.compact(asker.organisation_id, entity_id)
    return report_shapes.Compacted(
        retired=done.retired, compacted=done.compacted, removed=done.removed
    )


HANDLERS: Final[list[HTTPRouteHandler]] = [
    profit_and_loss,
    balance_sheet,
    ageing,
    contacts,
    invoices,
    closed,
    set_closed,
    retention,
    set_retention,
    compact,
]

"""Books: as they are, as they were, and what changed."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, Parameter
from litestar.response import Stream

from core.ports.books import LineFilter
from interfaces.http import book_shapes, book_shaping, exporting, shapes, shaping
from interfaces.http.asking import READ, Asking, Id
from interfaces.http.cursors import PAGE_DEFAULT, Cursor, Limit
from interfaces.http.negotiating import EXPORTED, Form, FormQuery, exported, form_of
from interfaces.http.paging import after_of, cursor_to, split

BOOKS: Final = "/entities/{entity_id:str}/books"
READ_EXPORTED: Final = READ | {EXPORTED: True}
AnyRequest = Request[Any, Any, Any]
WORD_CHARACTERS_MAX: Final = 500
YEAR_MAX: Final = 9_999
PERIOD_MAX: Final = 9_999
GENERATION_MAX: Final = 999_999_999

AsOf = Annotated[
    str | None,
    Parameter(
        pattern=r"^([0-9]{1,9}|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        description="A generation number or a date; the newest books when left out.",
    ),
]
Month = Annotated[
    str | None,
    Parameter(
        pattern=r"^[0-9]{4}-[0-9]{1,3}$", description="Fiscal year and period, such as 2026-3."
    ),
]
Word = Annotated[str | None, Parameter(max_length=WORD_CHARACTERS_MAX)]
Year = Annotated[int | None, Parameter(ge=0, le=YEAR_MAX)]
Period = Annotated[int | None, Parameter(ge=0, le=PERIOD_MAX)]
Number = Annotated[int, Parameter(ge=1, le=GENERATION_MAX)]


def month(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    year, _, period = text.partition("-")
    return int(year), int(period)


def line_filter(
    account_key: Word = None,
    entry_key: Word = None,
    journal_key: Word = None,
    contact_key: Word = None,
    date_from: FromQuery[dt.date | None] = None,
    date_to: FromQuery[dt.date | None] = None,
    year: Year = None,
    period: Period = None,
    text: Word = None,
) -> LineFilter:
    """The query parameters of everything that lists lines; all given ones hold together."""
    return LineFilter(
        account_key=account_key,
        entry_key=entry_key,
        journal_key=journal_key,
        contact_key=contact_key,
        date_from=date_from,
        date_to=date_to,
        year=year,
        period=period,
        text=text,
    )


Where = NamedDependency[LineFilter]


def _accounts(asker: Asking, entity_id: Id, generation: int) -> book_shaping.Accounts:
    found = asker.services.reading.accounts(asker.organisation_id, entity_id, as_of=str(generation))
    return {account.key: account for account in found}


def _balance(
    asker: Asking,
    entity_id: Id,
    as_of: str | None,
    since: str | None,
    until: str | None,
) -> book_shapes.TrialBalance:
    return book_shaping.trial_balance(
        asker.services.reading.trial_balance(
            asker.organisation_id,
            entity_id,
            as_of=as_of,
            since=month(since),
            until=month(until),
        )
    )


@get(f"{BOOKS}/trial-balance", opt=READ_EXPORTED, sync_to_thread=True)
def trial_balance(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    since: Month = None,
    until: Month = None,
    form: FormQuery = None,
) -> Response[book_shapes.TrialBalance]:
    """Debit, credit and balance of every account that has lines. Periods before ``since`` make
    the opening.
    """
    found = _balance(asker, entity_id, as_of, since, until)
    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        return exported(wanted, iter([found.items]), book_shapes.BalanceRow, "trial-balance")
    return Response(found)


@get(f"{BOOKS}/trial-balance.csv", opt=READ, media_type=exporting.CSV, sync_to_thread=True)
def trial_balance_csv(
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    since: Month = None,
    until: Month = None,
) -> Stream:
    """The same as CSV; text cells a spreadsheet would run are guarded with an apostrophe."""
    rows = _balance(asker, entity_id, as_of, since, until).items
    return exporting.rows_stream(rows, book_shapes.BalanceRow, exporting.CSV, "trial-balance.csv")


@get(f"{BOOKS}/trial-balance.ndjson", opt=READ, media_type=exporting.NDJSON, sync_to_thread=True)
def trial_balance_ndjson(
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    since: Month = None,
    until: Month = None,
) -> Stream:
    """The same, one JSON object a line."""
    rows = _balance(asker, entity_id, as_of, since, until).items
    return exporting.rows_stream(
        rows, book_shapes.BalanceRow, exporting.NDJSON, "trial-balance.ndjson"
    )


@get(f"{BOOKS}/lines", opt=READ_EXPORTED, sync_to_thread=True)
def lines(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    where: Where,
    as_of: AsOf = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    form: FormQuery = None,
) -> Response[book_shapes.LinePage]:
    """Journal lines by date. A cursor keeps to the generation it began with; files have all."""
    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        return exported(
            wanted, _line_pages(asker, entity_id, where, as_of), book_shapes.Line, "lines"
        )
    asked = {"entity_id": entity_id, "as_of": as_of, "where": where}
    held = after_of(asker, "lines", cursor, **asked)
    pinned, _, position = held.partition(" ") if held is not None else (as_of, "", None)
    view, page = asker.services.reading.lines(
        asker.organisation_id, entity_id, where=where, as_of=pinned, cursor=position, limit=limit
    )
    number = view.generation.number
    accounts = _accounts(asker, entity_id, number)
    following = f"{number} {page.next_cursor}" if page.next_cursor is not None else None
    return Response(
        book_shapes.LinePage(
            generation=number,
            items=[book_shaping.line_row(row, accounts) for row in page.rows],
            next_cursor=cursor_to(asker, "lines", following, **asked),
        )
    )


def _line_pages(
    asker: Asking, entity_id: Id, where: Where, as_of: str | None
) -> Iterator[Sequence[book_shapes.Line]]:
    """All that fit, of the generation there is now."""
    view, _ = asker.services.reading.lines(
        asker.organisation_id, entity_id, where=where, as_of=as_of, limit=1
    )
    accounts = _accounts(asker, entity_id, view.generation.number)
    for page in exporting.every_line(asker, entity_id, view.generation.number, where):
        yield [book_shaping.line_row(row, accounts) for row in page]


def _lines_stream(
    asker: Asking,
    entity_id: Id,
    where: Where,
    as_of: str | None,
    media_type: str,
    name: str,
) -> Stream:
    view, _ = asker.services.reading.lines(
        asker.organisation_id, entity_id, where=where, as_of=as_of, limit=1
    )
    number = view.generation.number
    pages = exporting.every_line(asker, entity_id, number, where)
    return exporting.lines_stream(pages, _accounts(asker, entity_id, number), media_type, name)


@get(f"{BOOKS}/lines.csv", opt=READ, media_type=exporting.CSV, sync_to_thread=True)
def lines_csv(
    asker: Asking,
    entity_id: Id,
    where: Where,
    as_of: AsOf = None,
) -> Stream:
    """All lines that fit as CSV, of any number."""
    return _lines_stream(asker, entity_id, where, as_of, exporting.CSV, "lines.csv")


@get(f"{BOOKS}/lines.ndjson", opt=READ, media_type=exporting.NDJSON, sync_to_thread=True)
def lines_ndjson(
    asker: Asking,
    entity_id: Id,
    where: Where,
    as_of: AsOf = None,
) -> Stream:
    """All lines that fit, one JSON object a line, of any number."""
    return _lines_stream(asker, entity_id, where, as_of, exporting.NDJSON, "lines.ndjson")


@get(f"{BOOKS}/entry", opt=READ, sync_to_thread=True)
def entry(
    asker: Asking,
    entity_id: Id,
    key: Annotated[str, Parameter(max_length=WORD_CHARACTERS_MAX)],
    as_of: AsOf = None,
) -> book_shapes.Entry:
    """One journal entry with its lines. The key is a parameter: providers put anything in keys."""
    view, _ = asker.services.reading.lines(asker.organisation_id, entity_id, as_of=as_of, limit=1)
    number = view.generation.number
    found, held = asker.services.reading.entry(
        asker.organisation_id, entity_id, key, as_of=str(number)
    )
    accounts = _accounts(asker, entity_id, number)
    return book_shapes.Entry(
        key=found.key,
        number=found.number,
        journal_key=found.journal_key,
        date=found.date,
        year=found.year,
        period=found.period,
        description=found.description,
        lines=[book_shaping.line(one, found, accounts) for one in held],
    )


@get(f"{BOOKS}/accounts", opt=READ_EXPORTED, sync_to_thread=True)
def accounts(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    as_of: AsOf = None,
    form: FormQuery = None,
) -> Response[book_shapes.LedgerAccountList]:
    """Every ledger account, by code."""
    found = asker.services.reading.accounts(asker.organisation_id, entity_id, as_of=as_of)
    items = [book_shaping.ledger_account(one) for one in found]
    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        return exported(wanted, iter([items]), book_shapes.LedgerAccount, "accounts")
    return Response(book_shapes.LedgerAccountList(items=items))


@get(f"{BOOKS}/figures", opt=READ, sync_to_thread=True)
def figures(asker: Asking, entity_id: Id, as_of: AsOf = None) -> book_shapes.Figures:
    """Result and balance per period."""
    return book_shaping.figures(
        asker.services.reading.figures(asker.organisation_id, entity_id, as_of=as_of)
    )


@get(f"{BOOKS}/generations", opt=READ, sync_to_thread=True)
def generations(
    asker: Asking,
    entity_id: Id,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> shapes.GenerationPage:
    """Every state of the books that can still be read, newest first."""
    before = after_of(asker, "generations", cursor, entity_id=entity_id)
    found = asker.services.reading.generations(
        asker.organisation_id,
        entity_id,
        before=int(before) if before and before.isascii() and before.isdecimal() else None,
        limit=limit + 1,
    )
    items, more = split(found, limit)
    return shapes.GenerationPage(
        items=[shaping.generation(one) for one in items],
        next_cursor=cursor_to(
            asker, "generations", str(items[-1].number) if more else None, entity_id=entity_id
        ),
    )


@get(f"{BOOKS}/changes", opt=READ_EXPORTED, sync_to_thread=True)
def changes(
    request: AnyRequest,
    asker: Asking,
    entity_id: Id,
    older: AsOf = None,
    newer: AsOf = None,
    form: FormQuery = None,
) -> Response[book_shapes.Changes]:
    """What differs between two states, per account and period; the last import when left out.
    ``closed`` counts lines dated in closed periods. After the first import nothing has changed yet:
    ``older`` is null and there are no items.
    """
    found = asker.services.reading.changes(
        asker.organisation_id, entity_id, older=older, newer=newer
    )
    older_number = None if found.older is None else found.older.number
    held = {
        **({} if older_number is None else _accounts(asker, entity_id, older_number)),
        **_accounts(asker, entity_id, found.newer.number),
    }
    items = [book_shaping.cell_change(one, held) for one in found.cells]
    wanted = form_of(request, form)
    if wanted is not Form.JSON:
        return exported(wanted, iter([items]), book_shapes.CellChange, "changes")
    return Response(
        book_shapes.Changes(
            older=older_number,
            newer=found.newer.number,
            closed_through=found.closed.through,
            closed_by=found.closed.by.value,
            closed_lines=found.closed_lines,
            items=items,
        )
    )


@get(f"{BOOKS}/changed-lines", opt=READ, sync_to_thread=True)
def changed_lines(
    asker: Asking,
    entity_id: Id,
    older: Number,
    newer: Number,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> book_shapes.LineChangePage:
    """What differs between two generations, line by line."""
    asked = {"entity_id": entity_id, "older": older, "newer": newer}
    page = asker.services.reading.changed_lines(
        asker.organisation_id,
        entity_id,
        older=older,
        newer=newer,
        cursor=after_of(asker, "changed-lines", cursor, **asked),
        limit=limit,
    )
    held = {**_accounts(asker, entity_id, older), **_accounts(asker, entity_id, newer)}
    return book_shapes.LineChangePage(
        older=older,
        newer=newer,
        items=[book_shaping.line_change(one, held) for one in page.changes],
        next_cursor=cursor_to(asker, "changed-lines", page.next_cursor, **asked),
    )


HANDLERS: Final[list[HTTPRouteHandler]] = [
    trial_balance,
    trial_balance_csv,
    trial_balance_ndjson,
    lines,
    lines_csv,
    lines_ndjson,
    entry,
    accounts,
    figures,
    generations,
    changes,
    changed_lines,
]

"""Exports of any length in constant memory: a page is read, written and forgotten.

The first page is read before the answer begins, so that a refusal is a problem document. A failure
later cannot become one: NDJSON then ends with an ``error`` line, CSV with a broken connection, and
neither passes for a whole export.
"""

import csv
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

import attrs
import msgspec
from litestar.response import Stream

from core.domain.failures import Failure
from core.ports.books import LineFilter, LineRow
from core.services.reading import ROWS_MAX
from interfaces.http import book_shapes, book_shaping
from interfaces.http.asking import Asker
from interfaces.http.book_shaping import Accounts
from interfaces.http.problems import problem_of
from interfaces.report_rows import OURS
from interfaces.spreadsheets import harmless

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"

_log: Final = logging.getLogger("monitr.http")

Write = Callable[[Sequence[object]], bytes]


def every_line(
    asker: Asker, entity_id: str, generation: int, where: LineFilter
) -> Iterator[Sequence[LineRow]]:
    """All pages of one generation: an import that publishes meanwhile does not mix in."""
    cursor = None
    while True:  # ends: a page without a next cursor is the last
        _, page = asker.services.reading.lines(
            asker.organisation_id,
            entity_id,
            where=where,
            as_of=str(generation),
            cursor=cursor,
            limit=ROWS_MAX,
        )
        yield page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def lines_stream(
    pages: Iterator[Sequence[LineRow]], accounts: Accounts, media_type: str, name: str
) -> Stream:
    shaped = ([book_shaping.line_row(row, accounts) for row in page] for page in pages)
    first = next(shaped)
    following = chain([first], shaped)
    body = (
        ndjson(following)
        if media_type == NDJSON
        else as_csv(following, [one.name for one in attrs.fields(book_shapes.Line)])
    )
    return Stream(body, media_type=media_type, headers=attachment(name))


def rows_stream(rows: Sequence[object], shape: type, media_type: str, name: str) -> Stream:
    """Rows that are few enough to be at hand already."""
    pages = iter([rows])
    columns = [one.name for one in attrs.fields(shape)]
    body = ndjson(pages) if media_type == NDJSON else as_csv(pages, columns)
    return Stream(body, media_type=media_type, headers=attachment(name))


def ndjson(pages: Iterator[Sequence[object]]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    try:
        for page in pages:
            yield encoder.encode_lines(page)
    except Failure as failure:
        _log.warning("export cut short: %s", failure.code)
        yield encoder.encode_lines([{"error": problem_of(failure)}])


def as_csv(pages: Iterator[Sequence[object]], columns: Sequence[str]) -> Iterator[bytes]:
    """Texts are guarded against formulas; amounts and dates are never touched."""
    head = io.StringIO()
    csv.writer(head).writerow(columns)
    yield head.getvalue().encode()
    for page in pages:
        part = io.StringIO()
        writer = csv.writer(part)
        for row in page:
            writer.writerow([_cell(name, getattr(row, name)) for name in columns])
        yield part.getvalue().encode()


def _cell(name: str, value: object) -> object:
    return value if name in OURS else harmless(value)


def attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}

"""Files over HTTP: upload, preview, mapping, confirm, rejected rows, undo.

A file is the body of its request, read as it comes: neither it nor a large part of it is ever held
in memory.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import TimeoutError as TooSlow
from contextlib import contextmanager
from typing import Annotated, Final

from litestar import Response, delete, get, post, put
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, Parameter
from litestar.response import Stream

from core.domain.column_mapping import document_of, mapping_of
from core.domain.failures import CorrectRequest, NotUnderstood
from core.domain.file_import import Upload
from core.domain.money import text_of
from core.ports.files import FILE_BYTES_MAX
from core.services.upload_checks import Days
from core.services.uploading import NAME_CHARACTERS_MAX, Decided
from interfaces.http import upload_shapes as shapes
from interfaces.http.asking import OPERATE, READ, Asking, Id
from interfaces.http.cursors import PAGE_DEFAULT, Cursor, Limit
from interfaces.http.paging import after_of, cursor_to, split
from interfaces.http.problems import AnyRequest
from interfaces.rejected_rows import as_csv

CHUNK_SECONDS: Final = 60.0
"""A sender that is silent this long has gone."""

Name = Annotated[
    str,
    Parameter(min_length=1, max_length=NAME_CHARACTERS_MAX, description="The file's name."),
]
Day = Annotated[
    dt.date | None,
    Parameter(description="The days the file replaces, if more than its own: both or neither."),
]


@post(
    "/entities/{entity_id:str}/uploads",
    opt=OPERATE,
    request_max_body_size=FILE_BYTES_MAX,
)
async def upload(
    asker: Asking,
    request: AnyRequest,
    entity_id: Id,
    name: Name,
    covers_from: Day = None,
    covers_to: Day = None,
) -> Response[shapes.Upload]:
    """Upload a file (the body, as it is). It is read through and shown; nothing is imported.

    Answers 200 when the same file, read the same way, was there already.
    """
    covers = _covers(covers_from, covers_to)
    chunks = _pulled(request.stream(), asyncio.get_running_loop())

    def receive() -> Response[shapes.Upload]:
        with _about_the_file():
            received = asker.services.uploading.receive(
                asker.organisation_id,
                entity_id,
                name,
                chunks,
                operator=asker.operator,
                covers=covers,
            )
        return Response(shaped(received.upload), status_code=200 if received.again else 201)

    return await sync_to_thread(receive)


def _pulled(stream: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """The body's chunks, for a thread: each is asked of the event loop when it is wanted."""

    async def following() -> bytes | None:
        return await anext(stream, None)

    while True:  # ends: with the body, or when the sender falls silent
        try:
            chunk = asyncio.run_coroutine_threadsafe(following(), loop).result(CHUNK_SECONDS)
        except TooSlow:
            raise CorrectRequest(
                "The file stopped coming: send it again.", code="upload-stalled"
            ) from None
        if chunk is None:
            return
        yield chunk


@contextmanager
def _about_the_file() -> Iterator[None]:
    """A file that cannot be read is the sender's to put right, not a provider's bad answer."""
    try:
        yield
    except NotUnderstood as failure:
        raise CorrectRequest(
            failure.sentence, detail=failure.detail, code=failure.code
        ) from failure


@get("/entities/{entity_id:str}/uploads", opt=READ, sync_to_thread=True)
def uploads(
    asker: Asking, entity_id: Id, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> shapes.UploadPage:
    """The files uploaded for an entity, newest first."""
    scope = f"uploads:{entity_id}"
    found = asker.services.uploading.uploads(
        asker.organisation_id,
        entity_id,
        before=after_of(asker, scope, cursor),
        limit=limit + 1,
    )
    items, more = split(found, limit)
    position = items[-1].id if more else None
    return shapes.UploadPage(
        items=[shaped(one) for one in items], next_cursor=cursor_to(asker, scope, position)
    )


@get("/uploads/{upload_id:str}", opt=READ, sync_to_thread=True)
def one_upload(asker: Asking, upload_id: Id) -> shapes.Upload:
    """An upload with its preview."""
    return shaped(asker.services.uploading.get(asker.organisation_id, upload_id))


@put("/uploads/{upload_id:str}/mapping", opt=OPERATE, sync_to_thread=True)
def read_so(asker: Asking, upload_id: Id, data: JSONBody[shapes.ReadSo]) -> shapes.Upload:
    """Read a staged upload another way; the preview is that of the new reading."""
    found = asker.services.uploading.get(asker.organisation_id, upload_id)
    mapping = None
    if data.mapping is not None:
        mapping = mapping_of(data.mapping, found.look.mapping, found.look.columns)
    with _about_the_file():
        again = asker.services.uploading.remap(
            asker.organisation_id,
            upload_id,
            mapping=mapping,
            covers=_covers(data.covers_from, data.covers_to),
        )
    return shaped(again)


@post("/uploads/{upload_id:str}/confirm", opt=OPERATE, status_code=200, sync_to_thread=True)
def confirm_upload(asker: Asking, upload_id: Id, data: JSONBody[shapes.Confirm]) -> shapes.Decided:
    """Import it. What does not balance is refused unless ``anyway``."""
    return _decided(
        asker.services.uploading.confirm(
            asker.organisation_id, upload_id, operator=asker.operator, anyway=data.anyway
        )
    )


@post("/uploads/{upload_id:str}/undo", opt=OPERATE, status_code=200, sync_to_thread=True)
def undo_upload(asker: Asking, upload_id: Id) -> shapes.Decided:
    """Take it out again: the books become what they were without it."""
    return _decided(
        asker.services.uploading.undo(asker.organisation_id, upload_id, operator=asker.operator)
    )


@delete("/uploads/{upload_id:str}", opt=OPERATE, status_code=200, sync_to_thread=True)
def discard_upload(asker: Asking, upload_id: Id) -> shapes.Upload:
    """Drop an upload that was never confirmed, and its bytes."""
    return shaped(
        asker.services.uploading.discard(asker.organisation_id, upload_id, operator=asker.operator)
    )


@get("/uploads/{upload_id:str}/rejected", opt=READ, media_type="text/csv", sync_to_thread=True)
def rejected_rows(asker: Asking, upload_id: Id) -> Stream:
    """The rows that are not imported, with line number and reason."""
    rows = asker.services.uploading.rejected(asker.organisation_id, upload_id)
    return Stream(
        (part.encode() for part in as_csv(rows)),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="rejected.csv"'},
    )


def _covers(first: dt.date | None, last_day: dt.date | None) -> Days | None:
    if first is None and last_day is None:
        return None
    if first is None or last_day is None:
        raise CorrectRequest(
            "Say the first and the last day a file covers, or neither.",
            code="outside-range",
            setting="covers",
        )
    return first, last_day


def _decided(found: Decided) -> shapes.Decided:
    return shapes.Decided(
        upload=shaped(found.upload), run_id=None if found.run is None else found.run.id
    )


def shaped(found: Upload) -> shapes.Upload:
    summary, look = found.summary, found.look
    mapping = None
    if look.mapping is not None:
        mapping = shapes.Mapping(**document_of(look.mapping))  # type: ignore[arg-type]  # same names
    return shapes.Upload(
        id=found.id,
        entity_id=found.entity_id,
        name=found.name,
        status=found.status.value,
        size_bytes=found.size_bytes,
        sha256=found.sha256,
        created_at=found.created_at,
        confirmed_at=found.confirmed_at,
        undone_at=found.undone_at,
        format=look.format.value,
        label=look.label,
        columns=list(look.columns),
        sample=[shapes.SampleRow(line=line, cells=list(cells)) for line, cells in look.sample],
        mapping=mapping,
        covers_from=summary.first,
        covers_to=summary.last_day,
        lines=summary.lines,
        entries=summary.entries,
        accounts=summary.accounts,
        debit=text_of(summary.debit_e4),
        credit=text_of(summary.credit_e4),
        unbalanced_entries=summary.unbalanced,
        rejected=summary.rejected,
        balances=summary.balances,
        obstacles=list(summary.obstacles),
        remarks=[
            shapes.Remark(weight=one.weight.value, code=one.code, sentence=one.sentence)
            for one in summary.remarks
        ],
    )


HANDLERS: Final[list[HTTPRouteHandler]] = [
    upload,
    uploads,
    one_upload,
    read_so,
    confirm_upload,
    undo_upload,
    discard_upload,
    rejected_rows,
]

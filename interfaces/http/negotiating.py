"""Which form a report is wanted in: ``?format=`` first, then the Accept header, JSON otherwise."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any, Final

import attrs
from litestar import Request, Response
from litestar.params import QueryParameter
from litestar.response import Stream

from core.domain.failures import CorrectRequest
from interfaces.http.exporting import CSV, NDJSON, as_csv, attachment, ndjson
from interfaces.parquet import as_parquet

PARQUET: Final = "application/vnd.apache.parquet"
EXPORTED: Final = "exported"
"""The handler option of a report that also comes as a file; the document tells of its forms."""


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


MEDIA_TYPES: Final = {Form.CSV: CSV, Form.NDJSON: NDJSON, Form.PARQUET: PARQUET}

FormQuery = Annotated[
    Form | None,
    QueryParameter(
        name="format", description="How to answer; by the Accept header when left out, else JSON."
    ),
]


def form_of(request: "Request[Any, Any, Any]", asked: Form | None) -> Form:
    """The first media type of the Accept header that is one of ours decides; weights do not."""
    if asked is not None:
        return asked
    for part in request.headers.get("accept", "").split(","):
        wanted = part.partition(";")[0].strip().lower()
        for form, media_type in MEDIA_TYPES.items():
            if wanted == media_type:
                return form
        if wanted in {"application/json", "*/*"}:
            break
    return Form.JSON


def exported(
    form: Form, pages: Iterator[Sequence[object]], shape: type, name: str
) -> Response[Any]:
    """Rows as a file of that form, page by page; the first page is read before the answer begins,
    so that a refusal is a problem document.
    """
    if form is Form.JSON:
        raise CorrectRequest("JSON is no file: leave the format out.", code="bad-format")
    first = next(pages, ())
    following = chain([first], pages)
    columns = [one.name for one in attrs.fields(shape)]
    write: dict[Form, Callable[[], Iterator[bytes]]] = {
        Form.CSV: lambda: as_csv(following, columns),
        Form.NDJSON: lambda: ndjson(following),
        Form.PARQUET: lambda: as_parquet(columns, chain.from_iterable(following), getattr),
    }
    return Stream(
        write[form](),
        media_type=MEDIA_TYPES[form],
        headers=attachment(f"{name}.{form.value}"),
    )

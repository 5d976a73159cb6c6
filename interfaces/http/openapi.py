"""The OpenAPI 3.1 document, generated from the handlers and their attrs types, and its page."""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import attrs
import msgspec
from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.enums import ParamType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig

from core.domain.access import Scope
from interfaces.http import (
    book_shapes,
    connections,
    following,
    log_shapes,
    report_shapes,
    shapes,
    upload_shapes,
)
from interfaces.http.asking import SCOPE_OPTION
from interfaces.http.examples import example_of
from interfaces.http.negotiating import EXPORTED, MEDIA_TYPES, Form
from interfaces.http.pages import shell
from interfaces.http.problems import BASIC_OPTION, PROBLEM_MEDIA_TYPE
from interfaces.http.repeats import KEY_CHARACTERS_MAX

Document = dict[str, Any]

PREFIX: Final = "/v1"
OPEN_TO_PAGES: Final = {SCOPE_OPTION: Scope.READ, BASIC_OPTION: True}
_STREAMED: Final[dict[str, Document]] = {
    "text/csv": {"type": "string"},
    "application/x-ndjson": {"type": "string"},
    "text/event-stream": {
        "type": "object",
        "description": "Each event of the stream.",
        "properties": {
            "id": {"type": "string", "pattern": "^[0-9]+$"},
            "event": {"type": "string"},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": "#/components/schemas/Event"},
            },
        },
        "required": ["id", "event", "data"],
    },
}
"""What is in a streamed answer: of a stream of events, one of them."""

_DESCRIPTION: Final = (
    "Your books, out of your accounting software, in one place, proven to the cent. "
    "Send an API token as `Authorization: Bearer ...`; make one with `monitr token create`. "
    "Errors are problem documents (RFC 9457) with `code`, `action` and `retry_at`. "
    "Any POST may carry an Idempotency-Key. Words such as `status` may grow new values."
)

_KEY: Final[Document] = {
    "name": "Idempotency-Key",
    "in": ParamType.HEADER.value,
    "required": False,
    "description": "The same key gets the same answer for 24 hours.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": KEY_CHARACTERS_MAX,
        "pattern": "^[ -~]+$",
    },
}


def build_document(handlers: Sequence[HTTPRouteHandler], given: dict[str, Provide]) -> Document:
    """Of the handlers under the prefix. ``given``: dependencies that are no parameters."""

    @get("/problem", sync_to_thread=False)
    def problem() -> shapes.Problem:
        raise AssertionError("only its type is looked at")

    drawn = Litestar(
        route_handlers=[
            Router(PREFIX, route_handlers=[*handlers, problem], dependencies=dict(given))
        ],
        openapi_config=OpenAPIConfig(
            title="Monitr",
            version=_version(),
            description=_DESCRIPTION,
            use_handler_docstrings=True,
        ),
        logging_config=None,
    )
    document: Document = msgspec.to_builtins(drawn.openapi_schema.to_schema())
    del document["paths"][f"{PREFIX}/problem"]
    scopes = _scopes(handlers)
    files = {
        path.replace(":str}", "}") for one in handlers if EXPORTED in one.opt for path in one.paths
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(operation, method, scopes[path.removeprefix(PREFIX), method])
            if method == "get" and path.removeprefix(PREFIX) in files:
                _add_files(operation)
    components = document["components"]
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for name, schema in components["schemas"].items():
        shape = _shape(name)
        if shape is not None:
            schema["examples"] = [example_of(shape)]
    return document


def _scopes(handlers: Sequence[HTTPRouteHandler]) -> dict[tuple[str, str], Scope]:
    found = {}
    for handler in handlers:
        for path in handler.paths:
            plain = path.replace(":str}", "}")
            for method in handler.http_methods:
                found[plain, method.lower()] = handler.opt[SCOPE_OPTION]
    return found


def _complete(operation: Document, method: str, scope: Scope) -> None:
    """What the framework cannot know: every error is a problem, and which token may ask."""
    responses = operation["responses"]
    responses.pop("400", None)
    for answer in responses.values():
        for media_type, content in answer.get("content", {}).items():
            if media_type.partition(";")[0] in _STREAMED:
                content["schema"] = _STREAMED[media_type.partition(";")[0]]
    responses["default"] = {
        "description": "A problem: what to do is in `detail`, for programs in `code`.",
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _plain(parameter["schema"])
    operation["x-scope"] = scope.value
    if method == "post":
        operation.setdefault("parameters", []).append(_KEY)


def _add_files(operation: Document) -> None:
    """The other forms in which a report comes."""
    for form, media_type in MEDIA_TYPES.items():
        binary = {"type": "string", "format": "binary"} if form is Form.PARQUET else None
        operation["responses"]["200"]["content"][media_type] = {
            "schema": binary or {"type": "string"}
        }


def _plain(schema: Document) -> Document:
    """A parameter's schema without null, which no query can say: an optional one is left out.

    The framework also forgets a minimum of 0; every integer parameter here has a minimum.
    """
    found = dict(schema)
    options = [one for one in found.pop("oneOf", []) if one.get("type") != "null"]
    for option in options:
        found = {**option, **found}
    if found.get("type") == "integer":
        found.setdefault("minimum", 0)
    return found


def _shape(name: str) -> type | None:
    for module in (
        shapes,
        book_shapes,
        report_shapes,
        log_shapes,
        connections,
        following,
        upload_shapes,
    ):
        shape = getattr(module, name, None)
        if isinstance(shape, type) and attrs.has(shape):
            return shape
    return None


def _version() -> str:
    try:
        return version("monitr")
    except PackageNotFoundError:
        return "0+unknown"


def docs_handlers(
    handlers: Sequence[HTTPRouteHandler], given: dict[str, Provide]
) -> list[HTTPRouteHandler]:
    """The document and its page. A browser may send the token as a password for these two."""

    @lru_cache(maxsize=1)
    def document() -> Document:
        return build_document(handlers, given)

    @get("/openapi.json", opt=OPEN_TO_PAGES, include_in_schema=False, sync_to_thread=True)
    def openapi() -> Response[bytes]:
        return Response(
            msgspec.json.encode(document()), media_type="application/vnd.oai.openapi+json"
        )

    @get("/docs", opt=OPEN_TO_PAGES, include_in_schema=False, sync_to_thread=True)
    def docs() -> Response[str]:
        return Response(docs_page(document()), media_type="text/html")

    return [openapi, docs]


def docs_page(document: Document) -> str:
    """Every operation on one page: no script, nothing loaded from elsewhere."""
    parts = [
        f"<main><h1>Monitr over HTTP, version {escape(document['info']['version'])}</h1>",
        f"<p>{escape(_DESCRIPTION)}</p>",
        f"<p>For programs: <code>{PREFIX}/openapi.json</code></p>",
    ]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parts.append(_operation(path, method, operation))
    for name, schema in document["components"]["schemas"].items():
        parts.append(_schema(name, schema))
    return shell("Monitr over HTTP", "".join([*parts, "</main>"]))


def _operation(path: str, method: str, operation: Document) -> str:
    parameters = "".join(_parameter(one) for one in operation.get("parameters", []))
    return (
        f"<details><summary><code>{escape(method.upper())} {escape(path)}</code></summary>"
        f"<p>{escape(operation.get('description') or '')}</p>"
        f"<p>Scope: {escape(operation['x-scope'])}</p><ul>{parameters}</ul></details>"
    )


def _parameter(found: Document) -> str:
    needed = ", required" if found.get("required") else ""
    return (
        f"<li><code>{escape(found['name'])}</code> ({escape(found['in'])}{needed}) "
        f"{escape(found.get('description') or '')}</li>"
    )


def _schema(name: str, schema: Document) -> str:
    shown = msgspec.json.format(msgspec.json.encode(schema.get("examples", [schema])[0])).decode()
    return (
        f"<details><summary>{escape(name)}</summary>"
        f"<p>{escape(schema.get('description') or '')}</p>"
        f"<pre><code>{escape(shown)}</code></pre></details>"
    )

"""The HTTP shell put together. No rule of its own: each handler is a few lines on one service."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from litestar import Litestar, Response, Router, get
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, ExceptionHandlersMap, Message, Scope

from core.domain.failures import Failure
from core.services.services import Services
from interfaces.http import activity, books, connections, following, reports, uploads
from interfaces.http.asking import Gate, asker_from
from interfaces.http.bodies import BodyRequest
from interfaces.http.callbacks import HTML, callback_handlers
from interfaces.http.counting import Counts
from interfaces.http.headers import SECURITY_HEADERS
from interfaces.http.keeping import Kept
from interfaces.http.openapi import PREFIX, docs_handlers
from interfaces.http.pages import welcome
from interfaces.http.problems import on_depth, on_error, on_failure, on_http_exception
from interfaces.http.rates import REFUSAL_RATE, TOKEN_RATE, Buckets, Rate
from interfaces.http.repeats import Repeatable
from interfaces.http.state import metrics_handler, open_handlers
from interfaces.http.strictness import Documented

BODY_BYTES_MAX: Final = 1_048_576
"""Room for a selection of many thousand administrations, for nothing larger. A route that takes
more (an upload) says so itself: ``request_max_body_size=`` of its handler."""

THREADS_MAX: Final = 32
"""Requests at work at a time: one that waits for a provider must not stop the others."""

DEFAULT_BASE: Final = "http://127.0.0.1:8710"

API_HANDLERS: Final = [
    *connections.HANDLERS,
    *following.HANDLERS,
    *books.HANDLERS,
    *reports.HANDLERS,
    *uploads.HANDLERS,
    *activity.HANDLERS,
]
"""Everything under the prefix that OpenAPI describes."""


_ON_ERROR: Final[ExceptionHandlersMap] = {
    Failure: on_failure,
    HTTPException: on_http_exception,
    RecursionError: on_depth,
    Exception: on_error,
}


@get("/", sync_to_thread=False)
def root() -> Response[str]:
    return Response(welcome(), media_type=HTML)


async def _with_security_headers(message: Message, _: Scope) -> None:
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)


async def _make_room(_: Litestar) -> None:
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="monitr-http")
    )


def build_http(
    services: Callable[[], Services] | Services,
    *,
    identity: str,
    callback_base: str = DEFAULT_BASE,
    token_rate: Rate = TOKEN_RATE,
    refusal_rate: Rate = REFUSAL_RATE,
) -> Litestar:
    """The shell over these services. ``identity`` tells which data directory it serves;
    ``callback_base`` is the address under which providers reach it, without a path.
    """

    def opened() -> Services:
        return services if isinstance(services, Services) else services()

    counts, kept, documented = Counts(), Kept(), Documented()
    asking, refused = Buckets(token_rate), Buckets(refusal_rate)

    # Functions, because the framework copies everything else once for each route.
    def gate(app: ASGIApp) -> ASGIApp:
        return Gate(app, opened, asking, refused, counts, kept, documented)

    def repeatable(app: ASGIApp) -> ASGIApp:
        return Repeatable(app, opened)

    given = {
        "asker": Provide(asker_from(opened), sync_to_thread=False),
        "redirect_base": Provide(lambda: callback_base, sync_to_thread=False),
        "where": Provide(books.line_filter, sync_to_thread=False),
    }
    gated = Router(
        "/",
        route_handlers=[
            metrics_handler(counts),
            Router(PREFIX, route_handlers=[*API_HANDLERS, *docs_handlers(API_HANDLERS, given)]),
        ],
        dependencies=given,
        middleware=[gate, repeatable],
    )
    return Litestar(
        route_handlers=[
            root,
            *open_handlers(opened, identity),
            # In a router, because the framework registers what is directly here once per method.
            Router("/", route_handlers=callback_handlers(opened, callback_base)),
            gated,
        ],
        exception_handlers=_ON_ERROR,
        request_class=BodyRequest,
        before_send=[_with_security_headers],
        on_startup=[_make_room, documented.learn],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )

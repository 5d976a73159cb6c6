"""The HTTP shell: OAuth callbacks with their landing pages, and health. No rule of its own."""

from collections.abc import Callable
from typing import Final

from litestar import Litestar, Response, get
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException
from litestar.types import Message, Scope

from core.domain.failures import Failure
from core.services.services import Services
from interfaces.http.callbacks import HTML, callback_handlers
from interfaces.http.pages import CONTENT_SECURITY_POLICY, welcome
from interfaces.http.problems import on_error, on_failure, on_http_exception

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer, errors included: an address with a code in it must not travel any further."""

BODY_BYTES_MAX: Final = 65_536


async def _with_security_headers(message: Message, _: Scope) -> None:
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in SECURITY_HEADERS.items():
            headers[name] = value


def build_http(services: Callable[[], Services] | Services, *, identity: str) -> Litestar:
    """The shell over these services. ``identity`` tells which data directory it serves."""

    def opened() -> Services:
        return services if isinstance(services, Services) else services()

    @get("/", sync_to_thread=False)
    def root() -> Response[str]:
        return Response(welcome(), media_type=HTML)

    @get("/health", sync_to_thread=True)
    def health() -> dict[str, str]:
        """Whether the storage can be read, and whose data directory this is."""
        opened().onboarding.organisations()
        return {"status": "ok", "monitr": identity}

    return Litestar(
        route_handlers=[root, health, *callback_handlers(opened)],
        exception_handlers={
            Failure: on_failure,
            HTTPException: on_http_exception,
            Exception: on_error,
        },
        before_send=[_with_security_headers],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )

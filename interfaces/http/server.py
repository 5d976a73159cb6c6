"""Running the shell with uvicorn: in the foreground until a signal, or in a thread.

The access log is our own, because a path may be logged and a query may not: callbacks carry codes.
"""

import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import uvicorn

from core.domain.failures import FixSettings, OurBug
from interfaces.http.protocol import HEAD_BYTES_MAX, PatientProtocol, canned

BACKLOG_CONNECTIONS: Final = 128
KEEP_ALIVE_SECONDS: Final = 5
CONCURRENT_REQUESTS_MAX: Final = 200
SHUTDOWN_SECONDS: Final = 10
"""Requests under way get this long to end."""
START_SECONDS: Final = 20
PATH_CHARACTERS_LOGGED: Final = 200
METHOD_CHARACTERS_LOGGED: Final = 20

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""Any ASGI application: frameworks spell these types differently, on the wire they are one."""

_log: Final = logging.getLogger("monitr.http")


def guarded(app: ASGIApp) -> ASGIApp:
    """The app, with so many requests at a time at most, and an answer whatever it raises.

    One log line per request: method, path, status, milliseconds. Never a query.
    """
    under_way = 0

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        nonlocal under_way
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        under_way += 1
        try:
            if under_way > CONCURRENT_REQUESTS_MAX:
                await _say(HTTPStatus.SERVICE_UNAVAILABLE, watched)
            elif _ambiguous(scope["headers"]):
                await _say(HTTPStatus.BAD_REQUEST, watched)
            else:
                await app(scope, receive, watched)
        except Exception as error:
            if status:
                raise  # too late for another answer: the connection breaks
            _log.error("%s in the application", type(error).__name__)
            await _say(HTTPStatus.INTERNAL_SERVER_ERROR, watched)
        finally:
            under_way -= 1
            _log.info(
                "%s %s %d %.0f ms",
                ascii(scope["method"][:METHOD_CHARACTERS_LOGGED]).strip("'"),
                ascii(scope["path"][:PATH_CHARACTERS_LOGGED]),
                status,
                (time.monotonic() - began) * 1_000,
            )

    return wrapped


def _ambiguous(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Two lengths of one body: something between may take the one and we the other, and a request
    would hide in the body of another (RFC 9112, 6.3).
    """
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in headers}


async def _say(status: HTTPStatus, send: Send) -> None:
    headers, body = canned(status)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def listening(host: str, port: int) -> socket.socket:
    """A bound socket (port 0: any free one); FixSettings when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG_CONNECTIONS)
    except OSError as error:
        raise FixSettings(
            f"{host}:{port} cannot be listened on ({error.strerror or 'no such address'}): stop "
            "what uses it, or choose another port with MONITR_HTTP_PORT.",
            code="address-in-use",
            setting="MONITR_HTTP_PORT",
        ) from error


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        guarded(app),
        access_log=False,
        log_config=None,
        server_header=False,
        http=PatientProtocol,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ws="none",
    )


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Answer until SIGINT or SIGTERM. FixSettings when the address cannot be listened on."""
    with listening(host, port) as bound:
        uvicorn.Server(_config(app)).run(sockets=[bound])


class _TellingServer(uvicorn.Server):
    """Tells when it answers, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.answering.set()


class BackgroundServer(AbstractContextManager["BackgroundServer"]):
    """The shell in a thread of this process while the context is open. ``port`` is the real one."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self.host = host
        self.port = port

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        self._socket = listening(self.host, self.port)
        self.port = self._socket.getsockname()[1]
        self._server = _TellingServer(_config(self._app))
        self._thread = threading.Thread(target=self._run, name="monitr-http", daemon=True)
        self._thread.start()
        if not self._server.answering.wait(START_SECONDS):
            self._stop()
            raise OurBug(
                "The callback server did not start: report it with the log.",
                detail=f"uvicorn not started after {START_SECONDS} s",
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(SHUTDOWN_SECONDS + 1)
        self._socket.close()

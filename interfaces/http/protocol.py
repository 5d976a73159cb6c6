"""The server's side of one connection: patient only for so long, and never answering in plain text.

uvicorn waits for ever for a request that is begun and not finished, and for a client that does not
read its answer; a few hundred such connections would keep everybody else out. What it refuses by
itself, because it is no HTTP, it refuses in plain text. Both are put right here.
"""

import asyncio
import sys
from http import HTTPStatus
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from core.domain.failures import Action
from interfaces.http.headers import SECURITY_HEADERS
from interfaces.http.problems import PROBLEM_MEDIA_TYPE, encoded
from interfaces.http.shapes import Problem

HEAD_SECONDS: Final = 20.0
"""From the first byte, or from connecting, to the end of the headers."""

BODY_PAUSE_SECONDS: Final = 30.0
"""Between two pieces of a body that is read."""

BODY_SECONDS_MAX: Final = 600.0
"""For a whole body: a large upload over a slow line."""

UNREAD_SECONDS_MAX: Final = 30.0
"""A client that took none of what waits for it for so long is gone, or up to something."""

CONNECTIONS_MAX: Final = 500
"""Open at a time in this process. Idle ones end by themselves."""

HEAD_BYTES_MAX: Final = 65_536
"""Of a request line and its headers together; a callback's query is at most a quarter of it."""

_SENTENCES: Final[dict[HTTPStatus, str]] = {
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Monitr could not answer because of an error of its own: look into its log and report it."
    ),
    HTTPStatus.BAD_REQUEST: "This is no HTTP request: look at what sends it.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time: send it again, at once.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The address and headers are too long: send less.",
    HTTPStatus.NOT_IMPLEMENTED: "This way of sending a body is not known: send a Content-Length.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too many connections are open: try again in a moment.",
}

_ACTIONS: Final[dict[HTTPStatus, Action]] = {
    HTTPStatus.INTERNAL_SERVER_ERROR: Action.REPORT_BUG,
    HTTPStatus.SERVICE_UNAVAILABLE: Action.WAIT,
}
"""Of the others: correct the request."""

RETRY_AFTER_SECONDS: Final = 5


def canned(status: HTTPStatus) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """(headers, body) of a problem that is known before anybody looks at the request."""
    action = _ACTIONS.get(status, Action.CORRECT_REQUEST)
    body = encoded(
        Problem(
            type="about:blank",
            title=status.phrase,
            status=status,
            code=status.phrase.lower().replace(" ", "-"),
            action=action.value,
            detail=_SENTENCES[status],
        )
    )
    headers = {
        **SECURITY_HEADERS,
        "Content-Type": PROBLEM_MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    if action is Action.WAIT:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()], body


class PatientProtocol(H11Protocol):
    """uvicorn's own, with an end to every wait."""

    _waiting: asyncio.TimerHandle | None = None
    """For bytes the client owes."""
    _unread: asyncio.TimerHandle | None = None
    _body_until: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._wait(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._look()

    def _look(self) -> None:
        """What the client owes now, and how long it may take."""
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            now = self.loop.time()
            if self._body_until is None:
                self._body_until = now + BODY_SECONDS_MAX
            self._stop_waiting()
            self._wait(min(BODY_PAUSE_SECONDS, self._body_until - now))
            return
        self._body_until = None
        begun = state is h11.IDLE and bool(self.conn.trailing_data[0])
        if not begun:
            self._stop_waiting()
        elif self._waiting is None:
            self._wait(HEAD_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._waiting = self.loop.call_later(max(0.0, seconds), self._too_slow)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_slow(self) -> None:
        self._waiting = None
        if self.flow.read_paused:  # it is us who do not read
            self._wait(BODY_PAUSE_SECONDS)
            return
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._end_soon()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None and not self.transport.is_closing():
            self._unread.cancel()
            self._unread = None

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._end_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Called while the error that h11 raised is handled: it knows the better status."""
        error = sys.exc_info()[1]
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        known = {status.value: status for status in _SENTENCES}
        self._refuse(known.get(hint, HTTPStatus.BAD_REQUEST))

    def _refuse(self, status: HTTPStatus) -> None:
        """Say so, unless an answer is under way already, and close."""
        headers, body = canned(status)
        try:
            for event in (
                h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            self.transport.abort()
            return
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # whoever waits for the body hears that none comes
            cycle.message_event.set()
        self.transport.close()
        self._end_soon()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._end_soon()

    def _end_soon(self) -> None:
        """Unless the client takes what waits for it; also a closed connection waits for that."""
        if self._unread is None:
            self._unread = self.loop.call_later(UNREAD_SECONDS_MAX, self.transport.abort)

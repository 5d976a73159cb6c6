"""The ASGI face of the stand-ins: one app, and the port says which provider is meant."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from attrs import define
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.control import PREFIX, Control
from sandbox.faults import BEFORE_WORK, Fault, FaultKind, spoil
from sandbox.request_log import RequestLog
from sandbox.wire import WireRequest, WireResponse, text_response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PROMISED_TOO_MUCH = 4_096
"""Bytes a truncated answer promises beyond those it sends."""

_log = logging.getLogger(__name__)
_open_transports: dict[tuple[str, int], asyncio.Transport] = {}


class CuttableProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1, with its connections findable, so that a fault can cut one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            _open_transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _open_transports.pop(self.client, None)
        super().connection_lost(exc)


@define
class _Outcome:
    response: WireResponse
    fault: Fault | None = None


class SandboxApp:
    """Dispatches by local port, applies faults, keeps the log. Handlers run one at a time."""

    def __init__(self, log: RequestLog, lock: threading.RLock) -> None:
        self.controls: dict[int, Control] = {}
        self._log = log
        self._lock = lock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        control = self.controls[scope["server"][1]]
        request = await _read(scope, receive)
        if request.path.startswith(PREFIX):
            with self._lock:
                answer = control.answer(request)
            await _send(send, answer, control)
            return
        began = time.monotonic()
        with self._lock:
            asked = self._log.open(
                control.stand_in.key,
                control.stand_in.clock.now_ms(),
                request,
                control.stand_in.loggable_body(request),
            )
            outcome = _outcome(control, request)
        fault = outcome.fault
        asked.fault = None if fault is None else fault.kind.value
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        asked.took_ms = round((time.monotonic() - began) * 1000)
        if fault is not None and fault.kind in {FaultKind.CLOSE, FaultKind.LOST}:
            await _cut(scope)
            return
        asked.status = outcome.response.status
        if fault is not None and fault.kind is FaultKind.TRUNCATED:
            await _send(send, outcome.response, control, promised=PROMISED_TOO_MUCH)
            await _cut(scope, gently=True)
            return
        await _send(send, outcome.response, control)


def _outcome(control: Control, request: WireRequest) -> _Outcome:
    stand_in = control.stand_in
    fault = control.faults.next_for(request)
    if fault is not None and fault.kind in BEFORE_WORK:
        return _Outcome(stand_in.fault_answer(fault), fault)
    try:
        response = stand_in.handle(request)
    except Exception:  # noqa: BLE001 - a server answers 500 whatever broke
        _log.exception("The stand-in for %s broke on %s", stand_in.key, request.path)
        return _Outcome(text_response("The stand-in itself is broken; see its log.", 500), fault)
    if fault is not None and fault.kind is FaultKind.MALFORMED:
        response = spoil(response)
    if fault is not None and fault.kind is FaultKind.EXTRA_FIELDS:
        response = stand_in.with_extra_fields(response)
    return _Outcome(response, fault)


async def _read(scope: Scope, receive: Receive) -> WireRequest:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host, port = scope["server"]
    return WireRequest(
        method=scope["method"],
        path=unquote(scope["raw_path"].decode("ascii")),
        query_string=scope["query_string"].decode("ascii"),
        headers=headers,
        body=bytes(body),
        base_url=f"http://{headers.get('host', f'{host}:{port}')}",
    )


async def _send(send: Send, response: WireResponse, control: Control, promised: int = 0) -> None:
    """Sends the answer; with ``promised`` its length claims that many bytes more than come."""
    now = datetime.fromtimestamp(control.stand_in.clock.now_ms() / 1000, tz=UTC)
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers
    ]
    headers.append((b"Date", format_datetime(now, usegmt=True).encode()))
    headers.append((b"Content-Length", str(len(response.body) + promised).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": promised > 0})


async def _cut(scope: Scope, *, gently: bool = False) -> None:
    """Ends the connection under the request; gently lets bytes already written go out first."""
    transport = _open_transports.get(tuple(scope["client"]))
    if transport is not None:
        if gently:
            transport.close()
        else:
            transport.abort()
    for _ in range(3):  # let the protocol notice before the app returns, or it would log an error
        await asyncio.sleep(0)

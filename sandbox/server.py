"""Runs the stand-ins: in a thread for tests and demos, or for ever for a command line."""

import asyncio
import gc
import socket
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

import uvicorn

from sandbox.asgi import CuttableProtocol, SandboxApp
from sandbox.catalogue import KEYS, STAND_INS
from sandbox.clock import SandboxClock
from sandbox.control import Control
from sandbox.request_log import Asked, RequestLog
from sandbox.stand_in import StandIn
from sandbox.truth import truths_of
from sandbox.world import World

HOST = "127.0.0.1"
_PATIENCE = 10.0


class _PromptServer(uvicorn.Server):
    """Uvicorn without its tenth-of-a-second waits: hundreds of tests start and stop one."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving = asyncio.Event()
        self.ready = threading.Event()

    def leave(self) -> None:
        """Ends ``main_loop`` from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._leaving.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(3):  # lets the transports close before the loop does
            await asyncio.sleep(0)


class Sandbox:
    """The stand-ins of one seed, listening on loopback between ``start`` and ``stop``.

    ``lines`` is about how many ledger lines the first company gets; ``port`` 0 takes free ports;
    ``providers`` limits which stand-ins are opened (default all registered); ``frozen_at`` stops
    the clock, so that answers are the same to the byte in every run.
    """

    def __init__(
        self,
        seed: int = 1,
        lines: int = 2_000,
        port: int = 0,
        providers: Sequence[str] | None = None,
        frozen_at: datetime | None = None,
    ) -> None:
        self.clock = SandboxClock(frozen_at)
        self.world = World(seed, lines, self.clock)
        self.requests = RequestLog()
        self._port = port
        self._lock = threading.RLock()
        self._app = SandboxApp(self.requests, self._lock)
        keys = [key for key in KEYS if key in STAND_INS and (not providers or key in providers)]
        self._controls = {key: Control(STAND_INS[key](self.world), self.requests) for key in keys}
        self._ports: dict[str, int] = {}
        self._server: _PromptServer | None = None
        self._thread: threading.Thread | None = None

    # -- life --------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Returns when every stand-in answers."""
        sockets: list[socket.socket] = []
        try:
            sockets.extend(self._listen(key) for key in self._controls)
        except OSError:
            for opened in sockets:
                opened.close()
            raise
        config = uvicorn.Config(
            self._app,
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _PromptServer(config)
        self._server = server
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=sockets)), name="sandbox", daemon=True
        )
        self._thread.start()
        if not server.ready.wait(_PATIENCE):
            raise RuntimeError("The sandbox did not start listening.")
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.leave()
            self._thread.join(_PATIENCE)
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _listen(self, key: str) -> socket.socket:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, self._port and self._port + KEYS.index(key)))
        except OSError:
            listening.close()
            raise
        listening.listen(128)
        port = listening.getsockname()[1]
        self._ports[key] = port
        self._app.controls[port] = self._controls[key]
        return listening

    # -- where -------------------------------------------------------------------------------------

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(self._controls)

    def url(self, provider: str) -> str:
        """The origin of a stand-in, without a trailing slash."""
        return f"http://{HOST}:{self._ports[provider]}"

    # -- what the control API offers, as methods ---------------------------------------------------

    def stand_in(self, provider: str) -> StandIn:
        return self._controls[provider].stand_in

    def log(self, provider: str) -> list[Asked]:
        with self._lock:
            return self.requests.of(provider)

    def clear_log(self, provider: str) -> None:
        with self._lock:
            self.requests.clear(provider)

    def add_fault(self, provider: str, fault: Mapping[str, object]) -> None:
        with self._lock:
            self._controls[provider].faults.add(dict(fault))

    def clear_faults(self, provider: str) -> None:
        with self._lock:
            self._controls[provider].faults.clear()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def truth(self, provider: str) -> list[dict[str, object]]:
        with self._lock:
            return truths_of(self._controls[provider].stand_in)

    def edit(self, provider: str, edit: Mapping[str, object]) -> list[str]:
        with self._lock:
            return self._controls[provider].edit(dict(edit))

    def tokens(self, provider: str, action: str) -> None:
        with self._lock:
            self._controls[provider].stand_in.token_action(action)

    def settings(self, provider: str, **settings: object) -> None:
        with self._lock:
            self._controls[provider].stand_in.apply_settings(settings)


def serve_forever(port: int = 9400, seed: int = 1, lines: int = 2_000) -> None:
    """Serves until interrupted; prints nothing, so that the command decides what to say."""
    sandbox = Sandbox(seed=seed, lines=lines, port=port).start()
    gc.freeze()  # a million records that live as long as the process: not worth looking through
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        sandbox.stop()

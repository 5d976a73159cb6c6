"""A deadline over a whole request, also when every single byte arrives in time."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

Trace: TypeAlias = Callable[[str, Mapping[str, object]], None]

_CONNECTED: Final = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class Watchdog:
    """Cuts the connection of the request under way once its deadline is over.

    A server that drips headers keeps the HTTP library waiting inside one call, where no check of
    ours runs; shutting its socket down from a timer thread ends that. Which socket it is the
    library's trace events tell; with one connection at a time the newest is the one in use.
    Looking up a host name is not covered: the operating system bounds it.
    """

    def __init__(self) -> None:
        self.bit = False
        """Whether the last guarded request was cut."""
        self._socket: socket.socket | None = None

    @contextlib.contextmanager
    def guard(self, seconds: float) -> Iterator[Trace]:
        self.bit = False
        timer = threading.Timer(seconds, self._bite)
        timer.daemon = True
        timer.start()
        try:
            yield self._trace
        finally:
            timer.cancel()
            timer.join()

    def _trace(self, event: str, details: Mapping[str, object]) -> None:
        if event in _CONNECTED:
            get_extra_info = getattr(details.get("return_value"), "get_extra_info", None)
            found = get_extra_info("socket") if get_extra_info is not None else None
            self._socket = found if isinstance(found, socket.socket) else None

    def _bite(self) -> None:
        self.bit = True
        current = self._socket
        if current is not None:
            with contextlib.suppress(OSError):
                # The plain socket's method: the TLS one would also drop state the reader uses.
                socket.socket.shutdown(current, socket.SHUT_RDWR)

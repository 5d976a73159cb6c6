"""A server that answers exactly the bytes a test scripts, and in-memory budgets."""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.providers.kit.calls import Kit, TimeOuts
from core.ports.budget import NOBODY, Charge, Left, NotNow
from core.ports.environment import Clock
from core.ports.provider import Limit
from tests.fakes import FakeClock

Script = bytes | Callable[[socket.socket, "ScriptedServer"], None]
"""Bytes of one whole answer, or a function that does as it likes with the connection."""

_WAIT_SECONDS = 10.0


def answer(
    status: int = 200,
    body: bytes = b"{}",
    *,
    headers: Sequence[str] = ("Content-Type: application/json",),
) -> bytes:
    head = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*head, *headers, "", ""]).encode("latin-1") + body


class ScriptedServer:
    """One connection per script entry, in order. ``requests`` are the raw requests seen."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.release = threading.Event()
        """Set on close, so that a script may wait for the end of the test."""
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_WAIT_SECONDS)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        # Wakes accept() when fewer requests came than were scripted.
        if self._thread.is_alive():
            with socket.create_connection(self._listener.getsockname()):
                pass
        self._thread.join(_WAIT_SECONDS)
        self._listener.close()

    def _serve(self) -> None:
        for script in self._scripts:
            connection, _ = self._listener.accept()
            if self._tls is not None:
                connection.settimeout(_WAIT_SECONDS)
                try:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                except OSError:
                    connection.close()
                    continue
            with connection:
                connection.settimeout(_WAIT_SECONDS)
                request = self._read(connection)
                if self.release.is_set():
                    return
                self.requests.append(request)
                try:
                    if callable(script):
                        script(connection, self)
                    else:
                        connection.sendall(script)
                except OSError:
                    continue

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        taken = b""
        while b"\r\n\r\n" not in taken:
            chunk = connection.recv(65_536)
            if not chunk:
                return taken
            taken += chunk
        head, _, body = taken.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += connection.recv(65_536)
        return head + b"\r\n\r\n" + body


def self_signed(folder: Path) -> Path:
    """A PEM file with a fresh key and a certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@define
class FakeBudgets:
    """Implements Budgets over a clock: fixed windows that begin with their first call."""

    clock: Clock
    spent: dict[tuple[str, int], list[datetime]] = field(factory=dict)
    learned: list[tuple[str, Limit, int, datetime]] = field(factory=list)
    under_way: list[str] = field(factory=list)
    """Scopes of the calls that were begun and have not ended."""

    def take(
        self, charges: Sequence[Charge], *, call: str, seconds: float, party: str = NOBODY
    ) -> NotNow | None:
        """Charge by charge, which is the same for one caller."""
        assert call
        assert seconds > 0
        for charge in charges:
            at = self.spend(charge.scope, [each for each in charge.limits if not each.at_once])
            if at is not None:
                return NotNow(at=at)
        self.under_way.extend(charge.scope for charge in charges)
        return None

    def end(self, charges: Sequence[Charge], *, call: str) -> None:
        for charge in charges:
            if charge.scope in self.under_way:
                self.under_way.remove(charge.scope)

    def spend(self, scope: str, limits: Sequence[Limit]) -> datetime | None:
        now = self.clock.now()
        for limit in limits:
            window = self.spent.setdefault((scope, limit.seconds), [])
            begin = now - timedelta(seconds=limit.seconds)
            window[:] = [at for at in window if at > begin]
            if len(window) >= limit.calls:
                return window[0] + timedelta(seconds=limit.seconds)
        for limit in limits:
            self.spent[scope, limit.seconds].append(now)
        return None

    def learn(self, scope: str, limit: Limit, *, remaining: int, resets_at: datetime) -> None:
        self.learned.append((scope, limit, remaining, resets_at))

    def left(self, prefix: str, limits: Sequence[Limit]) -> Sequence[Left]:
        raise AssertionError("no adapter reads what is left: it spends")


def kit_with(clock: FakeClock | None = None, *, time_outs: TimeOuts | None = None) -> Kit:
    """A kit on a fake clock with budgets of its own."""
    ticking = clock or FakeClock()
    return Kit(
        clock=ticking,
        budgets=FakeBudgets(ticking),
        time_outs=time_outs or TimeOuts(connect=5, read=5, write=5, pool=5, deadline=10),
    )

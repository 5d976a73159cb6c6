"""The stream of events: heartbeat, resuming, its end with the token, clients that do not read."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from core.domain.access import Scope
from core.ports.storage import Event
from core.services.access import NotAuthenticated
from interfaces.http import activity, protocol
from interfaces.http.app import build_http
from interfaces.http.rates import STREAMS_PER_TOKEN_MAX
from interfaces.http.server import BackgroundServer
from tests.http.street import IDENTITY, Street

TIMEOUT_SECONDS = 20
PATH = "/v1/activity/stream"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(activity, "HEARTBEAT_SECONDS", 0.05)


@pytest.fixture(scope="module")
def _behind() -> list[Street]:
    return []


@pytest.fixture(scope="module")
def _shared(_behind: list[Street]) -> Iterator[BackgroundServer]:
    app = build_http(lambda: _behind[-1].services, identity=IDENTITY)
    with BackgroundServer(app) as open_:
        yield open_


@pytest.fixture
def server(street: Street, _behind: list[Street], _shared: BackgroundServer) -> BackgroundServer:
    _behind[:] = [street]
    return _shared


@contextmanager
def followed(
    server: BackgroundServer, street: Street, **headers: str
) -> Iterator[tuple[httpx.Response, Iterator[str]]]:
    url = f"{server.base_url}{PATH}"
    with httpx.stream(
        "GET", url, headers={**street.here.headers(), **headers}, timeout=TIMEOUT_SECONDS
    ) as answer:
        yield answer, answer.iter_lines()


def next_starting(lines: Iterator[str], with_: str) -> str:
    """Ends: with the stream, which has a time-out."""
    return next(line for line in lines if line.startswith(with_))


def something_happens(street: Street, name: str = "n") -> None:
    street.services.access.create(street.here.organisation_id, name, Scope.READ, operator="x")


@pytest.mark.usefixtures("quick")
def test_silence_is_filled_and_a_reconnect_is_asked_for(
    server: BackgroundServer, street: Street
) -> None:
    with followed(server, street) as (answer, lines):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert next(lines) == f"retry: {activity.RETRY_MILLISECONDS}"
        for _ in range(3):
            assert next_starting(lines, ":") == ": still here"


@pytest.mark.usefixtures("quick")
def test_without_a_number_it_begins_now_and_with_one_nothing_is_missed(
    server: BackgroundServer, street: Street
) -> None:
    with followed(server, street) as (_, lines):
        next(lines)
        something_happens(street, "first")
        seen = next_starting(lines, "id: ").removeprefix("id: ")
        assert next_starting(lines, "event: ") == "event: token.created"
        data = json.loads(next_starting(lines, "data: ").removeprefix("data: "))
        assert str(data["sequence"]) == seen
        assert "first" in data["text"]
    for name in ("second", "third"):
        something_happens(street, name)
    with followed(server, street, **{"Last-Event-ID": seen}) as (_, lines):
        texts = [next_starting(lines, "data: ") for _ in range(2)]
    assert ["second" in texts[0], "third" in texts[1]] == [True, True]


@pytest.mark.usefixtures("quick")
def test_a_number_from_before_a_restored_backup_begins_now(
    server: BackgroundServer, street: Street
) -> None:
    with followed(server, street, **{"Last-Event-ID": str(2**53)}) as (_, lines):
        next(lines)
        something_happens(street, "after the restoring")
        assert "after the restoring" in next_starting(lines, "data: ")


@pytest.mark.parametrize("number", ["-1", "x", "1.5", str(2**53 + 1), "1,2"])
def test_a_number_that_is_none_is_refused(
    server: BackgroundServer, street: Street, number: str
) -> None:
    with followed(server, street, **{"Last-Event-ID": number}) as (answer, _):
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("busy", [True, False], ids=["busy", "silent"])
def test_it_ends_when_its_token_is_revoked(
    server: BackgroundServer, street: Street, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    """Also while so much happens that it never falls silent."""
    if busy:
        monkeypatch.setattr(activity, "EVENTS_PER_POLL", 1)
    else:
        monkeypatch.setattr(activity, "HEARTBEAT_SECONDS", 3_600.0)
    headers = {"Last-Event-ID": "0"} if busy else {}
    with followed(server, street, **headers) as (_, lines):
        next(lines)
        street.services.access.revoke(
            street.here.organisation_id, street.here.token_ids[Scope.ADMIN], operator="x"
        )
        rest = list(lines)
    if not busy:
        assert not [line for line in rest if line.startswith("data:")]
    assert not [line for line in rest if "token.revoked" in line and line.startswith("event:")]
    with pytest.raises(NotAuthenticated):
        street.services.access.authenticate(street.here.tokens[Scope.ADMIN])


@pytest.mark.usefixtures("quick")
def test_it_ends_after_its_time_and_the_client_resumes(
    server: BackgroundServer, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "STREAM_SECONDS_MAX", 0.02)
    with followed(server, street, **{"Last-Event-ID": "0"}) as (_, lines):
        seen = [line for line in lines if line.startswith("id: ")]
    held = street.services.reading.activity(street.here.organisation_id, after=0, limit=1_000)
    assert seen == [f"id: {one.sequence}" for one in held]


@pytest.mark.usefixtures("quick")
def test_one_token_takes_so_many_streams_and_gives_them_back(
    server: BackgroundServer, street: Street
) -> None:
    with closing(_Many(server, street)) as many:
        many.open(STREAMS_PER_TOKEN_MAX)
        with followed(server, street) as (answer, _):
            assert answer.status_code == 429
            assert answer.headers["retry-after"]
        other = street.here.headers(Scope.READ)
        with followed(server, street, **other) as (answer, lines):
            assert answer.status_code == 200
            next(lines)
    with BackgroundServer(street.app()) as again, followed(again, street) as (answer, lines):
        for _ in range(3):
            next_starting(lines, ":")
        assert activity._OPEN.by_token.total() == 1


class _Many:
    """Streams that stay open until closed."""

    def __init__(self, server: BackgroundServer, street: Street) -> None:
        self._server, self._street = server, street
        self._client = httpx.Client(
            timeout=TIMEOUT_SECONDS, limits=httpx.Limits(max_connections=100)
        )
        self._open: list[tuple[httpx.Response, Iterator[str]]] = []

    def open(self, count: int) -> None:
        for _ in range(count):
            request = self._client.build_request(
                "GET", f"{self._server.base_url}{PATH}", headers=self._street.here.headers()
            )
            answer = self._client.send(request, stream=True)
            assert answer.status_code == 200
            lines = answer.iter_lines()
            next(lines)
            self._open.append((answer, lines))  # the lines too: without them it is closed

    def close(self) -> None:
        for answer, _ in self._open:
            answer.close()
        self._client.close()


def test_a_client_that_reads_nothing_holds_little_and_is_left(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much happens, what waits for it is a few events, and it waits for seconds only."""
    monkeypatch.setattr(protocol, "UNREAD_SECONDS_MAX", 0.2)
    made: list[int] = []
    framed = activity._framed

    def large(event: Event) -> bytes:
        made.append(event.sequence)
        return framed(event) + b": " + b"x" * 500_000 + b"\n\n"

    endless = street.services.reading.activity(street.here.organisation_id, limit=1)[0]
    monkeypatch.setattr(activity, "_framed", large)
    monkeypatch.setattr(activity, "_newer", lambda *_: [endless] * activity.EVENTS_PER_POLL)
    made_when_lost: list[int] = []
    lost = threading.Event()
    connection_lost = protocol.PatientProtocol.connection_lost

    def watched(self: protocol.PatientProtocol, exc: Exception | None) -> None:
        made_when_lost.append(len(made))
        connection_lost(self, exc)
        lost.set()

    monkeypatch.setattr(protocol.PatientProtocol, "connection_lost", watched)
    with BackgroundServer(street.app()) as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect((server.host, server.port))
        token = street.here.tokens[Scope.READ]
        client.sendall(
            f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        assert lost.wait(TIMEOUT_SECONDS), "the stream goes on for a client that never reads"
    assert 1 <= made_when_lost[0] < activity.EVENTS_PER_POLL / 2

"""What an attacker with a plain socket gets: problem documents, and an end to every wait."""

import json
import select
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from attrs import frozen

from interfaces.http import protocol, server
from interfaces.http.app import build_http
from interfaces.http.headers import SECURITY_HEADERS
from interfaces.http.problems import PROBLEM_MEDIA_TYPE
from interfaces.http.server import BackgroundServer
from tests.interfaces.stage import CANARY, Stage
from tests.services.house import House

TIMEOUT_SECONDS = 20
BYTES_MAX = 1_000_000
DRIP_SECONDS = 0.001
"""Between two bytes, unless something came back."""


@frozen
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    rest: bytes
    """What came after it on the same connection."""


@pytest.fixture(scope="module")
def street() -> Iterator[BackgroundServer]:
    with BackgroundServer(build_http(House().services, identity="hash")) as open_:
        yield open_


@contextmanager
def line_to(to: BackgroundServer) -> Iterator[socket.socket]:
    with socket.create_connection((to.host, to.port), timeout=TIMEOUT_SECONDS) as line:
        yield line


def read_from(line: socket.socket, *, whole: bool) -> bytes:
    """One answer; ``whole``: all there is until the other side closes."""
    got = b""
    while len(got) < BYTES_MAX and (whole or not complete(got)):
        try:
            piece = line.recv(65_536)
        except ConnectionResetError:
            break
        if not piece:
            break
        got += piece
    return got


def complete(raw: bytes) -> bool:
    head, found, after = raw.partition(b"\r\n\r\n")
    return bool(found) and len(after) >= length_in(head)


def length_in(head: bytes) -> int:
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
    return int(next((value for name, _, value in lines if name == b"content-length"), b"0"))


def parsed(raw: bytes) -> Answer:
    head, _, after = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    size = int(headers.get("content-length", "0"))
    return Answer(int(first.split(" ")[1]), headers, after[:size], after[size:])


def said_to(to: BackgroundServer, raw: bytes) -> Answer:
    with line_to(to) as line:
        line.sendall(raw)
        return parsed(read_from(line, whole=False))


def is_problem(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses, answer
    assert answer.headers["content-type"] == PROBLEM_MEDIA_TYPE
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name.lower()] == value
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status
    assert {"type", "title", "code", "action", "detail"} <= set(problem)
    assert "server" not in answer.headers
    for leak in (b"Traceback", b"uvicorn", b"h11", b"litestar", CANARY.encode()):
        assert leak not in answer.body.lower()


H = b"Host: x\r\n"


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (b"nonsense\r\n\r\n", (400,)),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\n" + H + H + b"\r\n", (400,)),
        (b"GET /a b HTTP/1.1\r\n" + H + b"\r\n", (400,)),
        (b"GET /\x00 HTTP/1.1\r\n" + H + b"\r\n", (400,)),
        (b"GET / HTTP/1.1\r\n" + H + b"A: b\r\n continued\r\nB\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\n" + H + b"Na me: x\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\n" + H + b"A: x\rSet-Cookie: a=b\r\n\r\n", (400,)),
        (b"GET / HTTP/1.1\r\n" + H + b"A: " + b"x" * 200_000, (431,)),
        (b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n" + H, (431,)),
        (b"GET / HTTP/1.1\r\n" + H + b"".join(b"A%d: x\r\n" % n for n in range(9_000)), (431,)),
        (b"POST /v1/imports HTTP/1.1\r\n" + H + b"Content-Length: -1\r\n\r\n", (400,)),
        (b"POST /v1/imports HTTP/1.1\r\n" + H + b"Content-Length: 1, 2\r\n\r\n", (400,)),
        (
            b"POST /v1/imports HTTP/1.1\r\n"
            + H
            + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
            (400,),
        ),
        (b"POST /v1/imports HTTP/1.1\r\n" + H + b"Transfer-Encoding: gzip\r\n\r\n", (400, 501)),
        (
            b"POST /v1/imports HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            (400, 401),
        ),
        (b"GET http://evil.test/v1/entities HTTP/1.1\r\n" + H + b"\r\n", (404,)),
        (b"CONNECT evil.test:443 HTTP/1.1\r\n" + H + b"\r\n", (400, 404, 405)),
        (b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", (404, 405)),
        (b"GET //v1//entities HTTP/1.1\r\n" + H + b"\r\n", (401, 404)),
        (b"GET /v1/entities/../../health HTTP/1.1\r\n" + H + b"\r\n", (401, 404)),
        (b"GET /v1/%2e%2e/health HTTP/1.1\r\n" + H + b"\r\n", (401, 404)),
        (b"GET /v1/entities%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\n" + H + b"\r\n", (401, 404)),
        (b"GET /%ff%fe HTTP/1.1\r\n" + H + b"\r\n", (404,)),
        (b"BREW /v1/entities HTTP/1.1\r\n" + H + b"\r\n", (405,)),
        (b"GET /v1/entities HTTP/1.0\r\n\r\n", (401,)),
        (
            b"GET /v1/entities HTTP/1.1\r\n" + H + b"Upgrade: websocket\r\n"
            b"Connection: Upgrade\r\n\r\n",
            (401,),
        ),
        (b"GET /v1/entities HTTP/1.1\r\n" + H + b"Authorization: Bearer \xff\xfe\r\n\r\n", (401,)),
        (b"GET /v1/docs HTTP/1.1\r\n" + H + b"Authorization: Basic \xff\r\n\r\n", (401,)),
        (b"GET /v1/docs HTTP/1.1\r\n" + H + b"Authorization: Basic " + b"A" * 9_999, (400, 401)),
    ],
)
def test_whatever_is_sent_is_answered_with_a_problem(
    street: BackgroundServer, raw: bytes, statuses: tuple[int, ...]
) -> None:
    if not raw.endswith(b"\r\n") and 431 not in statuses and b"\r\n\r\n" not in raw:
        raw += b"\r\n\r\n"
    answer = said_to(street, raw)
    is_problem(answer, *statuses)
    assert "set-cookie" not in answer.headers
    assert said_to(street, b"GET /health HTTP/1.1\r\n" + H + b"\r\n").status == 200


def test_no_request_hides_in_another_ones_body(street: BackgroundServer) -> None:
    """Length and chunks at once, which something in between may read otherwise than we do."""
    hidden = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    raw = (
        b"POST /v1/imports HTTP/1.1\r\n"
        + H
        + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(hidden))
        + hidden
    )
    with line_to(street) as line:
        line.sendall(raw)
        answer = parsed(read_from(line, whole=True))
    is_problem(answer, 400)
    assert answer.rest == b""


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /health",
        b"GET /health HTTP/1.1\r\nHost: x\r\nA: ",
        b"POST /oauth/exact-online/callback HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc",
        b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc",
    ],
)
def test_what_is_begun_and_not_finished_ends(
    street: BackgroundServer, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "BODY_PAUSE_SECONDS", 0.1)
    with line_to(street) as line:
        line.sendall(begun)
        got = read_from(line, whole=True)
    answer = parsed(got)
    if answer.status == 408:
        is_problem(answer, 408)
    else:
        assert begun.endswith(b"abc"), "answered without the body"


def test_a_body_that_drips_ends_too(
    street: BackgroundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS_MAX", 0.2)
    with line_to(street) as line:
        line.sendall(b"POST /v1/imports HTTP/1.1\r\n" + H + b"Content-Length: 100000\r\n\r\n")

        def drip() -> None:
            for _ in range(100_000):  # ends: the other side closes
                line.sendall(b"x")
                select.select([line], [], [], DRIP_SECONDS)

        with pytest.raises(ConnectionError):
            drip()


def test_a_second_request_on_the_same_line_may_pause_before_it(street: BackgroundServer) -> None:
    ask = b"GET /health HTTP/1.1\r\n" + H + b"\r\n"
    with line_to(street) as line:
        for piece in (ask, ask[:7]):
            line.sendall(piece)
        first = parsed(read_from(line, whole=False))
        line.sendall(ask[7:])
        second = parsed(read_from(line, whole=False))
        assert (first.status, second.status) == (200, 200)
        line.sendall(ask + ask.replace(H, H + b"Connection: close\r\n"))
        assert read_from(line, whole=True).count(b"HTTP/1.1 200") == 2


def test_lines_that_say_nothing_keep_nobody_out(
    street: BackgroundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CONNECTIONS_MAX", 3)
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    with line_to(street), line_to(street), line_to(street):
        with line_to(street) as line:
            answer = parsed(read_from(line, whole=True))
        is_problem(answer, 503)
        assert answer.headers["retry-after"]
    for _ in range(1_000):  # ends: idle lines are let go
        if said_to(street, b"GET /health HTTP/1.1\r\n" + H + b"\r\n").status == 200:
            return
    raise AssertionError("still kept out")


def test_more_requests_than_can_be_worked_on_are_told_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONCURRENT_REQUESTS_MAX", 2)
    inside, go_on = threading.Semaphore(0), threading.Event()

    def slow(*_: object) -> bool:
        inside.release()
        assert go_on.wait(TIMEOUT_SECONDS)
        return True

    monkeypatch.setattr(type(stage.services.importing), "worker_standing", slow)
    with (
        BackgroundServer(build_http(stage.services, identity="i")) as to,
        ThreadPoolExecutor(2) as pool,
    ):

        def ask() -> Answer:
            return said_to(to, b"GET /ready HTTP/1.1\r\n" + H + b"\r\n")

        busy = [pool.submit(ask) for _ in range(2)]
        for _ in busy:
            assert inside.acquire(timeout=TIMEOUT_SECONDS)
        is_problem(ask(), 503)
        go_on.set()
        assert [one.result(TIMEOUT_SECONDS).status for one in busy] == [200, 200]
        assert ask().status == 200


def test_an_application_that_breaks_is_a_problem_too() -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("canary in an error")

    with BackgroundServer(broken) as to:
        is_problem(said_to(to, b"GET / HTTP/1.1\r\n" + H + b"\r\n"), 500)

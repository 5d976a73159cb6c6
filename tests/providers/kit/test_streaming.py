"""Answers read while they arrive, against a server that answers what the test says."""

import socket
import threading

import pytest
from attrs import evolve

from adapters.providers.kit.calls import NoAnswer, SizeLimits, TimeOuts
from core.domain.failures import NotUnderstood, Wait
from tests.fakes import FakeClock
from tests.providers.kit.scripted import ScriptedServer, answer, kit_with
from tests.providers.kit.test_transport import get, transport


def chunked(*chunks: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks)


def test_a_streamed_answer_is_handed_on_while_it_arrives() -> None:
    def half(connection: socket.socket, server: ScriptedServer) -> None:
        connection.sendall(chunked(b"first"))
        assert heard.wait(5)
        connection.sendall(b"6\r\nsecond\r\n0\r\n\r\n")

    heard = threading.Event()
    with (
        ScriptedServer(half) as server,
        transport() as calls,
        calls.stream(get(server.url)) as streamed,
    ):
        assert (streamed.status, streamed.body) == (200, b"")
        assert next(streamed.chunks) == b"first"
        heard.set()
        assert b"".join(streamed.chunks) == b"second"


def test_a_streamed_read_is_repeated_until_its_body_begins() -> None:
    clock = FakeClock()
    scripts = (answer(503), chunked(b"ok") + b"0\r\n\r\n")
    with ScriptedServer(*scripts) as server, transport(kit_with(clock)) as calls:
        with calls.stream(get(server.url)) as streamed:
            assert b"".join(streamed.chunks) == b"ok"
        assert calls.calls == 2


def test_a_refusal_of_a_streamed_read_is_judged_by_its_body() -> None:
    refusal = answer(400, b"token not expired")
    with (
        ScriptedServer(refusal) as server,
        transport() as calls,
        pytest.raises(Wait),
        calls.stream(get(server.url)),
    ):
        pytest.fail("a refusal is no stream")


def test_a_stream_that_breaks_off_is_not_repeated() -> None:
    with ScriptedServer(chunked(b"half")) as server, transport() as calls:
        with pytest.raises(NoAnswer), calls.stream(get(server.url)) as streamed:
            assert list(streamed.chunks) == []  # never reached: reading raises
        assert calls.calls == 1


def test_a_stream_beyond_its_limit_is_cut() -> None:
    limited = evolve(kit_with(), sizes=SizeLimits(streamed_bytes=6))
    with ScriptedServer(chunked(b"1234", b"5678")) as server, transport(limited) as calls:
        with (
            pytest.raises(NotUnderstood, match="sent more than") as caught,
            calls.stream(get(server.url)) as streamed,
        ):
            list(streamed.chunks)
        assert caught.value.code == "answer-too-large"


def test_a_stream_that_drips_ends_at_its_deadline() -> None:
    def drip(connection: socket.socket, server: ScriptedServer) -> None:
        connection.sendall(chunked(b"x"))
        while not server.release.wait(0.02):
            connection.sendall(b"1\r\nx\r\n")

    impatient = kit_with(time_outs=TimeOuts(streamed=0.3))
    with ScriptedServer(drip) as server, transport(impatient) as calls:
        with pytest.raises(NoAnswer) as caught, calls.stream(get(server.url)) as streamed:
            for _ in streamed.chunks:
                pass
        assert caught.value.code == "too-slow"


def test_after_a_stream_was_left_early_the_next_call_is_answered() -> None:
    with (
        ScriptedServer(chunked(b"one", b"two"), answer(body=b"ok")) as server,
        transport() as calls,
    ):
        with calls.stream(get(server.url)) as streamed:
            assert next(streamed.chunks)
        assert calls.send(get(server.url)).body == b"ok"

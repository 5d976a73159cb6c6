"""The transport against a server that answers byte for byte what the test says."""

import contextlib
import gzip
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.providers.kit.calls import (
    Answer,
    Charge,
    Kit,
    NoAnswer,
    NotSent,
    Request,
    SizeLimits,
    TimeOuts,
)
from adapters.providers.kit.patience import fitting
from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Rule
from adapters.providers.kit.transport import ATTEMPTS_MAX, Transport
from core.domain.failures import (
    Failure,
    FixSettings,
    NotUnderstood,
    OurBug,
    ProviderDown,
    Reconnect,
    Wait,
)
from core.ports.attending import person_waits
from core.ports.budget import BudgetSpent
from core.ports.provider import Limit
from tests.fakes import START, FakeClock
from tests.providers.kit.scripted import FakeBudgets, ScriptedServer, answer, kit_with, self_signed

TABLE = FailureTable(
    provider="Testbooks",
    rules=(
        Rule(
            statuses=frozenset({403}),
            reason=("DivisionBlocked",),
            failure=FixSettings,
            code="division-blocked",
            sentence="{provider} blocked it: unblock it.",
        ),
        Rule(
            statuses=frozenset({400}),
            text=("not expired",),
            failure=Wait,
            sentence="Too early: wait.",
        ),
    ),
)
CANARY = "canary-7c1f"


def transport(kit: Kit | None = None) -> Transport:
    return Transport(kit or kit_with(), TABLE, reason_header="reason")


def get(url: str, **extra: str) -> Request:
    return Request(method="GET", url=url, headers={"authorization": f"Bearer {CANARY}", **extra})


def failure_of(*scripts: bytes, request: str = "/x") -> tuple[Failure, int]:
    """The failure of one GET against the scripts, and how many requests were made."""
    with ScriptedServer(*scripts) as server, transport() as calls:
        with pytest.raises(Failure) as caught:
            calls.send(get(server.url + request))
        return caught.value, calls.calls


def test_a_good_answer_comes_whole_with_lower_case_headers() -> None:
    with ScriptedServer(answer(body=b'{"a":1}', headers=["X-Thing: 7"])) as server:
        with transport() as calls:
            got = calls.send(get(server.url + "/books"))
        assert (got.status, got.body, got.headers["x-thing"]) == (200, b'{"a":1}', "7")
        assert b"user-agent: Monitr/" in server.requests[0].replace(b"User-Agent", b"user-agent")
        assert f"Bearer {CANARY}".encode() in server.requests[0]


def test_compressed_answers_are_opened() -> None:
    body = gzip.compress(b'{"a":1}')
    zipped = answer(body=body, headers=["Content-Encoding: gzip"])
    with ScriptedServer(zipped) as server, transport() as calls:
        assert calls.send(get(server.url)).body == b'{"a":1}'


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_a_read_is_repeated_while_the_provider_is_ill(status: int) -> None:
    clock = FakeClock()
    scripts = (answer(status), answer(status), answer(body=b"ok"))
    with ScriptedServer(*scripts) as server, transport(kit_with(clock)) as calls:
        assert calls.send(get(server.url)).body == b"ok"
        assert calls.calls == 3
    assert clock.pauses == [1.0, 4.0]


def test_repeating_ends() -> None:
    failure, calls = failure_of(*[answer(503)] * 8)
    assert isinstance(failure, ProviderDown)
    assert calls == ATTEMPTS_MAX


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, NotUnderstood), (401, Reconnect), (403, FixSettings), (404, NotUnderstood)],
)
def test_what_repeating_cannot_help_is_asked_once(status: int, kind: type[Failure]) -> None:
    failure, calls = failure_of(*[answer(status)] * 2)
    assert type(failure) is kind
    assert calls == 1


def test_a_post_is_never_repeated_unless_declared_a_read() -> None:
    with ScriptedServer(answer(503), answer(503), answer()) as server, transport() as calls:
        with pytest.raises(ProviderDown):
            calls.send(Request(method="POST", url=server.url, body=b"{}"))
        assert calls.calls == 1
        calls.send(Request(method="POST", url=server.url, body=b"{}", repeatable=True))
        assert calls.calls == 3


def test_retry_after_is_slept_through_when_short() -> None:
    clock = FakeClock()
    limited = answer(429, headers=["Retry-After: 30"])
    with ScriptedServer(limited, answer(body=b"ok")) as server, transport(kit_with(clock)) as calls:
        assert calls.send(get(server.url)).body == b"ok"
    assert clock.pauses == [31.0]


def test_retry_after_is_handed_on_when_long() -> None:
    failure, calls = failure_of(answer(429, headers=["Retry-After: 3600"]))
    assert isinstance(failure, Wait)
    assert failure.retry_at == START + timedelta(hours=1)
    assert calls == 1


def test_the_providers_own_rows_come_first() -> None:
    failure, _ = failure_of(answer(403, headers=["Reason: DivisionBlocked"]))
    assert (failure.code, str(failure)) == ("division-blocked", "Testbooks blocked it: unblock it.")
    failure, _ = failure_of(answer(400, body=b'{"e":"token NOT EXPIRED"}'))
    assert isinstance(failure, Wait)


def test_401_has_a_code_of_its_own() -> None:
    failure, _ = failure_of(answer(401))
    assert failure.code == ACCESS_REFUSED


def test_a_redirect_names_where_to_go_and_is_not_followed() -> None:
    location = f"Location: https://books.example.org/web?key={CANARY}"
    failure, calls = failure_of(answer(302, headers=[location]))
    assert isinstance(failure, FixSettings)
    assert "https://books.example.org" in failure.sentence
    assert CANARY not in failure.sentence + failure.detail
    assert calls == 1


def test_an_answer_cut_short_is_an_ill_provider() -> None:
    whole = answer(body=b'{"a":1}' * 100)
    failure, calls = failure_of(*[whole[:-50]] * ATTEMPTS_MAX)
    assert isinstance(failure, NoAnswer)
    assert calls == ATTEMPTS_MAX


def test_a_broken_compression_is_an_ill_provider() -> None:
    broken = answer(body=b"no gzip at all", headers=["Content-Encoding: gzip"])
    failure, _ = failure_of(*[broken] * ATTEMPTS_MAX)
    assert isinstance(failure, NoAnswer)


def test_an_answer_beyond_the_limit_is_refused() -> None:
    clock = FakeClock()
    kit = Kit(clock=clock, budgets=FakeBudgets(clock), sizes=SizeLimits(answer_bytes=100))
    with (
        ScriptedServer(answer(body=b"x" * 101)) as server,
        transport(kit) as calls,
        pytest.raises(NotUnderstood) as caught,
    ):
        calls.send(get(server.url))
    assert caught.value.code == "answer-too-large"


def _drip_headers(connection: socket.socket, server: ScriptedServer) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not server.release.wait(0.02):
        connection.sendall(b"x")


def _drip_body(connection: socket.socket, server: ScriptedServer) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not server.release.wait(0.02):
        connection.sendall(b"x")


@pytest.mark.parametrize("drip", [_drip_headers, _drip_body])
def test_a_slow_drip_ends_at_the_deadline(drip: object) -> None:
    assert callable(drip)
    kit = kit_with(time_outs=TimeOuts(deadline=0.3))
    with (
        ScriptedServer(drip) as server,
        transport(kit) as calls,
        pytest.raises(NoAnswer) as caught,
    ):
        calls.attempt(get(server.url))
    assert caught.value.code == "too-slow"


def test_silence_is_no_answer() -> None:
    def silent(_: socket.socket, server: ScriptedServer) -> None:
        server.release.wait(10)

    kit = kit_with(time_outs=TimeOuts(read=0.2))
    with ScriptedServer(silent) as server, transport(kit) as calls, pytest.raises(NoAnswer):
        calls.attempt(get(server.url))


def test_nobody_listening_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with transport() as calls, pytest.raises(NotSent) as caught:
        calls.attempt(get(f"http://127.0.0.1:{port}/"))
    assert "cannot be reached at 127.0.0.1" in caught.value.sentence


def test_an_untrusted_certificate_is_a_setting(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with (
        ScriptedServer(answer(), tls=context) as server,
        transport() as calls,
        pytest.raises(FixSettings) as caught,
    ):
        calls.attempt(get(server.url))
    assert caught.value.code == "tls-failed"
    assert "CERTIFICATE_VERIFY_FAILED" in caught.value.detail


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://books.example.org/api", "plain-http"),
        ("ftp://books.example.org/", "bad-address"),
        ("https://", "bad-address"),
        ("https://[half/", "bad-address"),
        ("https://host:port/", "bad-address"),
    ],
)
def test_addresses_that_are_never_called(url: str, code: str) -> None:
    with transport() as calls, pytest.raises(FixSettings) as caught:
        calls.send(get(url))
    assert caught.value.code == code
    assert calls.calls == 0


@pytest.mark.parametrize("value", [f"{CANARY}\r\nX: y", f"{CANARY}é", f"{CANARY}\0"])
def test_a_key_that_cannot_be_sent_is_not_repeated_in_the_error(value: str) -> None:
    with transport() as calls, pytest.raises(FixSettings) as caught:
        calls.send(Request(method="GET", url="http://localhost:1/", headers={"x-key": value}))
    assert CANARY not in caught.value.sentence + caught.value.detail


def test_our_own_requests_are_limited_too() -> None:
    with transport() as calls:
        with pytest.raises(OurBug):
            calls.send(get("http://localhost:1/?" + "x" * 9_000))
        with pytest.raises(OurBug):
            calls.send(Request(method="POST", url="http://localhost:1/", body=b"x" * 11_000_000))


def test_budgets_are_slept_for_when_short_and_handed_on_when_long() -> None:
    clock = FakeClock()
    kit = kit_with(clock)
    minute = Charge(scope="a", limits=(Limit(scope="app", calls=1, seconds=60),))
    day = Charge(scope="b", limits=(Limit(scope="app", calls=1, seconds=86_400),))
    with ScriptedServer(*[answer()] * 4) as server, transport(kit) as calls:
        for _ in range(2):
            calls.send(Request(method="GET", url=server.url, charges=(minute,)))
        assert clock.pauses == [61.0]
        calls.send(Request(method="GET", url=server.url, charges=(day,)))
        with pytest.raises(BudgetSpent) as caught:
            calls.send(Request(method="GET", url=server.url, charges=(day,)))
        assert calls.calls == 3
    assert caught.value.retry_at == START + timedelta(seconds=61 + 86_400)


def test_the_observer_sees_every_answer() -> None:
    seen: list[int] = []

    def observe(_: Request, got: Answer) -> None:
        seen.append(got.status)

    with (
        ScriptedServer(answer(503), answer()) as server,
        Transport(kit_with(), TABLE, observe=observe) as calls,
    ):
        calls.send(get(server.url))
    assert seen == [503, 200]


def test_the_log_has_a_line_per_attempt_and_no_secret() -> None:
    with capture_logs() as lines:
        failure, _ = failure_of(
            answer(503), answer(404, body=b"no such thing"), request=f"/books?key={CANARY}"
        )
    assert [line["status"] for line in lines] == [503, 404]
    assert [line["attempt"] for line in lines] == [1, 2]
    assert lines[0]["path"] == "/books"
    assert CANARY not in repr(lines) + repr(failure) + failure.detail + failure.sentence


def test_no_cookie_is_ever_sent_back() -> None:
    with ScriptedServer(answer(headers=["Set-Cookie: session=1"]), answer()) as server:
        with transport() as calls:
            calls.send(get(server.url))
            calls.send(get(server.url))
        assert b"cookie" not in server.requests[1].lower()


# -- while a person waits --------------------------------------------------------------------------


def test_nobody_there_is_told_at_once_to_a_person_and_tried_again_at_night() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        for attempts, moment in ((1, person_waits()), (ATTEMPTS_MAX, contextlib.nullcontext())):
            with moment, transport() as calls:
                with pytest.raises(NotSent):
                    calls.send(get(url))
                assert calls.calls == attempts


def test_a_person_waits_seconds_for_a_provider_in_trouble() -> None:
    clock = FakeClock()
    with ScriptedServer(*[answer(503)] * 4) as server, person_waits(), pytest.raises(ProviderDown):
        transport(kit_with(clock)).send(get(server.url))
    assert sum(clock.pauses) <= 5


def test_a_person_is_not_made_to_wait_for_a_minutes_limit() -> None:
    clock = FakeClock()
    limit = Limit(scope="app", calls=1, seconds=60)
    with ScriptedServer(answer()) as server, transport(kit_with(clock)) as calls, person_waits():
        request = Request(
            method="GET", url=server.url, charges=(Charge(scope="a", limits=(limit,)),)
        )
        calls.send(request)
        with pytest.raises(BudgetSpent):
            calls.send(request)
    assert clock.pauses == []


def test_a_silent_host_is_given_up_within_ten_seconds_when_a_person_waits() -> None:
    waits = TimeOuts()
    assert fitting(waits) == waits
    with person_waits():
        short = fitting(waits)
        assert short.connect <= 10
        assert fitting(TimeOuts(connect=1, read=1)) == TimeOuts(connect=1, read=1)
    assert short.deadline == waits.deadline

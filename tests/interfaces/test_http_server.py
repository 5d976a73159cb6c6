"""The server around the shell: its thread, its address, its log."""

import http.client
import logging
import socket
import threading

import pytest

from core.domain.failures import FixSettings
from interfaces.http.app import build_http
from interfaces.http.server import BackgroundServer, listening, serve
from tests.fake_provider import GOOD_CODE
from tests.interfaces.stage import CANARY, Stage

TIMEOUT_SECONDS = 10


def _get(server: BackgroundServer, target: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


@pytest.fixture
def server(stage: Stage) -> BackgroundServer:
    return BackgroundServer(build_http(stage.services, identity="hash"))


def test_it_answers_while_open_and_is_gone_afterwards(server: BackgroundServer) -> None:
    with server:
        assert server.base_url == f"http://127.0.0.1:{server.port}"
        response = _get(server, "/health")
        assert response.status == 200
        assert response.getheader("server") is None
        assert response.getheader("x-content-type-options") == "nosniff"
    with pytest.raises(ConnectionRefusedError):
        _get(server, "/health")
    assert "monitr-http" not in {thread.name for thread in threading.enumerate()}


def test_a_callback_over_a_socket_connects(stage: Stage, server: BackgroundServer) -> None:
    integration_id, state = stage.begin_oauth()
    with server:
        response = _get(server, f"/oauth/exact-online/callback?code={GOOD_CODE}&state={state}")
    assert response.status == 200
    held = stage.services.connecting.get(stage.organisation_id, integration_id)
    assert held.integration.account is not None


def test_the_access_log_has_paths_and_no_queries(
    stage: Stage, server: BackgroundServer, caplog: pytest.LogCaptureFixture
) -> None:
    _, state = stage.begin_oauth()
    with caplog.at_level(logging.DEBUG), server:
        _get(server, f"/oauth/exact-online/callback?code={GOOD_CODE}&state={state}")
        _get(server, "/no%0Awhere?secret=canary")
    assert "GET '/oauth/exact-online/callback' 200" in caplog.text
    assert "GET '/no\\nwhere' 404" in caplog.text
    assert CANARY not in caplog.text
    assert state not in caplog.text


def test_a_refused_callback_is_logged_by_its_code_only(
    server: BackgroundServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), server:
        _get(server, "/oauth/exact-online/callback?code=canary&state=canary")
    assert "callback exact-online refused: state-unknown" in caplog.text
    assert CANARY not in caplog.text


def test_more_than_a_server_reads_is_refused_without_harm(server: BackgroundServer) -> None:
    with server:
        try:
            status = _get(server, f"/oauth/exact-online/callback?code={'x' * 200_000}").status
        except (ConnectionError, http.client.HTTPException):
            status = 400  # closed in our face, which is a refusal too
        assert 400 <= status < 500
        assert _get(server, "/health").status == 200


def test_an_address_in_use_is_said_before_anything_starts(stage: Stage) -> None:
    with listening("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        app = build_http(stage.services, identity="hash")
        with pytest.raises(FixSettings, match="stop what uses it") as refused:
            serve(app, "127.0.0.1", port)
        assert refused.value.setting == "MONITR_HTTP_PORT"
        with pytest.raises(FixSettings), BackgroundServer(app, port=port):
            raise AssertionError("not reached")


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(FixSettings) as refused:
        listening("203.0.113.1", 0)
    assert refused.value.code == "address-in-use"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_listens_on_ipv6_too(stage: Stage) -> None:
    try:
        listening("::1", 0).close()
    except FixSettings:
        pytest.skip("this machine has no IPv6 loopback")
    with BackgroundServer(build_http(stage.services, identity="hash"), host="::1") as server:
        assert server.base_url == f"http://[::1]:{server.port}"
        assert _get(server, "/").status == 200

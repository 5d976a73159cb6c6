"""The authorisation-code flow: what is sent, and which answers count as a token."""

import socket
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from adapters.providers.kit.calls import Charge, TimeOuts
from adapters.providers.kit.oauth import (
    TOKEN_ANSWER_BYTES_MAX,
    CodeFlow,
    OAuthDeclaration,
    TokenRule,
    Verdict,
)
from core.domain.failures import Failure, FixSettings, NotUnderstood, ProviderDown, Reconnect, Wait
from core.ports.budget import BudgetSpent
from core.ports.provider import Limit, OutcomeUnknown, TokenGrant, TokenPolicy, TooEarlyToRefresh
from tests.fakes import START
from tests.providers.kit.scripted import Script, ScriptedServer, answer, kit_with

FIELDS = {"client_id": "app 1", "client_secret": "canary+/=secret"}
REDIRECT = "https://monitr.example.org/oauth/testbooks?x=1"
GOOD = b'{"access_token":"a1","token_type":"Bearer","expires_in":"600","refresh_token":"r2"}'


def declaration(origin: str) -> OAuthDeclaration:
    def authorize(_: Mapping[str, str]) -> str:
        return origin + "/auth"

    def token(_: Mapping[str, str]) -> str:
        return origin + "/token"

    return OAuthDeclaration(
        provider="Testbooks",
        authorize_url=authorize,
        token_url=token,
        charges=lambda _: (),
        policy=TokenPolicy(
            access_seconds=600, refresh_margin_seconds=0, refresh_idle_seconds=86_400
        ),
        uses_pkce=True,
        rules=(
            TokenRule(verdict=Verdict.TOO_EARLY, words=("not expired",)),
            TokenRule(verdict=Verdict.NOT_SERVED, words=("identify proxy",)),
        ),
        reason_header="reason",
    )


def refresh(script: bytes) -> TokenGrant:
    with ScriptedServer(script) as server:
        return CodeFlow(kit_with(), declaration(server.url)).refresh(FIELDS, "r1")


def test_the_authorize_url_carries_state_and_challenge_but_no_secret() -> None:
    flow = CodeFlow(kit_with(), declaration("https://books.example.org"))
    url = flow.authorize_url(FIELDS, redirect_uri=REDIRECT, state="s t", verifier="v" * 43)
    query = parse_qs(urlsplit(url).query)
    assert query["state"] == ["s t"]
    assert query["redirect_uri"] == [REDIRECT]
    assert query["client_id"] == ["app 1"]
    assert query["code_challenge_method"] == ["S256"]
    assert "v" * 43 not in url
    assert "canary" not in url


def test_without_pkce_nothing_of_it_is_sent() -> None:
    declared = attrs.evolve(declaration("https://books.example.org"), uses_pkce=False)
    flow = CodeFlow(kit_with(), declared)
    url = flow.authorize_url(FIELDS, redirect_uri=REDIRECT, state="s", verifier="v" * 43)
    assert "challenge" not in url


def test_a_code_is_traded_once_with_everything_in_the_body() -> None:
    with ScriptedServer(answer(body=GOOD)) as server:
        flow = CodeFlow(kit_with(), declaration(server.url))
        grant = flow.exchange(FIELDS, redirect_uri=REDIRECT, code="c/1+", verifier="v" * 43)
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /token ")
    sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert sent == {
        "grant_type": "authorization_code",
        "code": "c/1+",
        "redirect_uri": REDIRECT,
        "code_verifier": "v" * 43,
        **FIELDS,
    }
    assert (grant.access_token, grant.refresh_token) == ("a1", "r2")
    assert grant.expires_at == START + timedelta(seconds=600)
    assert grant.refresh_expires_at == START + timedelta(days=1)


def test_credentials_travel_as_basic_where_declared() -> None:
    with ScriptedServer(answer(body=GOOD)) as server:
        declared = attrs.evolve(declaration(server.url), client_secret_in_header=True)
        CodeFlow(kit_with(), declared).refresh(FIELDS, "r1")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"Basic YXBwJTIwMTpjYW5hcnklMkIlMkYlM0RzZWNyZXQ=" in head
    assert b"canary" not in body


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"access_token":"a","token_type":"bearer","expires_in":600}', 600),
        (b'{"access_token":"a","token_type":"BEARER","expires_in":"1800"}', 1800),
        (b'{"access_token":"a","token_type":"bearer"}', 600),
        (b'{"access_token":"a","token_type":"bearer","expires_in":600.0,"new":{}}', 600),
    ],
)
def test_answers_that_are_tokens(body: bytes, seconds: int) -> None:
    grant = refresh(answer(body=body))
    assert grant.expires_at == START + timedelta(seconds=seconds)
    assert grant.refresh_token is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"<html>sign in</html>",
        b'{"error":"invalid_grant"}',
        b'{"access_token":"","token_type":"bearer"}',
        b'{"access_token":7,"token_type":"bearer"}',
        b'{"access_token":null,"token_type":"bearer"}',
        b'{"access_token":"a"}',
        b'{"access_token":"a","token_type":"mac"}',
        b'{"access_token":"a\\nb","token_type":"bearer"}',
        b'{"access_token":"a","token_type":"bearer","expires_in":"soon"}',
        b'{"access_token":"a","token_type":"bearer","expires_in":0}',
        b'{"access_token":"a","token_type":"bearer","expires_in":-5}',
        b'{"access_token":"a","token_type":"bearer","expires_in":"nan"}',
        b'{"access_token":"a","token_type":"bearer","expires_in":1e12}',
        b'{"access_token":"a","token_type":"bearer","expires_in":[600]}',
        b'{"access_token":"a","token_type":"bearer","refresh_token":7}',
        b'{"access_token":"a","token_type":"bearer","refresh_token":""}',
        GOOD[:-5],
        GOOD + b" " * TOKEN_ANSWER_BYTES_MAX,
    ],
)
def test_a_200_that_is_no_token_is_never_stored_and_its_outcome_is_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        refresh(answer(body=body))


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (400, b'{"error":"invalid_grant"}', [], Reconnect),
        (401, b'{"error":"invalid_client"}', [], FixSettings),
        (400, b'{"error":"x","error_description":"Token NOT expired"}', [], TooEarlyToRefresh),
        (400, b"", ["Reason: access token not expired"], TooEarlyToRefresh),
        (429, b'{"error":"slow"}', ["Retry-After: 9"], Wait),
        (429, b'{"access_token":"a","token_type":"bearer"}', [], Wait),
        (404, b'{"fault":{"faultstring":"Unable to identify proxy for host"}}', [], ProviderDown),
        (500, b"{}", [], OutcomeUnknown),
        (502, b"<html>", [], OutcomeUnknown),
        (400, b'{"error":"brand_new"}', [], NotUnderstood),
        (401, b'{"access_token":"a","token_type":"bearer"}', [], NotUnderstood),
        (201, GOOD, [], OutcomeUnknown),
        (204, b"", [], OutcomeUnknown),
        (302, b"", ["Location: https://elsewhere.example.org/"], NotUnderstood),
        (400, b'{"error":7,"error_description":[]}', [], NotUnderstood),
    ],
)
def test_refusals_mean_what_the_table_says(
    status: int, body: bytes, headers: list[str], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        refresh(answer(status, body, headers=headers))
    assert type(caught.value) is kind
    if isinstance(caught.value, Failure):
        assert "canary" not in caught.value.sentence + caught.value.detail


def test_wait_says_until_when() -> None:
    with pytest.raises(Wait) as caught:
        refresh(answer(429, headers=["Retry-After: 90"]))
    assert caught.value.retry_at == START + timedelta(seconds=90)


def _hang_up(connection: socket.socket, _: ScriptedServer) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def test_a_lost_answer_is_unknown_for_a_refresh_and_the_end_of_a_code() -> None:
    with ScriptedServer(_hang_up, _hang_up) as server:
        flow = CodeFlow(kit_with(), declaration(server.url))
        with pytest.raises(OutcomeUnknown):
            flow.refresh(FIELDS, "r1")
        with pytest.raises(Reconnect):
            flow.exchange(FIELDS, redirect_uri=REDIRECT, code="c", verifier="v" * 43)
        assert len(server.requests) == 2


def test_a_provider_that_cannot_be_reached_is_certain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    flow = CodeFlow(kit_with(), declaration(f"http://127.0.0.1:{port}"))
    with pytest.raises(ProviderDown):
        flow.refresh(FIELDS, "r1")


def test_a_refusal_that_quotes_what_was_sent_is_scrubbed() -> None:
    echo = b'{"error":"invalid_grant","error_description":"r1 of canary+/=secret is gone"}'
    with pytest.raises(Reconnect) as caught:
        refresh(answer(400, echo))
    assert caught.value.detail.endswith("'*** of *** is gone'")


def _promises_more(connection: socket.socket, _: ScriptedServer) -> None:
    connection.sendall(answer(body=GOOD)[:-20])


def _drips(connection: socket.socket, server: ScriptedServer) -> None:
    """A byte now and then: each in time, all together never."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not server.release.wait(0.02):
        connection.sendall(b" ")


def _five_megabytes(connection: socket.socket, _: ScriptedServer) -> None:
    connection.sendall(answer(body=GOOD[:-1] + b" " * 5_000_000 + b"}"))


@pytest.mark.parametrize("script", [_promises_more, _drips, _five_megabytes])
def test_an_answer_that_never_ends_well_is_no_token(script: Script) -> None:
    kit = kit_with(time_outs=TimeOuts(connect=5, read=5, write=5, pool=5, deadline=0.3))
    with ScriptedServer(script) as server, pytest.raises(OutcomeUnknown):
        CodeFlow(kit, declaration(server.url)).refresh(FIELDS, "r1")


@pytest.mark.parametrize(
    "status", [200, 201, 204, 301, 400, 401, 403, 404, 408, 429, 500, 502, 503]
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"<html><body>Sign in</body></html>",
        b"upstream connect error or disconnect before headers",
        b'{"message":"Rate limit exceeded"}',
        b'{"error":"invalid_grant","error_description":"Incorrect or invalid refresh token"}',
        b'{"error":"invalid_client"}',
        b'{"error":"token is invalid","symbolic":{"request":"invalid_grant"}}',
        b'{"status":"BAD_REFRESH_TOKEN","message":"missing or unknown"}',
        b'[{"message_code":"x","message_type":"error","message":"no"}]',
        b'{"fault":{"faultstring":"Unable to identify proxy for host"}}',
        b'{"access_token":null,"refresh_token":null,"expires_in":null}',
        b'{"access_token":{"value":"a"},"token_type":"bearer"}',
        b'{"access_token":"a","token_type":"bearer","error":"invalid_grant"',
        b'\xff\xfe{"access_token":"a"}',
    ],
)
def test_the_zoo_nothing_of_it_is_ever_a_token(status: int, body: bytes) -> None:
    """Every status with every body: a failure in words or an outcome to settle, never a grant."""
    with pytest.raises((Failure, OutcomeUnknown, TooEarlyToRefresh)) as caught:
        refresh(answer(status, body))
    if 200 <= status < 300 or status >= 500:
        assert isinstance(caught.value, OutcomeUnknown | ProviderDown)
    if isinstance(caught.value, Reconnect):
        assert b"invalid_grant" in body, "dead only when the provider says so"


@pytest.mark.parametrize("status", [201, 202, 301, 400, 401, 429, 500])
def test_a_token_with_another_status_than_200_is_none(status: int) -> None:
    with pytest.raises((Failure, OutcomeUnknown)):
        refresh(answer(status, GOOD))


def test_scope_is_repeated_on_refresh_where_declared() -> None:
    with ScriptedServer(answer(body=GOOD)) as server:
        declared = attrs.evolve(declaration(server.url), scope="a b", scope_on_refresh=True)
        CodeFlow(kit_with(), declared).refresh(FIELDS, "r1")
        _, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert parse_qs(body.decode())["scope"] == ["a b"]


@pytest.mark.parametrize(("status", "ended"), [(200, True), (400, False), (503, False)])
def test_a_grant_is_ended_where_the_provider_offers_it(status: int, *, ended: bool) -> None:
    with ScriptedServer(answer(status)) as server:
        origin = server.url
        declared = attrs.evolve(declaration(origin), revoke_url=lambda _: origin + "/revoke")
        assert CodeFlow(kit_with(), declared).end_grant(FIELDS, "r1") is ended
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /revoke ")
    assert parse_qs(body.decode())["token"] == ["r1"]


def test_ending_a_grant_never_fails() -> None:
    assert not CodeFlow(kit_with(), declaration("https://x.invalid")).end_grant(FIELDS, "r1")
    declared = attrs.evolve(
        declaration("https://x.invalid"), revoke_url=lambda _: "https://x.invalid/revoke"
    )
    assert not CodeFlow(kit_with(), declared).end_grant(FIELDS, "r1")


def test_a_token_request_does_not_wait_long_for_its_budget() -> None:
    """It is made under a lock that ends: a long wait is said instead."""
    kit = kit_with()
    limit = Limit(scope="app", calls=1, seconds=60)
    charge = Charge(scope="testbooks:app", limits=(limit,))
    kit.budgets.spend(charge.scope, charge.limits)
    declared = attrs.evolve(declaration("https://x.invalid"), charges=lambda _: (charge,))
    with pytest.raises(BudgetSpent) as spent:
        CodeFlow(kit, declared).refresh(FIELDS, "r1")
    assert spent.value.retry_at == START + timedelta(seconds=60)

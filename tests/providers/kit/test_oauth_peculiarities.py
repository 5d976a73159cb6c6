"""What only some token services do: facts in the callback, other names, other bodies."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from adapters.providers.kit.calls import Answer, Request
from adapters.providers.kit.oauth import (
    CodeFlow,
    OAuthDeclaration,
)
from adapters.providers.kit.transport import Transport
from core.domain.failures import Reconnect
from core.ports.attending import person_waits
from core.ports.provider import OutcomeUnknown, TokenGrant
from tests.fakes import START
from tests.providers.kit.scripted import ScriptedServer, answer, kit_with
from tests.providers.kit.test_oauth import FIELDS, GOOD, REDIRECT, declaration


def exchange(declared: OAuthDeclaration, callback: Mapping[str, str]) -> TokenGrant:
    return CodeFlow(kit_with(), declared).exchange(
        FIELDS, redirect_uri=REDIRECT, code="c", verifier="v" * 43, answer=callback
    )


def test_what_the_callback_told_is_kept_with_the_grant() -> None:
    with ScriptedServer(answer(body=GOOD)) as server:
        declared = attrs.evolve(declaration(server.url), kept_from_callback=("realmId",))
        grant = exchange(declared, {"code": "c", "realmId": "9130357", "other": "x"})
    assert grant.facts == {"realmId": "9130357"}


@pytest.mark.parametrize("realm", [None, "", "9\n1", "9" * 501])
def test_a_callback_without_what_is_needed_is_no_consent_and_no_code_is_traded(
    realm: str | None,
) -> None:
    with ScriptedServer(answer(body=GOOD)) as server:
        declared = attrs.evolve(declaration(server.url), kept_from_callback=("realmId",))
        with pytest.raises(Reconnect) as raised:
            exchange(declared, {"code": "c"} | ({} if realm is None else {"realmId": realm}))
        assert server.requests == []
    assert "realmId" in raised.value.detail


def test_members_of_the_token_answer_are_kept_as_text() -> None:
    body = b'{"access_token":"a","token_type":"bearer","refresh_token":"r","hub_id":42,"x":null}'
    with ScriptedServer(answer(body=body)) as server:
        declared = attrs.evolve(declaration(server.url), kept_from_token=("hub_id", "x", "none"))
        assert exchange(declared, {}).facts == {"hub_id": "42"}


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (b'"life":8640000', 8_640_000),
        (b'"life":"8640000","hard":5000', 5_000),
        (b'"life":"soon"', 86_400),
        (b'"life":-1', 86_400),
        (b'"life":1e12', 86_400),
        (b'"life":null', 86_400),
    ],
)
def test_the_life_of_the_refresh_token_is_told_or_declared(told: bytes, seconds: int) -> None:
    body = b'{"access_token":"a","token_type":"bearer","refresh_token":"r",' + told + b"}"
    with ScriptedServer(answer(body=body)) as server:
        declared = attrs.evolve(declaration(server.url), refresh_life_names=("life", "hard"))
        grant = exchange(declared, {})
    assert grant.refresh_expires_at == START + timedelta(seconds=seconds)


def test_a_missing_token_type_counts_only_where_it_is_known_to_be_missing() -> None:
    body = b'{"access_token":"a","refresh_token":"r"}'
    with ScriptedServer(answer(body=body), answer(body=body[:-1] + b',"token_type":"mac"}')) as (
        server
    ):
        declared = attrs.evolve(declaration(server.url), token_type_required=False)
        flow = CodeFlow(kit_with(), declared)
        assert flow.refresh(FIELDS, "r1").access_token == "a"
        with pytest.raises(OutcomeUnknown):
            flow.refresh(FIELDS, "r1")


def test_the_scope_may_depend_on_the_form() -> None:
    def scope(fields: Mapping[str, str]) -> str | None:
        return fields.get("reach")

    declared = attrs.evolve(declaration("https://books.example.org"), scope=scope)
    flow = CodeFlow(kit_with(), declared)
    for fields, expected in ((FIELDS | {"reach": "gl.read"}, ["gl.read"]), (FIELDS, None)):
        url = flow.authorize_url(fields, redirect_uri=REDIRECT, state="s", verifier="v" * 43)
        assert parse_qs(urlsplit(url).query).get("scope") == expected


def test_revoking_may_be_a_json_body_with_the_client_in_the_header() -> None:
    with ScriptedServer(answer(body=b"")) as server:
        declared = attrs.evolve(
            declaration(server.url),
            revoke_url=lambda _: server.url + "/revoke",
            revoke_json_name="RefreshToken",
            client_secret_in_header=True,
        )
        assert CodeFlow(kit_with(), declared).end_grant(FIELDS, "r1")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b'{"RefreshToken": "r1"}'
    assert b"application/json" in head
    assert b"Basic " in head


def test_headers_of_token_requests_are_declared() -> None:
    with ScriptedServer(answer(body=GOOD)) as server:
        declared = attrs.evolve(declaration(server.url), token_headers={"x-more": "true"})
        CodeFlow(kit_with(), declared).refresh(FIELDS, "r1")
        assert b"x-more: true" in server.requests[0]


def test_a_token_request_is_not_given_up_sooner_because_a_person_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float | None] = []
    genuine = Transport.attempt

    def noting(self: Transport, request: Request) -> Answer:
        waited.append(request.read_seconds)
        return genuine(self, request)

    monkeypatch.setattr(Transport, "attempt", noting)
    with ScriptedServer(answer(body=GOOD)) as server, person_waits():
        kit = kit_with()
        CodeFlow(kit, declaration(server.url)).refresh(FIELDS, "r1")
    assert waited == [kit.time_outs.read]

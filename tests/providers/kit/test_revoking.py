"""Ending a grant at the provider, as it goes over the wire; and the issuer that answers name."""

from urllib.parse import parse_qs

import attrs
import pytest

from adapters.providers.kit.oauth import CodeFlow
from tests.providers.kit.scripted import ScriptedServer, answer, kit_with
from tests.providers.kit.test_oauth import FIELDS, declaration


@pytest.mark.parametrize("in_header", [False, True])
def test_a_grant_is_ended_as_the_app_it_was_given_to(*, in_header: bool) -> None:
    """RFC 7009, 2.1: a client that has a secret proves who it is, else it is refused."""
    with ScriptedServer(answer(200)) as server:
        origin = server.url
        declared = attrs.evolve(
            declaration(origin),
            revoke_url=lambda _: origin + "/revoke",
            client_secret_in_header=in_header,
        )
        assert CodeFlow(kit_with(), declared).end_grant(FIELDS, "r1")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    registration = {} if in_header else FIELDS
    assert sent == {"token": "r1", "token_type_hint": "refresh_token", **registration}
    assert (b"Basic YXBwJTIwMTpjYW5hcnklMkIlMkYlM0RzZWNyZXQ=" in head) is in_header


def test_the_issuer_is_the_declared_one() -> None:
    declared = attrs.evolve(declaration("https://x.invalid"), issuer="https://login.x.invalid")
    assert CodeFlow(kit_with(), declared).issuer(FIELDS) == "https://login.x.invalid"
    assert CodeFlow(kit_with(), declaration("https://x.invalid")).issuer(FIELDS) is None

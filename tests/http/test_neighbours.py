"""No call of one organisation can read or change another's: every route, every mix of ids."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from core.domain.access import Scope
from interfaces.http.app import API_HANDLERS
from interfaces.http.asking import SCOPE_OPTION
from interfaces.http.openapi import PREFIX
from tests.http.street import Neighbour, Street

Client = TestClient[Litestar]
Call = tuple[str, str]

CALLS: list[Call] = sorted(
    (method, f"{PREFIX}{path.replace(':str}', '}')}")
    for handler in API_HANDLERS
    for path in handler.paths
    for method in handler.http_methods
)

BODIES: dict[Call, dict[str, Any]] = {
    ("POST", "/v1/integrations"): {"provider": "odoo", "fields": {"api_key": "wrong"}},
    ("POST", "/v1/integrations/{integration_id}/reconnect"): {"fields": {"api_key": "wrong"}},
    ("POST", "/v1/integrations/{integration_id}/selection"): {"administration_keys": None},
    ("POST", "/v1/entities/{entity_id}/links"): {
        "integration_id": "{integration_id}",
        "administration_key": "adm-2",
        "role": "primary",
    },
    ("PUT", "/v1/entities/{entity_id}/settings"): {"time_zone": "Asia/Tokyo"},
    ("PUT", "/v1/entities/{entity_id}/books/closed"): {"closed_through": "2025-12-31"},
    ("PUT", "/v1/retention"): {"nights": 30},
    ("POST", "/v1/imports"): {"entity_ids": ["{entity_id}"]},
    ("PUT", "/v1/uploads/{upload_id}/mapping"): {"mapping": None},
    ("POST", "/v1/uploads/{upload_id}/confirm"): {"anyway": True},
    ("POST", "/v1/tokens"): {"name": "x", "scope": "read"},
}
"""What to send, with the ids it names; a POST or PUT that is not here takes no body."""

QUERIES: dict[Call, dict[str, str]] = {
    ("GET", "/v1/imports"): {"entity_id": "{entity_id}"},
    ("POST", "/v1/entities/{entity_id}/uploads"): {"name": "books.csv"},
    ("GET", "/v1/entities/{entity_id}/books/entry"): {"key": "x"},
    ("GET", "/v1/entities/{entity_id}/books/ageing"): {"side": "payable"},
    ("GET", "/v1/entities/{entity_id}/books/changed-lines"): {"older": "1", "newer": "2"},
}
FOLLOWED = ("GET", "/v1/activity/stream")
"""Never ends by itself: proven apart."""


def ids_in(text: str) -> list[str]:
    return sorted(set(re.findall(r"\{(\w+)\}", text)) - {"provider"})


def values_of(neighbour: Neighbour) -> dict[str, str]:
    return {
        "integration_id": neighbour.integration_id,
        "entity_id": neighbour.entity_ids[0],
        "run_id": neighbour.run_ids[-1],
        "upload_id": neighbour.upload_id,
        "token_id": neighbour.token_ids[Scope.READ],
    }


def filled(given: Any, values: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(given, str):
        return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], given)
    if isinstance(given, list):
        return [filled(one, values) for one in given]
    if isinstance(given, dict):
        return {name: filled(one, values) for name, one in given.items()}
    return given


def mixes(call: Call) -> Iterator[dict[str, str]]:
    """For each id the call names: whose it is. At least one is the neighbour's."""
    names = ids_in(call[1] + str(BODIES.get(call)) + str(QUERIES.get(call)))
    for owners in itertools.product(("here", "there"), repeat=len(names)):
        if "there" in owners:
            yield dict(zip(names, owners, strict=True))


def asked(
    client: Client, street: Street, call: Call, owners: dict[str, str], **headers: str
) -> Any:  # noqa: ANN401 - httpx' or its successor's response
    both = {"here": values_of(street.here), "there": values_of(street.there)}
    values = {name: both[owner][name] for name, owner in owners.items()}
    method, path = call
    return client.request(
        method,
        filled(path, {**values, "provider": "odoo"}),
        params=filled(QUERIES.get(call, {}), values),
        json=filled(BODIES[call], values) if call in BODIES else None,
        headers={**street.here.headers(), **headers},
    )


def test_the_table_of_calls_is_whole() -> None:
    assert set(BODIES) | set(QUERIES) <= set(CALLS)
    assert len(CALLS) == len(set(CALLS)) >= 40


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_neighbours_ids_are_as_unknown_as_none(
    client: Client, street: Street, call: Call
) -> None:
    for owners in mixes(call):
        before = street.there.everything()
        answer = asked(client, street, call, owners)
        assert answer.status_code == 404, (owners, answer.text)
        assert answer.json()["code"].startswith("unknown-")
        named = {values_of(street.there)[name] for name in owners}
        assert not {one for one in street.there.ids() - named if one in answer.text}
        assert street.there.everything() == before


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_nothing_of_a_neighbour_is_in_any_answer(
    client: Client, street: Street, call: Call
) -> None:
    if call == FOLLOWED:
        return
    names = ids_in(call[1] + str(BODIES.get(call)) + str(QUERIES.get(call)))
    before = street.there.everything()
    answer = asked(client, street, call, dict.fromkeys(names, "here"))
    assert answer.status_code < 500, answer.text
    assert not {one for one in street.there.ids() if one in answer.text}
    assert street.there.everything() == before


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_route_wants_a_token_of_its_scope(client: Client, street: Street, call: Call) -> None:
    wanted = next(
        handler.opt[SCOPE_OPTION]
        for handler in API_HANDLERS
        for path in handler.paths
        if f"{PREFIX}{path.replace(':str}', '}')}" == call[1] and call[0] in handler.http_methods
    )
    assert wanted is Scope.READ or call[0] != "GET" or call[1] == "/v1/tokens"
    names = ids_in(call[1] + str(BODIES.get(call)) + str(QUERIES.get(call)))
    owners = dict.fromkeys(names, "here")
    before = street.here.everything()
    for header, status in (("", 401), ("Bearer nothing", 401), ("Basic Og==", 401)):
        answer = asked(client, street, call, owners, Authorization=header)
        assert (answer.status_code, answer.json()["code"]) == (status, "not-authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for scope in Scope:
        if not scope.covers(wanted):
            answer = asked(client, street, call, owners, **street.here.headers(scope))
            assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert street.here.everything() == before


def test_a_neighbours_idempotency_key_brings_none_of_its_answers(
    client: Client, street: Street
) -> None:
    body = {"name": "for the report", "scope": "read"}
    key = {"Idempotency-Key": "same"}
    there = client.post("/v1/tokens", json=body, headers={**street.there.headers(), **key})
    here = client.post("/v1/tokens", json=body, headers={**street.here.headers(), **key})
    assert (there.status_code, here.status_code) == (201, 201)
    assert there.json()["token"] != here.json()["token"]


def test_a_cursor_of_a_neighbour_reads_ones_own_list(client: Client, street: Street) -> None:
    cursor = client.get("/v1/entities", params={"limit": 1}, headers=street.there.headers()).json()[
        "next_cursor"
    ]
    assert cursor is not None
    answer = client.get("/v1/entities", params={"cursor": cursor}, headers=street.here.headers())
    assert not {one for one in street.there.ids() if one in answer.text}


def test_metrics_are_ones_own(street: Street) -> None:
    with street.client() as client:
        for _ in range(3):
            client.get("/v1/overview", headers=street.there.headers())
        mine = client.get("/metrics", headers=street.here.headers()).text
        theirs = client.get("/metrics", headers=street.there.headers()).text
    assert "/v1/overview" not in mine
    assert 'monitr_entities{status="Waiting"} 2' in mine
    assert 'monitr_http_answers_total{route="GET /v1/overview",status="200"} 3' in theirs

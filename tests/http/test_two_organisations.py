"""Whatever one organisation sends, nothing of another's comes back and nothing of it changes.

Requests are drawn from the OpenAPI document, so a new route is asked too; wherever one names
something, it may name the neighbour's.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient
from schemathesis.generation import GenerationMode

from core.domain.access import Scope
from tests.http.street import UNLIMITED, Neighbour, Street
from tests.http.test_neighbours import CALLS, FOLLOWED, Call

EXAMPLES: Final = 4
EXAMPLES_UNDER_FIRE: Final = 60
NOT_FOLLOWED: Final = [call for call in CALLS if call != FOLLOWED]

KINDS: Final = {
    "entity": "ent_",
    "integration": "int_",
    "run": "run_",
    "token": "tok_",
    "upload": "upl_",
}
"""How the ids begin that a parameter of such a name takes."""

Client = TestClient[Litestar]


class Town:
    """Both organisations, asked in one process. What the first may name of the second."""

    def __init__(self, street: Street, client: Client) -> None:
        self.street, self.client = street, client
        document = client.get("/v1/openapi.json", headers=street.here.headers()).json()
        self.schema = schemathesis.openapi.from_dict(document)
        there = street.there
        self.named = sorted(there.ids())
        self.cursors = sorted(
            filter(
                None,
                (
                    client.get(path, params={"limit": 1}, headers=there.headers()).json()[
                        "next_cursor"
                    ]
                    for path in ("/v1/entities", "/v1/imports", "/v1/tokens", "/v1/activity")
                ),
            )
        )
        assert len(self.cursors) == 4

    def ask(self, call: Call, examples: int) -> None:
        method, path = call
        cases = self.schema[path][method].as_strategy(generation_mode=GenerationMode.POSITIVE)

        @settings(
            max_examples=examples,
            suppress_health_check=list(HealthCheck),
            deadline=None,
            database=None,
        )
        @given(case=cases, data=st.data(), scope=st.sampled_from(Scope))
        def asked(case: schemathesis.Case[Any], data: st.DataObject, scope: Scope) -> None:
            self._asked(case, data, scope)

        asked()

    def _asked(self, case: schemathesis.Case[Any], data: st.DataObject, scope: Scope) -> None:
        sent: set[str] = set()

        def ours_or_theirs(name: str, held: object) -> object:
            """The value itself, or something of the neighbour's where one could be meant."""
            if isinstance(held, dict):
                return {inner: ours_or_theirs(inner, one) for inner, one in held.items()}
            if isinstance(held, list):
                return [ours_or_theirs(name, one) for one in held]
            if not isinstance(held, str):
                return held
            choices = [held]
            if name == "cursor":
                choices = self.cursors
            elif name.endswith(("_id", "_ids")):
                kind = KINDS.get(name.partition("_")[0], "")
                every = [*self.named, *sorted(self.street.here.ids())]
                choices = [one for one in every if one.startswith(kind)]
            chosen = data.draw(st.sampled_from(choices))
            sent.add(chosen)
            return chosen

        there: Neighbour = self.street.there
        before = there.everything()
        path_parameters = ours_or_theirs("", dict(case.path_parameters or {}))
        assert isinstance(path_parameters, dict)
        case.path_parameters = path_parameters
        query = ours_or_theirs("", dict(case.query or {}))
        assert isinstance(query, dict)
        body = case.body if isinstance(case.body, (dict, list)) else None
        answer = self.client.request(
            case.method,
            case.formatted_path,
            params={name: one for name, one in query.items() if one is not None},
            json=ours_or_theirs("", body),
            headers=self.street.here.headers(scope),
        )
        assert answer.status_code < 500, answer.text
        leaked = {one for one in there.ids() - sent if one in answer.text}
        assert not leaked, (case.method, case.formatted_path, leaked)
        assert there.everything() == before, (case.method, case.formatted_path)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    street = Street()
    with street.client(token_rate=UNLIMITED, refusal_rate=UNLIMITED) as client:
        yield Town(street, client)


@pytest.mark.parametrize("call", NOT_FOLLOWED, ids=" ".join)
def test_nothing_of_a_neighbour_is_read_or_changed(town: Town, call: Call) -> None:
    town.ask(call, EXAMPLES)


@pytest.mark.fire
@pytest.mark.timeout(600)
@pytest.mark.parametrize("call", NOT_FOLLOWED, ids=" ".join)
def test_nothing_of_a_neighbour_is_read_or_changed_under_fire(town: Town, call: Call) -> None:
    town.ask(call, EXAMPLES_UNDER_FIRE)

"""Schemathesis over the OpenAPI document: all its checks, in bounded numbers.

``make fire`` asks more often, and walks from answers to requests. Its pytest plugin is not used: it
looks into pytest, and pytest moves.
"""

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, TypeAlias

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.generation import GenerationMode

from interfaces.http.app import build_http
from interfaces.http.server import BackgroundServer
from tests.http.street import IDENTITY, UNLIMITED, Street
from tests.http.test_neighbours import CALLS, FOLLOWED, Call

EXAMPLES = 4
EXAMPLES_UNDER_FIRE = 100
ROUNDS_UNDER_FIRE = 4
WALKS_A_ROUND = 8
WALKED_MIN = 5
"""Different operations that walks must have asked."""

REFUSALS = ["2xx", "400", "401", "403", "404", "409", "412", "422", "428", "5xx"]
"""What a request that fits the document may get. A refusal it gets for what it says, not for how it
is written, must not carry the code of a request that is not understood: see ``understood``.
"""

CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS}},
        # Parameters nobody documented are ignored, as everywhere on the web.
        "generation": {"allow-extra-parameters": False},
    }
)

ASKED = [call for call in CALLS if call != FOLLOWED]
"""The stream ends by itself after ten minutes only; it is proven with a client that hangs up."""


Case: TypeAlias = schemathesis.Case[Any]


def understood(
    _: schemathesis.CheckContext, response: schemathesis.Response, case: Case
) -> bool | None:
    """Requests that fit the document are understood, whatever comes of them."""
    fits = case.meta is not None and case.meta.generation.mode.is_positive
    if fits and response.status_code == HTTPStatus.BAD_REQUEST:
        assert response.json()["code"] != "bad-request", response.text
    assert response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, response.text
    return None


class Served:
    """A street behind a real server, and its document as Schemathesis reads it."""

    def __init__(self, street: Street, base_url: str) -> None:
        self.street = street
        self.schema = schemathesis.openapi.from_url(
            f"{base_url}/v1/openapi.json", config=CONFIG, headers=street.here.headers()
        )

    def ask(self, call: Call, examples: int) -> None:
        method, path = call
        operation = self.schema[path][method]
        for mode in GenerationMode:

            @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case: Case) -> None:
                case.call_and_validate(
                    headers=self.street.here.headers(), additional_checks=[understood]
                )

            asked()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    street = Street()
    app = build_http(
        lambda: street.services,
        identity=IDENTITY,
        token_rate=UNLIMITED,
        refusal_rate=UNLIMITED,
    )
    with BackgroundServer(app) as server:
        yield Served(street, server.base_url)


@pytest.mark.parametrize("call", ASKED, ids=" ".join)
def test_every_answer_is_as_documented(served: Served, call: Call) -> None:
    served.ask(call, EXAMPLES)


@pytest.mark.fire
@pytest.mark.timeout(600)
@pytest.mark.parametrize("call", ASKED, ids=" ".join)
def test_every_answer_is_as_documented_under_fire(served: Served, call: Call) -> None:
    served.ask(call, EXAMPLES_UNDER_FIRE)


@pytest.mark.fire
@pytest.mark.timeout(600)
def test_walks_from_answers_to_requests(served: Served) -> None:
    street = served.street
    machine = served.schema.exclude(path=FOLLOWED[1]).exclude(method="DELETE").as_state_machine()

    asked: list[str] = []

    class Walk(machine):  # type: ignore[misc, valid-type]  # made by the library at run time
        def get_call_kwargs(self, case: Case) -> dict[str, object]:
            asked.append(case.operation.label)
            return {"headers": street.here.headers()}

    # The books change as walks go on, while Hypothesis takes what may be drawn next to depend on
    # what was drawn before alone. Where it notices, that round ends early and the next begins; an
    # answer that breaks a promise is another exception and fails.
    for _ in range(ROUNDS_UNDER_FIRE):
        with contextlib.suppress(FlakyStrategyDefinition):
            Walk.run(
                settings=settings(
                    max_examples=WALKS_A_ROUND,
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                )
            )
    assert len(set(asked)) > WALKED_MIN, "walks get around"

"""Schemathesis over the OpenAPI document: all its checks, in bounded numbers.

``make fire`` asks more often, and walks from answers to requests. Its pytest plugin is not used: it
looks into pytest, and pytest moves.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import FuzzingPhaseData
from schemathesis.specs.openapi.checks import negative_data_rejection, use_after_free

from core.domain.access import Scope
from core.services.access import NotAuthenticated
from interfaces.http import activity
from interfaces.http.app import build_http
from interfaces.http.server import BackgroundServer
from tests.http.street import IDENTITY, UNLIMITED, Street
from tests.http.test_neighbours import CALLS, Call

EXAMPLES = 4
EXAMPLES_UNDER_FIRE = 60
WALKS = 2
WALKS_UNDER_FIRE = 30
WALKED_MIN = 5
WALKED_UNDER_FIRE_MIN = 25
"""Different operations that walks must have asked."""

CURSOR_OR_FILTER = "a cursor, period or generation is text, and most texts are none: 400"
UNKNOWN_NAMES = "what names a field, zone or provider that is not there is refused for it: 400"
CONDITION = "If-Match says what was read: 428 without, 412 when it is stale"

WIDENED: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "GET": (("400",), CURSOR_OR_FILTER),
    "POST": (
        ("400", "422"),
        f"{UNKNOWN_NAMES}; a key may have been used for another body: 422",
    ),
    "PUT": (("400", "412", "428"), f"{CONDITION}; {UNKNOWN_NAMES}"),
    "DELETE": ((), ""),
}
"""What a request that fits the document may get besides Schemathesis' own list (2xx, 401, 403, 404,
409, 5xx), per method, and why. No schema can say which texts are a cursor that was given out. The
list is not the whole check: ``understood`` sees to it that such a refusal is about what the request
says and never about how it is written, and takes no 5xx, which Schemathesis would.
"""

BUILT_IN: Final = ("2xx", "401", "403", "404", "409")


def config() -> schemathesis.Config:
    return schemathesis.Config.from_dict(
        {
            "operations": [
                {
                    "include-method": method,
                    "checks": {
                        "positive_data_acceptance": {"expected-statuses": [*BUILT_IN, *more]}
                    },
                }
                for method, (more, _) in WIDENED.items()
            ]
        }
    )


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


def spoilt_apart(case: Case, token: Mapping[str, str]) -> bool:
    """Whether the case spoils a header that no operation reads, or the token, which is put right
    again before it is sent. What is left may fit, although the case is said not to.
    """
    data = None if case.meta is None else case.meta.phase.data
    read = {header.name for header in case.operation.headers} - token.keys()
    return isinstance(data, FuzzingPhaseData) and any(
        one.parameter_location is ParameterLocation.HEADER and one.parameter not in read
        for one in data.mutations
    )


class Served:
    """A street behind a real server, and its document as Schemathesis reads it."""

    def __init__(self, behind: list[Street], base_url: str) -> None:
        self._behind = behind
        self.schema = schemathesis.openapi.from_url(
            f"{base_url}/v1/openapi.json", config=config(), headers=self.street.here.headers()
        )

    @property
    def street(self) -> Street:
        return self._behind[-1]

    def begin_anew(self) -> None:
        """Everything as it was at first: the same ids, the same clock."""
        self._behind[:] = [Street()]

    def ask(self, call: Call, examples: int) -> None:
        method, path = call
        operation = self.schema[path][method]
        for mode in GenerationMode:

            @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case: Case) -> None:
                token = self.street.here.headers()
                case.call_and_validate(
                    headers=token,
                    additional_checks=[understood],
                    excluded_checks=[negative_data_rejection] if spoilt_apart(case, token) else [],
                )

            asked()


@pytest.fixture(scope="module")
def _behind() -> list[Street]:
    return [Street()]


@pytest.fixture(scope="module")
def served(_behind: list[Street]) -> Iterator[Served]:
    app = build_http(
        lambda: _behind[-1].services,
        identity=IDENTITY,
        token_rate=UNLIMITED,
        refusal_rate=UNLIMITED,
    )
    with pytest.MonkeyPatch.context() as patch, BackgroundServer(app) as server:
        # Streams end by themselves after ten minutes: here after their first reading.
        patch.setattr(activity, "STREAM_SECONDS_MAX", 0.001)
        patch.setattr(activity, "POLL_SECONDS", 0.001)
        yield Served(_behind, server.base_url)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_answer_is_as_documented(served: Served, call: Call) -> None:
    served.ask(call, EXAMPLES)


@pytest.mark.fire
@pytest.mark.timeout(600)
@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_answer_is_as_documented_under_fire(served: Served, call: Call) -> None:
    served.ask(call, EXAMPLES_UNDER_FIRE)


class Walks:
    """The walks of Schemathesis from answers to requests, each beginning in the same state, so that
    one that is walked again goes the same way.
    """

    def __init__(self, served: Served) -> None:
        self.asked: list[str] = []
        walks = self
        machine = served.schema.as_state_machine()

        class Walk(machine):  # type: ignore[misc, valid-type]  # made by the library at run time
            def setup(self) -> None:
                served.begin_anew()

            def get_call_kwargs(self, case: Case) -> dict[str, object]:
                walks.asked.append(case.operation.label)
                return {"headers": living_headers(served.street)}

            def validate_response(
                self, response: schemathesis.Response, case: Case, **options: object
            ) -> None:
                case.validate_response(
                    response,
                    additional_checks=[understood],
                    excluded_checks=[use_after_free],
                    transport_kwargs=options or None,
                    recorder=self.recorder,
                )

        self.machine = Walk

    def go(self, examples: int) -> None:
        self.machine.run(
            settings=settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
        )


# A connection that was ended and a token that was revoked stay to be looked at: who could read what
# is part of the audit trail. So DELETE is walked, but 404 afterwards is not asked for.


def living_headers(street: Street) -> dict[str, str]:
    """Of an admin token that lives: a walk may have revoked the one before."""
    here = street.here
    try:
        street.services.access.living(here.token_ids[Scope.ADMIN])
    except NotAuthenticated:
        made = street.services.access.create(
            here.organisation_id, "again", Scope.ADMIN, operator="test"
        )
        here.token_ids[Scope.ADMIN] = made.token.id
        here.tokens[Scope.ADMIN] = made.text
    return here.headers()


def test_walks_from_answers_to_requests(served: Served) -> None:
    walks = Walks(served)
    walks.go(WALKS)
    assert len(set(walks.asked)) > WALKED_MIN, "walks get around"


@pytest.mark.fire
@pytest.mark.timeout(600)
def test_walks_from_answers_to_requests_under_fire(served: Served) -> None:
    walks = Walks(served)
    walks.go(WALKS_UNDER_FIRE)
    assert {label for label in walks.asked if label.startswith("DELETE")}
    assert len(set(walks.asked)) > WALKED_UNDER_FIRE_MIN, "walks get around"

"""Problem details (RFC 9457) for JSON, and the tables that give each failure its status."""

import datetime as dt
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec
from attrs import evolve
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException

from core.domain.failures import Action, CorrectRequest, Failure, OurBug, Unknown
from core.services.access import NotAllowed, NotAuthenticated
from core.services.linking import SettingsChanged
from core.services.repeating import OtherRequest, UnderWay
from interfaces.http.rates import TooMany
from interfaces.http.shapes import FieldError, Problem

HTTP_STATUS: Final[dict[Action, HTTPStatus]] = {
    Action.RECONNECT: HTTPStatus.CONFLICT,
    Action.WAIT: HTTPStatus.SERVICE_UNAVAILABLE,
    Action.FIX_SETTINGS: HTTPStatus.CONFLICT,
    Action.PROVIDER_DOWN: HTTPStatus.BAD_GATEWAY,
    Action.DATA_NOT_UNDERSTOOD: HTTPStatus.BAD_GATEWAY,
    Action.REPORT_BUG: HTTPStatus.INTERNAL_SERVER_ERROR,
    Action.CORRECT_REQUEST: HTTPStatus.BAD_REQUEST,
    Action.TRY_AGAIN: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""409 is for what asking differently cannot put right: something must change first."""

_STATUS_OF_CLASS: Final[dict[type[Failure], HTTPStatus]] = {
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Unknown: HTTPStatus.NOT_FOUND,
    UnderWay: HTTPStatus.CONFLICT,
    OtherRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    SettingsChanged: HTTPStatus.PRECONDITION_FAILED,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
}
_STATUS_OF_CODE: Final[dict[str, HTTPStatus]] = {
    "precondition-required": HTTPStatus.PRECONDITION_REQUIRED,
    "import-under-way": HTTPStatus.CONFLICT,
    "integration-state": HTTPStatus.CONFLICT,
    "already-linked": HTTPStatus.CONFLICT,
    "already-followed": HTTPStatus.CONFLICT,
    "no-books": HTTPStatus.CONFLICT,
}
"""More exact than the action, where HTTP has a word for it."""

AnyRequest: TypeAlias = Request[object, object, State]

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 60
"""Said where waiting helps but nobody knows how long."""

FIELD_ERRORS_MAX: Final = 20
CHALLENGE: Final = 'Bearer realm="Monitr"'
BASIC_OPTION: Final = "basic"
"""The handler option by which a browser may send the token as a password (pages only)."""

BASIC_CHALLENGE: Final = 'Basic realm="Monitr: an API token as password", charset="UTF-8"'
_REFUSED: Final = 401

_TITLES: Final[dict[Action, str]] = {
    Action.RECONNECT: "Reconnect",
    Action.WAIT: "Wait",
    Action.FIX_SETTINGS: "Settings must change",
    Action.PROVIDER_DOWN: "The provider does not answer",
    Action.DATA_NOT_UNDERSTOOD: "The provider's answer was not understood",
    Action.REPORT_BUG: "An error of Monitr's own",
    Action.CORRECT_REQUEST: "The request cannot be carried out",
    Action.TRY_AGAIN: "Try again",
}

_DETAILS: Final[dict[int, str]] = {
    400: "The request is not understood: look at the documentation.",
    404: "There is nothing at this address: look at the documentation.",
    405: "This address does not take this method: look at the Allow header.",
    413: "The request is too large: send less at a time.",
    415: "Send the body as application/json.",
}

_FIELDS_WRONG: Final = (
    "The request is not understood: look at the errors, and at the documentation."
)


def status_of(failure: Failure) -> HTTPStatus:
    """By class, then by code, then by action: the first table that knows it."""
    for kind in type(failure).__mro__:
        if kind in _STATUS_OF_CLASS:
            return _STATUS_OF_CLASS[kind]
    return _STATUS_OF_CODE.get(failure.code, HTTP_STATUS[failure.action])


def forgotten(error: Exception) -> OurBug:
    """The failure shown for an error nobody foresaw; its own text may quote anything."""
    return OurBug(
        "Monitr could not answer because of an error of its own: look into its log and report it.",
        detail=type(error).__name__,
    )


def encoded(problem: Problem) -> bytes:
    """Members that are None are left out."""
    members = msgspec.to_builtins(problem)
    return msgspec.json.encode({name: held for name, held in members.items() if held is not None})


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(
        encoded(problem),
        status_code=problem.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=headers or {},
    )


def problem_of(failure: Failure) -> Problem:
    return Problem(
        type="about:blank",
        title=_TITLES[failure.action],
        status=status_of(failure),
        code=failure.code,
        action=failure.action.value,
        detail=failure.sentence,
        retry_at=failure.retry_at.astimezone(dt.UTC) if failure.retry_at is not None else None,
        setting=failure.setting,
    )


def from_failure(failure: Failure) -> Response[bytes]:
    found = problem_of(failure)
    headers = {}
    if found.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    if found.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        headers["Retry-After"] = str(_seconds_until(failure))
    return answer(found, headers)


def _seconds_until(failure: Failure) -> int:
    if isinstance(failure, TooMany):
        return failure.seconds
    if failure.retry_at is None:
        return RETRY_AFTER_SECONDS
    left = failure.retry_at - dt.datetime.now(dt.UTC)
    return max(1, int(left.total_seconds()) + 1)


def on_failure(request: AnyRequest, failure: Failure) -> Response[bytes]:
    answered = from_failure(failure)
    handler = request.scope["route_handler"]
    if handler.opt.get(BASIC_OPTION) and answered.status_code == _REFUSED:
        # Alone: Chromium reads the first challenge only, and does not ask when that is Bearer.
        answered.headers["WWW-Authenticate"] = BASIC_CHALLENGE
    return answered


def on_http_exception(_: AnyRequest, error: HTTPException) -> Response[bytes]:
    """What the framework refuses: no such path, no such method. Its own words stay inside."""
    phrase = HTTPStatus(error.status_code).phrase
    found = Problem(
        type="about:blank",
        title=phrase,
        status=error.status_code,
        code=phrase.lower().replace(" ", "-"),
        action=Action.CORRECT_REQUEST.value,
        detail=_DETAILS.get(error.status_code),
    )
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        found = evolve(
            found,
            detail=_FIELDS_WRONG,
            errors=[_field_error(one) for one in error.extra[:FIELD_ERRORS_MAX]],
        )
    headers = {
        name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"
    }
    return answer(found, headers)


def _field_error(found: dict[str, object]) -> FieldError:
    key, message = found.get("key"), str(found.get("message", "not valid"))
    return FieldError(
        # Of a body that is not there the framework only repeats the name.
        message="is missing" if message == repr(key) else message,
        key=str(key) if key is not None else None,
        source=str(found["source"]) if "source" in found else None,
    )


def on_depth(_: AnyRequest, __: RecursionError) -> Response[bytes]:
    """A body nested deeper than anything this interface takes."""
    refusal = CorrectRequest("The body is nested too deeply: send what is documented.")
    return from_failure(refusal)


def on_error(_: AnyRequest, error: Exception) -> Response[bytes]:
    return from_failure(forgotten(error))

"""Problem details (RFC 9457) for JSON, and the one table that gives each failure its status."""

from http import HTTPStatus
from typing import Final, TypeAlias

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from core.domain.failures import Action, Failure, OurBug

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

AnyRequest: TypeAlias = Request[object, object, State]

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"

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


def forgotten(error: Exception) -> OurBug:
    """The failure shown for an error nobody foresaw; its own text may quote anything."""
    return OurBug(
        "Monitr could not answer because of an error of its own: look into its log and report it.",
        detail=type(error).__name__,
    )


def problem(status: int, title: str, **members: str | None) -> Response[dict[str, object]]:
    """A problem document; members that are None are left out."""
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status}
    body.update({name: value for name, value in members.items() if value is not None})
    return Response(body, status_code=status, media_type=PROBLEM_MEDIA_TYPE)


def from_failure(failure: Failure) -> Response[dict[str, object]]:
    retry_at = failure.retry_at.isoformat() if failure.retry_at is not None else None
    return problem(
        HTTP_STATUS[failure.action],
        _TITLES[failure.action],
        detail=failure.sentence,
        code=failure.code,
        action=failure.action.value,
        retry_at=retry_at,
        setting=failure.setting,
    )


def on_failure(_: AnyRequest, failure: Failure) -> Response[dict[str, object]]:
    return from_failure(failure)


def on_http_exception(_: AnyRequest, error: HTTPException) -> Response[dict[str, object]]:
    """What the framework refuses: no such path, no such method. Its own words stay inside."""
    phrase = HTTPStatus(error.status_code).phrase
    answer = problem(
        error.status_code,
        phrase,
        code=phrase.lower().replace(" ", "-"),
        action=Action.CORRECT_REQUEST.value,
    )
    answer.headers.update(
        {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    )
    return answer


def on_error(_: AnyRequest, error: Exception) -> Response[dict[str, object]]:
    return from_failure(forgotten(error))

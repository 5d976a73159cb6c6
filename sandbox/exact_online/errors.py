"""How Exact Online says no."""

from sandbox.wire import WireResponse, json_response

SELECT_REQUIRED = "Please add a $select or a $top=1 statement to the query string."
SCOPE_VIOLATED = "Forbidden - Application Scope Violated. Cannot read"
MANDATORY_FILTER = (
    "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a "
    "$filter parameter with one of the following fields in the url: "
)


class Refused(Exception):
    """A request that gets ``response`` instead of what it asked for."""

    def __init__(self, response: WireResponse) -> None:
        super().__init__(f"{response.status}: {response.body[:200]!r}")
        self.response = response


def refusal(status: int, text: str, reason: str | None = None) -> Refused:
    """The JSON error body; its ``code`` is empty on the real service too, so text must do."""
    body = {"error": {"code": "", "message": {"lang": "", "value": text}}}
    response = json_response(body, status)
    return Refused(response if reason is None else response.with_headers(("Reason", reason)))


def bad_query(text: str) -> Refused:
    return refusal(400, text)

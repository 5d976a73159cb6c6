"""How Xero says no: problem documents for rights, an exception document for bad requests."""

from sandbox.wire import WireResponse, json_response

INSTANCE = "5f9f2e0a-31f9-4a0b-a8a5-3a4d6b0d1c77"
"""Of the problem documents; real ones differ each time."""


class Refused(Exception):
    """A request that gets ``response`` instead of what it asked for."""

    def __init__(self, response: WireResponse) -> None:
        super().__init__(f"{response.status}: {response.body[:200]!r}")
        self.response = response


def unauthorised(detail: str) -> Refused:
    """``TokenExpired: ...``, ``AuthenticationUnsuccessful`` or ``AuthorizationUnsuccessful``."""
    body: dict[str, object] = {
        "Type": None,
        "Title": "Unauthorized",
        "Status": 401,
        "Detail": detail,
        "Instance": INSTANCE,
        "Extensions": {},
    }
    return Refused(json_response(body, 401))


def scope_missing() -> Refused:
    refused = unauthorised("AuthorizationUnsuccessful")
    told = 'Bearer error="insufficient_scope", error_description="insufficient_scope"'
    return Refused(refused.response.with_headers(("WWW-Authenticate", told)))


def forbidden() -> Refused:
    """The organisation is not connected; told in small letters, unlike the 401."""
    body: dict[str, object] = {
        "type": None,
        "title": "Forbidden",
        "status": 403,
        "detail": "AuthenticationUnsuccessful",
        "instance": INSTANCE,
    }
    return Refused(json_response(body, 403))


def invalid(message: str) -> Refused:
    body: dict[str, object] = {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": [{"ValidationErrors": [{"Message": message}]}],
    }
    return Refused(json_response(body, 400))


def not_found() -> Refused:
    body = b"The resource you're looking for cannot be found"
    return Refused(WireResponse(404, (("Content-Type", "text/plain"),), body))

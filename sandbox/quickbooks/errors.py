"""How QuickBooks says no: business faults with capitals, and those of the gateway without."""

from sandbox.wire import WireResponse, json_response


class Refused(Exception):
    """A request that gets ``response`` instead of what it asked for."""

    def __init__(self, response: WireResponse) -> None:
        super().__init__(f"{response.status}: {response.body[:200]!r}")
        self.response = response


def validation_fault(code: str, message: str, detail: str) -> Refused:
    error = {"Message": message, "Detail": detail, "code": code}
    body = {
        "Fault": {"Error": [error], "type": "ValidationFault"},
        "time": "2026-01-31T03:04:05.678-08:00",
    }
    return Refused(json_response(body, 400))


def bad_query(detail: str) -> Refused:
    return validation_fault("4001", "Invalid query", f"QueryValidationError: {detail}")


def not_supported(what: str) -> Refused:
    return validation_fault("500", "Unsupported Operation", f"Operation {what} is not supported.")


def _gateway_body(code: str, message: str, detail: str, kind: str) -> dict[str, object]:
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [{"message": message, "detail": detail, "code": code, "element": None}],
            "type": kind,
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": 1_700_000_000_000,
        "status": None,
        "cdcresponse": [],
    }


def bad_token() -> Refused:
    detail = "Token expired: AB01"
    body = _gateway_body(
        "3200",
        "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        detail,
        "AUTHENTICATION",
    )
    wanted = 'Bearer realm="Intuit", error="invalid_token"'
    return Refused(json_response(body, 401).with_headers(("WWW-Authenticate", wanted)))


def not_this_company() -> Refused:
    """A token of another company or environment, or an application that was disconnected."""
    body = _gateway_body(
        "3100",
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "Application is not authorized for this company",
        "AUTHORIZATION",
    )
    return Refused(json_response(body, 403))


def throttled() -> WireResponse:
    """Without any header that says until when. The body is assumed: only XML was recorded."""
    body = _gateway_body(
        "3001",
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached. Try again later",
        "SERVICE",
    )
    return json_response(body, 429)


def too_slow() -> Refused:
    body = _gateway_body("6002", "Gateway Timeout", "The request took too long", "SERVICE")
    return Refused(json_response(body, 504))

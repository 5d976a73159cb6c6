"""Refusals in Octopus' words."""

from sandbox.wire import WireResponse, json_response


class Refused(Exception):
    """An answer that is not the one asked for."""

    def __init__(self, answer: WireResponse) -> None:
        super().__init__(answer.status)
        self.answer = answer


def bad_parameters() -> Refused:
    """As recorded: only ``technicalInfo``."""
    told = {"technicalInfo": "Invalid or missing parameters passed"}
    return Refused(json_response(told, 400))


def bad_token() -> Refused:
    told = {"technicalInfo": "Invalid or expired token presented, unauthorized"}
    return Refused(json_response(told, 401))


def bad_login(user: str) -> Refused:
    """As recorded: that it is counted, for whom, and where the caller is."""
    told = f"Incrementing failed login attempt count for user {user}, IP address 127.0.0.1. "
    return Refused(json_response({"technicalInfo": told}, 401))


def refused(status: int, code: int, message: str) -> Refused:
    told = {"errorCode": code, "errorMessage": message, "technicalInfo": ""}
    return Refused(json_response(told, status))


def nothing(what: str) -> Refused:
    """404 is how Octopus says that there is nothing."""
    return refused(404, 404, f"No {what} found")


def quota_spent(maximum: int, status: int) -> WireResponse:
    """Assumed: neither status nor body are published."""
    told = {
        "errorCode": 429,
        "errorMessage": f"Maximum allowed calls per day: {maximum}",
        "technicalInfo": "",
    }
    return json_response(told, status)

"""How Moneybird says no: ``{"error": text}``, often with a ``symbolic`` twin for programs."""

from sandbox.wire import WireResponse, json_response


class Refused(Exception):
    """A request that gets ``response`` instead of what it asked for."""

    def __init__(self, response: WireResponse) -> None:
        super().__init__(f"{response.status}: {response.body[:200]!r}")
        self.response = response


def refusal(status: int, text: str, symbolic: object = None) -> Refused:
    body: dict[str, object] = {"error": text}
    if symbolic is not None:
        body["symbolic"] = symbolic
    return Refused(json_response(body, status))


def bad_token() -> Refused:
    return refusal(401, "token is invalid", {"request": "invalid_grant"})


def no_access(words: str) -> Refused:
    """A scope the token lacks is a 401 too, told apart by its words only."""
    return refusal(401, f"No access to {words}")


def not_found() -> Refused:
    return refusal(404, "record not found", {"id": "not_found"})

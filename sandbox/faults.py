"""Misbehaviour on demand: which request is hit, and what happens to its answer."""

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase

import msgspec
from attrs import define, evolve, field, fields

from sandbox.wire import WireRequest, WireResponse, json_response, text_response


class FaultKind(StrEnum):
    """The first group answers without the provider ever seeing the request; for the second group
    the provider did its work (a refresh token is spent, say) and only the answer suffers.
    """

    STATUS = "status"  # ``status``, ``body``, ``headers`` as given
    TOO_MANY = "too-many"  # the provider's own 429
    DAILY_BUDGET = "daily-budget"  # the provider's own answer when the day's calls are spent
    GATEWAY = "gateway"  # something in front of the provider answers
    UNAVAILABLE = "unavailable"  # 503
    CLOSE = "close"  # the connection is closed without an answer

    MALFORMED = "malformed"  # the body stops being JSON or XML half way
    TRUNCATED = "truncated"  # Content-Length promises more bytes than are sent
    LOST = "lost"  # the work is done, then the connection is closed without an answer
    SLOW = "slow"  # answered after ``delay`` seconds
    EXTRA_FIELDS = "extra-fields"  # every row carries fields nobody announced


BEFORE_WORK = frozenset(
    {
        FaultKind.STATUS,
        FaultKind.TOO_MANY,
        FaultKind.DAILY_BUDGET,
        FaultKind.GATEWAY,
        FaultKind.UNAVAILABLE,
        FaultKind.CLOSE,
    }
)


@define
class Fault:
    """Hits the ``nth`` matching request and the ``times - 1`` after it.

    ``path`` is matched against the decoded path with ``*`` for anything; without a ``*`` it is
    enough that the path contains it. ``method`` and ``body_contains`` narrow it further (one path
    serves many calls where the call is named in the body).
    """

    kind: FaultKind
    path: str = "*"
    method: str | None = None
    body_contains: str = ""
    nth: int = 1
    times: int = 1
    status: int = 500
    body: str = ""
    headers: dict[str, str] = field(factory=dict)
    delay: float = 0.0
    seen: int = 0

    def hits(self, request: WireRequest) -> bool:
        """Whether this request is hit; counts it if it matches."""
        if self.method is not None and self.method != request.method:
            return False
        pattern = self.path if "*" in self.path else f"*{self.path}*"
        if not fnmatchcase(request.path, pattern):
            return False
        if self.body_contains and self.body_contains.encode() not in request.body:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    @property
    def spent(self) -> bool:
        return self.seen >= self.nth + self.times - 1


class Faults:
    """The faults waiting at one stand-in. At most one hits a request: the first that matches."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, document: Mapping[str, object]) -> Fault:
        """Takes a fault from a JSON-like mapping with the fields of ``Fault``."""
        fault = msgspec.convert(document, Fault)
        unknown = set(document) - {known.name for known in fields(Fault)}
        if unknown:
            raise ValueError(f"A fault has no field {sorted(unknown)}")
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        self._waiting.clear()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def next_for(self, request: WireRequest) -> Fault | None:
        chosen = next((fault for fault in self._waiting if fault.hits(request)), None)
        self._waiting = [fault for fault in self._waiting if not fault.spent]
        return chosen


def plain_answer(fault: Fault) -> WireResponse:
    """What a server of no particular provider says in these cases."""
    if fault.kind is FaultKind.STATUS:
        headers = fault.headers
        if not any(name.lower() == "content-type" for name in headers):
            headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        return WireResponse(fault.status, tuple(headers.items()), fault.body.encode())
    if fault.kind is FaultKind.GATEWAY:
        return text_response("upstream connect error or disconnect before headers", 502)
    if fault.kind is FaultKind.UNAVAILABLE:
        return text_response("Service Unavailable", 503)
    return WireResponse(429)


def spoil(response: WireResponse) -> WireResponse:
    """Cuts the body in half and lets it end in something no parser takes."""
    return evolve(response, body=response.body[: len(response.body) // 2] + b"\x00{[<")


def add_unknown_fields(response: WireResponse) -> WireResponse:
    """Every JSON object inside a list gets two fields the provider never announced."""
    try:
        value = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        return response
    spoiled = json_response(_with_unknown(value, in_list=False))
    return evolve(response, body=spoiled.body)


def _with_unknown(value: object, *, in_list: bool) -> object:
    if isinstance(value, dict):
        inner = {key: _with_unknown(item, in_list=False) for key, item in value.items()}
        if in_list:
            inner["sandboxSurprise"] = {"nested": [1, None]}
            inner["SandboxNovelty"] = "x"
        return inner
    if isinstance(value, list):
        return [_with_unknown(item, in_list=True) for item in value]
    return value

"""What was asked of the stand-ins: the proof that no page was fetched twice."""

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import msgspec
from attrs import asdict, define, field

from sandbox.wire import WireRequest

SECRETS = frozenset(
    {
        "access_token",
        "accesskey",
        "api_key",
        "apikey",
        "assertion",
        "client_secret",
        "code",
        "code_verifier",
        "id_token",
        "key",
        "login_ticket",
        "passwd",
        "password",
        "refresh_token",
        "secret",
        "state",
        "token",
    }
)
HIDDEN = "[hidden]"
_LONGEST = 4_000


@define
class Asked:
    """One request as remembered. ``at_ms`` is sandbox time; ``took_ms`` includes a slow fault."""

    number: int
    provider: str
    at_ms: int
    method: str
    path: str
    query: str
    body: str
    status: int | None = None
    fault: str | None = None
    took_ms: int = 0


@define
class RequestLog:
    """All requests of one sandbox in the order they came; control calls are not among them."""

    asked: list[Asked] = field(factory=list)
    _numbers: int = 0

    def open(self, provider: str, at_ms: int, request: WireRequest, body: str) -> Asked:
        self._numbers += 1
        entry = Asked(
            number=self._numbers,
            provider=provider,
            at_ms=at_ms,
            method=request.method,
            path=request.path,
            query=redact_form(request.query_string),
            body=body,
        )
        self.asked.append(entry)
        return entry

    def of(self, provider: str) -> list[Asked]:
        return [entry for entry in self.asked if entry.provider == provider]

    def clear(self, provider: str) -> None:
        self.asked = [entry for entry in self.asked if entry.provider != provider]

    def documents(self, provider: str) -> list[dict[str, object]]:
        return [asdict(entry) for entry in self.of(provider)]


def redact_form(text: str) -> str:
    """A query string or form body with the values of secret fields hidden."""
    pairs = parse_qsl(text, keep_blank_values=True)
    return urlencode([(key, HIDDEN if key.lower() in SECRETS else value) for key, value in pairs])


def redact_json(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if str(key).lower() in SECRETS else redact_json(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [redact_json(inner) for inner in value]
    return value


def redact_body(request: WireRequest) -> str:
    """The body fit for the log. What is neither form nor JSON is shown as its digest only."""
    if not request.body:
        return ""
    if request.content_type == "application/x-www-form-urlencoded":
        return redact_form(request.body.decode("utf-8", "replace"))[:_LONGEST]
    if request.content_type == "application/json":
        try:
            return msgspec.json.encode(redact_json(request.json())).decode()[:_LONGEST]
        except ValueError:
            return "malformed json"
    return "sha256:" + hashlib.sha256(request.body).hexdigest()

"""A request as a stand-in sees it, and the answer it gives. Nothing here knows a server."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from attrs import evolve, field, frozen


@frozen
class WireRequest:
    """One HTTP request. ``path`` is decoded, header names are lower case."""

    method: str
    path: str
    query_string: str = ""
    headers: dict[str, str] = field(factory=dict)
    body: bytes = b""
    base_url: str = "http://127.0.0.1"

    @property
    def query(self) -> dict[str, str]:
        """Decoded query options; the last one wins."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(self.form_fields)

    @property
    def form_fields(self) -> list[tuple[str, str]]:
        """Form fields in order, repeated ones included."""
        text = self.body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True)

    def json(self) -> Any:  # noqa: ANN401 - a document of any shape
        """The decoded JSON body; None if there is none. Raises ``ValueError`` if malformed."""
        if not self.body:
            return None
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def bearer(self) -> str | None:
        """The token of an ``Authorization: Bearer`` header, the word in any case."""
        word, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if word.lower() == "bearer" and token.strip() else None


@frozen
class WireResponse:
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_headers(self, *headers: tuple[str, str]) -> "WireResponse":
        return evolve(self, headers=(*self.headers, *headers))


def json_response(
    value: object, status: int = 200, content_type: str = "application/json; charset=utf-8"
) -> WireResponse:
    return WireResponse(status, (("Content-Type", content_type),), msgspec.json.encode(value))


def html_response(html: str, status: int = 200) -> WireResponse:
    return WireResponse(status, (("Content-Type", "text/html; charset=utf-8"),), html.encode())


def text_response(text: str, status: int = 200) -> WireResponse:
    return WireResponse(status, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())


def redirect(location: str) -> WireResponse:
    return WireResponse(302, (("Location", location),))

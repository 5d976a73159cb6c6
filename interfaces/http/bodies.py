"""Bodies that are no JSON are refused with the place where they go wrong, not with their text."""

import json
from typing import Any

from litestar import Request
from litestar.exceptions import SerializationException

from core.domain.failures import CorrectRequest


class BodyRequest(Request[Any, Any, Any]):
    """The request of every handler. The framework's own words for such a body name no place, and
    text that is not UTF-8 inside a string it takes for an error of the application.
    """

    async def json(self) -> Any:  # noqa: ANN401 - the framework's signature
        """The body decoded. CorrectRequest when it is no JSON."""
        try:
            return await super().json()
        except (SerializationException, UnicodeDecodeError):
            raise not_json(await self.body()) from None


def not_json(body: bytes) -> CorrectRequest:
    """The refusal of a body that the decoder did not take."""
    return CorrectRequest(
        f"The body is not JSON: {_trouble(body)}. Correct it and send it again.", code="not-json"
    )


def _trouble(body: bytes) -> str:
    try:
        text = body.decode()
        json.loads(text)
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8"
    except json.JSONDecodeError as error:
        how = "goes wrong at" if text[error.pos :].strip() else "ends too early, at"
        return f"it {how} line {error.lineno}, column {error.colno}"
    # Python's own decoder takes these, which RFC 8259 does not have or leaves to the reader.
    return "it holds NaN or Infinity, a number out of range, or half a surrogate pair"

"""What a provider sent to a callback address: parsed strictly, the same way for every front end."""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from core.domain.failures import CorrectRequest

QUERY_BYTES_MAX: Final = 16_384
"""Longer than any code and state together; what is longer is not read."""

PARAMETERS_MAX: Final = 32

_CALLBACK_PREFIX: Final = "/oauth/"
_CALLBACK_SUFFIX: Final = "/callback"


def parameters(query: str, *, bytes_max: int = QUERY_BYTES_MAX) -> dict[str, str]:
    """Each parameter once. CorrectRequest for one given twice, or for a query too long to be real.

    A repeated parameter is refused rather than resolved: two readers may resolve it differently
    (RFC 6749, 3.1: parameters must not be included more than once).
    """
    if len(query.encode(errors="replace")) > bytes_max:
        raise _refused("is longer than any genuine answer", "answer-too-long")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    except ValueError as error:
        raise _refused("has too many parameters", "answer-malformed") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise _refused("gives a parameter twice", "answer-repeats")
        found[name] = value
    return found


def pasted(text: str, provider_key: str) -> tuple[str, dict[str, str]]:
    """(provider key of the path, parameters) of an address copied from a browser.

    A bare query is taken as an answer of ``provider_key``.
    """
    text = text.strip()
    if not text:
        raise _refused("is empty", "answer-empty")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise _refused("is not an address", "answer-malformed") from error
    if not parts.scheme:
        return provider_key, parameters(text.lstrip("?"))
    if parts.path.startswith(_CALLBACK_PREFIX) and parts.path.endswith(_CALLBACK_SUFFIX):
        provider_key = parts.path[len(_CALLBACK_PREFIX) : -len(_CALLBACK_SUFFIX)]
    return provider_key, parameters(parts.query)


def _refused(what: str, code: str) -> CorrectRequest:
    return CorrectRequest(
        f"This answer {what}, so nothing was connected. Start the connection again in Monitr.",
        code=code,
    )

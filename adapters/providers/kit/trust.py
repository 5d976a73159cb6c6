"""Whose certificates are trusted, and what the library's errors say of one that is not."""

import functools
import ssl


@functools.cache
def nobody_trusted() -> ssl.SSLContext:
    """For plain http on this machine, where loading authorities would be for nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(found) < 10:  # noqa: PLR2004 - chains are short
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def is_tls(error: BaseException) -> bool:
    return any(isinstance(link, ssl.SSLError) for link in _chain(error))


def tls_reason(error: BaseException) -> str:
    return next((link.reason or "" for link in _chain(error) if isinstance(link, ssl.SSLError)), "")

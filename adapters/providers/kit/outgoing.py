"""What may leave: addresses that can be called, sizes within limits, headers that can be sent.
And where an answer wants to send us on to.
"""

from urllib.parse import urlsplit

from adapters.providers.kit.calls import Answer, Request, SizeLimits
from adapters.providers.kit.origins import check_scheme
from core.domain.failures import FixSettings, OurBug


def checked_host(request: Request, sizes: SizeLimits) -> str:
    """``host[:port]`` of a request that may leave.

    FixSettings for plain http to another machine, an unusable address, or a header value that
    cannot be sent (which is not quoted: it is likely a key). OurBug beyond the size limits.
    """
    try:
        parts = urlsplit(request.url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        raise bad_address("the provider") from None
    check_scheme(parts.scheme, host)
    if len(request.url) > sizes.url_characters:
        raise _too_large(f"{len(request.url)} characters of URL to {host}")
    if request.body is not None and len(request.body) > sizes.request_bytes:
        raise _too_large(f"{len(request.body)} bytes to {host}")
    for name, value in request.headers.items():
        if not value.isascii() or not value.isprintable():
            raise FixSettings(
                "A key holds a character that cannot be sent: enter it again.",
                detail=f"header {name}",
                code="unsendable",
            )
    return f"{host}:{port}" if port else host


def bad_address(host: str) -> FixSettings:
    """For an address the HTTP library does not take."""
    return FixSettings(
        f"The address of {host} cannot be used: write it as https://host.", code="bad-address"
    )


def redirect_target(answer: Answer) -> str:
    """Where a redirect points to, without path and query; a relative one stays on its host."""
    try:
        parts = urlsplit(answer.headers.get("location", ""))
    except ValueError:
        return "another address"
    if parts.scheme in {"http", "https"} and parts.netloc and "@" not in parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return "another page"


def _too_large(what: str) -> OurBug:
    return OurBug("Monitr asked for too much at once: report it.", detail=what)

"""That the person at this very browser agreed to connect: a cookie and a form that fit together.

The question sets a random cookie that no other site can read, send or set, and its form carries a
digest of that cookie, the provider and the state. Somebody who makes another browser send a form
of their own knows no digest that fits that browser's cookie. Nothing is kept on the server, so any
process may take the answer.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

TOKEN_FIELD: Final = "agreed"  # noqa: S105 - a field's name
ANSWER_FIELD: Final = "answer"
_COOKIE: Final = "monitr-asked"
_HOST_PREFIX: Final = "__Host-"
"""Browsers let no other host and no unencrypted page set a cookie so named (RFC 6265bis, 4.1.3.2);
they take it over HTTPS only."""

_NONCE_BYTES: Final = 32
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def is_loopback(base: str) -> bool:
    """Whether that address is this machine's own, which nobody else's browser reaches."""
    host = urlsplit(base).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def cookie_name(*, secure: bool) -> str:
    return f"{_HOST_PREFIX if secure else ''}{_COOKIE}"


def new_nonce() -> str:
    return secrets.token_urlsafe(_NONCE_BYTES)


def nonce_in(cookies: Mapping[str, str], *, secure: bool) -> str:
    """Empty when the browser was never asked, or says anything but what it was given."""
    found = cookies.get(cookie_name(secure=secure), "")
    return found if _NONCE.fullmatch(found) else ""


def token(nonce: str, *, provider: str, state: str) -> str:
    bound = f"{provider}\n{state}".encode("utf-8", "surrogatepass")
    return hmac.new(nonce.encode("utf-8", "surrogatepass"), bound, hashlib.sha256).hexdigest()


def fits(given: str, nonce: str, *, provider: str, state: str, fetch_site: str | None) -> bool:
    """``fetch_site``: what the browser says of where the form was (Sec-Fetch-Site), if it does."""
    if not nonce or fetch_site not in {None, "same-origin"}:
        return False
    wanted = token(nonce, provider=provider, state=state)
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())

"""Addresses of providers: what may be called, and what an operator may type in."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from core.domain.failures import FixSettings

_ADDRESS_CHARACTERS_MAX: Final = 500
_SCHEME_CHARACTERS_SHOWN: Final = 20


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or number (no look-up)."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin_of(address: str, *, setting: str) -> str:
    """``scheme://host[:port]`` of what an operator typed; a path, a slash or spaces are dropped.

    A bare host means https. FixSettings for anything else than https (plain http is for loopback
    hosts only), for names with user and password, and for text that is no address.
    """
    typed = address.strip()
    if len(typed) > _ADDRESS_CHARACTERS_MAX:
        raise _unusable("The address is too long", setting)
    if "://" not in typed:
        typed = f"https://{typed}"
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _unusable("The address cannot be read", setting) from None
    if not host or any(character.isspace() for character in host):
        raise _unusable("The address names no host", setting)
    if parts.username is not None or parts.password is not None:
        raise _unusable("The address must not hold a user or password", setting)
    check_scheme(parts.scheme, host, setting=setting)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def check_scheme(scheme: str, host: str, *, setting: str | None = None) -> None:
    """FixSettings unless https, or http on this machine: keys never travel in the open."""
    if host and (scheme == "https" or (scheme == "http" and is_loopback(host))):
        return
    if scheme == "http":
        raise FixSettings(
            f"{host} would be called over plain http, which anyone on the way can read: "
            "use an https address.",
            code="plain-http",
            setting=setting,
        )
    whole = bool(host and scheme)
    told = f"begins with {scheme[:_SCHEME_CHARACTERS_SHOWN]}://" if whole else "is incomplete"
    raise FixSettings(
        f"The address of {host or 'the provider'} {told}: write it with https:// (http:// is for "
        "this machine only).",
        detail=f"scheme {scheme[:_SCHEME_CHARACTERS_SHOWN]!r}",
        code="bad-address",
        setting=setting,
    )


def _unusable(what: str, setting: str) -> FixSettings:
    return FixSettings(f"{what}: write it as https://host.", code="bad-address", setting=setting)

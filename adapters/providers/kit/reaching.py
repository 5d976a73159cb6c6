"""Which machines may be called: addresses typed by operators must not reach a server's own network.

An operator types the address of an Odoo or Horus. On a server that others use, such an address
must not make Monitr call what only the server can reach: itself, its neighbours, the metadata
service of its cloud. So every connection is judged by the addresses its name stands for, before it
is made and again, by the peer's own address, before the first byte is sent: a name that changes
its meaning in between (DNS rebinding) gains nothing. Redirects are never followed.

Behind a proxy of the environment (``HTTPS_PROXY``) the proxy looks names up and is the boundary.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from attrs import frozen

from adapters.providers.kit.watchdog import Trace
from core.domain.failures import FixSettings

SETTING: Final = "MONITR_ALLOWED_HOSTS"
ALLOWED_MAX: Final = 1_000

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as NAT64 writes them (RFC 6052): judged by what is inside."""
_CONNECTING: Final = "connection.connect_tcp.started"
_CONNECTED: Final = "connection.connect_tcp.complete"


@frozen(kw_only=True)
class Reach:
    """Public addresses may always be called; others only where said here.

    ``loopback``: this machine, which only its own user can mean while nobody else reaches Monitr.
    ``hosts``: names whose every address is allowed; ``networks``: addresses under any name.
    """

    loopback: bool = True
    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def allows(self, host: str, address: Address) -> bool:
        inner = _inner(address)
        return (
            host.casefold().rstrip(".") in self.hosts
            or any(one in network for network in self.networks for one in {address, inner})
            or (self.loopback and inner.is_loopback)
            or (inner.is_global and not inner.is_multicast)
        )

    def watching(self, url: str, trace: Trace) -> Trace:
        """``trace`` for one request to ``url``, raising FixSettings for what may not be called."""
        parts = urlsplit(url)
        host, plain = parts.hostname or "", parts.scheme == "http"
        direct = threading.Event()  # set when no proxy stands in between

        def watched(event: str, details: Mapping[str, object]) -> None:
            if event == _CONNECTING and details.get("host") == host:
                port = details.get("port")
                for address in _looked_up(host, port if isinstance(port, int) else 0):
                    self._judge(host, address, plain=plain)
                direct.set()
            trace(event, details)
            if event == _CONNECTED and direct.is_set():
                stream = details.get("return_value")
                try:
                    self._judge(host, _peer(stream), plain=plain)
                except FixSettings:
                    _close(stream)
                    raise

        return watched

    def _judge(self, host: str, address: Address, *, plain: bool) -> None:
        if plain and not _inner(address).is_loopback:
            raise FixSettings(
                f"{host} would be called over plain http, which anyone on the way can read: "
                "use an https address.",
                code="plain-http",
            )
        if not self.allows(host, address):
            raise FixSettings(
                f"{host} is inside a private network, where this Monitr may not call: correct the "
                f"address, or have whoever runs Monitr add it to {SETTING}.",
                detail=f"{host} stands for {address}",
                code="private-address",
                setting=SETTING,
            )


PUBLIC_AND_HERE: Final = Reach()


def reach_from(allowed: str, *, local: bool) -> Reach:
    """From the setting: names, addresses and networks (``10.0.0.0/8``), separated by commas.

    ``local``: only this machine's own user reaches Monitr, so this machine may be called.
    FixSettings names an entry that is none of them.
    """
    hosts, networks = set[str](), list[Network]()
    for entry in allowed.split(","):
        word = entry.strip().casefold().strip("[]").rstrip(".")
        if not word:
            continue
        try:
            networks.append(ipaddress.ip_network(word))
        except ValueError:
            if not all(part.replace("-", "").isalnum() for part in word.split(".")):
                raise FixSettings(
                    f"{SETTING} holds {entry.strip()[:60]!r}: give host names, addresses or "
                    "networks such as odoo.lan, 192.168.1.20 or 10.0.0.0/8, separated by commas.",
                    code="bad-allowed-hosts",
                    setting=SETTING,
                ) from None
            hosts.add(word)
    if len(hosts) + len(networks) > ALLOWED_MAX:
        raise FixSettings(f"{SETTING} has more than {ALLOWED_MAX} entries.", setting=SETTING)
    return Reach(loopback=local, hosts=frozenset(hosts), networks=tuple(networks))


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries, if it does."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is None and address in _TRANSLATED:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        return carried or address
    return address


def _looked_up(host: str, port: int) -> Iterator[Address]:
    """What the name stands for; nothing when it cannot be looked up: connecting will say so."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for *_, place in found:
        yield _address(place)


def _peer(stream: object) -> Address:
    get_extra_info = getattr(stream, "get_extra_info", None)
    place = get_extra_info("server_addr") if get_extra_info is not None else None
    assert isinstance(place, tuple), "the HTTP library tells whom it is connected to"
    return _address(place)


def _close(stream: object) -> None:
    close = getattr(stream, "close", None)
    if close is not None:
        close()


def _address(place: tuple[object, ...]) -> Address:
    return ipaddress.ip_address(str(place[0]).partition("%")[0])

"""Addresses that operators type cannot be used to reach what only the server can."""

import ipaddress
import socket

import attrs
import pytest

from adapters.providers.kit.calls import Request
from adapters.providers.kit.reaching import Reach, reach_from
from adapters.providers.kit.retry_table import FailureTable
from adapters.providers.kit.transport import Transport
from core.domain.failures import FixSettings, ProviderDown
from monitr.settings import settings_from
from tests.providers.kit.scripted import ScriptedServer, answer, kit_with

SERVER = Reach(loopback=False)
TABLE = FailureTable(provider="Testbooks")


def fetch(url: str, reach: Reach) -> int:
    kit = attrs.evolve(kit_with(), reach=reach)
    with Transport(kit, TABLE) as transport:
        return transport.attempt(Request(method="GET", url=url)).status


def standing_for(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name stands for these addresses; returns the names that were looked up."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.20",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
    ],
)
def test_a_server_calls_no_private_address_whatever_its_name(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing_for(monkeypatch, "93.184.215.14", address)
    with pytest.raises(FixSettings) as refused:
        fetch("https://books.example.org/", SERVER)
    assert refused.value.code == "private-address"
    assert refused.value.setting == "MONITR_ALLOWED_HOSTS"


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::808:808"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert SERVER.allows("books.example.org", ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_does_not_call_itself_unless_told(host: str) -> None:
    with ScriptedServer(answer()) as server:
        url = server.url.replace("127.0.0.1", host)
        with pytest.raises(FixSettings) as refused:
            fetch(url, SERVER)
        assert refused.value.code == "private-address"
        assert server.requests == []
        assert fetch(url, reach_from("localhost, 127.0.0.1, ::1", local=False)) == 200


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1"])
def test_odd_spellings_of_this_machine_are_seen_through(host: str) -> None:
    with pytest.raises(FixSettings) as refused:
        fetch(f"https://{host}:1/", SERVER)
    assert refused.value.code in {"private-address", "bad-address"}


def test_on_a_laptop_this_machine_may_be_called_and_the_lan_is_named_in_a_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laptop = reach_from("", local=True)
    with ScriptedServer(answer()) as server:
        assert fetch(server.url, laptop) == 200
    lan = ipaddress.ip_address("192.168.1.20")
    assert not laptop.allows("odoo.lan", lan)
    assert reach_from("odoo.lan.", local=True).allows("ODOO.lan", lan)
    assert reach_from("192.168.1.20", local=True).allows("odoo.lan", lan)
    assert reach_from("192.168.0.0/16,[fd00::1]", local=True).allows("x", lan)
    assert not reach_from("other.lan", local=True).allows("odoo.lan", lan)
    standing_for(monkeypatch, "192.168.1.20")
    with pytest.raises(FixSettings, match="MONITR_ALLOWED_HOSTS"):
        fetch("https://odoo.lan/", laptop)


def test_a_name_that_changes_its_meaning_is_caught_before_a_byte_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: public when looked at, this machine when connected to."""
    with ScriptedServer(answer()) as server:
        port = int(server.url.rpartition(":")[2])
        answers = iter(["93.184.215.14", "127.0.0.1"])

        def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", look_up)
            with pytest.raises(FixSettings) as refused:
                fetch(f"https://books.example.org:{port}/", SERVER)
        assert refused.value.code == "private-address"
        assert server.requests in ([], [b""])


def test_plain_http_goes_nowhere_but_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when somebody made ``localhost`` stand for another machine."""
    standing_for(monkeypatch, "93.184.215.14")
    with pytest.raises(FixSettings) as refused:
        fetch("http://localhost:1/", Reach())
    assert refused.value.code == "plain-http"


def test_a_name_that_stands_for_nothing_is_told_as_unreachable() -> None:
    with pytest.raises(ProviderDown):
        fetch("https://no-such-host.invalid/", SERVER)


def test_redirects_are_reported_not_followed() -> None:
    elsewhere = answer(302, headers=["Location: http://169.254.169.254/latest/meta-data"])
    with ScriptedServer(elsewhere) as server, Transport(kit_with(), TABLE) as transport:
        with pytest.raises(FixSettings) as told:
            transport.send(Request(method="GET", url=server.url))
        assert (told.value.code, len(server.requests)) == ("redirected", 1)


@pytest.mark.parametrize("entry", ["http://odoo.lan", "a b", "odoo.lan:8069", "*", "10.0.0.1/8"])
def test_a_setting_that_cannot_be_read_is_named(entry: str) -> None:
    with pytest.raises(FixSettings, match="MONITR_ALLOWED_HOSTS"):
        reach_from(f"good.lan,{entry}", local=True)


def test_local_use_ends_when_others_can_reach_monitr() -> None:
    assert settings_from({}).is_local
    assert not settings_from({"MONITR_PUBLIC_URL": "https://books.example.org"}).is_local
    assert not settings_from({"MONITR_HTTP_HOST": "0.0.0.0"}).is_local  # noqa: S104 - named only

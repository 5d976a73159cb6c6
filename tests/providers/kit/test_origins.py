import pytest

from adapters.providers.kit.origins import is_loopback, origin_of
from core.domain.failures import FixSettings


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("books.example.org", "https://books.example.org"),
        (" https://books.example.org/web/login?db=x ", "https://books.example.org"),
        ("http://127.0.0.1:8069/", "http://127.0.0.1:8069"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:9/", "http://[::1]:9"),
    ],
)
def test_what_people_type_becomes_an_origin(typed: str, origin: str) -> None:
    assert origin_of(typed, setting="url") == origin


@pytest.mark.parametrize(
    "typed", ["", "http://books.example.org", "https://u:p@host", "file:///etc/passwd", "a b"]
)
def test_what_is_refused_names_the_setting(typed: str) -> None:
    with pytest.raises(FixSettings) as caught:
        origin_of(typed, setting="url")
    assert caught.value.setting == "url"


def test_loopback_is_judged_without_a_look_up() -> None:
    assert is_loopback("127.9.9.9")
    assert not is_loopback("127.0.0.1.example.org")
    assert not is_loopback("10.0.0.1")


@pytest.mark.parametrize("typed", ["ftp://books.example.org", "htps://books.example.org"])
def test_another_scheme_is_told_what_is_expected(typed: str) -> None:
    with pytest.raises(FixSettings) as caught:
        origin_of(typed, setting="url")
    assert caught.value.sentence == (
        f"The address of books.example.org begins with {typed.partition('//')[0]}//: "
        "write it with https:// (http:// is for this machine only)."
    )
    assert (caught.value.code, caught.value.setting) == ("bad-address", "url")

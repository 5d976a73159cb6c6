from datetime import date, datetime, time
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.decoding import (
    JsonPage,
    cents_e4,
    fraction_e4,
    guid_or_none,
    msdate,
    msdate_wall_clock,
    trimmed,
)
from core.domain.failures import Failure, NotUnderstood, ProviderDown
from core.domain.money import InexactAmount


class _Row(msgspec.Struct):
    id: str
    amount: Decimal


PAGE = JsonPage("Testbooks", "lines", list[_Row])


def test_amounts_keep_the_digits_that_were_sent() -> None:
    body = b'[{"id":"a","amount":0.1,"new":[]},{"id":"b","amount":90071992547409.93}]'
    assert [row.amount for row in PAGE.decode(body)] == [
        Decimal("0.1"),
        Decimal("90071992547409.93"),
    ]


@pytest.mark.parametrize(
    ("body", "kind", "named"),
    [
        (b'[{"id":"a","amount":0.1},{"id":7,"amount":1}]', NotUnderstood, "$[1].id"),
        (b'[{"id":"a"}]', NotUnderstood, "amount"),
        (b'{"d":{}}', NotUnderstood, "array"),
        (b'[{"id":"a","amount":0.1}\x00{[<', NotUnderstood, "lines"),
        (b'[{"id":"\xff","amount":1}]', NotUnderstood, "lines"),
        (b'[{"id":"a","amount":0.1},{"i', ProviderDown, "bytes"),
        (b"<html>maintenance</html>", ProviderDown, "bytes"),
        (b"", ProviderDown, "bytes"),
    ],
)
def test_a_page_that_does_not_decode_says_where(
    body: bytes, kind: type[Failure], named: str
) -> None:
    with pytest.raises(kind) as caught:
        PAGE.decode(body)
    assert named in caught.value.detail


@given(st.binary(max_size=200))
def test_no_bytes_break_a_page(body: bytes) -> None:
    try:
        PAGE.decode(body)
    except Failure:
        return


@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_cents_are_exact(cents: int) -> None:
    assert cents_e4(Decimal(cents).scaleb(-2)) == cents * 100


@given(st.integers(min_value=-(10**11), max_value=10**11))
def test_the_noise_of_doubles_is_rounded_away(cents: int) -> None:
    assert cents_e4(Decimal(repr(cents / 100))) == cents * 100
    assert cents_e4(Decimal(cents / 100)) == cents * 100


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e40", "9e16"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InexactAmount):
        cents_e4(Decimal(text))


def test_rates() -> None:
    assert fraction_e4(Decimal("0.21")) == 2100
    assert fraction_e4(Decimal("0.055")) == 550


@given(st.dates())
def test_calendar_dates_are_read_as_utc_and_never_converted(day: date) -> None:
    milliseconds = (day - date(1970, 1, 1)).days * 86_400_000
    assert msdate(f"/Date({milliseconds})/") == day
    assert msdate(f"/Date({milliseconds + 86_399_999})/") == day
    assert msdate_wall_clock(f"/Date({milliseconds})/") == datetime.combine(day, time())


def test_wall_clock_keeps_milliseconds() -> None:
    at = msdate_wall_clock("/Date(1735725600123)/")
    assert at.isoformat() == "2025-01-01T10:00:00.123000"


@pytest.mark.parametrize("text", ["", "2025-01-01", "/Date()/", "/Date(1+0100)/", "/Date(x)/"])
def test_other_forms_of_dates_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        msdate(text)


def test_padding_and_empty_guids() -> None:
    assert trimmed("                42") == "42"
    assert trimmed("  ") is None
    assert trimmed(None) is None
    assert guid_or_none("00000000-0000-0000-0000-000000000000") is None
    assert guid_or_none("5A9D0B7E-0000-4000-8000-0000005A4DB0") == (
        "5a9d0b7e-0000-4000-8000-0000005a4db0"
    )

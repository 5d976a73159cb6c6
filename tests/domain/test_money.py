"""Exact amounts: in and out without a lost digit, and never through a float."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.money import AMOUNT_E4_MAX, InexactAmount, decimal_of, parse_e4, text_of

amounts_e4 = st.integers(min_value=-AMOUNT_E4_MAX, max_value=AMOUNT_E4_MAX)


@given(amounts_e4)
def test_text_and_back_is_the_same_amount(amount_e4: int) -> None:
    assert parse_e4(text_of(amount_e4)) == amount_e4


@given(amounts_e4)
def test_decimal_and_back_is_the_same_amount(amount_e4: int) -> None:
    assert parse_e4(decimal_of(amount_e4)) == amount_e4


@pytest.mark.parametrize(
    ("text", "amount_e4"),
    [
        ("0", 0),
        ("-0.0", 0),
        ("12.34", 123_400),
        ("-0.0001", -1),
        ("1E+2", 1_000_000),
        ("922337203685477.5807", AMOUNT_E4_MAX),
    ],
)
def test_parses(text: str, amount_e4: int) -> None:
    assert parse_e4(text) == amount_e4


@pytest.mark.parametrize(
    "value",
    ["", "abc", "NaN", "Infinity", "0.00001", "1,5", "922337203685477.5808", "1E+40", "1E-40"],
)
def test_refuses_what_is_not_exact(value: str) -> None:
    with pytest.raises(InexactAmount):
        parse_e4(value)


@pytest.mark.parametrize("value", [0.1, True])
def test_refuses_floats_and_booleans_by_type(value: float) -> None:
    with pytest.raises(InexactAmount, match="not an exact amount"):
        parse_e4(value)  # type: ignore[arg-type] # the point: a caller that slipped past the types


@pytest.mark.parametrize(
    ("amount_e4", "text"),
    [(0, "0.00"), (5, "0.0005"), (50, "0.005"), (500, "0.05"), (-12_345_600, "-1234.56")],
)
def test_text_has_two_decimals_and_more_only_when_needed(amount_e4: int, text: str) -> None:
    assert text_of(amount_e4) == text


def test_no_precision_is_lost_on_large_amounts() -> None:
    assert parse_e4(Decimal("922337203685477.5807")) - parse_e4("922337203685477.5806") == 1

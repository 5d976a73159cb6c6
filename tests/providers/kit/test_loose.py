"""Objects whose form is only assumed: names in any case, text or numbers, no silent zero."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.loose import Loose, rows_of
from core.domain.failures import NotUnderstood

BODY: JsonPage[object] = JsonPage("Somebody", "things", object)


def of(text: str, names: dict[str, str | tuple[str, ...]] | None = None) -> Loose:
    value = BODY.decode(text.encode())
    return Loose.of(value, provider="Somebody", what="things", names=names or {})


@pytest.mark.parametrize("name", ["debit", "Debit", "DEBIT"])
@pytest.mark.parametrize("told", ['"12.34"', "12.34", '" 12.34 "', "12.3400"])
def test_an_amount_comes_in_any_case_as_text_or_number(name: str, told: str) -> None:
    assert of(f'{{"{name}": {told}}}').amount_e4("debit") == 123_400


def test_a_number_keeps_its_digits() -> None:
    """Never by way of a float: 0.1 + 0.2 is not an amount."""
    assert of('{"a": 0.3}').decimal("a") == Decimal("0.3")
    assert of('{"a": 123456789012.3456}').amount_e4("a") == 1_234_567_890_123_456


def test_our_words_stand_for_theirs_and_for_alternatives() -> None:
    row = of('{"debet": 5, "REKENING": 7}', {"debit": ("debit", "debet"), "id": "rekening"})
    assert row.amount_e4("debit") == 50_000
    assert row.text("id") == "7"
    assert row.has("debit")
    assert not row.has("credit")


def test_null_gives_way_to_the_next_name() -> None:
    assert of('{"a": null, "b": "x"}').text(("a", "b")) == "x"


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("text", "{}"),
        ("text", "true"),
        ("decimal", '"1,50"'),
        ("decimal", "true"),
        ("decimal", "[]"),
        ("amount_e4", "1.23456"),
        ("amount_e4", '"NaN"'),
        ("amount_e4", "1e30"),
        ("whole", "1.5"),
        ("whole", '"Infinity"'),
        ("day", '"31-12-2025"'),
        ("inner", "[]"),
        ("rows", '"x"'),
        ("rows", "[7]"),
    ],
)
def test_what_is_something_else_is_told_by_its_name(method: str, told: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        getattr(of(f'{{"a": {told}}}'), method)("a")
    assert "things" in caught.value.detail


def test_what_is_required_is_never_made_up() -> None:
    for body in ("{}", '{"a": null}', '{"a": " "}'):
        with pytest.raises(NotUnderstood, match="report it"):
            of(body).required("a")


@pytest.mark.parametrize(("told", "flag"), [("true", True), ('"no"', False), ("1", True)])
def test_flags_come_as_words_and_numbers(told: str, flag: bool) -> None:
    assert of(f'{{"a": {told}}}').flag("a", default=not flag) is flag
    assert of("{}").flag("a", default=flag) is flag


def test_a_flag_that_is_none_is_told() -> None:
    with pytest.raises(NotUnderstood):
        of('{"a": "maybe"}').flag("a", default=True)


def test_a_moment_counts_by_the_day_as_it_is_written() -> None:
    assert of('{"a": "2025-12-31T23:59:59.000Z"}').day("a") == date(2025, 12, 31)
    assert of("{}").day("a") is None


def test_rows_are_an_array_or_an_object_by_key() -> None:
    for body in ('[{"a": 1}, {"a": 2}]', '{"x": {"a": 1}, "y": {"a": 2}}'):
        found = rows_of(msgspec.json.decode(body), provider="Somebody", what="things")
        assert [row.whole("a") for row in found] == [1, 2]


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_anything_else_is_refused_in_words(value: object) -> None:
    with pytest.raises(NotUnderstood):
        Loose.of(value, provider="Somebody", what="things")


def test_contents_are_never_quoted() -> None:
    with pytest.raises(NotUnderstood) as caught:
        of('{"a": "secret words"}').decimal("a")
    assert "secret" not in caught.value.detail + caught.value.sentence

"""Parsing what came back: strict about what may be sent once, deaf to everything else."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.failures import CorrectRequest
from interfaces.oauth_answer import PARAMETERS_MAX, QUERY_BYTES_MAX, parameters, pasted

WORD = st.text(min_size=1, max_size=30)


@given(st.dictionaries(WORD, st.text(max_size=60), max_size=8))
def test_what_was_sent_is_what_is_read(sent: dict[str, str]) -> None:
    assert parameters(urlencode(sent)) == sent


@given(WORD, st.text(max_size=20), st.text(max_size=20))
def test_a_parameter_twice_is_refused_even_when_equal(name: str, one: str, two: str) -> None:
    query = urlencode([(name, one), (name, two)], errors="replace")
    with pytest.raises(CorrectRequest) as refused:
        parameters(query)
    assert refused.value.code == "answer-repeats"


@given(st.text(max_size=300))
def test_nothing_pasted_breaks_the_parser(text: str) -> None:
    try:
        key, answer = pasted(text, "xero")
    except CorrectRequest as refused:
        assert refused.code.startswith("answer-")  # noqa: PT017 - either outcome is fine
    else:
        assert isinstance(key, str)
        assert all(isinstance(value, str) for value in answer.values())


def test_limits_are_limits() -> None:
    assert parameters("a=" + "x" * (QUERY_BYTES_MAX - 2))
    with pytest.raises(CorrectRequest):
        parameters("a=" + "x" * (QUERY_BYTES_MAX - 1))
    with pytest.raises(CorrectRequest):
        parameters("&".join(f"p{number}=" for number in range(PARAMETERS_MAX + 1)))


@pytest.mark.parametrize(
    ("text", "key", "answer"),
    [
        ("https://h/oauth/twinfield/callback?code=1&state=2", "twinfield", {"code", "state"}),
        ("https://h/elsewhere?code=1", "xero", {"code"}),
        ("  ?code=1&state=2  ", "xero", {"code", "state"}),
        ("http://127.0.0.1:1/oauth/xero/callback", "xero", set()),
    ],
)
def test_the_path_of_a_pasted_address_names_the_provider(
    text: str, key: str, answer: set[str]
) -> None:
    found_key, found = pasted(text, "xero")
    assert (found_key, set(found)) == (key, answer)

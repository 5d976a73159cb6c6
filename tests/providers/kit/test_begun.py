"""Entries begun on an earlier page, in few characters."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.begun import CHARACTERS, hashes, short, with_keys, without_oldest


@given(keys=st.lists(st.text(max_size=40), max_size=50, unique=True))
def test_what_was_added_is_known(keys: list[str]) -> None:
    begun = with_keys("", keys)
    assert hashes(begun) == {short(key) for key in keys}
    assert with_keys(begun, ["one more"]).endswith(short("one more"))


@given(count=st.integers(0, 40), excess=st.integers(1, 400))
def test_the_oldest_are_forgotten_by_whole_entries(count: int, excess: int) -> None:
    begun = with_keys("", map(str, range(count)))
    left = without_oldest(begun, excess)
    assert len(left) % CHARACTERS == 0
    assert len(left) <= max(0, len(begun) - excess)
    assert begun.endswith(left)
    assert len(begun) - len(left) < excess + CHARACTERS

"""Nothing moves on a screen unless somebody looked at it: at most thirty layouts, as text."""

import pytest

from tests.tui import layouts
from tests.tui.layouts import NARROW, WIDE

LAYOUTS_MAX = 30


def assert_as_held(shown: dict[str, str]) -> None:
    for name, text in shown.items():
        assert text == layouts.held(name), f"{name} differs: python -m tests.tui.layouts, then look"


def test_the_wizard_looks_as_it_did() -> None:
    assert_as_held(layouts.wizard())


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_every_place_looks_as_it_did(size: tuple[int, int]) -> None:
    shown = layouts.daily(size)
    assert_as_held(shown)
    assert all(len(line) <= size[0] for text in shown.values() for line in text.splitlines())


def test_there_are_not_more_layouts_than_people_look_at() -> None:
    assert 0 < len(list(layouts.FOLDER.glob("*.txt"))) <= LAYOUTS_MAX

"""Bookmarks survive text, refuse what is not theirs, and stay small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.odoo.bookmark import (
    OVERLAP_SECONDS,
    REMEMBERED_MAX,
    SETTLED_SECONDS,
    Bookmark,
    Remembered,
    Stage,
    seconds_of,
    time_text,
)
from core.domain.books import BOOKMARK_CHARACTERS_MAX

PLACE = "monitr/4"
UNTIL = "2026-11-22 15:47:50"
NEWEST = seconds_of(UNTIL)


def read_at(second: int, number: int = 7, kind: str = "m") -> tuple[str, int, str]:
    return (kind, number, time_text(second))


@given(
    st.sampled_from(Stage),
    st.integers(min_value=0, max_value=2**31),
    st.booleans(),
    st.lists(st.integers(min_value=0, max_value=OVERLAP_SECONDS), max_size=20),
)
def test_text_and_back(stage: Stage, last: int, full: bool, ages: list[int]) -> None:
    read = [read_at(NEWEST - age, number) for number, age in enumerate(ages)]
    seen = Remembered().plus(read, until=UNTIL)
    mark = Bookmark(
        place=PLACE, full=full, stage=stage, last=last, since=UNTIL, until=UNTIL, seen=seen
    )
    assert Bookmark.parse(mark.text(), PLACE) == mark


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "{}", "null", "not json", '{"v":2}'),
        Bookmark(place="other/4").text(),
        Bookmark(place=PLACE, last=5).text().replace('"v":1', '"v":99'),
        Bookmark(place=PLACE, last=5).text().replace('"seen":""', '"seen":"AAAA"'),
        Bookmark(place=PLACE, last=5).text().replace('"until":""', '"until":"yesterday"'),
    ],
)
def test_anything_else_starts_over(text: str | None) -> None:
    assert Bookmark.parse(text, PLACE) == Bookmark(place=PLACE)


def test_the_next_night_looks_back_by_the_overlap() -> None:
    night = Bookmark(place=PLACE, stage=Stage.CONTACTS, last=9, until=UNTIL).next_night()
    assert (night.full, night.stage, night.last) == (False, Stage.ACCOUNTS, 0)
    assert night.since_with_overlap == "2026-11-22 15:32:50"
    assert OVERLAP_SECONDS >= 15 * 60


def test_books_without_a_line_are_read_in_full_again() -> None:
    assert Bookmark(place=PLACE, stage=Stage.CONTACTS).next_night() == Bookmark(place=PLACE)


def test_only_settled_records_of_the_overlap_are_remembered() -> None:
    settled, fresh = read_at(NEWEST - SETTLED_SECONDS), read_at(NEWEST - SETTLED_SECONDS + 1, 8)
    old = read_at(NEWEST - OVERLAP_SECONDS - 1, 9)
    seen = Remembered().plus([settled, fresh, old], until=UNTIL)
    assert seen.holds(*settled)
    assert not seen.holds(*fresh)
    assert not seen.holds(*old)
    assert not seen.holds("l", 7, settled[2])
    assert not seen.holds("m", 7, time_text(NEWEST - SETTLED_SECONDS - 1))


def test_later_the_overlap_moves_on_and_forgets() -> None:
    settled = read_at(NEWEST - SETTLED_SECONDS)
    seen = Remembered().plus([settled], until=UNTIL)
    assert seen.plus([], until=time_text(NEWEST + 60)).holds(*settled)
    assert not seen.plus([], until=time_text(NEWEST + OVERLAP_SECONDS)).holds(*settled)


def test_a_mass_of_changes_keeps_the_bookmark_small() -> None:
    read = [read_at(NEWEST - 100 - n % 500, n) for n in range(3 * REMEMBERED_MAX)]
    seen = Remembered().plus(read, until=UNTIL)
    assert len(seen.marks) == REMEMBERED_MAX
    mark = Bookmark(place="x" * 200, since=UNTIL, until=UNTIL, seen=seen)
    assert len(mark.text()) < BOOKMARK_CHARACTERS_MAX

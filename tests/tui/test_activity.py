"""The activity at the terminal: live, filtered, with detail, and bounded."""

import pytest
from textual.widgets import DataTable

from interfaces.tui.screens import activity
from interfaces.tui.screens.activity import ActivityScreen
from tests.services.house import House
from tests.tui.driving import Driven, at_terminal, driven
from tests.tui.launching import FakeLauncher


def tell(house: House, *texts: str, kind: str = "test.said") -> None:
    """Make things happen."""
    with house.storage.writing() as uow:
        for text in texts:
            house.ports.event(uow, house.org, kind, text, actor="tests", shoe_size="44")
        uow.commit()


def texts(one: Driven) -> list[str]:
    table = one.app.screen.query_one(DataTable)
    return [str(table.get_row_at(place)[2]) for place in range(table.row_count)]


async def at_activity(one: Driven) -> None:
    await one.press("4")
    assert isinstance(one.app.screen, ActivityScreen)


@at_terminal
async def test_what_happened_is_there_and_what_happens_is_added() -> None:
    async with driven() as one:
        await at_activity(one)
        assert texts(one) == ["Bakkerij Blom was set up."]
        tell(one.house, "A bell rang.", "It rang again.")
        await one.news()
        assert texts(one)[-2:] == ["A bell rang.", "It rang again."]
        assert "It rang again." in one.said("#about")
        assert "shoe_size    44" in one.said("#about")


@at_terminal
async def test_the_cursor_is_left_alone_once_it_leaves_the_last_line() -> None:
    async with driven() as one:
        await at_activity(one)
        tell(one.house, "One.", "Two.")
        await one.news()
        await one.press("up")
        tell(one.house, "Three.")
        await one.news()
        assert "One." in one.said("#about")
        await one.press("G")
        tell(one.house, "Four.")
        await one.news()
        assert "Four." in one.said("#about")


@at_terminal
async def test_what_happened_elsewhere_is_caught_up_with_once() -> None:
    async with driven() as one:
        await at_activity(one)
        await one.press("3")
        tell(one.house, "While you were away.")
        await one.news()
        await one.press("4")
        await one.news()
        assert texts(one) == ["Bakkerij Blom was set up.", "While you were away."]


@at_terminal
async def test_the_stream_is_filtered_also_as_it_grows() -> None:
    async with driven() as one:
        await at_activity(one)
        tell(one.house, "A bell rang.", "A door closed.")
        await one.news()
        await one.press("slash", *"bell")
        assert texts(one) == ["A bell rang."]
        tell(one.house, "Another bell rang.", "Another door closed.")
        await one.news()
        assert texts(one) == ["A bell rang.", "Another bell rang."]
        await one.press("escape")
        assert len(texts(one)) == 5


@at_terminal
async def test_no_more_than_so_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "EVENTS_HELD_MAX", 20)
    monkeypatch.setattr(activity, "EVENTS_OVER_MAX", 5)
    async with driven() as one:
        await at_activity(one)
        tell(one.house, *(f"Event {number}." for number in range(30)))
        await one.news()
        assert texts(one) == [f"Event {number}." for number in range(10, 30)]


@at_terminal
async def test_markup_in_an_event_is_shown_as_it_is() -> None:
    async with driven(FakeLauncher(House())) as one:
        await at_activity(one)
        tell(one.house, "[bold]Not[/] a [link=x]tag")
        await one.news()
        assert texts(one)[-1] == "[bold]Not[/] a [link=x]tag"
        assert "[bold]Not[/] a [link=x]tag" in one.said("#about")

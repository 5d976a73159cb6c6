"""The activity at the terminal: live, filtered, with detail, and bounded."""

import pytest

from interfaces.tui.background import EVENTS_MAX
from interfaces.tui.screens import activity
from interfaces.tui.screens.activity import ActivityScreen
from interfaces.tui.screens.entity.run import RunScreen
from interfaces.tui.widgets.table import PagedTable
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
    """What is said from top to bottom, the newest first."""
    table = one.app.screen.query_one(PagedTable)
    rows = (table.row_at(place) for place in range(table.row_count))
    return [row.cells[2].text for row in rows if row is not None]


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
        assert texts(one)[:2] == ["It rang again.", "A bell rang."]
        assert "It rang again." in one.said("#about")
        assert "shoe_size    44" in one.said("#about")


@at_terminal
async def test_the_cursor_stays_on_its_event_once_it_leaves_the_first_line() -> None:
    async with driven() as one:
        await at_activity(one)
        tell(one.house, "One.", "Two.")
        await one.news()
        await one.press("down")
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
        assert texts(one) == ["While you were away.", "Bakkerij Blom was set up."]


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
        assert texts(one) == ["Another bell rang.", "A bell rang."]
        await one.press("escape")
        assert len(texts(one)) == 5


@at_terminal
async def test_it_goes_back_to_the_first_day_and_tells_of_what_is_newer() -> None:
    async with driven() as one:
        await at_activity(one)
        tell(one.house, *(f"Event {number}." for number in range(1_000)))
        for _ in range(1_000 // EVENTS_MAX + 1):
            await one.news()
        assert "Event 999." in one.said("#about")
        for _ in range(40):
            await one.press("end")
            if "was set up" in one.said("#about"):
                break
        assert "Bakkerij Blom was set up." in one.said("#about")
        assert sum(texts(one).count(f"Event {number}.") for number in range(1_000)) <= 550
        tell(one.house, "A bell rang.")
        await one.news()
        assert "1 newer event: G goes to the newest." in one.said("#about")
        await one.press("G")
        assert one.said("#about").startswith("A bell rang.")


@at_terminal
async def test_a_filter_finds_what_is_far_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven() as one:
        tell(one.house, "A bell rang.", *(f"Event {number}." for number in range(900)))
        await at_activity(one)
        await one.press("slash", *"bell")
        assert texts(one) == ["A bell rang."]
        monkeypatch.setattr(activity, "SEARCHED_EVENTS_MAX", 400)
        await one.press("backspace", "l")
        assert texts(one) == []
        assert "Looked through 400 events" in one.said("#about")


@at_terminal
async def test_enter_goes_to_what_an_event_is_about() -> None:
    house = House()
    house.follow(house.connect_odoo())
    house.import_rung()
    async with driven(FakeLauncher(house)) as one:
        await at_activity(one)
        await one.press("enter")
        assert isinstance(one.app.screen, RunScreen)
        await one.press("escape", "end", "up")
        await one.press("enter")
        assert one.app.current_mode in {"activity", "integrations"}


@at_terminal
async def test_markup_in_an_event_is_shown_as_it_is() -> None:
    async with driven(FakeLauncher(House())) as one:
        await at_activity(one)
        tell(one.house, "[bold]Not[/] a [link=x]tag")
        await one.news()
        assert texts(one)[0] == "[bold]Not[/] a [link=x]tag"
        assert "[bold]Not[/] a [link=x]tag" in one.said("#about")

"""Lists that are here: sorted, narrowed, copied; and the way back shown in the bar."""

from interfaces.tui.screens.entities import EntitiesScreen
from interfaces.tui.screens.entity.run import RunScreen
from interfaces.tui.screens.entity.screen import EntityScreen
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.list_table import Arrangement, ListTable
from interfaces.tui.widgets.pages import row
from interfaces.tui.widgets.shell import PlacesBar, places_line
from tests.tui.driving import Driven, at_terminal, driven, words_of
from tests.tui.houses import imported_house
from tests.tui.launching import FakeLauncher

ROWS = [
    row("a", "Bank", "1,200.50"),
    row("b", "debtors", "-3.00"),
    row("c", "Café", "99+"),
    row("d", "Équipment", ""),
]


def keys(arrangement: Arrangement) -> str:
    return "".join(one.key for one in arrangement.of(ROWS))


def test_numbers_are_sorted_by_size_and_words_as_people_look_them_up() -> None:
    assert keys(Arrangement()) == "abcd"
    assert keys(Arrangement(column=1)) == "bcad"
    assert keys(Arrangement(column=1, descending=True)) == "dacb"
    assert keys(Arrangement(column=0)) == "acbd"
    assert keys(Arrangement(words="BA 1,2")) == "a"
    assert keys(Arrangement(words="nothing")) == ""
    assert keys(Arrangement(column=7)) == "abcd"


def bar(one: Driven) -> str:
    return words_of(one.app.screen.query_one(PlacesBar))


def showing(one: Driven) -> type[object]:
    return type(one.app.screen)


def shown(one: Driven, selector: str = "#books") -> list[str]:
    table = one.app.screen.query_one(selector, ListTable)
    return [found.key for found in table.shown_rows()]


async def at_settings(one: Driven) -> ListTable:
    await one.press("2", "enter", "s")
    assert isinstance(one.app.screen, EntityScreen)
    table = one.app.screen.query_one("#links", ListTable)
    table.set_columns([Column(title="Name", width=10), Column(title="Amount", width=10)])
    table.show_rows(ROWS)
    await one.rest()
    return table


@at_terminal
async def test_a_list_is_sorted_by_key_and_by_its_titles_and_keeps_its_cursor() -> None:
    async with driven(FakeLauncher(imported_house()), size=(100, 40)) as one:
        table = await at_settings(one)
        await one.press("down", "o")
        assert shown(one, "#links") == ["a", "c", "b", "d"]
        assert table.current is not None
        assert table.current.key == "b"
        assert "Name↑" in one.painted()
        await one.press("O")
        assert shown(one, "#links") == ["d", "b", "c", "a"]
        await one.pilot.click(ListTable, offset=(15, 0))
        await one.rest()
        assert shown(one, "#links") == ["b", "c", "a", "d"]
        await one.pilot.click(ListTable, offset=(15, 0))
        await one.pilot.click(ListTable, offset=(15, 0))
        await one.rest()
        assert shown(one, "#links") == ["a", "b", "c", "d"]


@at_terminal
async def test_a_row_is_copied_and_the_filter_narrows_what_is_there() -> None:
    async with driven(FakeLauncher(imported_house()), size=(100, 40)) as one:
        await at_settings(one)
        await one.press("down", "y")
        assert one.app.clipboard == "debtors\t-3.00"
        await one.press("slash", *"bank")
        assert shown(one, "#links") == ["a"]
        await one.press("escape")
        assert shown(one, "#links") == ["a", "b", "c", "d"]


@at_terminal
async def test_the_bar_shows_the_way_and_each_step_leads_back() -> None:
    async with driven(FakeLauncher(imported_house())) as one:
        await one.press("2", "enter", "m", "enter")
        assert showing(one) is RunScreen
        assert "2 Entities > Bakery Noord > Import" in bar(one)
        assert "Dashboard" not in bar(one), "numbers alone where titles do not fit"
        one.app.action_back_to(2)
        await one.rest()
        assert showing(one) is EntityScreen
        one.app.action_back_to(1)
        await one.rest()
        assert showing(one) is EntitiesScreen
        assert ">" not in bar(one)


def test_titles_stay_where_they_fit_and_a_notice_comes_last() -> None:
    words = places_line("entities", "Busy", ("Klant",), 160).plain
    assert "1 Dashboard" in words
    assert words.endswith("Busy")
    long = places_line("entities", "", ("K" * 60,), 80).plain
    assert "K" * 23 + "…" in long


@at_terminal
async def test_the_palette_opens_an_entity_by_its_name() -> None:
    async with driven(FakeLauncher(imported_house())) as one:
        await one.press("colon")
        await one.pilot.press(*"zuid")
        for _ in range(50):
            await one.pilot.pause(0.02)
            if "Café Zuid" in one.painted():
                break
        await one.press("down", "enter")
        assert isinstance(one.app.screen, EntityScreen)
        assert "Café Zuid" in one.painted()


@at_terminal
async def test_what_is_wrong_can_be_copied() -> None:
    async with driven() as one:
        one.app.organisation_id = None
        await one.press("2")
        assert "name your organisation first" in one.failure
        await one.press("ctrl+y")
        assert "name your organisation first" in one.app.clipboard

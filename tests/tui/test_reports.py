"""Reports in the books pane."""

from interfaces.tui.screens.entity.books import BooksPane
from interfaces.tui.widgets.dialogs import Choose
from tests.tui.driving import at_terminal, driven
from tests.tui.houses import cells, ids, imported_house
from tests.tui.launching import FakeLauncher
from tests.tui.test_entity import WIDE, at_entity


@at_terminal
async def test_statements_are_opened_from_the_books_and_left_again() -> None:
    house = imported_house()
    report = house.services.reports.profit_and_loss(house.org, ids(house)[0]).statement
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b")
        await one.press("e")
        assert isinstance(one.app.screen, Choose)
        await one.press("enter")
        assert "Trial balance > Profit and loss" in one.said("#crumbs")
        shown = {row[1]: row for row in cells(one, "#books")}
        assert shown["Turnover"][0] == "8000"
        assert shown["Result"][2] == "6,001.23"
        assert report.results_e4[-1] == 6_001_2300
        await one.press("enter")
        assert "8000 Turnover" in one.said("#crumbs")
        await one.press("escape", "escape")
        assert isinstance(one.app.screen.query_one(BooksPane), BooksPane)
        await one.press("e", "down", "enter")
        assert "Balance sheet" in one.said("#crumbs")
        assert "Difference" not in {row[1] for row in cells(one, "#books")}


@at_terminal
async def test_what_is_owed_says_by_what_it_is_known() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b", "e", "down", "down", "enter")
        assert "Receivables" in one.said("#crumbs")
        assert "neither open amounts" in one.said("#said")

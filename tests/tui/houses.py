"""Houses in the states the screens must show, and short ways to read a table."""

from core.domain.failures import FixSettings
from core.domain.integration import Administration
from interfaces.tui.widgets.table import PagedTable
from tests.fake_books import FakeBooks
from tests.services.house import House
from tests.tui.driving import Driven

VANISHED = FixSettings(
    "Fake no longer shows this administration: grant it again.", code="administration-vanished"
)


def followed_house() -> House:
    """Both administrations followed, nothing imported yet."""
    house = House()
    house.follow(house.connect_odoo())
    return house


def imported_house() -> House:
    """Both administrations followed and imported once."""
    house = followed_house()
    house.import_rung()
    return house


def crowded_house(entities: int) -> House:
    """That many entities, none imported."""
    house = House()
    house.odoo.books = [
        FakeBooks(
            Administration(key=f"adm-{number:04d}", name=f"Klant {number:04d}", currency="EUR")
        )
        for number in range(entities)
    ]
    house.follow(house.connect_odoo())
    return house


def ids(house: House) -> list[str]:
    """Entity ids in their order."""
    return [one.entity.id for one in house.services.reading.entities(house.org)]


def cells(one: Driven, selector: str) -> list[list[str]]:
    """The texts of the rows on screen."""
    table = one.app.screen.query_one(selector, PagedTable)
    return [[cell.text for cell in row.cells] for row in table.shown_rows()]


def column(one: Driven, selector: str, at: int) -> list[str]:
    return [row[at] for row in cells(one, selector)]


def table(one: Driven, selector: str) -> PagedTable:
    return one.app.screen.query_one(selector, PagedTable)

"""The list of entities: statuses, filters, pages by keyset, imports, cells that change."""

from unittest import mock

import pytest
from textual.geometry import Region

from core.domain.failures import ProviderDown
from core.services.import_engine import ImportEngine
from core.services.proving import Proving
from interfaces.tui.screens.entities import STANDINGS, EntitiesScreen
from interfaces.tui.screens.entity.screen import EntityScreen
from interfaces.tui.widgets.dialogs import Confirm
from interfaces.tui.widgets.pages import PAGE_ROWS, PAGES_HELD_MAX
from interfaces.tui.widgets.table import PagedTable
from tests.services.house import House
from tests.tui.driving import Driven, at_terminal, driven
from tests.tui.houses import (
    VANISHED,
    cells,
    column,
    crowded_house,
    followed_house,
    ids,
    imported_house,
    table,
)
from tests.tui.launching import FakeLauncher

MANY = PAGE_ROWS * (PAGES_HELD_MAX + 3) + 7


class Killed(BaseException):
    """The worker's process is gone: nothing more is written."""


def killed_after_its_batches(house: House, run_id: str) -> None:
    """All batches applied, two seconds between them, then silence."""

    def two_seconds_later() -> bool:
        house.clock.pause(2)
        return False

    engine = ImportEngine(house.ports, "worker-1", two_seconds_later)
    house.services.importing.beat("worker-1", standing=False)
    with mock.patch.object(Proving, "proof", side_effect=Killed), pytest.raises(Killed):
        engine.run(run_id)


async def at_entities(one: Driven) -> None:
    await one.press("2")
    assert isinstance(one.app.screen, EntitiesScreen)


@at_terminal
async def test_each_entity_says_how_it_stands_and_what_to_do() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house), size=(160, 30)) as one:
        await at_entities(one)
        noord, zuid = cells(one, "#entities")
        assert noord[:2] == ["Bakery Noord", "✗ Failed"]
        assert noord[2].startswith(VANISHED.sentence)
        assert "are still good" in noord[2]
        assert noord[4] == "✓ proven"
        assert zuid[:2] == ["Café Zuid", "✓ Succeeded"]
        assert zuid[6] == "Odoo"
        assert "2 entities" in one.said("#about")
        assert VANISHED.sentence in one.said("#detail")


@at_terminal
async def test_an_entity_never_imported_and_a_failed_first_import() -> None:
    house = followed_house()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_rung()
    async with driven(FakeLauncher(house), size=(160, 30)) as one:
        await at_entities(one)
        noord = cells(one, "#entities")[0]
        assert noord[1:6:2] == ["✗ Failed", "-", noord[5]]
        assert noord[2] == VANISHED.sentence
        assert noord[4] == "-"


@at_terminal
async def test_progress_and_rate_show_while_an_import_runs() -> None:
    house = followed_house()
    run_id = house.doorbell.rung[0]
    async with driven(FakeLauncher(house), size=(160, 30)) as one:
        await at_entities(one)
        assert column(one, "#entities", 1) == ["… Waiting", "… Waiting"]
        killed_after_its_batches(house, run_id)
        one.screen.beat()
        await one.rest()
        noord = cells(one, "#entities")[0]
        assert noord[1] == "▶ In Progress 99 %"
        assert noord[2] == "proof, 24 lines, 3 lines/s, 4 calls"


@at_terminal
async def test_f_goes_through_the_statuses_and_slash_filters_by_name() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        await at_entities(one)
        found = {}
        for name, _ in STANDINGS[1:]:
            await one.press("f")
            assert f"status: {name}" in one.said("#about")
            found[name] = column(one, "#entities", 0)
        assert found["Failed"] == ["Bakery Noord"]
        assert found["Succeeded"] == ["Café Zuid"]
        assert found["Waiting"] == found["Never imported"] == found["Proof differs"] == []
        assert "Esc ends the filter" in one.painted()
        await one.press("escape")
        assert "status: all" in one.said("#about")
        assert len(column(one, "#entities", 0)) == 2
        await one.press("/", "z", "U")
        assert column(one, "#entities", 0) == ["Café Zuid"]
        assert "name contains “zU”" in one.said("#about")
        await one.press("escape")
        assert len(column(one, "#entities", 0)) == 2


@at_terminal
async def test_thousands_page_by_keyset_and_few_rows_are_held() -> None:
    house = crowded_house(MANY)
    async with driven(FakeLauncher(house), size=(80, 66)) as one:
        await at_entities(one)
        assert f"{MANY:,} entities" in one.said("#about")
        entities = table(one, "#entities")
        assert column(one, "#entities", 0)[0] == "Klant 0000"
        await one.press("end")
        assert column(one, "#entities", 0)[-1] == f"Klant {MANY - 1:04d}"
        await one.press("home")
        assert column(one, "#entities", 0)[0] == "Klant 0000"
        for _ in range(MANY // 55 + 1):
            await one.press("pagedown")
            assert all(name.startswith("Klant") for name in column(one, "#entities", 0))
        assert entities.cursor == MANY - 1
        held = sum(1 for index in range(MANY) if entities.row_at(index) is not None)
        assert held <= PAGE_ROWS * PAGES_HELD_MAX


@at_terminal
async def test_every_row_is_seen_once_going_down() -> None:
    house = crowded_house(PAGE_ROWS * 2 + 5)
    async with driven(FakeLauncher(house), size=(80, 60)) as one:
        await at_entities(one)
        seen = column(one, "#entities", 0)
        while seen[-1] != f"Klant {PAGE_ROWS * 2 + 4:04d}":
            await one.press("pagedown")
            shown = column(one, "#entities", 0)
            assert shown[0] <= seen[-1]  # no gap between what showed and what shows
            seen += [name for name in shown if name not in seen]
        assert seen == [f"Klant {number:04d}" for number in range(PAGE_ROWS * 2 + 5)]


@at_terminal
async def test_only_cells_that_changed_are_painted_again() -> None:
    house = followed_house()
    async with driven(FakeLauncher(house), size=(160, 30)) as one:
        await at_entities(one)
        painted: list[Region] = []
        with mock.patch.object(
            PagedTable, "refresh", lambda _, *regions, **__: painted.extend(regions)
        ):
            await one.news()
            one.screen.load()
            await one.rest()
            assert painted == []
            house.import_rung()
            await one.news()
        lines = {region.y for region in painted}
        assert lines == {1, 2}
        assert all(region.height == 1 and region.width < 80 for region in painted)
        assert column(one, "#entities", 1) == ["✓ Succeeded", "✓ Succeeded"]


@at_terminal
async def test_import_now_and_import_all() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        await at_entities(one)
        await one.press("down", "n")
        assert len(house.doorbell.rung) == 1
        assert column(one, "#entities", 1) == ["✓ Succeeded", "… Waiting"]
        await one.press("n")
        assert "is waiting already" in one.failure
        await one.press("escape")
        assert one.failure == ""
        await one.press("N")
        assert isinstance(one.app.screen, Confirm)
        await one.press("enter")
        assert "1 import requested." in one.told
        assert column(one, "#entities", 1) == ["… Waiting", "… Waiting"]


@at_terminal
async def test_enter_and_a_second_click_open_an_entity() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house)) as one:
        await at_entities(one)
        await one.press("down", "enter")
        assert isinstance(one.app.screen, EntityScreen)
        assert one.app.screen.entity_id == ids(house)[1]
        await one.press("escape")
        await one.pilot.click("#entities", offset=(3, 1))
        await one.rest()
        assert isinstance(one.app.screen, EntitiesScreen)
        assert table(one, "#entities").cursor == 0
        await one.pilot.click("#entities", offset=(3, 1))
        await one.rest()
        assert isinstance(one.app.screen, EntityScreen)


@at_terminal
async def test_a_provider_that_is_down_says_when_it_goes_on() -> None:
    house = followed_house()
    house.odoo.failures["pull"] = [ProviderDown("Fake is down: try again later.")]
    house.import_rung()
    async with driven(FakeLauncher(house), size=(160, 30)) as one:
        await at_entities(one)
        assert "Fake is down: try again later. Continues" in cells(one, "#entities")[0][2]


@at_terminal
async def test_it_survives_resizing_with_the_cursor_in_sight() -> None:
    house = crowded_house(PAGE_ROWS * 2)
    async with driven(FakeLauncher(house), size=(120, 60)) as one:
        await at_entities(one)
        await one.pilot.press(*["pagedown", "up", "up"])
        for size in ((80, 24), (40, 10), (200, 60)):
            await one.pilot.resize_terminal(*size)
            await one.rest()
            current = table(one, "#entities").current
            assert current is not None
            assert current in table(one, "#entities").shown_rows()


@at_terminal
async def test_nothing_followed_says_where_to_begin() -> None:
    async with driven() as one:
        await at_entities(one)
        assert "No entity is followed yet" in one.painted()
        await one.press("n", "enter", "down", "end")
        assert one.failure == ""

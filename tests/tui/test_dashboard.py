"""The dashboard: standings, nights, ages, what needs attention and where Enter goes."""

from datetime import timedelta
from unittest import mock

from core.domain.failures import ProviderDown, Reconnect, TryAgain
from core.services.overview import OverviewService
from interfaces.tui.screens.entities import EntitiesScreen
from interfaces.tui.screens.entity.screen import EntityScreen
from interfaces.tui.screens.integrations import IntegrationsScreen
from interfaces.tui.widgets.charts import Chart
from interfaces.tui.widgets.dialogs import Confirm
from interfaces.tui.widgets.words import when
from tests.services.house import House
from tests.tui.driving import Driven, at_terminal, driven
from tests.tui.houses import (
    VANISHED,
    cells,
    crowded_house,
    followed_house,
    ids,
    imported_house,
    table,
)
from tests.tui.launching import FakeLauncher


def squeezed(words: str) -> str:
    return " ".join(words.split())


def chart(one: Driven) -> Chart:
    return one.app.screen.query_one("#month", Chart)


@at_terminal
async def test_entities_are_counted_by_the_status_of_their_newest_import() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        standing = one.said("#standing")
        assert "2 entities" in standing
        assert "✓ Succeeded 1" in squeezed(standing)
        assert "✗ Failed 1" in squeezed(standing)
        assert "- Never imported 0" in squeezed(standing)
        assert "2 proven, 0 differ" in standing
        ages = one.said("#ages").splitlines()
        assert ages[1].split() == ["up", "to", "12", "h", "2"]
        assert ages[-1].split() == ["no", "books", "yet", "0"]


@at_terminal
async def test_slots_of_last_night_and_of_the_next_are_told() -> None:
    house = imported_house()
    house.clock.advance(timedelta(hours=14))  # 02:00 UTC of the next day: the first slot is past
    house.services.nights.open_due()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_rung()
    async with driven(FakeLauncher(house)) as one:
        nights = one.said("#nights")
        assert "Last night, 11 Mar" in nights
        assert "1: 1 succeeded, 1 failed, 2 late" in nights
        due = house.services.nights.coming(house.org)
        assert [slot.entities for slot in due] == [2, 2]
        assert f"{when(due[0].due_at)}  2 entities" in nights
        assert f"{when(due[1].due_at)}  2 entities" in nights


@at_terminal
async def test_imports_of_a_month_are_bars_and_failures_are_marked() -> None:
    house = imported_house()
    house.clock.advance(timedelta(days=2))
    house.odoo.failures["pull"] = [VANISHED]
    house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house)) as one:
        assert chart(one).title == (
            "Imports in the last 30 nights: at most 2 a night, 1 failed (!)"
        )
        assert [(bar.value, bar.mark) for bar in chart(one).bars[-3:]] == [
            (2, " "),
            (0, " "),
            (1, "!"),
        ]
        assert len(chart(one).bars) == 30
        painted = one.painted().splitlines()
        assert any("!" in line for line in painted)
        assert any("█" in line for line in painted)


@at_terminal
async def test_a_lost_consent_is_one_thing_to_mend_for_all_its_entities() -> None:
    house = imported_house()
    house.clock.advance(timedelta(days=1))
    house.odoo.failures["health"] = [Reconnect("Fake no longer knows this key: give another.")]
    house.import_now()
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        assert cells(one, "#attention") == [
            ["Reconnect", "Fake no longer knows this key: give another.", "2", "-"]
        ]
        assert "Enter: to the integrations." in one.said("#detail")
        await one.press("enter")
        assert isinstance(one.app.screen, IntegrationsScreen)


@at_terminal
async def test_a_failed_entity_is_opened_and_several_are_listed() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        assert cells(one, "#attention") == [["Fix", VANISHED.sentence, "1", "-"]]
        await one.press("enter")
        assert isinstance(one.app.screen, EntityScreen)
        assert one.app.screen.entity_id == ids(house)[0]
        await one.press("escape")
        house.odoo.failures["pull"] = [VANISHED]
        house.import_now(ids(house)[1])
        await one.news()
        assert cells(one, "#attention") == [["Fix", VANISHED.sentence, "2", "-"]]
        await one.press("enter")
        assert isinstance(one.app.screen, EntitiesScreen)
        assert len(cells(one, "#entities")) == 2
        await one.press("escape")
        assert one.screen.NAME == "dashboard"


@at_terminal
async def test_what_only_takes_time_says_until_when() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [ProviderDown("Fake does not answer: try again later.")]
    (run,) = house.import_now(ids(house)[0])
    assert run is not None
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        assert cells(one, "#attention") == [
            ["Wait", "Fake does not answer: try again later.", "1", when(run.due_at)]
        ]


@at_terminal
async def test_differing_books_and_a_consent_that_ends_are_announced() -> None:
    house = House()
    house.odoo.expires_at = house.clock.now() + timedelta(days=3)
    house.odoo.books[0].skew_e4 = 5_0000
    house.follow(house.connect_odoo())
    house.import_rung()
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        found = cells(one, "#attention")
        assert [line[0] for line in found] == ["Look", "Reconnect"]
        assert "differ from the provider" in found[0][1]
        assert found[1][3] == when(house.odoo.expires_at)
        assert "1 proven, 1 differ" in one.said("#standing")


@at_terminal
async def test_without_entities_it_says_where_to_begin() -> None:
    house = House()
    async with driven(FakeLauncher(house)) as one:
        await one.press("1")
        assert "No entity is followed yet" in one.painted()
        assert "0 entities" in one.said("#standing")


@at_terminal
async def test_import_all_is_asked_first_and_then_told() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house)) as one:
        await one.press("N")
        assert isinstance(one.app.screen, Confirm)
        await one.press("n")
        assert house.doorbell.rung == []
        await one.press("N", "y")
        assert len(house.doorbell.rung) == 2
        assert "2 imports requested." in one.told
        assert "… Waiting 2" in squeezed(one.said("#standing"))


@at_terminal
async def test_a_status_is_a_link_to_its_entities() -> None:
    async with driven(FakeLauncher(followed_house())) as one:
        await one.app.run_action("screen.only('Waiting')")
        await one.rest()
        assert isinstance(one.app.screen, EntitiesScreen)
        assert "status: Waiting" in one.said("#about")


@at_terminal
async def test_news_change_what_differs_and_nothing_else() -> None:
    house = followed_house()
    async with driven(FakeLauncher(house)) as one:
        assert "… Waiting 2" in squeezed(one.said("#standing"))
        before = one.app.screen.query_one("#ages")
        house.import_rung()
        await one.news()
        assert "✓ Succeeded 2" in squeezed(one.said("#standing"))
        assert one.app.screen.query_one("#ages") is before


@at_terminal
async def test_a_locked_database_is_said_and_tried_again() -> None:
    house = imported_house()
    locked = TryAgain("The database is busy: try again.", code="storage-locked")
    async with driven(FakeLauncher(house)) as one:
        with mock.patch.object(OverviewService, "summary", side_effect=locked):
            one.screen.load()
            await one.rest()
        assert "The database is busy" in one.failure
        assert "Trying again by itself" in one.failure
        assert "2 entities" in one.said("#standing")
        await one.press("r")
        assert one.failure == ""


@at_terminal
async def test_it_fits_small_and_large_terminals_and_survives_being_resized() -> None:
    house = crowded_house(3)
    async with driven(FakeLauncher(house)) as one:
        for size in ((80, 24), (200, 60), (40, 12), (100, 30), (80, 24)):
            await one.pilot.resize_terminal(*size)
            await one.rest()
            assert "3 entities" in one.said("#standing")
        assert table(one, "#attention").display


@at_terminal
async def test_without_unicode_everything_is_ascii() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house), ascii_only=True) as one:
        filters = one.app.get_line_filters()
        for strip in one.app.screen._compositor.render_strips():
            segments = list(strip)
            for one_filter in filters:
                segments = one_filter.apply(segments, one.app.screen.background_colors[1])
            assert all(segment.text.isascii() for segment in segments)

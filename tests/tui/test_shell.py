"""The shell: it opens, goes places, says what is wrong, tries again, and is quiet when idle."""

import subprocess
import sys

import pytest
from textual.content import Content
from textual.widgets import Input, Static

from core.domain.failures import Failure, FixSettings, TryAgain
from interfaces.tui import screen as screen_module
from interfaces.tui.app import MonitrApp
from interfaces.tui.background import RESTARTS_MAX, STOPPED
from interfaces.tui.screens.activity import ActivityScreen
from interfaces.tui.screens.help import HelpScreen
from interfaces.tui.screens.integrations import IntegrationsScreen
from interfaces.tui.screens.onboarding import OnboardingScreen
from interfaces.tui.screens.opening import OpeningScreen
from interfaces.tui.settings import DARK, LIGHT
from interfaces.tui.widgets.shell import FailurePanel, PlacesBar
from tests.services.house import House
from tests.tui.driving import Driven, at_terminal, driven, words_of
from tests.tui.launching import FakeLauncher

HEAVY = (
    "sqlalchemy", "sqlmodel", "alembic", "httpx", "litestar", "uvicorn", "authlib", "cryptography",
    "huey", "cattrs", "core.services",
)  # fmt: skip

FIRST_PAINT = f"""
import asyncio, sys
from interfaces.tui.app import MonitrApp

seen = []

def make():
    seen.append([name for name in {HEAVY!r} if name in sys.modules])
    seen.append(app.screen._compositor.size.width)
    raise ValueError

app = MonitrApp(make)

async def main():
    async with app.run_test() as pilot:
        while len(seen) < 2:
            await pilot.pause()

asyncio.run(main())
print(*seen, sep="|")
"""


def bar(one: Driven) -> str:
    content = one.app.screen.query_one(PlacesBar).content
    assert isinstance(content, Content)
    return content.plain


def onboarded_house() -> House:
    house = House()
    house.follow(house.connect_odoo())
    house.import_rung()
    return house


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]|80", done.stderr


@at_terminal
async def test_it_opens_on_the_set_up_until_entities_are_selected() -> None:
    async with driven() as one:
        assert isinstance(one.app.screen, OnboardingScreen)
    async with driven(FakeLauncher(onboarded_house())) as one:
        assert one.app.current_mode == "dashboard"


@at_terminal
async def test_a_directory_that_cannot_be_opened_is_said_and_tried_again() -> None:
    launcher = FakeLauncher(House())
    launcher.failures.append(FixSettings("The data directory /x is not writable."))
    async with driven(launcher) as one:
        assert isinstance(one.app.screen, OpeningScreen)
        assert "The data directory /x is not writable." in one.failure
        assert "Change it, then try again." in one.failure
        await one.press("r")
        assert isinstance(one.app.screen, OnboardingScreen)


@at_terminal
async def test_places_are_reached_by_number_letter_and_mouse() -> None:
    async with driven(FakeLauncher(onboarded_house()), size=(100, 30)) as one:
        for key, mode in (("3", "integrations"), ("4", "activity"), ("5", "onboarding")):
            await one.press(key)
            assert one.app.current_mode == mode
        await one.press("1")
        for key, mode in (("i", "integrations"), ("a", "activity"), ("d", "dashboard")):
            await one.press(key)
            assert one.app.current_mode == mode
        place = bar(one).index("Integrations")
        await one.pilot.click(PlacesBar, offset=(place + 2, 0))
        await one.rest()
        assert one.app.current_mode == "integrations"


@at_terminal
async def test_help_lists_the_keys_of_the_screen_it_was_asked_on() -> None:
    async with driven(size=(100, 40)) as one:
        await one.press("3", "question_mark")
        assert isinstance(one.app.screen, HelpScreen)
        keys = " ".join(one.said("#keys").split())
        assert keys.startswith("Here ")
        for words in ("n Add", "c Reconnect", "x Disconnect", "3 i Integrations", "q Quit"):
            assert words in keys
        await one.press("escape")
        assert isinstance(one.app.screen, IntegrationsScreen)


@at_terminal
async def test_the_palette_offers_places_and_the_keys_of_the_screen() -> None:
    async with driven() as one:
        await one.press("3")
        titles = {command.title for command in one.app.get_system_commands(one.app.screen)}
        assert {"Go to Activity", "Add", "Reconnect", "Light or dark", "Theme"} <= titles


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "RETRY_SECONDS", 0.01)


def failing(house: House, *failures: Exception) -> list[Exception]:
    """Each reading unit of work fails once per failure, then works."""
    reading, left = house.storage.reading, list(failures)

    def sometimes() -> object:
        if left:
            raise left.pop(0)
        return reading()

    house.storage.reading = sometimes  # type: ignore[method-assign,assignment]  # a fault, on order
    return left


@pytest.mark.usefixtures("_no_pause")
@at_terminal
async def test_a_locked_database_is_said_and_asked_again_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = onboarded_house()
    shown: list[str] = []
    show = FailurePanel.show

    def recorded(self: FailurePanel, failure: Failure, **how: bool) -> None:
        show(self, failure, **how)
        shown.append(words_of(self))

    monkeypatch.setattr(FailurePanel, "show", recorded)
    async with driven(FakeLauncher(house), size=(100, 30)) as one:
        failing(house, *(TryAgain("The database is locked.") for _ in range(3)))
        one.app.action_go("integrations")
        while "Odoo" not in one.painted():
            await one.pilot.pause()
        await one.rest()
        words = "Nothing is wrong with your data. Trying again by itself. Esc closes."
        assert shown == [f"The database is locked.\n{words}"] * 3
        assert one.failure == ""


@at_terminal
async def test_a_mistake_of_ours_is_said_and_the_app_goes_on() -> None:
    house = onboarded_house()
    async with driven(FakeLauncher(house), size=(100, 30)) as one:
        failing(house, ZeroDivisionError("canary-4711"))
        await one.press("3")
        assert "Monitr made a mistake here (ZeroDivisionError)" in one.failure
        assert "canary-4711" not in one.painted()
        await one.press("r")
        assert one.failure == ""
        assert "Odoo" in one.painted()


@at_terminal
async def test_only_the_last_answer_of_a_group_arrives() -> None:
    async with driven() as one:
        arrived: list[int] = []
        for number in range(5):
            one.screen.ask(lambda _services, n=number: n, arrived.append, group="race")  # type: ignore[misc]
        await one.rest()
        assert arrived == [4]


@at_terminal
async def test_a_process_that_imports_is_started_and_started_again() -> None:
    launcher = FakeLauncher(House())
    async with driven(launcher, size=(120, 30)) as one:
        assert launcher.child.entered == 1
        await one.news()
        assert "stopped" not in bar(one)
        launcher.child.living = False
        await one.news()
        assert "Imports had stopped: starting them again" in bar(one)
        assert launcher.child.restarts == 1
        await one.news()
        assert "stopped" not in bar(one)
        for _ in range(RESTARTS_MAX):
            launcher.child.living = False
            await one.news()
        assert STOPPED in bar(one)
        assert launcher.child.restarts == RESTARTS_MAX
        await one.press("w")
        await one.news()
        assert STOPPED not in bar(one)
    assert launcher.child.left == 1


@at_terminal
async def test_looking_and_finding_nothing_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[object] = []
    display = MonitrApp._display

    def counted(self: MonitrApp, *args: object) -> None:
        painted.append(args)
        display(self, *args)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(MonitrApp, "_display", counted)
    async with driven(FakeLauncher(onboarded_house())) as one:
        for place in ("3", "4", "5"):
            await one.press(place)
            await one.news()
            painted.clear()
            for _ in range(3):
                await one.news()
            assert painted == [], place
        assert one.app.screen is not None


@at_terminal
async def test_every_place_survives_any_size() -> None:
    async with driven(FakeLauncher(onboarded_house())) as one:
        for place in ("3", "4", "5"):
            await one.press(place)
            for size in ((20, 5), (80, 24), (200, 60), (101, 24)):
                await one.pilot.resize_terminal(*size)
                await one.rest()
            assert one.app.screen.has_class("-wide")


@at_terminal
async def test_the_theme_is_changed_by_a_key() -> None:
    async with driven() as one:
        assert one.app.theme == DARK
        await one.press("t")
        assert one.app.theme == LIGHT
        await one.press("t")
        assert one.app.theme == DARK


@at_terminal
async def test_without_colour_everything_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven(FakeLauncher(onboarded_house()), size=(120, 30)) as one:
        assert one.app.no_color
        await one.press("3")
        assert "works" in one.painted()
        filters = [type(one).__name__ for one in one.app.get_line_filters()]
        assert "Monochrome" in filters


@at_terminal
async def test_without_unicode_only_ascii_is_written() -> None:
    async with driven(FakeLauncher(onboarded_house()), ascii_only=True, size=(120, 30)) as one:
        for place in ("3", "4", "5"):
            await one.press(place)
            assert one.painted().isascii(), one.painted()
        assert "Cafe Zuid" in one.painted()


@at_terminal
async def test_the_filter_line_opens_filters_and_closes() -> None:
    async with driven() as one:
        await one.press("4", "slash")
        assert isinstance(one.app.screen, ActivityScreen)
        line = one.app.screen.query_one("FilterLine", Input)
        assert line.has_focus
        await one.press(*"nothing like this")
        assert one.app.screen.filter_words == "nothing like this"
        assert "nothing like this" in one.painted(), "one sees what one types"
        assert "Nothing fits the filter." in str(one.app.screen.query_one("#about", Static).content)
        await one.press("escape")
        assert not line.display
        assert one.app.screen.filter_words == ""

"""Driving the terminal interface: an app over a House, keys pressed, nothing slept on."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, ParamSpec

from attrs import define, field
from textual.content import Content
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import WorkerCancelled

from interfaces.tui.app import MonitrApp
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.settings import TuiSettings
from interfaces.tui.widgets.shell import FailurePanel
from tests.services.house import House
from tests.tui.launching import FakeLauncher

Params = ParamSpec("Params")

ROUNDS_MAX: Final = 100
"""Rounds of waiting before a test is told that the app never comes to rest."""

SETTINGS: Final = TuiSettings(refresh_seconds=60, open_browser=False)
"""News come when a test asks for them, and no browser opens."""


def at_terminal(test: Callable[Params, Awaitable[None]]) -> Callable[Params, None]:
    """Run an asynchronous test to its end."""

    @functools.wraps(test)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> None:
        async def all_of_it() -> None:
            await test(*args, **kwargs)

        asyncio.run(all_of_it())

    return run


@define
class Driven:
    """An app at rest after every method."""

    app: MonitrApp
    pilot: Pilot[None]
    launcher: FakeLauncher
    copied: list[str] = field(factory=list)

    @property
    def house(self) -> House:
        return self.launcher.house

    @property
    def screen(self) -> MonitrScreen:
        found = self.app.screen
        assert isinstance(found, MonitrScreen), found
        return found

    async def rest(self) -> None:
        """Until no worker runs and no message waits."""
        for _ in range(ROUNDS_MAX):
            await self.pilot.pause()
            running = [worker for worker in self.app.workers if not worker.is_finished]
            if not running:
                await self.pilot.pause()
                if all(worker.is_finished for worker in self.app.workers):
                    return
            for worker in running:
                with contextlib.suppress(WorkerCancelled):
                    await worker.wait()
        raise AssertionError("the app never comes to rest")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.rest()

    async def click(self, selector: str) -> None:
        await self.pilot.click(selector)
        await self.rest()

    async def type(self, selector: str, text: str) -> None:
        """Put text into a line, as a paste would."""
        line = self.app.screen.query_one(selector, Input)
        line.focus()
        line.value = text
        await self.rest()

    async def news(self) -> None:
        """One look at what happened, as the timer would."""
        self.app.look_for_news()
        await self.rest()

    def said(self, selector: str) -> str:
        """The text of a Static on the screen on top."""
        return words_of(self.app.screen.query_one(selector, Static))

    @property
    def failure(self) -> str:
        """The failure panel's words; "" while it is closed."""
        for panel in self.app.screen.query(FailurePanel):
            if panel.display:
                return words_of(panel)
        return ""

    @property
    def told(self) -> str:
        """Every notification so far."""
        return "\n".join(str(one.message) for one in self.app._notifications)

    def painted(self) -> str:
        """Every character of the screen on top."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def words_of(widget: Widget) -> str:
    assert isinstance(widget, Static)
    content = widget.content
    return content.plain if isinstance(content, Content) else str(content)


@contextlib.asynccontextmanager
async def driven(
    launcher: FakeLauncher | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    settings: TuiSettings = SETTINGS,
    ascii_only: bool = False,
) -> AsyncIterator[Driven]:
    """An app over that launcher (a new House by default), opened and at rest."""
    launcher = launcher or FakeLauncher(House())
    app = MonitrApp(lambda: launcher, settings, ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        one = Driven(app, pilot, launcher)
        await one.rest()
        yield one
    app.close()

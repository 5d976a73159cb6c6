"""The app: a shell painted at once, services opened behind it, news followed without repainting."""

import asyncio
import contextlib
import getpass
import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import attrs
from attrs import frozen
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme

from core.domain.failures import CorrectRequest, Failure
from interfaces.tui.background import STOPPED, Answers, Follower, Imports, News, look
from interfaces.tui.glyphs import AsciiFilter
from interfaces.tui.places import BY_NAME, PLACES
from interfaces.tui.screen import MonitrScreen, bug
from interfaces.tui.screens.opening import OpeningScreen
from interfaces.tui.settings import DARK, LIGHT, TuiSettings, save_settings
from interfaces.tui.widgets.shell import PlacesBar

if TYPE_CHECKING:
    from textual.command import Provider

    from core.domain.onboarding import Organisation
    from core.services.services import Services
    from interfaces.launcher import Launcher

ENDING_SIGNALS: Final = ("SIGHUP", "SIGTERM") if hasattr(signal, "SIGHUP") else ("SIGTERM",)

THEMES: Final = (
    Theme(
        name=DARK,
        primary="#5fb3a1",
        secondary="#7aa2c7",
        accent="#e0b35a",
        success="#7fbf7f",
        warning="#e0b35a",
        error="#e06c6c",
        background="#14181b",
        surface="#1b2126",
        panel="#232b31",
        dark=True,
    ),
    Theme(
        name=LIGHT,
        primary="#1f7a68",
        secondary="#2f5f8f",
        accent="#9a6700",
        success="#2e7d32",
        warning="#9a6700",
        error="#b3261e",
        background="#fafaf7",
        surface="#f1f1ec",
        panel="#e6e6df",
        dark=False,
    ),
)


def entity_commands() -> "type[Provider]":
    from interfaces.tui.palette import EntityCommands  # noqa: PLC0415 - when the palette opens

    return EntityCommands


@frozen(kw_only=True)
class Opened:
    """What opening found. ``organisation`` None: nobody has set Monitr up here."""

    services: "Services"
    organisation: "Organisation | None"
    newest: int = 0
    """Sequence number of the newest event: news are what comes after."""


class OpenedMessage(Message):
    def __init__(self, found: Opened | Failure) -> None:
        super().__init__()
        self.found = found


class NewsMessage(Message):
    def __init__(self, news: News) -> None:
        super().__init__()
        self.news = news


class MonitrApp(App[None]):
    """Monitr at the terminal.

    ``launcher`` is a Launcher, or a function that makes one: it is called in a thread after the
    first paint, so that nothing heavy stands before it. ``settings_path`` None keeps changes of
    settings to this session.
    """

    TITLE = "Monitr"
    CSS_PATH = "monitr.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = App.COMMANDS | {entity_commands}
    DEFAULT_MODE = "opening"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - typed by the base class
        (0, "-narrow"),
        (100, "-wide"),
        (150, "-very-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(place.keys, f"go('{place.name}')", place.title, show=False, tooltip=place.help)
            for place in PLACES
        ),
        Binding("ctrl+p", "command_palette", "Commands", key_display="^p", priority=True),
        Binding("colon", "command_palette", "Commands", show=False),
        Binding("t", "toggle_theme", "Light or dark", show=False),
        Binding("w", "restart_imports", "Start imports again", show=False),
        Binding("q", "quit", "Quit"),
    ]

    services: "Services"
    """Set once opened; screens load after that only."""
    answers: Answers
    """Set once opened, too."""

    def __init__(
        self,
        launcher: "Launcher | Callable[[], Launcher]",
        settings: TuiSettings | None = None,
        *,
        settings_path: Path | None = None,
        settings_failure: Failure | None = None,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self.settings = settings or TuiSettings()
        self.settings_path = settings_path
        self.organisation_id: str | None = None
        self.onboarded = False
        self.opened = False
        self.notice = ""
        self.imports: Imports | None = None
        self.leave_on_signals = False
        """End in good order when the terminal is closed or somebody asks: our child ends too."""
        self._launcher = launcher
        self._settings_failure = settings_failure
        self._follower: Follower | None = None
        self._looking = False
        self._ascii = [AsciiFilter()] if ascii_only else []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.settings.theme if self.settings.theme in self.available_themes else DARK
        self.add_mode("opening", OpeningScreen)
        for place in PLACES:
            self.add_mode(place.name, place.make)

    @property
    def launcher(self) -> "Launcher":
        """Made at its first use, which takes a while: in a thread."""
        if callable(self._launcher):
            self._launcher = self._launcher()
        return self._launcher

    @property
    def operator(self) -> str:
        """Who is named in the audit trail."""
        try:
            return f"tui:{getpass.getuser()}"
        except (OSError, KeyError, ImportError):
            return "tui"

    def _fatal_error(self) -> None:
        # Textual would print the values of local variables, among which may be a secret.
        from rich.traceback import Traceback  # noqa: PLC0415 - only a broken app needs it

        self.panic(Traceback(show_locals=False))

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._ascii]

    # Opening

    def on_mount(self) -> None:
        if self.leave_on_signals:
            loop = asyncio.get_running_loop()
            for name in ENDING_SIGNALS:
                with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
                    loop.add_signal_handler(getattr(signal, name), self.exit)
        self.call_after_refresh(self.open_services)

    def open_services(self) -> None:
        """Open the data directory in a thread; again after a failure."""
        self.run_worker(self._open, thread=True, exclusive=True, group="open", exit_on_error=False)

    def _open(self) -> None:
        found: Opened | Failure
        try:
            services = self.launcher.services
            organisation = next(iter(services.onboarding.organisations()), None)
            events = services.reading.activity(organisation.id, limit=1) if organisation else ()
            found = Opened(
                services=services,
                organisation=organisation,
                newest=events[0].sequence if events else 0,
            )
        except Failure as failure:
            found = failure
        except Exception as error:  # noqa: BLE001 - shown on the opening screen
            found = bug(error)
        self.post_message(OpenedMessage(found))

    @on(OpenedMessage)
    def _opened(self, message: OpenedMessage) -> None:
        found = message.found
        if isinstance(found, Failure):
            if isinstance(self.screen, OpeningScreen):
                self.screen.failed(found)
            return
        self.services = found.services
        self.opened = True
        self.imports = Imports(self.launcher)
        self.answers = Answers(self.launcher, self._in_thread)
        if found.organisation is not None:
            self.work_in(found.organisation, after=found.newest)
        self.switch_mode("dashboard" if self.onboarded else "onboarding")
        if self._settings_failure is not None:
            self.notify(self._settings_failure.sentence, severity="warning", markup=False)
        self.call_after_refresh(self._start_following)

    def work_in(self, organisation: "Organisation", *, after: int = 0) -> None:
        """From now on screens show this organisation, and news are its events after that one."""
        self.organisation_id = organisation.id
        self.onboarded = organisation.onboarded
        self._follower = Follower(self.services, organisation.id, after)

    # News

    def _start_following(self) -> None:
        assert self.imports is not None, "set when opened"
        self._about_imports(self.imports.start)
        self.set_interval(self.settings.refresh_seconds, self.look_for_news)

    def look_for_news(self) -> None:
        """Look once, unless the last look has not come back yet."""
        if self._looking or self.imports is None:
            return
        self._looking = True
        follower, imports = self._follower, self.imports

        def work() -> None:
            try:
                news = look(follower, imports)
            except Exception as error:  # noqa: BLE001 - shown as a failure; the next look goes on
                news = News(notice="Something is wrong", failure=bug(error))
            self.post_message(NewsMessage(news))

        self.run_worker(work, thread=True, group="news", exit_on_error=False)

    @on(NewsMessage)
    def _news(self, message: NewsMessage) -> None:
        self._looking = False
        news = message.news
        if news.notice != self.notice:
            self.notice = news.notice
            for bar in self.screen.query(PlacesBar):
                bar.show()
        screen = self._showing()
        if screen is None:
            return
        if news.failure is not None and not screen.failing:
            screen.show_failure(news.failure)
        if news.events:
            screen.activity_seen(news.events)
        screen.beat()

    def _in_thread(self, do: Callable[[], None]) -> None:
        self.run_worker(do, thread=True, group="beside", exit_on_error=False)

    def close(self) -> None:
        """End what goes on beside the screens. Blocks: for after the app has ended."""
        if self.opened and self.imports is not None:
            self.answers.close()
            self.imports.close()

    def _showing(self) -> MonitrScreen | None:
        """The screen of the shell on top, or under a dialog."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, MonitrScreen):
                return screen
        return None

    def action_restart_imports(self) -> None:
        if self.imports is not None:
            self._about_imports(self.imports.restart)

    def _about_imports(self, do: Callable[[], None]) -> None:
        """Start or restart the process that imports, in a thread; say so when that fails."""

        def work() -> None:
            try:
                do()
            except Failure as failure:
                self.post_message(NewsMessage(News(notice=STOPPED, failure=failure)))
            except Exception as error:  # noqa: BLE001 - shown: the app goes on without imports
                self.post_message(NewsMessage(News(notice=STOPPED, failure=bug(error))))

        self.run_worker(work, thread=True, group="imports", exit_on_error=False)

    # Going places

    def action_go(self, name: str) -> None:
        """Go to a place. Before there is an organisation, that is the onboarding."""
        if not self.opened or len(self.screen_stack) == 0:
            return
        if self.organisation_id is None and name != "onboarding":
            self._refuse_place(BY_NAME[name].title)
            return
        if self.current_mode != name:
            self.switch_mode(name)

    @property
    def crumbs(self) -> Sequence[str]:
        """The way from the place to what shows, a word or two for each screen opened on it."""
        way = [screen for screen in self.screen_stack[1:] if isinstance(screen, MonitrScreen)]
        return [screen.crumb or "…" for screen in way]

    def open_entity(self, entity_id: str) -> None:
        from interfaces.tui.screens.entity.screen import EntityScreen  # noqa: PLC0415 - when asked

        self.push_screen(EntityScreen(entity_id))

    def action_back_to(self, depth: int) -> None:
        """Close what was opened on top of the screen at that depth; the place itself is 1."""
        while len(self.screen_stack) > depth:
            self.pop_screen()

    def _refuse_place(self, title: str) -> None:
        screen = self._showing()
        if screen is not None:
            screen.show_failure(
                CorrectRequest(f"{title} has nothing to show yet: name your organisation first.")
            )

    def action_toggle_theme(self) -> None:
        theme = LIGHT if self.current_theme.dark else DARK
        self.change(attrs.evolve(self.settings, theme=theme))

    def change(self, settings: TuiSettings) -> None:
        """Change settings and keep them. Painted at once, written behind."""
        self.settings = settings
        if settings.theme in self.available_themes:
            self.theme = settings.theme
        path = self.settings_path
        if path is None:
            return

        def work() -> None:
            try:
                save_settings(path, settings)
            except Failure as failure:
                self.call_from_thread(
                    self.notify, failure.sentence, severity="warning", markup=False
                )

        self.run_worker(work, thread=True, exclusive=True, group="settings", exit_on_error=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: places, what the screen's keys do, and what Textual offers."""
        for place in PLACES:
            yield SystemCommand(
                f"Go to {place.title}", place.help, lambda name=place.name: self.action_go(name)
            )
        for active in screen.active_bindings.values():
            binding = active.binding
            if active.enabled and binding.description and binding.action.split("(")[0] != "go":
                yield SystemCommand(
                    binding.description,
                    f"Key {self.get_key_display(binding)}",
                    lambda chosen=binding, node=active.node: self.call_later(
                        self.run_action, chosen.action, node
                    ),
                )
        yield from (
            command
            for command in super().get_system_commands(screen)
            if command.title in {"Theme", "Screenshot"}
        )

"""What every screen has: a bar, help, a filter, one panel for failures, questions off-thread."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Footer, Input
from textual.worker import get_current_worker

from core.domain.failures import Failure, OurBug, TryAgain
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.shell import FailurePanel, PlacesBar

if TYPE_CHECKING:
    from core.ports.storage import Event
    from core.services.services import Services
    from interfaces.tui.app import MonitrApp

Answer = TypeVar("Answer")
Result = TypeVar("Result")

RETRY_SECONDS: Final = 1.0
"""Pause before a question that met a locked database is asked again."""

RETRIES_MAX: Final = 30
"""That many times by itself; then the operator decides with ``r``."""


class Answered(Message):
    """A question was answered; ``deliver`` hands the answer over on the UI thread."""

    def __init__(self, group: str, deliver: Callable[[], None]) -> None:
        super().__init__()
        self.group = group
        self.deliver = deliver


class Refused(Message):
    """A question ended in a failure; ``again`` asks it anew."""

    def __init__(
        self,
        group: str,
        failure: Failure,
        again: Callable[[int], None],
        tries: int,
        otherwise: Callable[[Failure], None] | None,
    ) -> None:
        super().__init__()
        self.group = group
        self.failure = failure
        self.again = again
        self.tries = tries
        self.otherwise = otherwise


class Asking(Screen[Result]):
    """A screen that asks the services. Holds the failure panel; subclasses yield it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "try_again", "Try again", show=False),
        Binding("ctrl+y", "copy_failure", "Copy what is wrong", show=False),
    ]
    _again: Callable[[], None] | None = None
    _failed_group: str | None = None
    _retry: Timer | None = None

    @property
    def monitr(self) -> "MonitrApp":
        """The app, with its own type."""
        from interfaces.tui.app import MonitrApp  # noqa: PLC0415 - the app imports screens

        assert isinstance(self.app, MonitrApp)
        return self.app

    @property
    def organisation_id(self) -> str:
        """The organisation worked in; only the onboarding shows before there is one."""
        found = self.monitr.organisation_id
        assert found is not None, "no place but the onboarding opens without an organisation"
        return found

    def ask(
        self,
        question: "Callable[[Services], Answer]",
        then: Callable[[Answer], None],
        *,
        group: str = "load",
        otherwise: Callable[[Failure], None] | None = None,
    ) -> None:
        """Answer ``question`` in a thread, then call ``then`` on the UI thread.

        A newer question of the same group supersedes this one. ``otherwise`` is told of a failure
        that is final (the panel shows it as well).
        """
        self._ask(question, then, group, otherwise, 0)

    def _ask(
        self,
        question: "Callable[[Services], Answer]",
        then: Callable[[Answer], None],
        group: str,
        otherwise: Callable[[Failure], None] | None,
        tries: int,
    ) -> None:
        if self._retry is not None and group == self._failed_group:
            self._retry.stop()
            self._retry = None
        services = self.monitr.services
        again = partial(self._ask, question, then, group, otherwise)

        def work() -> None:
            worker = get_current_worker()
            message: Message
            try:
                answer = question(services)
                message = Answered(group, partial(then, answer))
            except Failure as failure:
                message = Refused(group, failure, again, tries, otherwise)
            except Exception as error:  # noqa: BLE001 - shown, not swallowed: the panel says it
                message = Refused(group, bug(error), again, tries, otherwise)
            if not worker.is_cancelled:
                self.post_message(message)

        self.run_worker(work, group=group, exclusive=True, thread=True, exit_on_error=False)

    @on(Answered)
    def _hand_over(self, message: Answered) -> None:
        message.stop()
        if self._failed_group == message.group:
            self.forgive()
        message.deliver()

    @on(Refused)
    def _show_or_retry(self, message: Refused) -> None:
        message.stop()
        by_itself = isinstance(message.failure, TryAgain) and message.tries < RETRIES_MAX
        self.show_failure(
            message.failure,
            again=partial(message.again, 0),
            group=message.group,
            by_itself=by_itself,
        )
        if by_itself:
            self._retry = self.set_timer(RETRY_SECONDS, partial(message.again, message.tries + 1))
        elif message.otherwise is not None:
            message.otherwise(message.failure)

    def show_failure(
        self,
        failure: Failure,
        *,
        again: Callable[[], None] | None = None,
        group: str | None = None,
        by_itself: bool = False,
    ) -> None:
        """Show it in the panel. ``by_itself``: it is being tried again without being asked."""
        self._again, self._failed_group = again, group
        for panel in self.query(FailurePanel):
            panel.show(failure, can_retry=again is not None, by_itself=by_itself)

    def forgive(self) -> None:
        """Close the failure panel."""
        self._again = self._failed_group = None
        for panel in self.query(FailurePanel):
            panel.hide()

    def action_copy_failure(self) -> None:
        """What the failure panel says, for a message to somebody."""
        for panel in self.query(FailurePanel):
            if panel.display:
                self.app.copy_to_clipboard(panel.words)
                self.app.notify("What is wrong is on your clipboard, if your terminal allows it.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "copy_failure":
            return self.failing
        return super().check_action(action, parameters)

    @property
    def failing(self) -> bool:
        """Whether the failure panel is open."""
        return any(panel.display for panel in self.query(FailurePanel))

    def action_try_again(self) -> None:
        again = self._again
        self.forgive()
        if again is not None:
            again()


class MonitrScreen(Asking[None]):
    """A screen of the shell. The package's docstring says how to write one."""

    NAME: ClassVar[str] = ""
    """The place it belongs to, lit in the bar; "" for pushed screens: their place stays lit."""
    HELP: ClassVar[str] = ""
    FILTERS: ClassVar[bool] = False
    crumb: str = ""
    """What it shows, in a word or two, once known; see :meth:`named`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("r", "reload", "Reload", show=False),
        Binding("escape", "back", "Back", show=False),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
    ]

    def compose(self) -> ComposeResult:
        yield PlacesBar()
        with Vertical(id="body"):
            yield from self.body()
        if self.FILTERS:
            yield FilterLine()
        yield FailurePanel()
        yield Footer(show_command_palette=False)

    def body(self) -> Iterable[Widget]:
        """The widgets between the bar and the footer."""
        return ()

    def load(self) -> None:
        """Ask for what the screen shows."""

    def named(self, crumb: str) -> None:
        """Say in the bar what is shown: a step of the way back to the place it is in."""
        if crumb != self.crumb:
            self.crumb = crumb
            for bar in self.query(PlacesBar):
                bar.show()

    def activity_seen(self, events: "Sequence[Event]") -> None:  # noqa: ARG002 - for subclasses
        """Something happened while this screen shows; oldest first."""
        self.load()

    def beat(self) -> None:
        """Called every ``refresh_seconds`` while this screen shows."""

    def filtered(self, words: str) -> None:
        """The operator filters by these words; "" shows everything. Narrows lists that are here."""
        for table in self.query(ListTable):
            table.narrow(words)

    @property
    def filter_words(self) -> str:
        """What is in the filter now."""
        return next((line.value for line in self.query(FilterLine)), "")

    def clear_filter(self) -> None:
        """Close the filter without telling anyone: what it filtered is gone."""
        for line in self.query(FilterLine):
            with line.prevent(Input.Changed):
                line.value = ""
            line.display = False

    def on_screen_resume(self) -> None:
        for bar in self.query(PlacesBar):
            bar.show()
        if self.monitr.opened:
            self.call_after_refresh(self.load)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter":
            return self.FILTERS
        return super().check_action(action, parameters)

    def action_reload(self) -> None:
        if self.failing and self._again is not None:
            self.action_try_again()
        else:
            self.forgive()
            self.load()

    def action_help(self) -> None:
        from interfaces.tui.screens.help import HelpScreen  # noqa: PLC0415 - not before it is asked

        self.app.push_screen(HelpScreen(self))

    def action_filter(self) -> None:
        for line in self.query(FilterLine):
            line.open()

    def action_back(self) -> None:
        """Close what is open: the failure panel, then the filter, then a pushed screen."""
        if self.failing:
            self.forgive()
            return
        for line in self.query(FilterLine):
            if line.display:
                line.close()
                return
        self.leave()

    def leave(self) -> None:
        """Escape with nothing left to close: back to where this screen was opened from."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    @on(Input.Changed, "FilterLine")
    def _filter_changed(self, message: Input.Changed) -> None:
        message.stop()
        self.filtered(message.value.strip())

    @on(Input.Submitted, "FilterLine")
    def _filter_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.focus_next()


class FilterLine(Input):
    """The ``/`` line. It stays while it filters; Escape empties and closes it."""

    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; border: none; padding: 0 1;
        background: $surface; &:focus { border: none; background: $boost; } }
    """

    def __init__(self) -> None:
        super().__init__(placeholder="Filter: type words, Enter to go on, Esc to end")
        self.cursor_blink = False

    def open(self) -> None:
        self.display = True
        self.focus()

    def close(self) -> None:
        self.value = ""
        self.display = False
        if self.has_focus:
            self.screen.focus_next()


class Dialog(Asking[Result], ModalScreen[Result]):
    """A question on top of a screen. Escape dismisses it with None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close")]

    def action_close(self) -> None:
        if self.failing:
            self.forgive()
        else:
            self.dismiss(None)


def bug(error: Exception) -> OurBug:
    """An exception nobody expected, as something a panel can say. Holds no value of a variable."""
    return OurBug(
        f"Monitr made a mistake here ({type(error).__name__}): report it with what you did.",
        detail=type(error).__name__,
    )

"""Waiting for a consent: the link, a copy key, a countdown, and a line to paste the answer."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from core.domain.catalogue import CatalogueEntry
from core.domain.failures import Failure
from core.ports.connections import OAuthAttempt
from core.services.authorising import Completion
from core.services.connecting import Connection
from core.services.services import Services
from interfaces.browser import has_display, open_browser
from interfaces.oauth_answer import QUERY_BYTES_MAX, pasted
from interfaces.tui.widgets.words import minutes_seconds
from interfaces.tui.wizard.panel import Panel, busy_line

LOOK_SECONDS: Final = 1.0
"""Between looks at whether the answer came; the countdown moves as often."""

ANSWER_GRACE: Final = timedelta(seconds=90)
"""An answer that came in time may still be traded for a token when the time is over."""


class ConsentPanel(Panel):
    """``begun`` carries the link and how long it works."""

    STEP: ClassVar[str] = "Connect"
    FIRST: ClassVar[str] = "#open, #copy"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "open", "Open browser"),
        Binding("y", "copy", "Copy link"),
        Binding("p", "paste", "Paste the answer"),
    ]
    DEFAULT_CSS = """
    ConsentPanel #link { color: $secondary; margin: 1 0; }
    ConsentPanel #left-time { color: $accent; text-style: bold; }
    ConsentPanel #outcome { margin: 1 0 0 0; }
    """

    class Answered(Message):
        """An answer came and access was given."""

        def __init__(self, integration_id: str, sentence: str) -> None:
            super().__init__()
            self.integration_id = integration_id
            self.sentence = sentence

    class Again(Message):
        """Begin the authorisation anew."""

    class Left(Message):
        """The operator goes back to the form."""

    def __init__(self, entry: CatalogueEntry, begun: Connection) -> None:
        super().__init__()
        assert begun.authorize_url is not None, "only OAuth connections wait for a consent"
        assert begun.authorize_until is not None, "a link has an end"
        self.entry = entry
        self.begun = begun
        self.link = begun.authorize_url
        self.until = begun.authorize_until
        self.over = False

    def compose(self) -> ComposeResult:
        name = self.entry.name
        yield Static(f"Allow access at {name}", classes="title", markup=False)
        yield Static(
            f"Open this link, log in at {name} and allow access. {name} then sends your browser "
            f"to {self.begun.redirect_uri}",
            classes="note",
            markup=False,
        )
        yield Static(self.link, id="link", markup=False)
        yield Static("", id="left-time", markup=False)
        with Horizontal(classes="row", id="waiting"):
            yield Button("Open browser (b)", variant="primary", id="open", compact=True)
            yield Button("Copy link (y)", id="copy", compact=True)
            yield Button("Back", id="left", compact=True)
        yield Label("Browser on another machine? Paste the address you were sent to:")
        box = Input(
            id="answer",
            placeholder="http://127.0.0.1/oauth/...",
            max_length=QUERY_BYTES_MAX,
            compact=True,
        )
        box.cursor_blink = False
        yield box
        yield Static("", id="outcome", markup=False)
        yield Button("Start again", variant="primary", id="again", compact=True)
        yield busy_line()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#again").display = False
        self.wizard.monitr.answers.want(self._cannot_listen)
        if self.wizard.monitr.settings.open_browser and has_display():
            self.action_open()
        self.look()
        self.set_interval(LOOK_SECONDS, self.look)

    def on_unmount(self) -> None:
        app = self.app
        from interfaces.tui.app import MonitrApp  # noqa: PLC0415 - the app imports screens

        assert isinstance(app, MonitrApp)
        app.answers.unwant()

    def _cannot_listen(self, failure: Failure) -> None:
        """Answers cannot reach this machine by themselves: the paste line still works."""
        self.app.call_from_thread(self._tell, failure)

    def _tell(self, failure: Failure) -> None:
        if self.is_mounted:
            self.wizard.show_failure(failure)

    # Looking

    def look(self) -> None:
        """Ask whether the answer came."""
        if self.over:
            return
        wizard = self.wizard
        organisation_id, integration_id = wizard.organisation_id, self.begun.integration.id

        def question(services: Services) -> tuple[OAuthAttempt, datetime]:
            attempt = services.connecting.attempt(organisation_id, integration_id)
            return attempt, services.ports.clock.now()

        wizard.ask(question, self._looked, group="attempt")

    def _looked(self, found: tuple[OAuthAttempt, datetime]) -> None:
        attempt, now = found
        if self.over or not self.is_mounted:
            return
        if attempt.outcome is not None:
            self._ended(
                attempt.outcome,
                integration_id=self.begun.integration.id,
                granted=not attempt.failed,
            )
            return
        answered = attempt.used_at is not None
        if now >= self.until + (ANSWER_GRACE if answered else timedelta(0)):
            self._ended(
                f"{self.entry.name} sent no answer in time, so nothing was connected: start again, "
                "or paste the address if your browser runs elsewhere.",
                integration_id="",
                granted=False,
            )
            return
        words = (
            "The answer came: asking for access"
            if answered
            else f"Waiting for the answer, {minutes_seconds(self.until - now)} left"
        )
        line = self.query_one("#left-time", Static)
        if line.content != words:
            line.update(words)

    def _ended(self, sentence: str, *, integration_id: str, granted: bool) -> None:
        self.over = True
        self.busy("")
        self.query_one("#left-time", Static).update("")
        self.query_one("#outcome", Static).update(sentence)
        if granted:
            self.post_message(self.Answered(integration_id, sentence))
            return
        for part in ("#open", "#copy", "#answer", "#link"):
            self.query_one(part).display = False
        again = self.query_one("#again", Button)
        again.display = True
        again.focus()

    # Keys

    def action_open(self) -> None:
        """In a thread: some browsers take seconds to start."""
        link, app = self.link, self.app

        def work() -> None:
            if not open_browser(link):
                app.call_from_thread(
                    app.notify, "No browser can be opened here: copy the link (y).", markup=False
                )

        self.run_worker(work, thread=True, exclusive=True, group="browser", exit_on_error=False)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.link)
        self.app.notify("The link is on your clipboard, if your terminal allows it.", markup=False)

    def action_paste(self) -> None:
        self.query_one("#answer").focus()

    @on(Button.Pressed)
    def _pressed(self, message: Button.Pressed) -> None:
        message.stop()
        match message.button.id:
            case "open":
                self.action_open()
            case "copy":
                self.action_copy()
            case "again":
                self.post_message(self.Again())
            case _:
                self.post_message(self.Left())

    @on(Input.Submitted, "#answer")
    def _pasted(self, message: Input.Submitted) -> None:
        """Take the answer. It holds a code: the line is emptied at once."""
        message.stop()
        text = message.value
        message.input.value = ""
        self.busy(f"Asking {self.entry.name} for access")

        organisation_id, operator = self.wizard.organisation_id, self.wizard.monitr.operator

        def question(services: Services) -> Completion:
            provider_key, answer = pasted(text, self.entry.key)
            return services.authorising.complete(
                provider_key, answer, organisation_id=organisation_id, operator=operator
            )

        self.wizard.ask(question, self._completed, group="answer", otherwise=self._refused)

    def _completed(self, completion: Completion) -> None:
        if self.over:
            return
        self._ended(
            completion.sentence,
            integration_id=completion.integration_id,
            granted=completion.connected or completion.review is not None,
        )

    def _refused(self, _failure: Failure) -> None:
        self.busy("")
        self.look()

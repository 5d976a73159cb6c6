"""What is painted first, while the data directory is being opened."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from core.domain.failures import Failure
from interfaces.tui.widgets.shell import FailurePanel, PlacesBar


class OpeningScreen(Screen[None]):
    """Says that Monitr opens, or why it cannot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r,ctrl+r", "try_again", "Try again"),
    ]
    DEFAULT_CSS = """
    OpeningScreen #opening { width: 1fr; height: 1fr; content-align: center middle; }
    """

    def compose(self) -> ComposeResult:
        yield PlacesBar()
        yield Static(Content.styled("Opening your books…", "$foreground-muted"), id="opening")
        yield FailurePanel()
        yield Footer(show_command_palette=False)

    def failed(self, failure: Failure) -> None:
        """Opening ended in this."""
        self.query_one(FailurePanel).show(failure, can_retry=True, by_itself=False)
        self.query_one("#opening", Static).update("Monitr cannot open its data.")

    def action_try_again(self) -> None:
        from interfaces.tui.app import MonitrApp  # noqa: PLC0415 - the app imports this screen

        assert isinstance(self.app, MonitrApp)
        self.query_one(FailurePanel).hide()
        self.query_one("#opening", Static).update("Opening your books…")
        self.app.open_services()

"""A reconnect that would change something: said before anything changes."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, Static

from core.domain.catalogue import CatalogueEntry
from interfaces.tui.wizard.panel import Panel, busy_line


class ReviewPanel(Panel):
    """``sentence`` says what the new consent would change."""

    STEP: ClassVar[str] = "Connect"
    FIRST: ClassVar[str] = "#leave"

    class Confirmed(Message):
        def __init__(self, integration_id: str) -> None:
            super().__init__()
            self.integration_id = integration_id

    class Left(Message):
        """The operator keeps what there is."""

    def __init__(self, entry: CatalogueEntry, integration_id: str, sentence: str) -> None:
        super().__init__()
        self.entry = entry
        self.integration_id = integration_id
        self.sentence = sentence

    def compose(self) -> ComposeResult:
        yield Static(f"{self.entry.name}: this differs", classes="title", markup=False)
        yield Static(self.sentence, id="sentence", markup=False)
        yield Static("Nothing has changed yet.", classes="note")
        with Horizontal(classes="row"):
            yield Button("Confirm the new consent", variant="warning", id="confirm", compact=True)
            yield Button("Keep the present one", id="leave", compact=True)
        yield busy_line()

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self.post_message(self.Confirmed(self.integration_id))

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.post_message(self.Left())

"""The very first step: whose books these are."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from core.domain.onboarding import DEFAULT_TIME_ZONE
from interfaces.tui.wizard.panel import Panel, busy_line


class NamePanel(Panel):
    """Name and time zone of the organisation."""

    STEP: ClassVar[str] = "Organisation"
    FIRST: ClassVar[str] = "#name"

    class Named(Message):
        def __init__(self, name: str, time_zone: str) -> None:
            super().__init__()
            self.name = name
            self.time_zone = time_zone

    def compose(self) -> ComposeResult:
        yield Static("Welcome to Monitr", classes="title")
        yield Static(
            "Connect your accounting software once; from then on Monitr brings its books here "
            "twice a night and proves them to the cent.",
            classes="note",
        )
        yield Label("Name of your organisation")
        yield Input(id="name", compact=True, placeholder="Bakkerij Blom")
        yield Label("Time zone of its nights")
        yield Input(DEFAULT_TIME_ZONE, id="time_zone", compact=True)
        with Horizontal(classes="row"):
            yield Button("Begin", variant="primary", id="begin", compact=True)
        yield busy_line()

    @on(Input.Submitted, "#name")
    def _to_zone(self) -> None:
        self.query_one("#time_zone").focus()

    @on(Input.Submitted, "#time_zone")
    @on(Button.Pressed, "#begin")
    def _begin(self) -> None:
        self.post_message(
            self.Named(
                self.query_one("#name", Input).value.strip(),
                self.query_one("#time_zone", Input).value.strip(),
            )
        )

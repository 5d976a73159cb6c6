"""The connect form of a provider, built from its declaration."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static

from core.domain.catalogue import AuthKind, CatalogueEntry
from core.domain.failures import Failure
from core.ports.provider import ConnectForm, FormField
from interfaces.tui.wizard.panel import Panel, busy_line

_PREFIX = "field-"


class FormPanel(Panel):
    """``held`` are the present values of a connection that is being reconnected; no secrets.

    ``redirect_uri`` is what an OAuth app must be registered with; None: the form connects at once,
    which some providers do although the product's list has them under OAuth.
    """

    STEP: ClassVar[str] = "Connect"
    FIRST: ClassVar[str] = "Input, Select, Button"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "go", "Connect")]
    DEFAULT_CSS = """
    FormPanel Label { margin: 1 0 0 0; }
    FormPanel Input, FormPanel Select { max-width: 80; }
    FormPanel .wrong { background: $error-muted; }
    FormPanel .preparation { border-left: thick $primary; padding: 0 1; max-width: 100; }
    """

    class Filled(Message):
        def __init__(self, values: dict[str, str]) -> None:
            super().__init__()
            self.values = values

    class Left(Message):
        """The operator goes back."""

    def __init__(
        self,
        entry: CatalogueEntry,
        form: ConnectForm,
        *,
        held: Mapping[str, str] | None = None,
        redirect_uri: str | None,
    ) -> None:
        super().__init__()
        self.entry = entry
        self.form = form
        self.held = held
        self.redirect_uri = redirect_uri

    def compose(self) -> ComposeResult:
        again = self.held is not None
        yield Static(
            f"{'Reconnect' if again else 'Connect'} {self.entry.name}",
            classes="title",
            markup=False,
        )
        yield Static(
            f"{self._auth.value}; wire contract: {self.entry.contract.value}",
            classes="note",
            markup=False,
        )
        if self.form.preparation:
            yield Static(self.form.preparation, classes="preparation", markup=False)
        if self.redirect_uri is not None:
            yield Static(f"Redirect address: {self.redirect_uri}", id="redirect", markup=False)
        for field in self.form.fields:
            yield from self._field(field)
        go = "Connect" if self.redirect_uri is None else "Continue to consent"
        with Horizontal(classes="row"):
            yield Button(go, variant="primary", id="go", compact=True)
            yield Button("Back", id="left", compact=True)
        yield busy_line()

    @property
    def _auth(self) -> AuthKind:
        """How this form authorises, which the list may say otherwise."""
        if self.redirect_uri is not None:
            return AuthKind.OAUTH
        listed = self.entry.auth
        return AuthKind.API_CREDENTIALS if listed is AuthKind.OAUTH else listed

    def _field(self, field: FormField) -> Iterator[Widget]:
        optional = "" if field.required else " (optional)"
        yield Label(f"{field.label}{optional}", markup=False)
        value = (self.held or {}).get(field.name, field.default or "")
        widget_id = f"{_PREFIX}{field.name}"
        if field.choices:
            yield Select(
                [(choice, choice) for choice in field.choices],
                value=value if value in field.choices else Select.NULL,
                allow_blank=value not in field.choices,
                id=widget_id,
                compact=True,
            )
        else:
            hint = "leave empty to keep the present one" if field.secret and self.held else ""
            box = Input(
                "" if field.secret else value,
                placeholder=hint,
                password=field.secret,
                compact=True,
                id=widget_id,
            )
            box.cursor_blink = False
            yield box
        if field.help:
            yield Static(field.help, classes="note", markup=False)

    def values(self) -> dict[str, str]:
        """What is filled in; empty fields are left out, so that the service may fall back."""
        found: dict[str, str] = {}
        for field in self.form.fields:
            widget = self.query_one(f"#{_PREFIX}{field.name}")
            if isinstance(widget, Select):
                value = "" if widget.is_blank() else str(widget.value)
            else:
                assert isinstance(widget, Input)
                value = widget.value
            if value.strip():
                found[field.name] = value
        return found

    def refused(self, failure: Failure) -> None:
        """Show which field is meant, where the failure names one."""
        self.busy("")
        for widget in self.query(".wrong"):
            widget.remove_class("wrong")
        for field in self.form.fields:
            if field.name == failure.setting:
                widget = self.query_one(f"#{_PREFIX}{field.name}")
                widget.add_class("wrong")
                widget.focus()

    @on(Input.Submitted)
    def _next(self, message: Input.Submitted) -> None:
        message.stop()
        boxes = list(self.query(Input))
        place = boxes.index(message.input)
        if place + 1 < len(boxes):
            boxes[place + 1].focus()
        else:
            self.action_go()

    @on(Button.Pressed, "#go")
    def action_go(self) -> None:
        if not self.query_one("#go", Button).disabled:
            self.post_message(self.Filled(self.values()))

    @on(Button.Pressed, "#left")
    def _left(self) -> None:
        self.post_message(self.Left())

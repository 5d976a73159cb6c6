"""The question before a connection is ended for good."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from interfaces.tui.screen import Dialog

NAMES_SHOWN_MAX: Final = 12
"""Entities named one by one; the rest is counted."""


def names_words(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - NAMES_SHOWN_MAX
    rest = f" and {more:,} more" if more > 0 else ""
    return ", ".join(names[:NAMES_SHOWN_MAX]) + rest


class DisconnectDialog(Dialog[bool]):
    """Says what disconnecting affects before it is done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "disconnect", "Disconnect")]
    CSS = """
    DisconnectDialog { align: center middle; }
    DisconnectDialog > Vertical { width: 90%; max-width: 72; height: auto; max-height: 90%;
        background: $panel; border: round $error; padding: 0 1; }
    DisconnectDialog Horizontal { height: auto; margin: 1 0 0 0; }
    DisconnectDialog Button { margin-right: 2; background: $boost; }
    DisconnectDialog Button:focus { background: $primary; color: $background; }
    """

    def __init__(self, name: str, affected: Sequence[str]) -> None:
        super().__init__()
        self.name_shown = name
        self.affected = affected

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(f"Disconnect {self.name_shown}?", classes="title", markup=False)
            yield Static(self._words(), id="affects", markup=False)
            with Horizontal():
                yield Button("Keep it", variant="primary", id="keep", compact=True)
                yield Button("Disconnect for good (x)", variant="error", id="go", compact=True)

    def _words(self) -> str:
        if not self.affected:
            ends = "No entity is imported through it."
        else:
            ends = f"This ends the imports of {len(self.affected):,}: {names_words(self.affected)}."
        return f"{ends} Books imported so far stay; its secrets are deleted. It is final."

    @on(Button.Pressed, "#keep")
    def _keep(self) -> None:
        self.dismiss(False)  # noqa: FBT003 - the dialog's answer

    @on(Button.Pressed, "#go")
    def action_disconnect(self) -> None:
        self.dismiss(True)  # noqa: FBT003 - the dialog's answer

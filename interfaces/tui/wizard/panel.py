"""One step of a wizard."""

from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

if TYPE_CHECKING:
    from interfaces.tui.wizard.flow import WizardScreen


class Panel(VerticalScroll, can_focus=False):
    """Shown alone on a wizard's stage. Its messages say what the operator decided."""

    DEFAULT_CSS = """
    Panel { height: 1fr; }
    Panel > .title { margin: 1 0 0 0; }
    Panel .note { color: $text-muted; }
    Panel .row { height: auto; margin: 1 0 0 0; }
    Panel .row Button { margin-right: 2; }
    Panel Input, Panel Select > SelectCurrent { background: $panel; }
    Panel Input:focus, Panel Select:focus > SelectCurrent { background: $primary-muted; }
    Panel Button, Panel Button.-primary, Panel Button.-warning { background: $panel; }
    Panel Button:focus { background: $primary; color: $background; text-style: bold underline; }
    """
    STEP: ClassVar[str] = ""
    """Its name in the trail."""

    FIRST: ClassVar[str] = "*"
    """Selector of what has the focus when the panel appears."""

    @property
    def wizard(self) -> "WizardScreen":
        """The screen it is shown on: the one that asks."""
        from interfaces.tui.wizard.flow import WizardScreen  # noqa: PLC0415 - it imports panels

        assert isinstance(self.screen, WizardScreen)
        return self.screen

    def on_mount(self) -> None:
        self.call_after_refresh(self.take_focus)

    def take_focus(self) -> None:
        """Put the focus where typing can begin."""
        for widget in self.query(self.FIRST):
            if widget.focusable:
                widget.focus(scroll_visible=False)
                # Only as far as needed: what to prepare stands above the first field.
                self.scroll_to_widget(widget, animate=False)
                return

    def filtered(self, words: str) -> None:
        """The operator filters by these words."""

    def busy(self, words: str) -> None:
        """Say what is being waited for; "" when it is over. Buttons wait too."""
        for line in self.query(".busy"):
            if isinstance(line, Static):
                line.update(words)
        for widget in self.query("Button"):
            widget.disabled = bool(words)


def busy_line() -> Widget:
    """The line ``Panel.busy`` writes on."""
    return Static("", classes="busy note")

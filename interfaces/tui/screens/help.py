"""``?``: what the screen is for and every key that works on it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from interfaces.tui.places import PLACES
from interfaces.tui.screen import MonitrScreen


class HelpScreen(ModalScreen[None]):
    """Read from the screen's own bindings, so that it cannot differ from what works."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close"),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll { width: 90%; max-width: 84; height: auto; max-height: 90%;
        background: $panel; border: round $primary; padding: 0 1; }
    """

    def __init__(self, about: MonitrScreen) -> None:
        super().__init__()
        self.about = about
        self.keys = [
            (self.about.app.get_key_display(active.binding), active.binding.description)
            for active in about.active_bindings.values()
            if active.enabled and active.binding.description
        ]

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "Help"
            box.border_subtitle = "Esc closes"
            if self.about.HELP:
                yield Static(self.about.HELP.strip() + "\n", markup=False)
            yield Static(self._keys(), id="keys")

    def _keys(self) -> Content:
        lines = [
            Content.assemble((place.keys.replace(",", " "), "bold $primary"), f"  {place.title}")
            for place in PLACES
        ]
        titles = {place.title for place in PLACES}
        seen: set[tuple[str, str]] = set()
        for key, description in self.keys:
            if (key, description) not in seen and description not in titles:
                seen.add((key, description))
                lines.append(Content.assemble((key, "bold $primary"), f"  {description}"))
        return Content("\n").join(lines)

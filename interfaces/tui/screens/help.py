"""``?``: what the screen is for and every key that works on it."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from interfaces.tui.places import PLACES
from interfaces.tui.screen import MonitrScreen

KEYS_CELLS: Final = 12
MOVING: Final = frozenset(
    {
        *("Up", "Down", "Page up", "Page down", "First", "Last"),
        *("Focus Next", "Focus Previous", "Copy selected text"),
        *("Scroll Up", "Scroll Down", "Scroll Left", "Scroll Right", "Page Left", "Page Right"),
        *("Scroll Home", "Scroll End", "Page Up", "Page Down"),
        *("Cursor up", "Cursor down", "Cursor left", "Cursor right", "Home", "End"),
    }
)
"""What lists do by themselves: told last."""


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
                # Written in lines of the source: the dialog breaks them where it is wide.
                yield Static(" ".join(self.about.HELP.split()) + "\n", markup=False)
            yield Static(self._keys(), id="keys")

    def _keys(self) -> Content:
        """What this screen does, where one can go, how one moves."""
        titles = {place.title for place in PLACES}
        seen: dict[str, list[str]] = {}
        for key, description in self.keys:
            if description not in titles and key not in seen.setdefault(description, []):
                seen[description].append(key)
        own = [(words, keys) for words, keys in seen.items() if words not in MOVING]
        moving = [(words, keys) for words, keys in seen.items() if words in MOVING]
        places = [(place.title, place.keys.split(",")) for place in PLACES]
        lines = [
            line
            for title, keys in (("Here", own), ("Places", places), ("Moving", moving))
            for line in _section(title, keys)
        ]
        return Content("\n").join(lines)


def _section(title: str, keys: Sequence[tuple[str, Sequence[str]]]) -> list[Content]:
    lines = [Content.styled(title, "bold")]
    lines += [
        Content.assemble((f"  {' '.join(pressed):{KEYS_CELLS}}", "bold $primary"), f"  {words}")
        for words, pressed in keys
    ]
    return [*lines, Content("")]

"""What every pane of the entity screen has."""

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from interfaces.tui.widgets.list_table import ListTable

if TYPE_CHECKING:
    from core.services.reading import EntityStatus
    from interfaces.tui.screens.entity.screen import EntityScreen


class Pane(Vertical):
    """Mounted when it is first visited; asks by the screen's ``ask``."""

    NAME: ClassVar[str] = ""
    FILTERS: ClassVar[bool] = False
    """Whether ``/`` narrows what it shows."""
    DEFAULT_CSS = """
    Pane { height: 1fr; }
    Pane .words { height: auto; }
    """

    @property
    def home(self) -> "EntityScreen":
        """The screen it is on, with its own type."""
        from interfaces.tui.screens.entity.screen import EntityScreen  # noqa: PLC0415 - it imports us

        assert isinstance(self.screen, EntityScreen)
        return self.screen

    def load(self) -> None:
        """Ask for what it shows; called whenever it is shown, and by ``r``."""

    def enter(self) -> None:
        """It shows now: take the focus."""

    def news(self) -> None:
        """Something happened to this entity."""
        self.load()

    def status_changed(self, status: "EntityStatus") -> None:
        """The entity's status was read again."""

    def beat(self) -> None:
        """Once per refresh."""

    def filtered(self, words: str) -> None:
        """The operator filters; lists that are here are narrowed."""
        for table in self.query(ListTable):
            table.narrow(words)

    def back(self) -> bool:
        """Escape: whether there was something to close here."""
        return False

    def put(self, widget_id: str, now: Content, *, layout: bool = True) -> None:
        """Show the words unless they are there already. ``layout``: its height may change."""
        held = self.query_one(f"#{widget_id}", Static)
        if held.content != now:
            held.update(now, layout=layout)

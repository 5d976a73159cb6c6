"""The entity screen: a head line, four panes, keys to go between them."""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Final

from attrs import frozen
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from interfaces.tui.screen import MonitrScreen
from interfaces.tui.screens.entities import MOVING
from interfaces.tui.screens.entity.pane import Pane
from interfaces.tui.screens.importing import import_now
from interfaces.tui.widgets.words import outcome_words, status_cell

if TYPE_CHECKING:
    from core.ports.storage import Event
    from core.services.reading import EntityStatus


@frozen
class PaneKind:
    """``make`` names the pane's module and class, imported when it is visited."""

    name: str
    title: str
    key: str
    make: str

    def pane(self) -> Pane:
        module, _, name = self.make.partition(":")
        kind: Callable[[], Pane] = getattr(
            import_module(f"interfaces.tui.screens.entity.{module}"), name
        )
        return kind()


PANES: Final = (
    PaneKind("overview", "Overview", "v", "overview:OverviewPane"),
    PaneKind("books", "Books", "b", "books:BooksPane"),
    PaneKind("imports", "Imports", "m", "imports:ImportsPane"),
    PaneKind("settings", "Settings", "s", "settings:SettingsPane"),
)


class EntityScreen(MonitrScreen):
    """Everything about one entity. ``entity_id`` is one of the organisation's."""

    FILTERS = True
    AUTO_FOCUS = ""
    HELP = (
        "One company: v its figures, b its books (Enter goes from the trial balance to an "
        "account's lines and on to a journal entry; Escape comes back), m its imports with what "
        "each proved, s where its books come from and when, f the files it is imported from."
    )
    CSS = """
    EntityScreen #head { height: auto; }
    EntityScreen #tabs { height: 1; margin-bottom: 1; link-style: none; }
    EntityScreen #pane { height: 1fr; }
    EntityScreen.-narrow #closed { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(kind.key, f"pane('{kind.name}')", kind.title, show=False) for kind in PANES),
        Binding("tab", "next_pane(1)", "Next part", show=False),
        Binding("shift+tab", "next_pane(-1)", "Part before", show=False),
        Binding("n", "import_now", "Import now"),
        Binding("f", "files", "Files", show=False),
    ]

    def __init__(self, entity_id: str, pane: str = "overview") -> None:
        super().__init__()
        self.entity_id = entity_id
        self.status: EntityStatus | None = None
        self._first = pane
        self._shown: Pane | None = None

    def body(self) -> Iterable[Widget] | ComposeResult:
        yield Static(Content.styled("Reading…", "$text-muted"), id="head")
        yield Static(tabs_line(self._first), id="tabs")
        yield Container(id="pane")

    @property
    def pane(self) -> Pane | None:
        """The pane that shows; None before the entity was first read."""
        return self._shown

    # Reading

    def load(self) -> None:
        self._load_head()
        if self._shown is not None:
            self._shown.load()

    def _load_head(self) -> None:
        organisation_id, entity_id = self.organisation_id, self.entity_id
        self.ask(
            lambda services: services.reading.entity(organisation_id, entity_id),
            self._show_head,
            group="head",
        )

    def _show_head(self, status: "EntityStatus") -> None:
        self.status = status
        self.named(status.entity.name)
        now = self.monitr.services.ports.clock.now()
        cell = status_cell(status.run)
        words = Content.assemble(
            (status.entity.name, "bold $primary"),
            f"  {cell.text}  ",
            (outcome_words(status.run, status.published, now), "$text-muted"),
        )
        head = self.query_one("#head", Static)
        if head.content != words:
            head.update(words)
        if self._shown is None:
            self.action_pane(self._first)
        else:
            self._shown.status_changed(status)

    def activity_seen(self, events: "Sequence[Event]") -> None:
        if any(event.entity_id in {None, self.entity_id} for event in events):
            self._load_head()
            if self._shown is not None:
                self._shown.news()

    def beat(self) -> None:
        if self.status is not None and self.status.run is not None:
            if self.status.run.status in MOVING:
                self._load_head()
            if self._shown is not None:
                self._shown.beat()

    # Going

    def action_files(self) -> None:
        """The files its books come from, and the way to upload one."""
        from interfaces.tui.screens.uploads import UploadsScreen  # noqa: PLC0415 - when asked

        name = self.status.entity.name if self.status is not None else ""
        self.app.push_screen(UploadsScreen(self.entity_id, name))

    def action_pane(self, name: str) -> None:
        """Show a pane; made at the first visit, kept after."""
        if self.status is None:
            self._first = name
            return
        kind = next(kind for kind in PANES if kind.name == name)
        if self._shown is not None and name == self._shown.NAME:
            return
        self.clear_filter()
        if self._shown is not None:
            self._shown.display = False
        held = next((one for one in self.query(Pane) if name == one.NAME), None)
        self.query_one("#tabs", Static).update(tabs_line(name))
        if held is None:
            made = self._shown = kind.pane()
            self.query_one("#pane", Container).mount(made)
            made.call_after_refresh(self._enter, made)
        else:
            held.display = True
            self._shown = held
            held.call_after_refresh(self._enter, held)

    def _enter(self, pane: Pane) -> None:
        if pane is self._shown:
            self.refresh_bindings()
            pane.enter()
            pane.load()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter":
            return self._shown is not None and self._shown.FILTERS
        return super().check_action(action, parameters)

    def action_next_pane(self, step: int) -> None:
        names = [kind.name for kind in PANES]
        at = names.index(self._shown.NAME) if self._shown is not None else 0
        self.action_pane(names[(at + step) % len(names)])

    def action_import_now(self) -> None:
        import_now(self, [self.entity_id])

    def filtered(self, words: str) -> None:
        if self._shown is not None:
            self._shown.filtered(words)

    def leave(self) -> None:
        if self._shown is None or not self._shown.back():
            super().leave()


def tabs_line(current: str) -> Content:
    """The panes with their keys; the current one is lit, and in brackets for want of colour."""
    parts = []
    for kind in PANES:
        lit = kind.name == current
        words = f"[{kind.title}]" if lit else f" {kind.title} "
        link = Content.from_markup(
            f"[@click=screen.pane('{kind.name}')]$words[/]", words=f"{kind.key} {words}"
        )
        parts.append(link.stylize("bold $primary" if lit else "$text-muted"))
    return Content("  ").join(parts)

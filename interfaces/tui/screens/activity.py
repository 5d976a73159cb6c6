"""What happened, as it happens: the audit trail as a stream."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Static

from core.ports.storage import Event
from core.services.services import Services
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.widgets.cells import cell
from interfaces.tui.wizard.panel import fits
from interfaces.tui.wording import clock_time, moment

EVENTS_HELD_MAX: Final = 500
"""Newest events held and shown; a table of more would be slow to paint."""

EVENTS_OVER_MAX: Final = 100
"""As many more may gather before the oldest are dropped."""

_COLUMNS: Final = (("When", 15), ("What", 26), ("Text", 0), ("By", 10))
"""Label and width in cells; the text takes what the others leave."""

_TEXT_CELLS_MIN: Final = 24
_PADDING_CELLS: Final = 2
_SCROLLBAR_CELLS: Final = 2
_TONES: Final = (
    ("run.published", "$success"),
    ("failed", "$error"),
    ("needs-reconnect", "$error"),
    ("postponed", "$warning"),
    ("warning", "$warning"),
    ("skipped", "$warning"),
)


class ActivityScreen(MonitrScreen):
    """Newest at the bottom, followed until the cursor leaves the last line."""

    NAME = "activity"
    FILTERS = True
    HELP: ClassVar[str] = """
Everything Monitr and its operators did, newest at the bottom. The list follows what happens while
the cursor is on the last line; G goes back to following. / filters by any words.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("G,ctrl+end", "follow", "Newest", key_display="G"),
    ]
    CSS = """
    ActivityScreen DataTable { height: 1fr; }
    ActivityScreen #detail { height: auto; max-height: 40%; border-top: solid $primary-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self._loaded = False
        self._width = 0

    def body(self) -> Iterable[Widget]:
        table: DataTable[Text] = DataTable(cursor_type="row", id="events")
        return [table, VerticalScroll(Static("", id="about"), id="detail", can_focus=False)]

    def on_resize(self) -> None:
        """The text gets the width that is there."""
        if self._table().size.width != self._width:
            self._fill()

    def _table(self) -> "DataTable[Text]":
        table: DataTable[Text] = self.query_one("#events", DataTable)
        return table

    @property
    def last(self) -> int:
        """Sequence number of the newest event held; 0 before any."""
        return self.events[-1].sequence if self.events else 0

    # Reading

    def load(self) -> None:
        """The newest, or what came since this screen was last shown."""
        organisation_id, last, loaded = self.organisation_id, self.last, self._loaded

        def question(services: Services) -> Sequence[Event]:
            reading = services.reading
            if not loaded:
                return tuple(reversed(reading.activity(organisation_id, limit=EVENTS_HELD_MAX)))
            return reading.activity(organisation_id, after=last, limit=EVENTS_HELD_MAX)

        self.ask(question, self._read)

    def _read(self, events: Sequence[Event]) -> None:
        self._loaded = True
        self._take(events)
        if len(events) >= EVENTS_HELD_MAX and self.last != events[0].sequence:
            self.load()

    def activity_seen(self, events: Sequence[Event]) -> None:
        if self._loaded:
            self._take(events)

    def _take(self, events: Sequence[Event]) -> None:
        fresh = [event for event in events if event.sequence > self.last]
        if not fresh:
            self._tell()
            return
        self.events += fresh
        if len(self.events) > EVENTS_HELD_MAX + EVENTS_OVER_MAX:
            del self.events[:-EVENTS_HELD_MAX]
            self._fill()
        else:
            self._add(fresh)

    # Showing

    def filtered(self, words: str) -> None:  # noqa: ARG002 - read again where rows are made
        self._fill()

    def _following(self) -> bool:
        table = self._table()
        return table.row_count == 0 or table.cursor_row >= table.row_count - 1

    def _fill(self) -> None:
        """Everything anew, in columns as wide as the table allows."""
        table = self._table()
        following = self._following()
        self._width = table.size.width
        taken = sum(width + _PADDING_CELLS for _, width in _COLUMNS)
        left = max(_TEXT_CELLS_MIN, self._width - taken - _SCROLLBAR_CELLS)
        table.clear(columns=True)
        for label, width in _COLUMNS:
            table.add_column(label, width=width or left)
        self._add(self.events)
        if following:
            self.action_follow()

    def _add(self, events: Sequence[Event]) -> None:
        table, following = self._table(), self._following()
        for event in events:
            if fits(self.filter_words, event.kind, event.text, event.actor):
                table.add_row(*self._cells(event), key=str(event.sequence))
        if following:
            self.action_follow()
        self._tell()

    def _cells(self, event: Event) -> tuple[Text, ...]:
        tone = next((tone for part, tone in _TONES if part in event.kind), "")
        return (
            cell(self.app, event.at.astimezone().strftime("%d %b %H:%M:%S")),
            cell(self.app, event.kind, tone),
            cell(self.app, event.text),
            cell(self.app, event.actor, "$foreground-muted"),
        )

    def action_follow(self) -> None:
        table = self._table()
        if table.row_count:
            table.move_cursor(row=table.row_count - 1)

    @on(DataTable.RowHighlighted)
    def _moved(self, message: DataTable.RowHighlighted) -> None:
        message.stop()
        self._tell()

    def chosen(self) -> Event | None:
        """The event under the cursor."""
        table = self._table()
        if not table.row_count:
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return next((event for event in self.events if str(event.sequence) == key), None)

    def _tell(self) -> None:
        event = self.chosen()
        about = self.query_one("#about", Static)
        if event is not None:
            words = _about(event)
        else:
            words = Content("Nothing fits the filter." if self.events else "Nothing happened yet.")
        if about.content != words:
            about.update(words)


def _about(event: Event) -> Content:
    """Sentence first, then every id and datum it carries."""
    facts = [
        ("When", f"{moment(event.at)[:10]} {clock_time(event.at)}"),
        ("What", f"{event.kind} (number {event.sequence})"),
        ("By", event.actor),
        ("Integration", event.integration_id),
        ("Entity", event.entity_id),
        ("Import", event.run_id),
        *event.data.items(),
    ]
    lines = [Content.styled(event.text, "bold")]
    lines += [
        Content.assemble((f"{name:12} ", "$foreground-muted"), text) for name, text in facts if text
    ]
    return Content("\n").join(lines)

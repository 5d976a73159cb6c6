"""What happened, as it happens: the audit trail, the newest on top, back to the first day."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar, Final

from attrs import frozen
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from core.ports.storage import Event
from core.services.services import Services
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import PAGE_ROWS, Cell, Pages, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import count, fits, moment

WINDOW_EVENTS: Final = 200
"""Sequence numbers read at once on the way back."""

SEARCHED_EVENTS_MAX: Final = 20_000
"""A filter looks through so many for one page; what is older is found in the command line's list.
"""

_COLUMNS: Final = (
    Column(title="When", width=15),
    Column(title="What", width=22, from_width=70),
    Column(title="Text", width=24, share=1),
    Column(title="By", width=12, from_width=100),
)
_TONES: Final = (
    ("run.published", "good"),
    ("failed", "bad"),
    ("needs-reconnect", "bad"),
    ("postponed", "warn"),
    ("warning", "warn"),
    ("skipped", "warn"),
)


@frozen(kw_only=True)
class Stretch:
    """A page of events, newest first. ``next_start``: below which the next page begins."""

    events: Sequence[Event]
    next_start: str | None
    searched: int


class ActivityScreen(MonitrScreen):
    """Follows what happens while the cursor is on the first line; pages back from the store."""

    NAME = "activity"
    FILTERS = True
    HELP: ClassVar[str] = """
Everything Monitr and its operators did, newest on top, as far back as there is anything. The list
follows what happens while the cursor is on the first line; G goes back to following. / filters by
any words. Enter goes to the import, the entity or the connection that an event is about.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("G", "follow", "Newest", key_display="G"),
    ]
    AUTO_FOCUS = "PagedTable"
    CSS = """
    ActivityScreen #detail { height: auto; max-height: 40%; border-top: solid $primary-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._events: dict[str, Event] = {}
        self._newest = 0
        self._missed = 0
        self._searched = 0

    def body(self) -> Iterable[Widget]:
        table = PagedTable(_COLUMNS, fetch=self._fetch, empty="Reading…", id="events")
        return [table, VerticalScroll(Static("", id="about"), id="detail", can_focus=False)]

    @property
    def table(self) -> PagedTable:
        return self.query_one("#events", PagedTable)

    # Reading

    def load(self) -> None:
        """The newest, unless the operator looks at older ones."""
        if not self._newest or self.table.cursor < PAGE_ROWS:
            self._read(None, self._renew)

    def activity_seen(self, events: Sequence[Event]) -> None:
        if self.table.cursor < PAGE_ROWS:
            self._read(None, self._renew)
        else:
            self._missed += len(events)
            self._tell()

    def filtered(self, words: str) -> None:  # noqa: ARG002 - read again where rows are made
        self._read(None, self._begin)

    def _read(self, below: str | None, then: Callable[[Stretch], None]) -> None:
        organisation_id, words = self.organisation_id, self.filter_words

        def question(services: Services) -> Stretch:
            return stretch(services, organisation_id, words, int(below) if below else None)

        self.ask(question, then, group="list", otherwise=lambda _: self.table.fetch_failed())

    def _fetch(self, number: int, start: str | None) -> None:
        self._read(start, partial(self._arrived, number))

    def _arrived(self, number: int, found: Stretch) -> None:
        self.table.page_arrived(number, self._rows(found), next_start=found.next_start)

    def _begin(self, found: Stretch) -> None:
        """Another filter: from the top."""
        self._events.clear()
        pages = Pages.forward()
        pages.put(0, self._rows(found), next_start=found.next_start)
        self._took(found)
        self.table.show_pages(pages)
        self._tell()

    def _renew(self, found: Stretch) -> None:
        """Newer ones came on top: the cursor stays on its event, or on the first line."""
        table, known = self.table, self._newest
        fresh = sum(1 for event in found.events if event.sequence > known) if known else 0
        if known and not fresh:
            self._tell()
            return
        at = table.cursor
        rows = self._rows(found)
        pages = Pages.forward()
        pages.put(0, rows, next_start=found.next_start)
        self._took(found)
        table.renew_pages(pages, {0: rows})
        if at:
            table.cursor = min(at + fresh, len(rows) - 1)
        self._tell()

    def _took(self, found: Stretch) -> None:
        self._missed, self._searched = 0, found.searched
        self._newest = max([self._newest, *(event.sequence for event in found.events)])

    def _rows(self, found: Stretch) -> list[Row]:
        self._events.update((str(event.sequence), event) for event in found.events)
        return [event_row(event) for event in found.events]

    # Showing

    def action_follow(self) -> None:
        self.table.action_edge(-1)
        self._read(None, self._begin)

    @on(PagedTable.Moved, "#events")
    def _moved(self, message: PagedTable.Moved) -> None:
        message.stop()
        self._tell()

    def chosen(self) -> Event | None:
        """The event under the cursor."""
        current = self.table.current
        return self._events.get(current.key) if current is not None else None

    def _tell(self) -> None:
        event = self.chosen()
        self.table.empty = "Nothing fits the filter." if self.filter_words else "Nothing happened."
        words = about_event(event) if event is not None else Content(self.table.empty)
        if self._searched >= SEARCHED_EVENTS_MAX:
            limit = f"Looked through {self._searched:,} events; older ones are not shown."
            words = Content.assemble((limit, "$warning"), "\n", words)
        if self._missed:
            newer = f"{count(self._missed, 'newer event')}: G goes to the newest."
            words = Content.assemble((newer, "$accent"), "\n", words)
        about = self.query_one("#about", Static)
        if about.content != words:
            about.update(words)

    @on(PagedTable.Chosen, "#events")
    def _open(self, message: PagedTable.Chosen) -> None:
        """To what the event is about."""
        message.stop()
        event = self.chosen()
        if event is None:
            return
        if event.entity_id is not None and event.run_id is not None:
            from interfaces.tui.screens.entity.run import RunScreen  # noqa: PLC0415 - when asked

            self.app.push_screen(RunScreen(event.entity_id, event.run_id))
        elif event.entity_id is not None:
            from interfaces.tui.screens.entity.screen import EntityScreen  # noqa: PLC0415 - when asked

            self.app.push_screen(EntityScreen(event.entity_id))
        elif event.integration_id is not None:
            self.monitr.action_go("integrations")


def stretch(services: Services, organisation_id: str, words: str, below: int | None) -> Stretch:
    """A page of events below a sequence number (None: the newest) that fit the words.

    Blocks. The store tells events after a number: going back, a window of as many numbers before
    it holds no more events than that.
    """
    reading = services.reading
    if below is None:
        newest = reading.activity(organisation_id, limit=1)
        below = newest[0].sequence + 1 if newest else 1
    found: list[Event] = []
    searched = 0
    while below > 1 and len(found) <= PAGE_ROWS and searched < SEARCHED_EVENTS_MAX:
        after = max(below - 1 - WINDOW_EVENTS, 0)
        window = reading.activity(organisation_id, after=after, limit=WINDOW_EVENTS)
        here = [event for event in window if event.sequence < below]
        found += [
            event for event in reversed(here) if fits(words, event.kind, event.text, event.actor)
        ]
        searched, below = searched + WINDOW_EVENTS, after + 1
    page = tuple(found[:PAGE_ROWS])
    more = len(found) > PAGE_ROWS
    return Stretch(
        events=page, next_start=str(page[-1].sequence) if more else None, searched=searched
    )


def event_row(event: Event) -> Row:
    tone = next((tone for part, tone in _TONES if part in event.kind), "")
    return row(
        str(event.sequence),
        event.at.astimezone().strftime("%d %b %H:%M:%S"),
        Cell(event.kind, tone),
        event.text,
        Cell(event.actor, "muted"),
    )


def about_event(event: Event) -> Content:
    """Sentence first, then every id and datum it carries."""
    facts = [
        ("When", moment(event.at)),
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

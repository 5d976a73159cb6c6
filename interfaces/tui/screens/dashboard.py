"""The dashboard: how everything stands, and what needs a person."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from attrs import frozen
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from core.domain.failures import Action
from core.domain.import_run import RunStatus
from core.domain.proof import Verdict
from core.ports.storage import EntityFilter
from core.services.overview import LOOKED_AT_MAX
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.screens.importing import import_all
from interfaces.tui.widgets.charts import Bar, Chart
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.pages import Cell, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import (
    MEND_WORDS,
    NEVER,
    STATUS_SIGNS,
    STATUS_TONES,
    count,
    when,
)

if TYPE_CHECKING:
    from core.ports.storage import Event
    from core.services.nights import ComingSlot, Night
    from core.services.overview import Attention, NightTotals, Overview
    from core.services.services import Services

NIGHTS: Final = 30
CHART_BEATS: Final = 30
"""The chart reads a month: after news it is drawn again every so many beats."""

COMING_SHOWN: Final = 3

STATUSES: Final = (
    RunStatus.SUCCEEDED,
    RunStatus.FAILED,
    RunStatus.IN_PROGRESS,
    RunStatus.WAITING,
    None,
)
TONE_STYLES: Final = {
    "good": "$success",
    "bad": "$error",
    "busy": "$secondary",
    "warn": "$warning",
    "muted": "$text-muted",
}

_COLUMNS: Final = (
    Column(title="Do", width=9),
    Column(title="What needs attention", width=20, share=1),
    Column(title="Entities", width=9, right=True),
    Column(title="Until", width=12, from_width=70),
)


@frozen(kw_only=True)
class Glance:
    """Everything but the chart, read together."""

    overview: "Overview"
    attention: "Sequence[Attention]"
    night: "Night"
    coming: "Sequence[ComingSlot]"


class DashboardScreen(MonitrScreen):
    """Statuses, nights, ages, what needs attention, a month of imports."""

    NAME = "dashboard"
    FILTERS = True
    AUTO_FOCUS = ""
    HELP = (
        "How all entities stand by their newest import, what last night brought and what tonight "
        "will. Each line that needs attention says what mends it: Enter goes there."
    )
    CSS = """
    DashboardScreen #top { height: auto; max-height: 8; margin-bottom: 1; }
    DashboardScreen #top Static { width: 1fr; height: auto; }
    DashboardScreen #standing { link-style: none; }
    DashboardScreen #attention { height: 1fr; min-height: 3; }
    DashboardScreen #detail { height: 2; color: $text-muted; }
    DashboardScreen #month { height: 6; }
    DashboardScreen.-wide #month { height: 9; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("N", "import_all", "Import all", key_display="N"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._attention: dict[str, Attention] = {}
        self._entities = 0
        self._chart_due = False
        self._month_wanted = False
        self._beats = 0

    def body(self) -> Iterable[Widget] | ComposeResult:
        with Horizontal(id="top"):
            yield Static(id="standing")
            yield Static(id="nights")
            yield Static(id="ages", classes="from-wide")
        yield ListTable(_COLUMNS, empty="Reading…", id="attention")
        yield Static(id="detail")
        yield Chart(f"Imports in the last {NIGHTS} nights", id="month")

    def on_mount(self) -> None:
        self.query_one(PagedTable).focus()

    # Reading

    def load(self) -> None:
        self._month_wanted = True
        self._load_glance()

    def _load_glance(self) -> None:
        organisation_id = self.organisation_id

        def question(services: "Services") -> Glance:
            return Glance(
                overview=services.overview.summary(organisation_id),
                attention=services.overview.attention(organisation_id),
                night=services.nights.last_night(organisation_id),
                coming=services.nights.coming(organisation_id),
            )

        self.ask(question, self._show_glance, group="glance")

    def _load_month(self) -> None:
        organisation_id = self.organisation_id
        self._chart_due = self._month_wanted = False

        def question(services: "Services") -> "Sequence[NightTotals]":
            return services.overview.imports_by_night(organisation_id, nights=NIGHTS)

        self.ask(question, self._show_month, group="month")

    def activity_seen(self, events: "Sequence[Event]") -> None:  # noqa: ARG002 - any news counts
        self._chart_due = True
        self._load_glance()

    def beat(self) -> None:
        self._beats += 1
        if self._chart_due and self._beats % CHART_BEATS == 0:
            self._load_month()

    # Showing

    def _show_glance(self, glance: Glance) -> None:
        self._entities = glance.overview.entities
        self._put("standing", standing_lines(glance.overview))
        self._put("nights", night_lines(glance.night, glance.coming))
        self._put("ages", age_lines(glance.overview))
        self._attention = {str(at): one for at, one in enumerate(glance.attention)}
        table = self.query_one("#attention", PagedTable)
        table.empty = (
            "Nothing needs you."
            if glance.overview.entities
            else "No entity is followed yet: 5 goes through the steps, 3 shows your connections."
        )
        table.show_rows([attention_row(key, one) for key, one in self._attention.items()])

        self._show_detail(table.current)
        if self._month_wanted:  # one after the other: each connection has a page cache of its own
            self._load_month()

    @on(PagedTable.Moved, "#attention")
    def _moved(self, message: PagedTable.Moved) -> None:
        message.stop()
        self._show_detail(message.row)

    def _show_detail(self, current: Row | None) -> None:
        """The line under the cursor in full, and what Enter does about it."""
        one = self._attention.get(current.key) if current is not None else None
        words = f"{one.sentence} {mending(one)}" if one is not None else ""
        self._put("detail", Content(words))

    def _put(self, widget_id: str, now: Content) -> None:
        """What did not change is not painted."""
        held = self.query_one(f"#{widget_id}", Static)
        if held.content != now:
            held.update(now, layout=widget_id != "detail")

    def _show_month(self, nights: "Sequence[NightTotals]") -> None:
        title, bars = month_bars(nights)
        self.query_one("#month", Chart).show(title, bars)

    # Doing

    def action_import_all(self) -> None:
        import_all(self, self._entities)

    def action_only(self, name: str) -> None:
        """A status was clicked: its entities."""
        where = EntityFilter(never=True) if name == NEVER else EntityFilter(status=RunStatus(name))
        self._open_entities(where)

    def _open_entities(self, where: EntityFilter) -> None:
        from interfaces.tui.screens.entities import EntitiesScreen  # noqa: PLC0415 - when asked

        self.app.push_screen(EntitiesScreen(where))

    @on(PagedTable.Chosen, "#attention")
    def _mend(self, message: PagedTable.Chosen) -> None:
        message.stop()
        one = self._attention.get(message.row.key)
        if one is None:
            return
        if one.action is Action.RECONNECT:
            self.monitr.action_go("integrations")
        elif one.entities == 1 and one.entity_id is not None:
            from interfaces.tui.screens.entity.screen import EntityScreen  # noqa: PLC0415 - when asked

            self.app.push_screen(EntityScreen(one.entity_id))
        elif one.where is not None:
            self._open_entities(one.where)


def standing_lines(overview: "Overview") -> Content:
    """Entities by the status of their newest import; a click lists them."""
    lines = [Content.styled(count(overview.entities, "entity", "entities"), "bold $primary")]
    for status in STATUSES:
        number = overview.by_status.get(status, 0)
        name = status.value if status is not None else NEVER
        words = f"{STATUS_SIGNS[status]} {name:<15}{number:>7,}"
        style = TONE_STYLES[STATUS_TONES[status]] if number else "$text-muted"
        link = Content.from_markup(f"[@click=screen.only('{name}')]$words[/]", words=words)
        lines.append(link.stylize(style))
    differing = overview.verdicts.get(Verdict.DIFFERS, 0)
    proven = overview.verdicts.get(Verdict.PROVEN, 0)
    words = f"Proof: {proven:,} proven, {differing:,} differ"
    lines.append(Content.styled(words, "$error" if differing else "$text-muted"))
    return Content("\n").join(lines)


def night_lines(night: "Night", coming: "Sequence[ComingSlot]") -> Content:
    lines = [Content.styled(f"Last night, {night.local_date:%d %b}", "bold $primary")]
    lines += [Content(words) for words in _slot_words(night)] or [
        Content.styled("no slot was due", "$text-muted")
    ]
    lines.append(Content.styled("Next", "bold $primary"))
    lines += [
        Content(f"{when(slot.due_at)}  {count(slot.entities, 'entity', 'entities')}")
        for slot in coming[:COMING_SHOWN]
    ] or [Content.styled("nothing is followed yet", "$text-muted")]
    return Content("\n").join(lines)


def _slot_words(night: "Night") -> list[str]:
    """Per slot what became of it, zeros left out."""
    lines = []
    for ordinal in sorted({slot.ordinal for slot in night.slots}):
        mine = [slot for slot in night.slots if slot.ordinal == ordinal]
        parts = []
        for status in STATUSES[:-1]:
            number = sum(slot.count for slot in mine if slot.status is status)
            if number and status is not None:
                parts.append(f"{number:,} {status.value.lower()}")
        skipped = sum(slot.count for slot in mine if slot.skipped is not None)
        late = sum(slot.count for slot in mine if slot.late)
        parts += [f"{skipped:,} skipped"] if skipped else []
        parts += [f"{late:,} late"] if late else []
        lines.append(f"{ordinal}: {', '.join(parts)}")
    return lines


def age_lines(overview: "Overview") -> Content:
    lines = [Content.styled("Age of books", "bold $primary")]
    before = 0
    for age, number in overview.younger:
        words = f"up to {_long(age):<9}"
        lines.append(Content(f"{words}{number - before:>7,}"))
        before = number
    older = overview.published - before
    lines.append(
        Content.styled(f"older          {older:>7,}", "$warning" if older else "$text-muted")
    )
    none = overview.entities - overview.published
    lines.append(Content.styled(f"no books yet   {none:>7,}", "$text" if none else "$text-muted"))
    return Content("\n").join(lines)


def _long(age: timedelta) -> str:
    hours = age // timedelta(hours=1)
    return f"{hours} h" if age < timedelta(days=2) else f"{age.days} days"


def attention_row(key: str, one: "Attention") -> Row:
    tone = "warn" if one.action in {Action.WAIT, Action.TRY_AGAIN, Action.PROVIDER_DOWN} else "bad"
    if one.action is Action.RECONNECT and one.until is not None:
        tone = "warn"
    more = "+" if one.at_least else ""
    return row(
        key,
        Cell(MEND_WORDS[one.action], tone),
        one.sentence,
        f"{one.entities:,}{more}",
        when(one.until),
    )


def mending(one: "Attention") -> str:
    """How sure the count is, and what Enter does."""
    words = f"At least so many: {LOOKED_AT_MAX} were looked at. " if one.at_least else ""
    return words + _going(one)


def _going(one: "Attention") -> str:
    if one.action is Action.RECONNECT:
        return "Enter: to the integrations."
    if one.entities == 1 and one.entity_id is not None:
        return "Enter: opens the entity."
    return "Enter: lists the entities." if one.where is not None else ""


def month_bars(nights: "Sequence[NightTotals]") -> tuple[str, list[Bar]]:
    """A bar per night; an exclamation mark under a night with failures."""
    bars, highest, failed = [], 0, 0
    for night in nights:
        total = sum(night.by_status.values())
        bad = night.by_status.get(RunStatus.FAILED, 0)
        highest, failed = max(highest, total), failed + bad
        bars.append(
            Bar(
                value=total,
                label=f"{night.local_date.day}" if night.local_date.day % 5 == 0 else "",
                mark="!" if bad else " ",
                tone="$warning" if bad else "$success",
            )
        )
    title = f"Imports in the last {len(nights)} nights: at most {highest:,} a night"
    return f"{title}, {failed:,} failed (!)" if failed else title, bars

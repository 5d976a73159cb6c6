"""Books: trial balance, lines, entries; by period, as of any generation, and what changed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from attrs import frozen
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from core.ports.books import Generation
from interfaces.tui.screen import Answer
from interfaces.tui.screens.entity.change_views import ChangesView
from interfaces.tui.screens.entity.pane import Pane
from interfaces.tui.screens.entity.report_views import REPORTS, view_of
from interfaces.tui.screens.entity.view import Period, View
from interfaces.tui.screens.entity.views import TrialBalanceView
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.dialogs import Choose
from interfaces.tui.widgets.pages import Pages, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import changes_words, moment, proof_cell

if TYPE_CHECKING:
    from core.services.services import Services

CLOSED_UNKNOWN: Final = "No period is known to be closed: monitr books closed sets it by hand."
_EVERYTHING: Final = Period()


@frozen(kw_only=True)
class Shelf:
    """What there is to choose from: generations, newest first, and the periods of the one shown."""

    generations: Sequence[Generation]
    periods: Sequence[Period]
    number: str
    closed: str
    """Which periods are closed, in words."""


class BooksPane(Pane):
    """A stack of views in one table. ``as_of`` None follows the newest generation."""

    NAME = "books"
    FILTERS = True
    DEFAULT_CSS = """
    BooksPane #crumbs, BooksPane #said, BooksPane #closed { height: 1; }
    BooksPane #said, BooksPane #closed { color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "changes", "Changes"),
        Binding("e", "reports", "Reports"),
        Binding("p", "choose_period", "Period"),
        Binding("left", "step_period(1)", "Period before", show=False),
        Binding("right", "step_period(-1)", "Period after", show=False),
        Binding("g", "choose_generation", "As of"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.as_of: str | None = None
        self.period = _EVERYTHING
        self._shelf: Shelf | None = None
        self._stack: list[View] = []

    def compose(self) -> ComposeResult:
        yield Static(id="crumbs")
        yield Static(id="said")
        yield PagedTable((), fetch=self._fetch, empty="", id="books")
        yield Static(CLOSED_UNKNOWN, id="closed")

    @property
    def table(self) -> PagedTable:
        return self.query_one("#books", PagedTable)

    def enter(self) -> None:
        self.table.focus()

    # Reading

    def ask(
        self,
        question: "Callable[[Services, str, str], Answer]",
        then: Callable[[Answer], None],
        group: str = "books",
    ) -> None:
        """Ask about this entity."""
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id
        self.home.ask(
            lambda services: question(services, organisation_id, entity_id),
            then,
            group=group,
            otherwise=lambda _: self.table.fetch_failed(),
        )

    def load(self) -> None:
        """Find the generation to read; the view is read anew when it is another one."""
        status = self.home.status
        if status is None or status.published is None:
            self._show_none()
            return
        number = self.as_of or str(status.published.number)
        if self._shelf is not None and self._shelf.number == number:
            return

        def question(services: "Services", org: str, ent: str) -> Shelf:
            generations = services.reading.generations(org, ent)
            figures = services.reading.figures(org, ent, as_of=number)
            periods: list[Period] = [_EVERYTHING]
            for one in reversed(figures.periods):
                if periods[-1].year != one.year:
                    periods.append(Period(year=one.year))
                periods.append(Period(year=one.year, period=one.period))
            closed = services.closing.closed(org, ent)
            return Shelf(
                generations=generations,
                periods=periods,
                number=number,
                closed=CLOSED_UNKNOWN
                if closed.through is None
                else f"Closed through {closed.through.isoformat()}, by {closed.by.value}.",
            )

        self.ask(question, self._take, group="shelf")

    def news(self) -> None:
        """The head is read again first; it tells of another generation."""

    def status_changed(self, status: object) -> None:  # noqa: ARG002 - read from the screen
        if not self._stack or (self.as_of is None and len(self._stack) == 1):
            self.load()

    def _show_none(self) -> None:
        self._say("Books", "")
        table = self.table
        table.empty = "No books yet: n imports them now."
        table.show_rows(())
        table.refresh()

    def _take(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.put("closed", Content(shelf.closed), layout=False)
        if self.period not in shelf.periods:
            self.period = _EVERYTHING
        self._begin(TrialBalanceView(generation=shelf.number, period=self.period))

    # Views

    def _begin(self, view: View) -> None:
        """Show a view with nothing under it."""
        again = bool(self._stack) and type(self._stack[-1]) is type(view) and len(self._stack) == 1
        self._stack = [view]
        if not again:
            self.home.clear_filter()
            self.table.set_columns(view.columns)
        view.load(self)

    def _push(self, view: View) -> None:
        if self._stack:
            self._stack[-1].place = self.table.place()
        self._stack.append(view)
        self.home.clear_filter()
        self.table.set_columns(view.columns)
        view.load(self)

    def back(self) -> bool:
        if len(self._stack) <= 1:
            return False
        self._stack.pop()
        view = self._stack[-1]
        self.home.clear_filter()
        if view.place is not None:
            self.table.come_back(view.columns, view.place)
        self._say_of(view)
        self.table.focus()
        return True

    def _shows(self, view: View) -> bool:
        """Answers for a view that was left are dropped."""
        return bool(self._stack) and self._stack[-1] is view

    def show_rows(self, view: View, rows: Sequence[Row]) -> None:
        if self._shows(view):
            self._say_of(view)
            self.table.show_rows(rows)

    def show_pages(self, view: View, pages: Pages) -> None:
        if self._shows(view):
            self._say_of(view)
            self.table.show_pages(pages)

    def page_arrived(
        self, view: View, number: int, rows: Sequence[Row], next_start: str | None
    ) -> None:
        if self._shows(view):
            self.table.page_arrived(number, rows, next_start=next_start)

    def _fetch(self, number: int, start: str | None) -> None:
        if self._stack:
            self._stack[-1].fetch(self, number, start)

    def filtered(self, words: str) -> None:
        if self._stack:
            self._stack[-1].filtered(self, words)

    def _say_of(self, view: View) -> None:
        crumbs = " > ".join(one.title for one in self._stack)
        shelf = self._shelf
        asof = f"generation {shelf.number}" if shelf is not None else ""
        if self.as_of is not None:
            asof += ", not the newest"
        self._say(f"{crumbs}  ({self.period.words}; {asof})", view.said)
        if self.table.empty != view.empty:
            self.table.empty = view.empty
            self.table.refresh()

    def _say(self, crumbs: str, said: str) -> None:
        self.put("crumbs", Content.styled(crumbs, "bold"), layout=False)
        self.put("said", Content(said), layout=False)

    @on(PagedTable.Chosen, "#books")
    def _open(self, message: PagedTable.Chosen) -> None:
        message.stop()
        view = self._stack[-1].opened(message.row.key) if self._stack else None
        if view is not None:
            self._push(view)

    # Choosing

    def action_changes(self) -> None:
        if self._shelf is not None and not isinstance(self._stack[-1], ChangesView):
            self._push(ChangesView(generation=self._shelf.number))

    def action_reports(self) -> None:
        """Profit and loss, balance sheet, receivables, payables."""
        shelf = self._shelf
        if shelf is None:
            return
        columns = (Column(title="Report", width=20), Column(title="Shows", width=20, share=1))
        rows = [row(one.key, one.title, one.said) for one in REPORTS]

        def chosen(key: str | None) -> None:
            if key is not None:
                self._push(view_of(key, shelf.number, self.period))

        self.app.push_screen(Choose("Reports", self.period.words, columns, rows), chosen)

    def action_step_period(self, step: int) -> None:
        """Through everything, years and periods, newest first."""
        if self._shelf is None:
            return
        periods = list(self._shelf.periods)
        at = periods.index(self.period) + step
        if 0 <= at < len(periods):
            self._set_period(periods[at])

    def action_choose_period(self) -> None:
        if self._shelf is None:
            return
        shelf = self._shelf
        periods = shelf.periods
        rows = [row(str(at), one.words) for at, one in enumerate(periods)]
        self.app.push_screen(
            Choose("Period", shelf.closed, (Column(title="Period", width=20, share=1),), rows),
            lambda key: self._set_period(periods[int(key)]) if key is not None else None,
        )

    def _set_period(self, period: Period) -> None:
        self.period = period
        if self._shelf is not None:
            self._begin(TrialBalanceView(generation=self._shelf.number, period=period))

    def action_choose_generation(self) -> None:
        """In the changes: what to compare with; elsewhere: what to read."""
        if self._shelf is None:
            return
        view = self._stack[-1]
        comparing = isinstance(view, ChangesView)
        columns = (
            Column(title="Generation", width=10, right=True),
            Column(title="Published", width=19),
            Column(title="Changes", width=20, share=1),
            Column(title="Proof", width=14),
        )
        rows = [
            row(
                str(one.number),
                str(one.number),
                moment(one.published_at),
                changes_words(one),
                proof_cell(one.proof),
            )
            for one in self._shelf.generations
            if not (comparing and str(one.number) == self._shelf.number)
        ]
        words = (
            "Compare with which earlier state of the books?"
            if comparing
            else "Read the books as of which import? The newest is on top."
        )
        then = partial(self._compare, view) if comparing else self._read_as_of
        self.app.push_screen(Choose("As of", words, columns, rows), then)

    def _compare(self, view: View, key: str | None) -> None:
        if key is not None and isinstance(view, ChangesView) and self._shows(view):
            view.older = key
            view.load(self)

    def _read_as_of(self, key: str | None) -> None:
        if key is None or self.home.status is None or self.home.status.published is None:
            return
        newest = str(self.home.status.published.number)
        self.as_of = None if key == newest else key
        self._stack.clear()
        self.load()
        if self._shelf is not None and self._shelf.number == key:
            self._take(self._shelf)

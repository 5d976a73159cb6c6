"""A table that draws only the lines that show, fetches rows by the page, repaints what changed.

Unlike Textual's DataTable it measures no row it does not draw, so its cost does not grow with the
list. Columns share the width there is; those with ``from_width`` go first when it is narrow.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from interfaces.tui.widgets.columns import Column, fitted, laid_out
from interfaces.tui.widgets.pages import PAGE_ROWS, Cell, Pages, Row

TONES: Final = ("good", "bad", "busy", "warn", "muted", "strong")
"""Component classes for cells; no meaning is carried by the tone alone."""

AHEAD_ROWS: Final = PAGE_ROWS // 2
"""A page is fetched when the cursor is this near to it."""


class PagedTable(ScrollView, can_focus=True):
    """Rows with a cursor. ``fetch(page, start)`` is called when a page is looked at and not here.

    Only the newest call needs an answer (``page_arrived``): an earlier one was scrolled past.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        "table--cursor-blurred",
        *(f"table--{tone}" for tone in TONES),
    }
    DEFAULT_CSS = """
    PagedTable { height: 1fr; background: $background; color: $text; scrollbar-size-vertical: 1;
        overflow-x: hidden; scrollbar-gutter: stable;
        & > .table--header { color: $primary; text-style: bold; background: $background; }
        & > .table--cursor { background: $primary-muted; color: $text; text-style: bold; }
        & > .table--cursor-blurred { background: $panel; color: $text; }
        & > .table--good { color: $success; }
        & > .table--bad { color: $error; }
        & > .table--busy { color: $secondary; }
        & > .table--warn { color: $warning; }
        & > .table--muted { color: $text-muted; }
        & > .table--strong { text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open"),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "leap(-1)", "Page up", show=False),
        Binding("pagedown", "leap(1)", "Page down", show=False),
        Binding("home,ctrl+home", "edge(-1)", "First", show=False),
        Binding("end,ctrl+end", "edge(1)", "Last", show=False),
        Binding("y", "copy", "Copy the row", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    class Told(Message):
        """Something about a row of a table (None while the row is being fetched)."""

        def __init__(self, table: "PagedTable", row: Row | None) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> "PagedTable":
            return self.table

    class Chosen(Told):
        """Enter on a row, or a click on the row with the cursor."""

        row: Row

    class Moved(Told):
        """The cursor stands on another row."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        fetch: Callable[[int, str | None], None] | None = None,
        empty: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self._fetch = fetch
        self._pages = Pages.whole(())
        self._awaited: int | None = None
        self._placed: tuple[int, list[tuple[int, int, int]]] = (-1, [])
        self._styles: dict[tuple[str, str], Style] = {}

    # What it shows

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show a list that is all there; unchanged cells are not painted again."""
        before, self._pages = self._pages, Pages.whole(rows)
        self._awaited = None
        if before.length != self._pages.length:
            self._resized()
            return
        for index, now in enumerate(rows):
            self._repaint(index, before.at(index), now)

    def show_pages(self, pages: Pages) -> None:
        """Show another list, to be fetched, from its top."""
        self._pages = pages
        self._awaited = None
        self.set_reactive(PagedTable.cursor, 0)
        self.scroll_to(y=0, animate=False, immediate=True)
        self._resized()
        self._look_ahead()

    def renew_pages(self, newer: Pages, fetched: Mapping[int, Sequence[Row]]) -> None:
        """Bring the same list up to date: its table of contents, and the pages that show.

        Only cells that differ are painted again, unless the list grew or shrank.
        """
        top, length = int(self.scroll_offset.y), self._pages.length
        showed = {index: self._pages.at(index) for index in range(top, top + self._lines)}
        self._pages.renew(newer, fetched)
        self._awaited = None
        if self._pages.length != length:
            self._resized()
        for index, before in showed.items():
            now = self._pages.at(index)
            if now is not None:
                self._repaint(index, before, now)
        self._look_ahead()

    def place(self) -> tuple[Pages, int]:
        """What shows and where the cursor is, for ``come_back``."""
        return self._pages, self.cursor

    def come_back(self, columns: Sequence[Column], place: tuple[Pages, int]) -> None:
        """Show again what showed, with the cursor where it was."""
        self.set_columns(columns)
        pages, cursor = place
        self.show_pages(pages)
        self.cursor = cursor

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Another table in the same place: begins at its top."""
        self.columns = tuple(columns)
        self._placed = (-1, [])
        self._pages = Pages.whole(())
        self._awaited = None
        self.set_reactive(PagedTable.cursor, 0)
        self.scroll_to(y=0, animate=False, immediate=True)
        self.refresh()

    def page_arrived(
        self, number: int, rows: Sequence[Row], *, next_start: str | None = None
    ) -> None:
        """Take in a page that was fetched, newly or again."""
        if self._awaited == number:
            self._awaited = None
        length = self._pages.length
        before = self._pages.put(number, rows, next_start=next_start)
        if self._pages.length != length:
            self._resized()
        else:
            first = number * PAGE_ROWS
            held = dict(enumerate(before))
            for offset, now in enumerate(rows):
                self._repaint(first + offset, held.get(offset), now)
        if number == self.cursor // PAGE_ROWS and not before:
            self._tell()
        self._look_ahead()

    def fetch_failed(self) -> None:
        """The page asked for does not come: it may be asked for again."""
        self._awaited = None

    def shown_pages(self) -> list[tuple[int, str | None]]:
        """(page, start) of every page with a line on screen: what to fetch to be up to date."""
        top = int(self.scroll_offset.y)
        return self._pages.askable(top, min(top + self._lines, self._pages.total) - 1)

    def shown_rows(self) -> list[Row]:
        """The rows on screen that are here."""
        top = int(self.scroll_offset.y)
        found = (self._pages.at(top + line) for line in range(self._lines))
        return [one for one in found if one is not None]

    @property
    def row_count(self) -> int:
        """Rows known to exist."""
        return self._pages.total

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._pages.at(self.cursor)

    def row_at(self, index: int) -> Row | None:
        return self._pages.at(index)

    # Moving

    @property
    def _lines(self) -> int:
        """Rows that fit under the header."""
        return max(self.scrollable_content_region.height - 1, 0)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self._pages.length - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        if before == now:
            return
        if not self._keep_in_sight():
            self._refresh_row(before)
            self._refresh_row(now)
        self._tell()
        self._look_ahead()

    def _keep_in_sight(self) -> bool:
        """Scroll so that the cursor shows; whether anything moved."""
        top, lines = int(self.scroll_offset.y), self._lines
        wanted = top
        if self.cursor < top:
            wanted = self.cursor
        elif lines and self.cursor >= top + lines:
            wanted = self.cursor - lines + 1
        if wanted == top:
            return False
        self.scroll_to(y=wanted, animate=False, immediate=True)
        return True

    def _tell(self) -> None:
        self.post_message(self.Moved(self, self.current))

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def action_leap(self, direction: int) -> None:
        self.action_move(direction * max(self._lines - 1, 1))

    def action_edge(self, direction: int) -> None:
        self.action_move(direction * self._pages.length)

    def action_choose(self) -> None:
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def action_copy(self) -> None:
        """The row with the cursor, cells between tabs, as spreadsheets take it."""
        if (row := self.current) is not None:
            self.app.copy_to_clipboard("\t".join(cell.text for cell in row.cells))
            self.app.notify("The row is on your clipboard, if your terminal allows it.")

    def on_click(self, event: events.Click) -> None:
        line = int(event.y)
        index = int(self.scroll_offset.y) + line - 1
        if line < 1 or index >= self._pages.length:
            return
        if index == self.cursor and self.current is not None:
            self.post_message(self.Chosen(self, self.current))
        self.cursor = index

    # Fetching

    def _look_ahead(self) -> None:
        """Fetch what shows and is not here; else what is about to show."""
        if self._fetch is None or not self._pages.length:
            return
        top = int(self.scroll_offset.y)
        bottom = min(top + max(self._lines, 1), self._pages.length) - 1
        near = (
            top,
            bottom,
            self.cursor,
            min(self.cursor + AHEAD_ROWS, self._pages.length - 1),
            max(self.cursor - AHEAD_ROWS, 0),
        )
        for index in near:
            number = index // PAGE_ROWS
            self._pages.touch(number)
            if not self._pages.holds(number) and self._pages.can_ask(number):
                self._ask(number)
                return

    def _ask(self, number: int) -> None:
        if self._awaited == number or self._fetch is None:
            return
        self._awaited = number
        self._fetch(number, self._pages.starts[number])

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._look_ahead()

    # Painting

    def titles(self) -> list[str]:
        return [one.title for one in self.columns]

    def _resized(self) -> None:
        self.virtual_size = Size(0, self._pages.length + 1)
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def on_resize(self) -> None:
        self._keep_in_sight()
        self._look_ahead()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def on_focus(self) -> None:
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        self._refresh_row(self.cursor)

    def _refresh_row(self, index: int) -> None:
        line = index - int(self.scroll_offset.y) + 1
        if 1 <= line <= self._lines:
            self.refresh(Region(0, line, self.size.width, 1))

    def _repaint(self, index: int, before: Row | None, now: Row) -> None:
        """Repaint the cells of a row that differ."""
        if before == now:
            return
        line = index - int(self.scroll_offset.y) + 1
        if not 1 <= line <= self._lines:
            return
        if before is None or len(before.cells) != len(now.cells):
            self.refresh(Region(0, line, self.size.width, 1))
            return
        for column, left, width in self._layout():
            if before.cells[column] != now.cells[column]:
                self.refresh(Region(left + 1, line, width, 1))

    def _layout(self) -> list[tuple[int, int, int]]:
        width = self.scrollable_content_region.width - 2
        if self._placed[0] != width:
            self._placed = (width, laid_out(self.columns, width))
        return self._placed[1]

    def _style(self, base: str, tone: str = "") -> Style:
        held = self._styles.get((base, tone))
        if held is None:
            held = self.get_component_rich_style(base) if base else self.rich_style
            if tone:
                held += self.get_component_rich_style(f"table--{tone}", partial=True)
            self._styles[base, tone] = held
        return held

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            titles = tuple(Cell(one) for one in self.titles())
            return self._strip(titles, "table--header", width)
        index = int(self.scroll_offset.y) + y - 1
        if index >= self._pages.length:
            words = self.empty if not self._pages.length and y == 1 else ""
            blank = Segment(f" {words}".ljust(width), self._style("", "muted"))
            return Strip([blank], width).crop(0, width)
        at_cursor = "table--cursor" if self.has_focus else "table--cursor-blurred"
        base = at_cursor if index == self.cursor else ""
        found = self._pages.at(index)
        if found is None:
            return self._strip((Cell("…", "muted"),), base, width)
        return self._strip(found.cells, base, width)

    def _strip(self, cells: Sequence[Cell], base: str, width: int) -> Strip:
        plain = self._style(base)
        segments, at = [Segment(" ", plain)], 0
        for column, left, own in self._layout():
            if column >= len(cells):
                break
            cell = cells[column]
            if left > at:
                segments.append(Segment(" " * (left - at), plain))
            text = fitted(cell.text, own, right=self.columns[column].right)
            segments.append(Segment(text, self._style(base, cell.tone) if cell.tone else plain))
            at = left + own
        segments.append(Segment(" " * max(width - at - 1, 0), plain))
        return Strip(segments).crop(0, width)

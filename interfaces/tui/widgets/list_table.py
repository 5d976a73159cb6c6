"""A table of rows that are all here: sorted by a column, narrowed by words."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import ClassVar

import attrs
from attrs import frozen
from textual import events
from textual.binding import Binding, BindingType

from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import Pages, Row
from interfaces.tui.widgets.table import PagedTable


@frozen(kw_only=True)
class Arrangement:
    """``column`` None: in the order the rows came. ``words``: each occurs somewhere in a row."""

    column: int | None = None
    descending: bool = False
    words: str = ""

    def of(self, rows: Sequence[Row]) -> list[Row]:
        words = self.words.casefold().split()
        found = [one for one in rows if _holds(one, words)] if words else list(rows)
        column = self.column
        if column is not None:
            found.sort(key=lambda one: _order(one, column), reverse=self.descending)
        return found


def _holds(row: Row, words: Sequence[str]) -> bool:
    text = " ".join(cell.text for cell in row.cells).casefold()
    return all(word in text for word in words)


def _order(row: Row, column: int) -> tuple[int, Decimal, str]:
    """Numbers by size and before texts; texts as a person looks them up."""
    text = row.cells[column].text.strip() if column < len(row.cells) else ""
    try:
        return (0, Decimal(text.rstrip("+").replace(",", "")), "")
    except InvalidOperation:
        return (1, Decimal(0), text.casefold())


class ListTable(PagedTable):
    """``o`` sorts by the next column, ``O`` turns the order round; so does a click on a title.

    Lists that are fetched by the page keep the order of the store.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort_next", "Sort by next column", show=False),
        Binding("O", "sort_round", "Turn the order round", show=False),
    ]
    _arrangement = Arrangement()
    _given: tuple[Row, ...] | None = None
    """The rows as they came; None while pages are fetched."""

    def show_rows(self, rows: Sequence[Row]) -> None:
        self._given = tuple(rows)
        super().show_rows(self._arrangement.of(rows))

    def show_pages(self, pages: Pages) -> None:
        self._given = None
        super().show_pages(pages)

    def set_columns(self, columns: Sequence[Column]) -> None:
        self._arrangement = Arrangement()
        self._given = None
        super().set_columns(columns)

    def narrow(self, words: str) -> None:
        """Show the rows that hold every one of the words; "" shows all."""
        self._arrange(attrs.evolve(self._arrangement, words=words))

    def _arrange(self, arrangement: Arrangement) -> None:
        if self._given is None or arrangement == self._arrangement:
            return
        self._arrangement = arrangement
        key = self.current.key if self.current is not None else None
        rows = arrangement.of(self._given)
        super().show_rows(rows)
        self.cursor = next((at for at, one in enumerate(rows) if one.key == key), 0)
        self.refresh()
        self._tell()

    def _sort(self, column: int | None, *, descending: bool = False) -> None:
        if self._given is None:
            words = "This list is read page by page, in the order of the store: / narrows it."
            self.app.notify(words, markup=False)
            return
        self._arrange(attrs.evolve(self._arrangement, column=column, descending=descending))

    def action_sort_next(self) -> None:
        """By the next column that shows; after the last one, as the rows came."""
        shown: list[int | None] = [column for column, _, _ in self._layout()]
        order = [None, *shown]
        held = self._arrangement.column
        at = order.index(held) if held in order else 0
        self._sort(order[(at + 1) % len(order)])

    def action_sort_round(self) -> None:
        held = self._arrangement
        column = held.column if held.column is not None else 0
        self._sort(column, descending=not held.descending)

    def titles(self) -> list[str]:
        held = self._arrangement
        found = super().titles()
        if held.column is not None and self._given is not None:
            found[held.column] += "↓" if held.descending else "↑"
        return found

    def on_click(self, event: events.Click) -> None:
        if int(event.y) != 0:
            return
        # Textual calls this handler of the base class as well: it ignores the title line.
        for column, left, width in self._layout():
            if left <= int(event.x) - 1 < left + width:
                held = self._arrangement
                again = held.column == column
                if again and held.descending:
                    self._sort(None)
                else:
                    self._sort(column, descending=again)
                return

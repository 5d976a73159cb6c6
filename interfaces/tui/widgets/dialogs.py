"""Small questions on top of a screen: yes or no, one of many, a line of text."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Input, Static

from interfaces.tui.screen import Dialog, Result
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import Row
from interfaces.tui.widgets.shell import FailurePanel
from interfaces.tui.widgets.table import PagedTable


class SmallDialog(Dialog[Result]):
    """A box in the middle with a title."""

    DEFAULT_CSS = """
    SmallDialog { align: center middle; }
    SmallDialog > #box { width: 90%; max-width: 90; height: auto; max-height: 90%;
        background: $panel; border: round $primary; padding: 0 1; }
    SmallDialog .words { height: auto; margin-bottom: 1; }
    SmallDialog PagedTable { height: auto; min-height: 5; max-height: 16; background: $panel; }
    SmallDialog Input { margin-bottom: 1; }
    """

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self.box_title = title
        self.words = words

    def boxed(self, *inside: Static | PagedTable | Input) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = self.box_title
            yield Static(self.words, classes="words", markup=False)
            yield from inside
        yield FailurePanel()
        yield Footer(show_command_palette=False)


class Confirm(SmallDialog[bool]):
    """Yes or no; Escape and n are no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes"),
        Binding("n", "answer(False)", "No"),
    ]

    def compose(self) -> ComposeResult:
        yield from self.boxed(Static("[b]y[/b] yes   [b]n[/b] no", classes="muted"))

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - an action's argument
        self.dismiss(answer)


class Choose(SmallDialog[str]):
    """One of many: gives the chosen row's key. Typing narrows the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "narrow", "Narrow", key_display="/"),
    ]

    def __init__(
        self, title: str, words: str, columns: Sequence[Column], rows: Sequence[Row]
    ) -> None:
        super().__init__(title, words)
        self._columns = columns
        self._rows = rows

    def compose(self) -> ComposeResult:
        line = Input(placeholder="Type to narrow the list", compact=True, id="narrow")
        line.cursor_blink = False
        line.display = False
        yield from self.boxed(
            line, PagedTable(self._columns, empty="Nothing to choose from.", id="choices")
        )

    def on_mount(self) -> None:
        table = self.query_one("#choices", PagedTable)
        table.show_rows(self._rows)
        table.focus()

    def action_narrow(self) -> None:
        line = self.query_one("#narrow", Input)
        line.display = True
        line.focus()

    @on(Input.Changed, "#narrow")
    def _narrowed(self, message: Input.Changed) -> None:
        message.stop()
        words = message.value.strip().casefold()
        fitting = [
            one for one in self._rows if any(words in cell.text.casefold() for cell in one.cells)
        ]
        table = self.query_one("#choices", PagedTable)
        table.cursor = 0
        table.show_rows(fitting)

    @on(Input.Submitted, "#narrow")
    def _to_the_list(self, message: Input.Submitted) -> None:
        message.stop()
        self.query_one("#choices", PagedTable).focus()

    @on(PagedTable.Chosen)
    def _chosen(self, message: PagedTable.Chosen) -> None:
        message.stop()
        self.dismiss(message.row.key)


class AskText(SmallDialog[str]):
    """A line of text; may be empty."""

    def __init__(self, title: str, words: str, value: str, placeholder: str) -> None:
        super().__init__(title, words)
        self._value = value
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        line = Input(self._value, placeholder=self._placeholder)
        line.cursor_blink = False
        yield from self.boxed(line)

    @on(Input.Submitted)
    def _given(self, message: Input.Submitted) -> None:
        message.stop()
        self.dismiss(message.value.strip())

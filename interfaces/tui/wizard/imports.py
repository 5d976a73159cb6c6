"""The first imports, as they go."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, ProgressBar, Static

from core.domain.import_run import RunStatus
from core.services.reading import EntityStatus
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.pages import Row, row
from interfaces.tui.widgets.words import progress_words, run_words, status_cell
from interfaces.tui.wizard.panel import Panel

_COLUMNS: Final = (
    Column(title="Entity", width=18, share=2),
    Column(title="Status", width=17),
    Column(title="What happens, what to do", width=20, share=5),
)
_ORDER: Final = (RunStatus.FAILED, RunStatus.IN_PROGRESS, RunStatus.WAITING, RunStatus.SUCCEEDED)


class ImportsPanel(Panel):
    """Told by :meth:`show` how the entities stand."""

    STEP: ClassVar[str] = "First imports"
    FIRST: ClassVar[str] = "#dashboard"
    DEFAULT_CSS = """
    ImportsPanel #runs { height: 1fr; min-height: 5; margin: 1 0 0 0; }
    ImportsPanel Bar { width: 1fr; max-width: 60; }
    """

    class Finished(Message):
        """The operator goes to the dashboard; imports go on without being watched."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, tuple[EntityStatus, Row]] = {}

    def compose(self) -> ComposeResult:
        yield Static("First imports", classes="title")
        yield Static("", id="summary", classes="note", markup=False)
        yield ProgressBar(show_eta=False, id="bar")
        yield ListTable(_COLUMNS, empty="Reading…", id="runs")
        with Horizontal(classes="row"):
            yield Button("To the dashboard", variant="primary", id="dashboard", compact=True)

    def filtered(self, words: str) -> None:
        self.query_one("#runs", ListTable).narrow(words)

    def show(self, entities: Mapping[str, EntityStatus], now: datetime) -> None:
        """Bring it up to date; makes and paints only what changed."""
        counts = Counter(one.run.status for one in entities.values() if one.run is not None)
        done = counts[RunStatus.SUCCEEDED] + counts[RunStatus.FAILED]
        said = ", ".join(f"{counts[status]:,} {status.value}" for status in RunStatus)
        ending = (
            "All are done."
            if entities and done == len(entities)
            else "They go on while you look elsewhere, and after you quit and come back."
        )
        summary, words = self.query_one("#summary", Static), f"{said}. {ending}"
        if summary.content != words:
            summary.update(words)
        bar = self.query_one(ProgressBar)
        if (bar.total, bar.progress) != (len(entities), done):
            bar.update(total=len(entities), progress=done)
        self.query_one("#runs", ListTable).show_rows(self._ranked(entities, now))

    def _ranked(self, entities: Mapping[str, EntityStatus], now: datetime) -> list[Row]:
        """What needs a look first: failed, then running, waiting, done."""
        for key, one in entities.items():
            held = self._rows.get(key)
            if held is None or held[0] is not one:
                self._rows[key] = (one, _row(one, now))
        ranked: dict[RunStatus, list[Row]] = {status: [] for status in _ORDER}
        for key, one in entities.items():
            if one.run is not None:
                ranked[one.run.status].append(self._rows[key][1])
        return [found for status in _ORDER for found in ranked[status]]

    @on(Button.Pressed, "#dashboard")
    def _dashboard(self) -> None:
        self.post_message(self.Finished())


def _row(one: EntityStatus, now: datetime) -> Row:
    """How its import stands: progress and rate, proof, or what to do."""
    words = ""
    if one.run is not None:
        moving = one.run.status is RunStatus.IN_PROGRESS
        words = progress_words(one.run, now) if moving else run_words(one.run, one.entity.currency)
    return row(one.entity.id, one.entity.name, status_cell(one.run), words)

"""The first imports, as they go."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, ProgressBar, Static

from core.domain.import_run import RunStatus
from core.services.reading import EntityStatus
from interfaces.tui.wizard.panel import Panel
from interfaces.tui.wording import STATUS_GLYPH, STATUS_STYLE, run_words

ROWS_MAX: Final = 200
"""Entities shown one by one; the rest is counted."""

_NAME_CELLS: Final = 28
_ORDER: Final = (RunStatus.FAILED, RunStatus.IN_PROGRESS, RunStatus.WAITING, RunStatus.SUCCEEDED)


class ImportsPanel(Panel):
    """Told by :meth:`show` how the entities stand."""

    STEP: ClassVar[str] = "First imports"
    FIRST: ClassVar[str] = "#dashboard"
    DEFAULT_CSS = """
    ImportsPanel #runs { margin: 1 0; }
    ImportsPanel Bar { width: 1fr; max-width: 60; }
    """

    class Finished(Message):
        """The operator goes to the dashboard; imports go on without being watched."""

    def compose(self) -> ComposeResult:
        yield Static("First imports", classes="title")
        yield Static("", id="summary", classes="note", markup=False)
        yield ProgressBar(show_eta=False, id="bar")
        yield Static("", id="runs")
        with Horizontal(classes="row"):
            yield Button("To the dashboard", variant="primary", id="dashboard", compact=True)

    def show(self, entities: Sequence[EntityStatus], now: datetime) -> None:
        """Bring it up to date; paints only what changed."""
        counts = Counter(one.run.status for one in entities if one.run is not None)
        done = counts[RunStatus.SUCCEEDED] + counts[RunStatus.FAILED]
        said = ", ".join(f"{counts[status]} {status.value}" for status in RunStatus)
        ending = (
            "All are done."
            if entities and done == len(entities)
            else "They go on while you look elsewhere, and after you quit and come back."
        )
        _update(self.query_one("#summary", Static), f"{said}. {ending}")
        bar = self.query_one(ProgressBar)
        if (bar.total, bar.progress) != (len(entities), done):
            bar.update(total=len(entities), progress=done)
        _update(self.query_one("#runs", Static), _lines(entities, now))

    @on(Button.Pressed, "#dashboard")
    def _dashboard(self) -> None:
        self.post_message(self.Finished())


def _update(widget: Static, words: str | Content) -> None:
    if widget.content != words:
        widget.update(words)


def _lines(entities: Sequence[EntityStatus], now: datetime) -> Content:
    """What needs a look first: failed, then running, waiting, done."""
    ranked = sorted(
        (one for one in entities if one.run is not None),
        key=lambda one: _ORDER.index(one.run.status) if one.run is not None else len(_ORDER),
    )
    lines = []
    for one in ranked[:ROWS_MAX]:
        assert one.run is not None, "filtered above"
        style = STATUS_STYLE[one.run.status]
        name = one.entity.name
        if len(name) > _NAME_CELLS:
            name = name[: _NAME_CELLS - 1] + "…"
        lines.append(
            Content.assemble(
                (f"{STATUS_GLYPH[one.run.status]} ", style),
                f"{name:{_NAME_CELLS}}  ",
                (f"{one.run.status.value:12}", style),
                run_words(one.run, one.entity.currency, now),
            )
        )
    if len(ranked) > ROWS_MAX:
        lines.append(Content.styled(f"and {len(ranked) - ROWS_MAX:,} more", "$foreground-muted"))
    return Content("\n").join(lines)

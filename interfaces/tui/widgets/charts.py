"""Small charts of block characters: height carries the figure, a mark what colour would."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from textual.content import Content
from textual.widget import Widget

EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
BAR_CELLS_MAX: Final = 6
FIGURE_CELLS_MIN: Final = 2


@frozen(kw_only=True)
class Bar:
    """``mark`` is one character under the bar; ``tone`` a theme style for both."""

    value: int
    label: str = ""
    mark: str = " "
    tone: str = "$primary"


def drawn(bars: Sequence[Bar], width: int, height: int) -> list[Content]:
    """Lines from top to bottom: ``height`` lines of bars around zero, the marks, the labels.

    When they do not fit, the newest (last) bars are drawn. Nothing is drawn for zero.
    """
    width, height = max(width, 1), max(height, 1)
    cells = min(max(width // max(len(bars), 1), 1), BAR_CELLS_MAX)
    shown = list(bars)[-(width // cells) :]
    top = max((bar.value for bar in shown), default=0)
    bottom = min((bar.value for bar in shown), default=0)
    above, below = _split(max(top, 0), max(-bottom, 0), height)
    bar_cells = max(cells - 1, 1)
    lines = [
        Content("").join(
            Content.styled(_slice(bar.value, top, above, level) * bar_cells, bar.tone)
            + Content(" " * (cells - bar_cells))
            for bar in shown
        )
        for level in reversed(range(above))
    ]
    lines += [
        Content("").join(
            Content.styled(_hanging(bar.value, bottom, below, level) * bar_cells, bar.tone)
            + Content(" " * (cells - bar_cells))
            for bar in shown
        )
        for level in range(below)
    ]
    marks = Content("").join(
        Content.styled(bar.mark.ljust(cells)[:cells], bar.tone) for bar in shown
    )
    return [*lines, marks, Content.styled(_labels(shown, cells), "$text-muted")]


def _split(top: int, bottom: int, height: int) -> tuple[int, int]:
    """Lines above and below zero, in proportion, at least one for a side that has any."""
    if not bottom:
        return height, 0
    if not top:
        return 0, height
    below = min(max(round(height * bottom / (top + bottom)), 1), height - 1) if height > 1 else 0
    return height - below, below


def _slice(value: int, top: int, lines: int, level: int) -> str:
    """The character of a bar at that level above zero, to an eighth of a line."""
    if value <= 0 or top <= 0:
        return " "
    eighths = max(value * lines * 8 // top, 1)
    return EIGHTHS[max(0, min(8, eighths - level * 8))]


def _hanging(value: int, bottom: int, lines: int, level: int) -> str:
    """The same below zero, to half a line."""
    if value >= 0 or bottom >= 0:
        return " "
    halves = max(value * lines * 2 // bottom, 1) - level * 2
    return "█" if halves >= 2 else "▀" if halves == 1 else " "  # noqa: PLR2004 - two halves


def _labels(bars: Sequence[Bar], cells: int) -> str:
    """As many labels as fit without touching, beginning with the first."""
    line, free = "", 0
    for index, bar in enumerate(bars):
        at = index * cells
        fits = at + len(bar.label) <= len(bars) * cells
        if bar.label and at >= free and fits:
            line = line.ljust(at) + bar.label
            free = len(line) + FIGURE_CELLS_MIN
    return line


class Chart(Widget):
    """A title line, then bars. Paints only when what it shows changes."""

    DEFAULT_CSS = """
    Chart { height: 7; width: 1fr; }
    """

    def __init__(self, title: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.title = title
        self.bars: tuple[Bar, ...] = ()

    def show(self, title: str, bars: Sequence[Bar]) -> None:
        if (title, tuple(bars)) != (self.title, self.bars):
            self.title, self.bars = title, tuple(bars)
            self.refresh()

    def render(self) -> Content:
        size = self.content_size
        title = Content.styled(self.title, "bold")
        if not self.bars:
            return title
        lines = drawn(self.bars, size.width, size.height - 3)
        return Content("\n").join([title, *lines])

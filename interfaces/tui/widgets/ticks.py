"""A list with boxes whose ticks can be told apart without colour."""

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import SelectionList
from textual.widgets.option_list import OptionDoesNotExist

_TICKED = "x"
_INNER = 1
"""Where SelectionList puts the inside of the box: after its left edge."""


class Ticks(SelectionList[str]):
    """Textual paints an X in every box and tells ticked ones by colour alone."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        try:
            selection = self.get_option_at_index(self.scroll_offset.y + y)
        except OptionDoesNotExist:
            return strip
        segments = list(strip)
        if len(segments) <= _INNER:
            return strip
        mark = _TICKED if selection.value in self.selected else " "
        inner = segments[_INNER]
        segments[_INNER] = Segment(mark, inner.style, inner.control)
        return Strip(segments, strip.cell_length)

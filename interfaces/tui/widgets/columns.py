"""How a table's columns share the width there is."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from rich.cells import cell_len, set_cell_size

GAP: Final = 2
"""Cells between columns."""


@frozen(kw_only=True)
class Column:
    """``width`` in cells, the least one for a column that may grow by ``share`` of what is left.

    ``from_width``: shown only when the table is at least that wide.
    """

    title: str
    width: int
    share: int = 0
    right: bool = False
    from_width: int = 0


def laid_out(columns: Sequence[Column], width: int) -> list[tuple[int, int, int]]:
    """(column index, left, width) of the columns that show in that width."""
    shown = [index for index, one in enumerate(columns) if width >= one.from_width]
    spare = width - sum(columns[index].width for index in shown) - GAP * (len(shown) - 1)
    shares = sum(columns[index].share for index in shown)
    placed, left = [], 0
    for index in shown:
        own = columns[index].width
        if shares and spare > 0:
            own += spare * columns[index].share // shares
        own = max(min(own, width - left), 0)
        placed.append((index, left, own))
        left += own + GAP
    return placed


def fitted(text: str, width: int, *, right: bool) -> str:
    """The text in exactly that many cells, cut with an ellipsis."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(width - 1, 0)) + "…" if width else ""
    pad = " " * (width - length)
    return pad + text if right else text + pad

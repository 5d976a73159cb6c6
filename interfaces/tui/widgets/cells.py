"""Cells of a DataTable: it paints Rich text, which knows no theme variables.

Columns get their widths from here: left to itself, DataTable measures after it has painted, and
keeps what it painted at the wrong width when nothing else changes.
"""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.app import App


def cell(app: App[None], words: str, tone: str = "") -> Text:
    """``tone``: words Rich knows, such as ``bold``, and theme colours, such as ``$error``."""
    style = []
    for part in tone.split():
        if not part.startswith("$"):
            style.append(part)
        elif part == "$foreground-muted":
            style.append("dim")
        else:
            style.append(app.theme_variables[part[1:]])
    return Text(words, style=" ".join(style), no_wrap=True, overflow="ellipsis")


def widths(labels: Sequence[str], rows: Iterable[Sequence[Text]]) -> list[int]:
    """Cells each column needs to show its label and everything in it."""
    found = [cell_len(label) for label in labels]
    for row in rows:
        found = [max(width, text.cell_len) for width, text in zip(found, row, strict=True)]
    return found

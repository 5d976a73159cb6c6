"""Cells of a DataTable: it measures and paints Rich text, which knows no theme variables."""

from rich.text import Text
from textual.app import App


def cell(app: App[None], words: str, tone: str = "") -> Text:
    """``tone``: words Rich knows, such as ``bold``, and colours of the theme, such as ``$error``."""
    style = []
    for part in tone.split():
        if not part.startswith("$"):
            style.append(part)
        elif part == "$text-muted":
            style.append("dim")
        else:
            style.append(app.theme_variables[part[1:]])
    return Text(words, style=" ".join(style), no_wrap=True, overflow="ellipsis")

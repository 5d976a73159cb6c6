"""Terminals without Unicode: every character that leaves is turned into ASCII of the same width."""

import sys
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from interfaces.tui.settings import Glyphs

# ruff: noqa: RUF001 - look-alikes are what this table is about
_LINES: Final[dict[str, str]] = {
    **dict.fromkeys("─━═╌╍┄┅┈┉╴╶▔▁⎯⎺⎽", "-"),
    **dict.fromkeys("│┃║╎╏┆┇┊┋▏▕╵╷", "|"),
    **dict.fromkeys("█▉▊▋▌▐▀▄▆▇▓▒■◼▮", "#"),
    **dict.fromkeys("▂▃▅░▍▎", ":"),
    **dict.fromkeys("•●◉⬤·∙⋅", "*"),
    **dict.fromkeys("○◌◦", "o"),
    **dict.fromkeys("✓✔", "v"),
    **dict.fromkeys("✗✘×", "x"),
    **dict.fromkeys("▶▸►→⏵❯›", ">"),
    **dict.fromkeys("◀◂◄←⏴❮‹", "<"),
    **dict.fromkeys("▲▴↑⏶", "^"),
    **dict.fromkeys("▼▾↓⏷", "v"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("–—‐‑−", "-"),
    "…": ".",
    "⚠": "!",
    "€": "E",
    "\u00a0": " ",
}
_BOX: Final = range(0x2500, 0x2580)
_BRAILLE: Final = range(0x2800, 0x2900)
_ASCII_MAX: Final = 0x7F


@lru_cache(4096)
def ascii_of(character: str) -> str:
    """ASCII that takes as many cells: a look-alike, the bare letter, or question marks."""
    if ord(character) <= _ASCII_MAX:
        return character
    width = cell_len(character)
    found = _LINES.get(character)
    if found is None and ord(character) in _BOX:
        found = "+"
    if found is None and ord(character) in _BRAILLE:
        found = "." if character != "\u2800" else " "
    if found is None:
        plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        found = plain[:width] or "?" * width
    return found.ljust(width)[:width] if width else ""


@lru_cache(4096)
def ascii_text(text: str) -> str:
    return text if text.isascii() else "".join(map(ascii_of, text))


class AsciiFilter(LineFilter):
    """Applied to every line that is written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        return [Segment(ascii_text(text), style, control) for text, style, control in segments]


def wants_ascii(glyphs: Glyphs, environ: Mapping[str, str]) -> bool:
    """Whether to write ASCII only: as set, else as the locale and the terminal say."""
    if glyphs is not Glyphs.AUTO:
        return glyphs is Glyphs.ASCII
    if environ.get("TERM", "") in {"linux", "dumb", "vt100", "vt220"}:
        return True
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if named and "utf" not in named.casefold():
        return True
    encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    return "utf" not in encoding.casefold()

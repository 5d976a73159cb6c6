"""Rows of a delimited text file. What cannot be read as a row is named and the next line is read.

A quote that is opened and never closed would swallow the rest of the file: the line it stands on
is then rejected, and reading goes on behind it.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from attrs import define, field

from adapters.files.text_lines import line_blocks
from core.domain.failures import NotUnderstood
from core.domain.file_import import ColumnMapping, Rejected

COLUMNS_MAX: Final = 500
ROW_LINES_MAX: Final = 200
"""Lines one row may span, by line breaks inside quotes."""
TEXT_CHARACTERS_MAX: Final = 300
"""Of a rejected row as it is kept."""
REJECTED_MAX: Final = 1_000_000
"""More rejected rows than that are a file that was read the wrong way."""

Cell: TypeAlias = object
"""Text; from workbooks also int, Decimal, date or None."""

Row: TypeAlias = tuple[int, Sequence[Cell]]


def shown(cells: Sequence[Cell], separator: str = ";") -> str:
    """A row as people see it, cut."""
    return separator.join("" if cell is None else str(cell) for cell in cells[:COLUMNS_MAX])[
        :TEXT_CHARACTERS_MAX
    ]


@define
class _Lines:
    """All lines one by one, with those of the last two blocks at hand to go back to."""

    blocks: Iterator[list[str]]
    block: list[str] = field(factory=list)
    before: list[str] = field(factory=list)
    base: int = 0
    """Lines before ``block``."""

    def __iter__(self) -> Iterator[str]:
        for block in self.blocks:
            self.before, self.base = self.block, self.base + len(self.block)
            self.block = block
            # With an end again: inside quotes it is part of the text.
            yield from [f"{line}\n" for line in block]

    def between(self, first: int, last: int) -> list[str] | None:
        """Lines ``first`` to ``last`` (from 1); None when the first is no longer at hand."""
        start = self.base - len(self.before)
        if first <= start:
            return None
        held = self.before + self.block
        return held[first - 1 - start : last - start]


def csv_rows(path: Path, mapping: ColumnMapping) -> Iterator[Row | Rejected]:
    """Every row with the number of its first line; blank lines are left out."""
    lines = _Lines(line_blocks(path, mapping.encoding))
    stream = iter(lines)
    pushed: list[str] = []
    consumed = 0
    """Lines that belong to rows already told."""
    rejected = 0
    while True:  # ends: each round consumes at least one line, or everything
        reader = _reader(chain(pushed, stream), mapping, strict=True)
        start = consumed
        number = consumed + 1
        try:
            for cells in reader:
                number, consumed = consumed + 1, start + reader.line_num
                if consumed - number >= ROW_LINES_MAX:
                    consumed = number - 1  # told again below: no row is that long
                    break
                if len(cells) > COLUMNS_MAX:
                    reason = f"more than {COLUMNS_MAX} columns"
                    yield Rejected(line=number, reason=reason, text=shown(cells))
                elif cells:
                    yield number, cells
            else:
                return
        except csv.Error:
            pass
        first, reached = consumed + 1, start + reader.line_num
        held = lines.between(first, max(reached, first))
        if not held:
            raise NotUnderstood(
                f"A quote near line {first} is never closed: correct it, or choose another quote.",
                code="malformed",
            )
        one = _leniently(held[0], mapping)
        if one is not None:
            yield first, one
        else:
            rejected += 1
            yield Rejected(
                line=first,
                reason="a quote is opened and not closed as it should",
                text=held[0][:TEXT_CHARACTERS_MAX],
            )
        if rejected > REJECTED_MAX:
            raise NotUnderstood(
                "Nearly no row could be read: choose the separator and quote of this file.",
                code="malformed",
            )
        pushed, consumed = [f"{line}\n" for line in held[1:]], first


class _Reader(Protocol):
    """What ``csv.reader`` gives."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def _reader(lines: Iterable[str], mapping: ColumnMapping, *, strict: bool) -> _Reader:
    if not mapping.quote:
        return csv.reader(lines, delimiter=mapping.separator, quoting=csv.QUOTE_NONE, strict=False)
    return csv.reader(
        lines,
        delimiter=mapping.separator,
        quotechar=mapping.quote,
        doublequote=True,
        strict=strict,
    )


def _leniently(line: str, mapping: ColumnMapping) -> list[str] | None:
    """The line as a row of its own, quotes inside texts and all; None where one stays open."""
    quotes = line.count(mapping.quote) if mapping.quote else 0
    if quotes % 2:
        return None
    try:
        return next(_reader(iter([line]), mapping, strict=False), None)
    except csv.Error:
        return None

"""Rows of a delimited text file. What cannot be read as a row is named and the next line is read.

Lines that are a row each, all of one width, are cut many at once and told as columns. Whatever else
stands in a file (line breaks in texts, rows of all lengths, quotes gone wrong) is read row by row.
A quote that is opened and never closed would swallow the rest of the file: the line it stands on
is then rejected, and reading goes on behind it.
"""

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from operator import itemgetter
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeGuard

from attrs import define, field, frozen

from adapters.files.text_lines import line_blocks
from core.domain.failures import NotUnderstood
from core.domain.file_import import ColumnMapping, Rejected

COLUMNS_MAX: Final = 500
CHUNK_ROWS: Final = 2_000
"""Rows told together."""
ROW_LINES_MAX: Final = 200
"""Lines one row may span, by line breaks inside quotes."""
TEXT_CHARACTERS_MAX: Final = 300
"""Of a rejected row as it is kept."""
REJECTED_MAX: Final = 1_000_000
"""More rejected rows than that are a file that was read the wrong way."""

Cell: TypeAlias = object
"""Text; from workbooks also int, Decimal, date or None."""

Row: TypeAlias = tuple[int, Sequence[Cell]]


@frozen
class Block:
    """Rows of texts, all of one width, column by column. ``numbers``: of their lines, rising."""

    numbers: Sequence[int]
    columns: Sequence[Sequence[str]]

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Row]:
        return zip(self.numbers, zip(*self.columns, strict=True), strict=True)

    def __getitem__(self, some: slice) -> "Block":
        return Block(self.numbers[some], [column[some] for column in self.columns])

    def after(self, line: int) -> "Block":
        """The rows below that line."""
        return self[bisect_right(self.numbers, line) :] if self.numbers[0] <= line else self


Chunk: TypeAlias = Block | list[Row | Rejected]
"""At most CHUNK_ROWS rows, in the order of the file."""


def shown(cells: Sequence[Cell], separator: str = ";") -> str:
    """A row as people see it, cut."""
    return separator.join("" if cell is None else str(cell) for cell in cells[:COLUMNS_MAX])[
        :TEXT_CHARACTERS_MAX
    ]


def chunks_of(rows: Iterable[Row | Rejected]) -> Iterator[Chunk]:
    """Rows of any kind, as many together as may be."""
    stream = iter(rows)
    while some := list(islice(stream, CHUNK_ROWS)):
        yield some


def block_of(chunk: Chunk) -> Block | None:
    """The rows as columns; None when one is rejected, of another width, or no text."""
    if isinstance(chunk, Block):
        return chunk
    numbers: list[int] = []
    rows: list[Sequence[str]] = []
    for row in chunk:
        if isinstance(row, Rejected):
            return None
        number, cells = row
        if not cells or (rows and len(cells) != len(rows[0])) or not _are_texts(cells):
            return None
        numbers.append(number)
        rows.append(cells)
    return Block(numbers, _columns(rows)) if rows else None


def _are_texts(cells: Sequence[Cell]) -> TypeGuard[Sequence[str]]:
    return all(type(cell) is str for cell in cells)


def _columns(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [list(map(itemgetter(at), rows)) for at in range(len(rows[0]))]


@define
class _Lines:
    """All lines, some at once or one by one, with those of two blocks at hand to go back to."""

    blocks: Iterator[list[str]]
    block: list[str] = field(factory=list)
    before: list[str] = field(factory=list)
    base: int = 0
    """Lines before ``block``."""
    at: int = 0
    """Lines of ``block`` that were told."""
    pushed: list[str] = field(factory=list)
    """Told again before all others."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.pushed:
            line = self.pushed.pop(0)
        else:
            if self.at >= len(self.block):
                self._advance(next(self.blocks))
            line = self.block[self.at]
            self.at += 1
        # With an end again: inside quotes it is part of the text.
        return f"{line}\n"

    def some(self, most: int) -> list[str]:
        """The next few, as many as are at hand; none at the end."""
        if self.pushed:
            told, self.pushed = self.pushed[:most], self.pushed[most:]
            return told
        while self.at >= len(self.block):
            following = next(self.blocks, None)
            if following is None:
                return []
            self._advance(following)
        told = self.block[self.at : self.at + most]
        self.at += len(told)
        return told

    def push(self, lines: list[str]) -> None:
        """Tell these again."""
        self.pushed = lines + self.pushed

    def between(self, first: int, last: int) -> list[str] | None:
        """Lines ``first`` to ``last`` (from 1); None when the first is no longer at hand."""
        start = self.base - len(self.before)
        if first <= start:
            return None
        held = self.before + self.block
        return held[first - 1 - start : last - start]

    def _advance(self, block: list[str]) -> None:
        self.before, self.base = self.block, self.base + len(self.block)
        self.block, self.at = block, 0


@define
class _Rows:
    """One reading of one file."""

    mapping: ColumnMapping
    lines: _Lines
    consumed: int = 0
    """Lines that belong to rows already told."""
    rejected: int = 0

    def chunks(self) -> Iterator[Chunk]:
        while some := self.lines.some(CHUNK_ROWS):  # ends: each round consumes a line at least
            block = self._block(some)
            if block is None:
                self.lines.push(some)
                yield self._carefully()
                continue
            self.consumed += len(some)
            if len(block):
                yield block

    def _block(self, some: list[str]) -> Block | None:
        """Lines that are a row each, of one width; None where they are not all."""
        first = self.consumed + 1
        numbers: Sequence[int] = range(first, first + len(some))
        if "" in some:
            numbers = [number for number, line in zip(numbers, some, strict=True) if line]
            some = [line for line in some if line]
            if not some:
                return Block(numbers, [])
        separator, quote = self.mapping.separator, self.mapping.quote
        text = separator.join(some)
        if quote and quote in text:
            rows = _rows_of(some, self.mapping)
            return None if rows is None else Block(numbers, _columns(rows))
        width = some[0].count(separator) + 1
        if set(map(str.count, some, repeat(separator))) != {width - 1} or width > COLUMNS_MAX:
            return None
        if max(map(len, some)) > csv.field_size_limit():
            return None
        cells = text.split(separator)
        return Block(numbers, [cells[at::width] for at in range(width)])

    def _carefully(self) -> list[Row | Rejected]:
        """The next rows one by one; those that are none are said to be."""
        found: list[Row | Rejected] = []
        while len(found) < CHUNK_ROWS:  # ends: each round consumes at least one line, or everything
            reader = _reader(self.lines, self.mapping, strict=True)
            start = self.consumed
            try:
                for cells in reader:
                    number, reached = self.consumed + 1, start + reader.line_num
                    if reached - number >= ROW_LINES_MAX:
                        break  # told again below: no row is that long
                    self.consumed = reached
                    if len(cells) > COLUMNS_MAX:
                        reason = f"more than {COLUMNS_MAX} columns"
                        found.append(Rejected(line=number, reason=reason, text=shown(cells)))
                    elif cells:
                        found.append((number, cells))
                    if len(found) >= CHUNK_ROWS:
                        return found
                else:
                    return found
            except csv.Error:
                pass
            found.append(self._mended(start + reader.line_num))
        return found

    def _mended(self, reached: int) -> Row | Rejected:
        """The first line of what is no row up to line ``reached``; the rest is told again."""
        first = self.consumed + 1
        held = self.lines.between(first, max(reached, first))
        if not held:
            raise NotUnderstood(
                f"A quote near line {first} is never closed: correct it, or choose another quote.",
                code="malformed",
            )
        self.lines.push(held[1:])
        self.consumed = first
        one = _leniently(held[0], self.mapping)
        if one is not None:
            return first, one
        self.rejected += 1
        if self.rejected > REJECTED_MAX:
            raise NotUnderstood(
                "Nearly no row could be read: choose the separator and quote of this file.",
                code="malformed",
            )
        return Rejected(
            line=first,
            reason="a quote is opened and not closed as it should",
            text=held[0][:TEXT_CHARACTERS_MAX],
        )


def csv_chunks(path: Path, mapping: ColumnMapping) -> Iterator[Chunk]:
    """Every row with the number of its first line; blank lines are left out."""
    return _Rows(mapping, _Lines(line_blocks(path, mapping.encoding))).chunks()


def csv_rows(path: Path, mapping: ColumnMapping) -> Iterator[Row | Rejected]:
    """The same, one by one."""
    return chain.from_iterable(csv_chunks(path, mapping))


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


def _rows_of(lines: list[str], mapping: ColumnMapping) -> list[list[str]] | None:
    """A row per line, all of one width; None where they are not."""
    try:
        rows = list(_reader(lines, mapping, strict=True))
    except csv.Error:
        return None
    # A row that spans lines makes the rows fewer.
    if len(rows) != len(lines) or not 0 < len(rows[0]) <= COLUMNS_MAX:
        return None
    return rows if set(map(len, rows)) == {len(rows[0])} else None


def _leniently(line: str, mapping: ColumnMapping) -> list[str] | None:
    """The line as a row of its own, quotes inside texts and all; None where one stays open."""
    quotes = line.count(mapping.quote) if mapping.quote else 0
    if quotes % 2:
        return None
    try:
        return next(_reader(iter([line]), mapping, strict=False), None)
    except csv.Error:
        return None

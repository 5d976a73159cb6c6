"""Writing: data to stdout (tables, JSON, CSV), narration to stderr.

Texts from outside (names, descriptions) are never markup, and never reach a terminal with control
characters in them.
"""

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias

from attrs import frozen

from core.domain.failures import CorrectRequest, Failure
from interfaces.report_rows import OURS
from interfaces.spreadsheets import harmless

if TYPE_CHECKING:
    from rich.console import Console

PIPED_COLUMNS: Final = 200
"""Width of a table that goes into a pipe or file."""
SQUEEZED_CELLS: Final = 8
"""A column narrower than this cannot be read: rows are then written below each other."""
_BETWEEN_CELLS: Final = 3
"""What a table puts between two columns."""

Document: TypeAlias = Mapping[str, object]


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


class CutShort(Exception):
    """Rows ended with a failure after the first were written; the output says so itself."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


def failure_document(failure: Failure) -> dict[str, object]:
    return {
        "code": failure.code,
        "action": failure.action.value,
        "sentence": failure.sentence,
        "retry_at": failure.retry_at.isoformat() if failure.retry_at is not None else None,
        "setting": failure.setting,
    }


@frozen
class Column:
    """``right``: numbers. ``whole``: never wrapped (ids, amounts, dates)."""

    name: str
    right: bool = False
    whole: bool = False


def console(*, stderr: bool = False) -> "Console":
    """A rich console of the moment; colours and width follow the terminal, NO_COLOR is obeyed."""
    from rich.console import Console  # noqa: PLC0415 - completion answers without it

    class Quiet(Console):
        """Leaves a broken pipe to the command's end, where it has its exit code."""

        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - rich calls this while it handles the BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    return Quiet(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if stream.isatty() else PIPED_COLUMNS,
    )


def say(sentence: str) -> None:
    """Narration, for people: stderr."""
    console(stderr=True).print(plain(sentence), soft_wrap=True)


def plain(text: str) -> str:
    """Text fit for a terminal: nothing in it moves the cursor, hides or turns around."""
    return "".join(
        character
        if character.isprintable()
        else " "
        if character.isspace()
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def when(instant: datetime | None) -> str:
    """Local time of this machine, to the minute; a dash for never."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M") if instant is not None else "-"


def write_json(document: Document) -> None:
    """One object. ASCII, so that it survives any terminal, pipe and code page."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    sys.stdout.flush()


def write_items(items: Iterable[Document]) -> None:
    write_json({"items": list(items)})


def write_table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
    """A table; where the terminal is too narrow for one, each row as lines of ``column: value``."""
    out = console()
    cells = [["-" if value is None else plain(str(value)) for value in row] for row in rows]
    lines = _blocks(columns, cells) if _cells_needed(columns, cells) > out.width else None
    if lines is None:
        lines = _table(out, columns, cells)
    out.file.write("\n".join(lines) + "\n")
    out.file.flush()


def _cells_needed(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """The width at which the table can still be read."""
    from rich.cells import cell_len  # noqa: PLC0415 - completion answers without it

    needed = 0
    for position, column in enumerate(columns):
        widest = max(cell_len(text) for text in (column.name, *(row[position] for row in rows)))
        needed += (widest if column.whole else min(widest, SQUEEZED_CELLS)) + _BETWEEN_CELLS
    return needed


def _blocks(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = []
    for row in rows:
        lines += [f"{column.name}: {text}" for column, text in zip(columns, row, strict=True)]
        lines.append("")
    return lines[:-1]


def _table(out: "Console", columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    from rich import box  # noqa: PLC0415 - completion answers without it
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column.name,
            justify="right" if column.right else "left",
            no_wrap=column.whole,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*row)
    with out.capture() as drawn:
        out.print(table)
    # Rich fills every row up with spaces: a pipe has no use for them, nor for the blank rim.
    shown = [line.rstrip() for line in drawn.get().strip("\n").splitlines()]
    return [line for line in shown if line]


def write_listing(
    listed: Sequence[Document],
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    json_: bool,
    none: str,
) -> None:
    """The same list for programs or for people; ``none`` is said when it is empty."""
    if json_:
        write_items(listed)
    elif listed:
        write_table(columns, rows)
    else:
        say(none)


def write_rows(
    format_: Format,
    head: Document,
    rows: Iterable[Document],
    *,
    columns: Sequence[Column],
    table_rows_max: int,
    foot: Document | None = None,
    output: Path | None = None,
) -> None:
    """Any number of rows without holding them: but for tables they are written as they come.

    ``head`` and ``foot`` are further members of the JSON object. Texts from outside are guarded in
    CSV. A table shows the first ``table_rows_max`` rows. ``output``: a file instead of stdout; it
    is there whole, or not at all.
    """
    pending = iter(rows)
    first = list(islice(pending, 1))  # a refusal comes before the first byte is written
    following = chain(first, pending)
    names = [column.name for column in columns]
    if format_ is Format.JSON:
        with written_to(output) as out:
            _stream_json(out, head, following, foot or {})
    elif format_ is Format.CSV:
        with written_to(output) as out:
            _stream_csv(out, following, names)
    elif format_ is Format.NDJSON:
        with written_to(output) as out:
            for row in following:
                out.write(json.dumps(row) + "\n")
    elif format_ is Format.PARQUET:
        with written_to(output) as out:
            _stream_parquet(out, following, names)
    else:
        shown = list(islice(following, table_rows_max))
        write_table(columns, ([row[column.name] for column in columns] for row in shown))
        if next(following, None) is not None:
            say(f"Only the first {len(shown)} rows are shown: ask for --limit, or --format csv.")


@contextmanager
def written_to(output: Path | None) -> Iterator[TextIO]:
    """stdout, or a file that takes its name once it is whole."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    unfinished = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(output)
    except OSError as error:
        raise CorrectRequest(
            f"{output} cannot be written ({error.strerror}): name another file with --output.",
            code="output-unwritable",
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _stream_json(out: TextIO, head: Document, rows: Iterator[Document], foot: Document) -> None:
    write = out.write
    write("{")
    for name, value in head.items():
        write(f"{json.dumps(name)}: {json.dumps(value)},\n")
    write('"items": [')
    separator = "\n"
    cut: Failure | None = None
    try:
        for row in rows:
            write(separator + json.dumps(row))
            separator = ",\n"
    except Failure as failure:
        cut = failure
    write("\n]")
    for name, value in ({"error": failure_document(cut)} if cut is not None else foot).items():
        write(f",\n{json.dumps(name)}: {json.dumps(value)}")
    write("}\n")
    out.flush()
    if cut is not None:
        raise CutShort(cut)


def _stream_csv(out: TextIO, rows: Iterator[Document], names: Sequence[str]) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([row[name] if name in OURS else harmless(row[name]) for name in names])


def _stream_parquet(out: TextIO, rows: Iterator[Document], names: Sequence[str]) -> None:
    from interfaces.parquet import as_parquet  # noqa: PLC0415 - its library is large

    out.flush()
    for part in as_parquet(names, rows, lambda row, name: row[name]):
        out.buffer.write(part)

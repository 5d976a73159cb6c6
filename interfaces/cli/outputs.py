"""Where and how a report is written: formats and files."""

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from interfaces.cli.output import Format

OutputFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output", dir_okay=False, metavar="FILE", help="Write it there instead of to stdout."
    ),
]


def asked(format_: Format, output: Path | None, *, json_: bool) -> Format:
    """The format that was asked for. Refused: a table into a file, Parquet onto a terminal."""
    if json_:
        return Format.JSON
    if output is not None and format_ is Format.TABLE:
        raise typer.BadParameter(
            "a table is for reading: add --format json, csv, ndjson or parquet",
            param_hint="--output",
        )
    if output is None and format_ is Format.PARQUET and sys.stdout.isatty():
        raise typer.BadParameter(
            "Parquet is no text: name a file with --output, or pipe it", param_hint="--format"
        )
    return format_

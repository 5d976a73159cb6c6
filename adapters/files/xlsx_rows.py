"""Rows of a worksheet, streaming. Formulas are never evaluated: what they were worth when the
workbook was saved is read, and nothing else in the workbook is.
"""

import datetime as dt
import math
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import openpyxl
from defusedxml import DefusedXmlException
from lxml.etree import LxmlError
from openpyxl.utils.exceptions import InvalidFileException

from adapters.files.archives import DAMAGED, opened_zip
from adapters.files.csv_rows import COLUMNS_MAX, Cell, Row
from core.domain.failures import CorrectRequest, NotUnderstood
from core.domain.file_import import Rejected
from core.ports.files import LINE_BYTES_MAX

SHARED_STRINGS: Final = "xl/sharedStrings.xml"
SHARED_STRINGS_BYTES_MAX: Final = 48 * 1024 * 1024
"""They are held in memory while the sheet is read."""
OTHER_MEMBER_BYTES_MAX: Final = 32 * 1024 * 1024
SHEETS_FOLDER: Final = "xl/worksheets/"
DOCTYPE_WITHIN_BYTES: Final = 262_144
"""Behind that the parsers refuse it themselves; this only gives the same answer for all."""

SHEET_ROWS_MAX: Final = 1_048_576
"""The format's own limit."""

SIGNIFICANT_DIGITS: Final = 15
"""A spreadsheet's numbers are binary fractions; so many decimal digits of them are meant."""

_BROKEN: Final = (
    *DAMAGED,
    InvalidFileException,
    LxmlError,
    SyntaxError,  # what xml.etree raises for XML that is not well-formed
    TypeError,
    AttributeError,
    AssertionError,
)
"""What openpyxl raises on workbooks that are not what they say, as far as fuzzing found."""


@contextmanager
def opened_workbook(path: Path) -> Iterator[Any]:
    """The workbook, read-only. NotUnderstood for what is none, or might blow up."""
    _require_small(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions nobody asked for
            # An open file: of a path openpyxl judges the ending, and stored files have none.
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            with closing(book):
                yield book
    except DefusedXmlException as error:
        raise NotUnderstood(
            "The workbook defines entities, as no spreadsheet program does: it was not read.",
            code="dtd-refused",
        ) from error
    except _BROKEN as error:
        raise NotUnderstood(
            "The workbook is damaged or no XLSX: save it again as XLSX, or as CSV.",
            detail=type(error).__name__,
            code="malformed",
        ) from error


def _require_small(path: Path) -> None:
    with opened_zip(path) as archive:
        for member in archive.infolist():
            most = None
            if member.filename == SHARED_STRINGS:
                most = SHARED_STRINGS_BYTES_MAX
            elif not member.filename.startswith(SHEETS_FOLDER):
                most = OTHER_MEMBER_BYTES_MAX
            if most is not None and member.file_size > most:
                raise NotUnderstood(
                    "The workbook holds too much text to be read as one: save the sheet as CSV.",
                    code="too-large",
                )
            if member.filename.endswith((".xml", ".rels")):
                with archive.open(member) as packed:
                    head = packed.read(DOCTYPE_WITHIN_BYTES)
                if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                    raise NotUnderstood(
                        "The workbook defines entities, as no spreadsheet program does: it was "
                        "not read.",
                        code="dtd-refused",
                    )


def sheet_names(path: Path) -> list[str]:
    with opened_workbook(path) as book:
        return [str(name) for name in book.sheetnames]


def xlsx_rows(path: Path, sheet: str | None) -> Iterator[Row | Rejected]:
    """Every row that holds anything, with its number. ``sheet`` None: the first."""
    with opened_workbook(path) as book:
        names = [str(name) for name in book.sheetnames]
        if not names:
            return
        name = sheet if sheet is not None else names[0]
        if name not in names:
            raise CorrectRequest(
                f"There is no sheet {name[:60]!r}: there are {', '.join(names[:20])}.",
                code="bad-mapping",
                setting="sheet",
            )
        worksheet = book[name]
        if not hasattr(worksheet, "reset_dimensions"):
            return  # a chart
        worksheet.reset_dimensions()  # what a sheet says of its size may be wrong
        rows = worksheet.iter_rows(values_only=True)
        for number, values in enumerate(rows, start=1):
            if number > SHEET_ROWS_MAX:
                raise NotUnderstood(
                    "The sheet claims more rows than a workbook can have: save it as CSV.",
                    code="malformed",
                )
            cells = [_cell(value) for value in values[:COLUMNS_MAX]]
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield number, cells


def _cell(value: object) -> Cell:
    match value:
        case None | bool():
            return None
        case float():
            return Decimal(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
        case dt.datetime():
            return value.date()
        case int() | dt.date():
            return value
        case _:
            return str(value)[:LINE_BYTES_MAX] or None

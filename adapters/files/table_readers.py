"""The readers of tables: delimited text and workbooks."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from adapters.files.archives import ZIP_MAGIC
from adapters.files.csv_rows import Chunk, Row, chunks_of, csv_chunks, csv_rows
from adapters.files.detecting import (
    AMBIGUOUS_DATE,
    AMBIGUOUS_DECIMAL,
    SAMPLE_ROWS,
    missing_columns,
    proposal,
    quote_of,
    require_readable,
    separator_of,
    settled,
    undecided_rows,
)
from adapters.files.table_parts import TableParts
from adapters.files.text_lines import encoding_of, known_encoding, line_blocks
from adapters.files.words import REFUSED_STARTS
from core.domain.failures import CorrectRequest, NotUnderstood
from core.domain.file_import import (
    ColumnMapping,
    DateOrder,
    FileFormat,
    Look,
    Rejected,
    Remark,
    Weight,
)
from core.ports.files import Part

SAMPLE_SHOWN: Final = 20
SAMPLE_CELL_CHARACTERS_MAX: Final = 120
SAMPLE_COLUMNS_MAX: Final = 60
DIALECT_LINES: Final = 100
MISSING_COLUMN: Final = "missing-column"

_SEPARATOR_NAMES: Final = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}
_UNDECIDED: Final = frozenset({AMBIGUOUS_DATE.code, AMBIGUOUS_DECIMAL.code})

Rows = Callable[[ColumnMapping], Iterator[Row | Rejected]]


def _only_rows(rows: Iterable[Row | Rejected]) -> Iterator[Row]:
    return (row for row in rows if not isinstance(row, Rejected))


def _looked(
    rows_of: Rows, base: ColumnMapping, mapping: ColumnMapping | None
) -> tuple[ColumnMapping, tuple[str, ...], list[Row], list[Remark]]:
    """(mapping, header words, first rows, remarks), detected as far as ``mapping`` leaves open."""
    rows = list(islice(_only_rows(rows_of(mapping or base)), SAMPLE_ROWS))
    if mapping is not None:
        words = next((cells for number, cells in rows if number == mapping.header_row), ())
        remarks: list[Remark] = []
        if mapping.date_order is DateOrder.UNDECIDED:
            remarks.append(AMBIGUOUS_DATE)
        remarks += missing_columns(mapping)
        return mapping, tuple(map(_shown, words)), rows, remarks
    found, header = proposal(rows, base)
    found, open_ = settled(rows, found)
    if {one.code for one in open_} & _UNDECIDED and len(rows) == SAMPLE_ROWS:
        found, open_ = settled(undecided_rows(_only_rows(rows_of(base)), found, open_), found)
    remarks = [*missing_columns(found), *open_]
    if header.preset is not None and header.preset.refusal:
        raise NotUnderstood(header.preset.refusal, code="no-general-ledger")
    if found.preset:
        remarks.append(
            Remark(
                weight=Weight.INFO, code="preset", sentence=f"Recognised as {found.preset} export."
            )
        )
    return found, header.words, rows, remarks


def _look(
    format_: FileFormat, label: str, rows_of: Rows, base: ColumnMapping, given: ColumnMapping | None
) -> Look:
    mapping, words, rows, remarks = _looked(rows_of, base, given)
    width = max((len(cells) for _, cells in rows), default=0)
    columns = tuple(
        words[at] if at < len(words) and words[at] else f"column {at + 1}"
        for at in range(min(max(width, len(words)), SAMPLE_COLUMNS_MAX))
    )
    shown = [row for row in rows if row[0] > mapping.header_row][:SAMPLE_SHOWN]
    return Look(
        format=format_,
        label=label,
        mapping=mapping,
        columns=tuple(word[:SAMPLE_CELL_CHARACTERS_MAX] for word in columns),
        sample=tuple(
            (number, tuple(_shown(cell) for cell in cells[:SAMPLE_COLUMNS_MAX]))
            for number, cells in shown
        ),
        remarks=tuple(remarks),
    )


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell)[:SAMPLE_CELL_CHARACTERS_MAX]


def _read(chunks: Callable[[ColumnMapping], Iterator[Chunk]], look: Look) -> Iterator[Part]:
    mapping = look.mapping
    if mapping is None:
        raise CorrectRequest("Say what the columns mean first.", code="bad-mapping")
    require_readable(mapping)
    yield from look.remarks
    if any(one.code == MISSING_COLUMN for one in look.remarks):
        return
    yield from TableParts(mapping).run(chunks(mapping))


@frozen
class CsvReader:
    """Implements core.ports.files.FileReader for delimited text. The last to be asked."""

    format: FileFormat = FileFormat.CSV

    def sniff(self, head: bytes, name: str) -> str | None:  # noqa: ARG002 - by content
        if not head.strip(b"\0 \t\r\n"):
            return None
        for start, sentence in REFUSED_STARTS:
            if head.removeprefix(b"\xef\xbb\xbf").lstrip(b'"').startswith(start):
                raise NotUnderstood(sentence, code="no-general-ledger")
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if text.startswith((b"<", ZIP_MAGIC, b"%PDF", b"\xd0\xcf\x11\xe0", b"{", b"SQLite")):
            return None
        controls = sum(head.count(bytes([byte])) for byte in range(1, 9))
        return None if controls > len(head) / 100 else "delimited text"

    def look(self, path: Path, name: str, mapping: ColumnMapping | None = None) -> Look:  # noqa: ARG002
        encoding, certain = encoding_of(path)
        if mapping is not None:
            require_readable(mapping)
            known_encoding(mapping.encoding)
            base = mapping
        else:
            lines: list[str] = []
            for block in line_blocks(path, encoding):
                lines += block[: DIALECT_LINES - len(lines)]
                if len(lines) >= DIALECT_LINES:
                    break
            quote = quote_of(lines)
            base = ColumnMapping(
                columns={},
                encoding=encoding,
                separator=separator_of(lines, quote),
                quote=quote,
                header_row=0,
            )
        label = f"CSV, {_SEPARATOR_NAMES.get(base.separator, base.separator)}, {base.encoding}"
        found = _look(self.format, label, self._rows(path), base, mapping)
        if certain or mapping is not None:
            return found
        guessed = Remark(
            weight=Weight.INFO,
            code="encoding-guessed",
            sentence=f"The file is not UTF-8; its letters are read as {encoding}.",
        )
        return attrs.evolve(found, remarks=(*found.remarks, guessed))

    def read(self, path: Path, look: Look) -> Iterator[Part]:
        return _read(lambda mapping: csv_chunks(path, mapping), look)

    def _rows(self, path: Path) -> Rows:
        return lambda mapping: csv_rows(path, mapping)


@frozen
class XlsxReader:
    """Implements core.ports.files.FileReader for workbooks."""

    format: FileFormat = FileFormat.XLSX

    def sniff(self, head: bytes, name: str) -> str | None:  # noqa: ARG002 - by content
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            raise NotUnderstood(
                "This is a workbook of the old kind (XLS), or one with a password: save it as "
                "XLSX without a password.",
                code="unknown-format",
            )
        return "workbook (XLSX)" if head.startswith(ZIP_MAGIC) else None

    def look(self, path: Path, name: str, mapping: ColumnMapping | None = None) -> Look:  # noqa: ARG002
        if mapping is not None:
            require_readable(mapping)
        base = mapping or ColumnMapping(columns={}, header_row=0)
        return _look(self.format, "Workbook (XLSX)", self._rows(path), base, mapping)

    def read(self, path: Path, look: Look) -> Iterator[Part]:
        rows = self._rows(path)
        return _read(lambda mapping: chunks_of(rows(mapping)), look)

    def _rows(self, path: Path) -> Rows:
        from adapters.files.xlsx_rows import xlsx_rows  # noqa: PLC0415 - its library loads slowly

        return lambda mapping: xlsx_rows(path, mapping.sheet)

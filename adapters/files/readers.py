"""Every reader there is, asked in turn. A new format is a line here."""

from pathlib import Path
from typing import Final

from adapters.files.audit_readers import SAFT_READER, XAF_READER
from adapters.files.table_readers import CsvReader, XlsxReader
from core.domain.failures import NotUnderstood
from core.domain.file_import import FileFormat
from core.ports.files import HEAD_BYTES, FileReader

READERS: Final[tuple[FileReader, ...]] = (XlsxReader(), XAF_READER, SAFT_READER, CsvReader())
"""In the order they are asked; delimited text last, because nearly everything could be that."""


class AllReaders:
    """Implements core.ports.files.Readers."""

    def reader_of(self, format_: FileFormat) -> FileReader:
        for reader in READERS:
            if reader.format is format_:
                return reader
        raise NotUnderstood(
            f"{format_.value} is not read by this version of Monitr: install a newer one.",
            code="unknown-format",
        )

    def recognise(self, path: Path, name: str) -> FileReader:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        for reader in READERS:
            if reader.sniff(head, name) is not None:
                return reader
        raise NotUnderstood(
            "This file is of no kind that can be read: export an audit file (XAF, SAF-T), or a "
            "table as CSV or XLSX."
            if head
            else "The file is empty: export it again.",
            code="unknown-format",
        )

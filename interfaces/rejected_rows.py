"""Rejected rows of an uploaded file as CSV: to be corrected in a spreadsheet, so no cell of it may
act there.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from core.domain.file_import import Rejected
from interfaces.spreadsheets import harmless

COLUMNS: Final = ("line", "reason", "row")
ROWS_PER_PART: Final = 1_000


def as_csv(rows: Iterable[Rejected]) -> Iterator[str]:
    """The table in parts, header first; constant memory."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for count, row in enumerate(rows, start=1):
        writer.writerow((row.line, harmless(row.reason), harmless(row.text)))
        if count % ROWS_PER_PART == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()

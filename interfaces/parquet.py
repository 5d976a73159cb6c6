"""Parquet, written row group by row group: memory is that of one group, however many rows come.

Amounts are exact decimals (four places), never floating point. The library is large: it is imported
when the first file is written.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from interfaces.report_rows import AMOUNTS, DAYS, TRUTHS, WHOLE_NUMBERS

ROWS_PER_GROUP: Final = 16_384
AMOUNT_DIGITS: Final = 38
"""Room for sums over any number of 64-bit amounts."""
AMOUNT_PLACES: Final = 4

Read = Callable[[Any, str], object]
"""How a row's column is read: by attribute or by key."""


class _Drain:
    """A file that gives away what was written since it was last asked."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        part = bytes(data)
        self._parts.append(part)
        return len(part)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def as_parquet(columns: Sequence[str], rows: Iterable[object], read: Read) -> Iterator[bytes]:
    """The file in parts. A failure of ``rows`` leaves it without its end: it cannot be opened."""
    import pyarrow as pa  # noqa: PLC0415 - see the module
    from pyarrow import parquet  # noqa: PLC0415

    schema = pa.schema([(name, _type(pa, name)) for name in columns])
    drain = _Drain()
    pending = iter(rows)
    writer = parquet.ParquetWriter(pa.PythonFile(drain, mode="w"), schema)
    whole = False
    try:
        while True:  # ends: rows do
            group = list(islice(pending, ROWS_PER_GROUP))
            if not group:
                break
            arrays = [
                pa.array([_cell(name, read(row, name)) for row in group], schema.field(name).type)
                for name in columns
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            yield drain.taken()
        whole = True
    finally:
        # Closing writes the end of the file: into nowhere when the rows were cut short.
        writer.close()
        if not whole:
            drain.taken()
    yield drain.taken()


def _type(pa: Any, name: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    if name in AMOUNTS:
        return pa.decimal128(AMOUNT_DIGITS, AMOUNT_PLACES)
    if name in WHOLE_NUMBERS:
        return pa.int64()
    if name in DAYS:
        return pa.date32()
    return pa.bool_() if name in TRUTHS else pa.string()


def _cell(name: str, value: object) -> object:
    if value is None:
        return None
    if name in AMOUNTS:
        return Decimal(str(value))
    if name in DAYS and isinstance(value, str):
        return dt.date.fromisoformat(value)
    return value

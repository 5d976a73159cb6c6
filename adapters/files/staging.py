"""The staged form of a file: what was read of it, written down once, to be imported from.

``postings`` is a sequence of frames (length, then packed MessagePack): reading can begin at any of
them; ``masters``, ``totals`` and ``rejected`` are documents beside it. Checks that need the
whole file (does every entry balance, what are the sums) are made while it is written.
"""

import datetime as dt
import struct
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate, compress, islice
from operator import attrgetter, ne
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from attrs import define, field, frozen

from core.domain.books import (
    Contact,
    Invoice,
    Journal,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    TaxCode,
)
from core.domain.failures import CorrectRequest, FixSettings, NotUnderstood
from core.domain.file_import import (
    REJECTED_KEPT_MAX,
    REMARKS_MAX,
    Declared,
    Look,
    Rejected,
    Remark,
    StagedTotals,
    Summary,
)
from core.domain.proof import Cell
from core.ports.files import MASTERS_MAX, POSTINGS_LINES_MAX, ROWS_MAX, Masters, Part, Postings

POSTINGS_FILE: Final = "postings"
MASTERS_FILE: Final = "masters"
TOTALS_FILE: Final = "totals"
REJECTED_FILE: Final = "rejected"

HEADER: Final = struct.Struct("<I")
PACKING: Final = 1
"""zlib's quickest: a staged form is then smaller than the file it was read from."""

FRAMES_WAITING_MAX: Final = 4
"""Half a megabyte each."""

SUM_E4_MAX: Final = 2**61
"""What no sum may exceed, so that every balance fits into 64 bits."""

OPEN_ENTRIES_MAX: Final = 500_000
"""Entries whose lines do not add up to zero yet. Beyond it the import tells, not the preview."""


_AMOUNT: Final = attrgetter("amount_e4")
_CELL: Final = attrgetter("account_key", "year", "period")
_ENTRY: Final = attrgetter("entry_key")


class _Frame(msgspec.Struct, array_like=True):
    entries: list[JournalEntry]
    lines: list[JournalLine]
    invoices: list[Invoice]
    opening: bool


class _Masters(msgspec.Struct):
    accounts: list[LedgerAccount] = []
    journals: list[Journal] = []
    contacts: list[Contact] = []
    tax_codes: list[TaxCode] = []


class _Totals(msgspec.Struct):
    """Rows of (account key, year, period, amount in 1/10,000)."""

    postings: list[tuple[str, int, int, int]] = []
    opening: list[tuple[str, int, int, int]] = []


_LISTS: Final[dict[type, str]] = {
    LedgerAccount: "accounts",
    Journal: "journals",
    Contact: "contacts",
    TaxCode: "tax_codes",
}

Master = LedgerAccount | Journal | Contact | TaxCode


@define
class Tally:
    """What is counted while a file is staged."""

    look: Look
    entries: int = 0
    lines: int = 0
    invoices: int = 0
    debit_e4: int = 0
    credit_e4: int = 0
    rejected: int = 0
    first: dt.date | None = None
    last_day: dt.date | None = None
    declared: Declared = field(factory=Declared)
    remarks: list[Remark] = field(factory=list)
    masters: dict[type, dict[str, Master]] = field(factory=lambda: {kind: {} for kind in _LISTS})
    cells: tuple[dict[tuple[str, int, int], int], ...] = field(factory=lambda: ({}, {}))
    open_entries: dict[str, int] | None = field(factory=dict)
    """Sums of entries that are not zero; None once there were too many to keep."""
    last_entry: str = ""

    def postings(self, found: Postings) -> None:
        if len(found.lines) > POSTINGS_LINES_MAX:
            raise AssertionError("a part is one short transaction")
        self.lines += len(found.lines)
        if self.lines > ROWS_MAX:
            raise NotUnderstood(
                f"The file holds more than {ROWS_MAX:,} lines: export it a year at a time.",
                code="too-large",
            )
        self.invoices += len(found.invoices)
        if found.entries:
            dates = {entry.date for entry in found.entries}
            if self.first is not None and self.last_day is not None:
                dates |= {self.first, self.last_day}
            self.first, self.last_day = min(dates), max(dates)
        new = found.new_entries
        if new is None and found.entries:
            new = len(found.entries) - (found.entries[0].key == self.last_entry)
            self.last_entry = found.entries[-1].key
        self.entries += new or 0
        self._lines(found.lines, self.cells[found.opening])

    def _lines(self, lines: Sequence[JournalLine], cells: dict[tuple[str, int, int], int]) -> None:
        if not lines:
            return
        amounts_e4 = list(map(_AMOUNT, lines))
        for cell, amount_e4 in zip(map(_CELL, lines), amounts_e4, strict=True):
            cells[cell] = cells.get(cell, 0) + amount_e4
        net_e4, size_e4 = sum(amounts_e4), sum(map(abs, amounts_e4))
        self.debit_e4 += (size_e4 + net_e4) // 2
        self.credit_e4 += (size_e4 - net_e4) // 2
        entries = list(map(_ENTRY, lines))
        ends = [*compress(range(1, len(entries)), map(ne, entries[1:], entries)), len(entries)]
        before_e4 = 0
        reached_e4 = list(accumulate(amounts_e4))
        for end in ends:
            now_e4 = reached_e4[end - 1]
            if now_e4 != before_e4 or self.open_entries:
                self._entry_sum(entries[end - 1], now_e4 - before_e4)
                before_e4 = now_e4
        if max(self.debit_e4, self.credit_e4) > SUM_E4_MAX:
            raise CorrectRequest(
                "The amounts of this file add up to more than can be true: choose the decimal "
                "sign and the amount column.",
                code="amounts-too-large",
                setting="decimal",
            )

    def _entry_sum(self, key: str, sum_e4: int) -> None:
        """Lines of an entry that stand together add up to this."""
        open_entries = self.open_entries
        if open_entries is None or not (sum_e4 or open_entries):
            return
        left_e4 = open_entries.pop(key, 0) + sum_e4
        if left_e4:
            open_entries[key] = left_e4
            if len(open_entries) > OPEN_ENTRIES_MAX:
                self.open_entries = None

    def master(self, record: Master) -> None:
        kind = type(record)
        held = self.masters[kind]
        held[record.key] = record
        if len(held) > MASTERS_MAX:
            raise CorrectRequest(
                f"The file holds more than {MASTERS_MAX:,} different {_LISTS[kind]}: is the right "
                "column named as that?",
                code="too-many-masters",
            )

    def remark(self, found: Remark) -> None:
        if len(self.remarks) < REMARKS_MAX and found not in self.remarks:
            self.remarks.append(found)

    def summary(self) -> Summary:
        first, last_day = self._covers()
        return Summary(
            entries=self.entries,
            lines=self.lines,
            accounts=len(self.masters[LedgerAccount]),
            journals=len(self.masters[Journal]),
            contacts=len(self.masters[Contact]),
            invoices=self.invoices,
            debit_e4=self.debit_e4,
            credit_e4=self.credit_e4,
            unbalanced=len(self.open_entries or ()),
            rejected=self.rejected,
            first=first,
            last_day=last_day,
            declared=self.declared,
            remarks=tuple(self.remarks),
        )

    def _covers(self) -> tuple[dt.date | None, dt.date | None]:
        """The days replaced: what the file or the operator says, and at least its own entries."""
        if self.first is None or self.last_day is None:
            return None, None
        declared, look = self.declared, self.look
        if look.covers_first is not None and look.covers_last is not None:
            if self.first < look.covers_first or self.last_day > look.covers_last:
                raise CorrectRequest(
                    f"The file has entries from {self.first} to {self.last_day}, outside "
                    f"{look.covers_first} to {look.covers_last}: say what it covers.",
                    code="outside-range",
                    setting="covers",
                )
            return look.covers_first, look.covers_last
        return (
            min(self.first, declared.first or self.first),
            max(self.last_day, declared.last_day or self.last_day),
        )


@define
class _Frames:
    """Writes frames in the order they are given; another thread packs them meanwhile.

    Packing leaves Python to others, so that with two processors it takes no time of the reading.
    """

    file: BinaryIO
    packer: Executor
    waiting: deque[Future[bytes]] = field(factory=deque)

    def add(self, frame: bytes) -> None:
        self.waiting.append(self.packer.submit(zlib.compress, frame, PACKING))
        if len(self.waiting) > FRAMES_WAITING_MAX:
            self._write()

    def end(self) -> None:
        while self.waiting:
            self._write()

    def _write(self) -> None:
        packed = self.waiting.popleft().result()
        self.file.write(HEADER.pack(len(packed)))
        self.file.write(packed)


def stage(parts: Iterator[Part], look: Look, folder: Path) -> Summary:
    """Write the staged form of these parts into an empty folder."""
    tally = Tally(look)
    encoder = msgspec.msgpack.Encoder()
    with (
        (folder / POSTINGS_FILE).open("xb") as file,
        (folder / REJECTED_FILE).open("xb") as out,
        ThreadPoolExecutor(1, "monitr-pack") as packer,
    ):
        frames = _Frames(file, packer)
        for part in parts:
            match part:
                case Postings():
                    tally.postings(part)
                    frame = _Frame(
                        list(part.entries), list(part.lines), list(part.invoices), part.opening
                    )
                    frames.add(encoder.encode(frame))
                case Masters():
                    for record in part.records:
                        tally.master(record)
                case Rejected():
                    tally.rejected += 1
                    if tally.rejected <= REJECTED_KEPT_MAX:
                        out.write(msgspec.json.encode(part) + b"\n")
                case Remark():
                    tally.remark(part)
                case Declared():
                    tally.declared = part
        frames.end()
    masters = {
        name: [held for _, held in sorted(tally.masters[kind].items())]
        for kind, name in _LISTS.items()
    }
    (folder / MASTERS_FILE).write_bytes(encoder.encode(masters))
    totals = _Totals(
        *([(*cell, sum_e4) for cell, sum_e4 in cells.items()] for cells in tally.cells)
    )
    (folder / TOTALS_FILE).write_bytes(encoder.encode(totals))
    return tally.summary()


@frozen
class StagedFolder:
    """Implements core.ports.files.Staged over a folder that ``stage`` wrote."""

    folder: Path

    def postings(self, offset: int = 0) -> Iterator[tuple[Postings, int]]:
        decoder = msgspec.msgpack.Decoder(_Frame)
        with _whole(), (self.folder / POSTINGS_FILE).open("rb") as frames:
            frames.seek(offset)
            while header := frames.read(HEADER.size):
                (size,) = HEADER.unpack(header)
                frame = decoder.decode(zlib.decompress(frames.read(size)))
                offset += HEADER.size + size
                yield (
                    Postings(
                        entries=frame.entries,
                        lines=frame.lines,
                        invoices=frame.invoices,
                        opening=frame.opening,
                    ),
                    offset,
                )

    def masters(self) -> Sequence[Master]:
        with _whole():
            content = (self.folder / MASTERS_FILE).read_bytes()
            held = msgspec.msgpack.decode(content, type=_Masters)
        return [*held.accounts, *held.journals, *held.contacts, *held.tax_codes]

    def totals(self) -> StagedTotals:
        with _whole():
            content = (self.folder / TOTALS_FILE).read_bytes()
            held = msgspec.msgpack.decode(content, type=_Totals)
        return StagedTotals(postings_e4=_cells(held.postings), opening_e4=_cells(held.opening))

    def rejected(self) -> Iterator[Rejected]:
        with (self.folder / REJECTED_FILE).open("rb") as rows:
            for row in islice(rows, REJECTED_KEPT_MAX):
                yield msgspec.json.decode(row, type=Rejected)


def _cells(rows: list[tuple[str, int, int, int]]) -> dict[Cell, int]:
    return {
        Cell(account_key=account, year=year, period=period): sum_e4
        for account, year, period, sum_e4 in rows
    }


@contextmanager
def _whole() -> Iterator[None]:
    """What cannot be read of it is the operator's to mend; failures of who reads it are not."""
    try:
        yield
    except (OSError, struct.error, zlib.error, msgspec.MsgspecError) as error:
        raise FixSettings(
            "The staged form of an uploaded file is damaged: upload the file again, then import.",
            detail=type(error).__name__,
            code="file-gone",
        ) from error

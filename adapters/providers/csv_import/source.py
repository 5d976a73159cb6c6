"""The source of an administration kept in files: pull brings the books in line with its uploads.

What the books should be is ``effective(uploads)``: for each day the newest upload that covers it.
A pull compares that with what the bookmark says is held, reads the spans that are not, and empties
days no upload speaks of any more. Undoing an upload therefore needs nothing of its own.
"""

import datetime as dt
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Final

import attrs
from attrs import define, frozen

from adapters.providers.csv_import.bookmark import Standing, standing_of
from core.domain.books import (
    BATCH_RECORDS_MAX,
    KIND_OF,
    Batch,
    Everything,
    JournalLine,
    Record,
    RecordKind,
    Window,
)
from core.domain.file_import import Span, Upload, effective
from core.domain.integration import Account, Administration
from core.domain.proof import Cell, ControlTotals
from core.ports.files import ConfirmedUploads, Postings, Staged
from core.ports.provider import Credentials, Health

COMPANIES: Final = "companies"
CURRENCY: Final = "currency"
MASTER_KINDS: Final = (
    RecordKind.ACCOUNT,
    RecordKind.JOURNAL,
    RecordKind.CONTACT,
    RecordKind.TAX_CODE,
)
MASTERS_PER_BATCH: Final = 5_000
UNKNOWN: Final = Span(first=dt.date.min, last_day=dt.date.max, upload_id="unknown")
"""What is held when nobody knows what is."""
assert MASTERS_PER_BATCH <= BATCH_RECORDS_MAX, "a batch is one short transaction"


def companies_of(fields: Mapping[str, str]) -> list[str]:
    """The names the operator gave, once each, in order."""
    names = (name.strip() for name in re.split(r"[;\n]", fields.get(COMPANIES, "")))
    return list(dict.fromkeys(name for name in names if name))


def key_of(name: str) -> str:
    """A company is known by its name, as written but for case and spaces."""
    return " ".join(name.casefold().split())


@define
class FileSource:
    """Implements core.ports.provider.Source; it makes no calls."""

    credentials: Credentials
    uploads: ConfirmedUploads
    calls: int = 0

    def health(self) -> Health:
        # The connection is the account: two of them may keep files of companies named alike.
        names = companies_of(self.credentials.fields)
        name = names[0] if len(names) == 1 else f"{len(names)} companies"
        return Health(account=Account(key=self.credentials.scope, name=f"Files of {name}"))

    def administrations(self) -> Sequence[Administration]:
        currency = self.credentials.fields[CURRENCY]
        by_key: dict[str, str] = {}
        for name in companies_of(self.credentials.fields):
            by_key.setdefault(key_of(name), name)
        return [
            Administration(key=key, name=name, currency=currency) for key, name in by_key.items()
        ]

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        uploads = tuple(self.uploads.active(self.credentials.scope, administration.key))
        yield from _Pull(self.uploads, uploads).batches(standing_of(bookmark))

    def control_totals(
        self,
        administration: Administration,
        *,
        whole: bool = False,  # noqa: ARG002 - costs nothing
    ) -> ControlTotals | None:
        """The sums of the staged files; None without any, because then nothing was said."""
        uploads = tuple(self.uploads.active(self.credentials.scope, administration.key))
        if not uploads:
            return None
        by_id = {upload.id: upload for upload in uploads}
        balances_e4: dict[Cell, int] = {}
        for span in effective(uploads):
            staged = self.uploads.shelf.staged(span.upload_id)
            for cell, sum_e4 in _cells(staged, span, by_id[span.upload_id]):
                balances_e4[cell] = balances_e4.get(cell, 0) + sum_e4
        return ControlTotals(balances_e4=balances_e4)

    def close(self) -> None:
        """Nothing is open between calls."""


@frozen
class _Pull:
    shelf: ConfirmedUploads
    uploads: tuple[Upload, ...]

    def batches(self, standing: Standing | None) -> Iterator[Batch]:
        target = effective(self.uploads)
        if standing is None:
            # From nothing, or from a bookmark of another version: every day may hold anything.
            standing = Standing(held=(UNKNOWN,), masters_of=(UNKNOWN.upload_id,))
        if standing.doing is not None and not _wanted(standing.doing, target, standing):
            standing = yield from self._emptied(standing, standing.doing)
        for span in target:
            if not any(held.holds(span) for held in standing.held):
                standing = yield from self._span(standing, span)
        for span in _left_over(standing.held, target):
            standing = yield from self._emptied(standing, span)
        order = tuple(upload.id for upload in self.uploads)
        if standing.masters_of != order:
            yield from self._masters(standing)
        held = _trimmed(standing.held, target)
        yield Batch(
            bookmark=attrs.evolve(standing, held=held, masters_of=order).text(),
            stage="files",
            last=True,
        )

    def _span(self, standing: Standing, span: Span) -> Generator[Batch, None, Standing]:
        """What one upload says about its days; yields batches, returns where it then stands."""
        offset = standing.offset if standing.doing == span else 0
        standing = attrs.evolve(standing.begun(span), offset=offset)
        upload = next(one for one in self.uploads if one.id == span.upload_id)
        whole = _is_whole(span, upload)
        for postings, after in self.shelf.shelf.staged(span.upload_id).postings(offset):
            standing = attrs.evolve(standing, offset=after)
            window = Window(
                first=span.first, last_day=span.last_day, begins=offset == 0, last=False
            )
            offset = after
            yield Batch(
                bookmark=standing.text(),
                records=_within(postings, span, whole=whole),
                coverage=(window,),
                stage=f"lines of {upload.name}",
                expected_lines=upload.summary.lines,
            )
        standing = standing.ended(span)
        yield Batch(
            bookmark=standing.text(),
            coverage=(Window(first=span.first, last_day=span.last_day, begins=offset == 0),),
            stage=f"lines of {upload.name}",
        )
        return standing

    def _emptied(self, standing: Standing, span: Span) -> Generator[Batch, None, Standing]:
        """No upload speaks of these days."""
        standing = standing.gone(span)
        window = Window(first=span.first, last_day=span.last_day, begins=True)
        yield Batch(bookmark=standing.text(), coverage=(window,), stage="days without a file")
        return standing

    def _masters(self, standing: Standing) -> Iterator[Batch]:
        """Accounts, journals, contacts and tax codes of all uploads; the newest names them."""
        by_kind: dict[RecordKind, dict[str, Record]] = {kind: {} for kind in MASTER_KINDS}
        for upload in self.uploads:
            for record in self.shelf.shelf.staged(upload.id).masters():
                by_kind[KIND_OF[type(record)]][record.key] = record
        for kind, records in by_kind.items():
            rows = list(records.values())
            starts = range(0, max(len(rows), 1), MASTERS_PER_BATCH)
            for start in starts:
                some = tuple(rows[start : start + MASTERS_PER_BATCH])
                last = start + MASTERS_PER_BATCH >= len(rows)
                yield Batch(
                    bookmark=standing.text(),
                    records=some,
                    coverage=(Everything(kind=kind, first=start == 0, last=last),),
                    stage=f"{kind.value}s",
                )


def _is_whole(span: Span, upload: Upload) -> bool:
    """Whether nothing of the file lies outside the span."""
    return (span.first, span.last_day) == (upload.summary.first, upload.summary.last_day)


def _wanted(doing: Span, target: tuple[Span, ...], standing: Standing) -> bool:
    return doing in target and not any(held.holds(doing) for held in standing.held)


def _left_over(held: tuple[Span, ...], target: tuple[Span, ...]) -> tuple[Span, ...]:
    """Days that are held and no upload speaks of."""
    left = held
    for span in target:
        left = tuple(rest for one in left for rest in one.without(span))
    return left


def _trimmed(held: tuple[Span, ...], target: tuple[Span, ...]) -> tuple[Span, ...]:
    """``held`` said in the target's words: the same, with spans cut where uploads overlap."""
    assert all(any(one.holds(span) for one in held) for span in target), "a pull ends when all is"
    return target


def _within(postings: Postings, span: Span, *, whole: bool) -> tuple[Record, ...]:
    """The records of the span's days."""
    if postings.opening and not span.opening:
        return ()
    if whole:
        return (*postings.entries, *postings.lines, *postings.invoices)
    entries = [one for one in postings.entries if span.first <= one.date <= span.last_day]
    keys = {one.key for one in entries}
    return (
        *entries,
        *(one for one in postings.lines if one.entry_key in keys),
        *(one for one in postings.invoices if one.entry_key is None or one.entry_key in keys),
    )


def _cells(staged: Staged, span: Span, upload: Upload) -> Iterator[tuple[Cell, int]]:
    """Balances of what the span takes from its file."""
    if _is_whole(span, upload):
        totals = staged.totals()
        yield from totals.postings_e4.items()
        if span.opening:
            yield from totals.opening_e4.items()
        return
    for postings, _ in staged.postings():
        for record in _within(postings, span, whole=False):
            if isinstance(record, JournalLine):
                cell = Cell(account_key=record.account_key, year=record.year, period=record.period)
                yield cell, record.amount_e4

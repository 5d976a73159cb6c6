"""A pull: stage after stage, page after page, each page one batch with the bookmark after it.

A first pull reads everything, book year by book year. Later ones ask for what changed since shortly
before the last one began; rows marked as deleted are among it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from attrs import define, field, frozen

from adapters.providers.horus import rows
from adapters.providers.horus.bookmark import Bookmark, Mode, Stage
from adapters.providers.horus.contract import Contract, Resource
from adapters.providers.horus.reader import PAGES_MAX, Page, Reader
from adapters.providers.kit.loose import Loose
from core.domain.books import (
    Batch,
    Coverage,
    Delta,
    Everything,
    JournalEntry,
    Record,
    RecordKind,
)
from core.domain.integration import Administration

RECORDS_PER_BATCH: Final = 10_000
"""A page of entries with very many lines is several batches; one that was left in the middle is
asked for once more."""

_LEDGER_KINDS: Final = (RecordKind.ENTRY, RecordKind.LINE)


@frozen(kw_only=True)
class _List:
    """A plain list: where it is, what its rows become, whether it can be asked for changes."""

    resource: Callable[[Contract], Resource]
    kind: RecordKind
    record: Callable[[Loose], Record]
    has_changes: bool


_LISTS: Final[Mapping[Stage, _List]] = {
    Stage.ACCOUNTS: _List(
        resource=lambda contract: contract.accounts,
        kind=RecordKind.ACCOUNT,
        record=rows.ledger_account,
        has_changes=True,
    ),
    Stage.JOURNALS: _List(
        resource=lambda contract: contract.journals,
        kind=RecordKind.JOURNAL,
        record=rows.journal,
        has_changes=False,
    ),
    Stage.VAT_CODES: _List(
        resource=lambda contract: contract.vat_codes,
        kind=RecordKind.TAX_CODE,
        record=rows.tax_code,
        has_changes=False,
    ),
    Stage.COMPANIES: _List(
        resource=lambda contract: contract.companies,
        kind=RecordKind.CONTACT,
        record=rows.contact,
        has_changes=True,
    ),
    Stage.INVOICES: _List(
        resource=lambda contract: contract.invoices,
        kind=RecordKind.INVOICE,
        record=rows.invoice,
        has_changes=True,
    ),
}


@define
class _Read:
    """What a page of entries becomes."""

    records: list[Record] = field(factory=list)
    deleted: set[tuple[RecordKind, str]] = field(factory=set)
    years: set[int] = field(factory=set)


@define
class Pull:
    """One pull of one folder; ``at`` moves on with each batch."""

    reader: Reader
    administration: Administration
    at: Bookmark

    def batches(self) -> Iterator[Batch]:
        for _ in range(PAGES_MAX):
            if self.at.stage is Stage.BOOK_YEARS:
                yield self._book_years()
            elif self.at.stage is Stage.ENTRIES:
                yield from self._entries()
            else:
                yield self._listed(_LISTS[self.at.stage])
            if self.at.stage is Stage.DONE:
                return

    @property
    def _folder(self) -> str:
        return self.administration.key

    @property
    def _contract(self) -> Contract:
        return self.reader.contract

    @property
    def _is_whole(self) -> bool:
        return self.at.mode is Mode.WHOLE

    def _since(self) -> dict[str, str]:
        moment = datetime.fromtimestamp(self.at.since, tz=UTC)
        return {self._contract.query.modified_since: f"{moment:%Y-%m-%dT%H:%M:%SZ}"}

    # -- plain lists -------------------------------------------------------------------------------

    def _book_years(self) -> Batch:
        at = self.at
        page = self.reader.page(self._contract.book_years, self._folder, begin=at.page)
        kept = () if at.page is None else at.years
        years = sorted((*kept, *_years(page.rows)), key=lambda year: year[2])
        at = msgspec.structs.replace(
            self._turned(page.following),
            years=tuple(years),
            queue=tuple(year[0] for year in years) if self._is_whole else (),
        )
        return self._batch((), (Delta(),), at)

    def _listed(self, listed: _List) -> Batch:
        at, resource = self.at, listed.resource(self._contract)
        is_delta = listed.has_changes and not self._is_whole
        query = self._since() if is_delta else {}
        page = self.reader.page(resource, self._folder, begin=at.page, query=query)
        alive = [row for row in page.rows if not row.flag("deleted", default=False)]
        gone = [row for row in page.rows if row.flag("deleted", default=False)]
        coverage: Coverage = Everything(
            kind=listed.kind, first=at.page is None, last=page.following is None
        )
        if is_delta:
            deleted = frozenset((listed.kind, row.required("id")) for row in gone)
            coverage = Delta(deleted=deleted)
        at = self._turned(page.following)
        if listed.kind is RecordKind.JOURNAL:
            at = msgspec.structs.replace(at, openings=at.openings | _openings(alive))
        return self._batch([listed.record(row) for row in alive], (coverage,), at)

    def _turned(self, following: str | None) -> Bookmark:
        """The bookmark at the next page, or at the next stage."""
        if following is not None:
            return msgspec.structs.replace(self.at, page=following)
        return msgspec.structs.replace(self.at, page=None, stage=self.at.next_stage())

    # -- book entries ------------------------------------------------------------------------------

    def _entries(self) -> Iterator[Batch]:
        """One page of a book year, or of what changed in all of them."""
        if self._is_whole and not self.at.queue:
            at = self._turned(None)
            yield self._batch((), self._coverage((), frozenset(), is_end=True), at)
            return
        query = {self._contract.query.include: self._included()}
        query |= (
            {self._contract.query.book_year: self.at.queue[0]} if self._is_whole else self._since()
        )
        page = self.reader.page(
            self._contract.entries, self._folder, begin=self.at.page, query=query
        )
        read = self._read(page)
        after = self._after(page, read)
        yield from self._in_parts(read, after)

    def _included(self) -> str:
        query = self._contract.query
        return query.included if self._contract.sideloads else query.lines_only

    def _after(self, page: Page, read: _Read) -> Bookmark:
        """The bookmark at the next page, book year or stage."""
        beside = page.whole.rows(self._contract.journals.rows, called=self._contract.journals.names)
        at = msgspec.structs.replace(
            self.at,
            page=page.following,
            booked=self.at.booked | read.years,
            touched=self.at.touched | read.years,
            openings=self.at.openings | _openings(beside or ()),
        )
        if at.mode is Mode.CHANGES:
            if beside is None and page.rows:
                at = msgspec.structs.replace(at, journals_due=True)
            read.records += [rows.journal(row) for row in beside or ()]
        if page.following is not None:
            return at
        if self._is_whole and len(at.queue) > 1:
            return msgspec.structs.replace(at, queue=at.queue[1:])
        return msgspec.structs.replace(at, queue=(), stage=at.next_stage())

    def _in_parts(self, read: _Read, after: Bookmark) -> Iterator[Batch]:
        records = read.records
        places = range(0, max(len(records), 1), RECORDS_PER_BATCH)
        for place in places:
            part = records[place : place + RECORDS_PER_BATCH]
            is_last = place == places[-1]
            deleted = frozenset(read.deleted) if place == 0 else frozenset()
            is_end = is_last and after.stage is not Stage.ENTRIES
            coverage = self._coverage(part, deleted, is_end=is_end)
            begun = msgspec.structs.replace(after if is_last else self.at, started_entries=True)
            yield self._batch(part, coverage, begun)

    def _coverage(
        self,
        records: Sequence[Record],
        deleted: frozenset[tuple[RecordKind, str]],
        *,
        is_end: bool,
    ) -> tuple[Coverage, ...]:
        if self._is_whole:
            is_first = not self.at.started_entries
            return tuple(
                Everything(kind=kind, first=is_first, last=is_end) for kind in _LEDGER_KINDS
            )
        whole = frozenset(record.key for record in records if isinstance(record, JournalEntry))
        return (Delta(deleted=deleted, whole_entries=whole),)

    def _read(self, page: Page) -> _Read:
        """Entries with their lines. Ones that are deleted or not posted are not in the books."""
        read = _Read()
        beside = self._lines_beside(page)
        for row in page.rows:
            key = row.required("id")
            if row.flag("deleted", default=False) or not row.flag("posted", default=True):
                read.deleted.add((RecordKind.ENTRY, key))
                continue
            year = self._year_of(row)
            if row.text("journalId") in self._openings_of(page) and any(
                booked < year.year for booked in self.at.booked | read.years
            ):
                # It repeats what the years before ended with.
                read.deleted.add((RecordKind.ENTRY, key))
                continue
            inside = row.rows("lines", called=self._contract.lines.names)
            lines = beside.get(key) if inside is None else inside
            if lines is None:
                raise row.wrong("lines", "are missing, inside and beside the entries")
            booked_entry = rows.entry(row, year)
            read.records.append(booked_entry)
            read.records += [
                rows.line(line, booked_entry, place, row, self.administration.currency)
                for place, line in enumerate(lines)
            ]
            read.years.add(year.year)
        return read

    def _lines_beside(self, page: Page) -> Mapping[str, Sequence[Loose]]:
        resource = self._contract.lines
        found: dict[str, list[Loose]] = {}
        for line in page.whole.rows(resource.rows, called=resource.names) or ():
            found.setdefault(line.required("bookEntryId"), []).append(line)
        return found

    def _openings_of(self, page: Page) -> frozenset[str]:
        resource = self._contract.journals
        beside = page.whole.rows(resource.rows, called=resource.names)
        return self.at.openings | _openings(beside or ())

    def _year_of(self, row: Loose) -> rows.BookYear:
        """Its book year; one that is new since the last look is asked for."""
        wanted = row.required("bookYearId")
        for known in (False, True):
            if known:
                found = self.reader.all_rows(self._contract.book_years, self._folder)
                self.at = msgspec.structs.replace(self.at, years=tuple(_years(found)))
            for number, year, start, end, closed in self.at.years:
                if number == wanted:
                    return rows.BookYear(
                        id=number,
                        year=year,
                        start=date.fromisoformat(start),
                        end=date.fromisoformat(end),
                        closed=closed,
                    )
        raise row.wrong("bookYearId", "is none of the folder's book years")

    def _batch(
        self, records: Sequence[Record], coverage: tuple[Coverage, ...], at: Bookmark
    ) -> Batch:
        stage = self.at.stage
        self.at = at
        return Batch(
            bookmark=at.encoded(),
            records=tuple(records),
            coverage=coverage,
            stage=stage.value,
            last=at.stage is Stage.DONE,
        )


def _years(found: Iterable[Loose]) -> list[tuple[str, int, str, str, bool]]:
    years = map(rows.book_year, found)
    return [
        (known.id, known.year, known.start.isoformat(), known.end.isoformat(), known.closed)
        for known in years
    ]


def _openings(found: Iterable[Loose]) -> frozenset[str]:
    return frozenset(row.required("id") for row in found if rows.is_opening(row))

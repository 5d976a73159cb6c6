"""A pull: stage after stage, page after page, each page one batch with the bookmark after it.

Order: ledger accounts, relations, journals, VAT codes, journal lines, deletions. The deletions come
last, so that what they name has been read; a key that this pull read in a newer version than its
deletion is left alone. Remaining assumption: across pages of one pull rows come in row-version
order, and no transaction becomes visible below a version already passed. Where that fails the
proof differs, and goes on differing until a full reload: nothing begins one by itself before the
bookmark is too old.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import msgspec
from attrs import define, field

from adapters.providers.exact_online import rows as wire_rows
from adapters.providers.exact_online.bookmark import Bookmark, Mode, Stage
from adapters.providers.exact_online.codes import DELETED_KINDS
from adapters.providers.exact_online.reader import Reader
from adapters.providers.exact_online.wire import (
    ACCOUNTS,
    CONTACTS,
    DELETED,
    FIRST_CURSOR,
    JOURNALS,
    LINES,
    PAGES_MAX,
    TAX_CODES,
    Resource,
    after,
    first_page,
)
from adapters.providers.kit.decoding import JsonPage
from core.domain.books import Batch, Coverage, Delta, Everything, Record, RecordKind
from core.domain.integration import Administration

SEEN_KEYS_MAX: Final = 50_000
"""Keys of changed records remembered to recognise deletions older than them: a few MiB."""

Versioned = TypeVar(
    "Versioned",
    wire_rows.AccountRow,
    wire_rows.ContactRow,
    wire_rows.LineRow,
    wire_rows.DeletedRow,
)


@define
class Pull:
    """One pull of one administration; ``at`` moves on with each batch."""

    reader: Reader
    administration: Administration
    at: Bookmark
    _seen: dict[str, int] = field(factory=dict, init=False)

    def batches(self) -> Iterator[Batch]:
        stages: dict[Stage, Callable[[], Batch]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.CONTACTS: self._contacts,
            Stage.JOURNALS: self._journals,
            Stage.TAX_CODES: self._tax_codes,
            Stage.LINES: self._lines,
            Stage.DELETED: self._deletions,
        }
        for _ in range(PAGES_MAX):
            try:
                batch = stages[self.at.stage]()
            except ValueError as error:
                raise wire_rows.bad_value(self.at.stage.value, error) from None
            yield batch
            if batch.last:
                return

    @property
    def _division(self) -> str:
        return self.administration.key

    @property
    def _rereads(self) -> bool:
        """Whether what is not read again is gone."""
        return self.at.mode is Mode.RELOAD

    @property
    def _is_first_look(self) -> bool:
        """First page of a stage whose emptiness is suspect: all rows are asked for."""
        return self.at.on_first_page and self.at.mode is not Mode.CHANGES

    def _accounts(self) -> Batch:
        rows, following = self._sync(ACCOUNTS, wire_rows.ACCOUNT_PAGE)
        if not rows and self._is_first_look:
            self.reader.require_rights("financial/GLAccounts", "ledger", division=self._division)
        at = self._advanced(rows, following)
        if self._is_first_look:
            # Deletions before this page was read concern nothing that is read from here on.
            at = _with_cursor(at, Stage.DELETED, at.cursors[Stage.ACCOUNTS])
        coverage = self._set_of(RecordKind.ACCOUNT, following)
        return self._batch([wire_rows.ledger_account(row) for row in rows], coverage, at)

    def _contacts(self) -> Batch:
        rows, following = self._sync(CONTACTS, wire_rows.CONTACT_PAGE)
        coverage = self._set_of(RecordKind.CONTACT, following)
        records = [wire_rows.contact(row) for row in rows]
        return self._batch(records, coverage, self._advanced(rows, following))

    def _journals(self) -> Batch:
        rows, following = self._list(JOURNALS, wire_rows.JOURNAL_PAGE)
        if not rows and self.at.on_first_page:
            # Read in full every time, and no ledger is without one: an empty list would delete.
            self.reader.require_rights("financial/Journals", "journals", division=self._division)
        coverage = self._whole(RecordKind.JOURNAL, following)
        records = [wire_rows.journal(row) for row in rows]
        return self._batch(records, (coverage,), self._turned(following))

    def _tax_codes(self) -> Batch:
        rows, following = self._list(TAX_CODES, wire_rows.TAX_PAGE)
        if not rows and self.at.on_first_page:
            self.reader.require_rights("vat/VATCodes", "VAT codes", division=self._division)
        coverage = self._whole(RecordKind.TAX_CODE, following)
        records = [wire_rows.tax_code(row) for row in rows]
        return self._batch(records, (coverage,), self._turned(following))

    def _lines(self) -> Batch:
        rows, following = self._sync(LINES, wire_rows.LINE_PAGE)
        if not rows and self._is_first_look:
            self.reader.require_rights(
                "financialtransaction/TransactionLines", "journal lines", division=self._division
            )
        read = wire_rows.lines_read(
            wire_rows.in_version_order(rows), currency=self.administration.currency
        )
        coverage: tuple[Coverage, ...] = (Delta(deleted=read.outside),)
        if self._rereads:
            coverage = (
                self._whole(RecordKind.LINE, following),
                self._whole(RecordKind.INVOICE, following),
            )
        at = self._advanced(rows, following)
        at = msgspec.structs.replace(
            at, years=at.years | read.years, touched=at.touched | read.years
        )
        return self._batch(read.records, coverage, at)

    def _deletions(self) -> Batch:
        rows, following = self._sync(DELETED, wire_rows.DELETED_PAGE)
        gone = frozenset(
            (kind, row.entity_key.lower())
            for row in rows
            if (kind := DELETED_KINDS.get(row.entity_type)) is not None
            and self._seen.get(row.entity_key.lower(), 0) <= wire_rows.version(row.timestamp)
        )
        return self._batch([], (Delta(deleted=gone),), self._advanced(rows, following))

    def _sync(
        self, resource: Resource, decoder: JsonPage[wire_rows.Page[Versioned]]
    ) -> tuple[list[Versioned], str | None]:
        cursor = self.at.cursors.get(self.at.stage, FIRST_CURSOR)
        path = self.at.page or first_page(self._division, resource, after(cursor))
        rows, following = self.reader.page(resource, decoder, path, division=self._division)
        if self.at.mode is Mode.CHANGES:
            self._remember(rows)
        return rows, following

    def _list(
        self, resource: Resource, decoder: JsonPage[wire_rows.Page[wire_rows.Row]]
    ) -> tuple[list[wire_rows.Row], str | None]:
        path = self.at.page or first_page(self._division, resource)
        return self.reader.page(resource, decoder, path, division=self._division)

    def _remember(self, rows: Sequence[Versioned]) -> None:
        for row in rows:
            if isinstance(row, wire_rows.DeletedRow) or len(self._seen) >= SEEN_KEYS_MAX:
                return
            self._seen[row.id.lower()] = wire_rows.version(row.timestamp)

    def _advanced(self, rows: Sequence[Versioned], following: str | None) -> Bookmark:
        """The bookmark after a page of a sync set: its cursor is the newest version read."""
        stage = self.at.stage
        before = self.at.cursors.get(stage, FIRST_CURSOR)
        newest = max(before, wire_rows.newest_version((row.timestamp for row in rows), before))
        return _with_cursor(self._turned(following), stage, newest)

    def _turned(self, following: str | None) -> Bookmark:
        """The bookmark at the next page, or at the next stage."""
        if following is not None:
            return msgspec.structs.replace(self.at, page=following)
        return msgspec.structs.replace(self.at, page=None, stage=self.at.next_stage())

    def _set_of(self, kind: RecordKind, following: str | None) -> tuple[Coverage, ...]:
        if self._rereads:
            return (self._whole(kind, following),)
        return (Delta(),)

    def _whole(self, kind: RecordKind, following: str | None) -> Everything:
        """Asked before the bookmark moves on."""
        return Everything(kind=kind, first=self.at.on_first_page, last=following is None)

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


def _with_cursor(at: Bookmark, stage: Stage, cursor: int) -> Bookmark:
    return msgspec.structs.replace(at, cursors={**at.cursors, stage: cursor})

"""A pull: stage after stage, page after page, each page one batch with the bookmark after it.

Contacts and invoices are told apart by version: one call lists every id with its version, and
those above the highest version read are fetched, 100 at a time. What is not listed is gone. A
version is the second in which a record was last changed (official examples show the two alike);
that it rises when only a payment is added is not known, so everything is read anew once a week.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from attrs import define, frozen

from adapters.providers.moneybird import rows
from adapters.providers.moneybird.bookmark import PENDING_IDS_MAX, Bookmark, Mode, Stage
from adapters.providers.moneybird.codes import CREDIT_SIDE, UNSURE_SIDE
from adapters.providers.moneybird.ledger import LedgerStage
from adapters.providers.moneybird.reader import Reader
from adapters.providers.moneybird.sums import Sums
from adapters.providers.moneybird.wire import (
    PAGES_MAX,
    PER_PAGE,
    SYNC_IDS_MAX,
    SyncedResource,
    path,
)
from core.domain.books import (
    Batch,
    Coverage,
    Everything,
    InvoiceDirection,
    Record,
    RecordKind,
)
from core.domain.integration import Administration

SETTLED_SECONDS: Final = 300
"""Versions are seconds: one younger than this when it is read may come once more, for a change
within the same second or one that was stored late."""

STEPS_MAX: Final = 100 * PAGES_MAX


_ALWAYS: Final = {"filter": "period:19900101..20991231,state:all"}
"""Every period: lists that default to this year would lose last year's records in January. Others
are documented to show everything; a wide period does no harm."""


@frozen(kw_only=True)
class _Synced:
    """What a stage reads by id and version."""

    resource: SyncedResource
    kind: RecordKind = RecordKind.INVOICE
    prefix: str = ""
    direction: InvoiceDirection = InvoiceDirection.SALES


def _invoices(path: str, about: str, prefix: str, direction: InvoiceDirection) -> _Synced:
    resource = SyncedResource(path=path, about=about, query=_ALWAYS)
    return _Synced(resource=resource, prefix=prefix, direction=direction)


_SYNCED: Final[Mapping[Stage, _Synced]] = {
    Stage.CONTACTS: _Synced(
        resource=SyncedResource(
            path="contacts", about="contacts", query={"include_archived": "true"}
        ),
        kind=RecordKind.CONTACT,
    ),
    Stage.SALES: _invoices("sales_invoices", "sales invoices", "sales", InvoiceDirection.SALES),
    Stage.EXTERNAL_SALES: _invoices(
        "external_sales_invoices", "external sales invoices", "external", InvoiceDirection.SALES
    ),
    Stage.PURCHASES: _invoices(
        "documents/purchase_invoices",
        "purchase invoices",
        "purchase",
        InvoiceDirection.PURCHASE,
    ),
    Stage.RECEIPTS: _invoices(
        "documents/receipts", "receipts", "receipt", InvoiceDirection.PURCHASE
    ),
}
_FIRST_OF: Final = {RecordKind.CONTACT: Stage.CONTACTS, RecordKind.INVOICE: Stage.SALES}
_LAST_OF: Final = {RecordKind.CONTACT: Stage.CONTACTS, RecordKind.INVOICE: Stage.RECEIPTS}


@define
class Pull:
    """One pull of one administration; ``at`` moves on with each batch.

    ``sums`` is filled with what the general ledger said of each month that was asked for.
    """

    reader: Reader
    administration: Administration
    at: Bookmark
    this_year: int
    sums: dict[str, Sums]

    def batches(self) -> Iterator[Batch]:
        steps: dict[Stage, Callable[[], Batch]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.TAX_CODES: self._tax_codes,
            Stage.LEDGER: self._ledger,
        }
        for _ in range(STEPS_MAX):
            stage = self.at.stage
            try:
                batch = steps.get(stage, self._synced)()
            except ValueError as error:
                raise rows.bad_value(stage.value, error) from None
            yield batch
            if batch.last:
                return

    def _accounts(self) -> Batch:
        """Ledger accounts, and the journals that are made up of kinds of documents."""
        found = self.reader.ledger_accounts(self.administration.key)
        types = {rows.key(row.id): row.account_type for row in found}
        by_type = {account for account, told in types.items() if told in CREDIT_SIDE}
        accounts = [rows.ledger_account(row) for row in found]
        coverage = (
            Everything(kind=RecordKind.ACCOUNT, first=True),
            Everything(kind=RecordKind.JOURNAL, first=True),
        )
        at = msgspec.structs.replace(
            self.at,
            stage=self.at.next_stage(),
            minus=frozenset(by_type ^ self.at.turned),
            open_sides=frozenset(a for a, told in types.items() if told in UNSURE_SIDE),
        )
        return self._batch([*accounts, *rows.journals()], coverage, at)

    def _tax_codes(self) -> Batch:
        address = path(self.administration.key, "tax_rates", per_page=PER_PAGE, page=self.at.page)
        found, following = self.reader.page(address, rows.TAX_RATES, about="tax rates")
        coverage = Everything(
            kind=RecordKind.TAX_CODE, first=self.at.page == 1, last=following is None
        )
        at = msgspec.structs.replace(self.at, page=following or 1)
        if following is None:
            at = msgspec.structs.replace(at, stage=self.at.next_stage())
        return self._batch([rows.tax_code(row) for row in found], (coverage,), at)

    # -- ids and versions --------------------------------------------------------------------------

    def _synced(self) -> Batch:
        synced = _SYNCED[self.at.stage]
        if self.at.todo:
            return self._fetched(synced)
        return self._listed(synced)

    def _listed(self, synced: _Synced) -> Batch:
        """The list of versions: what is alive, and what to fetch.

        It is asked for again only after so many ids that a bookmark could not carry the others.
        """
        at = self.at
        found = self.reader.versions(self.administration.key, synced.resource)
        since = at.cursors.get(at.stage, 0) if at.mode is Mode.CHANGES else 0
        changed = sorted(int(row.id) for row in found if int(row.version) >= since)
        done = int(at.after) if at.listed else -1
        todo = [str(number) for number in changed if number > done]
        alive = frozenset(_key(synced, row.id) for row in found if int(row.version) < since)
        following = msgspec.structs.replace(
            at,
            listed=True,
            todo=tuple(todo[:PENDING_IDS_MAX]),
            more=len(todo) > PENDING_IDS_MAX,
            cursor=max(at.cursor, rows.newest(found)),
        )
        is_first = not at.listed and _FIRST_OF[synced.kind] is at.stage
        return self._synced_batch(synced, (), following, present=alive, is_first=is_first)

    def _fetched(self, synced: _Synced) -> Batch:
        """Up to a hundred records."""
        ids, rest = self.at.todo[:SYNC_IDS_MAX], self.at.todo[SYNC_IDS_MAX:]
        at = msgspec.structs.replace(self.at, todo=rest, after=ids[-1])
        return self._synced_batch(synced, self._records(synced, ids), at)

    def _records(self, synced: _Synced, ids: Sequence[str]) -> Sequence[Record]:
        key = self.administration.key
        if synced.kind is RecordKind.CONTACT:
            found = self.reader.records(key, synced.resource, ids, rows.CONTACTS)
            return [rows.contact(row) for row in found]
        invoices = (
            rows.invoice(row, prefix=synced.prefix, direction=synced.direction)
            for row in self.reader.records(key, synced.resource, ids, rows.INVOICES)
        )
        return [invoice for invoice in invoices if invoice is not None]

    def _synced_batch(
        self,
        synced: _Synced,
        records: Sequence[Record],
        at: Bookmark,
        *,
        present: frozenset[str] = frozenset(),
        is_first: bool = False,
    ) -> Batch:
        """With the bookmark at the next stage when nothing is left to fetch in this one."""
        is_over = not at.todo and not at.more
        if is_over:
            at = msgspec.structs.replace(
                at,
                stage=at.next_stage(),
                cursors={**at.cursors, at.stage: _next_cursor(at)},
                cursor=0,
                listed=False,
                after="",
            )
        coverage = Everything(
            kind=synced.kind,
            present=present,
            first=is_first,
            last=is_over and _LAST_OF[synced.kind] is self.at.stage,
        )
        return self._batch(records, (coverage,), at)

    # -- the ledger --------------------------------------------------------------------------------

    def _ledger(self) -> Batch:
        step = LedgerStage(
            reader=self.reader,
            administration=self.administration.key,
            at=self.at,
            this_year=self.this_year,
            sums=self.sums,
        )
        records, coverage = step.advance()
        return self._batch(records, coverage, step.at)

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


def _next_cursor(at: Bookmark) -> int:
    """The lowest version that is a change next time."""
    is_settled = at.cursor < at.started_at - SETTLED_SECONDS
    return at.cursor + 1 if is_settled else at.cursor - SETTLED_SECONDS


def _key(synced: _Synced, told: rows.Id) -> str:
    return rows.invoice_key(synced.prefix, told) if synced.prefix else rows.key(told)

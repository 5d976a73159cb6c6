"""A pull: stage after stage, each answer turned into a batch with the bookmark after it.

Master data and invoices come by lists, all of them the first time and once a week; in between,
change data capture tells what changed, deletions included, in one call.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from attrs import define, frozen

from adapters.providers.quickbooks import entities
from adapters.providers.quickbooks.bookmark import (
    CHANGES_SECONDS_MAX,
    OVERLAP_SECONDS,
    Bookmark,
    Company,
    Mode,
    Stage,
    fresh,
)
from adapters.providers.quickbooks.ledger import LedgerStage, journals
from adapters.providers.quickbooks.reader import Reader, TooManyChanges
from adapters.providers.quickbooks.wire import PAGES_MAX
from core.domain.books import Batch, Coverage, Delta, Everything, Record, RecordKind

STEPS_MAX: Final = 100 * PAGES_MAX
CHANGED_MAX: Final = 1_500
"""Changed transactions whose ids a bookmark carries, thirty characters each."""
NO_ID: Final = "-"
_MONTH_CHARACTERS: Final = 7


@frozen(kw_only=True)
class _Paged:
    """A list read page by page. ``first`` and ``last``: of the lists that make up its kind."""

    entity: str
    kind: RecordKind
    first: bool = False
    last: bool = False


_PAGED: Final[Mapping[Stage, _Paged]] = {
    Stage.CUSTOMERS: _Paged(entity="Customer", kind=RecordKind.CONTACT, first=True),
    Stage.VENDORS: _Paged(entity="Vendor", kind=RecordKind.CONTACT),
    Stage.EMPLOYEES: _Paged(entity="Employee", kind=RecordKind.CONTACT, last=True),
    Stage.INVOICES: _Paged(entity="Invoice", kind=RecordKind.INVOICE, first=True),
    Stage.CREDIT_MEMOS: _Paged(entity="CreditMemo", kind=RecordKind.INVOICE),
    Stage.BILLS: _Paged(entity="Bill", kind=RecordKind.INVOICE),
    Stage.VENDOR_CREDITS: _Paged(entity="VendorCredit", kind=RecordKind.INVOICE, last=True),
}


@define
class Pull:
    """One pull of one company; ``at`` moves on with each batch.

    ``noted`` is told of the chart whenever it is read.
    """

    reader: Reader
    at: Bookmark
    now: int
    today: date
    noted: Callable[[Sequence[entities.AccountRow]], None]

    def batches(self) -> Iterator[Batch]:
        steps: dict[Stage, Callable[[], Iterator[Batch]]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.TAX_CODES: self._tax_codes,
            Stage.CHANGED: self._changed,
            Stage.LEDGER: self._ledger,
            Stage.JOURNALS: self._journals,
        }
        for _ in range(STEPS_MAX):
            stage = self.at.stage
            try:
                for batch in steps.get(stage, self._page)():
                    yield batch
                    if batch.last:
                        return
            except ValueError as error:
                raise entities.bad_value(stage.value, error) from None

    # -- lists -------------------------------------------------------------------------------------

    def _accounts(self) -> Iterator[Batch]:
        """The chart, in every pull, and the settings on which reading depends.

        Other settings than last time change every line's year and period: then all is read anew.
        """
        company = company_of(self.reader, self.at.company)
        if self.at.company is not None and self.at.company != company:
            self.at = fresh(self.now)
        rows = self.reader.accounts()
        self.noted(rows)
        at = msgspec.structs.replace(self.at, company=company, stage=self.at.next_stage)
        coverage = Everything(kind=RecordKind.ACCOUNT, first=True)
        yield self._batch([entities.ledger_account(row) for row in rows], (coverage,), at)

    def _tax_codes(self) -> Iterator[Batch]:
        rates = {row.id: row.rate_value for row in self.reader.every(entities.TAX_RATES)}
        rows = self.reader.every(entities.TAX_CODES)
        coverage = Everything(kind=RecordKind.TAX_CODE, first=True)
        records = [entities.tax_code(row, rates) for row in rows]
        yield self._batch(records, (coverage,), self._turned())

    def _page(self) -> Iterator[Batch]:
        paged = _PAGED[self.at.stage]
        records: Sequence[Record | None]
        if paged.kind is RecordKind.CONTACT:
            people, following = self.reader.page(
                entities.PARTY_LISTS[paged.entity], self.at.position
            )
            records = [entities.contact(row, paged.entity) for row in people]
        else:
            found, following = self.reader.page(
                entities.INVOICE_LISTS[paged.entity], self.at.position
            )
            records = [entities.invoice(row, paged.entity) for row in found]
        coverage = Everything(
            kind=paged.kind,
            first=paged.first and self.at.position == 1,
            last=paged.last and following is None,
        )
        at = self._turned()
        if following is not None:
            at = msgspec.structs.replace(self.at, position=following)
        yield self._batch([each for each in records if each is not None], (coverage,), at)

    # -- changes -----------------------------------------------------------------------------------

    def _changed(self) -> Iterator[Batch]:
        """What changed since the last pull began. Beyond what is told, everything is read anew."""
        since = self.at.since - OVERLAP_SECONDS
        if self.now - self.at.since > CHANGES_SECONDS_MAX:
            self.at = fresh(self.now)
            return
        try:
            found = self.reader.changed(since, parties=self.at.mode is Mode.CHANGES)
        except TooManyChanges:
            self.at = fresh(self.now)
            return
        records: list[Record] = [
            entities.contact(row, entity)
            for entity, rows in found.parties.items()
            for row in rows
            if not row.is_deleted
        ]
        gone: set[tuple[RecordKind, str]] = {
            (RecordKind.CONTACT, row.id)
            for rows in found.parties.values()
            for row in rows
            if row.is_deleted
        }
        changed: dict[str, str] = {}
        for entity, transactions in found.transactions.items():
            for row in transactions:
                is_invoice = entity in entities.INVOICE_LISTS
                if row.is_deleted:
                    gone.add((RecordKind.ENTRY, row.id))
                    if is_invoice:
                        gone.add((RecordKind.INVOICE, entities.invoice_key(entity, row.id)))
                elif row.txn_date is not None:
                    changed[row.id] = date.fromisoformat(row.txn_date).isoformat()
                    invoice = entities.invoice(row, entity) if is_invoice else None
                    records += [] if invoice is None else [invoice]
        at = msgspec.structs.replace(self._turned(), changed=_remembered(changed))
        yield self._batch(records, (Delta(deleted=frozenset(gone)),), at)

    # -- the ledger --------------------------------------------------------------------------------

    def _ledger(self) -> Iterator[Batch]:
        step = LedgerStage(reader=self.reader, company=self._company, at=self.at, today=self.today)
        for records, coverage in step.steps():
            yield self._batch(records, coverage, step.at)

    def _journals(self) -> Iterator[Batch]:
        """There are none: the types of transactions stand for them, once they are known."""
        coverage = Everything(kind=RecordKind.JOURNAL, first=True)
        yield self._batch(journals(self.at), (coverage,), self._turned())

    # -- within ------------------------------------------------------------------------------------

    @property
    def _company(self) -> Company:
        assert self.at.company is not None, "read with the chart"
        return self.at.company

    def _turned(self) -> Bookmark:
        """The bookmark at the next stage."""
        return msgspec.structs.replace(self.at, stage=self.at.next_stage, position=1)

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


def _remembered(changed: Mapping[str, str]) -> tuple[str, ...]:
    """Ids with their days; of very many only the months, because a bookmark is small."""
    if len(changed) <= CHANGED_MAX:
        return tuple(f"{key} {day}" for key, day in sorted(changed.items()))
    months = {day[:_MONTH_CHARACTERS] for day in changed.values()}
    return tuple(f"{NO_ID} {month}-01" for month in sorted(months))


def company_of(reader: Reader, known: Company | None = None) -> Company:
    """Two calls; one where it is ``known`` when and where the company was set up."""
    started, country = ("", "") if known is None else (known.started, known.country)
    if known is None:
        info = reader.company_info()
        started, country = info.company_start_date or "", info.country or ""
    told = reader.preferences()
    currencies = told.currency_prefs
    home = currencies.home_currency if currencies is not None else None
    return Company(
        home="" if home is None or home.value is None else home.value,
        is_multi=currencies is not None and currencies.multi_currency_enabled,
        first_month=entities.first_month(told),
        started=started,
        country=country,
    )

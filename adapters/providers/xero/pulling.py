"""A pull: stage after stage, page after page, each page one batch with the bookmark after it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from attrs import define, evolve, field

from adapters.providers.kit.decoding import JsonPage
from adapters.providers.xero import codes, masters, posting, rows, wire
from adapters.providers.xero.bookmark import STAGES, Bookmark, Mode, Stage, starting
from adapters.providers.xero.entries import Organisation, Posted
from adapters.providers.xero.reader import PageT, Reader
from adapters.providers.xero.wire import PAGE_SIZE, LedgerSource, Resource
from adapters.providers.xero.years import FiscalYears
from core.domain.books import (
    Batch,
    Coverage,
    Delta,
    Everything,
    Record,
    RecordKind,
)
from core.domain.failures import FixSettings
from core.domain.integration import Administration

SETTLED_SECONDS: Final = 300
"""Changes are asked for from so long before the last pull began: some are stored late."""
CHUNK_RECORDS_MAX: Final = 15_000
"""A page with more becomes several batches; all but the last have the bookmark from before it."""

DocumentT = TypeVar("DocumentT")

_LEDGER_KINDS: Final = (RecordKind.ENTRY, RecordKind.LINE)


@define
class Pull:
    """One pull of one administration; ``at`` moves on with each batch."""

    reader: Reader
    administration: Administration
    at: Bookmark
    years: FiscalYears
    accounts: list[rows.AccountRow] = field(factory=list)
    """As read by this pull, or when somebody asked for a code."""
    _codes: dict[str, str] = field(factory=dict, init=False)

    def batches(self) -> Iterator[Batch]:
        if self.at.year_end not in {"", self.years.encoded()}:
            # Every period has another number now.
            self.at = starting(None, ledger=self.at.ledger, now=self.at.started_at)
        self.at = msgspec.structs.replace(self.at, year_end=self.years.encoded())
        steps: Mapping[Stage, Callable[[], Iterator[Batch]]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.TAX_RATES: self._tax_rates,
            Stage.CONTACTS: self._contacts,
            Stage.INVOICES: self._invoices,
            Stage.CREDIT_NOTES: self._credit_notes,
            Stage.BANK_TRANSACTIONS: self._bank_transactions,
            Stage.BANK_TRANSFERS: self._bank_transfers,
            Stage.PAYMENTS: self._payments,
            Stage.MANUAL_JOURNALS: self._manual_journals,
            Stage.JOURNALS: self._journals,
        }
        for _ in range(wire.PAGES_MAX):
            if self.at.stage is Stage.DONE:
                return
            try:
                yield from steps[self.at.stage]()
            except ValueError as error:
                raise rows.bad_value(self.at.stage.value, error) from None

    # -- masters -----------------------------------------------------------------------------------

    def _accounts(self) -> Iterator[Batch]:
        """All of them each time: one call, and the balances need to know them."""
        page = self._asked(wire.ACCOUNTS, rows.ACCOUNTS, since=0)
        found = page.rows if page is not None else []
        if not found:
            raise FixSettings(
                "Xero shows no ledger accounts of this organisation: check the rights of the "
                "connected user there, then reconnect.",
                detail="Accounts is empty",
                code="rights-missing",
            )
        self.accounts = found
        now = self.at.started_at
        if page is not None and page.asked_at:
            now = rows.milliseconds(page.asked_at) // 1000
        at = msgspec.structs.replace(
            self.at,
            stage=self.at.next_stage(),
            read_at=max(1, now - SETTLED_SECONDS),
            system={
                row.system_account: rows.key(row.account_id)
                for row in found
                if row.system_account in codes.SYSTEM_ACCOUNTS and row.system_account
            },
            foreign_banks=frozenset(
                rows.key(row.account_id)
                for row in found
                if row.currency_code and row.currency_code != self.administration.currency
            ),
        )
        records = [masters.ledger_account(row) for row in found if row.status != "DELETED"]
        coverage = (
            Everything(kind=RecordKind.ACCOUNT, first=True),
            Everything(kind=RecordKind.JOURNAL, first=True),
        )
        yield self._batch([*records, *masters.journals()], coverage, at)

    def _tax_rates(self) -> Iterator[Batch]:
        page = self._asked(wire.TAX_RATES, rows.TAX_RATES, since=0)
        found = [row for row in (page.rows if page else []) if row.status != "DELETED"]
        coverage = (Everything(kind=RecordKind.TAX_CODE, first=True),)
        yield self._batch([masters.tax_code(row) for row in found], coverage, self._turned(None))

    def _contacts(self) -> Iterator[Batch]:
        page = self._asked(wire.CONTACTS, rows.CONTACTS)
        found = page.rows if page is not None else []
        following = self._following(page, len(found))
        coverage: Coverage = Delta()
        if self.at.mode is Mode.WHOLE:
            coverage = Everything(
                kind=RecordKind.CONTACT, first=self.at.page == 1, last=following is None
            )
        records = [masters.contact(row) for row in found]
        yield self._batch(records, (coverage,), self._turned(following))

    # -- documents ---------------------------------------------------------------------------------

    def _invoices(self) -> Iterator[Batch]:
        page = self._asked(wire.INVOICES, rows.INVOICES)
        return self._trade(page, page.rows if page is not None else [])

    def _credit_notes(self) -> Iterator[Batch]:
        page = self._asked(wire.CREDIT_NOTES, rows.CREDIT_NOTES)
        return self._trade(page, page.rows if page is not None else [])

    def _trade(
        self, page: rows.Page | None, found: Sequence[rows.InvoiceRow | rows.CreditNoteRow]
    ) -> Iterator[Batch]:
        if posting.without_lines(found):
            raise rows.INVOICES.not_understood("not one line on a whole page")
        organisation = self._organisation()
        is_ledger = self.at.ledger is LedgerSource.DOCUMENTS
        posted = [posting.trade(organisation, row, ledger=is_ledger) for row in found]
        yield from self._posted(posted, self._following(page, len(found)))

    def _bank_transactions(self) -> Iterator[Batch]:
        page = self._asked(wire.BANK_TRANSACTIONS, rows.BANK_TRANSACTIONS)
        organisation = self._organisation()
        posted = [posting.bank_transaction(organisation, row) for row in page.rows] if page else []
        yield from self._posted(posted, self._following(page, len(posted)))

    def _bank_transfers(self) -> Iterator[Batch]:
        """All of them each time: when one was deleted is not told."""
        page = self._asked(wire.BANK_TRANSFERS, rows.BANK_TRANSFERS, since=0)
        organisation = self._organisation()
        found = page.rows if page is not None else []
        posted = [posting.bank_transfer(organisation, row) for row in found]
        news = [
            posted.year
            for row, posted in zip(found, posted, strict=True)
            if row.created and rows.milliseconds(row.created) // 1000 >= self.at.since
        ]
        yield from self._posted(posted, None, touched=frozenset(filter(None, news)))

    def _payments(self) -> Iterator[Batch]:
        page = self._asked(wire.PAYMENTS, rows.PAYMENTS)
        organisation = self._organisation()
        posted = [posting.payment(organisation, row) for row in page.rows] if page else []
        yield from self._posted(posted, self._following(page, len(posted)))

    def _manual_journals(self) -> Iterator[Batch]:
        page = self._asked(wire.MANUAL_JOURNALS, rows.MANUAL_JOURNALS)
        organisation = self._organisation()
        posted = [posting.manual_journal(organisation, row) for row in page.rows] if page else []
        yield from self._posted(posted, self._following(page, len(posted)))

    # -- journals ----------------------------------------------------------------------------------

    def _journals(self) -> Iterator[Batch]:
        """Pages by number: the next begins above the highest read, whatever numbers are missing."""
        found = self.reader.journals(self.administration.key, self.at.offset).rows
        organisation = self._organisation()
        posted = [posting.journal(organisation, row) for row in found]
        is_last = len(found) < wire.JOURNALS_PER_PAGE
        first = self.at.whole_journals and self.at.offset == 0
        offset = max([self.at.offset, *(row.number for row in found)])
        if not is_last and offset == self.at.offset:
            raise rows.JOURNALS.not_understood(f"nothing above journal {offset}")
        at = msgspec.structs.replace(self.at, offset=offset)
        if is_last:
            at = msgspec.structs.replace(at, stage=self.at.next_stage())
        coverage: tuple[Coverage, ...] = (Delta(),)
        if self.at.whole_journals:
            coverage = tuple(
                Everything(kind=kind, first=first, last=is_last) for kind in _LEDGER_KINDS
            )
        yield from self._chunks(posted, coverage, self._with_years(at, posted))

    # -- batches -----------------------------------------------------------------------------------

    def _posted(
        self,
        posted: list[Posted],
        following: int | None,
        *,
        touched: frozenset[int] | None = None,
    ) -> Iterator[Batch]:
        at = self._with_years(self._turned(following), posted, touched)
        if self.at.mode is Mode.CHANGES:
            yield from self._chunks(posted, (), at)
            return
        yield from self._chunks(posted, self._everything(following), at)

    def _everything(self, following: int | None) -> tuple[Everything, ...]:
        """A kind is spread over every stage that brings it."""
        trade = (Stage.INVOICES, Stage.CREDIT_NOTES)
        stages = STAGES[self.at.ledger]
        ledger = [s for s in stages[stages.index(Stage.INVOICES) :] if s is not Stage.DONE]
        spread: list[tuple[RecordKind, Sequence[Stage]]] = [(RecordKind.INVOICE, trade)]
        if self.at.ledger is LedgerSource.DOCUMENTS:
            spread += [(kind, ledger) for kind in _LEDGER_KINDS]
        return tuple(
            Everything(
                kind=kind,
                first=self.at.stage is over[0] and self.at.page == 1,
                last=self.at.stage is over[-1] and following is None,
            )
            for kind, over in spread
            if self.at.stage in over
        )

    def _chunks(
        self, posted: list[Posted], coverage: tuple[Coverage, ...], at: Bookmark
    ) -> Iterator[Batch]:
        """``coverage`` empty: of the documents' entries these are all the lines, and those of no
        ledger are gone.
        """
        chunks: list[list[Posted]] = [[]]
        size = 0
        for document in posted:
            if size + len(document.records) > CHUNK_RECORDS_MAX and chunks[-1]:
                chunks.append([])
                size = 0
            chunks[-1].append(document)
            size += len(document.records)
        before = self.at
        for number, chunk in enumerate(chunks, start=1):
            is_first, is_final = number == 1, number == len(chunks)
            covers = tuple(
                evolve(each, first=each.first and is_first, last=each.last and is_final)
                if isinstance(each, Everything)
                else each
                for each in coverage
            ) or (_changes(chunk),)
            records = [record for document in chunk for record in document.records]
            yield self._batch(records, covers, at if is_final else before)

    def _with_years(
        self, at: Bookmark, posted: Sequence[Posted], touched: frozenset[int] | None = None
    ) -> Bookmark:
        held = frozenset(each.year for each in posted if each.is_posted and each.year)
        # Emptied documents are dated 1970: no year to look at.
        gone = frozenset(each.year for each in posted if each.year) & self.at.years
        touched = held | gone if touched is None else touched
        return msgspec.structs.replace(at, years=at.years | held, touched=at.touched | touched)

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

    def _asked(
        self, resource: Resource, decoder: JsonPage[PageT], *, since: int | None = None
    ) -> PageT | None:
        if since is None:
            since = self.at.since if self.at.mode is Mode.CHANGES else 0
        return self.reader.page(
            self.administration.key, resource, decoder, page=self.at.page, since=since
        )

    def _following(self, page: rows.Page | None, count: int) -> int | None:
        """The next page's number. A page that does not tell how many there are ends the list when
        it is not full; an empty one before the last is NotUnderstood.
        """
        if page is None:
            return None
        if page.pagination is None:
            return self.at.page + 1 if count >= PAGE_SIZE else None
        if self.at.page >= page.pagination.page_count:
            return None
        if not count:
            raise rows.bad_value(self.at.stage.value, ValueError(f"page {self.at.page} is empty"))
        return self.at.page + 1

    def _turned(self, following: int | None) -> Bookmark:
        """The bookmark at the next page, or at the next stage."""
        if following is not None:
            return msgspec.structs.replace(self.at, page=following)
        return msgspec.structs.replace(self.at, page=1, stage=self.at.next_stage())

    def _organisation(self) -> Organisation:
        return Organisation(
            currency=self.administration.currency,
            years=self.years,
            system=self.at.system,
            foreign_banks=self.at.foreign_banks,
            by_code=self._by_code,
        )

    def _by_code(self, code: str) -> str | None:
        """A further call when the pull was begun by another process and Xero tells codes only."""
        if not self.accounts:
            page = self.reader.page(self.administration.key, wire.ACCOUNTS, rows.ACCOUNTS)
            self.accounts = page.rows if page is not None else []
        if not self._codes:
            self._codes = {row.code: rows.key(row.account_id) for row in self.accounts if row.code}
        return self._codes.get(code)


def _changes(chunk: Sequence[Posted]) -> Delta:
    gone = [each.key for each in chunk if not each.is_posted]
    return Delta(
        deleted=frozenset(
            (kind, each) for each in gone for kind in (RecordKind.ENTRY, RecordKind.INVOICE)
        ),
        whole_entries=frozenset(each.key for each in chunk if each.is_posted),
    )

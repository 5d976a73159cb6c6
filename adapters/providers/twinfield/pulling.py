"""A pull: stage after stage, each answer turned into batches while it arrives.

One answer may hold a million lines, so a batch is a part of it: records are upserts, and what is
gone is told only by the last batch of the last answer. A pull that is stopped within an answer asks
for that answer again, because Twinfield has no pages; an answer that does not come whole is asked
for in halves.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from attrs import define, field

from adapters.providers.kit.calls import NotSent
from adapters.providers.kit.soap import BrokeOff
from adapters.providers.kit.xml import Element, text_at
from adapters.providers.twinfield import rows as wire_rows
from adapters.providers.twinfield.bookmark import (
    JOURNALS_MAX,
    STAGES,
    TRADES_MAX,
    Bookmark,
    Mode,
    Part,
    Stage,
)
from adapters.providers.twinfield.browsing import Row, browsed
from adapters.providers.twinfield.open_items import OpenItems
from adapters.providers.twinfield.questions import (
    DELETED_SERVICE,
    FIRST_PERIOD,
    LAST_PERIOD,
    LEDGER,
    LEDGER_FIELDS,
    PERIOD_SERVICE,
    Slice,
    read,
)
from adapters.providers.twinfield.refusals import check_result, refused
from adapters.providers.twinfield.session import Session, not_understood
from adapters.providers.twinfield.times import moment, wall_clock, wide
from core.domain.books import Batch, Coverage, Delta, Everything, Record, RecordKind, TradeSide
from core.domain.failures import ProviderDown
from core.domain.integration import Administration

RECORDS_PER_BATCH: Final = 5_000
"""Of one kind; a line may bring an entry and an invoice, so batches stay within three times that.
A transaction, which is never parted here, has at most a thousand lines."""
READINGS_MAX: Final = 3
"""Times an answer that broke off is asked for."""
YEARS_MAX: Final = 200
PARTS_MAX: Final = YEARS_MAX * (LAST_PERIOD + 1)

DELETED_OVERLAP_SECONDS: Final = 24 * 3600
"""Deletions told from this long before the last pull began. Their time may be of any zone."""
CHANGED_OVERLAP_SECONDS: Final = 48 * 3600
"""Changes likewise. More than for deletions: whatever used a deleted number again is read again
in every pull that hears of the deletion."""

_TRADES: Final = {
    Stage.CUSTOMERS: (wire_rows.CUSTOMERS, TradeSide.RECEIVABLE),
    Stage.SUPPLIERS: (wire_rows.SUPPLIERS, TradeSide.PAYABLE),
}
_ACCOUNTS: Final = {
    Stage.BALANCE: wire_rows.BALANCE,
    Stage.PROFIT_AND_LOSS: wire_rows.PROFIT_AND_LOSS,
}


@define
class Pull:
    """One pull of one office; ``at`` moves on with each batch. ``records_max``: of one kind."""

    session: Session
    administration: Administration
    office: str
    at: Bookmark
    now: Callable[[], datetime]
    records_max: int = RECORDS_PER_BATCH
    _kinds: dict[str, str] = field(factory=dict, init=False)

    def batches(self) -> Iterator[Batch]:
        stages: dict[Stage, Callable[[], Iterator[Batch]]] = {
            Stage.CUSTOMERS: self._contacts,
            Stage.SUPPLIERS: self._contacts,
            Stage.BALANCE: self._accounts,
            Stage.PROFIT_AND_LOSS: self._accounts,
            Stage.TAX_CODES: self._tax_codes,
            Stage.DELETED: self._deletions,
            Stage.LINES: self._lines,
            Stage.SALES: self._open_items,
            Stage.PURCHASES: self._open_items,
            Stage.JOURNALS: self._journals,
        }
        for _ in range(len(STAGES) + PARTS_MAX):
            stage = self.at.stage
            reading = stages[stage]
            for batch in self._read_again(reading):
                yield batch
                if batch.last:
                    return

    def _read_again(self, reading: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
        """A stage, once more from the bookmark reached when its answer breaks off."""
        for count in range(1, READINGS_MAX + 1):
            try:
                yield from reading()
            except BrokeOff:
                if count == READINGS_MAX:
                    raise
            except ValueError as error:
                raise not_understood(self.at.stage.value, str(error)[:100]) from None
            else:
                return

    # -- master data -------------------------------------------------------------------------------

    def _contacts(self) -> Iterator[Batch]:
        dimension_type, _ = _TRADES[self.at.stage]
        is_receivable = self.at.stage is Stage.CUSTOMERS
        controls = set(self.at.receivable if is_receivable else self.at.payable)

        def record(element: Element) -> Record:
            if (code := wire_rows.control_account(element)) and len(controls) < TRADES_MAX:
                controls.add(code)
            return wire_rows.contact(element, dimension_type)

        def moved() -> Bookmark:
            found = tuple(sorted(controls))
            if is_receivable:
                return msgspec.structs.replace(self._turned(), receivable=found)
            return msgspec.structs.replace(self._turned(), payable=found)

        yield from self._dimensions(dimension_type, RecordKind.CONTACT, record, moved)

    def _accounts(self) -> Iterator[Batch]:
        dimension_type = _ACCOUNTS[self.at.stage]
        trades = dict.fromkeys(self.at.payable, TradeSide.PAYABLE)
        trades |= dict.fromkeys(self.at.receivable, TradeSide.RECEIVABLE)

        def record(element: Element) -> Record:
            return wire_rows.account(element, dimension_type, trades)

        yield from self._dimensions(dimension_type, RecordKind.ACCOUNT, record, self._turned)

    def _dimensions(
        self,
        dimension_type: str,
        kind: RecordKind,
        record: Callable[[Element], Record],
        moved: Callable[[], Bookmark],
    ) -> Iterator[Batch]:
        """All dimensions of a type. Each kind of record comes from two types, read one by one."""
        is_first_type = self.at.stage in {Stage.CUSTOMERS, Stage.BALANCE}
        about = self.at.stage.value
        is_first = is_first_type
        records: list[Record] = []
        count = 0
        inner = read("dimensions", self.office, dimtype=dimension_type)
        for element in self.session.stream(
            inner, ("dimension", "dimensions"), office=self.office, about=about
        ):
            if element.tag == "dimensions":
                check_result(element, about)
                break
            if wire_rows.is_pseudo(element):
                continue
            if len(records) == self.records_max:
                yield self._batch(records, (Everything(kind=kind, first=is_first, last=False),))
                records, is_first = [], False
            records.append(record(element))
            count += 1
        else:
            raise not_understood(about, "no list of dimensions")
        if not count and dimension_type == wire_rows.BALANCE:
            # No company is without one: whoever sees none may not see them.
            raise refused(about, "an empty list")
        coverage = Everything(kind=kind, first=is_first, last=not is_first_type)
        yield self._batch(records, (coverage,), moved())

    def _journals(self) -> Iterator[Batch]:
        """Last, because of what kind a daybook is only its transactions tell."""
        about = self.at.stage.value
        found = self.session.found("TRS", office=self.office, about=about, hidden="1")
        records = [
            wire_rows.journal(code, name, self.at.kinds.get(code)) for code, name, *_ in found
        ]
        if not records:
            raise refused(about, "an empty list")
        coverage = Everything(kind=RecordKind.JOURNAL, first=True)
        yield self._batch(records, (coverage,), self._turned())

    def _tax_codes(self) -> Iterator[Batch]:
        about = self.at.stage.value
        today = self.now().date()
        codes = [
            row[0] for row in self.session.found("VAT", office=self.office, about=about) if row
        ]
        records = [wire_rows.tax_code(self._tax_element(code), today) for code in codes]
        coverage = Everything(kind=RecordKind.TAX_CODE, first=True)
        at = msgspec.structs.replace(self._turned(), taxes_at=self.at.started_at)
        yield self._batch(records, (coverage,), at)

    def _tax_element(self, code: str) -> Element:
        inner = read("vat", self.office, code=code)
        return self.session.process(inner, office=self.office, about=Stage.TAX_CODES.value)

    # -- the ledger --------------------------------------------------------------------------------

    def _lines(self) -> Iterator[Batch]:
        if self.at.mode is Mode.CHANGES:
            yield from self._changes()
        elif self.at.parts is None:
            self._plan()
            yield from self._part()
        else:
            yield from self._part()

    def _plan(self) -> None:
        years = self._years()
        parts = tuple(Part(year, FIRST_PERIOD, LAST_PERIOD) for year in years)
        self.at = msgspec.structs.replace(self.at, parts=parts, years=years)

    def _years(self) -> tuple[int, ...]:
        about = "fiscal years"
        found = self.session.queried(
            PERIOD_SERVICE, "GetYears", ("{*}int",), office=self.office, about=about
        )
        years = tuple(sorted({int(element.text or "") for element in found}))
        if not 0 < len(years) <= YEARS_MAX:
            raise not_understood(about, f"{len(years)} years")
        return years

    def _part(self) -> Iterator[Batch]:
        """The first part that is left; its halves, where it does not come whole."""
        assert self.at.parts
        part, *left = self.at.parts
        try:
            yield from self._whole_part(part, tuple(left))
        except NotSent:
            raise
        except ProviderDown:
            if part.is_one:
                raise
            self.at = msgspec.structs.replace(self.at, parts=(*part.halved(), *left))

    def _whole_part(self, part: Part, left: tuple[Part, ...]) -> Iterator[Batch]:
        is_first = not self.at.begun
        plain = self.at.plain
        collected = self._collected()
        collected.derives_invoices = plain
        for row in self._rows(part.asked, lost_is_final=not part.is_one):
            if len(collected.lines) >= self.records_max and _begins_another(collected, row):
                whole = _of_all(plain=plain, first=is_first, last=False)
                yield self._ledger_batch(collected, whole, self.at)
                is_first = False
            collected.add(row)
        is_last = not left
        at = msgspec.structs.replace(self.at, parts=left, begun=True)
        if is_last:
            at = msgspec.structs.replace(at, parts=None, begun=False, stage=at.next_stage)
        whole = _of_all(plain=plain, first=is_first, last=is_last)
        yield self._ledger_batch(collected, whole, at)

    def _changes(self) -> Iterator[Batch]:
        """Documents changed since the last pull, each with all its lines."""
        self._learn_new_years()
        begin = moment(self.at.since - CHANGED_OVERLAP_SECONDS)
        end = moment(int(self.now().timestamp()))
        collected = self._collected()
        collected.remembers = True
        for row in self._rows(wide(self.at.years, self.now()), modified=(begin, end)):
            if len(collected.lines) >= self.records_max and _begins_another(collected, row):
                yield self._ledger_batch(collected, (), self.at)
            collected.add(row)
            if collected.is_split:
                raise not_understood(self.at.stage.value, "a transaction in two parts")
        yield self._ledger_batch(collected, (), self._turned())

    def _learn_new_years(self) -> None:
        """A year that began since the plan was made; what is booked in it is changed as well."""
        this_year = self.now().year
        if self.at.years and this_year > max(self.at.years):
            years = (*self.at.years, *range(max(self.at.years) + 1, this_year + 1))
            self.at = msgspec.structs.replace(self.at, years=years)

    def _rows(
        self,
        part: Slice,
        *,
        modified: tuple[str, str] | None = None,
        lost_is_final: bool = False,
    ) -> Iterator[Row]:
        return browsed(
            self.session,
            LEDGER,
            LEDGER_FIELDS,
            part,
            office=self.office,
            about=self.at.stage.value,
            modified=modified,
            lost_is_final=lost_is_final,
        )

    def _collected(self) -> wire_rows.Collected:
        self._kinds = dict(self.at.kinds)
        return wire_rows.Collected(currency=self.administration.currency, kinds=self._kinds)

    def _ledger_batch(
        self, collected: wire_rows.Collected, coverage: tuple[Coverage, ...], at: Bookmark
    ) -> Batch:
        """What is collected so far; without coverage of its own, as whole changed documents.

        Changed invoices go with their documents, and come back with what is open of them.
        """
        records: list[Record] = [*collected.entries.values(), *collected.lines]
        if self.at.plain:
            records += collected.invoices.values()
        else:
            at = at.owing([key for key, one in collected.invoices.items() if one.total_e4])
        whole = coverage or (Delta(whole_entries=frozenset(collected.entries)),)
        collected.clear()
        if len(self._kinds) <= JOURNALS_MAX:
            at = msgspec.structs.replace(at, kinds=dict(self._kinds))
        return self._batch(records, whole, at)

    def _open_items(self) -> Iterator[Batch]:
        reading = OpenItems(
            self.session, self.office, self.at, self.now, CHANGED_OVERLAP_SECONDS, self.records_max
        )
        for invoices, coverage, at in reading.steps():
            yield self._batch(invoices, (coverage,), at)
        self.at = reading.at

    def _deletions(self) -> Iterator[Batch]:
        """All deletions there are, and those heard of before left out here.

        Whether the service's dates mean the day of deletion or of the transaction no source says.
        """
        since = self.at.since - DELETED_OVERLAP_SECONDS
        gone: set[tuple[RecordKind, str]] = set()
        for element in self.session.queried(
            DELETED_SERVICE,
            "GetDeletedTransactions",
            ("{*}DeletedTransaction",),
            office=self.office,
            about=self.at.stage.value,
            CompanyCode=self.office,
        ):
            told = wall_clock(text_at(element, "{*}DeletionDate"))
            if told.timestamp() < since:
                continue
            if len(gone) == self.records_max:
                yield self._batch([], (Delta(deleted=frozenset(gone)),))
                gone.clear()
            daybook = text_at(element, "{*}Daybook") or ""
            number = text_at(element, "{*}TransactionNumber") or ""
            gone.add((RecordKind.ENTRY, wire_rows.entry_key(daybook, number)))
        yield self._batch([], (Delta(deleted=frozenset(gone)),), self._turned())

    # -- within ------------------------------------------------------------------------------------

    def _turned(self) -> Bookmark:
        """The bookmark at the next stage."""
        return msgspec.structs.replace(self.at, stage=self.at.next_stage)

    def _batch(
        self,
        records: Sequence[Record],
        coverage: tuple[Coverage, ...],
        at: Bookmark | None = None,
    ) -> Batch:
        """A batch of this stage; without ``at`` one from within an answer."""
        stage = self.at.stage
        self.at = at or self.at
        return Batch(
            bookmark=self.at.encoded(),
            records=tuple(records),
            coverage=coverage,
            stage=stage.value,
            last=self.at.stage is Stage.DONE,
        )


def _of_all(*, plain: bool, first: bool, last: bool) -> tuple[Coverage, ...]:
    kinds = (RecordKind.LINE, RecordKind.INVOICE) if plain else (RecordKind.LINE,)
    return tuple(Everything(kind=kind, first=first, last=last) for kind in kinds)


def _begins_another(collected: wire_rows.Collected, row: Row) -> bool:
    daybook, number = row[-3:-1]
    return wire_rows.entry_key(daybook, number) != collected.lines[-1].entry_key

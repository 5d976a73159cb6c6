"""A pull: masters, then the general ledger fiscal year by fiscal year, each page a batch.

Minox tells of no changes in its ledger, so years are read again: every night the open ones, each
as a window of dates whose entries are compared with what is held; once a week all of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from attrs import define, field, frozen

from adapters.providers.kit import begun as begun_entries
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.minox import rows
from adapters.providers.minox.bookmark import Bookmark, Mode, Stage
from adapters.providers.minox.codes import CUSTOMER, SUPPLIER
from adapters.providers.minox.declaration import PROVIDER
from adapters.providers.minox.ledger import Ledger
from adapters.providers.minox.reader import Reader
from adapters.providers.minox.wire import PAGES_MAX, Place, lines_path
from core.domain.books import Batch, Coverage, Delta, Everything, Record, RecordKind, Window
from core.domain.failures import Failure, FixSettings
from core.domain.integration import Administration

Row = TypeVar("Row")

BATCH_LINES_MAX: Final = 6_000
"""Lines of one batch; each may be an entry and an invoice as well. A page may hold more, because
lists may come whole: it is then several batches, and one that was left in the middle is asked for
once more."""

YEAR_LINES_MAX: Final = 50_000
"""A year with more lines is asked for by period from the next time on."""

PERIODS: Final = tuple(range(15))
"""Of a year that is too large to be asked for at once. 0 is assumed to be the opening; periods
beyond the twelfth or thirteenth exist for closing (14 was seen)."""

_TOO_MUCH: Final = frozenset({"answer-too-large", "too-slow"})
_LEDGER_KINDS: Final = (RecordKind.ENTRY, RecordKind.LINE, RecordKind.INVOICE)


@frozen(kw_only=True)
class _List(Generic[Row]):
    """A plain list: its path below the administration, what reads it, what its rows become."""

    path: str
    decoder: JsonPage[rows.Page[Row]]
    record: Callable[[Row], Record]
    kind: RecordKind
    about: str
    begins: bool = True
    """Whether the reading of its kind begins with it."""
    ends: bool = True

    def page(self, reader: Reader, path: str, tenant: str) -> tuple[list[Record], str | None]:
        """The records of one page, and path and query of the next."""
        found, following = reader.page(path, self.decoder, tenant=tenant, about=self.about)
        return [self.record(row) for row in found], following


_LISTS: Final[Mapping[Stage, _List[Any]]] = {
    Stage.ACCOUNTS: _List(
        path="ledger_account",
        decoder=rows.ACCOUNTS,
        record=rows.ledger_account,
        kind=RecordKind.ACCOUNT,
        about="ledger accounts",
    ),
    Stage.JOURNALS: _List(
        path="journal",
        decoder=rows.JOURNALS,
        record=rows.journal,
        kind=RecordKind.JOURNAL,
        about="journals",
    ),
    Stage.TAX_CODES: _List(
        path="vat",
        decoder=rows.VAT_CODES,
        record=rows.tax_code,
        kind=RecordKind.TAX_CODE,
        about="VAT codes",
    ),
    Stage.CUSTOMERS: _List(
        path="customer",
        decoder=rows.CUSTOMERS,
        record=lambda row: rows.contact(row, CUSTOMER),
        kind=RecordKind.CONTACT,
        about="customers",
        ends=False,
    ),
    Stage.SUPPLIERS: _List(
        path="supplier",
        decoder=rows.SUPPLIERS,
        record=lambda row: rows.contact(row, SUPPLIER),
        kind=RecordKind.CONTACT,
        about="suppliers",
        begins=False,
    ),
}


@define
class Pull:
    """One pull of one administration; ``at`` moves on with each batch."""

    reader: Reader
    administration: Administration
    place: Place
    at: Bookmark
    codes: rows.ControlCodes
    _page: tuple[str, list[rows.LineRow], str | None] | None = field(default=None, init=False)
    """The page of lines in hand: its address, rows, and the next one's address."""
    _lines_of_year: int = field(default=0, init=False)

    def batches(self) -> Iterator[Batch]:
        for _ in range(PAGES_MAX):
            stage = self.at.stage
            try:
                batch = self._lines() if stage is Stage.LINES else self._listed(_LISTS[stage])
            except ValueError as error:
                raise rows.bad_value(stage.value, error) from None
            yield batch
            if batch.last:
                return

    # -- plain lists -------------------------------------------------------------------------------

    def _listed(self, listed: _List[Any]) -> Batch:
        at, is_first = self.at, self.at.page is None
        path = at.page or f"{self.place.path}/{listed.path}"
        records, following = listed.page(self.reader, path, self.place.tenant)
        if at.stage is Stage.ACCOUNTS and is_first:
            if not records:
                raise FixSettings(
                    f"{PROVIDER} shows no ledger account of this administration: give the user who "
                    "approved the right to see the ledger there, then reconnect.",
                    detail="ledger_account is empty",
                    code="nothing-shown",
                )
            records += rows.control_accounts(self.codes)
        coverage = Everything(
            kind=listed.kind,
            first=is_first and listed.begins,
            last=following is None and listed.ends,
        )
        stage = at.stage if following is not None else at.next_stage()
        return self._batch(
            records, (coverage,), msgspec.structs.replace(at, page=following, stage=stage)
        )

    # -- the ledger --------------------------------------------------------------------------------

    def _lines(self) -> Batch:
        """One page of a year, or one part of a page that is too large for a batch."""
        at = self.at
        if not at.queue:
            return self._ledger_batch((), frozenset(), at, is_end=True)
        year = at.fiscal_year(at.queue[0])
        found, following = self._in_hand(year)
        at = self.at
        part = found[at.offset : at.offset + BATCH_LINES_MAX]
        ledger = Ledger(
            year=year,
            currency=self.administration.currency,
            leave_opening=any(known < year.year for known in at.booked),
        )
        ledger.add(part)
        begun = begun_entries.hashes(at.begun)
        whole = frozenset(key for key in ledger.entries if begun_entries.short(key) not in begun)
        self._lines_of_year += len(part)
        after = self._after(at, year.year, len(found), following)
        if ledger.entries:
            after = msgspec.structs.replace(after, booked=after.booked | {year.year})
        if after.mode is Mode.OPEN and after.queue and after.queue[0] == year.year:
            kept = begun_entries.with_keys(at.begun, sorted(whole))
            after = msgspec.structs.replace(after, begun=kept)
        return self._ledger_batch(ledger.all_records(), whole, after, year=year)

    def _in_hand(self, year: rows.FiscalYear) -> tuple[list[rows.LineRow], str | None]:
        """The page to read from. A year that is too large is asked for by period instead."""
        at = self.at
        if at.page is None and not at.periods and year.year in at.large:
            self.at = at = msgspec.structs.replace(at, periods=PERIODS)
        period = at.periods[0] if at.periods else None
        path = at.page or lines_path(self.place, year.year, period)
        if self._page is None or self._page[0] != path:
            try:
                found, following = self.reader.page(
                    path, rows.LINES, tenant=self.place.tenant, about="general ledger"
                )
            except Failure as failure:
                if failure.code not in _TOO_MUCH or period is not None or at.page is not None:
                    raise
                self.at = msgspec.structs.replace(at, large=at.large | {year.year})
                return self._in_hand(year)
            self._page = (path, found, following)
        return self._page[1], self._page[2]

    def _after(self, at: Bookmark, year: int, rows_found: int, following: str | None) -> Bookmark:
        """The bookmark at the next part, page, period or year."""
        offset = at.offset + BATCH_LINES_MAX
        if offset < rows_found:
            return msgspec.structs.replace(at, offset=offset)
        at = msgspec.structs.replace(at, offset=0, page=following)
        if following is not None:
            return at
        if len(at.periods) > 1:
            return msgspec.structs.replace(at, periods=at.periods[1:])
        large = at.large | {year} if self._lines_of_year > YEAR_LINES_MAX else at.large
        self._lines_of_year = 0
        return msgspec.structs.replace(at, periods=(), queue=at.queue[1:], begun="", large=large)

    def _ledger_batch(
        self,
        records: Sequence[Record],
        whole: frozenset[str],
        after: Bookmark,
        *,
        year: rows.FiscalYear | None = None,
        is_end: bool = False,
    ) -> Batch:
        is_end = is_end or not after.queue
        coverage: tuple[Coverage, ...]
        if after.mode is Mode.WHOLE:
            is_first = not after.started_lines
            coverage = tuple(
                Everything(kind=kind, first=is_first, last=is_end) for kind in _LEDGER_KINDS
            )
        elif year is None:
            coverage = (Delta(),)
        else:
            is_over = not after.queue or after.queue[0] != year.year
            coverage = (
                Delta(whole_entries=whole),
                Window(first=year.start, last_day=year.end, last=is_over),
            )
        after = msgspec.structs.replace(
            after, started_lines=True, stage=Stage.DONE if is_end else after.stage
        )
        return self._batch(records, coverage, after)

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

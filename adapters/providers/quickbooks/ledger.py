"""The ledger: which windows of days to read, their transactions, and what is gone from them.

The journal report has no pages: a window is one answer, and one that was cut short or took too long
is asked for in halves. What an answer brings is applied by days, oldest first, each part as a whole
window of its own, so that a pull which is stopped asks only for the days that are left.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final, TypeAlias

import msgspec
from attrs import define

from adapters.providers.quickbooks import cells
from adapters.providers.quickbooks.bookmark import (
    LABELS_MAX,
    Bookmark,
    Company,
    Mode,
)
from adapters.providers.quickbooks.codes import JOURNAL_KINDS
from adapters.providers.quickbooks.declaration import PROVIDER, TOO_MUCH
from adapters.providers.quickbooks.reader import Reader
from adapters.providers.quickbooks.windows import (
    Days,
    fiscal,
    fiscal_year,
    month_before,
    months_of,
    whole_history,
    within,
)
from core.domain.books import (
    Coverage,
    Delta,
    Journal,
    JournalEntry,
    JournalKind,
    JournalLine,
    Record,
    RecordKind,
    Window,
)
from core.domain.failures import NotUnderstood, ProviderDown

RECORDS_PER_BATCH: Final = 10_000
YEAR_DAYS: Final = 366
WINDOWS_MAX: Final = 10_000
"""In the queue of one pull: every day of 27 years."""

Gone: TypeAlias = frozenset[tuple[RecordKind, str]]
Step: TypeAlias = tuple[Sequence[Record], tuple[Coverage, ...]]


@define
class LedgerStage:
    """Reads the first window of the queue; ``at`` moves on with each step that is yielded."""

    reader: Reader
    company: Company
    at: Bookmark
    today: date

    def steps(self) -> Iterator[Step]:
        """What the next answer brings, in one step or several."""
        if not self.at.planned:
            self._move(planned=True, queue=tuple(days.written() for days in self._plan()))
        days, found = self._answer()
        for transaction in found:
            self._note(transaction)
        yield from self._parts(days, sorted(found, key=lambda each: each.day))

    # -- which windows -----------------------------------------------------------------------------

    def _plan(self) -> tuple[Days, ...]:
        """Everything, or what changed, the newest two months, and years wanted from nothing."""
        month = self.company.first_month
        this_year, _ = fiscal(self.today, month)
        if self.at.mode is Mode.WHOLE:
            started = self.company.started_on or self.today
            first_year, _ = fiscal(max(started, date(1990, 1, 1)), month)
            return whole_history(first_year, this_year, month)
        years = [fiscal_year(year, month) for year in self.at.extra]
        days = [self.today, month_before(self.today)]
        days += [date.fromisoformat(each.partition(" ")[2]) for each in self.at.changed]
        return (*years, *months_of(day for day in days if not within(day, years)))

    # -- one answer --------------------------------------------------------------------------------

    def _answer(self) -> tuple[Days, list[cells.Transaction]]:
        """The first window whose answer came whole. Windows that are too much are parted."""
        for _ in range(WINDOWS_MAX):
            days, *left = self.at.windows
            if 0 < self.at.days_max < days.count:
                middle = days.first + timedelta(days=self.at.days_max - 1)
                self._queue([*days.cut_after(middle), *left])
                continue
            try:
                return days, self._read(days)
            except cells.CutShort as cut:
                self._halve(days, str(cut))
            except ProviderDown as down:
                if down.code != TOO_MUCH or days.count == 1:
                    raise
                self._halve(days, "too slow")
        raise NotUnderstood(
            f"{PROVIDER} cuts the journal report short however few days are asked for: report it.",
            detail=f"{WINDOWS_MAX} windows",
        )

    def _read(self, days: Days) -> list[cells.Transaction]:
        try:
            if not self.at.by_account:
                return self.reader.journal(days, self.company)
        except cells.HomeAmountsMissing:
            self._move(by_account=True)
        try:
            return self.reader.general_ledger(days, self.company)
        except cells.HomeAmountsMissing as missing:
            raise NotUnderstood(
                f"{PROVIDER} tells no amounts in the company's own currency: report it.",
                detail=f"columns {missing}",
                code="home-amounts-missing",
            ) from None

    def _halve(self, days: Days, why: str) -> None:
        """Of several years the last by itself; within a year no window is longer any more than
        half of this one.
        """
        if days.count == 1:
            raise NotUnderstood(
                f"{PROVIDER} does not tell all bookings of {days.first.isoformat()}: there are too "
                "many on that day for its report. Report this.",
                detail=why,
                code="day-too-large",
            )
        if days.count > YEAR_DAYS:
            middle = days.last - timedelta(days=YEAR_DAYS)
            self._queue([*days.cut_after(middle), *self.at.windows[1:]])
        else:
            self._move(days_max=(days.count + 1) // 2)

    # -- its parts ---------------------------------------------------------------------------------

    def _parts(self, days: Days, found: Sequence[cells.Transaction]) -> Iterator[Step]:
        """Batches of whole days; of a day with too much for one batch, parts of that day."""
        if not found:
            yield self._step(days, (), None, is_over=True, gone=self._gone(days, ()))
        left: Days | None = days
        met: set[str] = set()
        for some, is_over in _batches(found, RECORDS_PER_BATCH):
            assert left is not None
            last_day = left.last if some[-1] is found[-1] else some[-1].day
            window = Days(left.first, last_day)
            met |= {each.id for each in some}
            gone = self._gone(window, met) if is_over else frozenset()
            if is_over:
                left, met = left.after(last_day), set()
            yield self._step(window, some, left, is_over=is_over, gone=gone)

    def _step(
        self,
        window: Days,
        found: Sequence[cells.Transaction],
        left: Days | None,
        *,
        is_over: bool,
        gone: Gone = frozenset(),
    ) -> Step:
        records = [record for each in found for record in self._records(each)]
        queue = [*self.at.windows[1:]]
        if left is not None:
            queue = [left, *queue]
        keys = frozenset(each.id for each in found)
        self._queue(queue)
        if not queue:
            self._move(stage=self.at.next_stage, planned=False, changed=(), extra=())
        coverage: tuple[Coverage, ...] = (
            Delta(deleted=gone, whole_entries=keys),
            Window(first=window.first, last_day=window.last, last=is_over),
        )
        return records, coverage

    def _gone(self, window: Days, met: Collection[str]) -> Gone:
        """Changed transactions that are in this window now and yet post nothing."""
        told = [each.partition(" ") for each in self.at.changed]
        here = {
            key for key, _, day in told if window.first <= date.fromisoformat(day) <= window.last
        }
        kept = tuple(f"{key} {day}" for key, _, day in told if key not in here)
        self._move(changed=kept)
        return frozenset((RecordKind.ENTRY, key) for key in here if key not in met)

    def _note(self, transaction: cells.Transaction) -> None:
        """Years and types that occur."""
        if not transaction.postings:
            return
        year, _ = fiscal(transaction.day, self.company.first_month)
        if year not in self.at.years:
            self._move(years=tuple(sorted({*self.at.years, year})))
        if year not in self.at.touched:
            self._move(touched=tuple(sorted({*self.at.touched, year})))
        label = transaction.label
        if label and label not in self.at.labels and len(self.at.labels) < LABELS_MAX:
            self._move(labels=tuple(sorted({*self.at.labels, label})))

    def _records(self, transaction: cells.Transaction) -> Iterator[Record]:
        if not transaction.postings:
            return
        day = transaction.day
        year, period = fiscal(day, self.company.first_month)
        yield JournalEntry(
            key=transaction.id,
            number=transaction.number,
            journal_key=transaction.label or None,
            date=day,
            year=year,
            period=period,
            description=transaction.postings[0].memo,
        )
        contact = _party(transaction)
        for posting in transaction.postings:
            yield JournalLine(
                key=f"{transaction.id}:{posting.place}",
                entry_key=transaction.id,
                position=posting.place,
                account_key=posting.account,
                date=day,
                year=year,
                period=period,
                amount_e4=posting.amount_e4,
                currency=posting.currency,
                foreign_e4=posting.foreign_e4,
                contact_key=posting.contact or contact,
                description=posting.memo,
            )

    # -- moving on ---------------------------------------------------------------------------------

    def _queue(self, windows: Sequence[Days]) -> None:
        self._move(queue=tuple(days.written() for days in windows))

    def _move(self, **changes: object) -> None:
        self.at = msgspec.structs.replace(self.at, **changes)


def _batches(
    found: Sequence[cells.Transaction], records_max: int
) -> Iterator[tuple[Sequence[cells.Transaction], bool]]:
    """Runs of transactions of at most so many records, ended between days; and whether a run ends
    its last day, which only a day of more records than that needs several of.
    """
    run: list[cells.Transaction] = []
    count = 0
    for _, same_day in groupby(found, key=lambda each: each.day):
        day = list(same_day)
        size = sum(len(each.postings) + 1 for each in day)
        if run and count + size > records_max:
            yield run, True
            run, count = [], 0
        if size <= records_max:
            run, count = run + day, count + size
            continue
        for each in day:
            if run and count + len(each.postings) + 1 > records_max:
                yield run, False
                run, count = [], 0
            run.append(each)
            count += len(each.postings) + 1
        yield run, True
        run, count = [], 0
    if run:
        yield run, True


def _party(transaction: cells.Transaction) -> str | None:
    """Whose transaction it is, for lines without a name: reports print it on the first line only.

    A manual journal may be about several people, and of a type that is told in another language
    nobody knows whether it is one: there only the lines with a name have one.
    """
    if JOURNAL_KINDS.get(transaction.label, JournalKind.GENERAL) is JournalKind.GENERAL:
        return None
    return next((each.contact for each in transaction.postings if each.contact), None)


def journals(at: Bookmark) -> tuple[Journal, ...]:
    """The types of transactions met so far."""
    return tuple(
        Journal(
            key=label,
            code=label,
            name=label,
            journal_kind=JOURNAL_KINDS.get(label, JournalKind.OTHER),
        )
        for label in at.labels
    )

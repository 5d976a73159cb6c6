"""The ledger: which months to read, their bookings page by page, and their signs.

Each year is looked at with one call for its sums; when they are others than last time, each of its
months is, and of the months whose sums changed the bookings are read: all those without a project
first (one series of pages), then those of the accounts whose sums say that something is missing,
account by account. The sums of a month tell the sign of its amounts and that it is complete.

Assumed: that ``project_id=null`` alone selects bookings, as the official description of it reads.
Where it is refused, every account is read by itself. A month that does not add up even so is read
a second time, because somebody may have been booking; what differs then, the proof shows.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from attrs import define

from adapters.providers.kit.begun import short
from adapters.providers.moneybird import rows
from adapters.providers.moneybird.bookmark import (
    Bookmark,
    Mode,
    Reading,
    Stage,
    with_begun,
)
from adapters.providers.moneybird.declaration import SELECTOR_REFUSED
from adapters.providers.moneybird.reader import Reader
from adapters.providers.moneybird.sums import EMPTY, Fit, Sums, add, digest, fit, tells_nothing
from core.domain.books import Coverage, Delta, Record, Window
from core.domain.failures import NotUnderstood
from core.domain.money import parse_e4

FIRST_YEAR_MIN: Final = 1990
YEARS_BACK_MAX: Final = 10
"""Going back from the first bookkeeping year ends with either."""

UNSURE_MAX: Final = 300
"""Months of accounts remembered whose sign could not be seen."""

_WITHOUT_PROJECT: Final[Mapping[str, str]] = {"project_id": "null"}
_AGAIN: Final = "!"
_YEAR_CHARACTERS: Final = 4

Step = tuple[Sequence[Record], tuple[Coverage, ...]]
NOTHING: Final[Step] = ((), (Delta(),))


@define
class LedgerStage:
    """One step of the stage: ``advance`` makes one call and moves ``at`` on."""

    reader: Reader
    administration: str
    at: Bookmark
    this_year: int
    sums: dict[str, Sums]

    def advance(self) -> Step:
        if not self.at.planned:
            self._move(planned=True, queue=self._years())
        step = self._page() if self.at.reading is not None else self._next_in_queue()
        if self.at.reading is None and not self.at.queue:
            self._move(stage=Stage.DONE, planned=False)
        return step

    def _years(self) -> tuple[str, ...]:
        """From the year before the first to the next one, and those that had bookings before."""
        told = {str(year) for year in range(self.at.first_year - 1, self.this_year + 2)}
        return tuple(sorted(told | self.at.years.keys()))

    def _next_in_queue(self) -> Step:
        item, rest = self.at.queue[0], self.at.queue[1:]
        self._move(queue=rest)
        if len(item) == _YEAR_CHARACTERS:
            return self._look_at_year(item)
        return self._look_at_month(item.removesuffix(_AGAIN), again=item.endswith(_AGAIN))

    # -- what the general ledger says --------------------------------------------------------------

    def _look_at_year(self, year: str) -> Step:
        """An empty year is over with one call; months of another are looked at one by one.

        Where bookings were made before the first bookkeeping year, the years before are looked at
        as well.
        """
        first, last = f"{year}01", f"{year}12"
        sums, has_past = self.reader.ledger_and_past(self.administration, first, last)
        told = digest(sums)
        is_same = told == self.at.years.get(year, "") and self.at.mode is Mode.CHANGES
        is_on_the_way_back = int(year) < self.at.first_year - 1 and not told
        if (told or has_past) and (not is_same or is_on_the_way_back):
            self._go_back_from(int(year))
        if is_same:
            return NOTHING
        if not told:
            self._move(
                years={known: kept for known, kept in self.at.years.items() if known != year},
                months={
                    m: kept for m, kept in self.at.months.items() if m[:_YEAR_CHARACTERS] != year
                },
            )
            return (), (_window(first, last),)
        months = tuple(f"{year}{month:02d}" for month in range(1, 13))
        self._move(
            years={**self.at.years, year: told},
            touched=self.at.touched | {year},
            queue=(*months, *self.at.queue),
        )
        return NOTHING

    def _go_back_from(self, year: int) -> None:
        earliest = max(FIRST_YEAR_MIN, self.at.first_year - YEARS_BACK_MAX)
        before = str(year - 1)
        if earliest < year < self.at.first_year and before not in self.at.queue:
            self._move(queue=(*self.at.queue, before))

    def _look_at_month(self, month: str, *, again: bool) -> Step:
        told = self.reader.general_ledger(self.administration, month, month)
        self.sums[month] = told
        now = digest(told)
        if now == self.at.months.get(month, "") and self._is_trusted(month):
            return NOTHING
        if not told:
            months = {known: kept for known, kept in self.at.months.items() if known != month}
            self._move(months=months)
            return (), (_window(month, month),)
        reading = Reading(
            month=month,
            told=told,
            accounts=tuple(told) if self.at.singly else (),
            singly=self.at.singly,
            again=again,
        )
        self._move(reading=reading)
        return NOTHING

    def _is_trusted(self, month: str) -> bool:
        """Whether the same sums mean the same bookings."""
        is_old = int(month[:_YEAR_CHARACTERS]) < self.this_year - 1
        return self.at.mode is Mode.CHANGES or (self.at.mode is Mode.CHECK and is_old)

    # -- bookings ----------------------------------------------------------------------------------

    def _page(self) -> Step:
        reading = self._reading
        selector = _WITHOUT_PROJECT
        if reading.singly:
            selector = {"ledger_account_id": reading.accounts[0]}
        try:
            found, following = self.reader.entries(
                self.administration, reading.month, selector, reading.page
            )
        except NotUnderstood as refused:
            if refused.code != SELECTOR_REFUSED or reading.singly:
                raise
            return self._account_by_account()
        records, fresh = self._taken(found)
        if following is not None:
            self._note(page=following)
        elif not self._reading.singly:
            self._after_the_others()
        else:
            self._after_an_account()
        window = _window(reading.month, reading.month, is_over=self.at.reading is None)
        return records, (Delta(whole_entries=fresh), window)

    def _account_by_account(self) -> Step:
        """The shorter way is refused, now and for the months to come."""
        self._move(singly=True)
        self._note(singly=True, accounts=tuple(self._reading.told), page=1)
        return NOTHING

    def _taken(self, found: Sequence[rows.EntryRow]) -> tuple[Sequence[Record], frozenset[str]]:
        """The page's records, and the entries met for the first time: of these nothing that is
        held and not on this page stays.
        """
        read = dict(self._reading.read)
        begun = self._reading.begun_hashes()
        entries: dict[str, Record] = {}
        lines: list[Record] = []
        for row in found:
            amount_e4 = parse_e4(row.amount)
            account = rows.key(row.ledger_account_id)
            add(read, account, amount_e4)
            lines.append(rows.line(row, -amount_e4 if account in self.at.minus else amount_e4))
            entries.setdefault(rows.entry_key(row), rows.entry(row))
        fresh = [key for key in entries if short(key) not in begun]
        reading = msgspec.structs.replace(self._reading, read=read)
        self._move(reading=with_begun(reading, fresh))
        return (*entries.values(), *lines), frozenset(fresh)

    def _after_the_others(self) -> None:
        """Everything without a project is read: accounts that do not add up yet are next."""
        reading = self._reading
        left = tuple(
            account
            for account, told in reading.told.items()
            if self._fit(account, told) is not Fit.AS_TAKEN
        )
        for account in left:
            # The sign that fits is learned before the account is read again with it.
            if self._fit(account, reading.told[account]) is Fit.TURNED:
                self._turn(account)
        if not left:
            self._end(is_sound=True)
            return
        self._next_account(left)

    def _after_an_account(self) -> None:
        reading = self._reading
        account, rest = reading.accounts[0], reading.accounts[1:]
        found = self._fit(account, reading.told.get(account, EMPTY))
        if found is Fit.TURNED and not reading.turned:
            self._turn(account)
            self._next_account((account, *rest), turned=True)
        elif rest:
            self._next_account(rest)
        else:
            self._end(
                is_sound=all(
                    self._fit(each, told) is Fit.AS_TAKEN for each, told in reading.told.items()
                )
            )

    def _next_account(self, accounts: tuple[str, ...], *, turned: bool = False) -> None:
        """The first of the accounts is read from its first page on."""
        read = {a: pair for a, pair in self._reading.read.items() if a != accounts[0]}
        self._note(read=read, accounts=accounts, page=1, singly=True, turned=turned)

    def _fit(self, account: str, told: tuple[int, int]) -> Fit:
        read = self._reading.read.get(account, EMPTY)
        return fit(told, read, minus=account in self.at.minus)

    def _turn(self, account: str) -> None:
        """The account's amounts have the other sign. Months that could not tell are read again."""
        unsure = [each for each in self.at.unsure if each.endswith(f":{account}")]
        months = {each.partition(":")[0] for each in unsure} - {self._reading.month}
        self._move(
            minus=self.at.minus ^ {account},
            turned=self.at.turned ^ {account},
            unsure=tuple(each for each in self.at.unsure if each not in unsure),
            months={known: kept for known, kept in self.at.months.items() if known not in months},
            queue=(*self.at.queue, *sorted(months - set(self.at.queue))),
        )

    def _end(self, *, is_sound: bool) -> None:
        """The month is read. One that does not add up counts as not seen, and is read once more."""
        reading = self._reading
        months = {**self.at.months, reading.month: digest(reading.told)}
        queue = self.at.queue
        if not is_sound:
            months[reading.month] = ""
            if not reading.again:
                queue = (f"{reading.month}{_AGAIN}", *queue)
        blind = [
            f"{reading.month}:{account}"
            for account, told in reading.told.items()
            if tells_nothing(told)
            and account in self.at.open_sides
            and account not in self.at.turned
        ]
        unsure = dict.fromkeys((*self.at.unsure, *blind))
        self._move(months=months, queue=queue, unsure=tuple(unsure)[-UNSURE_MAX:], reading=None)

    # -- moving on ---------------------------------------------------------------------------------

    @property
    def _reading(self) -> Reading:
        assert self.at.reading is not None, "a month is being read"
        return self.at.reading

    def _note(self, **changes: object) -> None:
        self._move(reading=msgspec.structs.replace(self._reading, **changes))

    def _move(self, **changes: object) -> None:
        self.at = msgspec.structs.replace(self.at, **changes)


def _window(first: str, last: str, *, is_over: bool = True) -> Window:
    """All entries of whole months, ``YYYYMM`` inclusive."""
    year, month = int(last[:4]), int(last[4:])
    return Window(
        first=date(int(first[:4]), int(first[4:]), 1),
        last_day=date(year, month, monthrange(year, month)[1]),
        last=is_over,
    )

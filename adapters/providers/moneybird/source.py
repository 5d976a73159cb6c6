"""An open connection to Moneybird: who consented, which administrations, their books and sums."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from attrs import define, field

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.decoding import trimmed
from adapters.providers.moneybird import rows
from adapters.providers.moneybird.bookmark import Bookmark, Mode, starting
from adapters.providers.moneybird.declaration import PROVIDER
from adapters.providers.moneybird.pulling import Pull
from adapters.providers.moneybird.reader import Reader
from adapters.providers.moneybird.sums import Sums
from core.domain.books import Batch
from core.domain.failures import FixSettings
from core.domain.integration import Account, Administration
from core.domain.proof import Cell, ControlTotals
from core.ports.provider import AccessTokens, Health

HISTORY_YEARS: Final = 7
"""How far back to look where the first bookkeeping year is not told: what must be kept by law."""
_DAY_CHARACTERS: Final = 10


@define
class _Seen:
    """What this source saw of an administration's general ledger."""

    sums: dict[str, Sums] = field(factory=dict)
    """Per month, as it was told last."""
    years: set[str] = field(factory=set)
    """Those with bookings."""
    touched: set[str] = field(factory=set)
    is_whole: bool = False
    is_done: bool = False

    def note(self, done: Bookmark) -> None:
        """Remember what was pulled; a second pull of this source never narrows the proof."""
        self.years = set(done.years)
        self.touched |= done.touched
        self.is_whole = self.is_whole or done.mode is not Mode.CHANGES
        self.is_done = True


class MoneybirdSource:
    """Implements core.ports.provider.Source."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._reader = Reader(kit, fields, tokens)
        self._rows: list[rows.AdministrationRow] | None = None
        self._seen: dict[str, _Seen] = {}

    @property
    def calls(self) -> int:
        return self._reader.calls

    def close(self) -> None:
        self._reader.close()

    def health(self) -> Health:
        """One call. Moneybird does not say who consented: the account is known by the oldest of
        its administrations (ids grow with time), which stays when others are added.
        """
        self._rows = None
        found = self._administrations()
        if not found:
            raise FixSettings(
                f"The consent covers no administration at {PROVIDER}: reconnect with a user who "
                "has access to one.",
                detail="administrations is empty",
                code="no-administrations",
            )
        oldest = min(found, key=lambda row: (len(rows.key(row.id)), rows.key(row.id)))
        others = len(found) - 1
        name = oldest.name if not others else f"{oldest.name} and {others} more"
        return Health(account=Account(key=rows.key(oldest.id), name=name))

    def administrations(self) -> Sequence[Administration]:
        self._rows = None
        return tuple(_administration(row) for row in self._administrations())

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        now = self._kit.clock.now()
        at = starting(bookmark, now=int(now.timestamp()))
        if not at.first_year:
            at = msgspec.structs.replace(at, first_year=self._first_year(administration.key))
        seen = self._seen.setdefault(administration.key, _Seen())
        pull = Pull(
            reader=self._reader,
            administration=administration,
            at=at,
            this_year=now.year,
            sums=seen.sums,
        )
        for batch in pull.batches():
            if batch.last:
                seen.note(pull.at)
            yield batch

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals:
        """``reports/general_ledger`` per month: of the newest year and of every one that changed.

        After a full pull, once a week and where it is asked for, of every year with bookings. What
        the pull was told of a month before it read its bookings is not asked for again; ``whole``
        asks for every month anew.
        """
        seen = self._seen.get(administration.key)
        if seen is None or not seen.is_done or whole:
            known = self._years_with_bookings(administration.key)
            known |= set() if seen is None else seen.years
            seen, is_limited = _Seen(), False
        else:
            is_limited = not seen.is_whole
            known = seen.touched | self._newest(seen.years) if is_limited else seen.years
        balances_e4: dict[Cell, int] = {}
        for year in sorted(known):
            for month in range(1, 13):
                told = self._month(administration.key, f"{year}{month:02d}", seen)
                _add(balances_e4, int(year), month, told)
        years = frozenset(map(int, known)) if is_limited else None
        return ControlTotals(balances_e4=balances_e4, years=years)

    def _newest(self, years: set[str]) -> set[str]:
        """The newest year with bookings that has begun, and those to come."""
        this_year = str(self._kit.clock.now().year)
        begun = sorted(year for year in years if year <= this_year)
        return {*begun[-1:], *(year for year in years if year > this_year)}

    def _month(self, administration: str, month: str, seen: _Seen) -> Sums:
        if month not in seen.sums:
            seen.sums[month] = self._reader.general_ledger(administration, month, month)
        return seen.sums[month]

    def _years_with_bookings(self, administration: str) -> set[str]:
        first, last = self._first_year(administration) - 1, self._kit.clock.now().year + 1
        return {
            str(year)
            for year in range(first, last + 1)
            if self._reader.general_ledger(administration, f"{year}01", f"{year}12")
        }

    def _administrations(self) -> list[rows.AdministrationRow]:
        if self._rows is None:
            self._rows = self._reader.administrations()
        return self._rows

    def _first_year(self, administration: str) -> int:
        """Of the first bookkeeping year."""
        found = (row for row in self._administrations() if rows.key(row.id) == administration)
        told = next((row.period_start_date for row in found), None) or ""
        year = told[:4]
        if year.isdecimal() and int(year) > 0:
            return int(year)
        return self._kit.clock.now().year - HISTORY_YEARS


def _add(balances_e4: dict[Cell, int], year: int, month: int, told: Sums) -> None:
    for account, (debit_e4, credit_e4) in told.items():
        if debit_e4 != credit_e4:
            cell = Cell(account_key=account, year=year, period=month)
            balances_e4[cell] = debit_e4 - credit_e4


def _administration(row: rows.AdministrationRow) -> Administration:
    obstacle = f"it is suspended at {PROVIDER}" if row.suspended else None
    return Administration(
        key=rows.key(row.id),
        name=row.name.strip() or rows.key(row.id),
        currency=row.currency,
        country=trimmed(row.country),
        importable=obstacle is None,
        obstacle=obstacle,
        closed_through=_day(row.period_locked_until),
    )


def _day(told: str | None) -> date | None:
    try:
        return date.fromisoformat((told or "")[:_DAY_CHARACTERS])
    except ValueError:
        return None

"""An open connection to Exact Online: who consented, which divisions, their books and balances."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adapters.providers.exact_online.bookmark import Bookmark, starting
from adapters.providers.exact_online.codes import BUDGET_TYPE, OBSTACLES, STATUS_INACTIVE
from adapters.providers.exact_online.pulling import Pull
from adapters.providers.exact_online.reader import Reader
from adapters.providers.exact_online.rows import (
    BALANCE_PAGE,
    DIVISION_PAGE,
    ME_PAGE,
    NO_ACCOUNT,
    PERIOD_PAGE,
    PROVIDER,
    DivisionRow,
    MeRow,
    bad_value,
)
from adapters.providers.exact_online.wire import (
    BALANCES,
    DIVISIONS,
    ME,
    NO_DIVISION,
    PERIODS,
    first_page,
)
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.decoding import cents_e4, guid_or_none, trimmed
from core.domain.books import Batch
from core.domain.failures import NotUnderstood
from core.domain.integration import Account, Administration
from core.domain.proof import Cell, ControlTotals
from core.ports.provider import AccessTokens, Health

OPEN_YEARS: Final = 2
"""Newest begun fiscal years with lines that count as open: the running one and the one being
closed. Years to come count as well, and never in place of these.

Assumed: nothing that is read says which years are open. Years in which a pull brought lines are
checked as well, and all of them once a week.
"""

_ANY_DIVISION: Final = 1
"""The division in the path of ``system/Divisions`` is not looked at, support says."""


class ExactSource:
    """Implements core.ports.provider.Source."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._reader = Reader(kit, fields, tokens)
        self._me: MeRow | None = None
        self._pulled: dict[str, Bookmark] = {}

    @property
    def calls(self) -> int:
        return self._reader.calls

    def close(self) -> None:
        self._reader.close()

    def health(self) -> Health:
        """One call. Rights differ per company and are probed where an import finds nothing."""
        self._me = None
        me = self._signed_in()
        name = trimmed(me.full_name) or trimmed(me.user_name) or me.user_id
        return Health(account=Account(key=me.user_id.lower(), name=name, email=trimmed(me.email)))

    def administrations(self) -> Sequence[Administration]:
        """Divisions of every licence the consent covers, archived ones too: they can be read."""
        division = str(self._signed_in().current_division or _ANY_DIVISION)
        rows = self._reader.all_rows(DIVISIONS, DIVISION_PAGE, division=division)
        return tuple(_administration(row) for row in rows)

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        now = int(self._kit.clock.now().timestamp())
        at = starting(bookmark, epoch=administration.epoch, now=now)
        pull = Pull(self._reader, administration, at)
        for batch in pull.batches():
            if batch.last:
                self._note(administration.key, pull.at)
            yield batch

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals:
        """ReportingBalance per fiscal year: of every year, or of the open and the touched ones.

        After a full pull every year is read, then once a week. Without a pull before it (the
        worker was lost between the two) every year as well.
        """
        pulled = self._pulled.get(administration.key)
        if whole or pulled is None or pulled.all_years:
            years = self._fiscal_years(administration.key)
            if pulled is not None:
                years |= pulled.years
            limited = None
        else:
            years = self._open_years(pulled.years) | pulled.touched
            limited = years
        balances_e4: dict[Cell, int] = {}
        for year in sorted(years):
            self._add_year(administration.key, year, balances_e4)
        return ControlTotals(balances_e4=balances_e4, years=limited)

    def _open_years(self, years: frozenset[int]) -> frozenset[int]:
        """The newest ones up to this year, and all beyond it: lines are booked years ahead."""
        this_year = self._kit.clock.now().year
        begun = sorted(year for year in years if year <= this_year)
        return frozenset(begun[-OPEN_YEARS:]) | {year for year in years if year > this_year}

    def _note(self, key: str, done: Bookmark) -> None:
        """Remember what was pulled; a second pull of this source never narrows the proof."""
        before = self._pulled.get(key)
        if before is not None:
            done = Bookmark(
                epoch=done.epoch,
                mode=done.mode,
                stage=done.stage,
                started_at=done.started_at,
                years=done.years | before.years,
                touched=done.touched | before.touched,
                all_years=done.all_years or before.all_years,
            )
        self._pulled[key] = done

    def _signed_in(self) -> MeRow:
        if self._me is None:
            path = first_page("", ME)
            rows, _ = self._reader.page(ME, ME_PAGE, path, division=NO_DIVISION)
            if not rows:
                raise NotUnderstood(
                    f"{PROVIDER} does not say who is signed in: report it.", detail="Me is empty"
                )
            self._me = rows[0]
        return self._me

    def _fiscal_years(self, division: str) -> frozenset[int]:
        rows = self._reader.all_rows(PERIODS, PERIOD_PAGE, division=division)
        return frozenset(row.fin_year for row in rows)

    def _add_year(self, division: str, year: int, balances_e4: dict[Cell, int]) -> None:
        path = first_page(division, BALANCES, f"ReportingYear eq {year}")
        for row in self._reader.all_rows(BALANCES, BALANCE_PAGE, division=division, path=path):
            account = guid_or_none(row.gl_account)
            if row.type == BUDGET_TYPE or (account is None and not row.amount):
                continue
            cell = Cell(
                account_key=account or NO_ACCOUNT,
                year=row.reporting_year,
                period=row.reporting_period,
            )
            try:
                amount_e4 = cents_e4(row.amount)
            except ValueError as error:
                raise bad_value(BALANCES.about, error) from None
            balances_e4[cell] = balances_e4.get(cell, 0) + amount_e4


def _administration(row: DivisionRow) -> Administration:
    obstacle = OBSTACLES.get(row.blocking_status or 0)
    if obstacle is None and row.blocking_status:
        obstacle = f"{PROVIDER} blocks it (status {row.blocking_status})"
    if obstacle is None and row.status == STATUS_INACTIVE:
        obstacle = f"it is inactive at {PROVIDER}"
    currency = trimmed(row.currency)
    if obstacle is None and currency is None:
        obstacle = "it has no currency"
    return Administration(
        key=str(row.code),
        name=trimmed(row.description) or str(row.code),
        currency=currency or "",
        country=trimmed(row.country),
        importable=obstacle is None,
        obstacle=obstacle,
        # Either date changes when the division went to another database: versions begin anew.
        epoch=f"{row.division_move_date or ''}|{row.division_hr_link_unlink_date or ''}",
    )

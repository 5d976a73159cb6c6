"""An open connection to QuickBooks: one company, its books and its trial balances."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from attrs import define, field

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.decoding import trimmed
from adapters.providers.quickbooks import balances, entities
from adapters.providers.quickbooks.bookmark import Bookmark, Company, Mode, again, starting
from adapters.providers.quickbooks.declaration import PROVIDER
from adapters.providers.quickbooks.pulling import Pull, company_of
from adapters.providers.quickbooks.reader import Reader
from adapters.providers.quickbooks.windows import fiscal, fiscal_year
from core.domain.books import Batch
from core.domain.failures import NotUnderstood, Reconnect
from core.domain.integration import Account, Administration
from core.domain.proof import Cell, ControlTotals
from core.ports.provider import START_OVER, AccessTokens, Health

_DAY_CHARACTERS: Final = 10


@define
class _Seen:
    """What this source saw of its company."""

    company: Company | None = None
    chart: balances.Chart | None = None
    years: frozenset[int] = frozenset()
    """Fiscal years with bookings."""
    touched: set[int] = field(factory=set)
    is_whole: bool = False
    is_done: bool = False

    def note(self, done: Bookmark) -> None:
        """Remember what was pulled; a second pull of this source never narrows the proof."""
        self.company = done.company
        self.years = frozenset(done.years)
        self.touched |= set(done.touched)
        self.is_whole = self.is_whole or done.mode is not Mode.CHANGES
        self.is_done = True


class QuickBooksSource:
    """Implements core.ports.provider.Source and ReadsAgain."""

    def __init__(
        self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens, realm: str
    ) -> None:
        self._kit = kit
        self._realm = realm
        self._reader = Reader(kit, fields, tokens, realm)
        self._info: entities.CompanyRow | None = None
        self._seen = _Seen()

    @property
    def calls(self) -> int:
        return self._reader.calls

    def close(self) -> None:
        self._reader.close()

    def health(self) -> Health:
        """One call. Who consented is not told: a connection is known by its company."""
        self._info = self._reader.company_info()
        email = None if self._info.email is None else trimmed(self._info.email.address)
        return Health(account=Account(key=self._realm, name=self._name(self._info), email=email))

    def administrations(self) -> Sequence[Administration]:
        """The one company of the consent."""
        info = self._info or self._reader.company_info()
        told = self._reader.preferences()
        currencies = told.currency_prefs
        home = None if currencies is None else currencies.home_currency
        currency = None if home is None else trimmed(home.value)
        if currency is None:
            raise NotUnderstood(
                f"{PROVIDER} does not tell the company's own currency: report it.",
                detail="no CurrencyPrefs.home_currency",
            )
        self._info = None
        administration = Administration(
            key=self._realm,
            name=self._name(info),
            currency=currency,
            country=trimmed(info.country),
            closed_through=_day(told.accounting_info_prefs.book_close_date),
        )
        return (administration,)

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        self._check(administration)
        now = self._kit.clock.now()
        pull = Pull(
            reader=self._reader,
            at=starting(bookmark, now=int(now.timestamp())),
            now=int(now.timestamp()),
            today=now.date(),
            noted=self._note_chart,
        )
        for batch in pull.batches():
            if batch.last:
                self._seen.note(pull.at)
            yield batch

    def again(self, administration: Administration, bookmark: str, years: frozenset[int]) -> str:
        self._check(administration)
        now = int(self._kit.clock.now().timestamp())
        return again(bookmark, years, now=now) or START_OVER

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals | None:
        """Trial balances at year ends, of the accrual basis: one call per fiscal year, and one.

        After a night with changes, of the years that were read and the newest; after a full pull,
        once a week and where it is asked for, of every year with bookings. None where no account
        for retained earnings is told: without it year ends cannot be held against each other.
        """
        self._check(administration)
        seen = self._seen
        company = seen.company or company_of(self._reader)
        chart = seen.chart or self._read_chart()
        if chart.retained_earnings is None:
            return None
        told: dict[int, Mapping[str, int]] = {}

        def at_end_of(year: int) -> Mapping[str, int]:
            if year not in told:
                days = fiscal_year(year, company.first_month)
                told[year] = self._reader.trial_balance(days, company)
            return told[year]

        this_year, _ = fiscal(self._kit.clock.now().date(), company.first_month)
        known = seen.years or _years_of(company, this_year)
        if whole or seen.is_whole or not seen.is_done:
            cells = balances.all_moved(chart, known, at_end_of)
            return ControlTotals(balances_e4=cells, by_year=True)
        years = frozenset(
            seen.touched | {max((year for year in known if year <= this_year), default=this_year)}
        )
        cells = dict[Cell, int]()
        for year in sorted(years):
            cells |= balances.moved(chart, at_end_of(year - 1), at_end_of(year), year)
        return ControlTotals(balances_e4=cells, years=years, by_year=True)

    # -- within ------------------------------------------------------------------------------------

    def _check(self, administration: Administration) -> None:
        if administration.key != self._realm:
            raise Reconnect(
                f"This connection is for another company at {PROVIDER}: reconnect it and pick "
                f"{administration.name}.",
                detail=f"asked for {administration.key}, consented to {self._realm}",
                code="another-company",
            )

    def _name(self, info: entities.CompanyRow) -> str:
        return trimmed(info.company_name) or trimmed(info.legal_name) or self._realm

    def _read_chart(self) -> balances.Chart:
        self._note_chart(self._reader.accounts())
        assert self._seen.chart is not None
        return self._seen.chart

    def _note_chart(self, rows: Sequence[entities.AccountRow]) -> None:
        retained = [row.id for row in rows if row.is_retained_earnings]
        self._seen.chart = balances.Chart(
            profit_and_loss=frozenset(row.id for row in rows if row.is_profit_and_loss),
            # The one QuickBooks made itself is the oldest, where somebody added others.
            retained_earnings=min(retained, key=lambda key: (len(key), key), default=None),
        )


def _years_of(company: Company, this_year: int) -> frozenset[int]:
    """From the company's start to next year, where nothing else is known."""
    started = company.started_on
    first = this_year if started is None else min(started.year, this_year)
    return frozenset(range(first, this_year + 2))


def _day(told: str | None) -> date | None:
    try:
        return date.fromisoformat((told or "")[:_DAY_CHARACTERS])
    except ValueError:
        return None

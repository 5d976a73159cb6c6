"""An open connection to Xero: who consented, which organisations, their books and balances."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import msgspec
from attrs import define, field

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.decoding import trimmed
from adapters.providers.xero import codes, rows, wire
from adapters.providers.xero.balances import Balances, add_movements, balances_of
from adapters.providers.xero.bookmark import Bookmark, Mode, starting
from adapters.providers.xero.declaration import (
    ORGANISATION_OFFLINE,
    ORGANISATION_REFUSED,
    ORGANISATION_REMOVED,
    PROVIDER,
    SCOPE_MISSING,
    scopes,
)
from adapters.providers.xero.pulling import Pull
from adapters.providers.xero.reader import Reader
from adapters.providers.xero.wire import LedgerSource, ledger_of
from adapters.providers.xero.years import MONTHS, FiscalYears
from core.domain.books import Batch
from core.domain.failures import FixSettings, ProviderDown
from core.domain.integration import Account, Administration
from core.domain.proof import WHOLE_YEAR, Cell, ControlTotals
from core.ports.provider import AccessTokens, Credentials, Health

YEARS_BACK_MAX: Final = 60
"""How far back balances are looked for; the search ends at the first year that began empty."""

_OF_ONE_ORGANISATION: Final = frozenset(
    {ORGANISATION_REFUSED, ORGANISATION_REMOVED, ORGANISATION_OFFLINE}
)
"""Codes of failures that say nothing about the other organisations of the consent."""

_REBUILT: Final = (
    "The ledger is rebuilt from documents, because the app may not read journals. Conversion "
    "balances, exchange differences, depreciation, payroll, stock cost and expense claims are in "
    "no document: the proof shows per account and month what is missing."
)


class _Claims(msgspec.Struct):
    xero_userid: str = ""


@define
class _Seen:
    """What this source knows of an organisation."""

    accounts: list[rows.AccountRow] = field(factory=list)
    ends: dict[date, Balances] = field(factory=dict)
    """Trial balances read since the last pull."""
    years: frozenset[int] = frozenset()
    touched: frozenset[int] = frozenset()
    is_whole: bool = False
    is_done: bool = False

    def note(self, done: Bookmark, accounts: list[rows.AccountRow]) -> None:
        """Remember what was pulled; a second pull of this source never narrows the proof."""
        self.accounts = accounts or self.accounts
        self.ends.clear()
        self.years = done.years
        self.touched |= done.touched
        self.is_whole = self.is_whole or done.mode is Mode.WHOLE
        self.is_done = True


class XeroSource:
    """Implements core.ports.provider.Source."""

    def __init__(self, kit: Kit, credentials: Credentials, tokens: AccessTokens) -> None:
        self._kit = kit
        self._fields = credentials.fields
        self._granted = credentials.facts.get("scope", "")
        self._tokens = tokens
        self._reader = Reader(kit, credentials.fields, tokens)
        self._organisations: dict[str, rows.OrganisationRow] = {}
        self._seen: dict[str, _Seen] = {}

    @property
    def calls(self) -> int:
        return self._reader.calls

    def close(self) -> None:
        self._reader.close()

    def health(self) -> Health:
        """One call. The account is the user who consented, as the access token names them; its
        name that of the organisations.
        """
        self._require_scopes()
        found = self._reader.connections()
        if not found:
            raise FixSettings(
                f"The consent covers no organisation at {PROVIDER}: reconnect and choose one.",
                detail="connections is empty",
                code="no-administrations",
            )
        oldest = min(found, key=lambda row: (row.created_date_utc, row.id))
        name = trimmed(oldest.tenant_name) or rows.key(oldest.tenant_id)
        others = len(found) - 1
        warnings = (_REBUILT,) if ledger_of(self._fields) is LedgerSource.DOCUMENTS else ()
        return Health(
            account=Account(
                key=_user(self._tokens.current()) or rows.key(oldest.id),
                name=name if not others else f"{name} and {others} more",
            ),
            warnings=warnings,
        )

    def administrations(self) -> Sequence[Administration]:
        """One call, and one per organisation for its currency and status."""
        self._organisations.clear()
        return tuple(self._administration(row) for row in self._reader.connections())

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        self._require_scopes()
        now = int(self._kit.clock.now().timestamp())
        at = starting(bookmark, ledger=ledger_of(self._fields), now=now)
        years = self._years(administration.key, at)
        pull = Pull(reader=self._reader, administration=administration, at=at, years=years)
        seen = self._seen.setdefault(administration.key, _Seen())
        for batch in pull.batches():
            if batch.last:
                seen.note(pull.at, pull.accounts)
            yield batch

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals:
        """Of the newest year and of those that changed; after a full pull, and where it is asked
        for, of every year with balances.

        A ledger of journals is held against the trial balance at each year's end: it has all there
        is. One made of documents at the end of each period, so that what no document tells is seen
        where it is missing.
        """
        key = administration.key
        seen = self._seen.setdefault(key, _Seen())
        if whole:
            seen.ends.clear()
        years = _fiscal_years(self._organisation(key))
        results, retained = self._parts(key, seen)
        is_limited = seen.is_done and not seen.is_whole and not whole
        if is_limited:
            wanted = seen.touched | self._newest(seen.years, years)
        else:
            wanted = seen.years | self._with_balances(key, years, seen, retained)
        by_year = ledger_of(self._fields) is LedgerSource.JOURNALS
        periods = (WHOLE_YEAR,) if by_year else tuple(range(1, MONTHS + 1))
        cells: dict[Cell, int] = {}
        for year in sorted(wanted):
            if by_year:
                ends = [
                    self._end(key, years.last_day(year, period), seen, retained)
                    for period in (0, MONTHS)
                ]
            else:
                ends = self._ends(key, year, years, seen, retained)
            add_movements(cells, year, ends, periods=periods, results=results, retained=retained)
        return ControlTotals(
            balances_e4=cells,
            years=frozenset(wanted) if is_limited else None,
            by_year=by_year,
        )

    # -- organisations -----------------------------------------------------------------------------

    def _administration(self, row: rows.ConnectionRow) -> Administration:
        """One that cannot be read is shown with what stands in its way."""
        key = rows.key(row.tenant_id)
        name = trimmed(row.tenant_name)
        try:
            organisation = self._organisation(key)
        except (FixSettings, ProviderDown) as refused:
            if refused.code not in _OF_ONE_ORGANISATION:
                raise
            return Administration(
                key=key,
                name=name or key,
                currency="",
                importable=False,
                obstacle=f"{PROVIDER} does not open it now",
            )
        is_open = organisation.organisation_status.upper() in codes.LIVING
        status = organisation.organisation_status.lower()
        locks = (organisation.period_lock_date, organisation.end_of_year_lock_date)
        return Administration(
            key=key,
            name=trimmed(organisation.name) or name or key,
            currency=organisation.base_currency,
            country=trimmed(organisation.country_code),
            importable=is_open,
            obstacle=None if is_open else f"it is {status} at {PROVIDER}",
            closed_through=max(filter(None, map(_lock, locks)), default=None),
        )

    def _organisation(self, key: str) -> rows.OrganisationRow:
        if key not in self._organisations:
            self._organisations[key] = self._reader.organisation(key)
        return self._organisations[key]

    def _years(self, key: str, at: Bookmark) -> FiscalYears:
        """Asked anew where a pull begins; one that goes on keeps those it began with."""
        if at.year_end and at.read_at:
            return FiscalYears.decoded(at.year_end)
        return _fiscal_years(self._organisation(key))

    # -- balances ----------------------------------------------------------------------------------

    def _parts(self, key: str, seen: _Seen) -> tuple[frozenset[str], str | None]:
        """The accounts of profit and loss, and the one that takes the result of a year."""
        if not seen.accounts:
            page = self._reader.page(key, wire.ACCOUNTS, rows.ACCOUNTS)
            seen.accounts = page.rows if page is not None else []
        results = frozenset(
            rows.key(row.account_id)
            for row in seen.accounts
            if row.account_class in codes.PROFIT_AND_LOSS
        )
        retained = (
            rows.key(row.account_id)
            for row in seen.accounts
            if row.system_account == codes.RETAINED
        )
        return results, next(retained, None)

    def _end(self, key: str, day: date, seen: _Seen, retained: str | None) -> Balances:
        if day not in seen.ends:
            report = self._reader.trial_balance(key, day.isoformat())
            seen.ends[day] = balances_of(report, retained)
        return seen.ends[day]

    def _newest(self, held: frozenset[int], years: FiscalYears) -> frozenset[int]:
        """The newest year with lines that has begun, and those to come."""
        this_year = years.of(self._kit.clock.now().date())[0]
        begun = sorted(year for year in held if year <= this_year)
        return frozenset({*begun[-1:], *(year for year in held if year > this_year)})

    def _with_balances(
        self, key: str, years: FiscalYears, seen: _Seen, retained: str | None
    ) -> frozenset[int]:
        """From this year back to the first before which there was nothing."""
        this_year = years.of(self._kit.clock.now().date())[0]
        found = []
        for year in range(this_year, this_year - YEARS_BACK_MAX, -1):
            if not self._end(key, years.last_day(year, MONTHS), seen, retained):
                break
            found.append(year)
        return frozenset(found)

    def _ends(
        self, key: str, year: int, years: FiscalYears, seen: _Seen, retained: str | None
    ) -> list[Balances]:
        """At the end of the year before and of each period. Periods to come are read one by one
        only where the end of the year tells of something in them.
        """
        this_year, this_period = years.of(self._kit.clock.now().date())
        begun = this_period if year == this_year else MONTHS
        ends = [
            self._end(key, years.last_day(year, period), seen, retained)
            for period in range(begun + 1)
        ]
        last = self._end(key, years.last_day(year, MONTHS), seen, retained)
        for period in range(begun + 1, MONTHS + 1):
            is_quiet = last == ends[-1]
            day = years.last_day(year, period)
            ends.append(last if is_quiet else self._end(key, day, seen, retained))
        return ends

    def _require_scopes(self) -> None:
        """FixSettings naming what the consent lacks: later, parts would be refused one by one."""
        granted = set(self._granted.split())
        missing = [scope for scope in scopes(self._fields) if granted and scope not in granted]
        if missing:
            raise FixSettings(
                f"The consent at {PROVIDER} does not cover {', '.join(missing)}: reconnect, and "
                "allow all that is asked for.",
                detail=f"granted: {self._granted}",
                code=SCOPE_MISSING,
            )


def _fiscal_years(row: rows.OrganisationRow) -> FiscalYears:
    try:
        return FiscalYears(row.financial_year_end_month, row.financial_year_end_day)
    except ValueError as error:
        raise rows.bad_value("the organisation", error) from None


def _lock(told: str | None) -> date | None:
    try:
        return rows.day_or_none(told)
    except ValueError:
        return None


def _user(token: str) -> str | None:
    """Who consented: a claim of the access token, which is read and not trusted."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - head, claims and signature of a JWT
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        told = msgspec.json.decode(claims, type=_Claims).xero_userid
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        return None
    return trimmed(told)

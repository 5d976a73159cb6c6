"""An open connection to Minox: which customer numbers, their administrations, books and sums."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import structlog

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.decoding import trimmed
from adapters.providers.kit.yearly import YearBalance, begins_before, yearly_totals
from adapters.providers.minox import rows
from adapters.providers.minox.balance import trial_balance
from adapters.providers.minox.bookmark import Bookmark, Mode, planned, starting, with_asked
from adapters.providers.minox.declaration import PAYABLE_CODE, PROVIDER, RECEIVABLE_CODE
from adapters.providers.minox.pulling import Pull
from adapters.providers.minox.reader import Reader
from adapters.providers.minox.wire import Place, balance_path, place_of
from core.domain.books import Batch
from core.domain.failures import FixSettings, NotUnderstood
from core.domain.integration import Account, Administration
from core.domain.proof import ControlTotals
from core.ports.provider import AccessTokens, Health

_log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger("monitr.provider")

CODE_CHARACTERS_MAX: Final = 20


class MinoxSource:
    """Implements core.ports.provider.Source and ReadsAgain."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._codes = control_codes(fields)
        self._reader = Reader(kit, fields, tokens)
        self._tenants: tuple[str, ...] | None = None
        self._years: dict[str, tuple[rows.FiscalYear, ...]] = {}
        self._pulled: dict[str, Bookmark] = {}

    @property
    def calls(self) -> int:
        return self._reader.calls

    def close(self) -> None:
        self._reader.close()

    def health(self) -> Health:
        """One call. Minox does not say who consented: the account is known by the lowest customer
        number the consent covers.
        """
        self._tenants = None
        tenants = self._covered()
        if not tenants:
            raise FixSettings(
                f"The consent covers no customer number at {PROVIDER}: reconnect with the main "
                "user of the subscription.",
                detail="linked_tenants is empty",
                code="no-tenants",
            )
        others = len(tenants) - 1
        name = f"Customer number {tenants[0]}" + (f" and {others} more" if others else "")
        return Health(account=Account(key=tenants[0], name=name))

    def administrations(self) -> Sequence[Administration]:
        """Of every customer number. One without a fiscal year has no ledger yet."""
        found = []
        for tenant in self._covered():
            for row in self._reader.administrations(tenant):
                place = Place(tenant=tenant, number=str(row.id))
                self._years[place.key] = _years(row)
                found.append(_administration(row, place))
        return tuple(found)

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        place = place_of(administration.key)
        now = self._kit.clock.now()
        at = starting(bookmark, now=int(now.timestamp()))
        if not at.years:
            at = planned(at, self._fiscal_years(place), now.date())
        pull = Pull(
            reader=self._reader,
            administration=administration,
            place=place,
            at=at,
            codes=self._codes,
        )
        for batch in pull.batches():
            if batch.last:
                self._note(administration.key, pull.at)
            yield batch

    def again(self, administration: Administration, bookmark: str, years: frozenset[int]) -> str:
        """Those years are read besides the open ones."""
        del administration
        return with_asked(bookmark, years)

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals | None:
        """What moved per account and fiscal year: of the years a pull read, or of all.

        The opening counts in the first year with bookings only: later ones repeat what went before.
        None when the trial balance comes in a form nobody foresaw.
        """
        place = place_of(administration.key)
        pulled = None if whole else self._pulled.get(administration.key)
        years = tuple(known.year for known in self._fiscal_years(place))
        limited: frozenset[int] | None = None
        is_begun = False
        if pulled is not None and pulled.mode is Mode.OPEN:
            limited = pulled.read
            is_begun = begins_before(pulled.booked, limited)
            years = tuple(year for year in years if year in limited)
        told = []
        for year in years:
            balance = self._balance(place, year)
            if balance is None:
                return None
            told.append((year, balance))
        return yearly_totals(told, years=limited, is_begun=is_begun)

    def _balance(self, place: Place, year: int) -> YearBalance | None:
        answer = self._reader.get(
            balance_path(place, year), tenant=place.tenant, about="trial balance"
        )
        try:
            return trial_balance(answer.body)
        except NotUnderstood as failure:
            _log.warning("trial-balance-unreadable", provider=PROVIDER, detail=failure.detail)
            return None

    def _note(self, key: str, done: Bookmark) -> None:
        """Remember what was pulled; a second pull of this source never narrows the proof."""
        before = self._pulled.get(key)
        mode, read = done.mode, done.read
        if before is not None:
            read |= before.read
            mode = Mode.WHOLE if before.mode is Mode.WHOLE else mode
        self._pulled[key] = Bookmark(
            mode=mode,
            started_at=done.started_at,
            whole_at=done.whole_at,
            booked=done.booked,
            read=read,
        )

    def _covered(self) -> tuple[str, ...]:
        if self._tenants is None:
            self._tenants = self._reader.tenants()
        return self._tenants

    def _fiscal_years(self, place: Place) -> tuple[rows.FiscalYear, ...]:
        """Listed at most once per connection: one call for all administrations of a customer."""
        if place.key not in self._years:
            for row in self._reader.administrations(place.tenant):
                self._years[Place(tenant=place.tenant, number=str(row.id)).key] = _years(row)
        if place.key not in self._years:
            raise FixSettings(
                f"The administration is no longer listed at {PROVIDER}: give the user who approved "
                "access to it there, or unlink it.",
                detail=f"{place.key} is not in the list",
                code="unknown-administration",
            )
        return self._years[place.key]


def control_codes(fields: Mapping[str, str]) -> rows.ControlCodes:
    """The codes of the two control accounts. FixSettings for one that is none."""
    told = {}
    for setting, default in (("receivable_code", RECEIVABLE_CODE), ("payable_code", PAYABLE_CODE)):
        code = (fields.get(setting) or default).strip()
        if not code.isprintable() or len(code) > CODE_CHARACTERS_MAX:
            raise FixSettings(
                f"A code for debtors or creditors has at most {CODE_CHARACTERS_MAX} characters: "
                "shorten it.",
                code="bad-code",
                setting=setting,
            )
        told[setting] = code
    return rows.ControlCodes(receivable=told["receivable_code"], payable=told["payable_code"])


def _years(row: rows.AdministrationRow) -> tuple[rows.FiscalYear, ...]:
    try:
        return rows.fiscal_years(row)
    except ValueError as error:
        raise rows.bad_value("fiscal years", error) from None


def _administration(row: rows.AdministrationRow, place: Place) -> Administration:
    currency = trimmed(row.currency.id) if row.currency else None
    obstacle = None
    if not row.fiscal_years:
        obstacle = f"it has no fiscal year at {PROVIDER} yet"
    return Administration(
        key=place.key,
        name=trimmed(row.name) or place.key,
        # Assumed: an ISO code; Dutch books without one are in euros.
        currency=currency or "EUR",
        country=trimmed(row.country_code),
        importable=obstacle is None,
        obstacle=obstacle,
    )

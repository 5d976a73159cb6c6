"""Open connections: one API token by REST, one user by SOAP."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from adapters.providers.eboekhouden import rest_rows, soap_rows
from adapters.providers.eboekhouden.bookmark import Bookmark, Mode, Way, starting
from adapters.providers.eboekhouden.chart import Chart
from adapters.providers.eboekhouden.checking import span
from adapters.providers.eboekhouden.declaration import BELGIUM, CURRENCY, NETHERLANDS, PROVIDER
from adapters.providers.eboekhouden.masters import nothing_seen
from adapters.providers.eboekhouden.pulling_rest import RestPull, bad_value
from adapters.providers.eboekhouden.pulling_soap import WINDOW, SoapPull
from adapters.providers.eboekhouden.rest import RestClient
from adapters.providers.eboekhouden.soap_client import SoapClient, not_understood
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.xml import Element, text_at
from core.domain.books import Batch
from core.domain.failures import FixSettings
from core.domain.integration import Account, Administration
from core.domain.proof import WHOLE_YEAR, Cell, ControlTotals
from core.ports.provider import Credentials, Health

OWN: Final = "own"
"""Key of the administration of a SOAP user who is no accountant: no call names it."""
YEARS_PER_NIGHT: Final = 2
_MONTHS: Final = range(1, 13)

Movements = Callable[[date, date], Mapping[str, int]]


class RestSource:
    """Implements core.ports.provider.Source for the one administration of an API token."""

    def __init__(self, kit: Kit, credentials: Credentials) -> None:
        self._kit = kit
        self._fields = credentials.fields
        self._client = RestClient(kit, credentials)
        self._pulled: Bookmark | None = None

    @property
    def calls(self) -> int:
        return self._client.calls

    def close(self) -> None:
        self._client.close()

    def health(self) -> Health:
        """Two calls, and one to open a session."""
        found = self._administration()
        return Health(account=Account(key=found.key, name=found.name))

    def administrations(self) -> Sequence[Administration]:
        return (self._administration(),)

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:  # noqa: ARG002 - a token has one only
        now = self._kit.clock.now()
        at = starting(bookmark, way=Way.REST, now=int(now.timestamp()))
        pull = RestPull(self._client, at, now.date())
        for batch in pull.batches():
            if batch.last:
                self._pulled = msgspec.structs.replace(pull.at, ledgers=pull.chart.ledgers)
            yield batch

    def control_totals(
        self,
        administration: Administration,  # noqa: ARG002 - a token has one only
        *,
        whole: bool = False,
    ) -> ControlTotals:
        """Movements per account and month, or per year where they cost a call per account.

        Of the years that the pull changed; it has held the others against balances already.
        """
        if self._pulled is None:
            chart = Chart(tuple(rest_rows.ledger(row) for row in self._client.ledgers()))
            years = frozenset(row.day.year for row in self._client.heads())
        else:
            chart, years = Chart(self._pulled.ledgers), self._pulled.years

        def movements(first: date, last: date) -> Mapping[str, int]:
            try:
                return self._client.movements(first, last, chart)
            except ValueError as error:
                raise bad_value("balances", error) from None

        if self._pulled is not None and self._pulled.mode is Mode.CHANGES and not whole:
            chosen = self._pulled.touched or frozenset(sorted(years)[-1:])
            return _totals(movements, chosen, only=True, by_year=lambda: self._client.singly)
        return _totals(movements, years, by_year=lambda: self._client.singly)

    def _administration(self) -> Administration:
        """Known by the guid of the linked administration, where there is one or a name to choose it
        by; else by its oldest ledger account, whose id stays.
        """
        ledgers = self._client.ledgers()
        if not ledgers:
            raise nothing_seen()
        linked = self._client.linked()
        name = self._fields.get("administration", "").strip()
        key = f"ledger-{min(row.id for row in ledgers)}"
        if len(linked) == 1:
            key, name = linked[0].guid, linked[0].company or name
        elif linked:
            named = [row for row in linked if (row.company or "").casefold() == name.casefold()]
            if len(named) != 1:
                raise FixSettings(
                    "The maker of this API token has several administrations: enter the name of "
                    "the one it was made in, as e-Boekhouden.nl writes it.",
                    detail=f"{len(linked)} linked, {len(named)} of that name",
                    code="administration-unclear",
                    setting="administration",
                )
            key, name = named[0].guid, named[0].company or name
        return Administration(
            key=key,
            name=name or f"Administration at {PROVIDER}",
            currency=CURRENCY,
            country=self._fields.get("country") or NETHERLANDS,
        )


class SoapSource:
    """Implements core.ports.provider.Source for a user, or an accountant with several books."""

    def __init__(self, kit: Kit, credentials: Credentials, window: int = WINDOW) -> None:
        self._kit = kit
        self._fields = credentials.fields
        self._client = SoapClient(kit, credentials)
        self._window = window
        self._pulled: dict[str, Bookmark] = {}

    @property
    def calls(self) -> int:
        return self._client.calls

    def close(self) -> None:
        self._client.close()

    def health(self) -> Health:
        """One call, and one to open a session; one more for a user who is no accountant."""
        user = self._fields["username"]
        found = self.administrations()
        if not found[0].importable:
            raise nothing_seen()
        return Health(account=Account(key=user.casefold(), name=f"{user} at {PROVIDER}"))

    def administrations(self) -> Sequence[Administration]:
        try:
            listed = self._client.administrations()
        except FixSettings as refused:
            if refused.code != "soap-refused":
                raise
            listed = []
        if listed:
            return tuple(map(self._administration, listed))
        if not self._client.ledgers(None):
            raise nothing_seen()
        name = self._fields.get("administration", "").strip()
        return (self._made(OWN, name or f"Administration of {self._fields['username']}"),)

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        now = self._kit.clock.now()
        at = starting(bookmark, way=Way.SOAP, now=int(now.timestamp()))
        guid = _guid(administration)
        pull = SoapPull(self._client, guid, at, now.date(), self._window)
        for batch in pull.batches():
            if batch.last:
                done = msgspec.structs.replace(pull.at, ledgers=pull.chart.ledgers)
                self._pulled[administration.key] = done
            yield batch

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals:
        """Movements per account and month; of the newest two years unless ``whole``, or after a
        first reading.
        """
        guid, pulled = _guid(administration), self._pulled.get(administration.key)
        if pulled is None:
            ledgers = tuple(soap_rows.ledger(one)[0] for one in self._client.ledgers(guid))
            newest = self._client.mutations(guid, 0)
            years = _years(newest, self._kit.clock.now().date())
        else:
            ledgers, years = pulled.ledgers, pulled.years
        chart = Chart(ledgers)

        def movements(first: date, last: date) -> Mapping[str, int]:
            try:
                return self._client.movements(guid, first, last, chart)
            except ValueError as error:
                raise not_understood("balances", str(error)[:100]) from None

        if pulled is not None and pulled.mode is Mode.CHANGES and not whole:
            return _totals(movements, frozenset(sorted(years)[-YEARS_PER_NIGHT:]), only=True)
        return _totals(movements, years)

    def _administration(self, element: Element) -> Administration:
        guid = text_at(element, "{*}Guid")
        if guid is None:
            raise not_understood("administrations", "one without a guid")
        return self._made(guid, text_at(element, "{*}Bedrijf") or guid)

    def _made(self, key: str, name: str) -> Administration:
        """No call tells country or state; the form does."""
        country = self._fields.get("country") or NETHERLANDS
        assert country in {NETHERLANDS, BELGIUM}
        return Administration(key=key, name=name, currency=CURRENCY, country=country)


def _guid(administration: Administration) -> str | None:
    return None if administration.key == OWN else administration.key


def _years(elements: Iterable[Element], today: date) -> frozenset[int]:
    """From the oldest of those seen to this one, where nothing was pulled in this process."""
    told = [int((text_at(element, "{*}Datum") or "")[:4]) for element in elements]
    return frozenset(range(min(told, default=today.year), max([*told, today.year]) + 1))


def _totals(
    movements: Movements,
    years: frozenset[int],
    *,
    only: bool = False,
    by_year: Callable[[], bool] = lambda: False,
) -> ControlTotals:
    """``only``: they speak of these years and no others. The balances are the service's own; no
    fiscal year is told, so that periods are calendar months.
    """
    cells: dict[Cell, int] = {}
    for year in sorted(years):
        for month in _MONTHS:
            if by_year():
                break
            moved = movements(*span(f"{year:04d}{month:02d}"))
            for key, e4 in moved.items():
                cells[Cell(account_key=key, year=year, period=month)] = e4
    if by_year():
        cells = {
            Cell(account_key=key, year=year, period=WHOLE_YEAR): e4
            for year in sorted(years)
            for key, e4 in movements(*span(str(year))).items()
        }
    return ControlTotals(
        balances_e4=cells, years=years if only else None, by_year=by_year() and bool(years)
    )

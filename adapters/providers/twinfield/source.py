"""An open connection to one Twinfield organisation: who consented, its offices, their books."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import define, field, frozen

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.xml import Element, text_at
from adapters.providers.twinfield.bookmark import Bookmark, starting
from adapters.providers.twinfield.browsing import browsed
from adapters.providers.twinfield.pulling import RECORDS_PER_BATCH, Pull
from adapters.providers.twinfield.questions import TOTALS, TOTALS_FIELDS, list_offices, read
from adapters.providers.twinfield.refusals import REFUSED
from adapters.providers.twinfield.rows import totals_of
from adapters.providers.twinfield.session import Session, not_understood
from adapters.providers.twinfield.times import wide
from core.domain.books import Batch
from core.domain.failures import FixSettings
from core.domain.integration import Account, Administration
from core.domain.proof import ControlTotals
from core.ports.provider import AccessTokens, Health

OFFICE_KEPT_SECONDS: Final = 24 * 3600
"""How long currency and country of an office are believed: asking costs a credit per office, and
an accountant may have hundreds in one organisation."""
OFFICES_KEPT_MAX: Final = 5_000


@frozen(kw_only=True)
class Office:
    """What ``read office`` said, and when (epoch seconds)."""

    currency: str
    country: str | None
    obstacle: str | None
    read_at: float


@define
class Offices:
    """Offices of all connections of this process, by organisation, user and code."""

    _kept: dict[tuple[str, str, str], Office] = field(factory=dict, repr=False)

    def get(self, key: tuple[str, str, str], now: float) -> Office | None:
        kept = self._kept.get(key)
        return kept if kept and 0 <= now - kept.read_at < OFFICE_KEPT_SECONDS else None

    def put(self, key: tuple[str, str, str], office: Office) -> None:
        if len(self._kept) >= OFFICES_KEPT_MAX:
            self._kept.clear()
        self._kept[key] = office


class TwinfieldSource:
    """Implements core.ports.provider.Source."""

    def __init__(
        self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens, offices: Offices
    ) -> None:
        self._kit = kit
        self._session = Session(kit, fields, tokens)
        self._offices = offices
        self._pulled: dict[str, Bookmark] = {}
        self.records_max = RECORDS_PER_BATCH
        """Records of a kind in one batch."""

    @property
    def calls(self) -> int:
        return self._session.calls

    def close(self) -> None:
        self._session.close()

    def health(self) -> Health:
        """The token check, and whether the user sees any office: two calls."""
        check = self._session.checked()
        account = Account(
            key=f"{check.organisation_id.lower()}/{check.user_code}",
            name=f"{check.user_code} at {check.organisation_code}",
        )
        warnings: tuple[str, ...] = ()
        if not self._listed():
            warnings = ("The user who gave consent sees no company: give it access to one.",)
        return Health(account=account, warnings=warnings)

    def administrations(self) -> Sequence[Administration]:
        """Every office the user may enter; those refused in detail with their obstacle.

        One call, and one for each office not asked about within a day.
        """
        return tuple(self._administration(code, name) for code, name in self._listed())

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        now = self._kit.clock.now
        at = starting(bookmark, epoch=administration.epoch, now=int(now().timestamp()))
        office = office_code(administration.key)
        pull = Pull(self._session, administration, office, at, now, self.records_max)
        for batch in pull.batches():
            if batch.last:
                self._pulled[administration.key] = pull.at
            yield batch

    def control_totals(
        self,
        administration: Administration,
        *,
        whole: bool = False,  # noqa: ARG002 - see below
    ) -> ControlTotals:
        """The annual report totals of every year in one call, so nothing is gained by asking less.

        They are grouped by the provider, not added up from the lines that were imported.
        """
        pulled = self._pulled.get(administration.key)
        office = office_code(administration.key)
        rows = browsed(
            self._session,
            TOTALS,
            TOTALS_FIELDS,
            wide(pulled.years if pulled else (), self._kit.clock.now()),
            office=office,
            about="annual totals",
        )
        try:
            return ControlTotals(balances_e4=totals_of(rows))
        except ValueError as error:
            raise not_understood("annual totals", str(error)[:100]) from None

    # -- within ------------------------------------------------------------------------------------

    def _listed(self) -> list[tuple[str, str]]:
        """Codes and names. The one question that needs no office."""
        found = self._session.process(list_offices(), office=None, about="companies")
        return [
            (code, one.get("name") or code)
            for one in found.iterfind("office")
            if (code := (one.text or "").strip())
        ]

    def _administration(self, code: str, name: str) -> Administration:
        organisation_id, _ = self._session.identity
        office = self._office(code)
        return Administration(
            key=f"{organisation_id}/{code}",
            name=name,
            currency=office.currency,
            country=office.country,
            importable=office.obstacle is None,
            obstacle=office.obstacle,
        )

    def _office(self, code: str) -> Office:
        now = self._kit.clock.now().timestamp()
        key = (*self._session.identity, code)
        kept = self._offices.get(key, now)
        if kept is None:
            kept = self._read_office(code, now)
            self._offices.put(key, kept)
        return kept

    def _read_office(self, code: str, now: float) -> Office:
        """Both elements with the code are needed; without one of them access is denied."""
        try:
            found = self._session.process(
                read("office", code, code=code), office=code, about="the company's settings"
            )
        except FixSettings as refusal:
            if refusal.code not in {REFUSED, "no-office-access"}:
                raise
            obstacle = "the user who gave consent may not read it"
            return Office(currency="", country=None, obstacle=obstacle, read_at=now)
        return office_of(found, now)


def office_of(element: Element, now: float) -> Office:
    currency = text_at(element, "general/basecurrency")
    if currency is None:
        raise not_understood("the company's settings", "no base currency")
    obstacle = None
    if element.get("status", "active") != "active":
        obstacle = "it was deleted at Twinfield"
    return Office(
        currency=currency,
        country=text_at(element, "general/address/country"),
        obstacle=obstacle,
        read_at=now,
    )


def office_code(administration_key: str) -> str:
    """The office within its organisation."""
    return administration_key.partition("/")[2]

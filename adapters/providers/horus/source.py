"""An open connection to a customer's Horus database: its folders, their books and balances."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from adapters.providers.horus.bookmark import Bookmark, Mode, starting
from adapters.providers.horus.contract import Contract, Resource
from adapters.providers.horus.declaration import PROVIDER
from adapters.providers.horus.pulling import Pull
from adapters.providers.horus.reader import Reader
from adapters.providers.horus.rows import BookYear, book_year
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.loose import Loose
from adapters.providers.kit.yearly import YearBalance, begins_before, yearly_totals
from core.domain.books import Batch
from core.domain.failures import FixSettings
from core.domain.integration import Account, Administration
from core.domain.proof import ControlTotals
from core.ports.provider import Credentials, Health

ASSUMED_WARNING = (
    "The interface of Horus is assumed and was never tried on the real service: look at the proof "
    "of each import."
)


class HorusSource:
    """Implements core.ports.provider.Source."""

    def __init__(self, kit: Kit, contract: Contract, credentials: Credentials) -> None:
        self._kit = kit
        self._contract = contract
        self._reader = Reader(kit, contract, credentials)
        self._pulled: dict[str, Bookmark] = {}

    @property
    def calls(self) -> int:
        return self._reader.calls

    def close(self) -> None:
        self._reader.close()

    def health(self) -> Health:
        """Horus does not say who approved: the account is known by the database's address."""
        if not any(True for _ in self._reader.all_rows(self._contract.folders)):
            raise FixSettings(
                f"The consent covers no folder at {PROVIDER}. A Falco user first switches on the "
                "accounting link between Falco and Horus in the settings of Falco; then reconnect.",
                detail="folders is empty",
                code="no-folders",
            )
        api = self._reader.api
        parts = urlsplit(api)
        return Health(
            account=Account(key=api, name=f"{PROVIDER} database at {parts.netloc}{parts.path}"),
            warnings=(ASSUMED_WARNING,),
        )

    def administrations(self) -> Sequence[Administration]:
        return tuple(map(_administration, self._reader.all_rows(self._contract.folders)))

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        at = starting(bookmark, now=int(self._kit.clock.now().timestamp()))
        pull = Pull(self._reader, administration, at)
        for batch in pull.batches():
            if batch.last:
                self._note(administration.key, pull.at)
            yield batch

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals | None:
        """What moved per account and book year: of open and touched years, or of all.

        Whole after a first pull, once a week and where it is asked for.
        """
        if self._contract.balances is None:
            return None
        pulled = None if whole else self._pulled.get(administration.key)
        years = self._years(administration.key, pulled)
        limited: frozenset[int] | None = None
        is_begun = False
        if pulled is not None and pulled.mode is Mode.CHANGES:
            limited = frozenset(y.year for y in years if not y.closed) | pulled.touched
            is_begun = begins_before(pulled.booked, limited)
        balances = self._contract.balances
        return yearly_totals(
            [
                (known.year, self._balance(administration.key, balances, known))
                for known in years
                if limited is None or known.year in limited
            ],
            years=limited,
            is_begun=is_begun,
        )

    def _balance(self, folder: str, balances: Resource, year: BookYear) -> YearBalance:
        query = self._contract.query
        asked = {query.book_year: year.id, query.to: year.end.isoformat()}
        opening_e4: dict[str, int] = {}
        moved_e4: dict[str, int] = {}
        has_bookings = False
        for row in self._reader.all_rows(balances, folder, query=asked):
            key = row.required("accountId")
            before_e4 = _net_e4(row, "openingDebit", "openingCredit", required=False)
            net_e4 = _net_e4(row, "debit", "credit", required=True)
            opening_e4[key] = opening_e4.get(key, 0) + before_e4
            moved_e4[key] = moved_e4.get(key, 0) + net_e4
            has_bookings = has_bookings or any((before_e4, net_e4))
        return YearBalance(opening_e4=opening_e4, moved_e4=moved_e4, has_bookings=has_bookings)

    def _years(self, folder: str, pulled: Bookmark | None) -> tuple[BookYear, ...]:
        """In order of time; asked for where no pull of this source knows them."""
        if pulled is not None:
            told = [
                msgspec.convert(
                    dict(zip(("id", "year", "start", "end", "closed"), year, strict=True)), BookYear
                )
                for year in pulled.years
            ]
        else:
            told = [book_year(r) for r in self._reader.all_rows(self._contract.book_years, folder)]
        return tuple(sorted(told, key=lambda known: known.start))

    def _note(self, key: str, done: Bookmark) -> None:
        """Remember what was pulled; a second pull of this source never narrows the proof."""
        before = self._pulled.get(key)
        if before is not None:
            is_limited = before.mode is Mode.CHANGES
            done = msgspec.structs.replace(
                done,
                mode=done.mode if is_limited else before.mode,
                touched=done.touched | before.touched,
            )
        self._pulled[key] = done


def _net_e4(row: Loose, debit: str, credit: str, *, required: bool) -> int:
    debit_e4, credit_e4 = row.amount_e4(debit), row.amount_e4(credit)
    if required and debit_e4 is None and credit_e4 is None:
        raise row.wrong(debit, "is missing")
    return (debit_e4 or 0) - (credit_e4 or 0)


def _administration(row: Loose) -> Administration:
    key = row.required("id")
    is_active = row.flag("active", default=True)
    return Administration(
        key=key,
        name=row.text("name") or row.text("legalName") or row.text("code") or key,
        # Assumed: Belgian books without a currency are in euros.
        currency=row.text("currency") or "EUR",
        country=row.text("country"),
        importable=is_active,
        obstacle=None if is_active else f"it is not active at {PROVIDER}",
    )

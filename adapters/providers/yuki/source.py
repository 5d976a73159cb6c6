"""An open connection with one access key: its domains, their administrations, their books."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from attrs import frozen

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.decoding import guid_or_none
from adapters.providers.kit.xml import Element
from adapters.providers.yuki import questions, rows
from adapters.providers.yuki.batching import RECORDS_PER_BATCH
from adapters.providers.yuki.bookmark import Bookmark, Mode, decoded, renewed, starting
from adapters.providers.yuki.contact_pages import ContactPages
from adapters.providers.yuki.declaration import RIGHT_MISSING, RIGHTS, books_of
from adapters.providers.yuki.fiscal_years import ask_years
from adapters.providers.yuki.pulling import Pull
from adapters.providers.yuki.session import Session, not_understood, text_of
from adapters.providers.yuki.years import FiscalYear, through
from core.domain.books import Batch
from core.domain.failures import FixSettings
from core.domain.integration import Account, Administration
from core.domain.money import parse_e4
from core.domain.proof import WHOLE_YEAR, Cell, ControlTotals
from core.ports.provider import START_OVER, Credentials, Health

BALANCE_TYPE: Final = "B"
"""Of an account whose balance runs on over years; ``W`` begins each fiscal year at zero."""

WITHOUT_CHANGES: Final = (
    "The access key may not read changes, so each night everything is read again: tick "
    "ChangeDigest on it in Yuki, under Settings, Webservices."
)


@frozen(kw_only=True)
class Listed:
    """An administration, and the day its books in Yuki begin."""

    administration: Administration
    start_date: date | None


class YukiSource:
    """Implements core.ports.provider.Source and ReadsAgain."""

    def __init__(self, kit: Kit, credentials: Credentials, pages: ContactPages) -> None:
        self._kit = kit
        self._books = books_of(credentials.fields)
        self._session = Session(kit, credentials)
        self._connection = credentials.scope
        self._pages = pages
        self._listed: dict[str, Listed] = {}
        self._pulled: dict[str, Bookmark] = {}
        self.records_max = RECORDS_PER_BATCH

    @property
    def calls(self) -> int:
        return self._session.calls

    def close(self) -> None:
        self._session.close()

    def health(self) -> Health:
        """Which domains the key reaches, and one question to each service that will be asked.

        A key lacking a right is refused by name before anything is imported.
        """
        found = self._session.ask(questions.domains())
        named = sorted(
            (key, text_of(one, "Name") or key)
            for one in found.iterfind(".//{*}Domain")
            if (key := guid_or_none(one.get("ID")))
        )
        if not named:
            raise not_understood("the domains of the key", "no domain")
        more = len(named) - 1
        also = f" and {more} more domain{'s' if more > 1 else ''}" if more else ""
        account = Account(key=named[0][0], name=named[0][1] + also)
        importable = [one for one in self.administrations() if one.importable]
        if not importable:
            warning = (
                "The access key reaches no active administration: make one of the type Domain "
                f"with the rights {RIGHTS}."
            )
            return Health(account=account, warnings=(warning,))
        return Health(account=account, warnings=self._try_rights(importable[0]))

    def administrations(self) -> Sequence[Administration]:
        """Of all domains of the key, in one call."""
        answer = self._session.ask(questions.administrations())
        try:
            listed = [_listed(one) for one in answer.iterfind(".//{*}Administration")]
        except ValueError as error:
            raise not_understood("the administrations", str(error)[:100]) from None
        self._listed = {one.administration.key: one for one in listed}
        return tuple(one.administration for one in listed)

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        at = starting(
            bookmark,
            books=self._books,
            epoch=administration.epoch,
            now=int(self._kit.clock.now().timestamp()),
        )

        pull = Pull(
            session=self._session,
            administration=administration,
            at=at,
            now=self._kit.clock.now,
            start_date=lambda: self._start_date(administration),
            pages=self._pages,
            connection=self._connection,
            records_max=self.records_max,
        )
        for batch in pull.batches():
            if batch.last:
                self._pulled[administration.key] = pull.at
            yield batch

    def again(self, administration: Administration, bookmark: str, years: frozenset[int]) -> str:
        """Reads the months of those years again, and what else changed."""
        kept = decoded(bookmark)
        if kept is None or not kept.years or kept.epoch != administration.epoch:
            return START_OVER
        now = int(self._kit.clock.now().timestamp())
        return renewed(kept, now, again=tuple(sorted(years))).encoded()

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals:
        """What each account moved in each fiscal year: the balances at the ends of years.

        They are balances of the provider's own making, in the same mode as the lines. A balance
        account's is held against that a year before; others begin each year at zero (as a client
        observed). Only years the pull read in, unless ``whole`` or after a weekly check.
        """
        at = self._pulled.get(administration.key)
        if at is None:
            start = self._start_date(administration)
            years = ask_years(self._session, administration, start, self._today)
        else:
            years = through(at.years, max(at.latest or self._today, self._today))
        chosen = frozenset(year.id for year in years)
        is_whole = at is None or whole or at.mode is not Mode.CHANGES
        if at is not None and not is_whole:
            current = next(year for year in years if self._today <= year.last)
            chosen &= {*at.touched, current.id}
        return ControlTotals(
            balances_e4=self._moved(administration, years, chosen),
            years=chosen if at is None or not is_whole else None,
            by_year=True,
        )

    # -- within ------------------------------------------------------------------------------------

    @property
    def _today(self) -> date:
        return self._kit.clock.now().date()

    def _start_date(self, administration: Administration) -> date | None:
        if administration.key not in self._listed:
            self.administrations()
        listed = self._listed.get(administration.key)
        return listed.start_date if listed else None

    def _moved(
        self, administration: Administration, years: Sequence[FiscalYear], chosen: frozenset[int]
    ) -> dict[Cell, int]:
        cells: dict[Cell, int] = {}
        before: dict[str, int] | None = {}  # before the first year there is nothing
        for year in years:
            if year.id not in chosen:
                before = None
                continue
            if before is None:
                before = self._carried(administration, year.first - timedelta(days=1))
            running, moved = self._balances(administration, year.last)
            for code in running.keys() | before.keys():
                moved[code] = running.get(code, 0) - before.get(code, 0)
            for code, amount_e4 in moved.items():
                if amount_e4:
                    cells[Cell(account_key=code, year=year.id, period=WHOLE_YEAR)] = amount_e4
            before = running
        return cells

    def _carried(self, administration: Administration, day: date) -> dict[str, int]:
        return self._balances(administration, day)[0]

    def _balances(
        self, administration: Administration, day: date
    ) -> tuple[dict[str, int], dict[str, int]]:
        """By account code: those that run on, and those of the fiscal year the day is in."""
        question = questions.balances(administration.key, day, self._books)
        answer = self._session.ask(question, administration.parent_key)
        running: dict[str, int] = {}
        of_year: dict[str, int] = {}
        for one in answer.iterfind(".//{*}GLAccount"):
            code = one.get("Code")
            try:
                amount_e4 = parse_e4(rows.required(one, "Amount"))
            except ValueError as error:
                raise not_understood(question.about, str(error)[:100]) from None
            if not code:
                raise not_understood(question.about, "an account without Code")
            (running if one.get("BalanceType") == BALANCE_TYPE else of_year)[code] = amount_e4
        return running, of_year

    def _try_rights(self, administration: Administration) -> tuple[str, ...]:
        """FixSettings where a right is missing; a warning where it can be done without."""
        domain_id, key = administration.parent_key, administration.key
        for question in (
            questions.scheme(key),
            questions.balances(key, self._today, self._books),
            questions.contacts(domain_id or "", questions.LONG_AGO, 1),
            questions.tax_codes(key),
        ):
            self._session.ask(question, domain_id)
        now = self._kit.clock.now()
        try:
            self._session.ask(questions.changes(key, now, now, 0), domain_id)
        except FixSettings as refused:
            if refused.code != RIGHT_MISSING:
                raise
            return (WITHOUT_CHANGES,)
        return ()


def _listed(element: Element) -> Listed:
    key, domain_id = guid_or_none(element.get("ID")), guid_or_none(text_of(element, "DomainID"))
    if key is None or domain_id is None:
        raise ValueError("an administration without ID or DomainID")
    is_active = (text_of(element, "Active") or "true").lower() != "false"
    start = text_of(element, "StartDate")
    return Listed(
        administration=Administration(
            key=key,
            name=text_of(element, "Name") or key,
            currency=rows.HOME_CURRENCY,
            country=text_of(element, "Country"),
            parent_key=domain_id,
            importable=is_active,
            obstacle=None if is_active else "it is not active in Yuki",
        ),
        start_date=rows.day(start) if start else None,
    )

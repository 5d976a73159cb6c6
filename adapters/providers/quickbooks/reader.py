"""Calls to one company at QuickBooks: pages by position, changes, reports."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from adapters.providers.kit.calls import Answer, Kit, Request
from adapters.providers.kit.retry_table import ACCESS_REFUSED
from adapters.providers.quickbooks import cells, entities, report
from adapters.providers.quickbooks.bookmark import Company
from adapters.providers.quickbooks.codes import FRANCE, FRENCH_SUFFIX, PARTIES, TRANSACTIONS
from adapters.providers.quickbooks.declaration import FAILURES, PROVIDER, QUESTION_REFUSED
from adapters.providers.quickbooks.entities import Changed, Listing
from adapters.providers.quickbooks.faults import REASON_HEADER, FaultTransport
from adapters.providers.quickbooks.windows import Days
from adapters.providers.quickbooks.wire import (
    CDC_OBJECTS_MAX,
    PAGE_ROWS,
    api_origin,
    charges,
    listing,
    path,
)
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown, Reconnect
from core.ports.provider import AccessTokens

T = TypeVar("T")

REPORT_SECONDS: Final = 130.0
"""Without any byte: a report that takes 120 s is given up by QuickBooks itself."""
READINGS_MAX: Final = 3
"""Times an answer is asked for that came with status 200 and without a whole body."""
READING_PAUSE_SECONDS: Final = 5.0

NO_WHOLE_ANSWER: Final = "no-whole-answer"
LISTS: Final = frozenset({"Account", "Customer", "Vendor", "Employee", "TaxCode", "TaxRate"})


class TooManyChanges(Exception):
    """Of one type more changed than an answer holds, and there is no second page."""


class Reader:
    """Reads with one consent. Not thread-safe."""

    def __init__(
        self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens, realm: str
    ) -> None:
        self._kit = kit
        self._origin = api_origin(fields)
        self._tokens = tokens
        self._realm = realm
        self._charges = charges(realm)
        self._transport = FaultTransport(kit, FAILURES, reason_header=REASON_HEADER)

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    # -- lists -------------------------------------------------------------------------------------

    def company_info(self) -> entities.CompanyRow:
        address = path(self._realm, f"companyinfo/{self._realm}")
        return self._read(address, "the company", entities.COMPANY.decode).company_info

    def preferences(self) -> entities.PreferencesRow:
        address = path(self._realm, "preferences")
        return self._read(address, "the preferences", entities.PREFERENCES.decode).preferences

    def page(self, wanted: Listing[T], start: int) -> tuple[list[T], int | None]:
        """Rows from a position, and where the next page begins; None when this is the last."""
        text = listing(wanted.entity, start, rows=PAGE_ROWS, is_list=wanted.entity in LISTS)
        found = self._read(path(self._realm, "query", query=text), wanted.about, wanted.decode)
        return found, start + len(found) if len(found) >= PAGE_ROWS else None

    def accounts(self) -> list[entities.AccountRow]:
        """All of them. FixSettings for none at all: every company has a chart."""
        found = self.every(entities.ACCOUNTS)
        if not found:
            raise FixSettings(
                f"{PROVIDER} shows no ledger accounts of this company: reconnect as its "
                "administrator.",
                detail="no Account",
                code="rights-missing",
            )
        return found

    def every(self, wanted: Listing[T]) -> list[T]:
        """All pages of a short list."""
        found: list[T] = []
        start: int | None = 1
        while start is not None:
            rows, start = self.page(wanted, start)
            found += rows
        return found

    # -- changes -----------------------------------------------------------------------------------

    def changed(self, since: int, *, parties: bool) -> Changed:
        """Objects changed since (epoch seconds), deleted ones included.

        Where an answer is full, every type is asked for by itself. TooManyChanges when that does
        not help.
        """
        types = (*PARTIES, *TRANSACTIONS) if parties else TRANSACTIONS
        found = self._changed(types, since)
        if found.count < CDC_OBJECTS_MAX:
            return found
        parted = Changed()
        for one in types:
            some = self._changed((one,), since)
            if some.count >= CDC_OBJECTS_MAX:
                raise TooManyChanges(one)
            parted.parties |= some.parties
            parted.transactions |= some.transactions
        return parted

    def _changed(self, types: tuple[str, ...], since: int) -> Changed:
        moment = datetime.fromtimestamp(since, tz=UTC).isoformat()
        address = path(self._realm, "cdc", entities=",".join(types), changedSince=moment)
        return self._read(address, "changes", entities.changed)

    # -- reports -----------------------------------------------------------------------------------

    def journal(self, days: Days, company: Company) -> list[cells.Transaction]:
        """Every transaction of a window. CutShort; HomeAmountsMissing."""
        pairs = cells.HOME_PAIR if company.is_multi else ()
        more = cells.FOREIGN_COLUMNS if company.is_multi else ()
        columns = (*cells.JOURNAL_COLUMNS, *cells.SHOWN_PAIR, *pairs, *more)
        address = self._report("JournalReport", days, company, columns=",".join(columns))

        def decode(body: bytes) -> list[cells.Transaction]:
            return report.journal(
                body, days.first, days.last, home=company.home, is_multi=company.is_multi
            )

        try:
            return self._read(address, "the journal report", decode, is_report=True)
        except NotUnderstood as refused:
            if refused.code == QUESTION_REFUSED and company.is_multi:
                raise cells.HomeAmountsMissing(refused.detail) from None
            raise

    def general_ledger(self, days: Days, company: Company) -> list[cells.Transaction]:
        """The same, gathered from the accounts. CutShort; HomeAmountsMissing."""
        columns = (
            *cells.JOURNAL_COLUMNS,
            *cells.SHOWN_PAIR,
            *cells.HOME_PAIR,
            *cells.FOREIGN_COLUMNS,
        )
        address = self._report(
            "GeneralLedger",
            days,
            company,
            accounting_method="Accrual",
            columns=",".join(columns),
        )

        def decode(body: bytes) -> list[cells.Transaction]:
            return report.general_ledger(body, days.first, days.last, home=company.home)

        return self._read(address, "the general ledger", decode, is_report=True)

    def trial_balance(self, days: Days, company: Company) -> dict[str, int]:
        """Balances at the end of a fiscal year, per account id, debit positive."""
        address = self._report("TrialBalance", days, company, accounting_method="Accrual")

        def decode(body: bytes) -> dict[str, int]:
            return report.trial_balance(body, days.last)

        return self._read(address, "the trial balance", decode, is_report=True)

    def _report(self, name: str, days: Days, company: Company, **more: str) -> str:
        """Both days are always said: without them QuickBooks chooses a period of its own."""
        shown = name + FRENCH_SUFFIX if company.country == FRANCE else name
        return path(
            self._realm,
            f"reports/{shown}",
            start_date=days.first.isoformat(),
            end_date=days.last.isoformat(),
            **more,
        )

    # -- requests ----------------------------------------------------------------------------------

    def _read(
        self,
        address: str,
        about: str,
        decode: Callable[[bytes], T],
        *,
        is_report: bool = False,
    ) -> T:
        """A decoded answer. Empty bodies and web pages with status 200 happen: asked for again."""
        for count in range(1, READINGS_MAX):
            body = self._get(address, about, is_report=is_report).body
            try:
                return _decoded(body, about, decode)
            except ProviderDown as down:
                if down.code != NO_WHOLE_ANSWER:
                    raise
            self._kit.clock.pause(READING_PAUSE_SECONDS * count)
        return _decoded(self._get(address, about, is_report=is_report).body, about, decode)

    def _get(self, address: str, about: str, *, is_report: bool) -> Answer:
        """A refused token is renewed once, then it is over."""
        token = self._tokens.current()
        try:
            return self._transport.send(self._request(address, about, token, is_report=is_report))
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
        renewed = self._tokens.renewed(token)
        return self._transport.send(self._request(address, about, renewed, is_report=is_report))

    def _request(self, address: str, about: str, token: str, *, is_report: bool) -> Request:
        return Request(
            method="GET",
            url=self._origin + address,
            headers={"accept": "application/json", "authorization": f"Bearer {token}"},
            charges=self._charges,
            about=about,
            read_seconds=REPORT_SECONDS if is_report else None,
        )


def _decoded(body: bytes, about: str, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(body)
    except (ValueError, msgspec.MsgspecError) as error:
        raise entities.bad_value(about, error) from None

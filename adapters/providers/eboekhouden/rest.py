"""REST v1: sessions, lists by id, details, balances. One administration per API token."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec

from adapters.providers.eboekhouden.chart import Chart
from adapters.providers.eboekhouden.declaration import (
    LOGIN_FAILURES,
    PAGE_TOO_LARGE,
    PROVIDER,
    REST_FAILURES,
    SOURCE,
    rest_charges,
    rest_origin,
)
from adapters.providers.eboekhouden.rest_rows import (
    ADMINISTRATIONS,
    BALANCE,
    HEADS,
    LEDGERS,
    MUTATION,
    RELATION,
    RELATIONS,
    BalanceRow,
    HeadRow,
    LedgerRow,
    LinkedRow,
    MutationRow,
    Page,
    RelationHead,
    RelationRow,
    balances,
)
from adapters.providers.kit.calls import Kit, Request
from adapters.providers.kit.decoding import JsonPage, cents_e4
from adapters.providers.kit.retry_table import ACCESS_REFUSED, Signal
from adapters.providers.kit.transport import Transport
from core.domain.failures import Failure, FixSettings, NotUnderstood, Reconnect
from core.ports.provider import Credentials
from core.ports.sessions import Session

R = TypeVar("R")

LIMITS: Final = (2_000, 500, 100)
"""Rows of a page: the documented most, what an older client was held to, and the default."""
PAGES_MAX: Final = 10_000
SESSION_SECONDS_MIN: Final = 60
_SESSION_NAME: Final = "rest"
_TEXT_CHARACTERS: Final = 1_000
_CODE: Final = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*_\d{3}\b")


class _SessionRow(msgspec.Struct):
    """``expiresIn`` in seconds."""

    token: str
    expires_in: int = msgspec.field(name="expiresIn", default=3_600)


_SESSION: Final = JsonPage(PROVIDER, "the session", _SessionRow)


class RestClient:
    """Asks as one API token. Not thread-safe."""

    def __init__(self, kit: Kit, credentials: Credentials) -> None:
        self._kit = kit
        self._token = credentials.fields["api_token"].strip()
        self._origin = rest_origin(credentials.fields)
        self._charges = rest_charges(credentials.fields, credentials.scope)
        self._sessions = credentials.sessions
        self._transport = Transport(kit, REST_FAILURES)
        self._limit = LIMITS[0]
        self.singly = False
        """``/v1/ledger/balances`` is not there: each account is asked for by itself."""

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        """The session is left to its end: other processes use it too."""
        self._transport.close()

    # -- what can be asked -------------------------------------------------------------------------

    def linked(self) -> list[LinkedRow]:
        """Administrations linked to the token's maker; none where that is refused."""
        try:
            return ADMINISTRATIONS.decode(
                self._get("/v1/administration/linked", {}, "administrations")
            ).items
        except (FixSettings, NotUnderstood):
            return []

    def ledgers(self) -> list[LedgerRow]:
        return list(self._offset_pages("/v1/ledger", LEDGERS, "ledger accounts"))

    def relations(self) -> list[RelationHead]:
        """Without a filter on ids: a deletion between two pages of 2,000 may hide one till
        tomorrow.
        """
        return list(self._offset_pages("/v1/relation", RELATIONS, "relations"))

    def relation(self, number: int) -> RelationRow | None:
        body = self._detail(f"/v1/relation/{number}", "a relation", "REL_055")
        return None if body is None else RELATION.decode(body)

    def mutation(self, number: int) -> MutationRow | None:
        """None when there is none by that number."""
        body = self._detail(f"/v1/mutation/{number}", "a mutation", "MUT_300")
        return None if body is None else MUTATION.decode(body)

    def heads(self, days: tuple[dt.date, dt.date] | None = None) -> list[HeadRow]:
        """Every mutation without its rows, by number: each page asks beyond the highest one read,
        so that nothing that comes or goes meanwhile shifts the rest.
        """
        query = {"date[range]": f"{days[0]},{days[1]}"} if days else {}
        found: dict[int, HeadRow] = {}
        low = 0
        for _ in range(PAGES_MAX):
            page, limit = self._limited(
                "/v1/mutation", {**query, "id[gte]": str(low)}, HEADS, "mutations"
            )
            numbers = [row.id for row in page.items]
            if len(numbers) >= limit and numbers != sorted(numbers):
                # The order is not documented. This one does not rise: numbers are asked in windows.
                return self._windows(query, max(numbers))
            found.update((row.id, row) for row in page.items)
            if len(numbers) < limit:
                return [found[number] for number in sorted(found)]
            low = numbers[-1] + 1
        raise _too_many("mutations")

    def invoice_ledgers(self, kind: int, invoice_number: str) -> set[int]:
        """The main accounts of the invoices of that number."""
        query = {"type": str(int(kind)), "invoiceNumber": invoice_number}
        page, _ = self._limited("/v1/mutation", query, HEADS, "an invoice")
        return {row.ledger_id for row in page.items if row.ledger_id}

    def movements(self, first: dt.date, last: dt.date, chart: Chart) -> dict[str, int]:
        """e4 per account key, debit positive (as one client found; not documented), not zero.

        Always with a first day: without one the answer is a balance, which may or may not begin
        anew each year.
        """
        query = {"from": first.isoformat(), "to": last.isoformat()}
        if not self.singly:
            try:
                body = self._get("/v1/ledger/balances", query, "balances")
            except NotUnderstood:
                # Not there, or taken for the account by the name of "balances".
                self.singly = True
            else:
                return _balances(balances(body), chart)
        found: dict[str, int] = {}
        for ledger in chart.ledgers:
            body = self._get(f"/v1/ledger/{ledger.id}/balance", query, "a balance")
            amount_e4 = cents_e4(BALANCE.decode(body).balance)
            if amount_e4:
                found[str(ledger.id)] = amount_e4
        return found

    # -- pages -------------------------------------------------------------------------------------

    def _windows(self, query: Mapping[str, str], highest: int) -> list[HeadRow]:
        """Windows of as many numbers as a page has rows cannot overflow. ``highest`` is the highest
        number seen; above it there may be more.
        """
        found: dict[int, HeadRow] = {}
        width = self._limit
        low = 0
        for _ in range(PAGES_MAX):
            if low > highest:
                above = {**query, "id[gte]": str(low)}
                page, _ = self._limited("/v1/mutation", above, HEADS, "mutations")
                if not page.items:
                    return [found[number] for number in sorted(found)]
                highest = max(row.id for row in page.items)
            window = {**query, "id[range]": f"{low},{low + width - 1}"}
            page, _ = self._limited("/v1/mutation", window, HEADS, "mutations")
            found.update((row.id, row) for row in page.items)
            low += width
        raise _too_many("mutations")

    def _offset_pages(self, path: str, decoder: JsonPage[Page[R]], about: str) -> Iterator[R]:
        taken = 0
        for _ in range(PAGES_MAX):
            page, limit = self._limited(path, {"offset": str(taken)}, decoder, about)
            yield from page.items
            taken += len(page.items)
            if len(page.items) < limit:
                return
        raise _too_many(about)

    def _limited(
        self, path: str, query: Mapping[str, str], decoder: JsonPage[Page[R]], about: str
    ) -> tuple[Page[R], int]:
        """A page, and how many rows it could have had; fewer are asked for where that is refused.

        Shorter than that is the only end marker there is: ``count`` is the page's own.
        """
        while True:
            limit = self._limit
            try:
                body = self._get(path, {**query, "limit": str(limit)}, about)
            except NotUnderstood as failure:
                if failure.code != PAGE_TOO_LARGE or limit == LIMITS[-1]:
                    raise
                self._limit = LIMITS[LIMITS.index(limit) + 1]
            else:
                return decoder.decode(body), limit

    def _detail(self, path: str, about: str, missing: str) -> bytes | None:
        try:
            return self._get(path, {}, about)
        except NotUnderstood as failure:
            if failure.code == "not-found" and missing in failure.detail:
                return None
            raise

    # -- calls -------------------------------------------------------------------------------------

    def _get(self, path: str, query: Mapping[str, str], about: str) -> bytes:
        token = self._sessions.current(_SESSION_NAME, self._login)
        try:
            return self._sent(path, query, about, token)
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
            renewed = self._sessions.renewed(_SESSION_NAME, token, self._login)
            return self._sent(path, query, about, renewed)

    def _sent(self, path: str, query: Mapping[str, str], about: str, token: str) -> bytes:
        told = f"?{urlencode(query, safe=',[]')}" if query else ""
        # Without a prefix, says the description; one client sends Bearer and is taken too.
        request = Request(
            method="GET",
            url=f"{self._origin}{path}{told}",
            headers={"accept": "application/json", "authorization": token},
            charges=self._charges,
            about=about,
        )
        return self._transport.send(request).body

    def _login(self) -> Session:
        """One request, never repeated."""
        asked_at = self._kit.clock.now()
        request = Request(
            method="POST",
            url=f"{self._origin}/v1/session",
            headers={"accept": "application/json", "content-type": "application/json"},
            body=msgspec.json.encode({"accessToken": self._token, "source": SOURCE}),
            charges=self._charges,
            about="a session",
        )
        self._transport.take_budget(request)
        answer = self._transport.attempt(request)
        if not answer.is_success:
            signal = Signal(
                status=answer.status,
                text=_codes(answer.text(_TEXT_CHARACTERS)),
                headers=answer.headers,
                host=answer.host,
                about=request.about,
            )
            raise LOGIN_FAILURES.decide(signal, asked_at).failure
        told = _SESSION.decode(answer.body)
        seconds = max(told.expires_in, SESSION_SECONDS_MIN)
        return Session(
            token=told.token, obtained_at=asked_at, expires_at=asked_at + timedelta(seconds=seconds)
        )


def _codes(text: str) -> str:
    """The error codes in an answer to a login, and nothing that may repeat what was sent."""
    return " ".join(_CODE.findall(text))


def _balances(told: Iterable[BalanceRow], chart: Chart) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in told:
        amount_e4 = cents_e4(row.balance)
        if amount_e4:
            key = chart.key_of_code(row.code)
            found[key] = found.get(key, 0) + amount_e4
    return found


def _too_many(about: str) -> Failure:
    return NotUnderstood(
        f"{PROVIDER} goes on sending {about} without an end: report it.",
        detail=f"more than {PAGES_MAX} pages",
    )

"""Calls to one Moneybird connection: pages by Link, records by id, tokens too fresh to count."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from adapters.providers.kit.calls import Answer, Kit, Request
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.retry_table import ACCESS_REFUSED
from adapters.providers.kit.transport import Transport
from adapters.providers.kit.waiting import epoch
from adapters.providers.moneybird import rows
from adapters.providers.moneybird.declaration import FAILURES, NOT_FOR_ALL, PROVIDER
from adapters.providers.moneybird.sums import Sums
from adapters.providers.moneybird.wire import (
    ADMINISTRATIONS,
    OVERALL_LIMIT,
    SyncedResource,
    charges,
    entries_path,
    ledger_path,
    origin,
    path,
)
from core.domain.failures import FixSettings, NotUnderstood, Reconnect
from core.ports.provider import AccessTokens

Row = TypeVar("Row")

FRESH_SECONDS: Final = 3.0
"""A token was seen to be refused for some two seconds after its issue."""

_LEARN_BELOW: Final = 10
"""Calls left from which what Moneybird says is noted for all workers."""

_NEXT: Final = re.compile(r'<([^>]*)>\s*;\s*rel="next"')


class Reader:
    """Reads with one consent. Not thread-safe."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._fields = fields
        self._origin = origin(fields)
        self._tokens = tokens
        self._good = ""
        """The last token that was taken."""
        self._transport = Transport(kit, FAILURES, observe=self._observe)

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    def administrations(self) -> list[rows.AdministrationRow]:
        """All in one answer."""
        answer = self._get(ADMINISTRATIONS, about="administrations")
        return rows.ADMINISTRATIONS.decode(answer.body)

    def ledger_accounts(self, administration: str) -> list[rows.AccountRow]:
        """All in one answer. FixSettings for none at all: every administration has a chart."""
        answer = self._get(path(administration, "ledger_accounts"), about="ledger accounts")
        found = rows.ACCOUNTS.decode(answer.body)
        if not found:
            raise FixSettings(
                f"{PROVIDER} shows no ledger accounts of this administration: check the rights of "
                "the connected user there, then reconnect.",
                detail="ledger_accounts is empty",
                code="rights-missing",
            )
        return found

    def page(
        self, address: str, decoder: JsonPage[list[Row]], *, about: str, reports: bool = False
    ) -> tuple[list[Row], int | None]:
        """The rows of one page, and the number of the next if the ``Link`` tells of one."""
        answer = self._get(address, about=about, reports=reports)
        return decoder.decode(answer.body), next_page(answer.headers.get("link", ""))

    def versions(self, administration: str, synced: SyncedResource) -> list[rows.VersionRow]:
        """Every record there is, by id and version, in one answer."""
        address = path(administration, f"{synced.path}/synchronization", **synced.query)
        return rows.VERSIONS.decode(self._get(address, about=synced.about).body)

    def records(
        self,
        administration: str,
        synced: SyncedResource,
        ids: Sequence[str],
        decoder: JsonPage[list[Row]],
    ) -> list[Row]:
        """Whole records by id, at most SYNC_IDS_MAX of them; those that went meanwhile are absent.

        One id that is not open to the user makes Moneybird refuse all of them: then halves are
        asked for, and the one is left out. FixSettings when none of several is open.
        """
        found: list[Row] = []
        refusals: list[FixSettings] = []
        asked = [ids]
        while asked:
            some = asked.pop()
            try:
                found += self._records(administration, synced, some, decoder)
            except FixSettings as refused:
                if refused.code != NOT_FOR_ALL:
                    raise
                middle = len(some) // 2
                asked += [half for half in (some[:middle], some[middle:]) if len(some) > 1]
                refusals += [refused] if len(some) == 1 else []
        if len(refusals) == len(ids) > 1:
            raise refusals[0]
        return found

    def _records(
        self,
        administration: str,
        synced: SyncedResource,
        ids: Sequence[str],
        decoder: JsonPage[list[Row]],
    ) -> list[Row]:
        address = path(administration, f"{synced.path}/synchronization")
        body = msgspec.json.encode({"ids": list(ids)})
        return decoder.decode(self._post(address, body, about=synced.about).body)

    def general_ledger(self, administration: str, first: str, last: str) -> Sums:
        """Debits and credits per account over whole months, ``YYYYMM`` inclusive."""
        return self.ledger_and_past(administration, first, last)[0]

    def ledger_and_past(self, administration: str, first: str, last: str) -> tuple[Sums, bool]:
        """The same, and whether anything was booked before."""
        address = ledger_path(administration, first, last)
        answer = self._get(address, about="the general ledger", reports=True)
        told = rows.LEDGER.decode(answer.body)
        try:
            return rows.sums(told), told.has_past
        except ValueError as error:
            raise rows.bad_value("the general ledger", error) from None

    def entries(
        self, administration: str, month: str, selector: Mapping[str, str], page: int
    ) -> tuple[list[rows.EntryRow], int | None]:
        address = entries_path(administration, month, selector, page)
        return self.page(address, rows.ENTRIES, about="journal entries", reports=True)

    # -- requests ----------------------------------------------------------------------------------

    def _get(self, address: str, *, about: str, reports: bool = False) -> Answer:
        due = charges(self._fields, reports=reports)
        return self._send(
            lambda token: Request(
                method="GET",
                url=self._origin + address,
                headers={"accept": "application/json", "authorization": f"Bearer {token}"},
                charges=due,
                about=about,
            )
        )

    def _post(self, address: str, body: bytes, *, about: str) -> Answer:
        """For the synchronization, which only reads: it may be repeated."""
        due = charges(self._fields)
        return self._send(
            lambda token: Request(
                method="POST",
                url=self._origin + address,
                headers={
                    "accept": "application/json",
                    "content-type": "application/json",
                    "authorization": f"Bearer {token}",
                },
                body=body,
                charges=due,
                about=about,
                repeatable=True,
            )
        )

    def _send(self, request_with: Callable[[str], Request]) -> Answer:
        """A refused token is renewed once. One that never worked yet may be too fresh to count:
        it is given a moment first.
        """
        token = self._tokens.current()
        answer = self._tried(request_with, token)
        if answer is None:
            token = self._tokens.renewed(token)
            answer = self._tried(request_with, token)
        if answer is None:
            raise Reconnect(
                f"{PROVIDER} no longer accepts this connection: reconnect it.",
                detail="a renewed token was refused",
                code=ACCESS_REFUSED,
            )
        return answer

    def _tried(self, request_with: Callable[[str], Request], token: str) -> Answer | None:
        """The answer; None when the token is refused."""
        tries = 1 if token == self._good else 2
        for number in range(1, tries + 1):
            try:
                answer = self._transport.send(request_with(token))
            except Reconnect as refused:
                if refused.code != ACCESS_REFUSED:
                    raise
                if number < tries:
                    self._kit.clock.pause(FRESH_SECONDS)
            else:
                self._good = token
                return answer
        return None

    def _observe(self, request: Request, answer: Answer) -> None:
        """Notes when few calls are left, by the header that counts them.

        ``RateLimit-Remaining`` was seen to tell seconds; the other one is not documented.
        """
        remaining = answer.headers.get("ratelimit-requestsremaining", "")
        resets_at = epoch(answer.headers.get("ratelimit-reset"))
        if not remaining.isdecimal() or resets_at is None or int(remaining) >= _LEARN_BELOW:
            return
        for charge in request.charges:
            if OVERALL_LIMIT in charge.limits:
                self._kit.budgets.learn(
                    charge.scope, OVERALL_LIMIT, remaining=int(remaining), resets_at=resets_at
                )


def next_page(link: str) -> int | None:
    """The page number in the ``rel="next"`` of a ``Link`` header; None when it has none.

    Only the number is taken from it: the token goes to no address somebody else wrote.
    NotUnderstood for a next page without a number.
    """
    found = _NEXT.search(link)
    if found is None:
        return None
    number = parse_qs(urlsplit(found[1]).query).get("page", [""])[0]
    if not number.isdecimal():
        raise NotUnderstood(
            f"{PROVIDER} continues a list in a way this version does not know: report it.",
            detail="Link without a page number",
        )
    return int(number)

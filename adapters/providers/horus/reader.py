"""Calls to one customer's Horus database: its address, and pages of lists by the contract."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from attrs import field, frozen

from adapters.providers.horus.contract import Contract, Paging, Resource
from adapters.providers.horus.declaration import (
    ASLEEP,
    ASLEEP_SENTENCE,
    FAILURES,
    PROVIDER,
    sign_in_origin,
)
from adapters.providers.horus.endpoint import DATABASE_FIELD, Told, chosen, find
from adapters.providers.kit.bearer import BearerReader
from adapters.providers.kit.calls import Answer, Charge, Kit, NoAnswer, NotSent
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.loose import Loose
from adapters.providers.kit.origins import is_loopback
from adapters.providers.kit.transport import Transport
from core.domain.failures import Failure, FixSettings, NotUnderstood, ProviderDown
from core.ports.provider import Credentials
from core.ports.sessions import Session

PAGES_MAX: Final = 10_000
"""Of one pull, or of one list."""

ENDPOINT: Final = "endpoint"
"""The name under which a discovered address is kept with the connection."""

_NOT_TOLD: Final = frozenset({"not-there", "not-found", "no-folder-access"})


@frozen(kw_only=True)
class Page:
    """``rows`` of the list; ``whole``: the answer, with what came beside. ``following``: where the
    next page begins (a number of rows, or an id); None at the end.
    """

    rows: tuple[Loose, ...]
    whole: Loose = field(repr=False)
    following: str | None


class Reader:
    """Reads with one consent, one call after the other."""

    def __init__(self, kit: Kit, contract: Contract, credentials: Credentials) -> None:
        assert credentials.tokens is not None
        self.contract = contract
        self._kit = kit
        self._credentials = credentials
        self._sign_in = sign_in_origin(credentials.fields, contract)
        self._transport = Transport(kit, FAILURES)
        self._bearer = BearerReader(transport=self._transport, tokens=credentials.tokens)
        self._api: str | None = None
        self._decoders: dict[str, JsonPage[object]] = {}

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    @property
    def api(self) -> str:
        """The address of the customer's database."""
        if self._api is None:
            told = Told(fields=self._credentials.fields, facts=self._credentials.facts)
            self._api = find(self.contract, told, self._kit.reach, self._discovered)
        return self._api

    def page(
        self,
        resource: Resource,
        folder: str = "",
        *,
        begin: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Page:
        """One page from ``begin`` on (None: the first)."""
        pages = self.contract.pages
        asked = dict(query or {})
        if pages.paging is Paging.OFFSET:
            asked |= {pages.offset: begin or "0", pages.limit: str(pages.rows_asked)}
        else:
            asked |= {pages.take: str(pages.rows_asked)}
            if begin is not None:
                asked[pages.last] = begin
        path = resource.path.replace("{folder}", quote(folder, safe=""))
        answer = self._get(f"{self.api}{path}?{urlencode(asked)}", about=resource.about)
        whole = Loose.of(self._decoded(answer, resource), provider=PROVIDER, what=resource.about)
        found = whole.rows(resource.rows, called=resource.names)
        if found is None:
            raise whole.wrong(resource.rows, "is missing")
        following = self._following(resource, whole, found, begin)
        return Page(rows=found, whole=whole, following=following)

    def all_rows(
        self, resource: Resource, folder: str = "", *, query: Mapping[str, str] | None = None
    ) -> Iterator[Loose]:
        begin: str | None = None
        for _ in range(PAGES_MAX):
            page = self.page(resource, folder, begin=begin, query=query)
            yield from page.rows
            begin = page.following
            if begin is None:
                return
        raise NotUnderstood(
            f"{PROVIDER} goes on sending {resource.about} without an end: report it.",
            detail=f"more than {PAGES_MAX} pages",
        )

    def _following(
        self, resource: Resource, whole: Loose, found: tuple[Loose, ...], begin: str | None
    ) -> str | None:
        """Where the next page begins.

        A page with fewer rows than were asked for is the end only where no count is told: a server
        may well serve smaller pages than it is asked for.
        """
        pages = self.contract.pages
        if not found:
            return None
        if pages.paging is Paging.CURSOR:
            last = found[-1].required(resource.key)
            return None if last == begin else last
        done = int(begin or 0) + len(found)
        total = whole.whole(pages.total)
        if total is None:
            return None if len(found) < pages.rows_asked else str(done)
        return str(done) if done < total else None

    def _decoded(self, answer: Answer, resource: Resource) -> object:
        decoder = self._decoders.get(resource.about)
        if decoder is None:
            decoder = self._decoders[resource.about] = JsonPage(PROVIDER, resource.about, object)
        return decoder.decode(answer.body)

    def _get(self, url: str, *, about: str) -> Answer:
        """ProviderDown, in words that fit, where the customer's server is asleep."""
        host = urlsplit(url).netloc
        try:
            return self._bearer.get(url, charges=self._charges(url), about=about)
        except (NotSent, NoAnswer) as silent:
            raise ProviderDown(
                ASLEEP_SENTENCE.replace("{host}", host), detail=silent.detail, code=ASLEEP
            ) from None

    def _charges(self, url: str) -> tuple[Charge, ...]:
        """Calls count per database; a stand-in on this machine counts itself."""
        host = urlsplit(url).hostname or ""
        if is_loopback(host):
            return ()
        return (Charge(scope=f"horus:{host}", limits=(self.contract.limit,)),)

    # -- discovery ---------------------------------------------------------------------------------

    def _discovered(self) -> str | None:
        """From the login server, asked once per connection; None where it knows no such call."""
        try:
            return self._credentials.sessions.current(ENDPOINT, self._ask_for_databases)
        except Failure as failure:
            if failure.code in _NOT_TOLD:
                return None
            raise

    def _ask_for_databases(self) -> Session:
        asked_at = self._kit.clock.now()
        url = self._sign_in + self.contract.endpoint.discovery_path
        try:
            answer = self._bearer.get(url, charges=(), about="databases")
        except FixSettings as failure:
            raise FixSettings(failure.sentence, detail=failure.detail, code="not-there") from None
        wanted = (self._credentials.fields.get(DATABASE_FIELD) or "").strip()
        address = chosen(answer.body, self.contract, wanted)
        return Session(token=address, obtained_at=asked_at, expires_at=None)

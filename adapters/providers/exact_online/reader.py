"""Calls to one Exact Online connection: pages, budgets learned from headers, the rights probe."""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import quote

from adapters.providers.exact_online.declaration import FAILURES
from adapters.providers.exact_online.rows import PROVIDER, RIGHTS_ANSWER, Page
from adapters.providers.exact_online.wire import (
    DAY_LIMIT,
    MINUTE_LIMIT,
    NO_DIVISION,
    PAGES_MAX,
    Resource,
    division_charge,
    first_page,
    site_origin,
)
from adapters.providers.kit.bearer import BearerReader
from adapters.providers.kit.calls import Answer, Kit, Request
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.transport import Transport
from adapters.providers.kit.waiting import epoch
from core.domain.failures import FixSettings, NotUnderstood
from core.ports.provider import AccessTokens, Limit

Row = TypeVar("Row")

_LEARN_BELOW: Final = {MINUTE_LIMIT: 1, DAY_LIMIT: 250}
"""Calls left from which what Exact says is noted for all workers; above, our own count will do."""

_API: Final = "/api/v1/"


class Reader:
    """Reads with one consent. Not thread-safe; Exact wants calls one after the other anyway."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._fields = fields
        self._origin = site_origin(fields)
        self._transport = Transport(kit, FAILURES, reason_header="reason", observe=self._observe)
        self._bearer = BearerReader(transport=self._transport, tokens=tokens)

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    def page(
        self, resource: Resource, decoder: JsonPage[Page[Row]], path: str, *, division: str
    ) -> tuple[list[Row], str | None]:
        """One page: its rows, and path and query of the next."""
        answer = self._get(path, division=division, about=resource.described)
        page = decoder.decode(answer.body)
        following = page.following
        return page.rows, None if following is None else self._relative(following, path, resource)

    def all_rows(
        self,
        resource: Resource,
        decoder: JsonPage[Page[Row]],
        *,
        division: str,
        path: str | None = None,
    ) -> Iterator[Row]:
        """Every row of a resource, page after page; ``path`` is its first page if not plain."""
        asked: str | None = path or first_page(division, resource)
        for _ in range(PAGES_MAX):
            assert asked is not None
            rows, asked = self.page(resource, decoder, asked, division=division)
            yield from rows
            if asked is None:
                return
        raise decoder.not_understood(f"more than {PAGES_MAX} pages")

    def require_rights(self, endpoint: str, about: str, *, division: str) -> None:
        """FixSettings when the user may not read it: Exact then shows an empty list, not a 403."""
        query = f"endpoint='{quote(endpoint)}'&action='GET'"
        path = f"{_API}{quote(division)}/users/UserHasRights?{query}"
        answer = self._get(path, division=division, about="user rights")
        if not RIGHTS_ANSWER.decode(answer.body).d.user_has_rights:
            raise FixSettings(
                f"The {PROVIDER} user who gave consent may not see the {about} of this company: "
                "give that user the right there, or reconnect with another user.",
                detail=f"UserHasRights {endpoint}: false",
                code="rights-missing",
            )

    def _get(self, path: str, *, division: str, about: str) -> Answer:
        return self._bearer.get(
            self._origin + path,
            charges=division_charge(self._fields, division or NO_DIVISION),
            about=about,
        )

    def _relative(self, following: str, asked: str, resource: Resource) -> str:
        """The next page's address without its origin: the token goes nowhere else."""
        path = following.removeprefix(self._origin)
        if not path.startswith(_API) or path == asked:
            raise NotUnderstood(
                f"{PROVIDER} continues the {resource.about} at an unexpected address: report it.",
                detail="the next page is at another host or is the page itself",
            )
        return path

    def _observe(self, request: Request, answer: Answer) -> None:
        headers = answer.headers
        families: tuple[tuple[Limit, str, str], ...] = (
            (MINUTE_LIMIT, "x-ratelimit-minutely-remaining", "x-ratelimit-minutely-reset"),
            (DAY_LIMIT, "x-ratelimit-remaining", "x-ratelimit-reset"),
        )
        for limit, remaining_name, reset_name in families:
            remaining = headers.get(remaining_name, "")
            resets_at = epoch(headers.get(reset_name))
            if not remaining.isdecimal() or resets_at is None:
                continue
            if int(remaining) < _LEARN_BELOW[limit]:
                for charge in request.charges:
                    self._kit.budgets.learn(
                        charge.scope, limit, remaining=int(remaining), resets_at=resets_at
                    )

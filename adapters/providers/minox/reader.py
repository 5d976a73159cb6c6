"""Calls to one Minox connection: whom it covers, pages of lists, the trial balance."""

import base64
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from adapters.providers.kit.bearer import BearerReader
from adapters.providers.kit.calls import Answer, Kit, Request
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.retry_table import ACCESS_REFUSED
from adapters.providers.kit.transport import Transport
from adapters.providers.kit.waiting import epoch
from adapters.providers.minox import rows
from adapters.providers.minox.declaration import FAILURES, PROVIDER
from adapters.providers.minox.wire import (
    API,
    INSPECT,
    LIMITS,
    PAGES_MAX,
    READ_SECONDS,
    administrations_path,
    charges,
    origin,
)
from core.domain.failures import Failure, FixSettings, NotUnderstood, Reconnect
from core.ports.provider import AccessTokens

Row = TypeVar("Row")

_NOT_THERE: Final = frozenset({"unknown-administration", "not-found"})
_LEARN_BELOW: Final = 1


class Reader:
    """Reads with one consent, one call after the other: the limit counts per customer number."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._fields = fields
        self._tokens = tokens
        self._origin = origin(fields)
        self._transport = Transport(kit, FAILURES, observe=self._observe)
        self._bearer = BearerReader(
            transport=self._transport, tokens=tokens, read_seconds=READ_SECONDS
        )

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    def tenants(self) -> tuple[str, ...]:
        """Customer numbers the consent covers, lowest first; the form's where it names one.

        The token does not tell them. FixSettings when Minox does not either.
        """
        typed = (self._fields.get("tenant") or "").strip()
        if typed:
            if not typed.isdecimal():
                raise FixSettings(
                    "The Minox customer number is a number: correct it.",
                    code="bad-tenant",
                    setting="tenant",
                )
            return (typed,)
        try:
            answer = self._inspected()
        except Failure as failure:
            if failure.code not in _NOT_THERE:
                raise
            raise FixSettings(
                f"{PROVIDER} does not tell which customer number this consent is for: enter the "
                "customer number you sign in with.",
                detail=failure.detail,
                code="tenant-unknown",
                setting="tenant",
            ) from None
        found = {row.tenant_id for row in rows.INSPECTED.decode(answer.body).linked_tenants}
        return tuple(str(number) for number in sorted(found))

    def administrations(self, tenant: str) -> list[rows.AdministrationRow]:
        return list(
            self._all(administrations_path(tenant), rows.ADMINISTRATIONS, tenant, "administrations")
        )

    def page(
        self, path: str, decoder: JsonPage[rows.Page[Row]], *, tenant: str, about: str
    ) -> tuple[list[Row], str | None]:
        """One page of a list: its rows, and path and query of the next."""
        page = decoder.decode(self.get(path, tenant=tenant, about=about).body)
        following = page.following
        return page.rows, None if following is None else self._next(path, following, about)

    def get(self, path: str, *, tenant: str, about: str) -> Answer:
        return self._bearer.get(
            self._origin + path, charges=charges(self._fields, tenant), about=about
        )

    def _all(
        self, path: str, decoder: JsonPage[rows.Page[Row]], tenant: str, about: str
    ) -> Iterator[Row]:
        asked: str | None = path
        for _ in range(PAGES_MAX):
            assert asked is not None
            found, asked = self.page(asked, decoder, tenant=tenant, about=about)
            yield from found
            if asked is None:
                return
        raise decoder.not_understood(f"more than {PAGES_MAX} pages")

    def _next(self, path: str, told: str, about: str) -> str:
        """The next page's address without its origin: the token goes nowhere else."""
        following = told.removeprefix(self._origin)
        if "://" not in following and not following.startswith("/"):
            parts = urlsplit(path)
            query = {**dict(parse_qsl(parts.query)), "next": following}
            following = f"{parts.path}?{urlencode(query)}"
        if not following.startswith(f"{API}/") or following == path:
            raise NotUnderstood(
                f"{PROVIDER} continues the {about} at an unexpected address: report it.",
                detail="the next page is at another host or is the page itself",
            )
        return following

    def _inspected(self) -> Answer:
        token = self._tokens.current()
        try:
            return self._inspect(token)
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
            return self._inspect(self._tokens.renewed(token))

    def _inspect(self, token: str) -> Answer:
        """By POST. An older client puts the token into the path of a GET; that is not done here,
        because paths are written into logs, ours and those of every proxy on the way.
        """
        client = f"{self._fields.get('client_id', '')}:{self._fields.get('client_secret', '')}"
        return self._transport.send(
            Request(
                method="POST",
                url=self._origin + INSPECT,
                headers={
                    "accept": "application/json",
                    "content-type": "application/json",
                    "authorization": f"Basic {base64.b64encode(client.encode()).decode()}",
                },
                body=msgspec.json.encode({"token": token}),
                about="customer numbers",
                repeatable=True,
            )
        )

    def _observe(self, request: Request, answer: Answer) -> None:
        """Note for all workers that a window is used up."""
        remaining = answer.headers.get("x-rate-limit-remaining", "")
        resets_at = epoch(answer.headers.get("x-rate-limit-reset"))
        if not remaining.isdecimal() or int(remaining) >= _LEARN_BELOW or resets_at is None:
            return
        for charge in request.charges:
            for limit in LIMITS:
                self._kit.budgets.learn(
                    charge.scope, limit, remaining=int(remaining), resets_at=resets_at
                )

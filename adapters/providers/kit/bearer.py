"""Reading with an access token that may just have ended."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from adapters.providers.kit.calls import Answer, Charge, Request
from adapters.providers.kit.retry_table import ACCESS_REFUSED
from adapters.providers.kit.transport import Transport
from core.domain.failures import Reconnect
from core.ports.provider import AccessTokens

_ACCEPT_JSON: Final[Mapping[str, str]] = {"accept": "application/json"}


@frozen(kw_only=True)
class BearerReader:
    """GETs with ``Authorization: Bearer``. A refused token is renewed once, then it is over.

    Providers count refusals against the caller, so there is no second renewal.
    """

    transport: Transport
    tokens: AccessTokens
    headers: Mapping[str, str] = _ACCEPT_JSON
    read_seconds: float | None = None
    """Without any byte, where the provider is known or assumed to ponder longer than others."""

    def get(self, url: str, *, charges: tuple[Charge, ...], about: str = "") -> Answer:
        token = self.tokens.current()
        try:
            return self.transport.send(self._request(url, charges, about, token))
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
            renewed = self.tokens.renewed(token)
            return self.transport.send(self._request(url, charges, about, renewed))

    def _request(self, url: str, charges: tuple[Charge, ...], about: str, token: str) -> Request:
        return Request(
            method="GET",
            url=url,
            headers={**self.headers, "authorization": f"Bearer {token}"},
            charges=charges,
            about=about,
            read_seconds=self.read_seconds,
        )

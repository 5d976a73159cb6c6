"""Horus as the core sees it. Its contract is assumed: see contract.py."""

from typing import Final

from adapters.providers.horus.contract import CONTRACT, Contract
from adapters.providers.horus.declaration import FORM, oauth
from adapters.providers.horus.source import HorusSource
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.oauth import CodeFlow
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Reconnect
from core.ports.provider import ConnectForm, Credentials, Limit, OAuthFlow

KEY: Final = "horus"


class Horus:
    """Implements core.ports.provider.Provider."""

    entry: CatalogueEntry = entry_of(KEY)
    form: ConnectForm = FORM

    def __init__(self, kit: Kit, contract: Contract = CONTRACT) -> None:
        self.limits: tuple[Limit, ...] = (contract.limit,)
        self.oauth: OAuthFlow | None = CodeFlow(kit, oauth(contract))
        self._kit = kit
        self._contract = contract

    def open(self, credentials: Credentials) -> HorusSource:
        if credentials.tokens is None:
            raise Reconnect("Horus is not authorised: connect it.", detail="no tokens")
        return HorusSource(self._kit, self._contract, credentials)

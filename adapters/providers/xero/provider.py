"""Xero as the core sees it."""

from typing import Final

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.oauth import CodeFlow
from adapters.providers.xero.declaration import FORM, OAUTH
from adapters.providers.xero.source import XeroSource
from adapters.providers.xero.wire import LIMITS
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Reconnect
from core.ports.provider import ConnectForm, Credentials, Limit, OAuthFlow

KEY: Final = "xero"


class Xero:
    """Implements core.ports.provider.Provider."""

    entry: CatalogueEntry = entry_of(KEY)
    form: ConnectForm = FORM
    limits: tuple[Limit, ...] = LIMITS

    def __init__(self, kit: Kit) -> None:
        self.oauth: OAuthFlow | None = CodeFlow(kit, OAUTH)
        self._kit = kit

    def open(self, credentials: Credentials) -> XeroSource:
        if credentials.tokens is None:
            raise Reconnect("Xero is not authorised: connect it.", detail="no tokens")
        return XeroSource(self._kit, credentials, credentials.tokens)

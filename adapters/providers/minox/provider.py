"""Minox as the core sees it."""

from typing import Final

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.oauth import CodeFlow
from adapters.providers.minox.declaration import FORM, OAUTH
from adapters.providers.minox.source import MinoxSource
from adapters.providers.minox.wire import LIMITS
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Reconnect
from core.ports.provider import ConnectForm, Credentials, Limit, OAuthFlow

KEY: Final = "minox"


class Minox:
    """Implements core.ports.provider.Provider."""

    entry: CatalogueEntry = entry_of(KEY)
    form: ConnectForm = FORM
    limits: tuple[Limit, ...] = LIMITS

    def __init__(self, kit: Kit) -> None:
        self.oauth: OAuthFlow | None = CodeFlow(kit, OAUTH)
        self._kit = kit

    def open(self, credentials: Credentials) -> MinoxSource:
        if credentials.tokens is None:
            raise Reconnect("Minox is not authorised: connect it.", detail="no tokens")
        return MinoxSource(self._kit, credentials.fields, credentials.tokens)

"""Exact Online as the core sees it."""

from typing import Final

from adapters.providers.exact_online.declaration import FORM, OAUTH
from adapters.providers.exact_online.source import ExactSource
from adapters.providers.exact_online.wire import DIVISION_LIMITS
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.oauth import CodeFlow
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Reconnect
from core.ports.provider import ConnectForm, Credentials, Limit, OAuthFlow

KEY: Final = "exact-online"


class ExactOnline:
    """Implements core.ports.provider.Provider."""

    entry: CatalogueEntry = entry_of(KEY)
    form: ConnectForm = FORM
    limits: tuple[Limit, ...] = DIVISION_LIMITS

    def __init__(self, kit: Kit) -> None:
        self.oauth: OAuthFlow | None = CodeFlow(kit, OAUTH)
        self._kit = kit

    def open(self, credentials: Credentials) -> ExactSource:
        if credentials.tokens is None:
            raise Reconnect("Exact Online is not authorised: connect it.", detail="no tokens")
        return ExactSource(self._kit, credentials.fields, credentials.tokens)

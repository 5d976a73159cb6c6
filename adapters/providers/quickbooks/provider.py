"""QuickBooks as the core sees it."""

from typing import Final

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.oauth import CodeFlow
from adapters.providers.quickbooks.declaration import FORM, OAUTH
from adapters.providers.quickbooks.source import QuickBooksSource
from adapters.providers.quickbooks.wire import LIMITS, REALM
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Reconnect
from core.ports.provider import ConnectForm, Credentials, Limit, OAuthFlow

KEY: Final = "quickbooks"


class QuickBooks:
    """Implements core.ports.provider.Provider."""

    entry: CatalogueEntry = entry_of(KEY)
    form: ConnectForm = FORM
    limits: tuple[Limit, ...] = LIMITS

    def __init__(self, kit: Kit) -> None:
        self.oauth: OAuthFlow | None = CodeFlow(kit, OAUTH)
        self._kit = kit

    def open(self, credentials: Credentials) -> QuickBooksSource:
        realm = credentials.facts.get(REALM, "")
        if credentials.tokens is None or not realm.isdecimal():
            raise Reconnect(
                "QuickBooks is not authorised for a company: connect it.",
                detail="no tokens, or no realm with them",
            )
        return QuickBooksSource(self._kit, credentials.fields, credentials.tokens, realm)

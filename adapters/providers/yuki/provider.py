"""Yuki as the core sees it."""

from typing import Final

from adapters.providers.kit.calls import Kit
from adapters.providers.yuki.contact_pages import ContactPages
from adapters.providers.yuki.declaration import FORM, LIMIT
from adapters.providers.yuki.source import YukiSource
from core.domain.catalogue import CatalogueEntry, entry_of
from core.ports.provider import ConnectForm, Credentials, Limit, OAuthFlow

KEY: Final = "yuki"


class Yuki:
    """Implements core.ports.provider.Provider, over the SOAP services.

    The vendor's newer REST interface (with OAuth) is not known to tell ledger lines. Once it does,
    it is another ``Session`` with other questions: stages, records and proof stay.
    """

    entry: CatalogueEntry = entry_of(KEY)
    form: ConnectForm = FORM
    oauth: OAuthFlow | None = None
    limits: tuple[Limit, ...] = (LIMIT,)

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._pages = ContactPages()

    def open(self, credentials: Credentials) -> YukiSource:
        return YukiSource(self._kit, credentials, self._pages)

"""Twinfield as the core sees it."""

from typing import Final

from adapters.providers.kit.calls import Kit
from adapters.providers.twinfield.declaration import (
    CLIENT_AT_ONCE,
    CLIENT_LIMITS,
    FORM,
    NO,
    ORGANISATION_AT_ONCE,
    ORGANISATION_LIMITS,
    TwinfieldFlow,
    login_origin,
)
from adapters.providers.twinfield.source import Offices, TwinfieldSource
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Reconnect
from core.ports.provider import ConnectForm, Credentials, Limit, OAuthFlow

KEY: Final = "twinfield"


class Twinfield:
    """Implements core.ports.provider.Provider."""

    entry: CatalogueEntry = entry_of(KEY)
    form: ConnectForm = FORM
    limits: tuple[Limit, ...] = (
        *(CLIENT_LIMITS[NO], ORGANISATION_LIMITS[NO]),
        *(CLIENT_AT_ONCE, ORGANISATION_AT_ONCE),
    )

    def __init__(self, kit: Kit) -> None:
        self.oauth: OAuthFlow | None = TwinfieldFlow(kit)
        self._kit = kit
        self._offices = Offices()

    def open(self, credentials: Credentials) -> TwinfieldSource:
        login_origin(credentials.fields)
        if credentials.tokens is None:
            raise Reconnect("Twinfield is not authorised: connect it.", detail="no tokens")
        return TwinfieldSource(self._kit, credentials.fields, credentials.tokens, self._offices)

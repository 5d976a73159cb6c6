"""Octopus as the core sees it."""

from typing import Final

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.oauth import CodeFlow
from adapters.providers.octopus.contract import LIMITS, SIGN_IN_VARIABLE, SignIn
from adapters.providers.octopus.declaration import FORMS, OAUTH, PROVIDER
from adapters.providers.octopus.source import OctopusSource
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import FixSettings, Reconnect
from core.ports.provider import Credentials, Limit, OAuthFlow

KEY: Final = "octopus"


class Octopus:
    """Implements core.ports.provider.Provider.

    ``sign_in``: by user and password, as the vendor's document has it, or by the OAuth flow that
    the product lists; nothing about the latter is confirmed.
    """

    entry: CatalogueEntry = entry_of(KEY)
    limits: tuple[Limit, ...] = LIMITS

    def __init__(self, kit: Kit, *, sign_in: SignIn = SignIn.CREDENTIALS) -> None:
        self._kit = kit
        self.form = FORMS[sign_in]
        self.oauth: OAuthFlow | None = CodeFlow(kit, OAUTH) if sign_in is SignIn.OAUTH else None

    def open(self, credentials: Credentials) -> OctopusSource:
        """Reconnect when the connection was made the other way: see ``sign_in``."""
        if self.oauth is not None and credentials.tokens is None:
            raise _made_otherwise("no tokens")
        missing = [
            field.name
            for field in self.form.fields
            if field.required and not credentials.fields.get(field.name, field.default or "")
        ]
        if missing:
            raise _made_otherwise(f"fields missing: {', '.join(missing)}")
        return OctopusSource(self._kit, credentials)


def _made_otherwise(detail: str) -> Reconnect:
    return Reconnect(
        f"{PROVIDER} is now signed in to in another way: connect it again.", detail=detail
    )


def sign_in_of(value: str | None) -> SignIn:
    """What the setting says; empty is the default. FixSettings for anything else."""
    try:
        return SignIn((value or "").strip().casefold() or SignIn.CREDENTIALS)
    except ValueError:
        raise FixSettings(
            f"{SIGN_IN_VARIABLE} must be {' or '.join(each.value for each in SignIn)}: "
            "correct it or leave it out.",
            setting=SIGN_IN_VARIABLE,
        ) from None

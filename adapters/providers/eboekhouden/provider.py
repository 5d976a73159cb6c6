"""e-Boekhouden.nl as a provider: which of its two interfaces is used follows from the form."""

from collections.abc import Mapping

from attrs import evolve

from adapters.providers.eboekhouden.declaration import FORM, LIMITS, rest_origin, soap_url
from adapters.providers.eboekhouden.pulling_soap import WINDOW
from adapters.providers.eboekhouden.source import RestSource, SoapSource
from adapters.providers.kit.calls import Kit
from core.domain.catalogue import entry_of
from core.domain.failures import FixSettings
from core.ports.provider import Credentials

_SOAP_FIELDS = ("username", "security_code_1", "security_code_2")


class Eboekhouden:
    """Implements core.ports.provider.Provider. Contract from descriptions and clients; what they
    leave open is tried on the service's own balances.
    """

    entry = entry_of("eboekhouden")
    form = FORM
    oauth = None
    limits = LIMITS

    def __init__(self, kit: Kit, *, window: int = WINDOW) -> None:
        """``window``: mutations SOAP gives at once; a stand-in may give fewer."""
        self._kit = kit
        self._window = window

    def open(self, credentials: Credentials) -> RestSource | SoapSource:
        """SOAP where its three fields are filled in, else REST. FixSettings when neither is whole.

        No call is made yet.
        """
        fields = {name: value.strip() for name, value in credentials.fields.items()}
        credentials = evolve(credentials, fields=fields)
        given = [name for name in _SOAP_FIELDS if fields.get(name)]
        if len(given) == len(_SOAP_FIELDS):
            _check(fields, _SOAP_FIELDS)
            soap_url(fields)
            return SoapSource(self._kit, credentials, self._window)
        if given:
            missing = next(name for name in _SOAP_FIELDS if name not in given)
            raise FixSettings(
                "To connect by SOAP the user name and both security codes are needed: enter all "
                "three, or an API token instead.",
                code="credentials-incomplete",
                setting=missing,
            )
        if not fields.get("api_token"):
            raise FixSettings(
                "There is nothing to connect with: enter an API token, or a SOAP user name with "
                "both security codes.",
                code="credentials-missing",
                setting="api_token",
            )
        _check(fields, ("api_token",))
        rest_origin(fields)
        return RestSource(self._kit, credentials)


def _check(fields: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        value = fields[name]
        if not value.isascii() or not value.isprintable():
            raise FixSettings(
                "A token or code holds a character that none has: enter it again.",
                code="bad-key",
                setting=name,
            )

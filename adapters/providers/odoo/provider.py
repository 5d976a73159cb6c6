"""Odoo as a provider: what to fill in, and how a source is opened."""

from typing import Final

from attrs import evolve

from adapters.providers.kit.calls import Kit
from adapters.providers.kit.origins import origin_of
from adapters.providers.odoo.connecting import ONLINE_LIMIT, Access
from adapters.providers.odoo.source import OdooSource
from core.domain.catalogue import entry_of
from core.domain.failures import FixSettings
from core.ports.provider import ConnectForm, Credentials, FormField

READ_SECONDS: Final = 180.0
"""Odoo sends nothing until an answer is complete, and lets a request work for 120 s by default."""
DEADLINE_SECONDS: Final = 300.0

FORM: Final = ConnectForm(
    fields=(
        FormField(
            name="url",
            label="Address of Odoo",
            help="As in the browser, for example https://mycompany.odoo.com",
        ),
        FormField(
            name="database",
            label="Database",
            help="Empty: the only one there is. On Odoo Online usually the first word of the "
            "address.",
            required=False,
            default="",
        ),
        FormField(
            name="login",
            label="Login",
            help="The user's login name. Needed for Odoo 18 and older.",
            required=False,
            default="",
        ),
        FormField(name="api_key", label="API key", secret=True),
        FormField(
            name="key_name",
            label="Name of the key",
            help="As given in Odoo, to be warned before this key ends.",
            required=False,
            default="",
        ),
    ),
    preparation=(
        "Use a user that has the group 'Show Accounting Features - Readonly' (developer mode, tab "
        "Groups of the user) and all companies to be followed. As that user make an API key under "
        "Preferences, Account Security, New API Key. On odoo.com the plan must be Custom: the "
        "others have no API."
    ),
)


class Odoo:
    """Implements core.ports.provider.Provider. Contract seen on genuine servers 19.0 and 14.0;
    versions between are read about, Odoo Online and Odoo.sh were not seen.
    """

    entry = entry_of("odoo")
    form = FORM
    oauth = None
    limits = (ONLINE_LIMIT,)
    """Holds on hosts below odoo.com only; other servers have no limit of their own."""

    def __init__(self, kit: Kit) -> None:
        waits = evolve(kit.time_outs, read=READ_SECONDS, deadline=DEADLINE_SECONDS)
        self._kit = evolve(kit, time_outs=waits)

    def open(self, credentials: Credentials) -> OdooSource:
        """FixSettings for an address or key that cannot be used. No call is made yet."""
        fields = {name: value.strip() for name, value in credentials.fields.items()}
        origin = origin_of(fields.get("url", ""), setting="url")
        key = fields.get("api_key", "")
        if not key or not key.isascii() or not key.isprintable():
            raise FixSettings(
                "The API key is empty or holds a character no key has: enter it again.",
                code="bad-key",
                setting="api_key",
            )
        access = Access(
            origin=origin,
            database=fields.get("database", ""),
            login=fields.get("login", ""),
            api_key=key,
            key_name=fields.get("key_name", ""),
        )
        return OdooSource(self._kit, access)

"""What e-Boekhouden.nl asks of a user, where it is, what its refusals mean, and its limits.

Sources: the documentation generated from the official REST description (January 2026), the official
SOAP description, and clients. Where those leave something open, the comment says so.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.origins import is_loopback, origin_of
from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Rule
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown, Reconnect, Wait
from core.ports.provider import ConnectForm, FormField, Limit

PROVIDER: Final = "eBoekhouden"
SOURCE: Final = "Monitr"
"""Our code in the opening of a session: one to ten letters, digits, underscores or spaces."""
CURRENCY: Final = "EUR"
"""The only one: no amount of either interface has another."""

NETHERLANDS, BELGIUM = "NL", "BE"
REST_ORIGINS: Final[Mapping[str, str]] = {
    NETHERLANDS: "https://api.e-boekhouden.nl",
    BELGIUM: "https://api.e-boekhouden.be",
}
SOAP_ORIGIN: Final = "https://soap.e-boekhouden.nl"
SOAP_PATH: Final = "/soap.asmx"
NAMESPACE: Final = "http://www.e-boekhouden.nl/soap"

REST_LIMIT: Final = Limit(scope="connection", calls=300, seconds=60)
"""Ours: none is documented, and an import of many thousand calls should not be felt."""
SOAP_LIMIT: Final = Limit(scope="user, GetMutaties", calls=5_000, seconds=30 * 24 * 3600)
"""5,000 a month, says the service's documentation; whether a calendar month is not known."""
LIMITS: Final = (REST_LIMIT, SOAP_LIMIT)

FORM: Final = ConnectForm(
    fields=(
        FormField(
            name="api_token",
            label="API token",
            help="For the REST interface. Leave empty to connect by SOAP.",
            secret=True,
            required=False,
            default="",
        ),
        FormField(
            name="username",
            label="SOAP user name",
            help="Only to connect by SOAP, with both security codes.",
            required=False,
            default="",
        ),
        FormField(
            name="security_code_1",
            label="SOAP security code 1",
            secret=True,
            required=False,
            default="",
        ),
        FormField(
            name="security_code_2",
            label="SOAP security code 2",
            secret=True,
            required=False,
            default="",
        ),
        FormField(
            name="administration",
            label="Name of the administration",
            help="As in e-Boekhouden.nl. Needed with an API token when its maker has several.",
            required=False,
            default="",
        ),
        FormField(
            name="country",
            label="Country",
            help="NL for e-Boekhouden.nl, BE for e-Boekhouden.be.",
            choices=(NETHERLANDS, BELGIUM),
            default=NETHERLANDS,
            required=False,
        ),
        FormField(
            name="address",
            label="Address",
            help="Leave empty. For a stand-in on this machine only.",
            required=False,
            default="",
        ),
    ),
    preparation=(
        "In e-Boekhouden.nl go to Beheer, Instellingen, Koppelingen, API. Make an API token there "
        "for the administration to follow (it is shown once), or note the user name and both "
        "security codes of the SOAP interface. SOAP needs far fewer calls and, for accountants, "
        "reaches all administrations; an API token reaches the one it was made in."
    ),
)


def rest_origin(fields: Mapping[str, str]) -> str:
    """FixSettings for any host but the vendor's or this machine's."""
    country = fields.get("country") or NETHERLANDS
    return _origin(fields) or REST_ORIGINS.get(country, REST_ORIGINS[NETHERLANDS])


def soap_url(fields: Mapping[str, str]) -> str:
    """Always https: the service's own description names its address with http."""
    return (_origin(fields) or SOAP_ORIGIN) + SOAP_PATH


def _origin(fields: Mapping[str, str]) -> str | None:
    typed = (fields.get("address") or "").strip()
    if not typed:
        return None
    found = origin_of(typed, setting="address")
    if not is_loopback(urlsplit(found).hostname or ""):
        raise FixSettings(
            f"{PROVIDER} has fixed addresses: leave the address empty.",
            code="unknown-address",
            setting="address",
        )
    return found


def rest_charges(fields: Mapping[str, str], scope: str) -> tuple[Charge, ...]:
    if fields.get("address"):
        return ()  # a stand-in counts for itself
    return (Charge(scope=f"eboekhouden:rest:{scope}", limits=(REST_LIMIT,)),)


def soap_charges(fields: Mapping[str, str]) -> tuple[Charge, ...]:
    """All connections of a user draw from the same month."""
    if fields.get("address"):
        return ()
    user = blake2b(fields["username"].encode(), digest_size=8).hexdigest()
    return (Charge(scope=f"eboekhouden:soap:{user}", limits=(SOAP_LIMIT,)),)


PAGE_TOO_LARGE: Final = "page-too-large"

_OVERDUE: Final = Rule(
    text=("SECURITY_005", "SECURITY_006"),
    failure=FixSettings,
    code="administration-paused",
    sentence="{provider} has closed this administration (an unpaid bill, or no access): settle it "
    "there; imports continue by themselves.",
)
REST_FAILURES: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        _OVERDUE,
        Rule(
            text=("SECURITY_001",),
            failure=FixSettings,
            code="not-allowed",
            sentence="{provider} does not let this API token read {about}: give its maker the "
            "right to see the bookkeeping.",
        ),
        Rule(
            text=("SECURITY_002", "SECURITY_003", "SECURITY_004"),
            failure=FixSettings,
            code="no-administration",
            sentence="{provider} opens no administration for this API token: make a token in the "
            "administration to follow and reconnect with it.",
        ),
        Rule(
            text=("SECURITY_010", "SECURITY_999"),
            failure=Reconnect,
            code=ACCESS_REFUSED,
            sentence="{provider} no longer accepts this connection: make an API token and "
            "reconnect.",
        ),
        Rule(
            statuses=frozenset({400}),
            text=("PAGE_001",),
            failure=NotUnderstood,
            code=PAGE_TOO_LARGE,
            sentence="{provider} sends smaller pages than it says: report it.",
        ),
        Rule(
            text=("MODULE_001", "MODULE_002"),
            failure=FixSettings,
            code="trial-limit",
            sentence="The trial of {provider} is used up: extend the subscription there.",
        ),
    ),
)
LOGIN_FAILURES: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        _OVERDUE,
        Rule(
            text=("API_SESSION_004",),
            failure=Reconnect,
            code="token-expired",
            sentence="The API token of {provider} has expired: make a new one and reconnect.",
        ),
        Rule(
            text=("SECURITY_011",),
            failure=FixSettings,
            code="other-country",
            setting="country",
            sentence="This API token belongs to {provider} in the other country: choose BE or NL "
            "accordingly.",
        ),
        Rule(
            text=("API_SESSION_003", "SECURITY_"),
            failure=Reconnect,
            code="token-refused",
            sentence="{provider} refuses this API token: make a new one and reconnect.",
        ),
        # Which status an unknown token gets is not documented.
        Rule(
            statuses=frozenset({401, 403}),
            failure=Reconnect,
            code="token-refused",
            sentence="{provider} refuses this API token: make a new one and reconnect.",
        ),
    ),
)

SOAP_FAILURES: Final = FailureTable(provider=PROVIDER)
"""Of faults and statuses; what an answer itself refuses is in the table below."""
SESSION_OVER: Final = "E0023"
QUOTA_WAIT_SECONDS: Final = 24 * 3600
SOAP_ERRORS: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        Rule(
            reason=(SESSION_OVER,),
            failure=Reconnect,
            code=ACCESS_REFUSED,
            sentence="{provider} no longer accepts this connection: reconnect it.",
        ),
        # Neither code nor wording of these two is known.
        Rule(
            text=("maximum", "maximaal", "limiet", "5000", "5.000"),
            failure=Wait,
            code="quota-used-up",
            sentence="The calls {provider} allows in a month are used up: the import continues by "
            "itself.",
        ),
        Rule(
            text=("onderhoud", "storing", "technisch", "tijdelijk"),
            failure=ProviderDown,
            sentence="{provider} has a problem of its own: the import is tried again later.",
        ),
        Rule(
            failure=FixSettings,
            code="soap-refused",
            sentence="{provider} refuses to show {about}: check the rights of the SOAP user, or "
            "reconnect with another.",
        ),
    ),
)
SOAP_LOGIN_ERRORS: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        *SOAP_ERRORS.rules[1:3],
        Rule(
            failure=Reconnect,
            code="codes-refused",
            sentence="{provider} refuses this user name with these security codes: check all three "
            "and reconnect.",
        ),
    ),
)

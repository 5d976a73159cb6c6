"""What Horus wants and says, as data: connect form, token life, and its refusals."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from adapters.providers.horus.contract import CONTRACT, Contract
from adapters.providers.kit.calls import Charge
from adapters.providers.kit.oauth import OAuthDeclaration
from adapters.providers.kit.origins import is_loopback, origin_of
from adapters.providers.kit.retry_table import FailureTable, Rule
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown
from core.ports.provider import ConnectForm, FormField, TokenPolicy

PROVIDER: Final = "Horus"

FORM: Final = ConnectForm(
    preparation=(
        "The interface of Horus is assumed here and was never tried on the real service. Ask for "
        "access by e-mail to developer@horus-software.be, subject 'New Api Integration Request': "
        "name of the integration, contact person, how and why the API is used, and the redirect "
        "address shown here. The answer holds a client id and a client secret. A Horus user "
        "approves (normally the accountant); a Falco user can once the accounting link between "
        "Falco and Horus is switched on. Who approves decides which folders are seen."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="Given by Horus Software."),
        FormField(
            name="client_secret",
            label="Client secret",
            help="Given by Horus Software.",
            secret=True,
        ),
        FormField(
            name="api_address",
            label="API address",
            help="Of the customer's own database; only where Horus does not tell it by itself.",
            required=False,
        ),
        FormField(
            name="database",
            label="Database",
            help="Only where one sign-in reaches several: its name or id.",
            required=False,
        ),
        FormField(
            name="address",
            label="Sign-in address",
            help="Leave it as it is.",
            default=CONTRACT.sign_in.origin,
        ),
    ),
)


def sign_in_origin(fields: Mapping[str, str], contract: Contract) -> str:
    """The login server, or a stand-in's on this machine. FixSettings for any other host."""
    told = (fields.get("address") or contract.sign_in.origin).strip()
    found = origin_of(told, setting="address")
    if found != contract.sign_in.origin and not is_loopback(urlsplit(found).hostname or ""):
        raise FixSettings(
            f"Horus' sign-in is at {contract.sign_in.origin} only: leave the address as it is.",
            code="unknown-address",
            setting="address",
        )
    return found


def _no_charge(_: Mapping[str, str]) -> tuple[Charge, ...]:
    """No limit of token calls is known."""
    return ()


def oauth(contract: Contract) -> OAuthDeclaration:
    """The flow as the contract has it."""
    sign_in = contract.sign_in
    return OAuthDeclaration(
        provider=PROVIDER,
        authorize_url=lambda fields: sign_in_origin(fields, contract) + sign_in.authorize_path,
        token_url=lambda fields: sign_in_origin(fields, contract) + sign_in.token_path,
        revoke_url=lambda fields: sign_in_origin(fields, contract) + sign_in.revoke_path,
        revoke_json_name=sign_in.revoke_name,
        charges=_no_charge,
        policy=TokenPolicy(
            access_seconds=sign_in.access_seconds,
            refresh_margin_seconds=60,
            # Known of the login server: each refresh ends the token used.
            refresh_rotates=True,
            refresh_idle_seconds=sign_in.refresh_seconds,
        ),
        uses_pkce=sign_in.uses_pkce,
        scope=sign_in.scope or None,
        # The sister product names its scope on each refresh.
        scope_on_refresh=bool(sign_in.scope),
        kept_from_token=(contract.endpoint.token_field,),
        refresh_life_names=(sign_in.refresh_life_name,),
        token_type_required=False,
    )


ASLEEP: Final = "customer-server-unavailable"
ASLEEP_SENTENCE: Final = (
    "The customer's Horus server at {host} does not answer: it may be switched off at night or "
    "during a backup. Nothing needs to be reconnected; the import is tried again later and goes "
    "on where it was."
)

FAILURES: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        Rule(
            statuses=frozenset({502, 503, 504}),
            failure=ProviderDown,
            again=True,
            code=ASLEEP,
            sentence=ASLEEP_SENTENCE,
        ),
        Rule(
            statuses=frozenset({403}),
            failure=FixSettings,
            code="no-folder-access",
            sentence="{provider} does not open {about} of this folder: have the user who approved "
            "given access to it there, or reconnect with another user.",
        ),
        Rule(
            statuses=frozenset({404}),
            failure=FixSettings,
            code="not-there",
            sentence="The {provider} server at {host} has no {about} where they were looked for: "
            "check that the folder still exists; if it does, report this, because the contract "
            "with {provider} is assumed.",
        ),
        Rule(
            statuses=frozenset({409, 423}),
            failure=ProviderDown,
            again=True,
            code="locked",
            sentence="The folder is locked at {provider}: the import is tried again later.",
        ),
        Rule(
            statuses=frozenset({400, 422}),
            failure=NotUnderstood,
            code="refused",
            sentence="{provider} refuses how {about} were asked for: report it with the log, "
            "because the contract with {provider} is assumed.",
        ),
    ),
)

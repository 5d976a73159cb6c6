"""What QuickBooks wants and says, as data: connect form, token life, and its refusals."""

from collections.abc import Mapping
from typing import Final

from adapters.providers.kit.oauth import OAuthDeclaration
from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Rule
from adapters.providers.quickbooks.wire import (
    AUTHORIZE_URL,
    PRODUCTION,
    REALM,
    REVOKE_URL,
    TOKEN_URL,
    sign_in_url,
)
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown, Reconnect, Wait
from core.ports.provider import ConnectForm, FormField, TokenPolicy

PROVIDER: Final = "QuickBooks"

SCOPE: Final = "com.intuit.quickbooks.accounting"
"""There is none for reading only: this one would allow writing too, which is never done."""

FORM: Final = ConnectForm(
    preparation=(
        "Create an app at https://developer.intuit.com with the accounting scope. Under Keys & "
        "OAuth, enter the redirect address shown here as a redirect URI, exactly: under "
        "Production for real companies (https only), under Development for sandbox companies. "
        "Copy client id and client secret from the same place. Whoever consents must be an "
        "administrator of the company, and picks one company; connect again for the next. "
        "QuickBooks knows no consent for reading only; Monitr reads and never writes."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="Of the app, from Keys & OAuth."),
        FormField(
            name="client_secret",
            label="Client secret",
            help="Of the app, from the same place.",
            secret=True,
        ),
        FormField(
            name="environment",
            label="Environment",
            help="production with production keys, sandbox with development keys.",
            default=PRODUCTION,
        ),
    ),
)

TOKEN_POLICY: Final = TokenPolicy(
    access_seconds=3_600,
    refresh_margin_seconds=300,
    # The value changes about every 24 hours: whatever a refresh brings is kept. How long the
    # former value still works is not documented, so it is taken for dead at once.
    refresh_rotates=True,
    # A hundred days, begun anew by each refresh.
    refresh_idle_seconds=8_640_000,
)


def _authorize_url(fields: Mapping[str, str]) -> str:
    return sign_in_url(fields, AUTHORIZE_URL)


def _token_url(fields: Mapping[str, str]) -> str:
    return sign_in_url(fields, TOKEN_URL)


def _revoke_url(fields: Mapping[str, str]) -> str:
    return sign_in_url(fields, REVOKE_URL)


OAUTH: Final = OAuthDeclaration(
    provider=PROVIDER,
    authorize_url=_authorize_url,
    token_url=_token_url,
    revoke_url=_revoke_url,
    revoke_json_name="token",
    # No limit of the sign-in service is documented.
    charges=lambda _: (),
    policy=TOKEN_POLICY,
    # Not advertised.
    uses_pkce=False,
    scope=SCOPE,
    client_secret_in_header=True,
    # Since November 2025 a consent ends after five years; the answer tells when asked.
    token_headers={"x-include-refresh-token-hard-expires-in": "true"},
    refresh_life_names=("x_refresh_token_expires_in", "x_refresh_token_hard_expires_in"),
    kept_from_callback=(REALM,),
)

TOO_MUCH: Final = "report-too-large"
"""Code of the failure that says: this report takes too long, a shorter window may not."""

QUESTION_REFUSED: Final = "question-refused"
"""Code of the failure that says: this is not a question QuickBooks answers."""

FAILURES: Final = FailureTable(
    provider=PROVIDER,
    # Reasons are fault codes, as ``faults`` reads them from the body.
    rules=(
        Rule(
            reason=("code 3001.",),
            failure=Wait,
            again=True,
            sentence="{provider} asks to slow down: the import continues later by itself.",
        ),
        Rule(
            reason=("code 3200.",),
            failure=Reconnect,
            code=ACCESS_REFUSED,
            sentence="{provider} no longer accepts this connection: reconnect it.",
        ),
        Rule(
            reason=("code 3100.", "code 3201."),
            failure=Reconnect,
            code="not-this-company",
            sentence="{provider} does not let this connection into the company: reconnect as its "
            "administrator, with production keys for a real company and development keys for a "
            "sandbox company.",
        ),
        # Known from people's reports, not from the documentation of reading.
        Rule(
            reason=("code 6190.",),
            failure=FixSettings,
            code="subscription-ended",
            sentence="The {provider} subscription of this company has ended: have it renewed.",
        ),
        Rule(
            reason=("code 6002.",),
            failure=ProviderDown,
            code=TOO_MUCH,
            sentence="{provider} took too long for {about}: the import is tried again later.",
        ),
        Rule(
            statuses=frozenset({504}),
            failure=ProviderDown,
            code=TOO_MUCH,
            sentence="{provider} took too long for {about}: the import is tried again later.",
        ),
        Rule(
            reason=("code 10000.",),
            failure=ProviderDown,
            again=True,
            sentence="{provider} has a problem of its own: the import is tried again later.",
        ),
        Rule(
            statuses=frozenset({200, 400}),
            failure=NotUnderstood,
            code=QUESTION_REFUSED,
            sentence="{provider} does not answer the question for {about}: report this with the "
            "log.",
        ),
    ),
)

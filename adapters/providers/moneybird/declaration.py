"""What Moneybird wants and says, as data: connect form, token life, and its refusals."""

from collections.abc import Mapping
from typing import Final

from adapters.providers.kit.oauth import OAuthDeclaration
from adapters.providers.kit.retry_table import FailureTable, Rule
from adapters.providers.moneybird.wire import ORIGIN, charges, origin
from core.domain.failures import FixSettings, NotUnderstood
from core.ports.provider import ConnectForm, FormField, TokenPolicy

PROVIDER: Final = "Moneybird"

SCOPES: Final = "sales_invoices documents bank"
"""The least that shows the ledger: ``bank`` for the general ledger, the other two together for
bookings. There is no scope for reading only: these would allow writing too, which is never done."""

FORM: Final = ConnectForm(
    preparation=(
        "Register an application at https://moneybird.com/user/applications/new: it gives a "
        "client id and a client secret. Enter the redirect address shown here as its redirect "
        "URI, exactly. Whoever consents needs access to sales, purchases and bank in each "
        "administration to follow. Moneybird knows no consent for reading only; Monitr reads "
        "and never writes."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="Of the registered application."),
        FormField(
            name="client_secret",
            label="Client secret",
            help="Of the registered application.",
            secret=True,
        ),
        FormField(name="address", label="Address", help="Leave it as it is.", default=ORIGIN),
    ),
)

TOKEN_POLICY: Final = TokenPolicy(
    # Answers carry no ``expires_in``: tokens do not end at present, the documentation says, and
    # may do so later. Two hours and a minute's margin are what Moneybird's own command line tool
    # assumes; whatever ends earlier is renewed when it is refused.
    access_seconds=7_200,
    refresh_margin_seconds=60,
    # Whether a refresh ends the token used is not documented: it is taken for possible. An answer
    # without a refresh token keeps the one there is.
    refresh_rotates=True,
)


def _authorize_url(fields: Mapping[str, str]) -> str:
    return origin(fields) + "/oauth/authorize"


def _token_url(fields: Mapping[str, str]) -> str:
    return origin(fields) + "/oauth/token"


OAUTH: Final = OAuthDeclaration(
    provider=PROVIDER,
    authorize_url=_authorize_url,
    token_url=_token_url,
    charges=charges,
    policy=TOKEN_POLICY,
    # Not documented.
    uses_pkce=False,
    scope=SCOPES,
)

SELECTOR_REFUSED: Final = "selector-refused"
"""Code of the failure that says: ``project_id=null`` alone does not select bookings."""

NOT_FOR_ALL: Final = "not-active"
"""Code of the failure that says: something asked for is not open to this connection."""

FAILURES: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        # A missing scope or right is a 401 like a dead token, told apart by its words.
        Rule(
            statuses=frozenset({401}),
            text=("no access to",),
            failure=FixSettings,
            code="scope-missing",
            sentence="{provider} does not let this connection read {about}: give its user access "
            "to sales, purchases and bank there, then reconnect.",
        ),
        Rule(
            statuses=frozenset({402}),
            failure=FixSettings,
            code="plan-limited",
            sentence="The {provider} plan of this administration does not include {about}: have "
            "its plan changed.",
        ),
        Rule(
            statuses=frozenset({403}),
            failure=FixSettings,
            code=NOT_FOR_ALL,
            sentence="{provider} does not open {about} for this administration: check its plan "
            "and the rights of the connected user.",
        ),
        Rule(
            statuses=frozenset({404}),
            text=("not found", "not_found"),
            failure=FixSettings,
            code="no-administration-access",
            sentence="The consent does not cover this administration at {provider}: give its user "
            "access there and reconnect.",
        ),
        Rule(
            statuses=frozenset({400}),
            text=("at least a contact_id",),
            failure=NotUnderstood,
            code=SELECTOR_REFUSED,
            sentence="{provider} wants bookings asked for in another way: report this.",
        ),
    ),
)

"""What Minox wants and says, as data: connect form, token life, and its refusals."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.oauth import OAuthDeclaration
from adapters.providers.kit.retry_table import FailureTable, Rule
from adapters.providers.kit.waiting import epoch, retry_after
from adapters.providers.minox.wire import AUTHORIZE, ORIGIN, TOKEN, origin
from core.domain.failures import FixSettings, NotUnderstood
from core.ports.provider import ConnectForm, FormField, TokenPolicy

PROVIDER: Final = "Minox"

SCOPES: Final = (
    "administration:read ledger_account:read journal:read transaction:read report:read vat:read "
    "customer:read supplier:read"
)
"""The least that shows the ledger, its people and the trial balance. None of them writes."""

RECEIVABLE_CODE: Final = "DEB"
PAYABLE_CODE: Final = "CRE"

FORM: Final = ConnectForm(
    preparation=(
        "Ask Minox for open-API access with the form on its website: after review it gives a "
        "client id and a client secret of your own. Register the redirect address shown here, "
        "exactly. The main user (hoofdgebruiker) of the subscription signs in and approves; an "
        "accountant's login reaches the administrations it has access to. Parts of Minox' "
        "interface are assumed here: the page on Minox says which."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="Given by Minox."),
        FormField(name="client_secret", label="Client secret", help="Given by Minox.", secret=True),
        FormField(
            name="tenant",
            label="Customer number",
            help="Only where Minox does not tell it by itself; otherwise leave it empty.",
            required=False,
        ),
        FormField(
            name="receivable_code",
            label="Code for debtors",
            help="Minox books debtors without a ledger account; they are shown under this code.",
            default=RECEIVABLE_CODE,
        ),
        FormField(
            name="payable_code",
            label="Code for creditors",
            help="The same for creditors.",
            default=PAYABLE_CODE,
        ),
        FormField(name="address", label="Address", help="Leave it as it is.", default=ORIGIN),
    ),
)

TOKEN_POLICY: Final = TokenPolicy(
    # Assumed: no life is documented. Answers tell ``expires_in``, which counts.
    access_seconds=3_600,
    # A client refreshes ten seconds ahead; a minute covers a slow clock.
    refresh_margin_seconds=60,
    # Each refresh brings another refresh token, and clients store it every time. Whether the one
    # before ends is not known: it is taken for ended.
    refresh_rotates=True,
    # Assumed.
    refresh_idle_seconds=60 * 24 * 3_600,
)


def _authorize_url(fields: Mapping[str, str]) -> str:
    return origin(fields) + AUTHORIZE


def _token_url(fields: Mapping[str, str]) -> str:
    return origin(fields) + TOKEN


def _no_charge(_: Mapping[str, str]) -> tuple[Charge, ...]:
    """No limit of token calls is known."""
    return ()


OAUTH: Final = OAuthDeclaration(
    provider=PROVIDER,
    authorize_url=_authorize_url,
    token_url=_token_url,
    charges=_no_charge,
    policy=TOKEN_POLICY,
    # No client sends a challenge; whether one would be refused is not known.
    uses_pkce=False,
    scope=SCOPES,
    token_type_required=False,
)

WAIT_SECONDS: Final = 120
"""Where a refusal by the limit does not say until when: what an integrator was told."""


def wait_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """``retry-after``, else the reset of the window (epoch milliseconds), else two minutes."""
    told = retry_after(headers.get("retry-after"), now)
    told = told or epoch(headers.get("x-rate-limit-reset"))
    return told or now + timedelta(seconds=WAIT_SECONDS)


FAILURES: Final = FailureTable(
    provider=PROVIDER,
    wait_until=wait_until,
    rules=(
        # Which of the two a 403 is, is assumed from its words; bodies are arrays of messages.
        Rule(
            statuses=frozenset({403}),
            text=("scope",),
            failure=FixSettings,
            code="scope-missing",
            sentence="The consent at {provider} does not cover {about}: reconnect and approve "
            "everything that is asked for.",
        ),
        Rule(
            statuses=frozenset({403}),
            failure=FixSettings,
            code="no-administration-access",
            sentence="{provider} does not show {about} of this administration: give the user who "
            "approved access to it there, or reconnect with the main user.",
        ),
        Rule(
            statuses=frozenset({404}),
            failure=FixSettings,
            code="unknown-administration",
            sentence="{provider} knows no {about} under this customer number and administration: "
            "check that both still exist there, and reconnect.",
        ),
        Rule(
            statuses=frozenset({400, 422}),
            failure=NotUnderstood,
            code="refused",
            sentence="{provider} refuses how {about} was asked for: report it with the log.",
        ),
    ),
)

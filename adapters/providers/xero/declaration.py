"""What Xero wants and says, as data: connect form, scopes, token life, and its refusals."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from adapters.providers.kit.oauth import OAuthDeclaration
from adapters.providers.kit.retry_table import FailureTable, Rule
from adapters.providers.xero.wire import (
    API,
    LedgerSource,
    authorize_url,
    charges,
    ledger_of,
    revoke_url,
    token_url,
)
from core.domain.failures import FixSettings, ProviderDown
from core.ports.provider import ConnectForm, FormField, TokenPolicy

PROVIDER: Final = "Xero"

READ_SCOPES: Final = (
    "offline_access",
    "accounting.settings.read",
    "accounting.contacts.read",
    "accounting.invoices.read",
    "accounting.payments.read",
    "accounting.banktransactions.read",
    "accounting.manualjournals.read",
    "accounting.reports.trialbalance.read",
)
"""Granular scopes: apps made since March 2026 get no others."""
JOURNALS_SCOPE: Final = "accounting.journals.read"
"""Only for apps on the Advanced tier or above: from others Xero takes no consent that asks it."""

FORM: Final = ConnectForm(
    preparation=(
        "Register a web app at https://developer.xero.com/app/manage: it gives a client id, and "
        "under Configuration a client secret. Enter the redirect address shown here as its "
        "redirect URI, exactly. The page of Xero asks for one organisation per consent: connect "
        "again for each further one, the consents add up."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="Of the registered app."),
        FormField(
            name="client_secret",
            label="Client secret",
            help="Of the registered app.",
            secret=True,
        ),
        FormField(
            name="journals",
            label="App may read journals",
            help=(
                "yes only for an app on Xero's Advanced tier or above: for any other, Xero shows "
                "an error instead of its consent page. With no, the ledger is rebuilt from "
                "documents, and the proof shows per account what documents do not tell."
            ),
            default="no",
            choices=("no", "yes"),
        ),
        FormField(name="address", label="Address", help="Leave it as it is.", default=API),
    ),
)

TOKEN_POLICY: Final = TokenPolicy(
    access_seconds=1_800,
    refresh_margin_seconds=60,
    refresh_rotates=True,
    refresh_idle_seconds=60 * 86_400,
    refresh_grace_seconds=1_800,
)


def scopes(fields: Mapping[str, str]) -> tuple[str, ...]:
    """What is asked for with this form, and needed."""
    extra = (JOURNALS_SCOPE,) if ledger_of(fields) is LedgerSource.JOURNALS else ()
    return (*READ_SCOPES, *extra)


OAUTH: Final = OAuthDeclaration(
    provider=PROVIDER,
    authorize_url=authorize_url,
    token_url=token_url,
    revoke_url=revoke_url,
    charges=charges,
    policy=TOKEN_POLICY,
    uses_pkce=True,
    scope=lambda fields: " ".join(scopes(fields)),
    client_secret_in_header=True,
    kept_from_token=("scope",),
)

SCOPE_MISSING: Final = "scope-missing"
"""Code of the failure that says: the consent, or the app, does not reach that far."""
ORGANISATION_REFUSED: Final = "organisation-refused"
"""Code of the failure that says: Xero did not take this organisation, which may be a whim."""

ORGANISATION_REMOVED: Final = "organisation-removed"
"""Code of the failure that says: it is not among the connections any more."""
ORGANISATION_OFFLINE: Final = "organisation-offline"
"""Code of the failure that says: a 503, which is one organisation or Xero itself."""

CONCURRENT_SECONDS: Final = 1
"""After too many calls at once; Xero does not say how long to wait then."""


def _wait_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    problem = headers.get("x-rate-limit-problem", "").casefold()
    if "concurrent" in problem and "retry-after" not in headers:
        return now + timedelta(seconds=CONCURRENT_SECONDS)
    return None


_SCOPE_MISSING: Final = (
    "{provider} does not let this connection read {about}: reconnect it, and give the consent it "
    "asks for."
)

FAILURES: Final = FailureTable(
    provider=PROVIDER,
    wait_until=_wait_until,
    rules=(
        # A missing scope is a 401 like a dead token (some saw a 403): another token is no help.
        Rule(
            statuses=frozenset({401, 403}),
            text=("AuthorizationUnsuccessful", "insufficient_scope"),
            failure=FixSettings,
            code=SCOPE_MISSING,
            sentence=_SCOPE_MISSING,
        ),
        Rule(
            statuses=frozenset({403}),
            text=("AuthenticationUnsuccessful",),
            failure=FixSettings,
            code=ORGANISATION_REFUSED,
            sentence="{provider} does not open this organisation to Monitr: reconnect and choose "
            "it on the consent page.",
        ),
        Rule(
            statuses=frozenset({503}),
            failure=ProviderDown,
            again=True,
            code=ORGANISATION_OFFLINE,
            sentence="This organisation is offline at {provider}, or {provider} itself: the "
            "import is tried again later.",
        ),
    ),
)

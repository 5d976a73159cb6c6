"""What Exact Online wants and says, as data: connect form, token life, and its refusals."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from adapters.providers.exact_online.rows import PROVIDER
from adapters.providers.exact_online.wire import SITES, site_origin
from adapters.providers.kit.calls import Charge
from adapters.providers.kit.oauth import OAuthDeclaration, TokenRule, Verdict
from adapters.providers.kit.retry_table import FailureTable, Rule
from adapters.providers.kit.waiting import epoch
from core.domain.failures import FixSettings, ProviderDown
from core.ports.provider import ConnectForm, FormField, TokenPolicy

FORM: Final = ConnectForm(
    preparation=(
        "Register an app in the Exact App Center (https://apps.exactonline.com/) of your "
        "country: it gives a client id and a client secret. Enter the redirect address shown "
        "here as its redirect URI, exactly and with https. Give it read rights on Financial "
        "generalledgers, Financial accounting, Crm accounts and Organization administration. "
        "The user who consents needs the right to see the financial data of each company, and "
        "ticks the companies to follow."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="From the App Center."),
        FormField(
            name="client_secret", label="Client secret", help="From the App Center.", secret=True
        ),
        FormField(
            name="site",
            label="Site",
            help=f"The country you sign in at: {', '.join(SITES)}.",
            default="nl",
        ),
    ),
)

TOKEN_POLICY: Final = TokenPolicy(
    access_seconds=600,
    # Refreshes before 570 s are refused, and clients report refusals even between 570 and 600:
    # the token is used up, and the one answer of 401 that may cost is what the retry is for.
    refresh_margin_seconds=0,
    earliest_refresh_seconds=570,
    refresh_rotates=True,
    refresh_idle_seconds=30 * 24 * 3600,
)


def _authorize_url(fields: Mapping[str, str]) -> str:
    return site_origin(fields) + "/api/oauth2/auth"


def _token_url(fields: Mapping[str, str]) -> str:
    return site_origin(fields) + "/api/oauth2/token"


def _no_charge(_: Mapping[str, str]) -> tuple[Charge, ...]:
    """None of our own: the limit of 200 token calls per app, user and day is out of reach.

    A connection refreshes once per 600 s at most, 144 times a day; if refused, it waits.
    """
    return ()


GATEWAY_WORDS: Final = ("unable to identify proxy", "applicationnotfound")

OAUTH: Final = OAuthDeclaration(
    provider=PROVIDER,
    authorize_url=_authorize_url,
    token_url=_token_url,
    charges=_no_charge,
    policy=TOKEN_POLICY,
    # No client uses PKCE; scopes are held by the registration and not sent.
    uses_pkce=False,
    authorize_extra={"force_login": "0"},
    reason_header="reason",
    rules=(
        # 400 since 2026, 401 before; the wording is the same. The refresh token is not consumed.
        TokenRule(verdict=Verdict.TOO_EARLY, words=("not expired",)),
        TokenRule(verdict=Verdict.WAIT, statuses=frozenset({429})),
        TokenRule(verdict=Verdict.DEAD, words=("old refresh token used",)),
        TokenRule(verdict=Verdict.DEAD, words=("refresh token expired",)),
        TokenRule(verdict=Verdict.DEAD, words=("empty chainid",)),
        # The gateway in front lost its way for a moment; the token service saw nothing.
        TokenRule(verdict=Verdict.NOT_SERVED, words=GATEWAY_WORDS),
        TokenRule(verdict=Verdict.NOT_SERVED, empty_body=True),
    ),
)

MINUTE_WAIT_SECONDS: Final = 60
"""After a refusal by the minute limit. Its reset header is minute-precise while the limiter runs
per rolling minute, so the header is not believed."""


def wait_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a 429 asks to wait. Only the family of headers that was hit is sent.

    An absent header is not a zero; resets are epoch milliseconds, UTC.
    """
    if headers.get("x-ratelimit-remaining") == "0":
        return epoch(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-minutely-remaining") == "0":
        return now + timedelta(seconds=MINUTE_WAIT_SECONDS)
    return None


_REFUSED: Final = frozenset({403})

FAILURES: Final = FailureTable(
    provider=PROVIDER,
    wait_until=wait_until,
    rules=(
        # The gateway in front lost its way for a moment. Seen on the token address; that the same
        # gateway says the same in front of the API is assumed.
        Rule(
            text=GATEWAY_WORDS,
            failure=ProviderDown,
            sentence="{provider} has a problem of its own: the import is tried again later.",
            again=True,
        ),
        # The registration.
        Rule(
            statuses=_REFUSED,
            text=("application scope violated",),
            failure=FixSettings,
            code="scope-missing",
            setting="client_id",
            sentence="The app registration at {provider} may not read {about}: add that read "
            "right in the App Center, then reconnect.",
        ),
        Rule(
            statuses=_REFUSED,
            reason=("application scope violated",),
            failure=FixSettings,
            code="scope-missing",
            setting="client_id",
            sentence="The app registration at {provider} may not read {about}: add that read "
            "right in the App Center, then reconnect.",
        ),
        # The user, and with it the whole connection.
        Rule(
            statuses=_REFUSED,
            reason=("blockeduser", "inactiveuser"),
            failure=FixSettings,
            code="user-blocked",
            sentence="The {provider} user who gave consent is blocked or inactive: unblock it "
            "there, or reconnect with another user.",
        ),
        # One administration; the others are not touched by it.
        Rule(
            statuses=_REFUSED,
            reason=("nodivisionaccess",),
            failure=FixSettings,
            code="no-division-access",
            sentence="The consent does not cover this company at {provider}: give its user access "
            "and reconnect, ticking the company.",
        ),
        Rule(
            statuses=_REFUSED,
            reason=("divisionblocked",),
            failure=FixSettings,
            code="division-blocked",
            sentence="{provider} blocks this company: open it there to see why and unblock it.",
        ),
        Rule(
            statuses=_REFUSED,
            reason=("licenseexpired", "blockedcustomer"),
            failure=FixSettings,
            code="licence-ended",
            sentence="The {provider} licence of this company has ended or is blocked: have it "
            "renewed.",
        ),
        Rule(
            statuses=_REFUSED,
            failure=FixSettings,
            code="not-allowed",
            sentence="{provider} refuses to show {about}: check the user's rights and the modules "
            "of this company.",
        ),
    ),
)

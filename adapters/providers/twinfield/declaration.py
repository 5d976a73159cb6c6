"""What Twinfield wants and says, as data: connect form, token life, limits, and its refusals.

Fault codes, scopes, addresses and limits are the vendor's documentation; what no source confirms
is marked *assumed* where it stands.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from adapters.providers.kit.calls import Charge, Kit
from adapters.providers.kit.oauth import CodeFlow, OAuthDeclaration
from adapters.providers.kit.origins import origin_of
from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Rule
from core.domain.failures import (
    FixSettings,
    NotUnderstood,
    OurBug,
    ProviderDown,
    Reconnect,
)
from core.ports.provider import ConnectForm, FormField, Limit, TokenPolicy

PROVIDER: Final = "Twinfield"
LOGIN_ORIGIN: Final = "https://login.twinfield.com"
CONNECT_PATH: Final = "/auth/authentication/connect"
SCOPE: Final = "openid twf.user twf.organisation twf.organisationUser offline_access"
"""``twf.organisation`` is what makes the token check name the cluster."""

YES, NO = "yes", "no"

FORM: Final = ConnectForm(
    preparation=(
        "Register a connection in Twinfield's developer portal (https://developers.twinfield.com): "
        "choose the authorization code flow, and enter the redirect address shown here. It gives a "
        "client id and a client secret. The user who consents needs access to every company to "
        "follow, with the right to see its transactions and its general ledger; what that user may "
        "not see is not imported. One consent covers one organisation."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="From the developer portal."),
        FormField(
            name="client_secret",
            label="Client secret",
            help="From the developer portal. Resetting it there ends every consent.",
            secret=True,
        ),
        FormField(
            name="certified",
            label="Certified connection",
            help="Certified connections may ask 500 instead of 25 times a minute.",
            default=NO,
            choices=(NO, YES),
        ),
        FormField(
            name="site",
            label="Sign-in address",
            help="Where Twinfield's users sign in; the same for everybody.",
            default=LOGIN_ORIGIN,
        ),
    ),
)

TOKEN_POLICY: Final = TokenPolicy(
    access_seconds=3_600,
    refresh_margin_seconds=120,
    # It lives for 25 years and is not replaced: a leaked one is a long leak. Nothing shortens it
    # but removing the connection at Twinfield; here it is sealed, and deleted on disconnecting.
    refresh_rotates=False,
    refresh_idle_seconds=None,
)

MINUTE_SECONDS: Final = 60
CLIENT_LIMITS: Final = {
    NO: Limit(scope="app", calls=50, seconds=MINUTE_SECONDS),
    YES: Limit(scope="app", calls=1_000, seconds=MINUTE_SECONDS),
}
ORGANISATION_LIMITS: Final = {
    NO: Limit(scope="app+organisation", calls=25, seconds=MINUTE_SECONDS),
    YES: Limit(scope="app+organisation", calls=500, seconds=MINUTE_SECONDS),
}
"""Credits a minute under the fair use policy. Everything asked here is a query, of one credit."""
CLIENT_AT_ONCE: Final = Limit(scope="app", calls=20, seconds=0)
ORGANISATION_AT_ONCE: Final = Limit(scope="app+organisation", calls=10, seconds=0)
"""Under way at the same time, certified or not."""


def login_origin(fields: Mapping[str, str]) -> str:
    return origin_of(fields.get("site") or LOGIN_ORIGIN, setting="site")


def _certified(fields: Mapping[str, str]) -> str:
    return YES if fields.get("certified") == YES else NO


def client_charge(fields: Mapping[str, str]) -> Charge:
    """The budget all organisations of one registration share."""
    scope = f"twinfield:{fields['client_id'].strip()}"
    return Charge(scope=scope, limits=(CLIENT_LIMITS[_certified(fields)], CLIENT_AT_ONCE))


def organisation_charges(fields: Mapping[str, str], organisation_id: str) -> tuple[Charge, ...]:
    """One credit: of the registration, and of the registration with this organisation."""
    client = client_charge(fields)
    limits = (ORGANISATION_LIMITS[_certified(fields)], ORGANISATION_AT_ONCE)
    return client, Charge(scope=f"{client.scope}:{organisation_id}", limits=limits)


def _address(path: str, fields: Mapping[str, str]) -> str:
    return f"{login_origin(fields)}{CONNECT_PATH}/{path}"


OAUTH: Final = OAuthDeclaration(
    provider=PROVIDER,
    authorize_url=lambda fields: _address("authorize", fields),
    token_url=lambda fields: _address("token", fields),
    charges=lambda _: (),
    policy=TOKEN_POLICY,
    # Not documented; one integration platform switches it off for Twinfield.
    uses_pkce=False,
    scope=SCOPE,
    client_secret_in_header=True,
)


class TwinfieldFlow(CodeFlow):
    """The code flow with the nonce that every authorize request must carry."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, OAUTH)

    def authorize_url(
        self, fields: Mapping[str, str], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        url = super().authorize_url(
            fields, redirect_uri=redirect_uri, state=state, verifier=verifier
        )
        # The id token it would come back in is not used: who consented is told by the token check.
        return f"{url}&nonce={hashlib.sha256(state.encode()).hexdigest()[:32]}"


WRONG_CLUSTER: Final = "wrong-cluster"

_RECONNECT: Final = "{provider} no longer accepts this connection: reconnect it."
_TRY_LATER: Final = "{provider} has a problem of its own: the import is tried again later."


def _faults(*codes: int | str) -> tuple[str, ...]:
    return tuple(f"[{code}]" for code in codes)


FAILURES: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        # By fault code, whatever the status: clients meet 354 under others than its 401.
        Rule(reason=_faults(103, 354), failure=Reconnect, code=ACCESS_REFUSED, sentence=_RECONNECT),
        Rule(reason=_faults(108), failure=ProviderDown, code=WRONG_CLUSTER, sentence=_TRY_LATER),
        Rule(
            reason=_faults(104, 105),
            failure=Reconnect,
            code="user-gone",
            sentence="The {provider} user who gave consent was removed or disabled: reconnect with "
            "another user.",
        ),
        Rule(
            reason=_faults(106),
            failure=FixSettings,
            code="organisation-inactive",
            sentence="{provider} says that this organisation is inactive: have it activated there.",
        ),
        Rule(
            reason=_faults(102),
            failure=FixSettings,
            code="no-office-access",
            sentence="The {provider} user who gave consent has no access to this company: give it "
            "there, or reconnect with another user.",
        ),
        Rule(
            reason=_faults(109),
            failure=FixSettings,
            code="no-companies",
            sentence="The {provider} user who gave consent has no company: give it access to one.",
        ),
        Rule(
            reason=_faults(122),
            failure=FixSettings,
            code="client-refused",
            setting="client_id",
            sentence="{provider} does not allow this app registration: check it in the developer "
            "portal.",
        ),
        Rule(
            reason=_faults(351, 352, 353),
            failure=Reconnect,
            code="scope-missing",
            sentence="The consent at {provider} lacks a right that is asked for: reconnect.",
        ),
        Rule(
            reason=_faults(101, 187),
            failure=OurBug,
            sentence="{provider} did not understand what Monitr asked: report it.",
        ),
        Rule(
            reason=_faults("InvalidCompanyCode"),
            failure=FixSettings,
            code="no-office-access",
            sentence="{provider} does not know this company any more: reconnect and select again.",
        ),
        Rule(
            reason=_faults("YearNotFound", "InvalidDaybook", "InvalidDates"),
            failure=NotUnderstood,
            sentence="{provider} refuses to show {about}: report it.",
        ),
        # 100, 358, and faults that carry only a reference.
        Rule(reason=("server",), failure=ProviderDown, again=True, sentence=_TRY_LATER),
        Rule(reason=_faults(100, 358), failure=ProviderDown, again=True, sentence=_TRY_LATER),
        # The token check answers a bad token so, with a JSON message.
        Rule(
            statuses=frozenset({400}),
            text=('"message"',),
            failure=Reconnect,
            code=ACCESS_REFUSED,
            sentence=_RECONNECT,
        ),
    ),
)

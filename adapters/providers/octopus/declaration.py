"""What Octopus wants and says, as data: connect forms, token life, and its refusals."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.oauth import OAuthDeclaration
from adapters.providers.kit.origins import is_loopback, origin_of
from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Rule
from adapters.providers.octopus.contract import (
    AUTHORIZE_PATH,
    CLOCK,
    DOSSIER_LIST_LIMIT,
    DOSSIER_SESSION_LIMIT,
    LOGIN_ORIGIN,
    ONE_AT_A_TIME,
    ORIGIN,
    SIGN_IN_VARIABLE,
    TOKEN_PATH,
    Operation,
    SignIn,
)
from core.domain.failures import FixSettings, NotUnderstood, OurBug, Reconnect, Wait
from core.ports.provider import ConnectForm, FormField, TokenPolicy

PROVIDER: Final = "Octopus"

_ADDRESS: Final = FormField(
    name="address", label="Address", help="Leave it as it is.", default=ORIGIN
)
_WHO: Final = (
    "The dossier needs the paid Webservice module. Use a user of its own, with the right to read "
    "everything in each dossier to follow and nothing more: what that user may not see is not "
    "imported."
)

CREDENTIALS_FORM: Final = ConnectForm(
    preparation=(
        f"Ask Octopus for a software house UUID: it is given to whoever connects software. {_WHO} "
        "Octopus counts failed sign-ins and may lock the user: a refused password is not tried "
        "again until you enter another."
    ),
    fields=(
        FormField(
            name="software_house",
            label="Software house UUID",
            help="Given by Octopus, one for all connections of this installation.",
            secret=True,
        ),
        FormField(name="user", label="User"),
        FormField(name="password", label="Password", secret=True),
        _ADDRESS,
    ),
)

OAUTH_FORM: Final = ConnectForm(
    preparation=(
        "Assumed, not confirmed by Octopus: register Monitr as an application there, with the "
        f"redirect address shown here, for a client id and secret. {_WHO} If Octopus knows no such "
        f"registration, set {SIGN_IN_VARIABLE}={SignIn.CREDENTIALS.value} and connect with user "
        "and password."
    ),
    fields=(
        FormField(name="client_id", label="Client id", help="Of the registered application."),
        FormField(
            name="client_secret",
            label="Client secret",
            help="Of the registered application.",
            secret=True,
        ),
        FormField(
            name="site",
            label="Sign-in address",
            help="Where Octopus' users sign in.",
            default=LOGIN_ORIGIN,
        ),
        _ADDRESS,
    ),
)
FORMS: Final = {SignIn.CREDENTIALS: CREDENTIALS_FORM, SignIn.OAUTH: OAUTH_FORM}


def api_origin(fields: Mapping[str, str]) -> str:
    """Octopus' own address, or that of a stand-in on this machine; FixSettings for any other."""
    return _known(fields, "address", ORIGIN)


def login_origin(fields: Mapping[str, str]) -> str:
    return _known(fields, "site", LOGIN_ORIGIN)


def _known(fields: Mapping[str, str], name: str, expected: str) -> str:
    found = origin_of((fields.get(name) or expected).strip(), setting=name)
    host = found.split("://")[1].rsplit(":", 1)[0]
    if found != expected and not is_loopback(host):
        raise FixSettings(
            f"{PROVIDER} is at {expected} only: leave the address as it is.",
            code="unknown-address",
            setting=name,
        )
    return found


# -- what calls count against ----------------------------------------------------------------------


def _place(fields: Mapping[str, str]) -> str:
    """A stand-in counts for itself: nothing asked of it is taken from the real Octopus."""
    origin = api_origin(fields)
    return "octopus" if origin == ORIGIN else f"octopus@{origin.partition('://')[2]}"


def _user(fields: Mapping[str, str], scope: str) -> str:
    """The user's budgets, whichever connections it has; by its hash, for scopes are logged."""
    user = fields.get("user", "").strip().casefold()
    return hashlib.sha256(user.encode()).hexdigest()[:16] if user else scope


def dossier_list_charges(fields: Mapping[str, str], scope: str) -> tuple[Charge, ...]:
    name = f"{_place(fields)}:user:{_user(fields, scope)}:dossiers"
    return (Charge(scope=name, limits=(DOSSIER_LIST_LIMIT,)),)


def dossier_session_charges(fields: Mapping[str, str], scope: str) -> tuple[Charge, ...]:
    name = f"{_place(fields)}:user:{_user(fields, scope)}:sessions"
    return (Charge(scope=name, limits=(DOSSIER_SESSION_LIMIT,)),)


def operation_charges(
    fields: Mapping[str, str], dossier: str, operation: Operation
) -> tuple[Charge, ...]:
    place = f"{_place(fields)}:{dossier}"
    return (
        Charge(scope=place, limits=(ONE_AT_A_TIME,)),
        Charge(scope=f"{place}:{operation.name}", limits=(operation.limit,)),
    )


# -- OAuth, off until the vendor confirms any of it ------------------------------------------------

OAUTH: Final = OAuthDeclaration(
    provider=PROVIDER,
    authorize_url=lambda fields: login_origin(fields) + AUTHORIZE_PATH,
    token_url=lambda fields: api_origin(fields) + TOKEN_PATH,
    charges=lambda _: (),
    policy=TokenPolicy(access_seconds=600, refresh_margin_seconds=60, refresh_rotates=True),
    uses_pkce=True,
)


# -- refusals --------------------------------------------------------------------------------------

QUOTA_SPENT: Final = "quota-spent"
LOGIN_REFUSED: Final = "login-refused"

_QUOTA_WORDS: Final = ("maxim", "quota", "too many", "calls per day")
"""*Assumed*. The first in all four languages of Octopus; a dossier's session asks for English."""
_SLACK: Final = timedelta(minutes=5)


def tomorrow(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the day's calls are given out again: midnight in Brussels. *Assumed*.

    None where the answer itself says for how long to wait.
    """
    if headers.get("retry-after", "").strip():
        return None
    day = now.astimezone(CLOCK).date() + timedelta(days=1)
    return datetime.combine(day, time.min, CLOCK).astimezone(now.tzinfo) + _SLACK


_QUOTA: Final = (
    # What an exhausted quota looks like is not published: *assumed* any refusal that says so.
    Rule(
        statuses=frozenset({400, 403, 409, 429}),
        text=_QUOTA_WORDS,
        failure=Wait,
        # Not until tomorrow, but at once where the answer names a short wait.
        again=True,
        code=QUOTA_SPENT,
        sentence="{provider} allows no more calls for {about} today: the import continues by "
        "itself after midnight.",
    ),
    Rule(
        statuses=frozenset({429}),
        failure=Wait,
        again=True,
        code=QUOTA_SPENT,
        sentence="{provider} asks to wait before asking for {about} again: the import continues "
        "by itself.",
    ),
)
_WRONG_QUESTION: Final = Rule(
    statuses=frozenset({400}),
    failure=OurBug,
    code="bad-question",
    sentence="{provider} did not understand the question for {about}: report it.",
)

FAILURES: Final = FailureTable(
    provider=PROVIDER,
    wait_until=tomorrow,
    rules=(
        *_QUOTA,
        _WRONG_QUESTION,
        Rule(
            statuses=frozenset({403}),
            failure=FixSettings,
            code="not-allowed",
            sentence="{provider} does not let this user read {about}: give it the right to read "
            "everything in the dossier.",
        ),
        Rule(
            statuses=frozenset({404}),
            failure=NotUnderstood,
            code="not-found",
            sentence="{provider} does not know {about}: report this with the log.",
        ),
    ),
)

LOGIN_FAILURES: Final = FailureTable(
    provider=PROVIDER,
    wait_until=tomorrow,
    rules=(
        Rule(
            # Counted by the server, which may lock the user: certain, and never tried again.
            statuses=frozenset({401}),
            failure=Reconnect,
            code=LOGIN_REFUSED,
            sentence="{provider} refuses this user, password or software house UUID: enter them "
            "again. Nothing is tried until then, because {provider} counts failed sign-ins.",
        ),
        *_QUOTA,
        Rule(
            statuses=frozenset({400, 403, 404}),
            failure=FixSettings,
            code="login-impossible",
            sentence="{provider} does not let this user sign in: check the user, its rights and "
            "the Webservice module there.",
        ),
    ),
)

DOSSIER_FAILURES: Final = FailureTable(
    provider=PROVIDER,
    wait_until=tomorrow,
    rules=(
        Rule(
            statuses=frozenset({401}),
            failure=Reconnect,
            code=ACCESS_REFUSED,
            sentence="{provider} no longer accepts this connection: reconnect it.",
        ),
        *_QUOTA,
        _WRONG_QUESTION,
        Rule(
            statuses=frozenset({403}),
            failure=FixSettings,
            code="dossier-closed",
            sentence="{provider} does not open this dossier to the connected user: have its access "
            "rights, the dossier and its Webservice module checked there.",
        ),
        Rule(
            statuses=frozenset({404}),
            failure=FixSettings,
            code="dossier-gone",
            sentence="{provider} no longer knows this dossier: connect again and select another.",
        ),
    ),
)

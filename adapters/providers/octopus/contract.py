"""Octopus' wire contract in one place: paths, names, quotas, and every reading that is assumed.

Source, unless a line says otherwise: the vendor's OpenAPI document (API 1.0, product 51.9.17).
*Client* marks what code in use by somebody shows; *assumed* what nobody outside Octopus has
confirmed. The stand-in can be told to behave the other way wherever a switch stands here.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from core.ports.provider import Limit

ORIGIN: Final = "https://service.inaras.be"
API: Final = "/octopus-rest-api/v1"
LOGIN_ORIGIN: Final = "https://login.octopus.be"

AUTHENTICATION: Final = "/authentication"
DOSSIERS: Final = "/dossiers"
ENGLISH: Final = 3
"""``localeId`` of a dossier session: error texts are then in English, so quotas can be told."""

SOFTWARE_HOUSE_HEADER: Final = "softwareHouseUuid"
USER_HEADER: Final = "Token"
DOSSIER_HEADER: Final = "dossierToken"

SESSION_SECONDS: Final = 600
"""Life of both tokens. No answer tells it, and nothing renews them but signing in again."""
SESSION_MARGIN_SECONDS: Final = 60
"""*Client*: clients replace them after 9 minutes to 590 seconds."""


# -- readings that may turn out otherwise ----------------------------------------------------------


class SignIn(StrEnum):
    """How a person authorises."""

    CREDENTIALS = "credentials"
    """User and password, as the vendor's document has it."""
    OAUTH = "oauth"
    """As the product lists Octopus and one integration vendor names it. *Assumed* throughout."""


SIGN_IN_VARIABLE: Final = "MONITR_OCTOPUS_SIGN_IN"
"""The one setting that chooses: ``credentials`` (default) or ``oauth``."""

AUTHORIZE_PATH: Final = "/oauth2/authorize"
"""*Assumed*: no such path is published. Likewise the next one, and what ``OAUTH`` says."""
TOKEN_PATH: Final = f"{API}/oauth2/token"

DEBIT: Final = 1
"""Sign of a debit in ``bookingAmount``. *Client*: a purchase's supplier line is negative and that
of a credit note positive; all lines of a dossier net to zero. -1 would be the other way round."""


class Balances(StrEnum):
    """What the ``balance`` of an account and period is."""

    MOVEMENT = "movement"
    RUNNING = "running"
    """Within a bookyear, up to and including the period."""


BALANCES: Final = Balances.MOVEMENT
"""*Assumed*. A whole import tries both readings on its own lines and keeps the one that fits."""

CLOCK: Final = ZoneInfo("Europe/Brussels")
"""Zone of the timestamps in questions, and of the day quotas are counted by. *Assumed*."""
OVERLAP_SECONDS: Final = 24 * 3600
"""Changes are asked for from so long before the last pull began: more than any zone's error."""
EVER: Final = "1980-01-01 00:00:00.000"
"""The vendor's own words for: no synchronisation was done before."""


def stamp(moment: datetime) -> str:
    """``yyyy-MM-dd HH:mm:ss.SSS`` by Octopus' clock."""
    local = moment.astimezone(CLOCK)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}"


CURRENCY: Final = "EUR"
"""Of the books: Octopus has no field for it and is sold in Belgium only."""


# -- what is asked ---------------------------------------------------------------------------------

DAY_SECONDS: Final = 24 * 3600


@frozen(kw_only=True)
class Operation:
    """One read of a dossier. ``path`` below ``/dossiers/{id}/``; ``calls``: the vendor's maximum
    per day, counted per dossier (*assumed*: per what it counts is not said).
    """

    name: str
    path: str
    calls: int
    about: str

    @property
    def limit(self) -> Limit:
        return Limit(scope=f"dossier, {self.name}", calls=self.calls, seconds=DAY_SECONDS)


BOOKYEARS: Final = Operation(name="bookyears", path="bookyears", calls=24, about="the bookyears")
ACCOUNTS: Final = Operation(
    name="accounts", path="accounts/modified", calls=48, about="the chart of accounts"
)
JOURNALS: Final = Operation(
    name="journals", path="journals/modified", calls=48, about="the journals"
)
JOURNAL_ACCOUNT: Final = Operation(
    name="journal",
    path="bookyears/{bookyear}/journals/F/{number}",
    calls=24,
    about="the ledger account of a bank journal",
)
RELATIONS: Final = Operation(
    # Not ``/relations``: that one is allowed twice a day and leaves inactive relations out.
    name="relations",
    path="relations/modified",
    calls=48,
    about="the relations",
)
VAT_CODES: Final = Operation(name="vatcodes", path="vatcodes", calls=2, about="the VAT codes")
BOOKINGS: Final = Operation(
    name="bookings",
    path="bookyears/{bookyear}/bookings/modified",
    calls=48,
    about="the bookings",
)
BUY_SELL: Final = Operation(
    name="buysellbookings",
    path="buysellbookings/modified",
    calls=48,
    about="the purchase and sales invoices",
)
AMOUNTS: Final = Operation(
    name="amounts", path="accounts/amounts/modified", calls=48, about="the account balances"
)
OPERATIONS: Final = (
    BOOKYEARS,
    ACCOUNTS,
    JOURNALS,
    JOURNAL_ACCOUNT,
    RELATIONS,
    VAT_CODES,
    BOOKINGS,
    BUY_SELL,
    AMOUNTS,
)

DOSSIER_LIST_LIMIT: Final = Limit(scope="user, dossier list", calls=150, seconds=DAY_SECONDS)
DOSSIER_SESSION_LIMIT: Final = Limit(scope="user, dossier session", calls=150, seconds=DAY_SECONDS)
ONE_AT_A_TIME: Final = Limit(scope="dossier", calls=1, seconds=0)
"""No rule about calls at once is published; the vendor asks to be asked in a controlled manner."""

LIMITS: Final = (
    DOSSIER_LIST_LIMIT,
    DOSSIER_SESSION_LIMIT,
    ONE_AT_A_TIME,
    *(operation.limit for operation in OPERATIONS),
)

ALL: Final = -1
"""Every bookyear, or every journal type: for changes only, the vendor says."""


class JournalType(StrEnum):
    """The first letter of a journal's key."""

    PURCHASE = "A"
    SALES = "V"
    FINANCIAL = "F"
    DIVERS = "D"
    DELIVERY = "L"
    """Delivery notes: nothing of them is in the ledger."""


LETTERS: Final = {
    1: JournalType.PURCHASE,
    2: JournalType.SALES,
    3: JournalType.FINANCIAL,
    4: JournalType.DIVERS,
    7: JournalType.DELIVERY,
}
"""``journalType`` as a number."""
NUMBERS: Final = {letter: number for number, letter in LETTERS.items()}

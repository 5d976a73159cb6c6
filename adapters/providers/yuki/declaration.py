"""What Yuki wants and says, as data: connect form, limits, and its refusals.

Addresses, operations and limits are the vendor's documentation. Of the faults only the wordings of
a bad key, a stale session and a malformed number are known (from clients); the others are *assumed*
and matched on the words that the vendor uses for their categories.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from adapters.providers.kit.calls import Charge
from adapters.providers.kit.origins import origin_of
from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Rule
from core.domain.failures import FixSettings, OurBug, ProviderDown, Reconnect, Wait
from core.ports.provider import ConnectForm, FormField, Limit

PROVIDER: Final = "Yuki"
NETHERLANDS: Final = "https://api.yukiworks.nl"
BELGIUM: Final = "https://api.yukiworks.be"
"""A key works at the host of its country; at the other it is refused like a wrong one."""

COMMERCIAL, FISCAL = "commercial", "fiscal"
FINANCIAL_MODE: Final = {COMMERCIAL: 0, FISCAL: 1}
"""Lines with or without fiscal corrections. An int: a boolean in words makes the service fault."""

DAY_SECONDS: Final = 24 * 3600
CALLS_ALLOWED: Final = 1_000
"""A day and domain, for all of the customer's tools together; 5,000 or 10,000 by subscription."""
CALLS_USED: Final = 600
"""Of these, what is taken unless the operator says otherwise: other tools need the rest."""
CALLS_MIN, CALLS_MAX = 50, 10_000
"""With fewer an administration of many years would not get anywhere in a day."""

RIGHTS: Final = "Accounting, AccountingInfo, Contact (read), Vat and ChangeDigest"
"""What must be ticked on the key. Whether ChangeDigest has a tick of its own is not confirmed."""

FORM: Final = ConnectForm(
    preparation=(
        "In Yuki, as administrator of the portal, open Settings, Webservices, and make an access "
        f"key of the type Domain (or Portal, for all domains) with the rights {RIGHTS}. A key made "
        "inside one administration sees only that one. The domain needs a bundle that includes "
        "web services."
    ),
    fields=(
        FormField(
            name="access_key",
            label="Access key",
            help="From Settings, Webservices. It has no end: remove it there to withdraw it.",
            secret=True,
        ),
        FormField(
            name="site",
            label="Address",
            help=f"In Belgium {BELGIUM}; where one country refuses the key the other is tried.",
            default=NETHERLANDS,
        ),
        FormField(
            name="books",
            label="Books",
            help="Fiscal: with the corrections that are made for the tax return only.",
            default=COMMERCIAL,
            choices=(COMMERCIAL, FISCAL),
        ),
        FormField(
            name="daily_calls",
            label="Calls a day and domain",
            help=f"Yuki allows {CALLS_ALLOWED} for all your tools together unless you pay for "
            "more: Monitr takes at most this many of them.",
            default=str(CALLS_USED),
        ),
    ),
)

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")


def next_day(now: datetime) -> datetime:
    """The coming midnight in the vendor's country, when its day's count begins anew (assumed)."""
    tomorrow = now.astimezone(AMSTERDAM).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), AMSTERDAM).astimezone(UTC)


def candidates(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Origins to offer the key to, the operator's first. FixSettings for an unusable address."""
    told = origin_of(fields.get("site") or NETHERLANDS, setting="site")
    if told not in {NETHERLANDS, BELGIUM}:
        return (told,)
    return told, (BELGIUM if told == NETHERLANDS else NETHERLANDS)


def access_key(fields: Mapping[str, str]) -> str:
    key = fields.get("access_key", "").strip()
    if not key or not key.isascii() or not key.isprintable():
        raise FixSettings(
            "The access key is empty or holds a character no key has: enter it again.",
            code="bad-key",
            setting="access_key",
        )
    return key


def books_of(fields: Mapping[str, str]) -> str:
    return FISCAL if fields.get("books") == FISCAL else COMMERCIAL


def limit_of(fields: Mapping[str, str]) -> Limit:
    """What may be taken of a domain's calls a day; FixSettings for what is no such number."""
    typed = (fields.get("daily_calls") or str(CALLS_USED)).strip()
    if not (typed.isascii() and typed.isdecimal() and CALLS_MIN <= int(typed[:9]) <= CALLS_MAX):
        raise FixSettings(
            f"Calls a day must be a number from {CALLS_MIN} to {CALLS_MAX}: correct it.",
            code="bad-daily-calls",
            setting="daily_calls",
        )
    return Limit(scope="domain", calls=int(typed), seconds=DAY_SECONDS)


LIMIT: Final = Limit(scope="domain", calls=CALLS_USED, seconds=DAY_SECONDS)


def charge(limit: Limit, domain_id: str | None, connection: str) -> Charge:
    """One call of a domain; before a domain is known, of the connection (signing in, lists).

    The provider counts those too, for which domain is not known: they are a few a day.
    """
    scope = f"yuki:{domain_id}" if domain_id else f"yuki:key:{connection}"
    return Charge(scope=scope, limits=(limit,))


DAILY_LIMIT: Final = "daily-limit"
RIGHT_MISSING: Final = "right-missing"
FAULT: Final = "fault"
KEY_REFUSED: Final = "key-refused"

FAILURES: Final = FailureTable(
    provider=PROVIDER,
    rules=(
        Rule(
            text=("invalid access key",),
            failure=Reconnect,
            code=KEY_REFUSED,
            setting="access_key",
            sentence="{provider} refuses the access key (wrong, or removed under Settings, "
            "Webservices): enter a key that is there, and check the address of your country.",
        ),
        Rule(
            text=("invalid session id", "invalid sessionid", "session expired"),
            failure=Reconnect,
            code=ACCESS_REFUSED,
            sentence="{provider} no longer accepts this connection: reconnect it.",
        ),
        # Wordings of the rest are not known, only the categories.
        Rule(
            text=("daily limit", "call limit", "limit exceeded", "limit reached", "of calls"),
            failure=Wait,
            code=DAILY_LIMIT,
            sentence="The calls {provider} allows this domain today are used up, by Monitr and "
            "your other tools: the import continues tomorrow by itself.",
        ),
        Rule(
            text=("rights", "not authori", "unauthori", "access denied", "not allowed", "rechten"),
            failure=FixSettings,
            code=RIGHT_MISSING,
            setting="access_key",
            sentence="The access key may not read {about}: tick that right on the key in "
            "{provider}, under Settings, Webservices.",
        ),
        Rule(
            text=("not active", "inactive", "bundle", "licen"),
            failure=FixSettings,
            code="domain-inactive",
            sentence="{provider} says that this domain is not active or has no web services: have "
            "it activated there, or choose a bundle that includes them.",
        ),
        Rule(
            text=("not in a correct format", "did not recognize the value of http header"),
            failure=OurBug,
            sentence="{provider} did not understand what Monitr asked: report it.",
        ),
        Rule(
            text=("timeout", "timed out", "time-out", "deadlock", "outofmemory"),
            failure=ProviderDown,
            again=True,
            code="too-slow",
            sentence="{provider} did not get done with {about}: the import is tried again later.",
        ),
        # Any other fault. Not asked again at once: each call counts against the day's.
        Rule(
            reason=("client", "server", "versionmismatch", "mustunderstand"),
            failure=ProviderDown,
            code=FAULT,
            sentence="{provider} refuses {about} for a reason that is in the log: the import is "
            "tried again later.",
        ),
    ),
)

"""When the key in use ends, and what to say about it beforehand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.providers.odoo.rows import KeyRow, text_of

REMIND_DAYS: Final = 14
URGE_DAYS: Final = 3

_USABLE_SCOPES: Final = frozenset({None, "rpc"})


def end_of_key(keys: Sequence[KeyRow], key_name: str, now: datetime) -> datetime | None:
    """When the key in use ends; None for endless or unknown.

    The server lists a user's keys but does not tell which one is asking: among the usable ones of
    the given name (without a name: of all) the soonest end counts. Ended keys and keys of another
    scope cannot be the one that just answered.
    """
    ends = []
    for key in keys:
        if text_of(key.scope) not in _USABLE_SCOPES:
            continue
        if key_name and text_of(key.name) != key_name:
            continue
        text = text_of(key.expiration_date)
        if text is None:
            continue
        end = datetime.fromisoformat(text).replace(tzinfo=UTC)
        if end > now:
            ends.append(end)
    return min(ends, default=None)


def warnings_of(end: datetime | None, now: datetime) -> tuple[str, ...]:
    """A sentence for the operator from two weeks before the end, a sharper one in the last days."""
    if end is None or end - now > timedelta(days=REMIND_DAYS):
        return ()
    days = max((end - now).days, 0)
    when = f"on {end:%Y-%m-%d}" + (f", in {days} days" if days > 1 else "")
    if end - now <= timedelta(days=URGE_DAYS):
        return (f"The Odoo API key ends {when}: imports stop then. Make a new key and reconnect.",)
    return (f"The Odoo API key ends {when}: make a new key in Odoo and reconnect before that.",)

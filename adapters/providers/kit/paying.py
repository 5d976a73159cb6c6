"""Taking calls from budgets: a short wait is slept through, a long one puts the run back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from adapters.providers.kit.calls import Charge, Kit
from core.ports.budget import BudgetSpent, party_calling

PAUSE_SECONDS_MAX: Final = 65.0
"""A wait up to this long is slept through (a minute's limit); a longer one ends the call."""
BUDGET_PAUSES_MAX: Final = 10
"""Times one call may be outrun by other workers before it gives up its turn."""
SLACK_SECONDS: Final = 1.0
"""Providers' resets are precise to the second at best, and they count a call when it arrives."""
UNDER_WAY_SLACK_SECONDS: Final = 30.0
"""A call counts as under way this long beyond its deadline, if nobody says that it ended."""
PASSING_SECONDS_MIN: Final = 0.05
"""Between two looks, however soon the next one would do."""


def pay(
    kit: Kit,
    provider: str,
    charges: Sequence[Charge],
    *,
    call: str,
    call_seconds: float,
    patience_seconds: float,
    pauses_max: int,
) -> None:
    """Take every charge at once, pausing at most ``patience_seconds`` at a time.

    BudgetSpent when it would take longer, and when others stood in the way for that long. ``call``
    names the call, which is over after ``call_seconds``: see Budgets.take.
    """
    clock, pauses, passing_seconds = kit.clock, 0, 0.0
    while True:
        refusal = kit.budgets.take(
            charges,
            call=call,
            seconds=call_seconds + UNDER_WAY_SLACK_SECONDS,
            party=party_calling(),
        )
        if refusal is None:
            return
        seconds = max((refusal.at - clock.now()).total_seconds(), PASSING_SECONDS_MIN)
        if seconds > patience_seconds:
            raise _spent(provider, charges, refusal.at)
        if passing_seconds > patience_seconds or pauses >= pauses_max:
            raise _spent(provider, charges, clock.now() + timedelta(seconds=PAUSE_SECONDS_MAX))
        if refusal.passing:
            passing_seconds += seconds
            clock.pause(seconds)
        else:
            pauses += 1
            clock.pause(seconds + SLACK_SECONDS)


def _spent(provider: str, charges: Sequence[Charge], at: datetime) -> BudgetSpent:
    return BudgetSpent(
        f"The calls {provider} allows are used up: the import continues by itself.",
        detail=f"scope {', '.join(charge.scope for charge in charges)}",
        retry_at=at,
    )

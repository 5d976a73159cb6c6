"""Taking calls from budgets: a short wait is slept through, a long one puts the run back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from adapters.providers.kit.calls import Charge, Kit
from core.ports.budget import BudgetSpent

PAUSE_SECONDS_MAX: Final = 65.0
"""A wait up to this long is slept through (a minute's limit); a longer one ends the call."""
BUDGET_PAUSES_MAX: Final = 10
"""Times one call may be outrun by other workers before it gives up its turn."""
SLACK_SECONDS: Final = 1.0
"""Providers' resets are precise to the second at best, and they count a call when it arrives."""


def pay(
    kit: Kit,
    provider: str,
    charges: Sequence[Charge],
    patience_seconds: float,
    pauses_max: int,
) -> None:
    """Take every charge, pausing at most ``patience_seconds`` at a time; BudgetSpent beyond."""
    clock = kit.clock
    for charge in charges:
        for _ in range(pauses_max):
            at = kit.budgets.spend(charge.scope, charge.limits)
            if at is None:
                break
            seconds = (at - clock.now()).total_seconds()
            if seconds > patience_seconds:
                raise _spent(provider, charge.scope, at)
            clock.pause(max(seconds, 0.0) + SLACK_SECONDS)
        else:
            at = clock.now() + timedelta(seconds=PAUSE_SECONDS_MAX)
            raise _spent(provider, charge.scope, at)


def _spent(provider: str, scope: str, at: datetime) -> BudgetSpent:
    return BudgetSpent(
        f"The calls {provider} allows are used up: the import continues by itself.",
        detail=f"scope {scope}",
        retry_at=at,
    )

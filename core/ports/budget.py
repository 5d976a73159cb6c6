"""Calls left, per provider-declared scope, shared by all processes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from core.domain.failures import Wait
from core.ports.provider import Limit


class BudgetSpent(Wait):
    """No call is left in a window; ``retry_at`` is when there is."""

    default_code = "budget-spent"


@frozen(kw_only=True)
class Left:
    """What is left of one limit in one concrete scope. ``free_at``: when the next call may leave,
    None for now.
    """

    scope: str
    limit: Limit
    calls: int
    free_at: datetime | None = None


class Budgets(Protocol):
    """Counts calls before they leave. Survives restarts where the storage does."""

    def spend(self, scope: str, limits: Sequence[Limit]) -> datetime | None:
        """Count one call against every limit, or none of them.

        None: the call may leave now. Otherwise the instant at which it may be asked again;
        nothing was counted.
        """
        ...

    def learn(self, scope: str, limit: Limit, *, remaining: int, resets_at: datetime) -> None:
        """What the provider itself said is left in that window; the lower figure counts."""
        ...

    def left(self, prefix: str, limits: Sequence[Limit]) -> Sequence[Left]:
        """Of every scope beginning with ``prefix`` that was spent from lately; counts nothing.

        By scope, and within one in the order of ``limits``.
        """
        ...

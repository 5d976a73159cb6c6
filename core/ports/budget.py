"""Calls left, per provider-declared scope, shared by all processes.

Three promises: never more calls in a window than allowed; never more under way at once than
allowed; and where parties (entities) want calls of one scope at the same time, each gets its fair
share before any gets more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final, Protocol

from attrs import frozen

from core.domain.failures import Wait
from core.ports.provider import Limit

NOBODY: Final = ""
"""The one party of all calls that are made for no entity (checks, connecting)."""

_party: ContextVar[str] = ContextVar("party", default=NOBODY)


@contextmanager
def calling_for(party: str) -> Iterator[None]:
    """Calls inside are made for that party: an entity's id. Threads begun with a copy of the
    context are inside too.
    """
    token = _party.set(party)
    try:
        yield
    finally:
        _party.reset(token)


def party_calling() -> str:
    """For whom calls are made here; NOBODY in particular outside of ``calling_for``."""
    return _party.get()


class BudgetSpent(Wait):
    """No call is left in a window; ``retry_at`` is when there is."""

    default_code = "budget-spent"


@frozen(kw_only=True)
class Charge:
    """One call against ``limits`` of the concrete budget ``scope`` (``exact-online:app1:700001``).

    The scope is stored and logged: it must not hold a secret.
    """

    scope: str
    limits: tuple[Limit, ...]


@frozen(kw_only=True)
class NotNow:
    """No call may leave; nothing was counted. Ask again ``at`` that instant.

    ``passing``: not the provider's window but another call stands in the way, for a moment.
    """

    at: datetime
    passing: bool = False


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

    def take(
        self, charges: Sequence[Charge], *, call: str, seconds: float, party: str = NOBODY
    ) -> NotNow | None:
        """Count one call against every limit of every charge, or none of them.

        None: the call may leave now. Where a limit counts calls under way (Limit.at_once), it
        counts as such until ``end`` with the same ``call``, a name of the caller's making; or for
        ``seconds``, because a process that dies ends nothing.
        """
        ...

    def end(self, charges: Sequence[Charge], *, call: str) -> None:
        """The call is over, whatever came of it. Harmless when it is over already."""
        ...

    def spend(self, scope: str, limits: Sequence[Limit]) -> datetime | None:
        """``take`` for one scope and limits that count windows: None, or when to ask again."""
        ...

    def learn(self, scope: str, limit: Limit, *, remaining: int, resets_at: datetime) -> None:
        """What the provider itself said is left in that window; the lower figure counts."""
        ...

    def left(self, prefix: str, limits: Sequence[Limit]) -> Sequence[Left]:
        """Of every scope beginning with ``prefix`` that was spent from lately; counts nothing.

        By scope, and within one in the order of ``limits``.
        """
        ...

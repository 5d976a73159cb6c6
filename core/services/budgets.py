"""What is left of the calls providers allow: for people who wonder why an import waits."""

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from core.domain.integration import IntegrationStatus
from core.ports.budget import Left
from core.ports.provider import Limit
from core.services.ports import Ports, organisation_of


@frozen(kw_only=True)
class BudgetLeft:
    """The tightest scope of one limit of one provider. ``free_at``: None when calls may leave now.

    Scopes themselves (app, administration) are not shown: they may be another organisation's.
    """

    provider: str
    limit: Limit
    calls_left: int
    free_at: datetime | None


@frozen
class BudgetsService:
    ports: Ports

    def left(self, organisation_id: str) -> tuple[BudgetLeft, ...]:
        """Per provider the organisation is connected to, and limit it was called under lately."""
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            providers = {
                integration.provider
                for integration in uow.integrations.of(organisation_id)
                if integration.status is not IntegrationStatus.DISCONNECTED
            }
        return tuple(left for key in sorted(providers) for left in self._of(key))

    def _of(self, key: str) -> Iterator[BudgetLeft]:
        provider = self.ports.providers.get(key)
        if provider is None or self.ports.budgets is None:
            return
        found = self.ports.budgets.left(f"{key}:", provider.limits)
        for limit in provider.limits:
            scopes = [left for left in found if left.limit == limit]
            if scopes:
                tightest = min(scopes, key=_tightness)
                yield BudgetLeft(
                    provider=key,
                    limit=limit,
                    calls_left=tightest.calls,
                    free_at=tightest.free_at,
                )


def _tightness(left: Left) -> tuple[int, float]:
    """Fewest calls first; of equal ones the one that waits longest."""
    return left.calls, -(left.free_at.timestamp() if left.free_at else 0.0)

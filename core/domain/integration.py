"""Integrations: one authorised connection of an organisation to a provider, and its life."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

import attrs
from attrs import frozen

from core.domain.failures import CorrectRequest, Trouble


class IntegrationStatus(StrEnum):
    PENDING = "pending"
    """Authorised or being authorised, but not yet confirmed by selecting entities."""
    ACTIVE = "active"
    NEEDS_RECONNECT = "needs reconnect"
    DISCONNECTED = "disconnected"
    """Final: secrets are deleted, history stays."""


_TRANSITIONS: Final[dict[IntegrationStatus, frozenset[IntegrationStatus]]] = {
    IntegrationStatus.PENDING: frozenset(
        {
            IntegrationStatus.ACTIVE,
            IntegrationStatus.NEEDS_RECONNECT,
            IntegrationStatus.DISCONNECTED,
        }
    ),
    IntegrationStatus.ACTIVE: frozenset(
        {IntegrationStatus.NEEDS_RECONNECT, IntegrationStatus.DISCONNECTED}
    ),
    IntegrationStatus.NEEDS_RECONNECT: frozenset(
        {IntegrationStatus.ACTIVE, IntegrationStatus.PENDING, IntegrationStatus.DISCONNECTED}
    ),
    IntegrationStatus.DISCONNECTED: frozenset(),
}


@frozen(kw_only=True)
class Account:
    """Who consented, as the provider tells it. ``key`` is stable per provider login or database."""

    key: str
    name: str
    email: str | None = None


@frozen(kw_only=True)
class Administration:
    """A company as the provider calls it (division, company, tenant...).

    ``key`` is the provider's stable id. ``importable`` is False with ``obstacle`` in words when
    the provider lists it but will not let it be read now (archived, blocked, conversion busy).
    ``epoch`` changes when the provider renumbered everything, so that bookmarks are void.
    """

    key: str
    name: str
    currency: str
    country: str | None = None
    parent_key: str | None = None
    importable: bool = True
    obstacle: str | None = None
    epoch: str = ""
    closed_through: date | None = None
    """Bookings up to and on this day are locked, says the provider. None: it does not say."""


@frozen(kw_only=True)
class Integration:
    """``fields`` are the connect form's values that are no secret (site, url, database, login)."""

    id: str
    organisation_id: str
    provider: str
    status: IntegrationStatus
    created_at: datetime
    fields: dict[str, str] = attrs.field(factory=dict)
    account: Account | None = None
    authorised_at: datetime | None = None
    expires_at: datetime | None = None
    """When the key or consent is known to end, if the provider says so."""
    checked_at: datetime | None = None
    """Last moment the provider answered this connection well."""
    trouble: Trouble | None = None

    def moved(self, status: IntegrationStatus) -> "Integration":
        """This integration in another status; CorrectRequest if its life has no such step."""
        if status is self.status:
            return self
        if status not in _TRANSITIONS[self.status]:
            raise CorrectRequest(
                f"This integration is {self.status.value}: it cannot become {status.value}.",
                code="integration-state",
            )
        return attrs.evolve(self, status=status)

    @property
    def usable(self) -> bool:
        """Whether imports may call the provider with it."""
        return self.status is IntegrationStatus.ACTIVE


def unusable_sentence(integration: Integration, provider_name: str) -> str:
    """One sentence for an import that cannot run because of its integration."""
    match integration.status:
        case IntegrationStatus.DISCONNECTED:
            return f"{provider_name} was disconnected: link this entity to another integration."
        case IntegrationStatus.NEEDS_RECONNECT:
            return f"The connection to {provider_name} no longer works: reconnect it."
        case _:
            return f"The connection to {provider_name} is not confirmed yet: select its entities."

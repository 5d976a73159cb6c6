"""The ports the services work with, bundled once by the composition root."""

from attrs import frozen

from core.domain.catalogue import entry_of
from core.domain.entity import Entity
from core.domain.failures import FixSettings, Unknown
from core.domain.integration import Integration
from core.domain.onboarding import Organisation
from core.ports.budget import Budgets
from core.ports.environment import Clock, Doorbell, Ids
from core.ports.files import Shelf
from core.ports.provider import Provider, Providers
from core.ports.storage import Event, Storage, UnitOfWork
from core.ports.vault import Vault


@frozen(kw_only=True)
class Ports:
    storage: Storage
    vault: Vault
    doorbell: Doorbell
    clock: Clock
    ids: Ids
    providers: Providers
    budgets: Budgets | None = None
    """To look at what is left; adapters spend it. None where nothing is counted."""
    shelf: Shelf | None = None
    """Where uploaded files lie. None: files cannot be uploaded here."""

    def provider(self, key: str) -> Provider:
        """The provider; Unknown for no such key, FixSettings for one this build cannot connect."""
        entry = entry_of(key)
        provider = self.providers.get(key)
        if provider is None:
            raise FixSettings(
                f"{entry.name} cannot be connected by this version of Monitr yet: "
                f"choose one of {', '.join(sorted(self.providers))}.",
                code="provider-not-built",
            )
        return provider

    def event(
        self,
        uow: UnitOfWork,
        organisation_id: str,
        kind: str,
        text: str,
        *,
        actor: str = "monitr",
        integration_id: str | None = None,
        entity_id: str | None = None,
        run_id: str | None = None,
        **data: str,
    ) -> None:
        """Append to the activity inside the unit of work that does what is told."""
        uow.activity.append(
            Event(
                organisation_id=organisation_id,
                at=self.clock.now(),
                kind=kind,
                text=text,
                actor=actor,
                integration_id=integration_id,
                entity_id=entity_id,
                run_id=run_id,
                data=data,
            )
        )


def organisation_of(uow: UnitOfWork, organisation_id: str) -> Organisation:
    found = uow.organisations.get(organisation_id)
    if found is None:
        raise Unknown("There is no such organisation.", code="unknown-organisation")
    return found


def integration_of(uow: UnitOfWork, organisation_id: str, integration_id: str) -> Integration:
    """The organisation's integration; another organisation's is as unknown as none."""
    found = uow.integrations.get(integration_id)
    if found is None or found.organisation_id != organisation_id:
        raise Unknown(
            f"There is no integration {integration_id!r} in this organisation: "
            "list them to see their ids.",
            code="unknown-integration",
        )
    return found


def entity_of(uow: UnitOfWork, organisation_id: str, entity_id: str) -> Entity:
    """The organisation's entity; another organisation's is as unknown as none."""
    found = uow.entities.get(entity_id)
    if found is None or found.organisation_id != organisation_id:
        raise Unknown(
            f"There is no entity {entity_id!r} in this organisation: list them to see their ids.",
            code="unknown-entity",
        )
    return found

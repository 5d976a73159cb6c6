"""Onboarding and what it may start with."""

from collections.abc import Sequence

from attrs import frozen

from core.domain.catalogue import AuthKind, CatalogueEntry, entry_of
from core.domain.failures import CorrectRequest
from core.domain.onboarding import (
    DEFAULT_TIME_ZONE,
    OnboardingStep,
    Organisation,
    choices,
    zone_of,
)
from core.ports.provider import ConnectForm
from core.services.ports import Ports, organisation_of

ORGANISATION_NAME_CHARACTERS_MAX = 200


@frozen(kw_only=True)
class Choice:
    """A provider as shown to the operator. ``refusal``: why it may not be chosen now.

    ``connects_by``: what connecting it takes here; the entry's ``auth`` is the product's label.
    """

    entry: CatalogueEntry
    connects_by: AuthKind
    refusal: str | None
    available: bool
    """Whether this build can connect it."""


@frozen
class OnboardingService:
    ports: Ports

    def start(self, name: str, *, time_zone: str = DEFAULT_TIME_ZONE) -> Organisation:
        """A new organisation at the first step."""
        name = name.strip()
        if not name or len(name) > ORGANISATION_NAME_CHARACTERS_MAX:
            raise CorrectRequest(
                "Give the organisation a name of 1 to 200 characters.", code="bad-name"
            )
        zone_of(time_zone)
        organisation = Organisation(
            id=self.ports.ids.new("org"),
            name=name,
            time_zone=time_zone,
            created_at=self.ports.clock.now(),
        )
        with self.ports.storage.writing() as uow:
            uow.organisations.save(organisation)
            self.ports.event(uow, organisation.id, "organisation.started", f"{name} was set up.")
            uow.commit()
        return organisation

    def organisations(self) -> Sequence[Organisation]:
        with self.ports.storage.reading() as uow:
            return uow.organisations.all()

    def only_or_new(self, name: str = "My organisation") -> Organisation:
        """The first organisation, or a new one: what a single-operator front end works in."""
        found = self.organisations()
        return found[0] if found else self.start(name)

    def choices(self, organisation_id: str) -> tuple[Choice, ...]:
        """The catalogue with the reason each entry may not be chosen now."""
        with self.ports.storage.reading() as uow:
            organisation = organisation_of(uow, organisation_id)
        return tuple(
            Choice(
                entry=entry,
                connects_by=self.connects_by(entry.key),
                refusal=refusal,
                available=entry.key in self.ports.providers,
            )
            for entry, refusal in choices(onboarded=organisation.onboarded)
        )

    def connects_by(self, provider_key: str) -> AuthKind:
        """How this installation connects the provider: one listed under OAuth may be set to take
        credentials.
        """
        listed, provider = entry_of(provider_key).auth, self.ports.providers.get(provider_key)
        if listed is AuthKind.OAUTH and provider is not None and provider.oauth is None:
            return AuthKind.API_CREDENTIALS
        return listed

    def form(self, provider_key: str) -> ConnectForm:
        return self.ports.provider(provider_key).form

    def organisation(self, organisation_id: str) -> Organisation:
        with self.ports.storage.reading() as uow:
            return organisation_of(uow, organisation_id)

    def step(self, organisation_id: str) -> OnboardingStep:
        with self.ports.storage.reading() as uow:
            return organisation_of(uow, organisation_id).step

"""Connecting, checking, reconnecting and disconnecting providers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs
from attrs import field, frozen

from core.domain.catalogue import entry_of
from core.domain.failures import CorrectRequest, Unknown
from core.domain.integration import Administration, Integration, IntegrationStatus
from core.domain.onboarding import OnboardingStep, require_allowed
from core.ports.connections import OAuthAttempt
from core.ports.provider import OAuthFlow
from core.services.adopting import (
    NewCredentials,
    ReconnectReview,
    adopt,
    apply_staged,
    review,
    same_account,
    stage,
    trial_source,
)
from core.services.attending import for_a_person
from core.services.authorising import AuthorisingService
from core.services.ending import end_at_provider, fail_all_waiting, forget_secrets, held_grant
from core.services.ports import Ports, integration_of, organisation_of
from core.services.secrets import SecretStore, registration_row, staged_row
from core.services.sources import ask, check, filled_in, provider_name, stored_fields


@frozen(kw_only=True)
class Connection:
    """Where a connection stands.

    ``authorize_url``: the operator must open it before ``authorize_until`` (OAuth); else None.
    ``review``: a reconnect that waits for confirmation. ``warnings`` are sentences.
    """

    integration: Integration
    authorize_url: str | None = field(repr=False, default=None)
    authorize_until: datetime | None = None
    redirect_uri: str | None = None
    administrations: tuple[Administration, ...] = ()
    warnings: tuple[str, ...] = ()
    review: ReconnectReview | None = None


@frozen
class ConnectingService:
    ports: Ports

    def connect(
        self,
        organisation_id: str,
        provider_key: str,
        fields: Mapping[str, str],
        *,
        operator: str,
        redirect_base: str,
    ) -> Connection:
        """Begin (OAuth) or make (keys, credentials) a connection, to be confirmed by selecting.

        ``redirect_base`` is the address under which callbacks reach Monitr, without a path.
        Fields left out fall back to the app registration last used for this provider. An account
        that is connected already gets its connection renewed instead of a second one.
        """
        entry = entry_of(provider_key)
        with self.ports.storage.reading() as uow:
            organisation = organisation_of(uow, organisation_id)
            require_allowed(entry, onboarded=organisation.onboarded)
            provider = self.ports.provider(provider_key)
            remembered = SecretStore(self.ports).get(
                uow, registration_row(organisation_id, provider_key)
            )
        given = {name: value for name, value in fields.items() if value.strip()}
        values = filled_in(provider.form, {**remembered, **given})
        integration = Integration(
            id=self.ports.ids.new("int"),
            organisation_id=organisation_id,
            provider=provider_key,
            status=IntegrationStatus.PENDING,
            created_at=self.ports.clock.now(),
        )
        if provider.oauth is not None:
            return self._begin(
                integration, provider.oauth, values, operator=operator, redirect_base=redirect_base
            )
        new = NewCredentials(values=values)
        with for_a_person():
            checked = ask(trial_source(self.ports, integration, new))
        older = same_account(self.ports, integration, checked)
        if older is not None:
            return self._renew(older, new, operator=operator)
        integration = adopt(self.ports, integration, new, checked, actor=operator)
        self._at(organisation_id, OnboardingStep.SELECT_ENTITIES, integration.id)
        return Connection(
            integration=integration,
            administrations=checked.administrations,
            warnings=checked.health.warnings,
        )

    def reconnect(
        self,
        organisation_id: str,
        integration_id: str,
        fields: Mapping[str, str],
        *,
        operator: str,
        redirect_base: str,
    ) -> Connection:
        """Authorise an existing connection again: id, links, history and bookmarks stay."""
        integration = self._living(organisation_id, integration_id)
        provider = self.ports.provider(integration.provider)
        given = {name: value for name, value in fields.items() if value.strip()}
        values = filled_in(provider.form, {**stored_fields(self.ports, integration), **given})
        if provider.oauth is not None:
            return self._begin(
                integration, provider.oauth, values, operator=operator, redirect_base=redirect_base
            )
        return self._renew(integration, NewCredentials(values=values), operator=operator)

    def confirm_reconnect(
        self, organisation_id: str, integration_id: str, *, operator: str
    ) -> Connection:
        """Accept a staged reconnect whose account or administrations differ."""
        integration = self._living(organisation_id, integration_id)
        with for_a_person():
            integration, checked = apply_staged(self.ports, integration, actor=operator)
        return Connection(integration=integration, administrations=checked.administrations)

    def disconnect(
        self, organisation_id: str, integration_id: str, *, operator: str
    ) -> Sequence[str]:
        """End a connection for good; returns the names of the entities that lose their imports.

        Secrets are deleted, imports that wait on it fail at once, and the consent is revoked at the
        provider where it offers that; imported books and history stay.
        """
        with self.ports.storage.writing() as uow:
            integration = integration_of(uow, organisation_id, integration_id)
            ending = held_grant(self.ports, uow, integration)
            ended = integration.moved(IntegrationStatus.DISCONNECTED)
            uow.integrations.save(attrs.evolve(ended, trouble=None))
            forget_secrets(uow, integration_id)
            linked = uow.entities.linked(integration_id)
            names = [entity.name for entity in linked]
            self.ports.event(
                uow,
                organisation_id,
                "integration.disconnected",
                f"{provider_name(integration)} was disconnected.",
                actor=operator,
                integration_id=integration_id,
            )
            fail_all_waiting(self.ports, uow, linked, ended)
            uow.commit()
        if ending is not None:
            end_at_provider(self.ports, integration, ending, actor=operator)
        return names

    def affected(self, organisation_id: str, integration_id: str) -> Sequence[str]:
        """Names of the entities that disconnecting would leave without imports."""
        with self.ports.storage.reading() as uow:
            integration_of(uow, organisation_id, integration_id)
            return [entity.name for entity in uow.entities.linked(integration_id)]

    def check(self, organisation_id: str, integration_id: str) -> Connection:
        """Ask the provider now: account, administrations, expiry. No import."""
        integration = self._living(organisation_id, integration_id)
        with for_a_person():
            checked = check(self.ports, integration)
        if integration.account is None:
            self._at(organisation_id, OnboardingStep.SELECT_ENTITIES, integration.id)
        return attrs.evolve(
            self.get(organisation_id, integration_id), warnings=checked.health.warnings
        )

    def integrations(self, organisation_id: str) -> Sequence[Integration]:
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            return uow.integrations.of(organisation_id)

    def get(self, organisation_id: str, integration_id: str) -> Connection:
        """The connection as stored: nothing is asked."""
        with self.ports.storage.reading() as uow:
            integration = integration_of(uow, organisation_id, integration_id)
            administrations = tuple(uow.integrations.administrations(integration_id))
        return Connection(integration=integration, administrations=administrations)

    def awaiting_confirmation(self, organisation_id: str) -> frozenset[str]:
        """Ids of integrations with a finished new consent that ``confirm_reconnect`` would adopt.

        Until then they work (or not) with the old one.
        """
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            return frozenset(
                one.id
                for one in uow.integrations.of(organisation_id)
                if one.status is not IntegrationStatus.DISCONNECTED
                and uow.secrets.get(staged_row(one.id)) is not None
            )

    def attempt(self, organisation_id: str, integration_id: str) -> OAuthAttempt:
        """The newest authorisation of an integration: what a waiting front end polls."""
        with self.ports.storage.reading() as uow:
            integration_of(uow, organisation_id, integration_id)
            attempt = uow.oauth_attempts.latest(integration_id)
        if attempt is None:
            raise Unknown("No authorisation was begun for this integration.", code="no-attempt")
        return attempt

    def _living(self, organisation_id: str, integration_id: str) -> Integration:
        with self.ports.storage.reading() as uow:
            integration = integration_of(uow, organisation_id, integration_id)
        if integration.status is IntegrationStatus.DISCONNECTED:
            raise CorrectRequest(
                f"{provider_name(integration)} was disconnected for good: connect it anew.",
                code="integration-state",
            )
        return integration

    def _renew(self, integration: Integration, new: NewCredentials, *, operator: str) -> Connection:
        """Adopt new credentials at once, or stage them when the operator must decide."""
        with for_a_person():
            checked = ask(trial_source(self.ports, integration, new))
        found = review(self.ports, integration, checked)
        if found is not None:
            stage(self.ports, integration, new)
            return Connection(integration=integration, review=found)
        integration = adopt(self.ports, integration, new, checked, actor=operator)
        return Connection(
            integration=integration,
            administrations=checked.administrations,
            warnings=checked.health.warnings,
        )

    def _begin(
        self,
        integration: Integration,
        flow: OAuthFlow,
        values: Mapping[str, str],
        *,
        operator: str,
        redirect_base: str,
    ) -> Connection:
        url, attempt = AuthorisingService(self.ports).begin(
            integration, flow, values, operator=operator, redirect_base=redirect_base
        )
        self._at(integration.organisation_id, OnboardingStep.AUTHORISE, integration.id)
        return Connection(
            integration=integration,
            authorize_url=url,
            authorize_until=attempt.expires_at,
            redirect_uri=attempt.redirect_uri,
        )

    def _at(self, organisation_id: str, step: OnboardingStep, integration_id: str) -> None:
        with self.ports.storage.writing() as uow:
            organisation = organisation_of(uow, organisation_id)
            uow.organisations.save(organisation.at(step, integration_id))
            uow.commit()

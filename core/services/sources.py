"""Opening a source for an integration, and checking one without an import."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Final

import attrs
from attrs import frozen

from core.domain.catalogue import entry_of
from core.domain.entity import Entity
from core.domain.failures import CorrectRequest, FixSettings, Reconnect
from core.domain.integration import Administration, Integration, IntegrationStatus
from core.ports.budget import calling_for
from core.ports.provider import AccessTokens, ConnectForm, Credentials, Health, Source
from core.services.marking import UNUSABLE, known_dead, mark_needs_reconnect
from core.services.ports import Ports
from core.services.secrets import SecretStore, fields_row
from core.services.sessions import IntegrationSessions
from core.services.tokens import IntegrationTokens

FIELD_CHARACTERS_MAX: Final = 4_000
ADMINISTRATIONS_MAX: Final = 20_000
"""An accountant's connection covers thousands; more than this is an answer gone wrong."""


@frozen(kw_only=True)
class Checked:
    """What a connection answered just now."""

    health: Health
    administrations: tuple[Administration, ...]


def filled_in(form: ConnectForm, given: Mapping[str, str]) -> dict[str, str]:
    """The form's values with defaults; CorrectRequest names what is missing, wrong or unknown."""
    known = {field.name: field for field in form.fields}
    for name in given:
        if name not in known:
            raise CorrectRequest(
                f"There is no field {name!r}. Fields: {', '.join(known) or 'none'}.",
                code="unknown-field",
            )
    values: dict[str, str] = {}
    for field in form.fields:
        value = given.get(field.name, "").strip() or (field.default or "")
        if not value and field.required:
            raise CorrectRequest(
                f"{field.label} is missing: give it as field {field.name!r}.",
                code="missing-field",
                setting=field.name,
            )
        if len(value) > FIELD_CHARACTERS_MAX:
            raise CorrectRequest(
                f"{field.label} is longer than {FIELD_CHARACTERS_MAX} characters.",
                code="bad-field",
                setting=field.name,
            )
        if value and field.choices and value not in field.choices:
            raise CorrectRequest(
                f"{field.label} must be one of {', '.join(field.choices)}.",
                code="bad-field",
                setting=field.name,
            )
        if value:
            values[field.name] = value
    return values


def split_secrets(
    form: ConnectForm, values: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """(plain values, secret values) by what the form declares."""
    secret = {field.name for field in form.fields if field.secret}
    return (
        {name: value for name, value in values.items() if name not in secret},
        {name: value for name, value in values.items() if name in secret},
    )


def stored_fields(ports: Ports, integration: Integration) -> dict[str, str]:
    """All connect-form values of an integration, secrets opened."""
    with ports.storage.reading() as uow:
        secret = SecretStore(ports).get(uow, fields_row(integration.id))
    return {**integration.fields, **secret}


def open_source(ports: Ports, integration: Integration) -> Source:
    """A source with the integration's stored credentials. No call is made yet.

    Reconnect for a connection known to be dead: providers count refused calls, and lock accounts.
    """
    provider = ports.provider(integration.provider)
    with ports.storage.reading() as uow:
        stored = uow.integrations.get(integration.id) or integration
        if stored.status in UNUSABLE:
            raise known_dead(stored, provider_name(stored))
        secret = SecretStore(ports).get(uow, fields_row(integration.id))
        row = uow.tokens.get(integration.id)
    fields = {**stored.fields, **secret}
    tokens: AccessTokens | None = None
    if provider.oauth is not None:
        tokens = IntegrationTokens(
            ports=ports,
            integration_id=integration.id,
            provider_name=provider.entry.name,
            flow=provider.oauth,
            fields=fields,
        )
    sessions = IntegrationSessions(
        ports=ports, integration=stored, provider_name=provider.entry.name
    )
    return provider.open(
        Credentials(
            fields=fields,
            tokens=tokens,
            sessions=sessions,
            facts={} if row is None else SecretStore(ports).open_facts(row),
            scope=integration.id,
        )
    )


@contextmanager
def opened_for(ports: Ports, entity: Entity, integration: Integration) -> Iterator[Source]:
    """A source whose calls are made for that entity, closed afterwards: see open_source."""
    with calling_for(entity.id), closing(open_source(ports, integration)) as source:
        yield source


def ask(source: Source) -> Checked:
    """Who consented and what the consent covers; closes the source."""
    with closing(source):
        health = source.health()
        administrations = tuple(source.administrations())
    if len(administrations) > ADMINISTRATIONS_MAX:
        raise FixSettings(
            f"This connection lists more than {ADMINISTRATIONS_MAX} administrations: "
            "grant Monitr fewer of them.",
            code="too-many-administrations",
        )
    return Checked(health=health, administrations=administrations)


def check(ports: Ports, integration: Integration) -> Checked:
    """Ask with the stored credentials and store what was answered; marks a dead connection."""
    try:
        checked = ask(open_source(ports, integration))
    except Reconnect as failure:
        mark_needs_reconnect(ports, integration.id, failure, seen=integration)
        raise
    store_checked(ports, integration.id, checked)
    return checked


def store_checked(ports: Ports, integration_id: str, checked: Checked) -> Integration:
    """Keep account, expiry and administrations of a connection that answered well."""
    with ports.storage.writing() as uow:
        integration = uow.integrations.get(integration_id)
        assert integration is not None, "integrations are never deleted"
        settled = integration.status is not IntegrationStatus.NEEDS_RECONNECT
        integration = attrs.evolve(
            integration,
            account=checked.health.account,
            expires_at=checked.health.expires_at,
            checked_at=ports.clock.now(),
            trouble=None if settled else integration.trouble,
        )
        uow.integrations.save(integration)
        uow.integrations.save_administrations(integration_id, checked.administrations)
        for warning in checked.health.warnings:
            ports.event(
                uow,
                integration.organisation_id,
                "integration.warning",
                warning,
                integration_id=integration_id,
            )
        uow.commit()
    return integration


def missing_linked(
    keys: Sequence[str], administrations: Sequence[Administration]
) -> tuple[str, ...]:
    """Linked administration keys that a consent no longer covers."""
    covered = {administration.key for administration in administrations}
    return tuple(sorted(key for key in set(keys) if key not in covered))


def provider_name(integration: Integration) -> str:
    return entry_of(integration.provider).name

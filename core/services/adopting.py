"""Taking over credentials that were seen to work, and what a reconnect must ask first."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs
from attrs import field, frozen

from core.domain.entity import Entity
from core.domain.failures import CorrectRequest, Reconnect, TryAgain
from core.domain.import_run import RunCause
from core.domain.integration import Account, Integration, IntegrationStatus
from core.ports.provider import (
    AccessTokens,
    Credentials,
    OutcomeUnknown,
    Source,
    TokenGrant,
    TooEarlyToRefresh,
)
from core.ports.sessions import OwnSessions
from core.ports.storage import UnitOfWork
from core.services.importing import waiting_run
from core.services.ports import Ports
from core.services.secrets import SecretStore, fields_row, registration_row, staged_row
from core.services.sessions import put_sessions, session_from, session_text
from core.services.sources import Checked, ask, missing_linked, provider_name, split_secrets
from core.services.tokens import REFRESH_LOCK_SECONDS

_SESSION: Final = "session."


@frozen(kw_only=True)
class ReconnectReview:
    """What a new consent would change; nothing has changed yet.

    ``lost``: names of entities whose administration the new consent does not cover.
    """

    account_before: Account | None
    account_now: Account
    lost: tuple[str, ...]

    @property
    def sentence(self) -> str:
        parts = []
        if self.account_before and self.account_before.key != self.account_now.key:
            parts.append(
                f"The new consent is by {self.account_now.name}, "
                f"the present one by {self.account_before.name}."
            )
        if self.lost:
            parts.append(f"It no longer covers: {', '.join(self.lost)}.")
        return " ".join([*parts, "Confirm to continue with it, or reconnect again."])


@frozen(kw_only=True)
class NewCredentials:
    """Connect-form values and what they obtained: an OAuth grant, or sessions."""

    values: dict[str, str] = field(repr=False)
    grant: TokenGrant | None = field(repr=False, default=None)
    sessions: OwnSessions = field(repr=False, factory=OwnSessions)
    """Filled while they are on trial, and kept with them: logins are counted."""


@frozen
class _FreshTokens:
    """AccessTokens of a grant obtained seconds ago: not stored yet, so never refreshed."""

    access_token: str = field(repr=False)

    def current(self) -> str:
        return self.access_token

    def renewed(self, rejected: str) -> str:
        raise Reconnect(
            "The provider refuses the token it has just given: connect again.",
            detail=f"fresh token refused ({len(rejected)} characters)",
        )


def trial_source(ports: Ports, integration: Integration, new: NewCredentials) -> Source:
    """A source on credentials that are not the integration's yet."""
    tokens: AccessTokens | None = None
    facts: Mapping[str, str] = {}
    if new.grant is not None:
        tokens, facts = _FreshTokens(new.grant.access_token), new.grant.facts
    return ports.provider(integration.provider).open(
        Credentials(
            fields=new.values,
            tokens=tokens,
            sessions=new.sessions,
            facts=facts,
            scope=integration.id,
        )
    )


def same_account(ports: Ports, integration: Integration, checked: Checked) -> Integration | None:
    """Another living integration of the organisation by the same account at the provider.

    Two consents of one account would kill each other's tokens at providers that keep one chain per
    user, so the older integration takes the new credentials over.
    """
    with ports.storage.reading() as uow:
        for other in uow.integrations.of(integration.organisation_id):
            if (
                other.id != integration.id
                and other.provider == integration.provider
                and other.status is not IntegrationStatus.DISCONNECTED
                and other.account is not None
                and other.account.key == checked.health.account.key
            ):
                return other
    return None


def review(ports: Ports, integration: Integration, checked: Checked) -> ReconnectReview | None:
    """None when the new consent is as good as the old one."""
    with ports.storage.reading() as uow:
        entities = uow.entities.linked(integration.id)
    linked = {
        link.administration_key: entity.name
        for entity in entities
        for link in entity.links
        if link.integration_id == integration.id
    }
    lost = missing_linked(tuple(linked), checked.administrations)
    before = integration.account
    if not lost and (before is None or before.key == checked.health.account.key):
        return None
    return ReconnectReview(
        account_before=before,
        account_now=checked.health.account,
        lost=tuple(linked[key] for key in lost),
    )


def adopt(
    ports: Ports, integration: Integration, new: NewCredentials, checked: Checked, *, actor: str
) -> Integration:
    """Make them the integration's own, in one unit of work. Id, links and bookmarks stay.

    Entities of a connection that was dead are imported again at once. CorrectRequest when somebody
    disconnected it meanwhile.
    """
    now = ports.clock.now()
    provider = ports.provider(integration.provider)
    plain, secret = split_secrets(provider.form, new.values)
    with ports.storage.writing() as uow:
        integration = uow.integrations.get(integration.id) or integration
        was_dead = integration.status is IntegrationStatus.NEEDS_RECONNECT
        linked = uow.entities.linked(integration.id)
        confirmed = bool(linked)
        status = IntegrationStatus.ACTIVE if confirmed else IntegrationStatus.PENDING
        adopted = attrs.evolve(
            integration.moved(status),
            fields=plain,
            account=checked.health.account,
            expires_at=checked.health.expires_at,
            authorised_at=now,
            checked_at=now,
            trouble=None,
        )
        uow.integrations.save(adopted)
        uow.integrations.save_administrations(adopted.id, checked.administrations)
        store = SecretStore(ports)
        store.put(uow, fields_row(adopted.id), secret)
        if provider.oauth is not None:
            store.put(uow, registration_row(adopted.organisation_id, adopted.provider), new.values)
        if new.grant is not None:
            put_grant(ports, uow, adopted.id, new.grant)
        put_sessions(ports, uow, adopted.id, new.sessions)
        uow.secrets.delete(staged_row(adopted.id))
        ports.event(
            uow,
            adopted.organisation_id,
            "integration.connected",
            f"{provider_name(adopted)} is connected as {checked.health.account.name}, "
            f"{len(checked.administrations)} administrations found.",
            actor=actor,
            integration_id=adopted.id,
        )
        resumed = _resume(ports, uow, adopted.id, linked) if was_dead else []
        uow.commit()
    for run_id in resumed:
        ports.doorbell.ring(run_id)
    return adopted


def _resume(
    ports: Ports, uow: UnitOfWork, integration_id: str, linked: Sequence[Entity]
) -> list[str]:
    """Ids of the runs that bring entities up to date after their connection was dead."""
    runs = []
    for entity in linked:
        link = entity.primary
        if link is not None and link.integration_id == integration_id:
            run = waiting_run(ports, entity, link, RunCause.MANUAL)
            if uow.runs.add(run):
                runs.append(run.id)
    return runs


def put_grant(ports: Ports, uow: UnitOfWork, integration_id: str, grant: TokenGrant) -> None:
    """Store a grant that a code was traded for, over whatever tokens there were."""
    held = uow.tokens.get(integration_id)
    version = 1 if held is None else held.version + 1
    row = SecretStore(ports).seal_grant(integration_id, grant, version=version)
    swapped = uow.tokens.swap(row, expected_version=None if held is None else held.version)
    assert swapped, "a writing unit is exclusive"


def stage(ports: Ports, integration: Integration, new: NewCredentials) -> None:
    """Keep credentials aside, sealed, until the operator confirms them."""
    with ports.storage.writing() as uow:
        SecretStore(ports).put(uow, staged_row(integration.id), _document(new))
        uow.commit()


def apply_staged(
    ports: Ports, integration: Integration, *, actor: str
) -> tuple[Integration, Checked]:
    """Adopt what was staged, after asking the provider once more with it."""
    with ports.storage.reading() as uow:
        document = SecretStore(ports).get(uow, staged_row(integration.id))
    if not document:
        raise CorrectRequest(
            "There is nothing to confirm for this integration: reconnect it first.",
            code="nothing-staged",
        )
    new = _freshened(ports, integration, _credentials(document, ports.clock.now()))
    checked = ask(trial_source(ports, integration, new))
    return adopt(ports, integration, new, checked, actor=actor), checked


def _freshened(ports: Ports, integration: Integration, new: NewCredentials) -> NewCredentials:
    """Confirming may take longer than an access token lives: refreshed, and kept before use."""
    flow = ports.provider(integration.provider).oauth
    grant = new.grant
    if flow is None or grant is None or ports.clock.now() < grant.expires_at:
        return new
    now, owner = ports.clock.now(), ports.ids.secret()
    until = now + timedelta(seconds=REFRESH_LOCK_SECONDS)
    with ports.storage.writing() as uow:
        if not uow.leases.acquire(f"refresh-staged:{integration.id}", owner, now=now, until=until):
            raise TryAgain("Somebody is confirming this connection right now: look again.")
        uow.commit()
    try:
        renewed = flow.refresh(new.values, grant.refresh_token or "")
    except TooEarlyToRefresh:
        return new
    except OutcomeUnknown as unknown:
        raise Reconnect(
            f"{provider_name(integration)} did not answer while the new consent was renewed: "
            "reconnect once more.",
            detail=str(unknown),
        ) from unknown
    kept = attrs.evolve(
        renewed,
        refresh_token=renewed.refresh_token or grant.refresh_token,
        facts={**grant.facts, **renewed.facts},
    )
    new = attrs.evolve(new, grant=kept)
    stage(ports, integration, new)
    with ports.storage.writing() as uow:
        uow.leases.release(f"refresh-staged:{integration.id}", owner)
        uow.commit()
    return new


def _document(new: NewCredentials) -> Mapping[str, str]:
    document = {"values": json.dumps(new.values)}
    for name, session in new.sessions.obtained.items():
        document[f"{_SESSION}{name}"] = session_text(session)
    if new.grant is not None:
        document |= {
            "access": new.grant.access_token,
            "refresh": new.grant.refresh_token or "",
            "obtained_at": new.grant.obtained_at.isoformat(),
            "expires_at": new.grant.expires_at.isoformat(),
            "facts": json.dumps(dict(new.grant.facts)),
        }
        if new.grant.refresh_expires_at is not None:
            document["refresh_expires_at"] = new.grant.refresh_expires_at.isoformat()
    return document


def _credentials(document: Mapping[str, str], now: datetime) -> NewCredentials:
    """What was staged; sessions that ended meanwhile are left out."""
    grant = None
    if "access" in document:
        refresh_expires_at = document.get("refresh_expires_at")
        grant = TokenGrant(
            access_token=document["access"],
            refresh_token=document["refresh"] or None,
            obtained_at=datetime.fromisoformat(document["obtained_at"]),
            expires_at=datetime.fromisoformat(document["expires_at"]),
            refresh_expires_at=(
                datetime.fromisoformat(refresh_expires_at) if refresh_expires_at else None
            ),
            facts=json.loads(document.get("facts", "{}")),
        )
    sessions = {
        name.removeprefix(_SESSION): session
        for name, text in document.items()
        if name.startswith(_SESSION)
        and ((session := session_from(text)).expires_at is None or now < session.expires_at)
    }
    return NewCredentials(
        values=json.loads(document["values"]), grant=grant, sessions=OwnSessions(sessions)
    )

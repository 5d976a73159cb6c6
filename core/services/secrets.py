"""Secret values at rest: what is sealed, under which row name, and how keys are rotated."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs
from attrs import frozen

from core.ports.connections import TokenRow
from core.ports.provider import TokenGrant
from core.ports.storage import UnitOfWork
from core.services.ports import Ports

_FACT: Final = "fact."


def fields_row(integration_id: str) -> str:
    """The secret values of an integration's connect form."""
    return f"fields:{integration_id}"


def registration_row(organisation_id: str, provider: str) -> str:
    """The app registration (client id, secret) last used for a provider, offered next time."""
    return f"registration:{organisation_id}:{provider}"


def attempt_row(state_sha256: str) -> str:
    """The PKCE verifier of an authorisation under way."""
    return f"attempt:{state_sha256}"


def forget_attempts(uow: UnitOfWork, now: datetime) -> int:
    """Delete what authorisations sealed that nobody finished in time; how many there were."""
    prefix = attempt_row("")
    forgotten = 0
    for row in uow.secrets.rows():
        if row.startswith(prefix):
            attempt = uow.oauth_attempts.get(row.removeprefix(prefix))
            if attempt is None or now >= attempt.expires_at:
                uow.secrets.delete(row)
                forgotten += 1
    return forgotten


def staged_row(integration_id: str) -> str:
    """A new consent or new fields waiting for the operator's confirmation."""
    return f"staged:{integration_id}"


def session_row(integration_id: str, name: str) -> str:
    """One session token of a connection by key or credentials."""
    return f"session:{integration_id}:{name}"


def forget_sessions(uow: UnitOfWork, integration_id: str) -> None:
    """Delete every session of an integration, whatever its name."""
    prefix = session_row(integration_id, "")
    for row in uow.secrets.rows():
        if row.startswith(prefix):
            uow.secrets.delete(row)


def token_row(integration_id: str) -> str:
    return f"token:{integration_id}"


@frozen
class SecretStore:
    """Sealed documents of text by row name, inside a unit of work."""

    ports: Ports

    def put(self, uow: UnitOfWork, row: str, document: Mapping[str, str]) -> None:
        uow.secrets.put(row, self.ports.vault.seal(row, _dump(document)))

    def get(self, uow: UnitOfWork, row: str) -> dict[str, str]:
        """The document; empty when there is none. WrongVaultKey when it does not open."""
        sealed = uow.secrets.get(row)
        return {} if sealed is None else _load(self.ports.vault.open(row, sealed))

    def seal_grant(self, integration_id: str, grant: TokenGrant, *, version: int) -> TokenRow:
        row = token_row(integration_id)
        document = {"access": grant.access_token, "refresh": grant.refresh_token or ""}
        document |= {f"{_FACT}{name}": text for name, text in grant.facts.items()}
        return TokenRow(
            integration_id=integration_id,
            version=version,
            sealed=self.ports.vault.seal(row, _dump(document)),
            obtained_at=grant.obtained_at,
            expires_at=grant.expires_at,
            refresh_expires_at=grant.refresh_expires_at,
        )

    def open_tokens(self, row: TokenRow) -> tuple[str, str]:
        """(access token, refresh token; empty when the provider gives none)."""
        document = _load(self.ports.vault.open(token_row(row.integration_id), row.sealed))
        return document["access"], document["refresh"]

    def open_facts(self, row: TokenRow) -> dict[str, str]:
        """What the consent told besides tokens."""
        document = _load(self.ports.vault.open(token_row(row.integration_id), row.sealed))
        return {
            name.removeprefix(_FACT): text
            for name, text in document.items()
            if name.startswith(_FACT)
        }


def reseal_all(ports: Ports) -> int:
    """Seal every secret with the newest key; returns how many changed.

    Online and repeatable: each row is one short unit, and a row written meanwhile is left alone
    because it was sealed with the newest key already.
    """
    changed = 0
    with ports.storage.reading() as uow:
        rows = uow.secrets.rows()
        token_ids = [row.integration_id for row in uow.tokens.all()]
    for row in rows:
        with ports.storage.writing() as uow:
            sealed = uow.secrets.get(row)
            if sealed is None or ports.vault.current(sealed):
                continue
            uow.secrets.put(row, ports.vault.seal(row, ports.vault.open(row, sealed)))
            uow.commit()
            changed += 1
    for integration_id in token_ids:
        with ports.storage.writing() as uow:
            held = uow.tokens.get(integration_id)
            if held is None or ports.vault.current(held.sealed):
                continue
            row = token_row(integration_id)
            sealed = ports.vault.seal(row, ports.vault.open(row, held.sealed))
            swapped = uow.tokens.swap(
                attrs.evolve(held, version=held.version + 1, sealed=sealed),
                expected_version=held.version,
            )
            assert swapped, "a writing unit is exclusive"
            uow.commit()
            changed += 1
    return changed


def _dump(document: Mapping[str, str]) -> bytes:
    return json.dumps(dict(document), separators=(",", ":"), sort_keys=True).encode()


def _load(plain: bytes) -> dict[str, str]:
    document: dict[str, str] = json.loads(plain)
    return document

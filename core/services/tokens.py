"""Access tokens that stay good: refreshed by one process at a time, stored before use.

In order: lock across processes, read again, refresh, store by compare-and-swap, then use. Who
loses a race reads again and never writes. A refusal while the stored token has changed is a race,
not a revocation. A refresh whose answer was lost is never repeated in the same breath.
"""

from datetime import datetime, timedelta
from typing import Final

import attrs
from attrs import define, field

from core.domain.failures import OurBug, ProviderDown, Reconnect, TryAgain
from core.domain.integration import IntegrationStatus
from core.ports.provider import OAuthFlow, OutcomeUnknown, TokenGrant, TooEarlyToRefresh
from core.ports.storage import TokenRow
from core.services.ports import Ports
from core.services.secrets import SecretStore

REFRESH_LOCK_SECONDS: Final = 120
"""Longer than the worst token call, so that no second process starts while one is out."""

TOO_EARLY_SECONDS: Final = 30
"""How long a token is used on after the provider refused to renew it as too young."""

LOCK_POLL_SECONDS: Final = 0.2
LOCK_WAIT_SECONDS: Final = 60


@define
class IntegrationTokens:
    """Implements AccessTokens for one integration. ``fields``: its connect form's values."""

    ports: Ports
    integration_id: str
    provider_name: str
    flow: OAuthFlow
    fields: dict[str, str] = field(repr=False)

    def current(self) -> str:
        """The stored token while it is good, else one refreshed now."""
        row = self._row()
        if self._good(row, self.ports.clock.now()):
            return self._access(row)
        return self._refreshed(than=row.version)

    def renewed(self, rejected: str) -> str:
        """Another token than the rejected one: stored meanwhile, or refreshed now."""
        row = self._row()
        access = self._access(row)
        if access != rejected:
            return access
        renewed = self._refreshed(than=row.version)
        if renewed == rejected:
            raise self._dead("The provider refuses a token it says is still good.")
        return renewed

    def _good(self, row: TokenRow, now: datetime) -> bool:
        margin = timedelta(seconds=self.flow.policy.refresh_margin_seconds)
        return now < row.expires_at - margin

    def _row(self) -> TokenRow:
        with self.ports.storage.reading() as uow:
            row = uow.tokens.get(self.integration_id)
        if row is None:
            raise Reconnect(
                f"{self.provider_name} is not authorised: reconnect it.", detail="no token row"
            )
        return row

    def _access(self, row: TokenRow) -> str:
        return SecretStore(self.ports).open_tokens(row)[0]

    def _refreshed(self, *, than: int) -> str:
        """A token of a newer row version than ``than``, made here or by whoever was first."""
        owner = self.ports.ids.secret()
        name = f"refresh:{self.integration_id}"
        waited = 0.0
        while not self._acquire(name, owner):
            if waited >= LOCK_WAIT_SECONDS:
                raise TryAgain(
                    f"Another process is renewing the {self.provider_name} token: try again.",
                    code="refresh-busy",
                )
            self.ports.clock.pause(LOCK_POLL_SECONDS)
            waited += LOCK_POLL_SECONDS
        try:
            row = self._row()
            if row.version != than:
                return self._access(row)
            return self._refresh(row)
        finally:
            with self.ports.storage.writing() as uow:
                uow.leases.release(name, owner)
                uow.commit()

    def _acquire(self, name: str, owner: str) -> bool:
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            got = uow.leases.acquire(
                name, owner, now=now, until=now + timedelta(seconds=REFRESH_LOCK_SECONDS)
            )
            uow.commit()
        return got

    def _refresh(self, row: TokenRow) -> str:
        access, refresh = SecretStore(self.ports).open_tokens(row)
        if not refresh:
            raise self._dead("The provider gave no refresh token.")
        try:
            grant = self.flow.refresh(self.fields, refresh)
        except TooEarlyToRefresh:
            # The two clocks differ: the provider counts the token as good. Not asked again at once,
            # because token calls are counted too.
            margin_seconds = self.flow.policy.refresh_margin_seconds
            good_until = self.ports.clock.now() + timedelta(
                seconds=TOO_EARLY_SECONDS + margin_seconds
            )
            self._store(
                attrs.evolve(row, version=row.version + 1, expires_at=good_until), row.version
            )
            return access
        except Reconnect as refused:
            newer = self._row()
            if newer.version != row.version:
                return self._access(newer)
            raise self._dead(refused.detail or refused.sentence) from refused
        except OutcomeUnknown as unknown:
            self._store(attrs.evolve(row, version=row.version + 1, uncertain=True), row.version)
            raise ProviderDown(
                f"{self.provider_name} did not answer while its token was renewed. The next "
                "import tries once more; if that is refused you will be asked to reconnect.",
                code="refresh-uncertain",
            ) from unknown
        return self._keep(row, grant, refresh)

    def _keep(self, row: TokenRow, grant: TokenGrant, refresh: str) -> str:
        kept = attrs.evolve(grant, refresh_token=grant.refresh_token or refresh)
        version = row.version + 1
        sealed = SecretStore(self.ports).seal_grant(self.integration_id, kept, version=version)
        if not self._store(sealed, row.version):
            newer = self._row()
            if newer.version == row.version:
                raise OurBug("A token could not be stored although nobody else stored one.")
            return self._access(newer)
        return grant.access_token

    def _store(self, row: TokenRow, expected_version: int) -> bool:
        with self.ports.storage.writing() as uow:
            swapped = uow.tokens.swap(row, expected_version=expected_version)
            uow.commit()
        return swapped

    def _dead(self, detail: str) -> Reconnect:
        """The failure to raise, with the integration already marked."""
        failure = Reconnect(
            f"{self.provider_name} no longer accepts this connection: reconnect it. "
            "Imported books stay as they are.",
            detail=detail,
        )
        mark_needs_reconnect(self.ports, self.integration_id, failure)
        return failure


def mark_needs_reconnect(ports: Ports, integration_id: str, failure: Reconnect) -> None:
    """Record the first certain sign that a connection is dead; nothing calls it afterwards."""
    with ports.storage.writing() as uow:
        integration = uow.integrations.get(integration_id)
        if integration is None or integration.status in {
            IntegrationStatus.NEEDS_RECONNECT,
            IntegrationStatus.DISCONNECTED,
        }:
            return
        uow.integrations.save(
            attrs.evolve(
                integration.moved(IntegrationStatus.NEEDS_RECONNECT), trouble=failure.trouble()
            )
        )
        ports.event(
            uow,
            integration.organisation_id,
            "integration.needs-reconnect",
            failure.sentence,
            integration_id=integration_id,
        )
        uow.commit()

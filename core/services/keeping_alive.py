"""Connections looked after while nobody imports: kept alive, checked, their end foreseen.

Three things per connection, each at most as often as its pause says and by one process at a time:

- A refresh token that dies when unused is used once half of its idle life has passed, so a month of
  failed nights, or a connection without entities that import, does not end in a new consent.
- A connection that has not answered for a day is asked who it is: a key that was withdrawn shows
  before the night that needs it. Connections that import are asked by their imports.
- An end that can be foreseen (a key's own, or an idle life that could not be renewed) is announced
  ``ANNOUNCED_DAYS`` ahead, each once per end, however many processes look.

What an authorisation sealed that nobody finished is deleted once its ten minutes are over.

A connection that is known to be dead is not called at all: providers count refusals, and lock.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

import attrs
from attrs import frozen

from core.domain.failures import Failure, FixSettings
from core.domain.integration import Integration
from core.ports.connections import TokenRow
from core.ports.provider import OAuthFlow
from core.services.ports import Ports
from core.services.secrets import forget_attempts
from core.services.sources import check, provider_name, stored_fields
from core.services.tokens import IntegrationTokens

ANNOUNCED_DAYS: Final = (3, 14)
"""The nearer first: a connection found three days before its end is announced once."""

SAME_END: Final = timedelta(days=1)
"""Providers that tell how long a key still lives give an end that wobbles by the time of asking."""

LOOK_EVERY: Final = timedelta(minutes=15)
FORGET_EVERY: Final = timedelta(minutes=1)
UNASKED_FOR: Final = timedelta(hours=24)
RETRY_AFTER: Final = timedelta(hours=6)
"""After a keep-alive or check that failed without telling the connection dead."""


@frozen(kw_only=True)
class Tended:
    """Ids of integrations, by what was done; ``troubled`` were asked in vain."""

    kept_alive: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()
    troubled: tuple[str, ...] = ()


def _never() -> bool:
    return False


@frozen
class KeepingAliveService:
    ports: Ports

    def tend(self, stopping: Callable[[], bool] = _never) -> Tended:
        """Look after every active connection of every organisation; safe from any process.

        Calls providers, one connection after the other: not for a thread that others wait for.
        """
        self._forget_attempts()
        done: dict[str, list[str]] = {name: [] for name in attrs.fields_dict(Tended)}
        for integration in self._active():
            if stopping():
                break
            if not self._turn(f"tend:{integration.id}", LOOK_EVERY):
                continue
            for name, deed in (
                ("kept_alive", self._keep_alive),
                ("checked", self._check),
                ("announced", self._announce),
            ):
                try:
                    if deed(integration):
                        done[name].append(integration.id)
                except Failure:
                    done["troubled"].append(integration.id)
        return Tended(**{name: tuple(ids) for name, ids in done.items()})

    def _forget_attempts(self) -> None:
        """Verifiers and client secrets of authorisations nobody came back from."""
        if self._turn("forget-attempts", FORGET_EVERY):
            with self.ports.storage.writing() as uow:
                if forget_attempts(uow, self.ports.clock.now()):
                    uow.commit()

    def _active(self) -> Iterator[Integration]:
        with self.ports.storage.reading() as uow:
            found = [
                integration
                for organisation in uow.organisations.all()
                for integration in uow.integrations.of(organisation.id)
            ]
        for integration in found:
            if integration.usable and integration.provider in self.ports.providers:
                yield integration

    def _turn(self, name: str, pause: timedelta) -> bool:
        """Whether it is ours to do now; nobody's again before the pause is over."""
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            if uow.leases.holder(name, now=now) is not None:
                return False
            uow.leases.acquire(name, self.ports.ids.secret(), now=now, until=now + pause)
            uow.commit()
        return True

    def _fresh(self, integration: Integration) -> Integration | None:
        """As stored now; None when an earlier deed found it dead, or somebody ended it."""
        with self.ports.storage.reading() as uow:
            held = uow.integrations.get(integration.id)
        return held if held is not None and held.usable else None

    # -- the idle life of a refresh token ----------------------------------------------------------

    def _keep_alive(self, integration: Integration) -> bool:
        flow, row = self._tokens(integration)
        if flow is None or row is None:
            return False
        idle_seconds = flow.policy.refresh_idle_seconds
        if idle_seconds is None:
            return False
        due_at = row.obtained_at + timedelta(seconds=idle_seconds / 2)
        if self.ports.clock.now() < due_at:
            return False
        if not self._turn(f"keep-alive:{integration.id}", RETRY_AFTER):
            return False
        IntegrationTokens(
            ports=self.ports,
            integration_id=integration.id,
            provider_name=provider_name(integration),
            flow=flow,
            fields=stored_fields(self.ports, integration),
        ).keep_alive()
        return True

    def _tokens(self, integration: Integration) -> tuple[OAuthFlow | None, TokenRow | None]:
        flow = self.ports.provider(integration.provider).oauth
        with self.ports.storage.reading() as uow:
            return flow, uow.tokens.get(integration.id)

    # -- health ------------------------------------------------------------------------------------

    def _check(self, integration: Integration) -> bool:
        """A dead connection is marked by the check itself; what must be set right is shown."""
        held = self._fresh(integration)
        if held is None:
            return False
        now = self.ports.clock.now()
        if held.checked_at is not None and now - held.checked_at < UNASKED_FOR:
            return False
        if not self._turn(f"health:{integration.id}", RETRY_AFTER):
            return False
        try:
            check(self.ports, held)
        except FixSettings as failure:
            self._tell(held, failure)
            raise
        return True

    def _tell(self, integration: Integration, failure: FixSettings) -> None:
        with self.ports.storage.writing() as uow:
            held = uow.integrations.get(integration.id)
            if held is None or not held.usable or held.trouble == failure.trouble():
                return
            uow.integrations.save(attrs.evolve(held, trouble=failure.trouble()))
            self.ports.event(
                uow,
                held.organisation_id,
                "integration.warning",
                failure.sentence,
                integration_id=held.id,
            )
            uow.commit()

    # -- ends that can be foreseen -----------------------------------------------------------------

    def _announce(self, integration: Integration) -> bool:
        held = self._fresh(integration)
        end = None if held is None else self._foreseen_end(held)
        now = self.ports.clock.now()
        if held is None or end is None or end <= now:
            return False
        days = next((days for days in ANNOUNCED_DAYS if end - now <= timedelta(days=days)), None)
        if days is None:
            return False
        name = f"expiry-announced:{held.id}"
        with self.ports.storage.writing() as uow:
            if _was_announced(uow.settings.get(name), end, days):
                return False
            uow.settings.put(name, f"{end.isoformat()} {days}")
            left = max(1, round((end - now) / timedelta(days=1)))
            self.ports.event(
                uow,
                held.organisation_id,
                "integration.expires-soon",
                f"The connection to {provider_name(held)} ends on {end:%Y-%m-%d}, in {left} "
                f"{'day' if left == 1 else 'days'}: reconnect it before then.",
                integration_id=held.id,
                days=str(days),
            )
            uow.commit()
        return True

    def _foreseen_end(self, integration: Integration) -> datetime | None:
        """The key's own end, or that of an idle life which keeping alive did not renew."""
        flow, row = self._tokens(integration)
        ends = [] if integration.expires_at is None else [integration.expires_at]
        if flow is not None and row is not None and row.refresh_expires_at is not None:
            idle_seconds = flow.policy.refresh_idle_seconds
            left = row.refresh_expires_at - self.ports.clock.now()
            if idle_seconds is None or left < timedelta(seconds=idle_seconds / 2):
                ends.append(row.refresh_expires_at)
        return min(ends, default=None)


def _was_announced(stored: str | None, end: datetime, days: int) -> bool:
    """``stored``: the end last announced, and how many days ahead."""
    if stored is None:
        return False
    told_end, _, told_days = stored.partition(" ")
    return abs(datetime.fromisoformat(told_end) - end) < SAME_END and int(told_days) <= days

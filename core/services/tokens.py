"""Access tokens that stay good: refreshed by one process at a time, stored before use.

In order: take the lock and mark the row in one step, refresh, store by compare-and-swap, then use.

The mark (``uncertain``) is written before the request leaves, so a process that dies while asking
leaves word of it. Each mark is a new version of the row: the version is the fencing token of the
one refresh under way, and who finds another version afterwards writes nothing. A refusal while the
stored token has changed is a race, not a revocation.

A refresh whose answer was lost is settled as the provider's TokenPolicy allows:

- The refresh token does not rotate, or has a grace period: asking again costs nothing.
- It is single-use: never repeated in the same breath. While the old access token lives it goes on
  being used, which is the probe: as long as the provider takes it nothing is lost. Once it is over,
  one question settles it, with the old refresh token: if the lost request never arrived (a
  gateway's 502, a process killed before sending) that keeps the connection; if it did arrive, the
  tokens it made were never seen here, so a refusal ends nothing that could still be had, and the
  operator is asked to reconnect. A question that gets no answer either is put again after pauses
  that double (``UNCERTAIN_PAUSE_SECONDS`` to ``..._MAX``), and after ``SETTLING_QUESTIONS_MAX`` of
  them the operator is asked to reconnect.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs
from attrs import define, field, frozen

from core.domain.failures import Failure, OurBug, ProviderDown, Reconnect, TryAgain, Wait
from core.ports.connections import TokenRow
from core.ports.provider import (
    TOKEN_CALL_SECONDS_MAX,
    OAuthFlow,
    OutcomeUnknown,
    TokenGrant,
    TooEarlyToRefresh,
)
from core.ports.storage import UnitOfWork
from core.services.marking import UNUSABLE, known_dead, mark_needs_reconnect
from core.services.ports import Ports
from core.services.secrets import SecretStore

__all__ = [
    "LOCK_POLL_GROWTH",
    "LOCK_POLL_SECONDS",
    "LOCK_POLL_SECONDS_MAX",
    "LOCK_WAIT_SECONDS",
    "REFRESH_LOCK_SECONDS",
    "SETTLING_QUESTIONS_MAX",
    "UNCERTAIN_PAUSE_SECONDS",
    "UNCERTAIN_PAUSE_SECONDS_MAX",
    "IntegrationTokens",
    "mark_needs_reconnect",
]

REFRESH_LOCK_SECONDS: Final = TOKEN_CALL_SECONDS_MAX + 30
"""Longer than the worst token call, so that no second process starts while one is out."""

LOCK_POLL_SECONDS: Final = 0.2
LOCK_POLL_SECONDS_MAX: Final = 1.0
LOCK_POLL_GROWTH: Final = 1.3
LOCK_WAIT_SECONDS: Final = REFRESH_LOCK_SECONDS + 10
"""Longer than the lock: who waits for a process that was killed gets its turn."""

UNCERTAIN_PAUSE_SECONDS: Final = 30
"""Between tries of a refresh token whose last use got no answer, at least."""
UNCERTAIN_PAUSE_SECONDS_MAX: Final = 3_600
SETTLING_QUESTIONS_MAX: Final = 30
"""A single-use token that may be used up is given up after so many questions without an answer:
with their pauses a day and a night."""

TOO_EARLY_SECONDS: Final = 30
"""How long a token is used on after the provider refused to renew it as too young."""

STORE_TRIES: Final = 10
STORE_PAUSE_SECONDS: Final = 1.0
"""A grant in hand is not given up because the database is busy for a moment."""

Settled = Callable[[TokenRow], bool]
"""Whether a stored row is what the caller wants, so that nothing needs to be refreshed."""


class _GivenUp(Exception):
    """Nobody answered for so long that a person must settle it; carries the row."""

    def __init__(self, row: TokenRow) -> None:
        super().__init__()
        self.row = row


@frozen
class _Claim:
    """The right to send one refresh: the row as it was, and as marked."""

    before: TokenRow
    marked: TokenRow


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
        return self._access(self._refreshed(self._good))

    def renewed(self, rejected: str) -> str:
        """Another token than the rejected one: stored meanwhile, or refreshed now."""
        access = self._access(self._refreshed(lambda row: self._access(row) != rejected))
        if access == rejected:
            raise ProviderDown(
                f"{self.provider_name} refuses a token that it calls too young to be renewed: "
                "the import is tried again later.",
                code="token-contradiction",
            )
        return access

    def keep_alive(self) -> None:
        """Refresh although the access token may be good, so that the refresh token stays alive.

        Does nothing when a refresh happened since the caller looked.
        """
        with self.ports.storage.reading() as uow:
            seen = self._row(uow).obtained_at
        self._refreshed(lambda row: row.obtained_at != seen)

    def _good(self, row: TokenRow) -> bool:
        margin_seconds = 0 if row.uncertain else self.flow.policy.refresh_margin_seconds
        return self.ports.clock.now() < row.expires_at - timedelta(seconds=margin_seconds)

    def _row(self, uow: UnitOfWork) -> TokenRow:
        """The stored row; Reconnect when this connection is known to be dead: nothing is asked."""
        integration = uow.integrations.get(self.integration_id)
        if integration is not None and integration.status in UNUSABLE:
            raise known_dead(integration, self.provider_name)
        row = uow.tokens.get(self.integration_id)
        if row is None:
            raise Reconnect(
                f"{self.provider_name} is not authorised: reconnect it.", detail="no token row"
            )
        return row

    def _access(self, row: TokenRow) -> str:
        return SecretStore(self.ports).open_tokens(row)[0]

    @property
    def _lock(self) -> str:
        return f"refresh:{self.integration_id}"

    @property
    def _pause(self) -> str:
        return f"refresh-pause:{self.integration_id}"

    # -- one refresh at a time ---------------------------------------------------------------------

    def _refreshed(self, settled: Settled) -> TokenRow:
        """A settled row, made here or by whoever was first."""
        owner = self.ports.ids.secret()
        waited, pause = 0.0, LOCK_POLL_SECONDS
        while True:
            with self.ports.storage.reading() as uow:
                row = self._row(uow)
                held = uow.leases.holder(self._lock, now=self.ports.clock.now()) is not None
            if settled(row):
                return row
            try:
                claim = None if held else self._claim(owner, settled)
            except _GivenUp as given_up:
                raise self._silent(given_up.row) from None
            except TryAgain:
                claim = None  # the database is busy: that is waited for like another's refresh
            if isinstance(claim, TokenRow):
                return claim
            if claim is not None:
                break
            if waited >= LOCK_WAIT_SECONDS:
                raise TryAgain(
                    f"Another process is renewing the {self.provider_name} token: try again.",
                    code="refresh-busy",
                )
            self.ports.clock.pause(pause)
            waited += pause
            pause = min(pause * LOCK_POLL_GROWTH, LOCK_POLL_SECONDS_MAX)
        try:
            return self._refresh(claim)
        finally:
            release_lock(self.ports, self._lock, owner)

    def _claim(self, owner: str, settled: Settled) -> _Claim | TokenRow | None:
        """Lock and mark in one unit; the row if somebody settled it; None when others hold it."""
        now = self.ports.clock.now()
        until = now + timedelta(seconds=REFRESH_LOCK_SECONDS)
        with self.ports.storage.writing() as uow:
            if uow.leases.holder(self._lock, now=now) is not None:
                return None
            row = self._row(uow)
            if settled(row):
                return row
            if uow.leases.holder(self._pause, now=now) is not None:
                raise self._unanswered(now + timedelta(seconds=UNCERTAIN_PAUSE_SECONDS))
            if row.uncertain and self._unanswered_so_far(uow, row) >= SETTLING_QUESTIONS_MAX:
                raise _GivenUp(row)
            uow.leases.acquire(self._lock, owner, now=now, until=until)
            marked = attrs.evolve(row, version=row.version + 1, uncertain=True)
            swapped = uow.tokens.swap(marked, expected_version=row.version)
            assert swapped, "a writing unit is exclusive"
            uow.commit()
        return _Claim(row, marked)

    def _refresh(self, claim: _Claim) -> TokenRow:
        _, refresh = SecretStore(self.ports).open_tokens(claim.marked)
        if not refresh:
            raise self._dead("The provider gave no refresh token.", claim.marked)
        try:
            grant = self.flow.refresh(self.fields, refresh)
        except TooEarlyToRefresh:
            # The two clocks differ: the provider counts the token as good. Not asked again at once,
            # because token calls are counted too.
            seconds = TOO_EARLY_SECONDS + self.flow.policy.refresh_margin_seconds
            good_until = self.ports.clock.now() + timedelta(seconds=seconds)
            return self._unmark(claim.marked, uncertain=False, expires_at=good_until)
        except OutcomeUnknown as unknown:
            now = self.ports.clock.now()
            retry_at = now + timedelta(seconds=UNCERTAIN_PAUSE_SECONDS)
            if self._is_single_use:
                retry_at = now + timedelta(seconds=self._note_silence(claim.before))
                self._hold_back(retry_at)
            raise self._unanswered(retry_at) from unknown
        except Reconnect as refused:
            return self._refused(claim, refused)
        except Failure as nothing_consumed:
            self._unmark(claim.marked, uncertain=claim.before.uncertain)
            if isinstance(nothing_consumed, Wait) and nothing_consumed.retry_at is not None:
                self._hold_back(nothing_consumed.retry_at)
            raise
        return self._keep(claim.marked, grant, refresh)

    def _refused(self, claim: _Claim, refused: Reconnect) -> TokenRow:
        """The provider calls the grant dead: a race if the stored token changed, else the end."""
        with self.ports.storage.reading() as uow:
            newer = self._row(uow)
        store = SecretStore(self.ports)
        if store.open_tokens(newer)[1] != store.open_tokens(claim.marked)[1]:
            return newer
        detail = refused.detail or refused.sentence
        if claim.before.uncertain:
            detail = f"the answer to an earlier renewal was lost; {detail}"
        raise self._dead(detail, newer)

    def _unmark(
        self, marked: TokenRow, *, uncertain: bool, expires_at: datetime | None = None
    ) -> TokenRow:
        """Nothing was consumed: the tokens are what they were, under a new version."""
        row = attrs.evolve(
            marked,
            version=marked.version + 1,
            uncertain=uncertain,
            expires_at=expires_at or marked.expires_at,
        )
        if self._store(row, marked.version):
            return row
        with self.ports.storage.reading() as uow:
            return self._row(uow)

    def _keep(self, marked: TokenRow, grant: TokenGrant, spent: str) -> TokenRow:
        """Store the new tokens. They are lost if this fails, so it is not given up lightly."""
        told = SecretStore(self.ports).open_facts(marked)
        kept = attrs.evolve(
            grant,
            refresh_token=grant.refresh_token or spent,
            facts={**told, **grant.facts},
        )
        expected = marked.version
        for _ in range(STORE_TRIES):
            row = SecretStore(self.ports).seal_grant(
                self.integration_id, kept, version=expected + 1
            )
            if self._store(row, expected):
                return row
            with self.ports.storage.reading() as uow:
                newer = uow.tokens.get(self.integration_id)
            if newer is None:
                self.flow.end_grant(self.fields, kept.refresh_token or spent)
                raise Reconnect(f"{self.provider_name} was disconnected meanwhile: connect it.")
            if SecretStore(self.ports).open_tokens(newer)[1] != spent:
                return newer  # a new consent came in: a loser never writes
            expected = newer.version  # the same tokens, sealed anew with a new key
        raise OurBug(f"The new {self.provider_name} token could not be stored: report this.")

    def _store(self, row: TokenRow, expected_version: int) -> bool:
        for last_try in [False] * (STORE_TRIES - 1) + [True]:
            try:
                with self.ports.storage.writing() as uow:
                    swapped = uow.tokens.swap(row, expected_version=expected_version)
                    uow.commit()
            except Failure:
                if last_try:
                    raise
                self.ports.clock.pause(STORE_PAUSE_SECONDS)
            else:
                return swapped
        raise AssertionError("the last try returns or raises")

    def _hold_back(self, until: datetime) -> None:
        """No token call of this connection before then, whoever asks."""
        with self.ports.storage.writing() as uow:
            uow.leases.acquire(self._pause, self._pause, now=self.ports.clock.now(), until=until)
            uow.commit()

    @property
    def _is_single_use(self) -> bool:
        policy = self.flow.policy
        return policy.refresh_rotates and not policy.refresh_grace_seconds

    @property
    def _settling(self) -> str:
        return f"settling:{self.integration_id}"

    def _unanswered_so_far(self, uow: UnitOfWork, row: TokenRow) -> int:
        """Questions that were to settle these very tokens and got no answer."""
        of, _, questions = (uow.settings.get(self._settling) or "").partition(" ")
        return int(questions) if of == row.obtained_at.isoformat() else 0

    def _note_silence(self, before: TokenRow) -> int:
        """Count one more question without an answer; seconds to pause, twice as long each time."""
        questions = 0
        if before.uncertain:
            with self.ports.storage.writing() as uow:
                questions = self._unanswered_so_far(uow, before) + 1
                uow.settings.put(self._settling, f"{before.obtained_at.isoformat()} {questions}")
                uow.commit()
        return min(UNCERTAIN_PAUSE_SECONDS << questions, UNCERTAIN_PAUSE_SECONDS_MAX)

    def _silent(self, row: TokenRow) -> Reconnect:
        return self._ended(
            Reconnect(
                f"{self.provider_name} gave no usable answer for long while the connection was "
                "renewed, so what it holds may be used up: reconnect it. Imported books stay as "
                "they are.",
                detail="a single-use refresh token whose outcome nobody told",
            ),
            row,
        )

    def _unanswered(self, retry_at: datetime) -> ProviderDown:
        return ProviderDown(
            f"The sign-in service of {self.provider_name} gave no usable answer. The connection is "
            "kept and tried again; only if that is refused you will be asked to reconnect.",
            code="refresh-uncertain",
            retry_at=retry_at,
        )

    def _dead(self, detail: str, row: TokenRow) -> Reconnect:
        return self._ended(
            Reconnect(
                f"{self.provider_name} no longer accepts this connection: reconnect it. "
                "Imported books stay as they are.",
                detail=detail,
            ),
            row,
        )

    def _ended(self, failure: Reconnect, row: TokenRow) -> Reconnect:
        """The failure to raise, with the integration already marked."""
        mark_needs_reconnect(self.ports, self.integration_id, failure, token_version=row.version)
        return failure


def release_lock(ports: Ports, name: str, owner: str) -> None:
    """Free a lock. A database that stays busy does not spoil what was done under it: the lock then
    ends by itself.
    """
    for _ in range(STORE_TRIES):
        try:
            with ports.storage.writing() as uow:
                uow.leases.release(name, owner)
                uow.commit()
        except TryAgain:
            ports.clock.pause(STORE_PAUSE_SECONDS)
        else:
            return

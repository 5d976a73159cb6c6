"""Session tokens of connections by key or credentials: one login for all processes.

The machinery is that of the token refresh: take the lock, log in, store, then use; who finds the
lock held waits for what its owner stores. What differs: a login may be repeated without harm to
the session before it, except a *refused* one, which counts towards the locking of the account. So
a refusal marks the connection, and nobody logs in again before somebody reconnects it.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs
from attrs import define, field, frozen

from core.domain.failures import Failure, OurBug, ProviderDown, Reconnect, TryAgain, Wait
from core.domain.integration import Integration
from core.ports.provider import TOKEN_CALL_SECONDS_MAX
from core.ports.sessions import SESSION_NAME_CHARACTERS_MAX, Login, OwnSessions, Session
from core.ports.storage import UnitOfWork
from core.services.marking import UNUSABLE, known_dead, mark_needs_reconnect
from core.services.ports import Ports
from core.services.secrets import SecretStore, forget_sessions, session_row
from core.services.tokens import (
    LOCK_POLL_GROWTH,
    LOCK_POLL_SECONDS,
    LOCK_POLL_SECONDS_MAX,
    release_lock,
)

LOGIN_LOCK_SECONDS: Final = 2 * TOKEN_CALL_SECONDS_MAX + 30
"""Longer than a login that needs another login first."""
LOGIN_WAIT_SECONDS: Final = LOGIN_LOCK_SECONDS + 10
"""Longer than the lock: who waits for a process that was killed gets its turn."""
LOGIN_PAUSE_SECONDS: Final = 30
"""Nobody logs in again for this long after a login that got no answer."""
RENEW_AGAIN_SECONDS: Final = 60
"""A session made in place of a refused one, and refused within this, is not replaced again."""

_INSTANTS: Final = ("obtained_at", "expires_at")
_AFTER_REFUSAL: Final = "after_refusal"


@frozen
class _Held:
    """A session as stored. ``after_refusal``: it was made in place of one that was refused."""

    session: Session
    after_refusal: bool = False


def session_text(session: Session) -> str:
    """One session as text; the inverse of session_from."""
    document = attrs.asdict(session)
    for name in _INSTANTS:
        document[name] = document[name].isoformat() if document[name] is not None else None
    return json.dumps(document)


def session_from(text: str) -> Session:
    document = json.loads(text)
    for name in _INSTANTS:
        document[name] = datetime.fromisoformat(document[name]) if document[name] else None
    return Session(**document)


def put_sessions(ports: Ports, uow: UnitOfWork, integration_id: str, own: OwnSessions) -> None:
    """Keep the sessions that credentials obtained on trial; those of earlier credentials go."""
    forget_sessions(uow, integration_id)
    for name, session in own.obtained.items():
        _put(ports, uow, integration_id, name, _Held(session))


@define
class IntegrationSessions:
    """Implements core.ports.sessions.Sessions for one integration, as it was when opened."""

    ports: Ports
    integration: Integration = field(repr=False)
    provider_name: str

    def current(self, name: str, login: Login) -> str:
        """The stored session while it is good, else one made now."""
        return self._settled(name, login, self._good, rejected=None)

    def renewed(self, name: str, rejected: str, login: Login) -> str:
        """Another session than the rejected one: stored meanwhile, or made now."""

        def other(held: _Held) -> bool:
            return held.session.token != rejected and self._good(held)

        return self._settled(name, login, other, rejected=rejected)

    def _good(self, held: _Held) -> bool:
        session = held.session
        margin = timedelta(seconds=session.margin_seconds)
        return session.expires_at is None or self.ports.clock.now() < session.expires_at - margin

    # -- one login at a time -----------------------------------------------------------------------

    def _settled(
        self, name: str, login: Login, wanted: Callable[[_Held], bool], *, rejected: str | None
    ) -> str:
        """The token of a wanted session, made here or by whoever was first."""
        _check_name(name)
        owner = self.ports.ids.secret()
        lock = f"login:{self.integration.id}:{name}"
        waited, pause = 0.0, LOCK_POLL_SECONDS
        while True:
            with self.ports.storage.reading() as uow:
                held = self._held(uow, name)
                busy = uow.leases.holder(lock, now=self.ports.clock.now()) is not None
            if held is not None and wanted(held):
                return held.session.token
            if held is not None and held.session.token == rejected:
                self._require_sense(held)
            if not busy and self._claim(lock, owner, name, held):
                break
            if waited >= LOGIN_WAIT_SECONDS:
                raise TryAgain(
                    f"Another process is signing in to {self.provider_name}: try again.",
                    code="login-busy",
                )
            self.ports.clock.pause(pause)
            waited += pause
            pause = min(pause * LOCK_POLL_GROWTH, LOCK_POLL_SECONDS_MAX)
        try:
            made = _Held(self._log_in(name, login), after_refusal=rejected is not None)
            return self._keep(name, made, held, wanted)
        finally:
            release_lock(self.ports, lock, owner)

    def _held(self, uow: UnitOfWork, name: str) -> _Held | None:
        """What is stored; Reconnect for a dead connection, TryAgain when credentials changed."""
        stored = uow.integrations.get(self.integration.id)
        if stored is not None and stored.status in UNUSABLE:
            raise known_dead(stored, self.provider_name)
        if stored is not None and stored.authorised_at != self.integration.authorised_at:
            raise TryAgain(
                f"{self.provider_name} was reconnected meanwhile: it goes on with the new "
                "credentials by itself.",
                code="credentials-changed",
            )
        row = session_row(self.integration.id, name)
        document = SecretStore(self.ports).get(uow, row)
        if not document:
            return None
        session = session_from(document["session"])
        return _Held(session, after_refusal=_AFTER_REFUSAL in document)

    def _require_sense(self, held: _Held) -> None:
        """A session made in place of a refused one, refused itself: no login mends that."""
        age = self.ports.clock.now() - held.session.obtained_at
        if held.after_refusal and age < timedelta(seconds=RENEW_AGAIN_SECONDS):
            raise ProviderDown(
                f"{self.provider_name} refuses the session it has just given: "
                "the import is tried again later.",
                code="session-contradiction",
                retry_at=held.session.obtained_at + timedelta(seconds=RENEW_AGAIN_SECONDS),
            )

    def _claim(self, lock: str, owner: str, name: str, seen: _Held | None) -> bool:
        """Take the lock, if nothing was stored since the caller looked. False: look again."""
        now = self.ports.clock.now()
        until = now + timedelta(seconds=LOGIN_LOCK_SECONDS)
        with self.ports.storage.writing() as uow:
            if self._held(uow, name) != seen:
                return False
            if uow.leases.holder(self._pause(name), now=now) is not None:
                raise self._unanswered(now + timedelta(seconds=LOGIN_PAUSE_SECONDS))
            taken = uow.leases.acquire(lock, owner, now=now, until=until)
            uow.commit()
        return taken

    def _log_in(self, name: str, login: Login) -> Session:
        try:
            return login()
        except Reconnect as refused:
            mark_needs_reconnect(self.ports, self.integration.id, refused, seen=self.integration)
            raise
        except Failure as failure:
            until = failure.retry_at
            if until is None and isinstance(failure, ProviderDown):
                until = self.ports.clock.now() + timedelta(seconds=LOGIN_PAUSE_SECONDS)
            if until is not None and isinstance(failure, ProviderDown | Wait):
                self._hold_back(name, until)
            raise

    def _keep(
        self, name: str, made: _Held, seen: _Held | None, wanted: Callable[[_Held], bool]
    ) -> str:
        """Store, then use. Who was so slow that somebody else logged in uses that session."""
        with self.ports.storage.writing() as uow:
            now_held = self._held(uow, name)
            if now_held != seen and now_held is not None and wanted(now_held):
                return now_held.session.token
            _put(self.ports, uow, self.integration.id, name, made)
            uow.commit()
        return made.session.token

    # -- failures ----------------------------------------------------------------------------------

    def _pause(self, name: str) -> str:
        return f"login-pause:{self.integration.id}:{name}"

    def _hold_back(self, name: str, until: datetime) -> None:
        """No login of that name before then, whoever asks."""
        pause = self._pause(name)
        with self.ports.storage.writing() as uow:
            uow.leases.acquire(pause, pause, now=self.ports.clock.now(), until=until)
            uow.commit()

    def _unanswered(self, retry_at: datetime) -> ProviderDown:
        return ProviderDown(
            f"{self.provider_name} did not take the last sign-in, which is not repeated at once: "
            "the import is tried again later.",
            code="login-held-back",
            retry_at=retry_at,
        )


def _put(ports: Ports, uow: UnitOfWork, integration_id: str, name: str, held: _Held) -> None:
    document = {"session": session_text(held.session)}
    if held.after_refusal:
        document[_AFTER_REFUSAL] = "yes"
    SecretStore(ports).put(uow, session_row(integration_id, name), document)


def _check_name(name: str) -> None:
    if not 0 < len(name) <= SESSION_NAME_CHARACTERS_MAX:
        raise OurBug("A session has no usable name: report it.", detail=f"{len(name)} characters")

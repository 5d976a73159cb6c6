"""Session tokens of providers that are connected by key or credentials, kept for all processes.

Such a provider trades the key (or user and password) for a token that lives for minutes or hours.
Logins are dear: some are counted against a daily quota, and some providers lock the account of
somebody who repeats a refused one. So an adapter never logs in by itself: it hands its login to
``credentials.sessions``, which calls it only when no process has a session that is still good.

How an adapter uses it::

    def _login(self) -> Session:  # one request, never repeated; Reconnect when refused for good
        asked_at = self._kit.clock.now()
        token = ...
        return Session(token=token, obtained_at=asked_at, expires_at=asked_at + LIFE)

    token = self._sessions.current("user", self._login)
    try:
        return self._ask(token, question)
    except Reconnect as refused:  # the provider calls this session over
        if refused.code != ACCESS_REFUSED:
            raise
        return self._ask(self._sessions.renewed("user", token, self._login), question)

A login may itself need another session (Octopus: the token of a dossier is asked with that of the
user): call ``current`` for it inside the login, so that it is asked only when needed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from attrs import define, field, frozen

from core.domain.failures import Reconnect

SESSION_MARGIN_SECONDS: Final = 30
SESSION_NAME_CHARACTERS_MAX: Final = 100


@frozen(kw_only=True)
class Session:
    """What a login answered. ``obtained_at`` is the instant before the login left.

    ``expires_at`` None: nobody says when it ends, it is used until the provider refuses it.
    """

    token: str = field(repr=False)
    obtained_at: datetime
    expires_at: datetime | None
    margin_seconds: int = SESSION_MARGIN_SECONDS
    """Replaced this long before its end: longer than the longest call made with it."""


Login: TypeAlias = Callable[[], Session]
"""Logs in once; over within TOKEN_CALL_SECONDS_MAX (core.ports.provider).

Reconnect when the key or credentials are refused *for certain*: the connection is then marked, and
no process logs in again until somebody reconnects it. Any other Failure leaves the connection
as it is (ProviderDown for no answer, Wait for a limit, FixSettings for a missing right).
"""


class Sessions(Protocol):
    """The sessions of one connection, by a name the adapter chooses (``user``, ``dossier:42``).

    Sealed at rest, shared by all processes, one login per name at a time, deleted when the
    connection ends or its credentials change. Names are stored in plain: no secrets, at most
    SESSION_NAME_CHARACTERS_MAX characters.
    """

    def current(self, name: str, login: Login) -> str:
        """The token of a session believed good; logs in when there is none.

        Reconnect, without any call, for a connection that is known to be dead.
        """
        ...

    def renewed(self, name: str, rejected: str, login: Login) -> str:
        """Another token than the one the provider just refused: made by whoever was first.

        ProviderDown, without a login, when that session was itself made a moment ago in place of
        a refused one: logging in again would go on for ever.
        """
        ...


@define
class OwnSessions:
    """Implements Sessions for one source only, in memory: credentials that are on trial, tests.

    ``obtained``: what may be kept when the credentials are taken over.
    """

    obtained: dict[str, Session] = field(factory=dict, repr=False)
    _refused: Reconnect | None = field(default=None, init=False)

    def current(self, name: str, login: Login) -> str:
        """A refused login is not tried again by this source, whatever the name."""
        if self._refused is not None:
            raise self._refused
        if name not in self.obtained:
            try:
                self.obtained[name] = login()
            except Reconnect as refused:
                self._refused = refused
                raise
        return self.obtained[name].token

    def renewed(self, name: str, rejected: str, login: Login) -> str:
        held = self.obtained.get(name)
        if held is not None and held.token == rejected:
            del self.obtained[name]
        return self.current(name, login)

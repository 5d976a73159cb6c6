"""Waiting for a person to allow access in a browser, or taking the answer they paste."""

import contextlib
import sys
import webbrowser
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from core.domain.catalogue import entry_of
from core.domain.failures import CorrectRequest, Failure, Reconnect
from core.domain.integration import Integration, IntegrationStatus
from core.ports.connections import OAuthAttempt
from core.services.connecting import Connection
from interfaces.browser import has_display
from interfaces.cli.output import console, say, when
from interfaces.cli.session import Session
from interfaces.oauth_answer import QUERY_BYTES_MAX, pasted

if TYPE_CHECKING:
    from rich.status import Status

POLL_SECONDS: Final = 0.5
ANSWER_GRACE: Final = timedelta(seconds=90)
"""An answer that came in time may still be traded for a token when the time is over."""

ADDRESS_CHARACTERS_MAX: Final = QUERY_BYTES_MAX + 1_024


def authorised(
    session: Session, begun: Connection, *, paste: bool, browser: bool
) -> tuple[Connection, str]:
    """(the connection as the consent left it, the sentence that tells it).

    Reconnect when access was refused or nobody answered in time.
    """
    assert begun.authorize_url is not None, "only OAuth connections are authorised"
    try:
        return _consented(session, begun, paste=paste, browser=browser)
    except (Failure, KeyboardInterrupt):
        if begun.integration.account is None:
            _tell_kept(begun.integration)
        raise


def _tell_kept(begun: Integration) -> None:
    """It stays among the connections, where a later answer or another attempt completes it."""
    say(
        f"The connection {begun.id} waits for its consent: monitr reconnect {begun.id} asks again, "
        f"monitr disconnect {begun.id} ends it."
    )


def _consented(
    session: Session, begun: Connection, *, paste: bool, browser: bool
) -> tuple[Connection, str]:
    with contextlib.nullcontext() if paste else session.launcher.callbacks():
        _show(begun, browser=browser and not paste)
        if paste:
            return _pasted(session, begun)
        attempt = _awaited(session, begun)
    assert attempt.outcome is not None, "awaited"
    if attempt.failed:
        raise Reconnect(attempt.outcome, code="not-authorised")
    return _settled(session, begun.integration, attempt), attempt.outcome


def _show(begun: Connection, *, browser: bool) -> None:
    name = entry_of(begun.integration.provider).name
    say(
        f"Open this link, log in at {name} and allow access. It works until "
        f"{when(begun.authorize_until)}:"
    )
    say(f"\n  {begun.authorize_url}\n".strip("\n"))
    say(f"{name} then sends your browser to {begun.redirect_uri}")
    if browser and has_display() and not webbrowser.open(begun.authorize_url or ""):
        say("No browser could be opened here: open the link yourself.")


def _awaited(session: Session, begun: Connection) -> OAuthAttempt:
    """The attempt once it has an outcome; Reconnect when its time is over without one."""
    services, clock = session.services, session.services.ports.clock
    with _countdown() as tell:
        while True:  # ends: time passes, and an attempt is over at its end
            attempt = services.connecting.attempt(session.organisation_id, begun.integration.id)
            if attempt.outcome is not None:
                return attempt
            now = clock.now()
            answered = attempt.used_at is not None
            if now >= attempt.expires_at + (ANSWER_GRACE if answered else timedelta(0)):
                raise Reconnect(
                    f"{entry_of(attempt.provider).name} sent no answer in time, so nothing was "
                    "connected: start again, or use --paste if your browser runs elsewhere.",
                    code="no-answer",
                )
            tell(attempt.expires_at - now)
            clock.pause(POLL_SECONDS)


class _Countdown:
    """Minutes and seconds left, on a terminal only."""

    def __init__(self, status: "Status | None") -> None:
        self._status = status

    def __call__(self, left: timedelta) -> None:
        if self._status is not None:
            minutes, seconds = divmod(max(0, int(left.total_seconds())), 60)
            self._status.update(f"Waiting for the answer, {minutes}:{seconds:02d} left")


@contextlib.contextmanager
def _countdown() -> Iterator[_Countdown]:
    if not sys.stderr.isatty():
        yield _Countdown(None)
        return
    with console(stderr=True).status("Waiting for the answer") as status:
        yield _Countdown(status)


def _pasted(session: Session, begun: Connection) -> tuple[Connection, str]:
    say("Paste the address your browser ended on, then press Enter:")
    text = sys.stdin.readline(ADDRESS_CHARACTERS_MAX + 1)
    if len(text) > ADDRESS_CHARACTERS_MAX:
        raise CorrectRequest("That is too long to be the address.", code="answer-too-long")
    provider, answer = pasted(text, begun.integration.provider)
    completion = session.services.authorising.complete(
        provider,
        answer,
        organisation_id=session.organisation_id,
        operator=session.operator,
    )
    if not completion.connected and completion.review is None:
        raise Reconnect(completion.sentence, code="not-authorised")
    connection = session.services.connecting.get(
        completion.organisation_id, completion.integration_id
    )
    return connection, completion.sentence


def _settled(session: Session, begun: Integration, attempt: OAuthAttempt) -> Connection:
    """The connection that has the consent now.

    The same account may have been connected before: then that connection took the consent over and
    the one begun here has ended.
    """
    connecting = session.services.connecting
    connection = connecting.get(session.organisation_id, begun.id)
    if connection.integration.status is not IntegrationStatus.DISCONNECTED:
        return connection
    living = [
        one
        for one in connecting.integrations(session.organisation_id)
        if one.provider == attempt.provider and one.status is not IntegrationStatus.DISCONNECTED
    ]
    if not living:
        return connection
    newest = max(living, key=lambda one: one.authorised_at or one.created_at)
    return connecting.get(session.organisation_id, newest.id)


def adopted_since(connection: Connection, begun_at: datetime) -> bool:
    """Whether the consent is in use; if not, it waits for the operator to confirm it."""
    authorised_at = connection.integration.authorised_at
    return authorised_at is not None and authorised_at >= begun_at

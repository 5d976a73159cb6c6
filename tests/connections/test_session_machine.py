"""The life of a session in any order: log in, expire, be dropped, refused, killed, ended.

The provider locks the account at the second refused login with the same password. Whatever
happens: it is never locked, nobody logs in while a good session is stored, and nothing sealed is
left of what was ended.
"""

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.storage.memory.storage import MemoryStorage
from core.domain.failures import Failure, ProviderDown, Reconnect
from core.domain.integration import IntegrationStatus
from core.ports.sessions import Session
from core.ports.storage import Storage
from core.services.secrets import reseal_all
from core.services.sessions import (
    LOGIN_LOCK_SECONDS,
    LOGIN_PAUSE_SECONDS,
    RENEW_AGAIN_SECONDS,
    IntegrationSessions,
)
from tests.fake_provider import GOOD_KEY
from tests.services.house import BASE, OPERATOR, House
from tests.storage.sql_files import fresh_sql

LIFE_SECONDS = 600
NAMES = ("user", "dossier:1")


class Killed(BaseException):
    """SIGKILL while the login is out: the lock stays as it is."""


class Logins(RuleBasedStateMachine):
    """``current`` is the integration under test; ``opened`` a source that was opened earlier."""

    def storage(self) -> Storage:
        return MemoryStorage()

    def __init__(self) -> None:
        super().__init__()
        self.house = House(storage=self.storage())
        self.living: dict[str, str] = {}
        self.password_good = True
        self.refused = self.made = 0
        self.order = ""
        self.current: str | None = None
        self.opened: IntegrationSessions | None = None
        self.ended: list[str] = []

    def teardown(self) -> None:
        self.house.storage.close()

    def login(self, name: str) -> Session:
        """As the provider sees it."""
        order, self.order = self.order, ""
        if order == "down":
            raise ProviderDown("Down: later.")
        if not self.password_good:
            self.refused += 1
            raise Reconnect("Refused: enter it again.")
        self.made += 1
        token = f"canary-session-{self.made}"
        self.living[name] = token
        if order == "killed":
            raise Killed
        now = self.house.clock.now()
        expires_at = now + timedelta(seconds=LIFE_SECONDS)
        return Session(token=token, obtained_at=now, expires_at=expires_at)

    def sessions(self) -> IntegrationSessions:
        assert self.current is not None
        connection = self.house.services.connecting.get(self.house.org, self.current)
        return IntegrationSessions(
            ports=self.house.ports, integration=connection.integration, provider_name="Octopus"
        )

    def status(self) -> IntegrationStatus:
        return self.sessions().integration.status

    # -- rules -------------------------------------------------------------------------------------

    @precondition(lambda self: self.current is None)
    @rule()
    def connect(self) -> None:
        self.current = self.house.connect_odoo()
        self.house.follow(self.current)
        self._new_password()

    @precondition(lambda self: self.current)
    @rule()
    def reconnect(self) -> None:
        assert self.current is not None
        self.house.clock.advance(timedelta(seconds=1))
        self.house.services.connecting.reconnect(
            self.house.org,
            self.current,
            {"api_key": GOOD_KEY},
            operator=OPERATOR,
            redirect_base=BASE,
        )
        self._new_password()
        assert self.status() is IntegrationStatus.ACTIVE

    def _new_password(self) -> None:
        self.password_good, self.refused, self.living = True, 0, {}

    @precondition(lambda self: self.current)
    @rule()
    def disconnect(self) -> None:
        assert self.current is not None
        self.house.services.connecting.disconnect(self.house.org, self.current, operator=OPERATOR)
        self.ended.append(self.current)
        self.current, self.opened = None, None

    @precondition(lambda self: self.current)
    @rule()
    def open_a_source_that_stays_open(self) -> None:
        self.opened = self.sessions()

    @rule()
    def the_password_is_changed_at_the_provider(self) -> None:
        self.password_good, self.living = False, {}

    @rule(name=st.sampled_from(NAMES))
    def the_provider_drops_a_session(self, name: str) -> None:
        self.living.pop(name, None)

    @rule(seconds=st.sampled_from([1, RENEW_AGAIN_SECONDS, LIFE_SECONDS, 24 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.house.clock.advance(timedelta(seconds=seconds))
        if seconds >= LIFE_SECONDS:
            self.living = {}

    @rule()
    def the_vault_gets_a_new_key(self) -> None:
        self.house.vault.newest = b"k2" if self.house.vault.newest == b"k1" else b"k1"
        reseal_all(self.house.ports)

    @precondition(lambda self: self.current)
    @rule(order=st.sampled_from(["down", "killed"]), name=st.sampled_from(NAMES))
    def the_next_login_goes_wrong(self, order: str, name: str) -> None:
        self.order = order
        with suppress(Failure, Killed):
            self._use(self.sessions(), name)
        self.order = ""
        self.house.clock.advance(timedelta(seconds=LOGIN_LOCK_SECONDS + LOGIN_PAUSE_SECONDS))

    @precondition(lambda self: self.opened)
    @rule(name=st.sampled_from(NAMES))
    def use_what_was_opened_earlier(self, name: str) -> None:
        assert self.opened is not None
        with suppress(Failure):
            self._use(self.opened, name)

    @precondition(lambda self: self.current)
    @rule(name=st.sampled_from(NAMES))
    def use(self, name: str) -> None:
        """What a run does: a session that works, or the one sentence, and no login if known."""
        known_dead = self.status() is IntegrationStatus.NEEDS_RECONNECT
        before = self.made, self.refused
        try:
            token = self._use(self.sessions(), name)
        except Reconnect:
            assert not self.password_good
            assert self.status() is IntegrationStatus.NEEDS_RECONNECT
        except ProviderDown as failure:
            if failure.code != "session-contradiction":
                raise
        else:
            assert token == self.living[name]
        if known_dead:
            assert (self.made, self.refused) == before

    def _use(self, sessions: IntegrationSessions, name: str) -> str:
        """As an adapter does: renewed once when refused."""
        good = self.living.get(name)
        before = self.made
        token = sessions.current(name, lambda: self.login(name))
        if token == good:
            assert self.made == before, "a good session was at hand"
        if token == self.living.get(name):
            return token
        return sessions.renewed(name, token, lambda: self.login(name))

    # -- what always holds -------------------------------------------------------------------------

    @invariant()
    def the_account_is_not_locked(self) -> None:
        assert self.refused <= 1

    @invariant()
    def what_ended_left_no_secret(self) -> None:
        with self.house.storage.reading() as uow:
            for integration_id in self.ended:
                assert not [row for row in uow.secrets.rows() if integration_id in row]


class SqlLogins(Logins):
    """The same on SQLite."""

    def storage(self) -> Storage:
        self.folder = tempfile.TemporaryDirectory(prefix="monitr-logins-")
        return fresh_sql(Path(self.folder.name))

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


@pytest.mark.parametrize(
    ("machine", "examples"), [(Logins, 40), (SqlLogins, 6)], ids=["memory", "sqlite"]
)
def test_no_account_is_ever_locked(machine: type[Logins], examples: int) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )


@pytest.mark.fire
@pytest.mark.parametrize(
    ("machine", "examples"), [(Logins, 600), (SqlLogins, 60)], ids=["memory", "sqlite"]
)
def test_no_account_is_ever_locked_for_longer(machine: type[Logins], examples: int) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=50, deadline=None)
    )

"""A connection's whole life in any order: connect, expire, lose, crash, revoke, reconnect, end.

The provider rotates its refresh tokens, ends the grant when a spent one comes back, and counts.
Whatever happens: a connection is called dead only when it is, a grant that the protocol lets us
keep is kept, a dead one is asked about once and never again, and what is ended leaves no secret.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from attrs import define
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
from core.ports.provider import OutcomeUnknown, TokenGrant
from core.ports.storage import Storage, UnitOfWork
from core.services.ports import Ports
from core.services.secrets import SecretStore, reseal_all
from core.services.tokens import REFRESH_LOCK_SECONDS, UNCERTAIN_PAUSE_SECONDS, IntegrationTokens
from tests.fake_provider import ACCESS_SECONDS, GOOD_CODE, FakeFlow
from tests.services.house import BASE, OPERATOR, House
from tests.storage.sql_files import fresh_sql

DEAD = {IntegrationStatus.NEEDS_RECONNECT, IntegrationStatus.DISCONNECTED}
IDLE_SECONDS = 30 * 24 * 3600
STEPS = ("before sending", "after sending", "before the commit", "after the commit")


class Killed(BaseException):
    """SIGKILL: nothing of that process runs any more, no ``finally`` reaches the database."""


@define
class StrictFlow(FakeFlow):
    """Ends the grant when a spent refresh token comes back; obeys orders for its next answer."""

    order: str = ""
    """``lost before``, ``lost after``, ``down``, or a step at which the asking process dies."""
    dying_at: str = ""
    """The step at which the process that got the answer dies; its storage obeys."""
    replays: int = 0
    """Spent tokens that came back since the last consent."""

    def exchange(
        self,
        fields: Mapping[str, str],
        *,
        redirect_uri: str,
        code: str,
        verifier: str,
        answer: Mapping[str, str] = MappingProxyType({}),
    ) -> TokenGrant:
        self.replays = 0
        return FakeFlow.exchange(
            self,
            fields,
            redirect_uri=redirect_uri,
            code=code,
            verifier=verifier,
            answer=answer,
        )

    def refresh(self, fields: Mapping[str, str], refresh_token: str) -> TokenGrant:
        order, self.order = self.order, ""
        if order == "down":
            raise ProviderDown("Down.")
        if order == "lost before":
            raise OutcomeUnknown
        if order == "before sending":
            raise Killed
        if refresh_token != self.refresh_token:
            self.replays += 1
            self.revoke()
        grant = FakeFlow.refresh(self, fields, refresh_token)
        if order == "lost after":
            raise OutcomeUnknown
        if order == "after sending":
            raise Killed
        self.dying_at = order if order in STEPS else ""
        return grant


@define
class MortalStorage:
    """Implements Storage for one process, which may die before or after it stored its token."""

    genuine: Storage
    flow: StrictFlow
    dead: bool = False

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        self._alive()
        with self.genuine.reading() as uow:
            yield uow

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        self._alive()
        step, self.flow.dying_at = self.flow.dying_at, ""
        if step == "before the commit":
            self.die()
        with self.genuine.writing() as uow:
            yield uow
        if step == "after the commit":
            self.die()

    def close(self) -> None:
        """The genuine one is closed by its owner."""

    def die(self) -> None:
        self.dead = True
        raise Killed

    def _alive(self) -> None:
        if self.dead:
            raise Killed


class Connections(RuleBasedStateMachine):
    """``self.current`` is the integration under test, None while there is none."""

    def storage(self) -> Storage:
        return MemoryStorage()

    def __init__(self) -> None:
        super().__init__()
        self.house = House(storage=self.storage())
        self.flow = StrictFlow(self.house.exact, idle_seconds=IDLE_SECONDS)
        self.house.exact.oauth = self.flow
        self.current: str | None = None
        self.ended: list[str] = []
        self.alive = False
        """Whether the protocol lets us keep the grant: the provider's living token is ours."""

    def teardown(self) -> None:
        self.house.storage.close()

    # -- what a process does -----------------------------------------------------------------------

    def tokens(self, storage: Storage | None = None) -> IntegrationTokens:
        assert self.current is not None
        house = self.house.ports
        ports = Ports(
            storage=storage or house.storage,
            vault=house.vault,
            doorbell=house.doorbell,
            clock=house.clock,
            ids=house.ids,
            providers=house.providers,
        )
        return IntegrationTokens(
            ports=ports,
            integration_id=self.current,
            provider_name="Exact Online",
            flow=self.flow,
            fields={},
        )

    def stored(self) -> tuple[str, str, bool]:
        assert self.current is not None
        with self.house.storage.reading() as uow:
            row = uow.tokens.get(self.current)
        assert row is not None
        return (*SecretStore(self.house.ports).open_tokens(row), row.uncertain)

    def status(self) -> IntegrationStatus:
        assert self.current is not None
        return self.house.services.connecting.get(self.house.org, self.current).integration.status

    def consent(self) -> None:
        self.flow.order = ""
        self.flow.good_codes.add(GOOD_CODE)
        completion = self.house.services.authorising.complete(
            "exact-online", {"state": self.flow.states[-1], "code": GOOD_CODE}
        )
        if completion.review is not None:
            self.house.services.connecting.confirm_reconnect(
                self.house.org, completion.integration_id, operator=OPERATOR
            )
        self.alive = True

    # -- rules -------------------------------------------------------------------------------------

    @precondition(lambda self: self.current is None)
    @rule()
    def connect(self) -> None:
        self.current, _ = self.house.begin_exact()
        self.consent()
        self.house.follow(self.current)

    @precondition(lambda self: self.current)
    @rule(account=st.sampled_from(["acct-1", "acct-1", "acct-2"]))
    def reconnect(self, account: str) -> None:
        assert self.current is not None
        self.house.exact.change_account(account, account)
        self.house.services.connecting.reconnect(
            self.house.org, self.current, {}, operator=OPERATOR, redirect_base=BASE
        )
        self.consent()
        assert self.status() is IntegrationStatus.ACTIVE

    @precondition(lambda self: self.current)
    @rule()
    def begin_a_reconnect_and_leave_it(self) -> None:
        assert self.current is not None
        self.house.services.connecting.reconnect(
            self.house.org, self.current, {}, operator=OPERATOR, redirect_base=BASE
        )

    @precondition(lambda self: self.current)
    @rule()
    def disconnect(self) -> None:
        assert self.current is not None
        self.house.services.connecting.disconnect(self.house.org, self.current, operator=OPERATOR)
        self.ended.append(self.current)
        self.current, self.alive = None, False

    @rule()
    def the_consent_is_withdrawn_at_the_provider(self) -> None:
        self.flow.revoke()
        self.alive = False

    @rule(seconds=st.sampled_from([1, ACCESS_SECONDS - 30, ACCESS_SECONDS, 24 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.house.clock.advance(timedelta(seconds=seconds))
        if seconds >= ACCESS_SECONDS:
            self.flow.access.clear()

    @rule()
    def the_vault_gets_a_new_key(self) -> None:
        self.house.vault.newest = b"k2" if self.house.vault.newest == b"k1" else b"k1"
        reseal_all(self.house.ports)

    @precondition(lambda self: self.current)
    @rule()
    def look_after_it(self) -> None:
        self.house.services.keeping_alive.tend()

    @precondition(lambda self: self.current)
    @rule(order=st.sampled_from(["lost before", "lost after", "down"]))
    def the_next_refresh_goes_wrong(self, order: str) -> None:
        self.house.clock.advance(timedelta(seconds=ACCESS_SECONDS + UNCERTAIN_PAUSE_SECONDS))
        self.flow.access.clear()
        self.flow.order = order
        with suppress(Failure):
            self.tokens().current()
        self.flow.order = ""
        if order == "lost after":
            self.alive = False

    @precondition(lambda self: self.current)
    @rule(step=st.sampled_from(STEPS))
    def the_refreshing_process_is_killed(self, step: str) -> None:
        self.house.clock.advance(timedelta(seconds=ACCESS_SECONDS + UNCERTAIN_PAUSE_SECONDS))
        self.flow.access.clear()
        self.flow.order = step
        mortal = MortalStorage(self.house.storage, self.flow)
        killed = False
        try:
            self.tokens(mortal).current()
        except Killed:
            killed = True
        except Failure:
            pass
        self.flow.order = self.flow.dying_at = ""
        if killed and step in {"after sending", "before the commit"}:
            self.alive = False
        if killed:
            self.house.clock.advance(timedelta(seconds=REFRESH_LOCK_SECONDS))

    @precondition(lambda self: self.current and self.status() not in DEAD)
    @rule()
    def two_are_refused_the_same_token(self) -> None:
        rejected, _, _ = self.stored()
        before = self.house.exact.calls["refresh"]
        found = []
        for _ in range(2):
            with suppress(Failure):
                found.append(self.tokens().renewed(rejected))
        assert len(set(found)) <= 1
        assert self.house.exact.calls["refresh"] - before <= 1 or not found

    @precondition(lambda self: self.current)
    @rule()
    def use(self) -> None:
        """What a night does: a token that works, or the one sentence, and no call if known."""
        self.house.clock.advance(timedelta(seconds=ACCESS_SECONDS + UNCERTAIN_PAUSE_SECONDS))
        self.flow.access.clear()
        known_dead = self.status() in DEAD
        calls = self.house.exact.calls["refresh"]
        try:
            access = self.tokens().current()
        except Reconnect:
            assert not self.alive, "a grant that could be kept was given up"
            assert self.status() is IntegrationStatus.NEEDS_RECONNECT
        else:
            assert self.alive
            assert access in self.flow.access
            assert not known_dead
        if known_dead:
            assert self.house.exact.calls["refresh"] == calls, "a dead connection was called"

    # -- what always holds -------------------------------------------------------------------------

    @invariant()
    def a_living_grant_is_never_called_dead(self) -> None:
        if self.current is not None and self.alive:
            assert self.status() is IntegrationStatus.ACTIVE

    @invariant()
    def a_living_grant_is_held_or_about_to_be_settled(self) -> None:
        if self.current is not None and self.alive:
            assert self.stored()[1] == self.flow.refresh_token

    @invariant()
    def a_spent_token_comes_back_once_at_most(self) -> None:
        assert self.flow.replays <= 1

    @invariant()
    def what_ended_left_no_secret(self) -> None:
        with self.house.storage.reading() as uow:
            for integration_id in self.ended:
                assert uow.tokens.get(integration_id) is None
                assert not [row for row in uow.secrets.rows() if integration_id in row]


class SqlConnections(Connections):
    """The same on SQLite."""

    def storage(self) -> Storage:
        self.folder = tempfile.TemporaryDirectory(prefix="monitr-machine-")
        return fresh_sql(Path(self.folder.name))

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


@pytest.mark.parametrize(
    ("machine", "examples"), [(Connections, 40), (SqlConnections, 8)], ids=["memory", "sqlite"]
)
def test_whatever_happens(machine: type[Connections], examples: int) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )


@pytest.mark.fire
@pytest.mark.parametrize(
    ("machine", "examples"), [(Connections, 600), (SqlConnections, 60)], ids=["memory", "sqlite"]
)
def test_whatever_happens_for_longer(machine: type[Connections], examples: int) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=50, deadline=None)
    )

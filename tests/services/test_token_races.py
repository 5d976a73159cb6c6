"""Token refreshes of several at once, and what else may happen meanwhile: losers never write."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from adapters.storage.memory.storage import MemoryStorage
from core.domain.failures import ProviderDown, Reconnect, TryAgain
from core.domain.integration import IntegrationStatus
from core.ports.provider import TOKEN_CALL_SECONDS_MAX, OutcomeUnknown, TokenGrant
from core.ports.storage import UnitOfWork
from core.services.secrets import reseal_all
from core.services.tokens import REFRESH_LOCK_SECONDS, IntegrationTokens, mark_needs_reconnect
from tests.fake_provider import FakeFlow
from tests.services.house import House
from tests.services.token_house import expire, row_of, status_of, tokens_of


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def tokens(house: House) -> IntegrationTokens:
    return tokens_of(house, house.connect_exact())


def test_many_threads_one_refresh(house: House, tokens: IntegrationTokens) -> None:
    """The fake's refresh tokens are single use: a second refresh would kill the connection."""
    expire(house)
    found: list[str] = []
    barrier = threading.Barrier(20)

    def ask() -> None:
        barrier.wait()
        found.append(tokens.current())

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len(set(found)) == 1
    assert house.exact.calls["refresh"] == 1


def test_a_refusal_while_the_stored_token_changed_is_a_race(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    genuine = FakeFlow.refresh

    def losing(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        monkeypatch.setattr(FakeFlow, "refresh", genuine)
        grant = genuine(self, fields, refresh_token)
        with house.storage.reading() as uow:
            row = uow.tokens.get(tokens.integration_id)
        assert row is not None
        tokens._keep(row, grant, refresh_token)
        raise Reconnect("Old refresh token used.")

    monkeypatch.setattr(FakeFlow, "refresh", losing)
    assert tokens.current() in house.exact.flow.access
    integration = house.services.connecting.get(house.org, tokens.integration_id).integration
    assert integration.status is IntegrationStatus.PENDING, "not marked as dead"


def test_a_lock_left_by_a_dead_process_ends(house: House, tokens: IntegrationTokens) -> None:
    expire(house)
    now = house.clock.now()
    with house.storage.writing() as uow:
        uow.leases.acquire(
            f"refresh:{tokens.integration_id}",
            "somebody dead",
            now=now,
            until=now + timedelta(seconds=REFRESH_LOCK_SECONDS),
        )
        uow.commit()
    assert tokens.current() in house.exact.flow.access
    waited_seconds = sum(house.clock.pauses)
    assert REFRESH_LOCK_SECONDS <= waited_seconds <= REFRESH_LOCK_SECONDS + 1


def test_a_key_rotation_during_a_refresh_loses_no_token(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    genuine = FakeFlow.refresh

    def with_rotation(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        house.vault.newest = b"k2"
        reseal_all(house.ports)
        return genuine(self, fields, refresh_token)

    with monkeypatch.context() as patched:
        patched.setattr(FakeFlow, "refresh", with_rotation)
        assert tokens.current() in house.exact.flow.access
    expire(house)
    assert tokens.current() in house.exact.flow.access, "the rotated refresh token was kept"


def test_a_reconnect_during_a_refresh_wins(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    genuine, lost = FakeFlow.refresh, set[str]()

    def with_reconnect(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        monkeypatch.setattr(FakeFlow, "refresh", genuine)
        grant = genuine(self, fields, refresh_token)
        lost.add(grant.access_token)
        house.connect_exact()
        return grant

    monkeypatch.setattr(FakeFlow, "refresh", with_reconnect)
    access = tokens.current()
    with house.storage.reading() as uow:
        held = uow.tokens.get(tokens.integration_id)
    assert held is not None
    assert tokens._access(held) == access not in lost, "the new consent's token, not the loser's"


def test_disconnected_during_a_refresh_what_came_back_is_revoked(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    genuine = FakeFlow.refresh

    def disconnecting(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        house.services.connecting.disconnect(house.org, tokens.integration_id, operator="tests")
        monkeypatch.setattr(FakeFlow, "refresh", genuine)
        self.refresh_token = refresh_token
        return genuine(self, fields, refresh_token)

    monkeypatch.setattr(FakeFlow, "refresh", disconnecting)
    with pytest.raises(Reconnect, match="disconnected"):
        tokens.current()
    with house.storage.reading() as uow:
        assert uow.tokens.get(tokens.integration_id) is None
    assert house.exact.flow.refresh_token is None


def test_a_busy_database_does_not_cost_the_new_token(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    busy = 3
    genuine = FakeFlow.refresh
    writing = type(house.storage).writing

    def then_busy(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        grant = genuine(self, fields, refresh_token)

        def locked(storage: MemoryStorage) -> AbstractContextManager[UnitOfWork]:
            nonlocal busy
            if busy:
                busy -= 1
                raise TryAgain("The database is busy.", code="storage-locked")
            return writing(storage)

        monkeypatch.setattr(MemoryStorage, "writing", locked)
        return grant

    monkeypatch.setattr(FakeFlow, "refresh", then_busy)
    assert tokens.current() in house.exact.flow.access
    assert busy == 0
    assert not row_of(house, tokens).uncertain


def test_a_database_that_is_busy_while_the_token_is_claimed_or_freed_is_waited_for(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred callers write at once: one that waits too long for its turn lost nothing."""
    expire(house)
    genuine, turns = MemoryStorage.writing, iter([True, False, False, True, True])

    def busy(self: MemoryStorage) -> AbstractContextManager[UnitOfWork]:
        if next(turns, False):
            raise TryAgain("Busy: try again.", code="storage-locked")
        return genuine(self)

    monkeypatch.setattr(MemoryStorage, "writing", busy)
    assert tokens.current() in house.exact.flow.access
    assert house.exact.calls["refresh"] == 1
    assert next(turns, None) is None, "claimed at the second try, stored, freed at the third"
    with house.storage.reading() as uow:
        lock = f"refresh:{tokens.integration_id}"
        assert uow.leases.holder(lock, now=house.clock.now()) is None


def test_a_refusal_of_what_was_replaced_meanwhile_marks_nothing(house: House) -> None:
    """An import that began before a reconnect fails with the old key: the new one is fine."""
    integration_id = house.connect_odoo()
    before = house.services.connecting.get(house.org, integration_id).integration
    house.clock.advance(timedelta(minutes=1))
    house.connect_odoo()
    mark_needs_reconnect(house.ports, integration_id, Reconnect("Old key."), seen=before)
    now = house.services.connecting.get(house.org, integration_id).integration
    assert now.status is IntegrationStatus.PENDING
    mark_needs_reconnect(house.ports, integration_id, Reconnect("New key."), seen=now)
    now = house.services.connecting.get(house.org, integration_id).integration
    assert now.status is IntegrationStatus.NEEDS_RECONNECT


def test_a_refusal_of_a_token_row_that_was_replaced_meanwhile_marks_nothing(
    house: House, tokens: IntegrationTokens
) -> None:
    version = row_of(house, tokens).version
    refused = Reconnect("Old token.")
    mark_needs_reconnect(house.ports, tokens.integration_id, refused, token_version=version - 1)
    assert status_of(house, tokens) is IntegrationStatus.PENDING
    mark_needs_reconnect(house.ports, tokens.integration_id, refused, token_version=version)
    assert status_of(house, tokens) is IntegrationStatus.NEEDS_RECONNECT


# -- between looking and writing -------------------------------------------------------------------


def _before_next_writing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    genuine = MemoryStorage.writing

    def writing(self: MemoryStorage) -> AbstractContextManager[UnitOfWork]:
        monkeypatch.setattr(MemoryStorage, "writing", genuine)
        happens()
        return genuine(self)

    monkeypatch.setattr(MemoryStorage, "writing", writing)


def test_who_finds_it_refreshed_on_taking_the_lock_does_not_refresh_again(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    first: list[str] = []
    other = tokens_of(house, tokens.integration_id)
    _before_next_writing(monkeypatch, lambda: first.append(other.current()))
    assert tokens.current() == first[0]
    assert house.exact.calls["refresh"] == 1


def test_who_finds_the_lock_taken_on_taking_it_waits(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)

    def taken() -> None:
        now = house.clock.now()
        until = now + timedelta(seconds=REFRESH_LOCK_SECONDS)
        with house.storage.writing() as uow:
            lock = f"refresh:{tokens.integration_id}"
            uow.leases.acquire(lock, "somebody else", now=now, until=until)
            uow.commit()

    _before_next_writing(monkeypatch, taken)
    assert tokens.current() in house.exact.flow.access
    assert sum(house.clock.pauses) >= REFRESH_LOCK_SECONDS


def test_the_lock_outlives_the_longest_token_call(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second process that starts while one is out makes the provider end the grant."""
    expire(house)
    genuine = FakeFlow.refresh

    def slow(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        house.clock.advance(timedelta(seconds=TOKEN_CALL_SECONDS_MAX))
        with house.storage.reading() as uow:
            lock = f"refresh:{tokens.integration_id}"
            assert uow.leases.holder(lock, now=house.clock.now()) is not None
        return genuine(self, fields, refresh_token)

    monkeypatch.setattr(FakeFlow, "refresh", slow)
    assert tokens.current() in house.exact.flow.access


def test_who_comes_back_late_does_not_wipe_out_the_mark_of_a_later_refresh(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own request used nothing up; the later one may have."""
    expire(house)

    def lost(*_: object) -> TokenGrant:
        raise OutcomeUnknown

    def late(*_: object) -> TokenGrant:
        house.clock.advance(timedelta(seconds=REFRESH_LOCK_SECONDS))
        monkeypatch.setattr(FakeFlow, "refresh", lost)
        with pytest.raises(ProviderDown):
            tokens_of(house, tokens.integration_id).current()
        raise ProviderDown("No network: later.")

    monkeypatch.setattr(FakeFlow, "refresh", late)
    with pytest.raises(ProviderDown, match="No network"):
        tokens.current()
    assert row_of(house, tokens).uncertain


def test_a_new_token_sealed_before_a_key_rotation_and_stored_after_it_has_the_new_key(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old key is taken away once everything is resealed: what it alone opens is lost."""
    expire(house)
    genuine = FakeFlow.refresh

    def rotated() -> None:
        house.vault.newest = b"k2"
        reseal_all(house.ports)

    def then_rotated(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        grant = genuine(self, fields, refresh_token)
        _before_next_writing(monkeypatch, rotated)
        return grant

    monkeypatch.setattr(FakeFlow, "refresh", then_rotated)
    assert tokens.current() in house.exact.flow.access
    assert house.vault.current(row_of(house, tokens).sealed)

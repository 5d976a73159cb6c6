"""Access tokens: one refresh however many ask, stored before use, losers never write."""

import threading
from datetime import timedelta

import pytest

from core.domain.failures import ProviderDown, Reconnect
from core.domain.integration import IntegrationStatus
from core.ports.provider import OutcomeUnknown, TokenGrant, TooEarlyToRefresh
from core.services.secrets import reseal_all
from core.services.sources import open_source
from core.services.tokens import IntegrationTokens
from tests.fake_provider import ACCESS_SECONDS, FakeFlow
from tests.services.house import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def tokens(house: House) -> IntegrationTokens:
    return tokens_of(house, house.connect_exact())


def tokens_of(house: House, integration_id: str) -> IntegrationTokens:
    return IntegrationTokens(
        ports=house.ports,
        integration_id=integration_id,
        provider_name="Exact Online",
        flow=house.exact.flow,
        fields={},
    )


def expire(house: House) -> None:
    house.clock.advance(timedelta(seconds=ACCESS_SECONDS))


def test_a_good_token_is_used_as_it_is(house: House, tokens: IntegrationTokens) -> None:
    assert tokens.current() == tokens.current()
    assert house.exact.calls["refresh"] == 0


def test_an_expired_token_is_refreshed_once_and_stored(
    house: House, tokens: IntegrationTokens
) -> None:
    before = tokens.current()
    expire(house)
    after = tokens.current()
    assert after != before
    assert tokens_of(house, tokens.integration_id).current() == after
    assert house.exact.calls["refresh"] == 1


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


def test_a_dead_grant_is_marked_at_once_and_not_tried_again(
    house: House, tokens: IntegrationTokens
) -> None:
    house.exact.flow.revoke()
    expire(house)
    with pytest.raises(Reconnect, match="reconnect it"):
        tokens.current()
    integration = house.services.connecting.get(house.org, tokens.integration_id).integration
    assert integration.status is IntegrationStatus.NEEDS_RECONNECT
    assert integration.trouble is not None


def test_too_early_means_the_token_is_still_good(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tokens.current()
    expire(house)

    asked = 0

    def too_early(*_: object) -> None:
        nonlocal asked
        asked += 1
        raise TooEarlyToRefresh

    monkeypatch.setattr(FakeFlow, "refresh", too_early)
    assert tokens.current() == tokens.current() == before
    assert asked == 1, "token calls are counted by the provider"
    with pytest.raises(Reconnect):
        tokens.renewed(before)


def test_a_lost_answer_is_not_repeated_in_the_same_breath(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    calls = 0

    def lost(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise OutcomeUnknown

    with monkeypatch.context() as patched:
        patched.setattr(FakeFlow, "refresh", lost)
        with pytest.raises(ProviderDown) as raised:
            tokens.current()
    assert (raised.value.code, calls) == ("refresh-uncertain", 1)
    with house.storage.reading() as uow:
        row = uow.tokens.get(tokens.integration_id)
    assert row is not None
    assert row.uncertain
    assert tokens.current() in house.exact.flow.access, "the request had not arrived: once more"
    with house.storage.reading() as uow:
        row = uow.tokens.get(tokens.integration_id)
    assert row is not None
    assert not row.uncertain


def test_a_lock_left_by_a_dead_process_ends(house: House, tokens: IntegrationTokens) -> None:
    expire(house)
    now = house.clock.now()
    with house.storage.writing() as uow:
        uow.leases.acquire(
            f"refresh:{tokens.integration_id}",
            "somebody dead",
            now=now,
            until=now + timedelta(seconds=30),
        )
        uow.commit()
    assert tokens.current() in house.exact.flow.access
    assert sum(house.clock.pauses) == pytest.approx(30)


def test_rotation_reseals_every_secret_once(house: House, tokens: IntegrationTokens) -> None:
    house.connect_odoo()
    access = tokens.current()
    house.vault.newest = b"k2"
    with house.storage.reading() as uow:
        count = len(uow.secrets.rows()) + len(uow.tokens.all())
    assert reseal_all(house.ports) == count
    assert reseal_all(house.ports) == 0
    assert tokens.current() == access
    integration = house.services.connecting.get(house.org, tokens.integration_id).integration
    open_source(house.ports, integration).close()

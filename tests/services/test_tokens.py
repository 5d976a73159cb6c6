"""Access tokens: one refresh however many ask, stored before use, losers never write."""

import threading
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import pairwise

import attrs
import pytest

from adapters.storage.memory.storage import MemoryStorage
from core.domain.failures import Failure, ProviderDown, Reconnect, TryAgain, Wait
from core.domain.integration import IntegrationStatus
from core.ports.connections import TokenRow
from core.ports.provider import OutcomeUnknown, TokenGrant, TokenPolicy, TooEarlyToRefresh
from core.ports.storage import UnitOfWork
from core.services.secrets import reseal_all
from core.services.sources import open_source
from core.services.tokens import UNCERTAIN_PAUSE_SECONDS, IntegrationTokens, mark_needs_reconnect
from tests.fake_provider import ACCESS_SECONDS, GOOD_CODE, POLICY, FakeFlow, FakeSource
from tests.services.house import BASE, OPERATOR, House


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


def _row(house: House, tokens: IntegrationTokens) -> TokenRow:
    with house.storage.reading() as uow:
        row = uow.tokens.get(tokens.integration_id)
    assert row is not None
    return row


def _status(house: House, tokens: IntegrationTokens) -> IntegrationStatus:
    return house.services.connecting.get(house.org, tokens.integration_id).integration.status


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
    with pytest.raises(ProviderDown) as contradiction:
        tokens.renewed(before)
    assert contradiction.value.code == "token-contradiction"
    assert _status(house, tokens) is IntegrationStatus.PENDING, "no certain sign"


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
        assert _row(house, tokens).uncertain
        with pytest.raises(ProviderDown):
            tokens.current()
        assert calls == 1, "spaced: not even asked"
    house.clock.advance(timedelta(seconds=UNCERTAIN_PAUSE_SECONDS))
    assert tokens.current() in house.exact.flow.access, "the request had not arrived: once more"
    assert not _row(house, tokens).uncertain


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
    assert 30 <= sum(house.clock.pauses) <= 31


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


def test_a_refusal_after_a_lost_answer_ends_it_at_once(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lost request did arrive: its tokens were never seen here, so nothing is left to keep."""
    expire(house)
    genuine = FakeFlow.refresh

    def arrives_but_lost(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        genuine(self, fields, refresh_token)
        raise OutcomeUnknown

    with monkeypatch.context() as patched:
        patched.setattr(FakeFlow, "refresh", arrives_but_lost)
        with pytest.raises(ProviderDown):
            tokens.current()
    house.clock.advance(timedelta(seconds=UNCERTAIN_PAUSE_SECONDS))
    with pytest.raises(Reconnect) as dead:
        tokens.current()
    assert "earlier renewal was lost" in dead.value.detail
    assert _status(house, tokens) is IntegrationStatus.NEEDS_RECONNECT
    asked = house.exact.calls["refresh"]
    with pytest.raises(Reconnect, match="reconnect it"):
        tokens.current()
    assert house.exact.calls["refresh"] == asked, "a dead connection is not asked again"


def test_while_the_old_access_token_lives_a_lost_answer_costs_nothing(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The margin makes refreshes come early: the old token is the probe."""
    before = tokens.current()
    house.clock.advance(timedelta(seconds=ACCESS_SECONDS - 30))
    with monkeypatch.context() as patched:
        patched.setattr(FakeFlow, "refresh", _lost)
        with pytest.raises(ProviderDown):
            tokens.current()
        assert tokens.current() == before
    house.clock.advance(timedelta(seconds=30))
    assert tokens.current() != before


def _lost(*_: object) -> None:
    raise OutcomeUnknown


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
    genuine = FakeFlow.refresh

    def with_reconnect(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        monkeypatch.setattr(FakeFlow, "refresh", genuine)
        grant = genuine(self, fields, refresh_token)
        house.connect_exact()
        return grant

    monkeypatch.setattr(FakeFlow, "refresh", with_reconnect)
    access = tokens.current()
    with house.storage.reading() as uow:
        held = uow.tokens.get(tokens.integration_id)
    assert held is not None
    assert tokens._access(held) == access, "the new consent's token, not the loser's"


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
    assert not _row(house, tokens).uncertain


def test_a_limit_of_the_token_service_is_kept_by_everybody(
    house: House, tokens: IntegrationTokens
) -> None:
    expire(house)
    retry_at = house.clock.now() + timedelta(minutes=5)
    house.exact.failures["refresh"] = [Wait("Slow down.", retry_at=retry_at)]
    with pytest.raises(Wait):
        tokens.current()
    for _ in range(3):
        with pytest.raises(ProviderDown):
            tokens_of(house, tokens.integration_id).current()
    assert house.exact.calls["refresh"] == 1
    house.clock.instant = retry_at
    assert tokens.current() in house.exact.flow.access


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


# -- what a consent tells besides tokens -----------------------------------------------------------


def _facts(house: House, integration_id: str) -> dict[str, str]:
    integration = house.services.connecting.get(house.org, integration_id).integration
    source = open_source(house.ports, integration)
    assert isinstance(source, FakeSource)
    return dict(source.credentials.facts)


def test_what_the_callback_told_stays_with_the_tokens_over_refreshes_and_new_keys(
    house: House,
) -> None:
    integration_id, state = house.begin_exact()
    house.services.authorising.complete(
        "exact-online", {"state": state, "code": GOOD_CODE, "realm": "9130357"}
    )
    assert _facts(house, integration_id) == {"realm": "9130357"}
    expire(house)
    tokens_of(house, integration_id).current()
    house.vault.newest = b"k2"
    reseal_all(house.ports)
    assert house.exact.calls["refresh"] == 1
    assert _facts(house, integration_id) == {"realm": "9130357"}


def test_what_the_callback_told_waits_with_a_staged_consent(house: House) -> None:
    integration_id = house.connect_exact()
    house.exact.change_account("acct-2", "Grace Hopper")
    house.exact.flow.good_codes.add(GOOD_CODE)
    house.services.connecting.reconnect(
        house.org, integration_id, {}, operator=OPERATOR, redirect_base=BASE
    )
    house.services.authorising.complete(
        "exact-online",
        {"state": house.exact.flow.states[-1], "code": GOOD_CODE, "realm": "77"},
    )
    assert _facts(house, integration_id) == {}
    expire(house)
    house.services.connecting.confirm_reconnect(house.org, integration_id, operator=OPERATOR)
    assert _facts(house, integration_id) == {"realm": "77"}


# -- answers that stay away ------------------------------------------------------------------------


def _never_answers(house: House, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """When refreshes were sent, none of which is answered."""
    sent: list[datetime] = []

    def lost(*_: object) -> None:
        sent.append(house.clock.now())
        raise OutcomeUnknown

    monkeypatch.setattr(FakeFlow, "refresh", lost)
    return sent


def _ask_for(house: House, tokens: IntegrationTokens, length: timedelta) -> Failure | None:
    """A caller that looks every ten seconds; the last failure it met."""
    until = house.clock.now() + length
    failure: Failure | None = None
    while house.clock.now() < until:
        try:
            tokens.current()
        except Failure as met:
            failure = met
            if isinstance(met, Reconnect):
                return met
        house.clock.advance(timedelta(seconds=10))
    return failure


def test_a_single_use_token_is_asked_about_ever_more_seldom_and_given_up_after_a_day(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    sent = _never_answers(house, monkeypatch)
    began = house.clock.now()
    failure = _ask_for(house, tokens, timedelta(hours=30))
    assert isinstance(failure, Reconnect)
    assert "no usable answer for long" in failure.sentence
    assert timedelta(hours=22) < house.clock.now() - began < timedelta(hours=28)
    assert _status(house, tokens) is IntegrationStatus.NEEDS_RECONNECT
    assert len(sent) <= 40, "a day of silence, every half minute: 2,880 times"
    pauses = [later - earlier for earlier, later in pairwise(sent)]
    assert pauses[0] >= timedelta(seconds=UNCERTAIN_PAUSE_SECONDS)
    assert max(pauses) <= timedelta(hours=1, seconds=20)


def test_time_alone_gives_nothing_up(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that slept, or had no network: the question was not put, so it still is."""
    expire(house)
    with monkeypatch.context() as patched:
        _never_answers(house, patched)
        for _ in range(2):
            with pytest.raises(ProviderDown):
                tokens.current()
            house.clock.advance(timedelta(days=20))
    house.exact.failures["refresh"] = [ProviderDown("No network: later.") for _ in range(100)]
    for _ in range(100):
        with pytest.raises(ProviderDown, match="No network"):
            tokens.current()
    assert tokens.current() in house.exact.flow.access


def test_the_silence_about_earlier_tokens_is_not_that_about_later_ones(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(house)
    with monkeypatch.context() as patched:
        _never_answers(house, patched)
        _ask_for(house, tokens, timedelta(hours=20))
    house.clock.advance(timedelta(hours=1))
    tokens.current()
    expire(house)
    _never_answers(house, monkeypatch)
    assert isinstance(_ask_for(house, tokens, timedelta(hours=20)), ProviderDown)


@pytest.mark.parametrize(
    "policy",
    [
        attrs.evolve(POLICY, refresh_rotates=False),
        attrs.evolve(POLICY, refresh_grace_seconds=1_800),
    ],
    ids=["does not rotate", "has a grace period"],
)
def test_where_asking_again_costs_nothing_it_is_asked_at_once_and_never_given_up(
    house: House,
    tokens: IntegrationTokens,
    monkeypatch: pytest.MonkeyPatch,
    policy: TokenPolicy,
) -> None:
    house.exact.flow.policy = policy
    expire(house)
    with monkeypatch.context() as patched:
        sent = _never_answers(house, patched)
        for _ in range(2):
            with pytest.raises(ProviderDown):
                tokens.current()
        assert len(sent) == 2
        assert isinstance(_ask_for(house, tokens, timedelta(hours=30)), ProviderDown)
    assert tokens.current() in house.exact.flow.access


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

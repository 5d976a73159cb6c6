"""Refreshes whose answer stays away: what is asked again, how often, and when it is given up."""

from datetime import datetime, timedelta
from itertools import pairwise

import attrs
import pytest

from core.domain.failures import Failure, ProviderDown, Reconnect
from core.domain.integration import IntegrationStatus
from core.ports.provider import OutcomeUnknown, TokenGrant, TokenPolicy
from core.services.secrets import reseal_all
from core.services.tokens import UNCERTAIN_PAUSE_SECONDS, IntegrationTokens
from tests.fake_provider import ACCESS_SECONDS, POLICY, FakeFlow
from tests.services.house import House
from tests.services.token_house import expire, row_of, status_of, tokens_of


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def tokens(house: House) -> IntegrationTokens:
    return tokens_of(house, house.connect_exact())


def _lost(*_: object) -> None:
    raise OutcomeUnknown


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
        assert row_of(house, tokens).uncertain
        with pytest.raises(ProviderDown):
            tokens.current()
        assert calls == 1, "spaced: not even asked"
    house.clock.advance(timedelta(seconds=UNCERTAIN_PAUSE_SECONDS))
    assert tokens.current() in house.exact.flow.access, "the request had not arrived: once more"
    assert not row_of(house, tokens).uncertain


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
    assert status_of(house, tokens) is IntegrationStatus.NEEDS_RECONNECT
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
    assert status_of(house, tokens) is IntegrationStatus.NEEDS_RECONNECT
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


def test_the_doubt_about_a_lost_answer_outlives_what_settles_nothing(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that never left, and new keys, tell nothing about the one that was lost."""
    expire(house)
    with monkeypatch.context() as patched:
        patched.setattr(FakeFlow, "refresh", _lost)
        with pytest.raises(ProviderDown):
            tokens.current()
    house.clock.advance(timedelta(seconds=UNCERTAIN_PAUSE_SECONDS))
    house.exact.failures["refresh"] = [ProviderDown("No network: later.")]
    with pytest.raises(ProviderDown, match="No network"):
        tokens.current()
    assert row_of(house, tokens).uncertain
    house.vault.newest = b"k2"
    assert reseal_all(house.ports)
    assert row_of(house, tokens).uncertain


def test_a_request_that_never_left_leaves_no_doubt(house: House, tokens: IntegrationTokens) -> None:
    expire(house)
    house.exact.failures["refresh"] = [ProviderDown("No network: later.")]
    with pytest.raises(ProviderDown, match="No network"):
        tokens.current()
    assert not row_of(house, tokens).uncertain

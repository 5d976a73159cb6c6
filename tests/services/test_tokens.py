"""Access tokens: used while good, refreshed once and stored before use, marked when dead."""

from datetime import timedelta

import attrs
import pytest

from core.domain.failures import ProviderDown, Reconnect, Wait
from core.domain.integration import IntegrationStatus
from core.ports.provider import TokenGrant, TooEarlyToRefresh
from core.services.secrets import reseal_all
from core.services.sources import open_source
from core.services.tokens import IntegrationTokens
from tests.fake_provider import GOOD_CODE, FakeFlow, FakeSource
from tests.fakes import CountingIds
from tests.services.house import BASE, OPERATOR, House
from tests.services.token_house import expire, status_of, tokens_of


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def tokens(house: House) -> IntegrationTokens:
    return tokens_of(house, house.connect_exact())


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
    assert status_of(house, tokens) is IntegrationStatus.PENDING, "no certain sign"


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


def test_a_refresh_token_that_is_not_replaced_is_kept(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where refresh tokens do not rotate, the answer names none: the old one stays good."""
    genuine = FakeFlow.refresh

    def naming_none(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        grant = genuine(self, fields, refresh_token)
        self.refresh_token = refresh_token
        return attrs.evolve(grant, refresh_token=None)

    monkeypatch.setattr(FakeFlow, "refresh", naming_none)
    found = {tokens.current()}
    for _ in range(2):
        expire(house)
        found.add(tokens.current())
    assert len(found) == 3


def test_what_a_refresh_tells_anew_replaces_what_was_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id, state = house.begin_exact()
    house.services.authorising.complete(
        "exact-online", {"state": state, "code": GOOD_CODE, "realm": "old"}
    )
    genuine = FakeFlow.refresh

    def telling(self: FakeFlow, fields: dict[str, str], refresh_token: str) -> TokenGrant:
        return attrs.evolve(genuine(self, fields, refresh_token), facts={"realm": "new"})

    monkeypatch.setattr(FakeFlow, "refresh", telling)
    expire(house)
    tokens_of(house, integration_id).current()
    assert _facts(house, integration_id) == {"realm": "new"}


def test_keeping_alive_refreshes_a_token_that_is_still_good_unless_somebody_just_did(
    house: House, tokens: IntegrationTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tokens.current()
    house.clock.advance(timedelta(seconds=1))
    tokens.keep_alive()
    assert tokens.current() != before
    assert house.exact.calls["refresh"] == 1
    genuine = CountingIds.secret

    def beaten(self: CountingIds) -> str:
        monkeypatch.setattr(CountingIds, "secret", genuine)
        tokens_of(house, tokens.integration_id).keep_alive()
        return genuine(self)

    monkeypatch.setattr(CountingIds, "secret", beaten)
    house.clock.advance(timedelta(seconds=1))
    tokens.keep_alive()
    assert house.exact.calls["refresh"] == 2

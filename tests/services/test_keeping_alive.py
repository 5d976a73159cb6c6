"""Connections nobody imports with are kept alive, checked and announced; dead ones left alone."""

from datetime import timedelta

import attrs
import pytest

from core.domain.failures import FixSettings, ProviderDown, Reconnect
from core.domain.integration import Integration, IntegrationStatus
from core.services.keeping_alive import LOOK_EVERY, RETRY_AFTER, Tended
from tests.services.house import OPERATOR, House

IDLE_DAYS = 30
NOTHING = Tended()


@pytest.fixture
def house() -> House:
    house = House()
    house.exact.flow.policy = attrs.evolve(
        house.exact.flow.policy, refresh_idle_seconds=IDLE_DAYS * 24 * 3600
    )
    house.exact.flow.idle_seconds = IDLE_DAYS * 24 * 3600
    return house


def active(house: House, integration_id: str) -> str:
    house.follow(integration_id)
    house.import_rung()
    house.exact.calls.clear()
    house.odoo.calls.clear()
    return integration_id


def integration(house: House, integration_id: str) -> Integration:
    return house.services.connecting.get(house.org, integration_id).integration


def tend(house: House) -> Tended:
    return house.services.keeping_alive.tend()


def announcements(house: House) -> list[str]:
    with house.storage.reading() as uow:
        return [
            event.text
            for event in uow.activity.after(house.org, 0, limit=1_000)
            if event.kind == "integration.expires-soon"
        ]


def test_a_refresh_token_is_used_before_its_idle_life_is_half_over(house: House) -> None:
    connected = active(house, house.connect_exact())
    for _ in range(5 * IDLE_DAYS):
        house.clock.advance(timedelta(days=1))
        tend(house)
    assert integration(house, connected).status is IntegrationStatus.ACTIVE
    assert announcements(house) == []
    assert house.services.importing.request(house.org, None, operator=OPERATOR)[0].run


def test_keep_alive_alone_does_it_at_half_the_idle_life(house: House) -> None:
    connected = active(house, house.connect_exact())
    house.clock.advance(timedelta(days=IDLE_DAYS / 2))
    assert tend(house).kept_alive == (connected,)
    assert house.exact.calls["refresh"] == 1
    house.clock.advance(LOOK_EVERY)
    assert tend(house).kept_alive == ()


def test_a_keep_alive_that_fails_is_tried_again_but_not_at_once(house: House) -> None:
    connected = active(house, house.connect_exact())
    house.clock.advance(timedelta(days=IDLE_DAYS / 2))
    house.exact.failures["refresh"] = [ProviderDown("Down.")] * 2
    done = tend(house)
    assert connected in done.troubled
    house.exact.failures.clear()
    house.exact.calls.clear()
    house.clock.advance(LOOK_EVERY)
    assert tend(house) == NOTHING
    assert house.exact.calls["refresh"] == 0
    house.clock.advance(RETRY_AFTER)
    assert tend(house).kept_alive == (connected,)


def test_an_idle_life_that_cannot_be_renewed_is_announced(house: House) -> None:
    active(house, house.connect_exact())
    for _ in range(4 * IDLE_DAYS - 4):
        house.clock.advance(timedelta(hours=6))
        house.exact.failures["refresh"] = [ProviderDown("Down.")] * 2
        tend(house)
    assert [text.partition(", in ")[2] for text in announcements(house)] == [
        "14 days: reconnect it before then.",
        "3 days: reconnect it before then.",
    ]


def test_a_key_that_was_withdrawn_shows_without_an_import(house: House) -> None:
    connected = active(house, house.connect_odoo())
    assert tend(house) == NOTHING, "the import has just asked"
    house.clock.advance(timedelta(hours=25))
    assert tend(house).checked == (connected,)
    house.clock.advance(timedelta(hours=25))
    house.odoo.failures["health"] = [Reconnect("Odoo does not know this key: reconnect.")]
    assert tend(house).troubled == (connected,)
    assert integration(house, connected).status is IntegrationStatus.NEEDS_RECONNECT
    house.odoo.calls.clear()
    for _ in range(20):
        house.clock.advance(timedelta(days=1))
        assert tend(house) == NOTHING
    with pytest.raises(Reconnect):
        house.services.connecting.check(house.org, connected)
    assert not house.odoo.calls, "a dead connection is not called: accounts get locked"


def test_what_must_be_set_right_is_shown_once(house: House) -> None:
    connected = active(house, house.connect_odoo())
    for _ in range(3):
        house.clock.advance(timedelta(hours=25))
        house.odoo.failures["health"] = [FixSettings("The user may not read journals: allow it.")]
        tend(house)
    held = integration(house, connected)
    assert held.status is IntegrationStatus.ACTIVE
    assert held.trouble is not None
    with house.storage.reading() as uow:
        events = uow.activity.after(house.org, 0, limit=1_000)
    assert sum(event.kind == "integration.warning" for event in events) == 1
    house.clock.advance(timedelta(hours=25))
    tend(house)
    assert integration(house, connected).trouble is None


def test_a_foreseen_end_is_announced_14_and_3_days_ahead_once_each(house: House) -> None:
    house.odoo.expires_at = house.clock.now() + timedelta(days=40)
    active(house, house.connect_odoo())
    told: list[int] = []
    for hour in range(0, 40 * 24, 6):
        house.clock.advance(timedelta(hours=6))
        if tend(house).announced:
            told.append(40 - (hour + 6) // 24)
    assert told == [14, 3]
    assert "in 14 days" in announcements(house)[0]
    assert "in 3 days" in announcements(house)[1]


def test_found_late_it_is_announced_once_and_a_new_end_anew(house: House) -> None:
    house.odoo.expires_at = house.clock.now() + timedelta(days=2)
    connected = active(house, house.connect_odoo())
    assert tend(house).announced == (connected,)
    house.clock.advance(LOOK_EVERY)
    assert tend(house).announced == ()
    house.odoo.expires_at = house.clock.now() + timedelta(days=10)
    house.services.connecting.check(house.org, connected)
    house.clock.advance(LOOK_EVERY)
    assert tend(house).announced == (connected,)


def test_an_unconfirmed_connection_is_left_alone(house: House) -> None:
    house.connect_odoo()
    house.clock.advance(timedelta(days=3))
    assert tend(house) == NOTHING


def test_two_processes_do_it_once(house: House) -> None:
    active(house, house.connect_odoo())
    house.clock.advance(timedelta(hours=25))
    assert tend(house).checked
    assert tend(house) == NOTHING


def test_one_asked_to_stop_stops_before_the_next_call(house: House) -> None:
    active(house, house.connect_odoo())
    house.clock.advance(timedelta(hours=25))
    assert house.services.keeping_alive.tend(lambda: True) == NOTHING

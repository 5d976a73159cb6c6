"""Nights: each slot once, missed ones caught up, skipped ones with a reason."""

import datetime as dt

import pytest

from core.domain.failures import (
    Action,
)
from core.domain.import_run import RunStatus
from core.domain.schedule import SkipReason
from tests.services.house import OPERATOR, House


@pytest.fixture
def house() -> House:
    house = House()
    house.follow(house.connect_odoo())
    return house


def test_a_night_opens_each_slot_once(house: House) -> None:
    house.import_rung()
    house.clock.instant = dt.datetime(2026, 3, 11, 0, 20, tzinfo=dt.UTC)
    opened = house.services.nights.open_due()
    assert [(record.slot.ordinal, record.late) for record in opened] == [(1, False), (1, False)]
    assert house.services.nights.open_due() == []
    assert [run.status for run in house.import_rung() if run] == [RunStatus.SUCCEEDED] * 2
    house.clock.instant = dt.datetime(2026, 3, 11, 3, 50, tzinfo=dt.UTC)
    assert [record.slot.ordinal for record in house.services.nights.open_due()] == [2, 2]


def test_a_missed_night_is_caught_up_once_and_marked_late(house: House) -> None:
    house.import_rung()
    house.clock.instant = dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC)
    records = [
        (record.slot.ordinal, record.late, record.skipped, record.run_id is not None)
        for record in house.services.nights.open_due()
    ]
    assert (
        records
        == [
            (1, True, SkipReason.TOO_LATE, False),
            (2, True, None, True),
        ]
        * 2
    )


def test_a_slot_is_skipped_with_its_reason(house: House) -> None:
    house.clock.instant = dt.datetime(2026, 3, 11, 0, 20, tzinfo=dt.UTC)
    skipped = {record.skipped for record in house.services.nights.open_due()}
    assert skipped == {SkipReason.PREVIOUS_STILL_RUNNING}
    integration_id = house.services.connecting.integrations(house.org)[0].id
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    house.clock.instant = dt.datetime(2026, 3, 11, 3, 50, tzinfo=dt.UTC)
    skipped = {record.skipped for record in house.services.nights.open_due()}
    assert skipped == {SkipReason.INTEGRATION_UNUSABLE}
    with house.storage.reading() as uow:
        failed = uow.runs.get(house.doorbell.rung[0])
    assert failed is not None
    assert failed.status is RunStatus.FAILED
    assert failed.trouble is not None
    assert failed.trouble.action is Action.FIX_SETTINGS


def test_entities_of_an_ended_connection_have_no_night_to_come(house: House) -> None:
    nights = house.services.nights
    assert len(nights.tonight(house.org)) == 2
    assert {slot.entities for slot in nights.coming(house.org)} == {2}
    one = nights.tonight(house.org)[0].entity
    house.services.linking.set_time_zone(house.org, one.id, "Asia/Tokyo", operator=OPERATOR)
    integration_id = house.services.connecting.integrations(house.org)[0].id
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    assert nights.tonight(house.org) == []
    assert nights.coming(house.org) == []

"""Reading: as of any generation, and what is said when there is nothing to read."""

import pytest

from core.domain.failures import (
    CorrectRequest,
    Unknown,
)
from tests.services.house import House


@pytest.fixture
def house() -> House:
    house = House()
    house.follow(house.connect_odoo())
    return house


def entity_ids(house: House) -> list[str]:
    return [status.entity.id for status in house.services.reading.entities(house.org)]


@pytest.mark.parametrize(
    ("as_of", "failure", "code"),
    [
        ("yesterday", CorrectRequest, "bad-as-of"),
        ("99", Unknown, "unknown-generation"),
        ("2020-01-01", Unknown, "unknown-generation"),
    ],
)
def test_reading_as_of_something_that_is_not_there(
    house: House, as_of: str, failure: type[CorrectRequest], code: str
) -> None:
    house.import_rung()
    with pytest.raises(failure) as refused:
        house.services.reading.trial_balance(house.org, entity_ids(house)[0], as_of=as_of)
    assert refused.value.code == code


def test_books_before_the_first_import(house: House) -> None:
    with pytest.raises(CorrectRequest, match="import it first"):
        house.services.reading.trial_balance(house.org, entity_ids(house)[0])


def test_activity_is_followed_by_number(house: House) -> None:
    events = house.services.reading.activity(house.org, after=0)
    assert [event.sequence for event in events] == sorted(event.sequence for event in events)
    house.import_rung()
    later = house.services.reading.activity(house.org, after=events[-1].sequence)
    assert {event.kind for event in later} == {"run.claimed", "run.published"}

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.waiting import WAIT_SECONDS_MAX, epoch, retry_after

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("30", NOW + timedelta(seconds=30)),
        (" 0 ", NOW),
        ("1.5", NOW + timedelta(seconds=1.5)),
        ("Tue, 10 Mar 2026 12:05:00 GMT", NOW + timedelta(minutes=5)),
        ("Tue, 10 Mar 2020 12:05:00 GMT", NOW),
        (str(int(NOW.timestamp()) + 90), NOW + timedelta(seconds=90)),
        (str((int(NOW.timestamp()) + 90) * 1000), NOW + timedelta(seconds=90)),
        ("999999", NOW + timedelta(seconds=WAIT_SECONDS_MAX)),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
    ],
)
def test_every_form_of_retry_after(value: str | None, expected: datetime | None) -> None:
    assert retry_after(value, NOW) == expected


@given(st.text(max_size=40) | st.integers().map(str) | st.floats().map(str))
def test_nothing_a_header_holds_breaks_it(value: str) -> None:
    told = retry_after(value, NOW)
    assert told is None or NOW <= told <= NOW + timedelta(seconds=WAIT_SECONDS_MAX)


def test_epochs() -> None:
    assert epoch("1773144000") == epoch("1773144000000") == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert epoch("17") is None
    assert epoch(None) is None

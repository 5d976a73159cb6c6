"""The driver of the measurements judges what it prints."""

import pytest

from bench.__main__ import is_met, measurements


def test_every_measurement_is_found_and_the_driver_is_none() -> None:
    found = list(measurements())
    assert "import_exact" in found
    assert "__main__" not in found


@pytest.mark.parametrize(
    ("value", "target", "met"),
    [
        ("180", "<=180", True),
        ("180.1", "<=180", False),
        ("0.4", ">=0.4", True),
        ("0.39", ">=0.4", False),
    ],
)
def test_a_target_is_a_bound(value: str, target: str, met: bool) -> None:
    assert is_met(value, target) is met


def test_a_target_that_is_no_bound_is_an_error_not_a_success() -> None:
    with pytest.raises(ValueError, match="no bound"):
        is_met("1", "180")

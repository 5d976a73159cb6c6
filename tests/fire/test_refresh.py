"""Eight real processes want one token; the one that fetches it is killed at each step."""

import pytest

from bench._refresh_caller import STEPS
from bench.stress_refresh import KEEPABLE, kept, race
from core.domain.integration import IntegrationStatus

pytestmark = pytest.mark.fire


def test_nobody_dies_one_refresh_serves_all() -> None:
    calm = race(callers=80)
    assert (calm.refreshes, calm.revocations) == (1, 0)
    assert kept(calm), calm


@pytest.mark.parametrize("step", STEPS)
def test_the_winner_is_killed(step: str) -> None:
    """What the protocol can keep is kept; else one question settles it and the operator is told."""
    killed = race(step, callers=80)
    assert (killed.kills, killed.refreshes) == (1, 1), killed
    if step in KEEPABLE:
        assert killed.revocations == 0
        assert kept(killed), killed
    else:
        assert killed.revocations == 1, "asked once more, not once per caller"
        assert killed.status is IntegrationStatus.NEEDS_RECONNECT
        assert killed.outcomes.get("served", 0) == 0

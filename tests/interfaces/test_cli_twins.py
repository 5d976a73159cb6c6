"""What the screens show that lists did not: budgets, staged consents, clocks; and completion."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import attrs

from core.ports.budget import Left
from core.ports.provider import Limit
from core.services.services import Services
from interfaces.limits import limit_words
from tests.fake_provider import GOOD_KEY
from tests.interfaces.stage import BASE, Stage

MINUTE = Limit(scope="app+administration", calls=60, seconds=60)
DAY = Limit(scope="app", calls=5_000, seconds=86_400)


@attrs.frozen
class Counted:
    """Implements Budgets.left; nothing else is asked."""

    lefts: tuple[Left, ...]

    def take(self, charges: object, *, call: str, seconds: float, party: str = "") -> None:
        raise NotImplementedError

    def end(self, charges: object, *, call: str) -> None:
        raise NotImplementedError

    def spend(self, scope: str, limits: object) -> None:
        raise NotImplementedError

    def learn(self, scope: str, limit: Limit, *, remaining: int, resets_at: datetime) -> None:
        raise NotImplementedError

    def left(self, prefix: str, limits: object) -> tuple[Left, ...]:
        del limits
        return tuple(one for one in self.lefts if one.scope.startswith(prefix))


def budgeted(stage: Stage) -> datetime:
    """Exact-like limits for the keyed provider, one of them spent; when calls may leave again."""
    free_at = stage.clock.now() + timedelta(hours=3)
    stage.keyed.limits = (MINUTE, DAY)
    counted = Counted(
        (
            Left(scope="odoo:a", limit=MINUTE, calls=58),
            Left(scope="odoo:b", limit=DAY, calls=0, free_at=free_at),
        )
    )
    stage.services = Services(attrs.evolve(stage.services.ports, budgets=counted))
    stage.launcher.services = stage.services
    return free_at


def test_limits_read_as_a_person_says_them() -> None:
    assert limit_words(MINUTE) == "60 per minute, per app and administration"
    assert limit_words(DAY) == "5,000 per day, per app"
    assert limit_words(Limit(scope="user", calls=300, seconds=300)) == "300 per 5 minutes, per user"
    assert limit_words(Limit(scope="user", calls=9, seconds=90)) == "9 per 90 seconds, per user"
    assert limit_words(Limit(scope="user", calls=9, seconds=7)) == "9 per 7 seconds, per user"


def test_budgets_tell_what_is_left_and_when_the_next_call_may_leave(stage: Stage) -> None:
    assert "was called lately" in stage.run("budgets").err
    free_at = budgeted(stage)
    stage.connect_keyed()
    told = stage.run("budgets")
    assert told.code == 0
    assert "60 per minute, per app and administration" in told.out
    assert "now" in told.out
    items = json.loads(stage.run("budgets", "--json").out)["items"]
    assert [(one["limit"], one["calls_left"]) for one in items] == [
        ("app+administration", 58),
        ("app", 0),
    ]
    assert items[1]["free_at"] == free_at.astimezone(UTC).isoformat()


def test_a_consent_that_waits_for_a_person_is_listed_with_the_command_that_takes_it(
    stage: Stage,
) -> None:
    integration_id = stage.connect_keyed()
    stage.services.linking.select(stage.organisation_id, integration_id, None, operator="test")
    stage.keyed.change_account("acct-2", "Grace Hopper")
    stage.services.connecting.reconnect(
        stage.organisation_id, integration_id, {"api_key": GOOD_KEY}, operator="t",
        redirect_base=BASE,
    )  # fmt: skip
    command = f"monitr reconnect {integration_id} --confirm"
    assert command in stage.run("integrations").out
    assert command in stage.run().out
    (item,) = json.loads(stage.run("integrations", "--json").out)["items"]
    assert item["awaits_confirmation"] is True
    assert stage.run("reconnect", integration_id, "--confirm").code == 0
    assert command not in stage.run("integrations").out


def test_an_entity_gets_a_clock_of_its_own_and_gives_it_back(stage: Stage) -> None:
    stage.import_all()
    assert "America/New_York" in stage.run("timezone", "zuid", "America/New_York").err
    timed = json.loads(stage.run("timezone", "zuid", "Asia/Tokyo", "--json").out)
    assert timed["name"] == "Café Zuid"
    assert "organisation's clock" in stage.run("timezone", "zuid").err
    assert stage.run("timezone", "zuid", "Mars/Olympus").code != 0


def test_the_shell_completes_providers() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "monitr"],
        env={
            **os.environ,
            "_MONITR_COMPLETE": "complete_bash",
            "COMP_WORDS": "monitr connect mo",
            "COMP_CWORD": "2",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout.split() == ["moneybird"]

"""Importing by many workers: doorbells lost and doubled, fencing, strikes, orderly stops."""

import datetime as dt

import pytest

from core.domain.failures import (
    Action,
    ProviderDown,
)
from core.domain.import_run import STRIKES_MAX, RunStatus
from core.services.import_engine import ImportEngine
from tests.fakes import FakeClock
from tests.services.house import OPERATOR, House


@pytest.fixture
def house() -> House:
    house = House()
    house.follow(house.connect_odoo())
    return house


def entity_ids(house: House) -> list[str]:
    return [status.entity.id for status in house.services.reading.entities(house.org)]


def test_doubled_rings_import_once(house: House) -> None:
    run_id = house.doorbell.rung[0]
    assert house.engine("worker-1").run(run_id) is not None
    assert house.engine("worker-2").run(run_id) is None
    assert len(house.odoo.read) == len(set(house.odoo.read))


def test_lost_rings_are_rung_again_by_the_sweep(house: House) -> None:
    rung, house.doorbell.rung = set(house.doorbell.rung), []
    assert set(house.services.importing.sweep().rung) == rung


class _PassingClock(FakeClock):
    """Time passes between any two looks at it, as it does outside tests."""

    def now(self) -> dt.datetime:
        self.advance(dt.timedelta(microseconds=1))
        return self.instant


def test_a_sweep_rings_for_what_it_freed_itself() -> None:
    house = House(clock=_PassingClock())
    house.follow(house.connect_odoo())
    run_id = house.doorbell.rung[0]
    house.services.importing.beat("dying", standing=False)
    with pytest.raises(KeyboardInterrupt):
        ImportEngine(house.ports, "dying", _die, pages_in_flight=1).run(run_id)
    house.let_workers_vanish()
    swept = house.services.importing.sweep()
    assert swept.freed == (run_id,)
    assert run_id in swept.rung, "or it waits a minute longer for the next sweep"


class _Pausing:
    """A source wrapper that lets the worlds go on without it after some batches."""

    def __init__(self, house: House, batches: int) -> None:
        self.house, self.batches = house, batches
        self.rescuer_ran = False

    def stopping(self) -> bool:
        self.batches -= 1
        if self.batches == 0:
            self.house.let_workers_vanish()
            swept = self.house.services.importing.sweep()
            assert len(swept.freed) == 1
            run = self.house.engine("worker-2").run(swept.freed[0])
            assert run is not None
            assert run.status is RunStatus.SUCCEEDED
            self.rescuer_ran = True
        return False


@pytest.mark.parametrize("batches", [1, 2, 3, 4])
def test_a_worker_that_wakes_up_after_its_rescue_writes_nothing(house: House, batches: int) -> None:
    run_id = house.doorbell.rung[0]
    pausing = _Pausing(house, batches)
    house.services.importing.beat("worker-1", standing=False)
    sleeper = ImportEngine(house.ports, "worker-1", pausing.stopping, pages_in_flight=1)
    assert sleeper.run(run_id) is None
    assert pausing.rescuer_ran
    first = entity_ids(house)[0]
    (generation,) = house.services.reading.generations(house.org, first)
    assert generation.proof.sound
    run = house.services.reading.run(house.org, run_id)
    assert (run.status, run.attempt) == (RunStatus.SUCCEEDED, 2)
    kinds = [event.kind for event in house.services.reading.activity(house.org)]
    assert "run.lost" in kinds


def test_a_poisonous_entity_is_parked_after_its_strikes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it does to its worker, it does it at the same place: no page comes through."""

    def deadly(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tests.fake_provider.FakeSource.pull", deadly)
    run_id = house.doorbell.rung[0]
    for _ in range(STRIKES_MAX):
        with pytest.raises(KeyboardInterrupt):
            house.engine("dying").run(run_id)
        house.let_workers_vanish()
        house.services.importing.sweep()
    run = house.services.reading.run(house.org, run_id)
    assert run.status is RunStatus.FAILED
    assert run.trouble is not None
    assert run.trouble.code == "worker-lost"


def test_progress_forgives_strikes(house: House) -> None:
    """Each attempt brings one page and breaks: more often than strikes, and it still ends."""
    house.odoo.page_changes = 4
    run_id = house.doorbell.rung[0]
    attempts = 0
    run = None
    while run is None or run.status is not RunStatus.SUCCEEDED:
        attempts += 1
        assert attempts < 30, run
        house.odoo.failures["pull"] = [None, ProviderDown("Away.")]
        run = house.engine().run(run_id)
        house.clock.advance(dt.timedelta(hours=1))
    assert attempts > STRIKES_MAX
    assert len(house.odoo.read) == len(set(house.odoo.read)), "no page twice"


def _die() -> bool:
    raise KeyboardInterrupt


def test_an_orderly_stop_gives_the_run_back_without_a_strike(house: House) -> None:
    run_id = house.doorbell.rung[0]
    house.services.importing.beat("worker-1", standing=False)
    run = ImportEngine(house.ports, "worker-1", lambda: True, pages_in_flight=1).run(run_id)
    assert run is not None
    assert (run.status, run.strikes, run.bookmark) == (RunStatus.WAITING, 0, "10")
    assert run.trouble is not None
    assert run.trouble.action is Action.TRY_AGAIN, "an orderly stop is no bug to report"


def test_asking_again_after_a_worker_vanished_continues_its_run(house: House) -> None:
    """Without a standing worker nobody sweeps: the request itself finds the orphan."""
    run_id = house.doorbell.rung[0]
    house.services.importing.beat("dying", standing=False)
    with pytest.raises(KeyboardInterrupt):
        ImportEngine(house.ports, "dying", _die, pages_in_flight=1).run(run_id)
    first = house.services.reading.run(house.org, run_id).entity_id
    (refused,) = house.services.importing.request(house.org, [first], operator=OPERATOR)
    assert refused.run is None, "its worker may still be there"
    house.let_workers_vanish()
    assert house.services.importing.orphaned(house.services.reading.run(house.org, run_id))
    (freed,) = house.services.importing.request(house.org, [first], operator=OPERATOR)
    assert freed.run is not None
    assert freed.run.id == run_id
    again = house.engine().run(run_id)
    assert again is not None
    assert (again.status, again.attempt) == (RunStatus.SUCCEEDED, 2)
    assert len(house.odoo.read) == len(set(house.odoo.read)), "no page twice"

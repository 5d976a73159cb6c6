"""What a doorbell promises, and that losing or doubling rings harms nothing; per implementation."""

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

import pytest
from attrs import define, field

from core.ports.environment import Doorbell


@define
class World:
    """Runs as the database knows them: claimed by compare-and-swap, swept when waiting."""

    status: dict[str, str] = field(factory=dict)
    executed: Counter[str] = field(factory=Counter)
    answers: list[str] = field(factory=list)
    broken: set[str] = field(factory=set)
    then_ring: dict[str, list[str]] = field(factory=dict)
    doorbell: Doorbell | None = None

    def on_run(self, run_id: str) -> None:
        self.answers.append(run_id)
        if self.status.get(run_id) != "waiting":
            return
        self.status[run_id] = "in progress"
        self.executed[run_id] += 1
        for other in self.then_ring.get(run_id, ()):
            assert self.doorbell is not None
            self.doorbell.ring(other)
        if run_id in self.broken:
            self.status[run_id] = "failed"
            raise RuntimeError(run_id)
        self.status[run_id] = "succeeded"

    def sweep(self, doorbell: Doorbell) -> None:
        for run_id, status in self.status.items():
            if status == "waiting":
                doorbell.ring(run_id)


class Rig(Protocol):
    """One doorbell with whatever answers it."""

    @property
    def doorbell(self) -> Doorbell: ...

    def answer_all(self) -> None:
        """Let every ring so far, and those that come meanwhile, be answered."""
        ...

    def double(self) -> None:
        """Every ring not answered yet is there once more."""
        ...

    def lose(self) -> None:
        """Every ring not answered yet is gone."""
        ...

    def close(self) -> None: ...


class DoorbellContract:
    """Subclasses give ``rig_for``."""

    def rig_for(self, world: World) -> Rig:
        raise NotImplementedError

    @pytest.fixture
    def world(self) -> World:
        return World(status={f"run_{number}": "waiting" for number in range(3)})

    @pytest.fixture
    def rig(self, world: World) -> Iterator[Rig]:
        rig = self.rig_for(world)
        world.doorbell = rig.doorbell
        yield rig
        rig.close()

    def test_every_rung_run_is_answered(self, rig: Rig, world: World) -> None:
        for run_id in ("run_0", "run_2"):
            rig.doorbell.ring(run_id)
        rig.answer_all()
        assert world.status == {"run_0": "succeeded", "run_1": "waiting", "run_2": "succeeded"}

    def test_an_odd_run_id_arrives_as_it_was(self, rig: Rig, world: World) -> None:
        for run_id in ('run_"\\', "run_\u20ac", "run_'; --"):
            rig.doorbell.ring(run_id)
        rig.answer_all()
        assert world.answers == ['run_"\\', "run_\u20ac", "run_'; --"]

    def test_a_doubled_ring_is_harmless(self, rig: Rig, world: World) -> None:
        rig.doorbell.ring("run_0")
        rig.double()
        rig.doorbell.ring("run_0")
        rig.answer_all()
        rig.doorbell.ring("run_0")
        rig.answer_all()
        assert world.executed == {"run_0": 1}
        assert len(world.answers) > 1

    def test_a_lost_ring_is_made_good_by_the_sweep(self, rig: Rig, world: World) -> None:
        rig.lose()
        rig.answer_all()
        assert set(world.status.values()) == {"waiting"}
        world.sweep(rig.doorbell)
        rig.answer_all()
        assert set(world.status.values()) == {"succeeded"}
        world.sweep(rig.doorbell)
        rig.answer_all()
        assert set(world.executed.values()) == {1}

    def test_ringing_for_what_is_unknown_or_finished_does_nothing(
        self, rig: Rig, world: World
    ) -> None:
        world.status["run_0"] = "succeeded"
        rig.doorbell.ring("run_0")
        rig.doorbell.ring("run_unknown")
        rig.answer_all()
        assert not world.executed

    def test_a_run_that_breaks_stops_neither_the_ringer_nor_the_others(
        self, rig: Rig, world: World
    ) -> None:
        world.broken.add("run_0")
        for run_id in world.status:
            rig.doorbell.ring(run_id)
        rig.answer_all()
        assert world.status == {"run_0": "failed", "run_1": "succeeded", "run_2": "succeeded"}

    def test_a_run_may_ring_for_others_and_they_come_after_it(self, rig: Rig, world: World) -> None:
        world.then_ring["run_0"] = ["run_1", "run_2"]
        world.then_ring["run_1"] = ["run_0"]
        rig.doorbell.ring("run_0")
        rig.answer_all()
        assert set(world.status.values()) == {"succeeded"}
        assert list(world.executed) == ["run_0", "run_1", "run_2"]

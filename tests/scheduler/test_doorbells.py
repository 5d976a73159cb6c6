"""The doorbell contract on each implementation."""

import tempfile
from pathlib import Path

import pytest
from attrs import define, field

from adapters.scheduler.inline import RINGS_MAX, CollectingDoorbell, InlineDoorbell
from adapters.scheduler.queue import FILE_NAME, HueyDoorbell, Queue
from tests.scheduler.contract import DoorbellContract, Rig, World


@define
class InlineRig:
    doorbell: InlineDoorbell

    def answer_all(self) -> None:
        """Each ring was answered at once."""

    def double(self) -> None:
        self.doorbell.ring("run_0")

    def lose(self) -> None:
        """There is no moment at which one could be lost."""

    def close(self) -> None:
        pass


class TestInlineDoorbell(DoorbellContract):
    def rig_for(self, world: World) -> Rig:
        return InlineRig(InlineDoorbell(world.on_run))


@define
class CollectingRig:
    world: World
    doorbell: CollectingDoorbell = field(factory=CollectingDoorbell)

    def answer_all(self) -> None:
        self.doorbell.deliver(self.world.on_run)

    def double(self) -> None:
        self.doorbell.rung.extend(list(self.doorbell.rung))

    def lose(self) -> None:
        for run_id in self.world.status:
            self.doorbell.ring(run_id)
        self.doorbell.rung.clear()

    def close(self) -> None:
        pass


class TestCollectingDoorbell(DoorbellContract):
    def rig_for(self, world: World) -> Rig:
        return CollectingRig(world)


class HueyRig:
    """The real file and the real execution path, stepped by hand instead of by threads."""

    def __init__(self, world: World) -> None:
        self.directory = tempfile.TemporaryDirectory()
        path = Path(self.directory.name) / FILE_NAME
        self.world = world
        self.doorbell = HueyDoorbell(path)
        self.queue = Queue(path, world.on_run)

    def answer_all(self) -> None:
        while (task := self.queue.dequeue()) is not None:
            self.queue.execute(task)

    def double(self) -> None:
        self.queue.storage.sql(
            "insert into task (queue, data, priority) select queue, data, priority from task",
            commit=True,
        )

    def lose(self) -> None:
        for run_id in self.world.status:
            self.doorbell.ring(run_id)
        while self.queue.dequeue() is not None:
            pass

    def close(self) -> None:
        self.doorbell.close()
        self.queue.close()
        self.directory.cleanup()


class TestHueyDoorbell(DoorbellContract):
    def rig_for(self, world: World) -> Rig:
        return HueyRig(world)


def test_inline_keeps_what_runs_raised() -> None:
    world = World(status={"run_0": "waiting"}, broken={"run_0"})
    doorbell = InlineDoorbell(world.on_run)
    doorbell.ring("run_0")
    assert [str(failure) for failure in doorbell.failures] == ["run_0"]


def test_collecting_returns_what_runs_raised() -> None:
    world = World(status={"run_0": "waiting"}, broken={"run_0"})
    doorbell = CollectingDoorbell()
    doorbell.ring("run_0")
    assert not world.answers
    assert [str(failure) for failure in doorbell.deliver(world.on_run)] == ["run_0"]


def test_a_run_that_rings_for_itself_without_end_is_found_out() -> None:
    count = 0

    def on_run(run_id: str) -> None:
        nonlocal count
        count += 1
        doorbell.ring(run_id)

    doorbell = InlineDoorbell(on_run)
    with pytest.raises(AssertionError, match="without end"):
        doorbell.ring("run_0")
    assert count == RINGS_MAX

"""The worker's threads: answering, sweeping, and an orderly stop."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define, field

from adapters.scheduler.queue import FILE_NAME, HueyDoorbell
from adapters.scheduler.worker import POLL_SECONDS_MAX, Worker

SOON_SECONDS = 20
"""Long enough for any machine; only a broken worker waits that long."""


@define
class Runs:
    """Counts answers; those of ``held`` runs wait until they are let go."""

    answers: Counter[str] = field(factory=Counter)
    begun: threading.Semaphore = field(factory=lambda: threading.Semaphore(0))
    ended: threading.Semaphore = field(factory=lambda: threading.Semaphore(0))
    held: set[str] = field(factory=set)
    let_go: threading.Event = field(factory=threading.Event)
    swept: threading.Semaphore = field(factory=lambda: threading.Semaphore(0))

    def on_run(self, run_id: str) -> None:
        self.answers[run_id] += 1
        self.begun.release()
        if run_id in self.held:
            assert self.let_go.wait(SOON_SECONDS)
        self.ended.release()
        if run_id.startswith("broken"):
            raise RuntimeError(run_id)

    def on_sweep(self) -> None:
        self.swept.release()


def await_(semaphore: threading.Semaphore, times: int = 1) -> None:
    for _ in range(times):
        assert semaphore.acquire(timeout=SOON_SECONDS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def doorbell(path: Path) -> Iterator[HueyDoorbell]:
    doorbell = HueyDoorbell(path)
    yield doorbell
    doorbell.close()


@pytest.fixture
def worker(path: Path, runs: Runs) -> Iterator[Worker]:
    worker = Worker(path, on_run=runs.on_run, on_sweep=runs.on_sweep)
    worker.start()
    yield worker
    runs.let_go.set()
    assert worker.stop(SOON_SECONDS)


def test_a_ring_wakes_the_worker(worker: Worker, doorbell: HueyDoorbell, runs: Runs) -> None:
    doorbell.ring("run_0")
    await_(runs.ended)
    assert runs.answers == {"run_0": 1}


def test_an_idle_worker_looks_often_enough() -> None:
    assert POLL_SECONDS_MAX <= 0.2


def test_a_run_that_breaks_does_not_stop_the_worker(
    worker: Worker, doorbell: HueyDoorbell, runs: Runs
) -> None:
    for number in range(6):
        doorbell.ring(f"broken_{number}")
    doorbell.ring("run_0")
    await_(runs.ended, 7)
    assert runs.answers["run_0"] == 1


def test_several_workers_share_the_rings(path: Path, doorbell: HueyDoorbell, runs: Runs) -> None:
    workers = [Worker(path, on_run=runs.on_run, on_sweep=runs.on_sweep) for _ in range(3)]
    for worker in workers:
        worker.start()
    expected = {f"run_{number}" for number in range(60)}
    for run_id in expected:
        doorbell.ring(run_id)
    await_(runs.ended, len(expected))
    assert all(worker.stop(SOON_SECONDS) for worker in workers)
    assert runs.answers == dict.fromkeys(expected, 1)


def test_the_sweep_runs_at_the_start_even_when_every_worker_is_busy(
    path: Path, doorbell: HueyDoorbell, runs: Runs
) -> None:
    runs.held = {"run_0", "run_1"}
    worker = Worker(path, on_run=runs.on_run, on_sweep=runs.on_sweep, workers=2, sweep_seconds=0.01)
    worker.start()
    await_(runs.swept)
    for run_id in runs.held:
        doorbell.ring(run_id)
    await_(runs.begun, 2)
    while runs.swept.acquire(blocking=False):
        pass
    await_(runs.swept, 3)
    runs.let_go.set()
    assert worker.stop(SOON_SECONDS)


def test_a_sweep_that_breaks_is_tried_again(path: Path, runs: Runs) -> None:
    def on_sweep() -> None:
        runs.on_sweep()
        raise RuntimeError("sweep")

    worker = Worker(path, on_run=runs.on_run, on_sweep=on_sweep, sweep_seconds=0.01)
    worker.start()
    await_(runs.swept, 3)
    assert worker.stop(SOON_SECONDS)


def test_a_worker_thread_that_died_is_replaced(
    path: Path, doorbell: HueyDoorbell, runs: Runs
) -> None:
    def on_run(run_id: str) -> None:
        runs.on_run(run_id)
        if run_id == "deadly":
            raise SystemExit  # ends a thread, as a crash inside a C library's callback may

    worker = Worker(path, on_run=on_run, on_sweep=runs.on_sweep, workers=1, sweep_seconds=0.01)
    worker.start()
    doorbell.ring("deadly")
    doorbell.ring("run_0")
    await_(runs.ended, 2)
    assert worker.stop(SOON_SECONDS)


def test_stopping_finishes_the_run_under_way_and_leaves_the_rest_queued(
    path: Path, doorbell: HueyDoorbell, runs: Runs
) -> None:
    runs.held = {"run_0"}
    asked = threading.Event()
    worker = Worker(path, on_run=runs.on_run, on_sweep=runs.on_sweep, on_stop=asked.set, workers=1)
    worker.start()
    doorbell.ring("run_0")
    await_(runs.begun)
    doorbell.ring("run_1")
    stopped: list[bool] = []
    stopper = threading.Thread(target=lambda: stopped.append(worker.stop(SOON_SECONDS)))
    stopper.start()
    assert asked.wait(SOON_SECONDS)
    assert stopper.is_alive()
    runs.let_go.set()
    stopper.join()
    assert stopped == [True]
    assert runs.answers == {"run_0": 1}

    successor = Worker(path, on_run=runs.on_run, on_sweep=runs.on_sweep)
    successor.start()
    await_(runs.ended, 2)
    assert successor.stop(SOON_SECONDS)
    assert runs.answers == {"run_0": 1, "run_1": 1}


def test_stopping_does_not_wait_for_ever(path: Path, doorbell: HueyDoorbell, runs: Runs) -> None:
    runs.held = {"run_0"}
    worker = Worker(path, on_run=runs.on_run, on_sweep=runs.on_sweep)
    worker.start()
    doorbell.ring("run_0")
    await_(runs.begun)
    assert not worker.stop(timeout_seconds=0.01)
    runs.let_go.set()
    assert worker.stop(SOON_SECONDS)

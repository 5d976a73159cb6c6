"""The queue's file: one ring a run, no code in it, and what happens when it cannot be used."""

import os
import pickle
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from adapters.scheduler import queue as module
from adapters.scheduler.queue import FILE_NAME, HueyDoorbell, Queue
from adapters.scheduler.worker import Worker
from core.domain.failures import FixSettings


class Answered(list[str]):
    def on_run(self, run_id: str) -> None:
        self.append(run_id)


@pytest.fixture
def answered() -> Answered:
    return Answered()


@pytest.fixture
def queue(tmp_path: Path, answered: Answered) -> Iterator[Queue]:
    queue = Queue(tmp_path / FILE_NAME, answered.on_run)
    yield queue
    queue.close()


def answer_one(queue: Queue) -> None:
    task = queue.dequeue()
    assert task is not None
    queue.execute(task)


def test_a_run_rung_many_times_is_queued_once(queue: Queue, answered: Answered) -> None:
    for _ in range(50):
        queue.ring("run_0")
        queue.ring("run_1")
    assert queue.pending_count() == 2
    answer_one(queue)
    queue.ring("run_0")
    assert queue.pending_count() == 2
    answer_one(queue)
    answer_one(queue)
    assert answered == ["run_0", "run_1", "run_0"]


def test_a_ring_survives_the_end_of_the_process_that_rang(
    tmp_path: Path, queue: Queue, answered: Answered
) -> None:
    doorbell = HueyDoorbell(tmp_path / FILE_NAME)
    doorbell.ring("run_0")
    doorbell.close()
    answer_one(queue)
    assert answered == ["run_0"]


class Planted:
    """What an unpickler would execute."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("planted",)


STRANGE = (
    pickle.dumps(Planted()),
    b"",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b'{"run": 7}',
    b'{"run": ""}',
    b'{"run": null}',
    b'{"run": "' + b"x" * 201 + b'"}',
    b'{"run": "a", "more": 1',
)


@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_ring_is_dropped_and_never_executed(
    tmp_path: Path,
    queue: Queue,
    answered: Answered,
    strange: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    queue.storage.enqueue(strange)
    queue.ring("run_0")
    with structlog.testing.capture_logs() as logs:
        assert queue.dequeue() is None
    assert [log["event"] for log in logs] == ["queue.not_a_ring"]
    answer_one(queue)
    assert answered == ["run_0"]
    assert not Path("planted").exists()


def test_nothing_but_run_ids_is_on_disk(queue: Queue) -> None:
    queue.ring("run_0")
    assert [bytes(data) for data in queue.storage.enqueued_items()] == [b'{"run": "run_0"}']
    answer_one(queue)
    for table in ("task", "kv", "schedule", "counter"):
        rows = queue.storage.sql(f"select * from {table}", results=True)  # noqa: S608
        assert rows == []


def _missing_directory(path: Path) -> None:
    path.parent.rmdir()


def _damaged(path: Path) -> None:
    path.write_bytes(b"this is no database " * 100)


def _locked(path: Path) -> sqlite3.Connection:
    Queue(path, Answered().on_run).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("begin exclusive")
    return holder


@pytest.mark.parametrize("spoil", [_missing_directory, _damaged, _locked])
def test_a_queue_that_cannot_be_reached_stops_no_ringer(
    tmp_path: Path, spoil: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.0)
    path = tmp_path / "data" / FILE_NAME
    path.parent.mkdir()
    assert callable(spoil)
    holder = spoil(path)
    doorbell = HueyDoorbell(path)
    with structlog.testing.capture_logs() as logs:
        doorbell.ring("run_0")
    assert [log["event"] for log in logs] == ["doorbell.lost"]
    doorbell.close()
    if holder is not None:
        holder.close()


@pytest.mark.parametrize(
    ("spoil", "hint"), [(_missing_directory, "directory"), (_damaged, "remove it")]
)
def test_a_worker_without_a_usable_queue_says_what_to_do(
    tmp_path: Path, spoil: object, hint: str
) -> None:
    path = tmp_path / "data" / FILE_NAME
    path.parent.mkdir()
    assert callable(spoil)
    spoil(path)
    with pytest.raises(FixSettings, match=hint):
        Worker(path, on_run=print, on_sweep=print)


def test_a_queue_that_breaks_while_running_is_told_once_and_read_again(
    queue: Queue, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    queue.ring("run_0")
    monkeypatch.setattr(queue.storage, "dequeue", broken)
    with structlog.testing.capture_logs() as logs:
        assert [queue.dequeue() for _ in range(20)] == [None] * 20
    assert [log["event"] for log in logs] == ["queue.unreadable"]
    monkeypatch.undo()
    answer_one(queue)
    assert answered == ["run_0"]

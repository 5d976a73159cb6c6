"""Real worker processes: stopped in order, hurried, and killed in the middle of a run."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.scheduler.queue import FILE_NAME, HueyDoorbell, Queue

ROOT = Path(__file__).parents[2]
EXIT_SECONDS = 30


@contextmanager
def worker(path: Path, *swept: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.scheduler.worker_process", str(path), *swept],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def expect(process: subprocess.Popen[str], *wanted: str) -> None:
    """Read until each of these lines came, in this order."""
    assert process.stdout is not None
    for line in wanted:
        for said in process.stdout:
            if said.strip() == line:
                break
        else:
            pytest.fail(f"never said {line!r}")


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def queued(path: Path) -> int:
    queue = Queue(path, print)
    count: int = queue.pending_count()
    queue.close()
    return count


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_run_under_way_finish(path: Path, number: signal.Signals) -> None:
    with worker(path, "held_0") as process:
        expect(process, "begun held_0")
        doorbell = HueyDoorbell(path)
        doorbell.ring("run_1")
        doorbell.close()
        process.send_signal(number)
        expect(process, "stopping -")
        let_go(process)
        expect(process, "ended held_0")
        assert process.wait(EXIT_SECONDS) == 0
    assert queued(path) == 1


def test_a_second_signal_no_longer_waits(path: Path) -> None:
    with worker(path, "held_0") as process:
        expect(process, "begun held_0")
        process.send_signal(signal.SIGTERM)
        expect(process, "stopping -")
        process.send_signal(signal.SIGTERM)
        assert process.wait(EXIT_SECONDS) == 1


def test_a_killed_worker_loses_the_ring_and_the_next_sweep_makes_it_good(path: Path) -> None:
    with worker(path, "held_0") as process:
        expect(process, "begun held_0")
        process.kill()
        process.wait(EXIT_SECONDS)
    # At most once: the queue knows nothing of the run any more. The database does.
    assert queued(path) == 0
    with worker(path, "held_0") as process:
        expect(process, "begun held_0")
        let_go(process)
        expect(process, "ended held_0")
        process.send_signal(signal.SIGTERM)
        assert process.wait(EXIT_SECONDS) == 0

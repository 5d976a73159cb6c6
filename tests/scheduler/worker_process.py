"""A worker process for tests: tells what it does on standard output, one word and an id a line.

``python -m tests.scheduler.worker_process QUEUE SWEPT...``: the sweep rings for each ``SWEPT``
once. A run whose id begins with ``held`` ends when a line arrives on standard input. Exit code 0:
stopped in order; 1: with runs still under way.
"""

import sys
import threading
from pathlib import Path

from adapters.scheduler.queue import HueyDoorbell
from adapters.scheduler.worker import Worker

STOP_SECONDS = 30.0


def main(path: Path, waiting: list[str]) -> int:
    doorbell = HueyDoorbell(path)
    said = threading.Lock()

    def say(word: str, run_id: str) -> None:
        with said:
            print(word, run_id, flush=True)

    def on_run(run_id: str) -> None:
        say("begun", run_id)
        if run_id.startswith("held"):
            sys.stdin.readline()
        say("ended", run_id)

    def on_sweep() -> None:
        while waiting:
            doorbell.ring(waiting.pop())
        say("swept", "-")

    def on_stop() -> None:
        say("stopping", "-")

    worker = Worker(path, on_run=on_run, on_sweep=on_sweep, on_stop=on_stop, workers=1)
    finished = worker.run(STOP_SECONDS)
    doorbell.close()
    return 0 if finished else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

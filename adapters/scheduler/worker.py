"""The worker: answers the queue in threads, sweeps, and stops in order."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import structlog
from huey.consumer import Consumer

from adapters.scheduler.queue import Queue

WORKERS: Final = 2
"""Imports at a time in one process. They mostly wait for providers, whose limits are shared."""
SWEEP_SECONDS: Final = 60.0
STOP_SECONDS: Final = 25.0
"""How long an orderly stop waits for the runs under way. What stops the process (systemd: 90 s,
Kubernetes: 30 s, Docker: 10 s unless told) must wait longer, or kills them: they then resume from
their last bookmark once their lease is over.
"""
POLL_SECONDS_MIN: Final = 0.05
POLL_SECONDS_MAX: Final = 0.15
"""An idle worker looks this often: one indexed SELECT each, together well below 1 % of a core."""
_POLL_GROWTH: Final = 1.15
_SIGNAL_POLL_SECONDS: Final = 0.1
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_log: structlog.stdlib.BoundLogger = structlog.get_logger("monitr.worker")


class Worker:
    """Answers the doorbell in threads of this process, and sweeps.

    ``on_run(run_id)`` is called in one of ``workers`` threads; ``on_sweep()`` in a thread of its
    own at the start and each ``sweep_seconds``, so that a sweep never waits behind long imports.
    What they raise is logged and stops nothing. ``on_stop()`` is called when a stop is asked for,
    so that long runs may end early at their next bookmark. Any number of workers and processes may
    share one queue: rings go to one of them, sweeps happen in each and must be safe to repeat.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_run: Callable[[str], None],
        on_sweep: Callable[[], None],
        on_stop: Callable[[], None] = lambda: None,
        workers: int = WORKERS,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        """FixSettings when the queue's file cannot be used."""
        self._stopping = threading.Event()
        self._on_run = on_run
        self._on_sweep = on_sweep
        self._on_stop = on_stop
        self._sweep_seconds = sweep_seconds
        self._queue = Queue(path, self._answer)
        self._consumer = _Consumer(
            self._queue,
            workers=workers,
            periodic=False,
            initial_delay=POLL_SECONDS_MIN,
            max_delay=POLL_SECONDS_MAX,
            backoff=_POLL_GROWTH,
            scheduler_interval=60,
        )
        self._sweeper = threading.Thread(target=self._sweep, name="Sweeper", daemon=True)

    def start(self) -> None:
        """Begin to answer and to sweep; returns at once."""
        self._consumer.start()
        self._sweeper.start()

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> bool:
        """Take no further ring and let the runs under way finish.

        False when they did not within the time: their threads end with the process, and the runs
        go on elsewhere when their leases are over. Rings not taken stay in the queue.
        """
        self._ask_to_stop()
        deadline = time.monotonic() + timeout_seconds
        for thread in self._threads():
            thread.join(max(0.0, deadline - time.monotonic()))
        return self._closed_if_finished()

    def run(self, timeout_seconds: float = STOP_SECONDS) -> bool:
        """``start``, and ``stop`` on SIGTERM or SIGINT; a second signal no longer waits.

        For the main thread of a worker process. Handlers only leave a note in a queue made for
        that (``SimpleQueue.put`` is re-entrant): they run in the middle of anything.
        """
        arrived: SimpleQueue[int] = SimpleQueue()
        before = {
            number: signal.signal(number, lambda number, _frame: arrived.put(number))
            for number in STOP_SIGNALS
        }
        try:
            self.start()
            while (number := _next(arrived)) is None:
                pass
            _log.info("worker.stopping", signal=signal.Signals(number).name)
            self._ask_to_stop()
            deadline = time.monotonic() + timeout_seconds
            while self._is_busy() and time.monotonic() < deadline and _next(arrived) is None:
                pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._closed_if_finished()

    def _answer(self, run_id: str) -> None:
        try:
            self._on_run(run_id)
        except Exception:  # noqa: BLE001 - told, and the next ring is answered
            _log.exception("worker.run_failed", run_id=run_id)

    def _sweep(self) -> None:
        while True:
            try:
                self._on_sweep()
            except Exception:  # noqa: BLE001 - told, and the next sweep may do better
                _log.exception("worker.sweep_failed")
            if self._stopping.wait(self._sweep_seconds):
                return
            self._consumer.check_worker_health()

    def _ask_to_stop(self) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            self._consumer.stop_flag.set()
            self._on_stop()

    def _threads(self) -> list[threading.Thread]:
        answering = [thread for _, thread in self._consumer.worker_threads]
        return [*answering, self._consumer.scheduler, self._sweeper]

    def _is_busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads())

    def _closed_if_finished(self) -> bool:
        if self._is_busy():
            _log.warning("worker.stopped_with_runs_under_way")
            return False
        self._queue.close()
        return True


class _Consumer(Consumer):  # type: ignore[misc] # huey ships no types
    """Huey's consumer, without its signal handlers: its SIGTERM drops the run under way."""

    def _set_signal_handlers(self) -> None:
        pass


def _next(arrived: SimpleQueue[int]) -> int | None:
    try:
        return arrived.get(timeout=_SIGNAL_POLL_SECONDS)
    except Empty:
        return None

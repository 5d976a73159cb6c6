"""Workers: presence, rings and sweeps; and imports inside a front end's own process."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

import attrs
import structlog

from adapters.scheduler.worker import Worker
from core.domain.failures import Failure
from core.domain.import_run import ImportRun, RunStatus
from core.services.import_engine import ImportEngine
from core.services.importing import PRESENCE_SECONDS
from core.services.services import Services
from monitr.bootstrap import Monitr
from monitr.collecting import collect_seldom

BEAT_SECONDS: Final = PRESENCE_SECONDS / 4
"""Three beats may be missed before a worker counts as gone."""

TEND_SECONDS: Final = 60.0
"""How often connections are looked through; each has its own, longer pauses."""
TEND_STOP_SECONDS: Final = 5.0
"""A stop does not wait longer for a call to a provider: looking after a connection may be cut."""

HERE_WAIT: Final = timedelta(seconds=150)
"""An import inside a command waits this long for its own retry or a minute limit, not longer."""

HERE_ATTEMPTS_MAX: Final = 20
HERE_POLL_SECONDS: Final = 0.25

_log: structlog.stdlib.BoundLogger = structlog.get_logger("monitr.worker")


@contextlib.contextmanager
def present(services: Services, worker: str, *, standing: bool) -> Iterator[None]:
    """Show that a worker is alive while the block runs, from a thread of its own.

    A beat that fails (a locked database) is logged and tried again: presence lasts four beats.
    """
    collect_seldom()
    ended = threading.Event()
    services.importing.beat(worker, standing=standing)

    def beating() -> None:
        while not ended.wait(BEAT_SECONDS):
            try:
                services.importing.beat(worker, standing=standing)
            except Failure as failure:
                _log.warning("worker.beat_failed", code=failure.code, detail=failure.detail)

    thread = threading.Thread(target=beating, name="presence", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        try:
            services.importing.leave(worker)
        except Failure as failure:
            _log.warning("worker.leave_failed", code=failure.code, detail=failure.detail)


@contextlib.contextmanager
def tending(services: Services, stopping: threading.Event) -> Iterator[None]:
    """Look after connections while the block runs, in a thread of its own: it calls providers."""
    ended = threading.Event()

    def is_over() -> bool:
        return ended.is_set() or stopping.is_set()

    def tend() -> None:
        while True:
            try:
                done = services.keeping_alive.tend(is_over)
            except Exception as error:  # noqa: BLE001 - told, and the next look may do better
                # The kind and never the text, which may quote anything.
                _log.error("connections.tend_failed", kind=type(error).__name__)
            else:
                if any(attrs.astuple(done)):
                    _log.info("connections.tended", **attrs.asdict(done))
            try:
                compacted = services.retaining.tend(is_over)
            except Exception as error:  # noqa: BLE001 - told, and the next round may do better
                _log.error("books.compacting_failed", kind=type(error).__name__)
            else:
                if any(attrs.astuple(compacted)):
                    _log.info("books.compacted", **attrs.asdict(compacted))
            if ended.wait(TEND_SECONDS):
                return

    thread = threading.Thread(target=tend, name="tending", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(TEND_STOP_SECONDS)


def work(monitr: Monitr) -> None:
    """Answer rings and sweep each minute, until a signal; running imports end at a batch.

    Each attempt shows its own presence: one that ends without being able to say so (a full disk) is
    freed by the next sweep although this process lives on.
    """
    services = monitr.services
    stopping = threading.Event()

    def on_run(run_id: str) -> None:
        run = _attempt(monitr, run_id, stopping.is_set)
        if run is not None:
            _log.info("run.attempt_ended", run_id=run.id, status=run.status.value)

    def on_sweep() -> None:
        services.nights.open_due()
        services.importing.sweep()

    with (
        present(services, monitr.ports.ids.new("wrk"), standing=True),
        tending(services, stopping),
    ):
        Worker(monitr.queue_path, on_run=on_run, on_sweep=on_sweep, on_stop=stopping.set).run()


def _attempt(monitr: Monitr, run_id: str, stopping: Callable[[], bool]) -> ImportRun | None:
    """One attempt at a run, under a presence of its own; None when it is not ours to do."""
    name = monitr.ports.ids.new("att")
    with present(monitr.services, name, standing=False):
        return ImportEngine(monitr.ports, name, stopping).run(run_id)


def import_here(
    monitr: Monitr,
    run_ids: Sequence[str],
    each: Callable[[ImportRun], None],
    stopping: Callable[[], bool],
) -> None:
    """Carry out runs in this process, one after the other; see Launcher.import_here."""
    for run_id in run_ids:
        if stopping():
            return
        run = _persistently(monitr, run_id, stopping)
        if run is not None:
            each(run)


def _persistently(monitr: Monitr, run_id: str, stopping: Callable[[], bool]) -> ImportRun | None:
    """The run after as many attempts as fit into short waits; None when another has it."""
    run = None
    for _ in range(HERE_ATTEMPTS_MAX):
        run = _attempt(monitr, run_id, stopping)
        if run is None or run.status is not RunStatus.WAITING:
            break
        if run.due_at - monitr.ports.clock.now() > HERE_WAIT:
            break
        while monitr.ports.clock.now() < run.due_at and not stopping():
            monitr.ports.clock.pause(HERE_POLL_SECONDS)
        if stopping():
            break
    return run

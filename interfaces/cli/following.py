"""Seeing imports through: in this process where no worker stands, else from the store."""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from core.domain.import_run import ImportRun, RunStatus
from interfaces.cli.output import console, plain, say
from interfaces.cli.session import Session

POLL_SECONDS: Final = 0.5
PATIENCE: Final = timedelta(seconds=60)
"""A run put back for longer than this is no longer waited for: its time is told instead."""
FOLLOW_MAX: Final = timedelta(hours=12)
TAKEOVERS_MAX: Final = 3
"""So often runs of workers that died are taken over; then the command ends and tells."""
STOP_SECONDS: Final = 330.0
"""How long a stopped import may take to end its batch: longer than the longest provider call."""
WATCHED_MAX: Final = 50
"""Runs asked about per look; when they have ended, the next ones are."""


def see_through(session: Session, runs: Sequence[ImportRun], names: dict[str, str]) -> None:
    """Return when every run has ended or has to wait. ``names`` are the entities' by id.

    A run whose worker is gone is taken over: nobody else may be there to do it.
    """
    importing = session.services.importing
    with _bars(names) as bars:
        for _ in range(TAKEOVERS_MAX):
            if not importing.worker_standing():
                _import_here(session, runs, bars)
            _follow(session, runs, bars)
            seen = [session.services.reading.run(session.organisation_id, run.id) for run in runs]
            if not any(importing.orphaned(run) for run in seen):
                return
            importing.sweep()


class _Bars:
    """A bar per run under way, drawn on a terminal only."""

    def __init__(self, progress: Progress, names: dict[str, str]) -> None:
        self._progress = progress
        self._names = names
        self._tasks: dict[str, TaskID] = {}
        self._ended: set[str] = set()

    def show(self, run: ImportRun) -> None:
        if run.id in self._ended:
            return
        task = self._tasks.get(run.id)
        if task is None:
            if run.status is RunStatus.WAITING:
                return
            name = plain(self._names.get(run.entity_id, run.entity_id))
            task = self._progress.add_task(name, total=None, stage="", lines="")
            self._tasks[run.id] = task
        done, expected = run.progress.lines, run.progress.expected_lines
        # The provider's count may be of another day: a bar never shows more than all.
        total = max(expected, done) if expected is not None else None
        speed = self._progress.tasks[self._progress.task_ids.index(task)].speed
        self._progress.update(
            task,
            completed=done,
            total=total,
            stage=run.progress.stage,
            lines=f"{done:,} lines" + (f", {speed:,.0f}/s" if speed else ""),
        )
        if run.status is not RunStatus.IN_PROGRESS:
            self._progress.remove_task(task)
            del self._tasks[run.id]
            if run.finished:
                self._ended.add(run.id)


@contextmanager
def _bars(names: dict[str, str]) -> Iterator[_Bars]:
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[lines]}", markup=False),
        TextColumn("{task.fields[stage]}", markup=False),
        TimeElapsedColumn(),
        console=console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with progress:
        yield _Bars(progress, names)


def _import_here(session: Session, runs: Sequence[ImportRun], bars: _Bars) -> None:
    """Carry the runs out in a thread while this one draws. Ctrl-C lets the batch at hand end."""
    stop, done = threading.Event(), threading.Event()
    ended: list[ImportRun] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            session.launcher.import_here(
                [run.id for run in runs], ended.append, stopping=stop.is_set
            )
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=work, name="monitr-import", daemon=True)
    thread.start()
    try:
        while not done.wait(POLL_SECONDS):
            _look(session, runs, bars, len(ended))
    except KeyboardInterrupt:
        stop.set()
        say(
            "Stopping after the page at hand; the next import goes on from there. "
            "Ctrl-C again to leave at once."
        )
        done.wait(STOP_SECONDS)
        raise
    thread.join()
    for run in ended:
        bars.show(run)
    if errors:
        raise errors[0]


def _look(session: Session, runs: Sequence[ImportRun], bars: _Bars, begin: int) -> None:
    for run in runs[begin : begin + WATCHED_MAX]:
        bars.show(session.services.reading.run(session.organisation_id, run.id))


def _follow(session: Session, runs: Sequence[ImportRun], bars: _Bars) -> None:
    """Watch runs of other processes until each has ended or has to wait."""
    clock = session.services.ports.clock
    until = clock.now() + FOLLOW_MAX
    pending = [run.id for run in runs]
    while pending and clock.now() < until:
        standing = session.services.importing.worker_standing()
        watched, later = pending[:WATCHED_MAX], pending[WATCHED_MAX:]
        still = []
        for run_id in watched:
            run = session.services.reading.run(session.organisation_id, run_id)
            bars.show(run)
            if not _settled(session, run, standing=standing):
                still.append(run_id)
        pending = still + later
        if len(still) == len(watched):
            clock.pause(POLL_SECONDS)


def _settled(session: Session, run: ImportRun, *, standing: bool) -> bool:
    """Whether waiting any longer for this run makes no sense."""
    now = session.services.ports.clock.now()
    if run.finished:
        return True
    if run.status is RunStatus.IN_PROGRESS:
        return not standing and session.services.importing.orphaned(run)
    return not standing or run.due_at > now + PATIENCE

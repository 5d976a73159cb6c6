"""The doorbell and the queue behind it: Huey on a SQLite file of its own, run ids only.

Huey (3.5) promises *at most once*: a worker that is killed loses the ring it was answering. That is
fine, because the run waits in the database and the sweep rings again. So nothing of Huey that would
pretend otherwise is used: no retries, results, locks, schedule or periodic tasks.

The file is not the books' database: every ring and every answer takes SQLite's exclusive lock for a
moment, and must not wait for an import that writes, nor the import for it.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog
from huey.api import Huey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import SqliteStorage

from adapters.storage.sqlite_failures import SmallFile
from core.domain.failures import Failure

FILE_NAME: Final = "queue.sqlite3"
BUSY_SECONDS: Final = 2.0
"""How long a ring or a worker waits for the file. A ring is then dropped, a worker tries again."""
RUN_ID_CHARACTERS_MAX: Final = 200
REPEAT_LOG_SECONDS: Final = 60.0
"""An unreadable queue is met several times a second, and told this often."""
_TASK: Final = "run"

_log: structlog.stdlib.BoundLogger = structlog.get_logger("monitr.queue")


def queue_file(path: Path) -> SmallFile:
    return SmallFile(
        path=path,
        name="queue",
        lost="nothing is lost: waiting runs are found in the database",
        code="queue",
    )


class Queue(Huey):  # type: ignore[misc] # huey ships no types
    """``ring(run_id)`` queues; a consumer of this queue calls ``on_run(run_id)``.

    A run that is queued already is not queued twice: the sweep rings each minute for everything
    that is due, which would pile up behind a long import.
    """

    def __init__(self, path: Path, on_run: Callable[[str], None]) -> None:
        try:
            super().__init__(
                "monitr",
                results=False,
                serializer=_RunIdSerializer(),
                storage_class=_MergingStorage,
                filename=str(path),
                timeout=BUSY_SECONDS,
            )
        except sqlite3.Error as error:
            raise queue_file(path).failure(error) from error
        self.ring = self.task(name=_TASK, retries=0)(_named_here(on_run))
        self._quiet_until = 0.0
        self._quiet_lock = threading.Lock()

    def dequeue(self) -> Any:  # noqa: ANN401 - huey's own task class, made at run time
        """The next task; None when there is none, none could be read, or it is no ring.

        A ring that cannot be understood is gone by then, as it should be.
        """
        try:
            return super().dequeue()
        except sqlite3.Error:
            if self._is_time_to_tell():
                _log.exception("queue.unreadable")
        except ValueError as error:
            _log.warning("queue.not_a_ring", reason=str(error))
        return None

    def close(self) -> None:
        self.storage.close()

    def _is_time_to_tell(self) -> bool:
        with self._quiet_lock:
            now = time.monotonic()
            if now < self._quiet_until:
                return False
            self._quiet_until = now + REPEAT_LOG_SECONDS
            return True


def _named_here(on_run: Callable[[str], None]) -> Callable[[str], None]:
    """Huey names a task after the module of its function; the queue's name for it is ours."""

    def run(run_id: str) -> None:
        on_run(run_id)

    return run


class _RunIdSerializer(Serializer):  # type: ignore[misc] # huey ships no types
    """A queued ring is ``{"run": id}`` and nothing else.

    No pickle: a file that somebody altered can ring for runs, never make a worker execute anything.
    """

    def _serialize(self, data: Message) -> bytes:
        (run_id,) = data.args
        return json.dumps({"run": run_id}).encode()

    def _deserialize(self, data: bytes) -> Message:
        match json.loads(bytes(data)):
            case {"run": str(run_id)} if 0 < len(run_id) <= RUN_ID_CHARACTERS_MAX:
                return Message(
                    id=run_id, name=f"{__name__}.{_TASK}", retries=0, args=(run_id,), kwargs={}
                )
        raise ValueError("neither a run id nor anything else this version queues")


class _MergingStorage(SqliteStorage):  # type: ignore[misc] # huey ships no types
    """Huey's own SQLite storage (its ``task`` table), but one row for each run."""

    ddl: Final = [
        *SqliteStorage.ddl,
        "create index if not exists task_queue_data on task (queue, data)",
    ]

    def _set_journal_mode(self, conn: sqlite3.Connection) -> None:
        """The first statement on a new connection: Huey leaves it open when the file is no good."""
        try:
            super()._set_journal_mode(conn)
        except BaseException:
            conn.close()
            raise

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        self.sql(
            "insert into task (queue, data, priority) select ?, ?, ? "
            "where not exists (select 1 from task where queue = ? and data = ?)",
            (self.name, data, priority or 0, self.name, data),
            commit=True,
        )


class HueyDoorbell:
    """Implements Doorbell: queues the run for whichever worker shares the file. Close after use.

    The file is opened by the first ring, so a queue that cannot be reached stops nobody.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: Queue | None = None
        self._lock = threading.Lock()

    def ring(self, run_id: str) -> None:
        try:
            with self._lock:
                if self._queue is None:
                    self._queue = Queue(self._path, _never)
                queue = self._queue
            queue.ring(run_id)
        except (sqlite3.Error, Failure) as error:
            _log.warning("doorbell.lost", run_id=run_id, reason=str(error))

    def close(self) -> None:
        with self._lock:
            if self._queue is not None:
                self._queue.close()
                self._queue = None


def _never(run_id: str) -> None:
    raise AssertionError(f"a doorbell answers nothing: {run_id}")

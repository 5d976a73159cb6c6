"""How long the write lock of a SQLite file is held, measured at the database.

From the moment ``BEGIN IMMEDIATE`` returned (the lock is ours) until ``COMMIT`` or ``ROLLBACK``
returned.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local

from attrs import define, field
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import PoolProxiedConnection

from adapters.storage.sql.dialect import WRITING


@define
class Held:
    """Seconds of every hold, in order; ``busy``: the part in which the holder itself computed.

    On a machine with other work to do the rest is waiting for a processor or for the disk.
    """

    seconds: list[float] = field(factory=list)
    busy_seconds: list[float] = field(factory=list)

    @property
    def longest_ms(self) -> float:
        return 1_000 * max(self.seconds, default=0.0)


@contextmanager
def watched(engine: Engine) -> Iterator[Held]:
    """Every writing transaction of this engine in the meantime."""
    held, at = Held(), local()

    def begun(connection: Connection) -> None:
        at.since = None
        if connection.get_execution_options().get(WRITING, False):
            at.since = (
                time.perf_counter(),
                time.thread_time(),
            )  # listeners run in order: the dialect's began it

    def over() -> None:
        since = getattr(at, "since", None)
        if since is not None:
            held.seconds.append(time.perf_counter() - since[0])
            held.busy_seconds.append(time.thread_time() - since[1])
            at.since = None

    commit, rollback = engine.dialect.do_commit, engine.dialect.do_rollback

    def do_commit(connection: PoolProxiedConnection) -> None:
        commit(connection)
        over()

    def do_rollback(connection: PoolProxiedConnection) -> None:
        rollback(connection)
        over()

    event.listen(engine, "begin", begun)
    engine.dialect.do_commit = do_commit  # type: ignore[method-assign, assignment]  # a measurement's own
    engine.dialect.do_rollback = do_rollback  # type: ignore[method-assign, assignment]  # a measurement's own
    try:
        yield held
    finally:
        event.remove(engine, "begin", begun)
        engine.dialect.do_commit = commit  # type: ignore[method-assign]  # as it was
        engine.dialect.do_rollback = rollback  # type: ignore[method-assign]  # as it was

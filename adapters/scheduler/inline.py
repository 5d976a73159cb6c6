"""Doorbells without a queue: one that answers at once, one that keeps rings until told.

For tests, and for a process that imports by itself (the demo). Both behave as a worker does: a run
that breaks stops neither the ringer nor the runs behind it.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

import structlog
from attrs import define, field

_log: structlog.stdlib.BoundLogger = structlog.get_logger("monitr.doorbell")

RINGS_MAX: Final = 100_000
"""More rings answered in one go is a run that rings for itself without end."""


@define
class InlineDoorbell:
    """Implements Doorbell: calls ``on_run`` before ``ring`` returns.

    Rings from within a run are answered after it, not inside it, as a queue would.
    """

    on_run: Callable[[str], None]
    failures: list[Exception] = field(factory=list, init=False)
    """What runs raised, for tests to look at; each is logged too."""
    _waiting: deque[str] = field(factory=deque, init=False)
    _answering: bool = field(default=False, init=False)

    def ring(self, run_id: str) -> None:
        self._waiting.append(run_id)
        if self._answering:
            return
        self._answering = True
        try:
            self.failures += answered(self._waiting, self.on_run)
        finally:
            self._answering = False


@define
class CollectingDoorbell:
    """Implements Doorbell: keeps the rings until ``deliver`` hands them to a worker's function."""

    rung: deque[str] = field(factory=deque, init=False)
    """Open to tests, which may lose or double rings as a queue does."""

    def ring(self, run_id: str) -> None:
        self.rung.append(run_id)

    def deliver(self, on_run: Callable[[str], None]) -> list[Exception]:
        """Hand over every ring, also those that come meanwhile; returns what runs raised."""
        return answered(self.rung, on_run)


def answered(rings: deque[str], on_run: Callable[[str], None]) -> list[Exception]:
    """Empty ``rings`` into ``on_run``; returns what it raised. No failure stops the rest."""
    failures: list[Exception] = []
    count = 0
    while rings:
        count += 1
        assert count <= RINGS_MAX, "a run rings for itself without end"
        run_id = rings.popleft()
        try:
            on_run(run_id)
        except Exception as failure:  # noqa: BLE001 - a worker survives whatever a run raises
            _log.exception("doorbell.run_failed", run_id=run_id)
            failures.append(failure)
    return failures

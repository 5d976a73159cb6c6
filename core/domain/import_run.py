"""Import runs: the transition table, and the values that travel with a run.

``attempt`` grows with every claim and is a fencing token: each write of a worker names it, and a
worker whose number is no longer the run's writes nothing.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs
from attrs import frozen

from core.domain.failures import RETRYABLE_ACTIONS, OurBug, Trouble
from core.domain.proof import Proof
from core.domain.schedule import Slot

LEASE_SECONDS: Final = 900
"""A worker extends its lease with every batch; this long without one, the run is freed.

Longer than the longest single call of a transport with all its retries and pauses: this catches
workers that hang. Workers that are gone are noticed by their silence, within seconds.
"""

PROOF_LEASE_SECONDS: Final = 2 * 3600
"""The lease while control totals are read: hundreds of calls at a provider's pace and no batch
between them. A day's 5,000 calls at 60 a minute are 83 minutes."""

STRIKES_MAX: Final = 4
"""Attempts that may end badly, without a page of progress between them, before the run fails.

Waiting for a limit is no strike.
"""

ATTEMPTS_MAX: Final = 100
"""Bound on attempts of all kinds, waits included."""

RETRY_DELAYS: Final = (timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=10))
"""Pause after the first, second and third strike."""


class RunStatus(StrEnum):
    WAITING = "Waiting"
    IN_PROGRESS = "In Progress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class RunEvent(StrEnum):
    CLAIMED = "claimed"
    PUBLISHED = "published"
    GAVE_UP = "gave up"
    PUT_BACK = "put back"
    UNUSABLE = "integration unusable"


_TRANSITIONS: Final[dict[tuple[RunStatus, RunEvent], RunStatus]] = {
    (RunStatus.WAITING, RunEvent.CLAIMED): RunStatus.IN_PROGRESS,
    (RunStatus.IN_PROGRESS, RunEvent.PUBLISHED): RunStatus.SUCCEEDED,
    (RunStatus.IN_PROGRESS, RunEvent.GAVE_UP): RunStatus.FAILED,
    (RunStatus.IN_PROGRESS, RunEvent.PUT_BACK): RunStatus.WAITING,
    (RunStatus.WAITING, RunEvent.UNUSABLE): RunStatus.FAILED,
}


class WrongTransition(OurBug):
    """Code asked for a step the table does not have."""


def after(status: RunStatus, event: RunEvent) -> RunStatus:
    """The status that follows; WrongTransition for anything not in the table."""
    try:
        return _TRANSITIONS[status, event]
    except KeyError:
        raise WrongTransition(f"A {status.value} run cannot be {event.value}.") from None


class RunCause(StrEnum):
    SLOT = "slot"
    MANUAL = "manual"
    FIRST = "first import"


@frozen(kw_only=True)
class Progress:
    """What an attempt chain has done so far. ``calls`` counts requests that left."""

    batches: int = 0
    records: int = 0
    lines: int = 0
    changed: int = 0
    calls: int = 0
    stage: str = ""
    """A word for people: ``ledger accounts``, ``journal lines``, ``proof``."""
    expected_lines: int | None = None
    """The provider's own count of lines to come, where it offers one."""
    differed: bool = False
    """The control totals differed once in this chain: they are read whole from then on."""
    read_again: bool = False
    """A difference stayed, so the books were read once more from nothing: once per chain."""
    reading_again: bool = False
    """That reading is under way."""


@frozen(kw_only=True)
class ImportRun:
    """One attempt-chain to bring one link up to date."""

    id: str
    organisation_id: str
    entity_id: str
    link_id: str
    integration_id: str
    status: RunStatus
    cause: RunCause
    requested_at: datetime
    due_at: datetime
    slot: Slot | None = None
    late: bool = False
    attempt: int = 0
    strikes: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    generation: int | None = None
    """The generation this run builds; set at the first claim."""
    bookmark: str | None = None
    """Where the next batch continues. None before the first batch of a link without history."""
    complete: bool = False
    """The last batch is applied; only proof and publication are left."""
    progress: Progress = attrs.field(factory=Progress)
    trouble: Trouble | None = None
    proof: Proof | None = None

    @property
    def finished(self) -> bool:
        return self.status in {RunStatus.SUCCEEDED, RunStatus.FAILED}

    def claimed(
        self, *, owner: str, now: datetime, generation: int, bookmark: str | None
    ) -> "ImportRun":
        """In Progress under a new attempt number.

        ``generation`` and ``bookmark`` start the chain; a later attempt keeps what is there.
        """
        first = self.generation is None
        return attrs.evolve(
            self,
            status=after(self.status, RunEvent.CLAIMED),
            owner=owner,
            lease_until=now + timedelta(seconds=LEASE_SECONDS),
            attempt=self.attempt + 1,
            started_at=self.started_at or now,
            generation=generation if first else self.generation,
            bookmark=bookmark if first else self.bookmark,
            trouble=None,
        )

    def published(self, *, now: datetime, proof: Proof) -> "ImportRun":
        return attrs.evolve(
            self._released(),
            status=after(self.status, RunEvent.PUBLISHED),
            finished_at=now,
            proof=proof,
            trouble=None,
        )

    def gave_up(self, *, now: datetime, trouble: Trouble) -> "ImportRun":
        return attrs.evolve(
            self._released(),
            status=after(self.status, RunEvent.GAVE_UP),
            finished_at=now,
            trouble=trouble,
        )

    def put_back(self, *, due_at: datetime, trouble: Trouble, strike: bool) -> "ImportRun":
        """Waiting again, with its bookmark and generation kept."""
        return attrs.evolve(
            self._released(),
            status=after(self.status, RunEvent.PUT_BACK),
            due_at=due_at,
            strikes=self.strikes + strike,
            trouble=trouble,
        )

    def unusable(self, *, now: datetime, trouble: Trouble) -> "ImportRun":
        """Failed without having run: its integration cannot be used."""
        return attrs.evolve(
            self,
            status=after(self.status, RunEvent.UNUSABLE),
            finished_at=now,
            trouble=trouble,
        )

    def ended_badly(self, *, now: datetime, trouble: Trouble) -> "ImportRun":
        """Waiting again when trying again may help and attempts are left, else Failed."""
        waits = trouble.retry_at is not None
        spent = self.strikes + (not waits) >= STRIKES_MAX or self.attempt >= ATTEMPTS_MAX
        if trouble.action not in RETRYABLE_ACTIONS or spent:
            return self.gave_up(now=now, trouble=trouble)
        pause = RETRY_DELAYS[min(self.strikes, len(RETRY_DELAYS) - 1)]
        due = max(trouble.retry_at, now) if trouble.retry_at is not None else now + pause
        return self.put_back(due_at=due, trouble=trouble, strike=not waits)

    def lease_expired(self, now: datetime) -> bool:
        return (
            self.status is RunStatus.IN_PROGRESS
            and self.lease_until is not None
            and self.lease_until <= now
        )

    def _released(self) -> "ImportRun":
        return attrs.evolve(self, owner=None, lease_until=None)

"""Storage: units of work over everything Monitr remembers.

``storage.reading()`` and ``storage.writing()`` give a unit of work as a context manager. Only
``commit()`` keeps what a writing unit did; leaving it otherwise rolls back. A writing unit holds
the write lock from its first moment (so that reading and then writing inside it is one atomic
step) and must therefore be short: no network call happens inside one. A reading unit sees one
consistent state.

A storage that cannot be had raises core.domain.failures: TryAgain (``storage-locked``),
FixSettings (``storage-full``, ``storage-newer``: the data was written by a newer version).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from attrs import field, frozen

from core.domain.entity import Entity
from core.domain.import_run import ImportRun, RunStatus
from core.domain.integration import Administration, Integration
from core.domain.onboarding import Organisation
from core.domain.proof import Verdict
from core.domain.schedule import SkipReason, Slot, SlotRecord
from core.ports.access import ApiTokens, Repeats
from core.ports.books import Books
from core.ports.connections import OAuthAttempts, Secrets, Tokens
from core.ports.files import Uploads

LIST_MAX: int = 1_000
"""No list call returns more; callers page with ``after``."""


class Organisations(Protocol):
    def get(self, organisation_id: str) -> Organisation | None: ...

    def all(self) -> Sequence[Organisation]:
        """By creation, oldest first; at most LIST_MAX."""
        ...

    def save(self, organisation: Organisation) -> None:
        """Insert or replace by id. The same holds for every ``save`` below."""
        ...


class Integrations(Protocol):
    def get(self, integration_id: str) -> Integration | None: ...

    def of(self, organisation_id: str) -> Sequence[Integration]:
        """By creation, oldest first; at most LIST_MAX."""
        ...

    def save(self, integration: Integration) -> None: ...

    def administrations(self, integration_id: str) -> Sequence[Administration]:
        """As last found, in the provider's order."""
        ...

    def save_administrations(
        self, integration_id: str, administrations: Sequence[Administration]
    ) -> None:
        """Replace the whole list."""
        ...


@frozen(kw_only=True)
class EntityFilter:
    """All given conditions hold together. ``text`` is a substring of the name, any case.

    ``status`` is of the entity's newest run, ``verdict`` of the newest that succeeded: of the books
    it shows, whatever happened since; ``never``: it has no run at all;
    ``integration_id``: any of its links is to that integration.
    """

    text: str | None = None
    status: RunStatus | None = None
    verdict: Verdict | None = None
    never: bool = False
    integration_id: str | None = None


@frozen(kw_only=True)
class Contents:
    """A list's table of contents: how many there are, and after which id each page begins.

    ``starts`` has one element per page, the first None; empty when nothing fits.
    """

    total: int
    starts: tuple[str | None, ...]


@frozen(kw_only=True)
class EntityTally:
    """So many entities whose newest run is in that status (None: no run yet), and whose published
    books have that verdict (None: nothing is published).
    """

    status: RunStatus | None
    verdict: Verdict | None
    count: int


class Entities(Protocol):
    def get(self, entity_id: str) -> Entity | None: ...

    def of(
        self,
        organisation_id: str,
        *,
        after: str | None = None,
        limit: int = LIST_MAX,
        where: EntityFilter | None = None,
    ) -> Sequence[Entity]:
        """By id, after the id ``after``; at most LIST_MAX."""
        ...

    def contents(
        self, organisation_id: str, *, every: int, where: EntityFilter | None = None
    ) -> Contents:
        """Of the list ``of`` gives with that filter, for pages of ``every`` entities."""
        ...

    def tally(self, organisation_id: str) -> Sequence[EntityTally]:
        """Every entity is counted once; groups in no particular order, none of them empty."""
        ...

    def published_since(self, organisation_id: str, instants: Sequence[datetime]) -> Sequence[int]:
        """How many entities have books published at or after each instant."""
        ...

    def time_zones(self, organisation_id: str) -> dict[str | None, int]:
        """How many entities have each time zone of their own; None: the organisation's."""
        ...

    def linked(self, integration_id: str) -> Sequence[Entity]:
        """Every entity with any link to the integration, by id: what follows an administration
        twice, or lets one go unnoticed, is worse than a long list. Connections list few thousand.
        """
        ...

    def save(self, entity: Entity) -> None:
        """Includes its links, all of them."""
        ...


class Runs(Protocol):
    def get(self, run_id: str) -> ImportRun | None: ...

    def add(self, run: ImportRun) -> bool:
        """False, and nothing stored, when the link has an unfinished run or the slot has one."""
        ...

    def replace(self, before: ImportRun, now: ImportRun) -> bool:
        """Compare-and-swap: stores ``now`` only if the row still has before's status and attempt.

        A finished run never changes: replacing one returns False.
        """
        ...

    def held(self, run_id: str, attempt: int) -> ImportRun | None:
        """The run, locked until the unit ends, if it is In Progress under that attempt; else None.

        This is the fence: every write of a worker starts here.
        """
        ...

    def unfinished(self, link_id: str) -> ImportRun | None: ...

    def due(self, now: datetime, limit: int) -> Sequence[ImportRun]:
        """Waiting runs with ``due_at`` <= now, the longest due first."""
        ...

    def in_progress(self, limit: int) -> Sequence[ImportRun]:
        """In Progress runs, the lease that ends (or ended) first comes first."""
        ...

    def of(
        self,
        organisation_id: str,
        *,
        entity_id: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> Sequence[ImportRun]:
        """Newest first (by id); continues below the id ``before``."""
        ...

    def newest(self, entity_ids: Sequence[str]) -> dict[str, ImportRun]:
        """The newest run per entity, for those that have one."""
        ...

    def tally(
        self, organisation_id: str, *, since: datetime, until: datetime
    ) -> dict[RunStatus, int]:
        """How many runs requested in [since, until) are in each status; zero may be absent."""
        ...


@frozen(kw_only=True)
class SlotTally:
    """So many slots of one night with the same outcome: a run in ``status``, or ``skipped``."""

    ordinal: int
    late: bool
    status: RunStatus | None
    skipped: SkipReason | None
    count: int


class Slots(Protocol):
    def open(self, record: SlotRecord) -> bool:
        """False, and nothing stored, when the slot has a record already."""
        ...

    def get(self, slot: Slot) -> SlotRecord | None: ...

    def of(self, entity_id: str, *, limit: int = 60) -> Sequence[SlotRecord]:
        """Newest slot first."""
        ...

    def night(self, organisation_id: str, local_date: date) -> Sequence[SlotTally]:
        """What became of that date's slots, in no particular order."""
        ...


@frozen(kw_only=True)
class Event:
    """One line of the activity. ``sequence`` is 0 until stored, then grows without being reused.

    ``kind`` is a stable word (``run.published``); ``text`` a sentence; ``data`` small and plain,
    free of secrets.
    """

    organisation_id: str
    at: datetime
    kind: str
    text: str
    actor: str = "monitr"
    integration_id: str | None = None
    entity_id: str | None = None
    run_id: str | None = None
    data: dict[str, str] = field(factory=dict)
    sequence: int = 0


class Activity(Protocol):
    def append(self, event: Event) -> None: ...

    def after(self, organisation_id: str, sequence: int, *, limit: int = 200) -> Sequence[Event]:
        """Events with a greater sequence, oldest first. Events become visible in sequence order."""
        ...

    def newest(self, organisation_id: str, *, limit: int = 50) -> Sequence[Event]:
        """Newest first."""
        ...


class Leases(Protocol):
    """Named locks with an owner and an end, across processes."""

    def acquire(self, name: str, owner: str, *, now: datetime, until: datetime) -> bool:
        """True when the name was free, over, or already this owner's; then held until ``until``."""
        ...

    def release(self, name: str, owner: str) -> None:
        """Frees it only if this owner holds it."""
        ...

    def holder(self, name: str, *, now: datetime) -> str | None: ...


class Settings(Protocol):
    """Small documents of text by name (app registrations without secrets, addresses)."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str) -> None: ...


class UnitOfWork(Protocol):
    """Everything Monitr remembers, as seen and changed together."""

    @property
    def organisations(self) -> Organisations: ...

    @property
    def integrations(self) -> Integrations: ...

    @property
    def entities(self) -> Entities: ...

    @property
    def runs(self) -> Runs: ...

    @property
    def slots(self) -> Slots: ...

    @property
    def activity(self) -> Activity: ...

    @property
    def secrets(self) -> Secrets: ...

    @property
    def tokens(self) -> Tokens: ...

    @property
    def oauth_attempts(self) -> OAuthAttempts: ...

    @property
    def leases(self) -> Leases: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def api_tokens(self) -> ApiTokens: ...

    @property
    def repeats(self) -> Repeats: ...

    @property
    def uploads(self) -> Uploads: ...

    @property
    def books(self) -> Books: ...

    def commit(self) -> None: ...


class Storage(Protocol):
    def reading(self) -> AbstractContextManager[UnitOfWork]: ...

    def writing(self) -> AbstractContextManager[UnitOfWork]: ...

    def close(self) -> None: ...

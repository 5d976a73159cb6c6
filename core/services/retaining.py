"""Retention: how long generations are kept, and compacting what is let go; indexing of words.

Everything is done in short steps with nothing held in between: a step that was not reached (a
crash, a stop) is reached by the next look, and readers see the same books whatever was done.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import attrs
from attrs import frozen

from core.domain.entity import Entity
from core.domain.retention import READERS_GRACE, Retention, to_let_go
from core.ports.retention import Mark
from core.ports.storage import UnitOfWork
from core.services.ports import Ports, entity_of, organisation_of
from core.services.viewing import day_at

ROUND_EVERY: Final = dt.timedelta(hours=1)
"""How often a worker goes through all entities."""
LEASE: Final = "compaction"
MARKS_PER_UNIT: Final = 100
"""Generations marked in one transaction."""
VERSIONS_MIN: Final = 20
VERSIONS_MAX: Final = 1_000
VERSIONS_FIRST: Final = 100
"""Row versions removed in one transaction: more while that is fast, fewer while it is slow."""
UNIT_TARGET: Final = dt.timedelta(milliseconds=15)
"""What one removing transaction should take; an import may wait for it."""
BEHIND_PER_LOOK: Final = 1_000
"""Entities whose words are indexed in one look; there is one each minute."""
TEXTS_PER_UNIT: Final = 200
"""Rows whose words are indexed in one transaction."""
VERSIONS_FOUND_MAX: Final = 5_000
"""Row versions looked up at a time, without any lock."""


@frozen(kw_only=True)
class Compacted:
    """What a round did. ``retired`` are no longer listed, ``compacted`` no longer readable."""

    retired: int = 0
    compacted: int = 0
    removed: int = 0
    """Row versions."""

    def plus(self, other: "Compacted") -> "Compacted":
        return Compacted(
            retired=self.retired + other.retired,
            compacted=self.compacted + other.compacted,
            removed=self.removed + other.removed,
        )


def _never() -> bool:
    return False


@frozen
class RetainingService:
    ports: Ports

    def retention(self, organisation_id: str) -> Retention:
        with self.ports.storage.reading() as uow:
            return _retention(uow, organisation_id)

    def set_retention(
        self, organisation_id: str, nights: int | None, *, operator: str
    ) -> Retention:
        """Keep that many nights and then month ends; None: everything. CorrectRequest if absurd.

        What a narrower setting lets go stays readable for another day; a wider one brings back
        what is not compacted yet.
        """
        retention = Retention(nights=nights)
        with self.ports.storage.writing() as uow:
            if _retention(uow, organisation_id) != retention:
                uow.settings.put(_name(organisation_id), retention.text)
                self.ports.event(
                    uow,
                    organisation_id,
                    "books.retention",
                    f"From now on {retention.words}.",
                    actor=operator,
                )
                uow.commit()
        return retention

    def compact(
        self,
        organisation_id: str,
        entity_id: str | None = None,
        *,
        stopping: Callable[[], bool] = _never,
    ) -> Compacted:
        """Let go and remove what the retention does not keep, of one entity or of all."""
        done = Compacted()
        if entity_id is not None:
            with self.ports.storage.reading() as uow:
                entity = entity_of(uow, organisation_id, entity_id)
            return self._entity(entity, stopping)
        after = None
        while True:  # ends: each page begins after the one before
            with self.ports.storage.reading() as uow:
                organisation_of(uow, organisation_id)
                page = uow.entities.of(organisation_id, after=after)
            for entity in page:
                if stopping():
                    return done
                done = done.plus(self._entity(entity, stopping))
            if not page:
                return done
            after = page[-1].id

    def tend(self, stopping: Callable[[], bool] = _never) -> Compacted:
        """A worker's look, and only while nothing is being imported: words of what was published
        since the last one are made findable, and now and then what is not kept is let go.
        """
        now = self.ports.clock.now()

        def disturbed() -> bool:
            if stopping():
                return True
            with self.ports.storage.reading() as uow:
                return bool(uow.runs.in_progress(1))

        if disturbed():
            return Compacted()
        with self.ports.storage.reading() as uow:
            behind = uow.books.behind(BEHIND_PER_LOOK)
        for entity_id in behind:
            self._index(entity_id, disturbed)
        with self.ports.storage.reading() as uow:
            if uow.leases.holder(LEASE, now=now) is not None:
                return Compacted()
            organisations = uow.organisations.all()
        with self.ports.storage.writing() as uow:
            mine = self.ports.ids.new("cmp")
            if not uow.leases.acquire(LEASE, mine, now=now, until=now + ROUND_EVERY):
                return Compacted()
            uow.commit()
        done = Compacted()
        for organisation in organisations:
            done = done.plus(self.compact(organisation.id, stopping=disturbed))
        if disturbed():  # the rest as soon as it is quiet again
            with self.ports.storage.writing() as uow:
                uow.leases.release(LEASE, mine)
                uow.commit()
        return done

    def _entity(self, entity: Entity, stopping: Callable[[], bool]) -> Compacted:
        with self.ports.storage.reading() as uow:
            marks = uow.books.marks(entity.id)
            plan = self._plan(uow, entity, marks)
        retire, restore, compact = plan
        now = self.ports.clock.now()
        for numbers in _some(retire):
            with self.ports.storage.writing() as uow:
                uow.books.retire(entity.id, numbers, now)
                uow.commit()
        for numbers in _some(restore):
            with self.ports.storage.writing() as uow:
                uow.books.restore(entity.id, numbers)
                uow.commit()
        for numbers in _some(compact):
            with self.ports.storage.writing() as uow:
                uow.books.compact(entity.id, numbers)
                uow.commit()
        done = Compacted(retired=len(retire), compacted=len(compact))
        unswept = [one.number for one in marks if one.compacted and not one.swept] + compact
        if unswept:
            done = done.plus(Compacted(removed=self._sweep(entity, unswept, stopping)))
        if compact:
            self._tell(entity, done)
        self._index(entity.id, stopping)
        return done

    def _index(self, entity_id: str, stopping: Callable[[], bool]) -> None:
        """Make the words of what was published findable, some rows at a time."""
        while not stopping():  # ends: each step goes on where the one before ended
            with self.ports.storage.reading() as uow:
                pending = uow.books.pending_texts(entity_id, limit=TEXTS_PER_UNIT)
            if pending is None:
                return
            with self.ports.storage.writing() as uow:
                if not uow.books.index_texts(entity_id, pending):
                    return
                uow.commit()

    def _plan(
        self, uow: UnitOfWork, entity: Entity, marks: Sequence[Mark]
    ) -> tuple[list[int], list[int], list[int]]:
        """Numbers to retire, to list again, and to compact."""
        now = self.ports.clock.now()
        retention = _retention(uow, entity.organisation_id)
        there = [one for one in marks if not one.compacted]
        dated = [(one.number, day_at(uow, entity, one.published_at)) for one in there]
        going = to_let_go(dated, retention, day_at(uow, entity, now))
        retire = [one.number for one in there if one.retired_at is None and one.number in going]
        restore = [one.number for one in there if one.retired_at and one.number not in going]
        compact = [
            one.number
            for one in there
            if one.number in going
            and one.retired_at is not None
            and one.retired_at + READERS_GRACE <= now
        ]
        return retire, restore, compact

    def _sweep(self, entity: Entity, numbers: list[int], stopping: Callable[[], bool]) -> int:
        """Remove leftovers of these generations in short transactions; how many went."""
        removed, at_once, position = 0, VERSIONS_FIRST, None
        while True:  # ends: a position lies behind the one before, and there are so many rows
            with self.ports.storage.reading() as uow:
                found = uow.books.leftovers(entity.id, position=position, limit=VERSIONS_FOUND_MAX)
            versions = list(found.versions)
            while versions:
                if stopping():
                    return removed
                some, versions = versions[:at_once], versions[at_once:]
                with self.ports.storage.writing() as uow:
                    began = self.ports.clock.now()
                    removed += uow.books.remove(entity.id, some)
                    uow.commit()
                    took = self.ports.clock.now() - began
                at_once = at_once // 2 if took > UNIT_TARGET else at_once * 2
                at_once = min(max(at_once, VERSIONS_MIN), VERSIONS_MAX)
            position = found.next_position
            if position is None:
                break
        with self.ports.storage.writing() as uow:
            uow.books.swept(entity.id, numbers)
            uow.commit()
        return removed

    def _tell(self, entity: Entity, done: Compacted) -> None:
        with self.ports.storage.writing() as uow:
            self.ports.event(
                uow,
                entity.organisation_id,
                "books.compacted",
                f"{entity.name}: {done.compacted} earlier generations are no longer kept.",
                entity_id=entity.id,
                **{name: str(count) for name, count in attrs.asdict(done).items()},
            )
            uow.commit()


def _retention(uow: UnitOfWork, organisation_id: str) -> Retention:
    organisation_of(uow, organisation_id)
    return Retention.of(uow.settings.get(_name(organisation_id)))


def _name(organisation_id: str) -> str:
    return f"retention/{organisation_id}"


def _some(numbers: list[int]) -> list[list[int]]:
    return [
        numbers[start : start + MARKS_PER_UNIT] for start in range(0, len(numbers), MARKS_PER_UNIT)
    ]

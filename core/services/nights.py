"""Nights: opening slots as their time comes, and showing what became of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from core.domain.entity import Entity
from core.domain.import_run import RunCause
from core.domain.integration import IntegrationStatus
from core.domain.onboarding import Organisation, zone_of
from core.domain.schedule import (
    SLOT_TIMES,
    SkipReason,
    Slot,
    SlotRecord,
    due_at,
    next_slot,
    slots_due,
)
from core.ports.storage import LIST_MAX, SlotTally, UnitOfWork
from core.services.importing import unusable, waiting_run
from core.services.ports import Ports, entity_of, organisation_of


@frozen(kw_only=True)
class NextSlot:
    entity: Entity
    local_date: date
    ordinal: int
    due_at: datetime


@frozen(kw_only=True)
class ComingSlot:
    """A slot still to come, with how many entities it is for."""

    local_date: date
    ordinal: int
    due_at: datetime
    entities: int


@frozen(kw_only=True)
class Night:
    """What became of a date's slots so far."""

    local_date: date
    slots: tuple[SlotTally, ...]


@frozen
class NightsService:
    ports: Ports

    def open_due(self) -> Sequence[SlotRecord]:
        """Open every slot whose time came, for every organisation; at most one run per entity.

        Of several missed slots only the newest is caught up; the others are skipped as too late.
        Safe to run at any time, from any number of processes: a slot is opened once.
        """
        opened: list[SlotRecord] = []
        with self.ports.storage.reading() as uow:
            organisations = uow.organisations.all()
        for organisation in organisations:
            after = None
            while True:
                with self.ports.storage.reading() as uow:
                    page = uow.entities.of(organisation.id, after=after, limit=LIST_MAX)
                if not page:
                    break
                after = page[-1].id
                for entity in page:
                    opened += self._open(organisation, entity)
        return opened

    def tonight(self, organisation_id: str) -> Sequence[NextSlot]:
        """The next slot of each entity, soonest first; at most LIST_MAX entities.

        Entities whose connection was ended have none.
        """
        now = self.ports.clock.now()
        with self.ports.storage.reading() as uow:
            organisation = organisation_of(uow, organisation_id)
            entities = uow.entities.of(organisation_id)
            dormant = {entity.id for entity in _dormant(uow, organisation_id)}
        found = []
        for entity in entities:
            if entity.id in dormant:
                continue
            day, ordinal, due = next_slot(_zone(organisation, entity), now)
            found.append(NextSlot(entity=entity, local_date=day, ordinal=ordinal, due_at=due))
        return sorted(found, key=lambda slot: (slot.due_at, slot.entity.name))

    def coming(self, organisation_id: str) -> Sequence[ComingSlot]:
        """The slots of the next night, soonest first; entities in other time zones apart.

        Entities whose connection was ended do not count.
        """
        now = self.ports.clock.now()
        with self.ports.storage.reading() as uow:
            organisation = organisation_of(uow, organisation_id)
            zones = Counter(uow.entities.time_zones(organisation_id))
            zones.subtract(entity.time_zone for entity in _dormant(uow, organisation_id))
        found = []
        for name, entities in zones.items():
            if entities <= 0:
                continue
            at = now
            for _ in SLOT_TIMES:
                day, ordinal, at = next_slot(zone_of(name or organisation.time_zone), at)
                found.append(
                    ComingSlot(local_date=day, ordinal=ordinal, due_at=at, entities=entities)
                )
        return sorted(found, key=lambda slot: slot.due_at)

    def last_night(self, organisation_id: str) -> Night:
        """The newest date whose first slot's time has come where the organisation is."""
        with self.ports.storage.reading() as uow:
            zone = organisation_of(uow, organisation_id).zone
            now = self.ports.clock.now()
            day = now.astimezone(zone).date()
            if due_at(day, 1, zone) > now:
                day -= timedelta(days=1)
            return Night(local_date=day, slots=tuple(uow.slots.night(organisation_id, day)))

    def history(self, organisation_id: str, entity_id: str) -> Sequence[SlotRecord]:
        """What became of an entity's slots, newest first."""
        with self.ports.storage.reading() as uow:
            entity_of(uow, organisation_id, entity_id)
            return uow.slots.of(entity_id)

    def _open(self, organisation: Organisation, entity: Entity) -> list[SlotRecord]:
        now = self.ports.clock.now()
        due = [
            (slot, late)
            for slot, _, late in slots_due(
                entity.id, _zone(organisation, entity), now, since=entity.created_at
            )
        ]
        if not due or entity.primary is None:
            return []
        with self.ports.storage.reading() as uow:
            due = [(slot, late) for slot, late in due if uow.slots.get(slot) is None]
        if not due:
            return []
        records = []
        run_id = None
        with self.ports.storage.writing() as uow:
            # As it is now: it may have been linked elsewhere since the list was read.
            entity = entity_of(uow, organisation.id, entity.id)
            if entity.primary is None:
                return []
            for slot, late in due[:-1]:
                record = SlotRecord(
                    slot=slot, opened_at=now, late=late, skipped=SkipReason.TOO_LATE
                )
                if uow.slots.open(record):
                    records.append(record)
            slot, late = due[-1]
            newest = self._record(uow, entity, slot, late=late)
            if newest is not None:
                records.append(newest)
                run_id = newest.run_id
            uow.commit()
        if run_id is not None:
            self.ports.doorbell.ring(run_id)
        return records

    def _record(
        self, uow: UnitOfWork, entity: Entity, slot: Slot, *, late: bool
    ) -> SlotRecord | None:
        """Store the slot with its run or the reason there is none; None when it was opened."""
        link = entity.primary
        assert link is not None, "checked by the caller"
        now = self.ports.clock.now()
        if uow.slots.get(slot) is not None:
            return None
        skipped = None
        if unusable(uow, link) is not None:
            skipped = SkipReason.INTEGRATION_UNUSABLE
        elif uow.runs.unfinished(link.id) is not None:
            skipped = SkipReason.PREVIOUS_STILL_RUNNING
        if skipped is not None:
            record = SlotRecord(slot=slot, opened_at=now, late=late, skipped=skipped)
            uow.slots.open(record)
            self.ports.event(
                uow,
                entity.organisation_id,
                "slot.skipped",
                f"{entity.name}: tonight's import {slot.ordinal} was skipped because "
                f"{skipped.value}.",
                entity_id=entity.id,
            )
            return record
        run = waiting_run(self.ports, entity, link, RunCause.SLOT, slot=slot, late=late)
        record = SlotRecord(slot=slot, opened_at=now, late=late, run_id=run.id)
        uow.slots.open(record)
        added = uow.runs.add(run)
        assert added, "a writing unit is exclusive"
        return record


def _dormant(uow: UnitOfWork, organisation_id: str) -> Iterator[Entity]:
    """Entities whose primary connection was ended for good: nothing is imported for them."""
    for integration in uow.integrations.of(organisation_id):
        if integration.status is IntegrationStatus.DISCONNECTED:
            for entity in uow.entities.linked(integration.id):
                if entity.primary is not None and entity.primary.integration_id == integration.id:
                    yield entity


def _zone(organisation: Organisation, entity: Entity) -> ZoneInfo:
    return zone_of(entity.time_zone) if entity.time_zone else organisation.zone

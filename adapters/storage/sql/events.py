"""What happened and when: the slots of nights, and the activity."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert
from sqlmodel import Session, col, select

from adapters.storage.sql import surveys
from adapters.storage.sql.documents import from_json, to_json
from adapters.storage.sql.rows import get, put_new, rows, table_of
from adapters.storage.sql.tables import EventRow, SlotRow
from core.domain.schedule import SkipReason, Slot, SlotRecord
from core.ports.storage import LIST_MAX, Event, SlotTally


class SqlSlots:
    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, record: SlotRecord) -> bool:
        return put_new(
            self._session,
            SlotRow(
                entity_id=record.slot.entity_id,
                local_date=record.slot.local_date.isoformat(),
                ordinal=record.slot.ordinal,
                opened_at=record.opened_at,
                late=record.late,
                run_id=record.run_id,
                skipped=None if record.skipped is None else record.skipped.value,
            ),
        )

    def get(self, slot: Slot) -> SlotRecord | None:
        key = (slot.entity_id, slot.local_date.isoformat(), slot.ordinal)
        row = get(self._session, SlotRow, key)
        return None if row is None else _slot_record(row)

    def of(self, entity_id: str, *, limit: int = 60) -> Sequence[SlotRecord]:
        query = (
            select(SlotRow)
            .where(col(SlotRow.entity_id) == entity_id)
            .order_by(col(SlotRow.local_date).desc(), col(SlotRow.ordinal).desc())
            .limit(min(limit, LIST_MAX))
        )
        return [_slot_record(row) for row in rows(self._session, query)]

    def night(self, organisation_id: str, local_date: date) -> Sequence[SlotTally]:
        return surveys.night(self._session.connection(), organisation_id, local_date)


def _slot_record(row: SlotRow) -> SlotRecord:
    return SlotRecord(
        slot=Slot(
            entity_id=row.entity_id,
            local_date=date.fromisoformat(row.local_date),
            ordinal=row.ordinal,
        ),
        opened_at=row.opened_at,
        late=row.late,
        run_id=row.run_id,
        skipped=None if row.skipped is None else SkipReason(row.skipped),
    )


class SqlActivity:
    """One writer at a time gives sequence numbers, so they become visible in order."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, event: Event) -> None:
        self._session.connection().execute(
            insert(table_of(EventRow)).values(
                organisation_id=event.organisation_id,
                at=event.at,
                kind=event.kind,
                text=event.text,
                actor=event.actor,
                integration_id=event.integration_id,
                entity_id=event.entity_id,
                run_id=event.run_id,
                data_json=to_json(event.data),
            )
        )

    def after(self, organisation_id: str, sequence: int, *, limit: int = 200) -> Sequence[Event]:
        query = (
            select(EventRow)
            .where(col(EventRow.organisation_id) == organisation_id)
            .where(col(EventRow.sequence) > sequence)
            .order_by(col(EventRow.sequence))
            .limit(min(limit, LIST_MAX))
        )
        return [_event(row) for row in rows(self._session, query)]

    def newest(self, organisation_id: str, *, limit: int = 50) -> Sequence[Event]:
        query = (
            select(EventRow)
            .where(col(EventRow.organisation_id) == organisation_id)
            .order_by(col(EventRow.sequence).desc())
            .limit(min(limit, LIST_MAX))
        )
        return [_event(row) for row in rows(self._session, query)]


def _event(row: EventRow) -> Event:
    return Event(
        organisation_id=row.organisation_id,
        at=row.at,
        kind=row.kind,
        text=row.text,
        actor=row.actor,
        integration_id=row.integration_id,
        entity_id=row.entity_id,
        run_id=row.run_id,
        data=from_json(row.data_json, dict[str, str]),
        sequence=row.sequence or 0,
    )

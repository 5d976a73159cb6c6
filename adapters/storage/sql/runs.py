"""Import runs: the claims and the fence. Uniqueness is the database's, see ``tables.RunRow``."""

from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Final

from sqlalchemy import bindparam, func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from adapters.storage.sql import surveys
from adapters.storage.sql.dialect import among, drive
from adapters.storage.sql.documents import (
    from_json,
    from_json_or_none,
    to_json,
    to_json_or_none,
)
from adapters.storage.sql.remembering import Prepared, as_stored, json_of, remembered
from adapters.storage.sql.rows import rows, table_of
from adapters.storage.sql.statements import change_text, new_text
from adapters.storage.sql.tables import RunRow
from adapters.storage.sql.types import text_of
from core.domain.failures import Trouble
from core.domain.import_run import ImportRun, Progress, RunCause, RunStatus
from core.domain.proof import Proof
from core.domain.schedule import Slot
from core.ports.storage import LIST_MAX

UNFINISHED = (RunStatus.WAITING.value, RunStatus.IN_PROGRESS.value)

IDS_PER_QUERY = 500


class SqlRuns:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, run_id: str) -> ImportRun | None:
        found = _BY_ID.rows(self._session.connection(), id=run_id)
        return _remembered_run(found[0]) if found else None

    def add(self, run: ImportRun) -> bool:
        connection = self._session.connection()
        text = new_text(connection, _RUNS, _COLUMNS)
        return drive(connection, text, _values(run)).rowcount == 1

    def replace(self, before: ImportRun, now: ImportRun) -> bool:
        assert now.id == before.id, "a run stays itself"
        connection = self._session.connection()
        found = _BY_ID.rows(connection, id=before.id)
        state = (before.status.value, before.attempt)
        if not found or before.finished or _state(found[0]) != state:
            return False
        changes = {
            name: value
            for name, held, value in zip(_COLUMNS, found[0], _values(now), strict=True)
            if held != value
        }
        if changes:
            text = change_text(connection, _RUNS, tuple(changes))
            drive(connection, text, (*changes.values(), now.id))
        return True

    def held(self, run_id: str, attempt: int) -> ImportRun | None:
        found = _BY_ID.rows(self._session.connection(), id=run_id)
        if not found or _state(found[0]) != (RunStatus.IN_PROGRESS.value, attempt):
            return None
        return _remembered_run(found[0])

    def unfinished(self, link_id: str) -> ImportRun | None:
        # The very words of the unique index, so that it is used.
        query = select(RunRow).where(col(RunRow.link_id) == link_id)
        query = query.where(col(RunRow.status).in_(UNFINISHED))
        found = rows(self._session, query)
        return _run(found[0]) if found else None

    def due(self, now: datetime, limit: int) -> Sequence[ImportRun]:
        query = (
            select(RunRow)
            .where(col(RunRow.status) == RunStatus.WAITING.value)
            .where(col(RunRow.due_at) <= now)
            .order_by(col(RunRow.due_at), col(RunRow.id))
            .limit(min(limit, LIST_MAX))
        )
        return [_run(row) for row in rows(self._session, query)]

    def in_progress(self, limit: int) -> Sequence[ImportRun]:
        query = (
            select(RunRow)
            .where(col(RunRow.status) == RunStatus.IN_PROGRESS.value)
            .order_by(col(RunRow.lease_until), col(RunRow.id))
            .limit(min(limit, LIST_MAX))
        )
        return [_run(row) for row in rows(self._session, query)]

    def of(
        self,
        organisation_id: str,
        *,
        entity_id: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> Sequence[ImportRun]:
        query = select(RunRow).where(col(RunRow.organisation_id) == organisation_id)
        if entity_id is not None:
            query = query.where(col(RunRow.entity_id) == entity_id)
        if before is not None:
            query = query.where(col(RunRow.id) < before)
        query = query.order_by(col(RunRow.id).desc()).limit(min(limit, LIST_MAX))
        return [_run(row) for row in rows(self._session, query)]

    def newest(self, entity_ids: Sequence[str]) -> dict[str, ImportRun]:
        wanted = sorted(set(entity_ids))
        found: dict[str, ImportRun] = {}
        for start in range(0, len(wanted), IDS_PER_QUERY):
            some = wanted[start : start + IDS_PER_QUERY]
            found_rows = _NEWEST.rows(self._session.connection(), ids=json_of(some))
            found.update((run.entity_id, run) for run in map(_remembered_run, found_rows))
        return found

    def tally(
        self, organisation_id: str, *, since: datetime, until: datetime
    ) -> dict[RunStatus, int]:
        return surveys.run_tally(self._session.connection(), organisation_id, since, until)


def _values(run: ImportRun) -> tuple[object, ...]:
    """As stored, in the order of the columns."""
    slot = run.slot
    return (
        run.id,
        run.organisation_id,
        run.entity_id,
        run.link_id,
        run.integration_id,
        run.status.value,
        run.cause.value,
        text_of(run.requested_at),
        text_of(run.due_at),
        None if slot is None else slot.local_date.isoformat(),
        None if slot is None else slot.ordinal,
        run.late,
        run.attempt,
        run.strikes,
        run.owner,
        _text_or_none(run.lease_until),
        _text_or_none(run.started_at),
        _text_or_none(run.finished_at),
        run.generation,
        run.bookmark,
        run.complete,
        to_json(run.progress),
        to_json_or_none(run.trouble),
        to_json_or_none(run.proof),
    )


def _text_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else text_of(instant)


def _run(row: RunRow) -> ImportRun:
    slot = None
    if row.slot_date is not None and row.slot_ordinal is not None:
        slot = Slot(
            entity_id=row.entity_id,
            local_date=date.fromisoformat(row.slot_date),
            ordinal=row.slot_ordinal,
        )
    return ImportRun(
        id=row.id,
        organisation_id=row.organisation_id,
        entity_id=row.entity_id,
        link_id=row.link_id,
        integration_id=row.integration_id,
        status=RunStatus(row.status),
        cause=RunCause(row.cause),
        requested_at=row.requested_at,
        due_at=row.due_at,
        slot=slot,
        late=row.late,
        attempt=row.attempt,
        strikes=row.strikes,
        owner=row.owner,
        lease_until=row.lease_until,
        started_at=row.started_at,
        finished_at=row.finished_at,
        generation=row.generation,
        bookmark=row.bookmark,
        complete=row.complete,
        progress=from_json(row.progress_json, Progress),
        trouble=from_json_or_none(row.trouble_json, Trouble),
        proof=from_json_or_none(row.proof_json, Proof),
    )


_RUNS: Final = table_of(RunRow)
_COLUMNS: Final = tuple(column.name for column in _RUNS.columns)
_state: Final = itemgetter(_COLUMNS.index("status"), _COLUMNS.index("attempt"))
_remembered_run: Final = remembered(_RUNS, _run)
_BY_ID: Final = Prepared(
    # Locked where a database locks rows: nobody else changes it until the unit ends.
    core_select(*as_stored(_RUNS)).where(_RUNS.c.id == bindparam("id")).with_for_update()
)
_NEWEST: Final = Prepared(
    core_select(*as_stored(_RUNS)).where(
        _RUNS.c.id.in_(
            core_select(func.max(_RUNS.c.id))
            .where(among(_RUNS.c.entity_id, "ids"))
            .group_by(_RUNS.c.entity_id)
        )
    )
)

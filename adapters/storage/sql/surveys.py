"""Counting entities, runs and slots in the database, so that nobody has to read them one by one.

What an entity's standing is comes from its newest run: one look into an index per entity.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    case,
    func,
    literal,
    null,
    select,
)

from adapters.storage.sql.dialect import contains
from adapters.storage.sql.documents import to_json
from adapters.storage.sql.rows import table_of
from adapters.storage.sql.tables import EntityRow, LinkRow, RunRow, SlotRow
from core.domain.import_run import RunStatus
from core.domain.proof import Verdict
from core.domain.schedule import SkipReason
from core.ports.storage import Contents, EntityFilter, EntityTally, SlotTally

_ENTITIES: Final = table_of(EntityRow)
_LINKS: Final = table_of(LinkRow)
_SLOTS: Final = table_of(SlotRow)
_RUNS: Final = table_of(RunRow)
_OTHER_RUNS: Final = _RUNS.alias("other_runs")
_PUBLISHED: Final = _RUNS.alias("published")
"""The run whose books an entity shows: its newest that succeeded."""
_SUCCEEDED: Final = _OTHER_RUNS.c.status == RunStatus.SUCCEEDED.value


def fitting(where: EntityFilter | None) -> list[ColumnElement[bool]]:
    """The filter as conditions on the entities' table."""
    if where is None:
        return []
    conditions = []
    if where.text is not None:
        conditions.append(contains(_ENTITIES.c.name, where.text))
    if where.never:
        conditions.append(~_has_run())
    if where.status is not None:
        conditions.append(
            _has_run(_RUNS.c.status == where.status.value, _RUNS.c.id == _newest_id())
        )
    if where.verdict is not None:
        proven = _RUNS.c.id == _newest_id(_SUCCEEDED)
        conditions.append(_has_run(_with_verdict(where.verdict, _RUNS), proven))
    if where.integration_id is not None:
        linked = select(_LINKS.c.entity_id).where(_LINKS.c.integration_id == where.integration_id)
        conditions.append(_ENTITIES.c.id.in_(linked))
    return conditions


def contents(
    connection: Connection, organisation_id: str, every: int, where: EntityFilter | None
) -> Contents:
    query = (
        select(_ENTITIES.c.id)
        .where(_ENTITIES.c.organisation_id == organisation_id, *fitting(where))
        .order_by(_ENTITIES.c.id)
    )
    total = 0
    starts: list[str | None] = []
    previous = None
    for (entity_id,) in connection.execute(query):
        if total % every == 0:
            starts.append(previous)
        previous = entity_id
        total += 1
    return Contents(total=total, starts=tuple(starts))


def entity_tally(connection: Connection, organisation_id: str) -> list[EntityTally]:
    verdict = case(
        *((_with_verdict(verdict, _PUBLISHED), literal(verdict.value)) for verdict in Verdict),
        else_=null(),
    )
    query = (
        select(_RUNS.c.status, verdict, func.count())
        .select_from(_ENTITIES)
        .outerjoin(_RUNS, _RUNS.c.id == _newest_id())
        .outerjoin(_PUBLISHED, _PUBLISHED.c.id == _newest_id(_SUCCEEDED))
        .where(_ENTITIES.c.organisation_id == organisation_id)
        .group_by(_RUNS.c.status, verdict)
    )
    return [
        EntityTally(
            status=None if status is None else RunStatus(status),
            verdict=None if found is None else Verdict(found),
            count=count,
        )
        for status, found, count in connection.execute(query)
    ]


def published_since(
    connection: Connection, organisation_id: str, instants: Sequence[datetime]
) -> list[int]:
    if not instants:
        return []
    counts = [func.count(case((_ENTITIES.c.published_at >= instant, 1))) for instant in instants]
    query = select(*counts).where(_ENTITIES.c.organisation_id == organisation_id)
    return list(connection.execute(query).one())


def time_zones(connection: Connection, organisation_id: str) -> dict[str | None, int]:
    zone = _ENTITIES.c.time_zone
    query = (
        select(zone, func.count())
        .where(_ENTITIES.c.organisation_id == organisation_id)
        .group_by(zone)
    )
    return {name: count for name, count in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def run_tally(
    connection: Connection, organisation_id: str, since: datetime, until: datetime
) -> dict[RunStatus, int]:
    status, requested_at = _RUNS.c.status, _RUNS.c.requested_at
    query = (
        select(status, func.count())
        .where(_RUNS.c.organisation_id == organisation_id)
        .where(requested_at >= since, requested_at < until)
        .group_by(status)
    )
    return {RunStatus(name): count for name, count in connection.execute(query)}


def night(connection: Connection, organisation_id: str, local_date: date) -> list[SlotTally]:
    groups = (
        _SLOTS.c.ordinal,
        _SLOTS.c.late,
        _RUNS.c.status,
        _SLOTS.c.skipped,
    )
    query = (
        select(*groups, func.count())
        .select_from(_ENTITIES)
        .join(
            _SLOTS,
            and_(
                _SLOTS.c.entity_id == _ENTITIES.c.id,
                _SLOTS.c.local_date == local_date.isoformat(),
            ),
        )
        .outerjoin(_RUNS, _RUNS.c.id == _SLOTS.c.run_id)
        .where(_ENTITIES.c.organisation_id == organisation_id)
        .group_by(*groups)
    )
    return [
        SlotTally(
            ordinal=ordinal,
            late=late,
            status=None if status is None else RunStatus(status),
            skipped=None if skipped is None else SkipReason(skipped),
            count=count,
        )
        for ordinal, late, status, skipped, count in connection.execute(query)
    ]


def _newest_id(*conditions: ColumnElement[bool]) -> ColumnElement[str]:
    return (
        select(func.max(_OTHER_RUNS.c.id))
        .where(_OTHER_RUNS.c.entity_id == _ENTITIES.c.id, *conditions)
        .correlate(_ENTITIES)
        .scalar_subquery()
    )


def _has_run(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    run = select(_RUNS.c.id).where(_RUNS.c.entity_id == _ENTITIES.c.id, *conditions)
    return run.correlate(_ENTITIES).exists()


def _with_verdict(verdict: Verdict, runs: FromClause) -> ColumnElement[bool]:
    """Documents are compact JSON, so a field reads the same in each; no other field is so named."""
    document = to_json({"verdict": verdict.value}).strip("{}")
    return runs.c.proof_json.contains(document, autoescape=True)

"""Change data capture: whole objects changed since, ids of deleted ones, never a second page."""

from datetime import datetime
from typing import Final

from sandbox.quickbooks import rows
from sandbox.quickbooks.errors import validation_fault
from sandbox.quickbooks.query import LISTS, TRANSACTIONS, Source, objects

DAYS_MAX: Final = 30
OBJECTS_MAX: Final = 1_000
_OFFERED: Final = (LISTS - {"TaxCode", "TaxRate"}) | set(TRANSACTIONS)


def answer(source: Source, asked: str, since: str, *, now_ms: int, now: str) -> rows.Row:
    """One QueryResponse per entity asked for, ``{}`` where nothing changed."""
    entities = [each.strip() for each in asked.split(",") if each.strip()]
    unknown = [each for each in entities if each not in _OFFERED]
    if not entities or unknown:
        raise validation_fault("2010", "Request has invalid or unsupported property", str(unknown))
    try:
        told = datetime.fromisoformat(since)
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        raise validation_fault("4001", "Invalid query", f"changedSince {since}")
    since_ms = int(told.timestamp() * 1000)
    if now_ms - since_ms > DAYS_MAX * 86_400_000:
        raise validation_fault("4001", "Invalid query", "changedSince is more than 30 days ago")
    left, responses = OBJECTS_MAX, []
    for entity in entities:
        found = _changed(source, entity, told)[:left]
        left -= len(found)
        responses.append(
            {
                entity: found,
                "startPosition": 1,
                "maxResults": len(found),
                "totalCount": len(found),
            }
            if found
            else {}
        )
    return {"CDCResponse": [{"QueryResponse": responses}], "time": now}


def _changed(source: Source, entity: str, since: datetime) -> list[rows.Row]:
    view = source.view
    found = [row for row in objects(source, entity) if _updated(row) >= since]
    if entity in TRANSACTIONS:
        found += [
            rows.deleted(view, entry, at_ms)
            for entry, at_ms in view.deleted_since(int(since.timestamp() * 1000))
            if view.entity_and_label(entry)[0] == entity
        ]
    return found


def _updated(row: rows.Row) -> datetime:
    meta = row["MetaData"]
    assert isinstance(meta, dict)
    return datetime.fromisoformat(str(meta["LastUpdatedTime"]))

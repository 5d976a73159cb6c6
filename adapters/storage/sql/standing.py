"""What stands in a generation, and records made of rows: said once for every query."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_

from adapters.storage.sql.dialect import not_by_index
from adapters.storage.sql.shapes import RecordShape, Shape
from core.domain.books import Record

_R = TypeVar("_R", bound=Record)


def stands(
    shape: Shape, ledger: int, generation: int, *, by_id: bool = False
) -> ColumnElement[bool]:
    """Condition: the version stands in that generation. ``by_id``: rows are found by their ids, so
    no index is to be walked for the ledger.
    """
    columns = shape.table.c
    return and_(
        (not_by_index(columns.ledger) if by_id else columns.ledger) == ledger,
        not_by_index(columns.from_generation) <= generation,
        or_(columns.to_generation.is_(None), not_by_index(columns.to_generation) > generation),
    )


def fields(shape: Shape) -> list[ColumnElement[Any]]:
    """The key and the values."""
    return [shape.table.c[name] for name in ("key", *shape.columns)]


def to_record(shape: RecordShape[_R], row: Sequence[Any]) -> _R:
    return shape.record_of(row[0], row[1:])

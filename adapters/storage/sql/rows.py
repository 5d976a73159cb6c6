"""Reading and writing rows of the small tables."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Table as SqlTable
from sqlalchemy import inspect
from sqlmodel import Session, SQLModel
from sqlmodel.sql.expression import SelectOfScalar

from adapters.storage.sql.dialect import insert_or_ignore

_R = TypeVar("_R", bound=SQLModel)


def table_of(model: type[SQLModel]) -> SqlTable:
    return cast("SqlTable", inspect(model).local_table)


def get(session: Session, model: type[_R], key: object, *, lock: bool = False) -> _R | None:
    """The row as the database has it now; ``lock``: nobody else changes it until the unit ends."""
    return session.get(model, key, populate_existing=True, with_for_update=lock or None)


def rows(session: Session, query: SelectOfScalar[_R]) -> Sequence[_R]:
    return session.exec(query.execution_options(populate_existing=True)).all()


def put(session: Session, row: SQLModel) -> None:
    """Insert or replace by primary key, at once."""
    session.merge(row)
    session.flush()


def put_new(session: Session, row: SQLModel) -> bool:
    """Insert unless a unique constraint forbids it."""
    values: dict[str, Any] = row.model_dump()
    result = session.connection().execute(insert_or_ignore(table_of(type(row))).values(values))
    return result.rowcount == 1


def drop(session: Session, model: type[SQLModel], key: object) -> None:
    """Delete by primary key; nothing to delete is fine."""
    row = session.get(model, key)
    if row is not None:
        session.delete(row)
        session.flush()

"""Searching and reading: rows as the wire shows them."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from sandbox.odoo.domains import compile_domain
from sandbox.odoo.fields import (
    DATE,
    DATETIME,
    MANY2MANY,
    MANY2ONE,
    ONE2MANY,
    Context,
    Field,
    Model,
)
from sandbox.odoo.master_models import MODELS
from sandbox.odoo.people import Role
from sandbox.odoo.refusals import may_not_read, value_error
from sandbox.odoo.values import moment, money

Row = dict[str, Any]


def check_access(model: Model, ctx: Context) -> None:
    if model.accounting and ctx.user.role is Role.NONE:
        raise may_not_read(model.label, model.name)


def field_of(model: Model, name: str, ctx: Context) -> Field:
    known = model.known(ctx.version).get(name)
    if known is None:
        raise value_error(f"Invalid field '{name}' on '{model.name}'")
    return known


def search(
    model: Model,
    domain: list[Any],
    ctx: Context,
    *,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
) -> list[Any]:
    """Records in order. No limit, 0 or null means all. Only an order by id is stable."""
    check_access(model, ctx)
    found = _matching(model, domain, ctx)
    if order in (None, "id", "id asc"):
        records = found if order else iter(_default_order(model, list(found), ctx))
        return list(islice(records, offset, (offset + limit) if limit else None))
    rows = list(found)
    for term in reversed([part.split() for part in (order or "").split(",")]):
        name = term[0].partition(".")[0]
        if name not in model.known(ctx.version):
            raise value_error(f"Invalid field '{name}' on model '{model.name}'")
        known = model.fields[name]
        rows.sort(key=_sort_key(known, ctx), reverse=term[-1].lower() == "desc")
    return rows[offset : offset + limit] if limit else rows[offset:]


def _sort_key(known: Field, ctx: Context) -> Any:  # noqa: ANN401 - a key function
    def key(record: Any) -> tuple[bool, Any]:  # noqa: ANN401 - any record
        value = known.get(record, ctx)
        return (value is not None, value if value is not None else 0)

    return key


def _default_order(model: Model, rows: list[Any], ctx: Context) -> list[Any]:
    """Moves and lines: newest date first, as the real default is; not stable for paging."""
    if model.accounting:
        dated = model.fields["date"]
        rows.sort(key=lambda record: (dated.get(record, ctx), record.id), reverse=True)
    return rows


def _matching(model: Model, domain: list[Any], ctx: Context) -> Iterator[Any]:
    test = compile_domain(domain, model, ctx)
    return (record for record in model.records(ctx, _floor(domain)) if test(record))


def _floor(domain: list[Any]) -> int:
    """The id above which a page is asked for, where the domain says so at its outermost level.

    Only a saving: the test is applied all the same. With any operator in it the domain is not
    looked into.
    """
    if any(item in ("|", "!", "&") for item in domain if isinstance(item, str)):
        return 0
    floors = [
        item[2]
        for item in domain
        if isinstance(item, list) and item[:2] == ["id", ">"] and isinstance(item[2], int)
    ]
    return max(floors, default=0)


def wire_value(known: Field, record: Any, ctx: Context, *, pairs: bool) -> Any:  # noqa: ANN401
    """False for empty, text for times, pairs for relations unless ``load`` was null."""
    value = known.get(record, ctx)
    if known.cents:
        return money(value or 0)
    if known.type in (ONE2MANY, MANY2MANY):
        return list(value or ())
    if value is None:
        return False
    if known.type == MANY2ONE and pairs:
        return [value, title_of(known.relation, value, ctx)]
    return _text(value) if known.type in (DATE, DATETIME) else value


def _text(value: date | int) -> str:
    return value.isoformat() if isinstance(value, date) else moment(value)


def title_of(model_name: str, number: int, ctx: Context) -> str:
    """The display name; that of an account depends on the company context."""
    model = MODELS[model_name]
    record = model.browse(ctx, number)
    return "" if record is None else model.title(record, ctx)


def read(
    model: Model, records: list[Any], names: list[str], ctx: Context, *, pairs: bool
) -> list[Row]:
    wanted = {name: field_of(model, name, ctx) for name in names}
    number = model.fields["id"]
    return [
        {
            "id": number.get(record, ctx),
            **{name: wire_value(known, record, ctx, pairs=pairs) for name, known in wanted.items()},
        }
        for record in records
    ]


def read_nested(
    model: Model, records: list[Any], specification: dict[str, Any], ctx: Context
) -> list[Row]:
    """``web_read``: relations as bare ids, or as objects where their fields are named."""
    wanted = {name: field_of(model, name, ctx) for name in specification}
    rows = []
    for record in records:
        row: Row = {"id": model.fields["id"].get(record, ctx)}
        for name, known in wanted.items():
            inner = specification[name].get("fields") if specification[name] else None
            if inner is None:
                row[name] = wire_value(known, record, ctx, pairs=False)
            else:
                row[name] = _related(model, known, record, inner, ctx)
        rows.append(row)
    return rows


def _related(model: Model, known: Field, record: Any, inner: dict[str, Any], ctx: Context) -> Any:  # noqa: ANN401
    other = MODELS[known.relation]
    if model.name == "account.move" and known.type == ONE2MANY:
        return read_nested(other, list(ctx.store.lines_of(record)), inner, ctx)
    value = known.get(record, ctx)
    if value is None:
        return False
    numbers = [value] if known.type == MANY2ONE else value
    found = [other.browse(ctx, number) for number in numbers]
    rows = read_nested(other, [record for record in found if record is not None], inner, ctx)
    return (rows[0] if rows else False) if known.type == MANY2ONE else rows

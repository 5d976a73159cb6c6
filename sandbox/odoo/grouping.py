"""Groups with sums: ``formatted_read_group`` of 19 and ``read_group`` of all versions."""

from collections import defaultdict
from datetime import date
from typing import Any

from attrs import frozen

from sandbox.odoo.fields import DATE, DATETIME, MANY2ONE, Context, Field, Model
from sandbox.odoo.refusals import value_error
from sandbox.odoo.searching import Row, search, title_of
from sandbox.odoo.values import moment, money

COUNT = "__count"


@frozen
class GroupBy:
    spec: str
    name: str
    known: Field
    grain: str

    def value(self, record: Any, ctx: Context) -> Any:  # noqa: ANN401 - of the field's type
        found = self.known.get(record, ctx)
        if self.known.type == DATE and found is not None and self.grain == "month":
            return found.replace(day=1)
        return found


@frozen
class Aggregate:
    spec: str
    name: str
    known: Field | None
    function: str

    def of(self, records: list[Any], ctx: Context) -> Any:  # noqa: ANN401 - a number or a time
        if self.known is None:
            return len(records)
        values = [self.known.get(record, ctx) for record in records]
        present = [value for value in values if value is not None]
        if self.function == "max":
            highest = max(present, default=None)
            if highest is None:
                return False
            return moment(highest) if self.known.type == DATETIME else highest
        total = sum(present)
        return money(total) if self.known.cents else total


def _by(specs: list[str], model: Model, ctx: Context) -> list[GroupBy]:
    found = []
    for spec in specs:
        name, _, grain = spec.partition(":")
        known = model.known(ctx.version).get(name)
        if known is None:
            raise value_error(f"Invalid field '{name}' on model '{model.name}'")
        found.append(GroupBy(spec, name, known, grain or ("month" if known.type == DATE else "")))
    return found


def _aggregates(specs: list[str], model: Model, ctx: Context) -> list[Aggregate]:
    found = []
    for spec in specs:
        name, _, function = spec.partition(":")
        if name == COUNT:
            found.append(Aggregate(spec, name, None, ""))
            continue
        known = model.known(ctx.version).get(name)
        if known is None:
            raise value_error(f"Invalid field '{name}' on model '{model.name}' for '{spec}'.")
        found.append(Aggregate(spec, name, known, function or "sum"))
    return found


def _grouped(
    model: Model, domain: list[Any], by: list[GroupBy], ctx: Context
) -> dict[tuple[Any, ...], list[Any]]:
    groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    if not by:
        groups[()] = []
    for record in search(model, domain, ctx, order="id"):
        groups[tuple(each.value(record, ctx) for each in by)].append(record)
    return groups


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _condition(each: GroupBy, value: Any) -> list[Any]:  # noqa: ANN401 - of the field's type
    if value is not None and each.grain == "month":
        return [
            [each.name, ">=", value.isoformat()],
            [each.name, "<", _next_month(value).isoformat()],
        ]
    return [[each.name, "=", False if value is None else value]]


def _domain(by: list[GroupBy], values: tuple[Any, ...]) -> list[Any]:
    leaves = [
        leaf for each, value in zip(by, values, strict=True) for leaf in _condition(each, value)
    ]
    return ["&"] * (len(leaves) - 1) + leaves if leaves else [[1, "=", 1]]


def _shown(each: GroupBy, value: Any, ctx: Context, *, words_only: bool) -> Any:  # noqa: ANN401
    if value is None:
        return False
    if each.known.type == MANY2ONE:
        return [value, title_of(each.known.relation, value, ctx)]
    if each.grain == "month":
        words = f"{value:%B %Y}"
        return words if words_only else [value.isoformat(), words]
    return value


def formatted_read_group(
    model: Model, domain: list[Any], groupby: list[str], aggregates: list[str], ctx: Context
) -> list[Row]:
    by, sums = _by(groupby, model, ctx), _aggregates(aggregates, model, ctx)
    return [
        {
            **{
                each.spec: _shown(each, value, ctx, words_only=False)
                for each, value in _zip(by, values)
            },
            "__extra_domain": _domain(by, values),
            **{each.spec: each.of(records, ctx) for each in sums},
        }
        for values, records in _grouped(model, domain, by, ctx).items()
    ]


def read_group(
    model: Model, domain: list[Any], fields: list[str], groupby: list[str], ctx: Context
) -> list[Row]:
    """The old form: sums under the bare name of the field, months in words with a range."""
    by, sums = _by(groupby, model, ctx), _aggregates(fields, model, ctx)
    rows = []
    for values, records in _grouped(model, domain, by, ctx).items():
        row: Row = {
            each.spec: _shown(each, value, ctx, words_only=True) for each, value in _zip(by, values)
        }
        row[COUNT] = len(records)
        row |= {each.name: each.of(records, ctx) for each in sums}
        row["__domain"] = [*domain, *_domain(by, values)]
        months = [(each, value) for each, value in _zip(by, values) if each.grain == "month"]
        if months:
            # Until 15 the range stands under the bare field, since then under the whole word.
            row["__range"] = {
                (each.spec if ctx.version >= 15 else each.name): {
                    "from": value.isoformat(),
                    "to": _next_month(value).isoformat(),
                }
                for each, value in months
            }
        rows.append(row)
    return rows


def _zip(by: list[GroupBy], values: tuple[Any, ...]) -> list[tuple[GroupBy, Any]]:
    return list(zip(by, values, strict=True))

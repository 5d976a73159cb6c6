"""Domains: prefix lists of conditions, as the object store evaluates them."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from sandbox.odoo.fields import DATE, DATETIME, MANY2MANY, MANY2ONE, ONE2MANY, Context, Model
from sandbox.odoo.master_models import MODELS
from sandbox.odoo.refusals import value_error
from sandbox.odoo.values import seconds_of

Test = Callable[[Any], bool]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
_LIKE = {"like", "ilike", "=like", "=ilike", "not like", "not ilike"}


def compile_domain(domain: list[Any], model: Model, ctx: Context) -> Test:
    """One test for a whole domain; ``&`` between what stands side by side."""
    rest = list(domain)
    tests: list[Test] = []
    while rest:
        tests.append(_next(rest, model, ctx))
    return lambda record: all(test(record) for test in tests)


def _next(rest: list[Any], model: Model, ctx: Context) -> Test:
    item = rest.pop(0)
    if item in ("&", "|"):
        first, second = _next(rest, model, ctx), _next(rest, model, ctx)
        if item == "&":
            return lambda record: first(record) and second(record)
        return lambda record: first(record) or second(record)
    if item == "!":
        inner = _next(rest, model, ctx)
        return lambda record: not inner(record)
    if not isinstance(item, list | tuple) or len(item) != 3:
        raise value_error(f"Domain() invalid item in domain: {item!r}")
    path, operator, value = item
    if path in (0, 1) and operator == "=":
        return lambda _record: path == value
    return _leaf(str(path), str(operator), value, model, ctx)


def _leaf(path: str, operator: str, value: Any, model: Model, ctx: Context) -> Test:  # noqa: ANN401
    name, _, further = path.partition(".")
    known = model.known(ctx.version).get(name)
    if known is None:
        raise value_error(
            f"Invalid field {model.name}.{name} in condition ('{path}', '{operator}', {value!r})"
        )
    if further:
        other = MODELS[known.relation]
        inner = _leaf(further, operator, value, other, ctx)

        def follow(record: Any) -> bool:  # noqa: ANN401 - any record
            number = known.get(record, ctx)
            found = None if number is None else other.browse(ctx, number)
            return found is not None and inner(found)

        return follow
    compare = _comparison(known.type, operator, value, ctx)
    scaled = known.cents
    return lambda record: compare(_raw(known.get(record, ctx), scaled=scaled))


def _raw(value: Any, *, scaled: bool) -> Any:  # noqa: ANN401 - of the field's type
    return value / 100 if scaled and value is not None else value


def _comparison(type_: str, operator: str, value: Any, ctx: Context) -> Test:  # noqa: ANN401
    if type_ == DATETIME and isinstance(value, str):
        return _moment_comparison(operator, value, ctx)
    if type_ == DATE and isinstance(value, str):
        value = date.fromisoformat(value)
    if operator in ("in", "not in"):
        return _membership(operator, value, many=type_ in (ONE2MANY, MANY2MANY))
    if operator in ("=", "!=", "<>"):
        return _equality(operator, value, many=type_ in (ONE2MANY, MANY2MANY, MANY2ONE))
    if operator in _LIKE:
        return _likeness(operator, str(value))
    if operator in _COMPARE:
        compare = _COMPARE[operator]
        return lambda found: found is not None and compare(found, value)
    raise value_error(f"Invalid operator in condition ({operator!r})")


def _membership(operator: str, value: Any, *, many: bool) -> Test:  # noqa: ANN401
    wanted = {item or None for item in value} if isinstance(value, list | tuple) else {value}
    positive = operator == "in"
    if many:
        return lambda found: (not wanted.isdisjoint(found or [None])) is positive
    return lambda found: ((found or None) in wanted) is positive


def _equality(operator: str, value: Any, *, many: bool) -> Test:  # noqa: ANN401
    positive = operator == "="
    if value is False or value is None:
        return lambda found: (not found if many else found in (None, False, "")) is positive
    return lambda found: (
        (found == value or (isinstance(found, list) and value in found)) is (positive)
    )


def _likeness(operator: str, value: str) -> Test:
    anchored = operator.startswith("=")
    words = ".*".join(re.escape(part).replace("_", ".") for part in value.split("%"))
    pattern = re.compile(
        f"^{words}$" if anchored else words, re.IGNORECASE if "ilike" in operator else 0
    )
    positive = not operator.startswith("not")
    return lambda found: (found is not None and bool(pattern.search(found))) is positive


def _moment_comparison(operator: str, value: str, ctx: Context) -> Test:
    """Stored to the fraction of a second. 19 compares whole seconds, so ``>`` the shown value
    means from the next second on; 14 compares what is stored.
    """
    try:
        asked = seconds_of(value)
    except ValueError:
        raise value_error(f"time data {value!r} does not match format") from None
    if value.endswith("Z"):
        raise value_error("Datetime field expects only datetimes with no timezone")
    unit = 1000 if ctx.version >= 19 else 1
    if operator in ("=", "!="):
        positive = operator == "="
        return lambda found: (
            (found is not None and found // unit * unit == asked * 1000) is (positive)
        )
    compare = _COMPARE.get(operator)
    if compare is None:
        raise value_error(f"Invalid operator in condition ({operator!r})")
    return lambda found: found is not None and compare(found // unit * unit, asked * 1000)

"""The remote methods, their arguments, and who may call what."""

from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen

from sandbox.odoo.fields import Context, Model
from sandbox.odoo.grouping import formatted_read_group, read_group
from sandbox.odoo.master_models import MODELS
from sandbox.odoo.refusals import (
    access_error,
    unknown_method,
    unknown_model,
    unprocessable,
    value_error,
)
from sandbox.odoo.searching import check_access, read, read_nested, search

Arguments = dict[str, Any]


@frozen
class Method:
    """``names`` in the order of the signature; ``of_records``: called on ids."""

    run: Callable[[Model, Context, Arguments], Any]
    names: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    of_records: bool = False
    swallows: bool = False
    """Unknown names are taken without a word."""
    only: str = ""
    since: int = 0


def _limits(arguments: Arguments) -> Arguments:
    return {
        "offset": arguments.get("offset") or 0,
        "limit": arguments.get("limit") or None,
        "order": arguments.get("order") or None,
    }


def _search(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    records = search(model, given["domain"], ctx, **_limits(given))
    return [model.fields["id"].get(record, ctx) for record in records]


def _search_read(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    records = search(model, given.get("domain") or [], ctx, **_limits(given))
    return read(model, records, _names(model, ctx, given), ctx, pairs=_pairs(given))


def _names(model: Model, ctx: Context, given: Arguments) -> list[str]:
    names = given.get("fields")
    if names:
        return list(names)
    if model.accounting:
        raise access_error(
            f"Failed to read field {model.name}.transaction_ids: you are not allowed to access it."
        )
    return [name for name in model.known(ctx.version) if name != "id"]


def _pairs(given: Arguments) -> bool:
    return bool(given.get("load", "_classic_read") == "_classic_read")


def _search_count(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    return len(search(model, given["domain"], ctx, order="id"))


def _read(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    check_access(model, ctx)
    records = [model.browse(ctx, number) for number in given["ids"]]
    found = [record for record in records if record is not None]
    return read(model, found, _names(model, ctx, given), ctx, pairs=_pairs(given))


def _web_search_read(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    records = search(model, given.get("domain") or [], ctx, **_limits(given))
    if ctx.version < 17:
        names = _names(model, ctx, given)
        return {"length": len(records), "records": read(model, records, names, ctx, pairs=True)}
    rows = read_nested(model, records, given["specification"], ctx)
    return {"length": len(rows), "records": rows}


def _formatted_read_group(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    return formatted_read_group(
        model, given["domain"], given.get("groupby") or [], given.get("aggregates") or [], ctx
    )


def _read_group(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    by = given["groupby"]
    groupby = [by] if isinstance(by, str) else list(by)
    return read_group(model, given["domain"], given["fields"] or [], groupby, ctx)


def _fields_get(model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    attributes = given.get("attributes") or ["type", "relation"]
    rows = {}
    for name, known in model.known(ctx.version).items():
        about = {"type": known.type} | ({"relation": known.relation} if known.relation else {})
        rows[name] = {key: value for key, value in about.items() if key in attributes}
    return rows


def _has_access(model: Model, ctx: Context, _given: Arguments) -> Any:  # noqa: ANN401
    return ctx.user.role != "none" or not model.accounting


def _context_get(_model: Model, ctx: Context, _given: Arguments) -> Any:  # noqa: ANN401
    return {"lang": ctx.user.lang, "tz": "Europe/Amsterdam", "uid": ctx.user.id}


def _has_group(_model: Model, ctx: Context, given: Arguments) -> Any:  # noqa: ANN401
    if ctx.version >= 18 and len(given.get("ids") or []) != 1:
        raise value_error("Expected singleton: res.users()")
    return given["group_ext_id"] in ctx.user.groups


_PAGE = ("offset", "limit", "order")

METHODS = {
    "search": Method(_search, ("domain", *_PAGE), ("domain",)),
    "search_read": Method(_search_read, ("domain", "fields", *_PAGE, "load"), swallows=True),
    "search_count": Method(_search_count, ("domain", "limit"), ("domain",)),
    "read": Method(_read, ("fields", "load"), of_records=True),
    "web_search_read": Method(
        _web_search_read, ("domain", "specification", *_PAGE, "count_limit"), ("domain",)
    ),
    "formatted_read_group": Method(
        _formatted_read_group,
        ("domain", "groupby", "aggregates", "having", *_PAGE),
        ("domain",),
        since=19,
    ),
    "read_group": Method(
        _read_group,
        ("domain", "fields", "groupby", "offset", "limit", "orderby", "lazy"),
        ("domain", "fields", "groupby"),
    ),
    "fields_get": Method(_fields_get, ("allfields", "attributes")),
    "has_access": Method(_has_access, ("operation",), ("operation",), of_records=True, since=18),
    "context_get": Method(_context_get, only="res.users"),
    "has_group": Method(
        _has_group, ("group_ext_id",), ("group_ext_id",), of_records=True, only="res.users"
    ),
}


def find_model(name: str) -> Model:
    model = MODELS.get(name)
    if model is None:
        raise unknown_model(name)
    return model


def find_method(model: Model, name: str, version: int) -> Method:
    if name.startswith("_"):
        raise access_error(
            f"Private methods (such as '{model.name}.{name}') cannot be called remotely."
        )
    method = METHODS.get(name)
    if method is None or method.since > version or method.only not in ("", model.name):
        raise unknown_method(model.name, name)
    if name == "web_search_read" and version < 17:
        return evolve(method, names=("domain", "fields", *_PAGE), required=())
    if name == "has_group" and version < 18:
        return evolve(method, of_records=False)
    return method


def check_arguments(method: Method, given: Arguments) -> None:
    known = {*method.names, *(("ids",) if method.of_records else ())}
    for name in given:
        if name not in known and not method.swallows:
            raise unprocessable(f"got an unexpected keyword argument '{name}'")
    for name in method.required:
        if name not in given:
            raise unprocessable(f"missing a required argument: '{name}'")

"""Turns records into pages: select, filter, place to go on from, envelope."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

from attrs import frozen

from sandbox.exact_online.errors import MANDATORY_FILTER, SELECT_REQUIRED, bad_query, refusal
from sandbox.exact_online.odata import (
    Condition,
    Options,
    envelope,
    holds,
    next_link,
    parse_options,
)
from sandbox.exact_online.resources import Collection, SyncSet
from sandbox.exact_online.view import View
from sandbox.wire import WireRequest, WireResponse, json_response

R = TypeVar("R")
Row = dict[str, object]
Getter = Callable[[View, R], object]

_GUID_TOKEN = re.compile(r"(?:datetime'[^']*',)?guid'([^']*)'")
_NUMBER_TOKEN = re.compile(r"(\d+)L?")


@frozen
class Page(Generic[R]):
    """Up to a page of records and whether there is more behind them."""

    found: list[R]
    more: bool


def chosen_fields(options: Options, known: Mapping[str, Getter[R]]) -> dict[str, Getter[R]]:
    """The getters of the selected fields; all of them for no $select and for ``*``."""
    if options.select is None or options.select == ("*",):
        return dict(known)
    unknown = [name for name in options.select if name not in known]
    if unknown:
        raise bad_query(f"Error in query syntax: Could not find a property named '{unknown[0]}'")
    return {name: known[name] for name in options.select}


def require_select(options: Options) -> None:
    if options.select is None and options.top != 1:
        raise bad_query(SELECT_REQUIRED)


def _metadata(view: View, path: str, key: str, type_name: str) -> dict[str, str]:
    return {
        "uri": f"{view.base_url}/api/v1/{view.code}/{path}({key})",
        "type": f"Exact.Web.Api.Models.{type_name}",
    }


def _limits(options: Options, page_size: int) -> tuple[int, bool, int | None]:
    """Rows on this page, whether the bare shape comes, and the $top left for the next page."""
    if options.top is None:
        return page_size, False, None
    if options.top <= page_size:
        return options.top, True, None
    return page_size, False, options.top - page_size


def _page(records: Iterator[R], limit: int) -> Page[R]:
    found = list(islice(records, limit + 1))
    return Page(found[:limit], len(found) > limit)


def _matching(
    records: Sequence[R | None],
    start: int,
    conditions: tuple[Condition, ...],
    fields: Mapping[str, Getter[R]],
    view: View,
) -> Iterator[R]:
    tests = [(condition, fields[condition.field]) for condition in conditions]
    for place in range(start, len(records)):
        record = records[place]
        if record is not None and all(holds(test, get(view, record)) for test, get in tests):
            yield record


# -- bulk and single -------------------------------------------------------------------------------


def read_collection(
    resource: Collection[R], view: View, request: WireRequest, page_size: int, *, strict: bool
) -> WireResponse:
    """One page. ``strict`` enforces the mandatory filter of resources that have a sync twin.

    The order is the order of creation (assumed; clients only see that it is stable).
    """
    options = parse_options(request)
    if resource.needs_select:
        require_select(options)
    if strict and resource.mandatory:
        filtered = {condition.field for condition in options.conditions}
        if not filtered & set(resource.mandatory):
            raise bad_query(MANDATORY_FILTER + ", ".join(resource.mandatory))
    for condition in options.conditions:
        if condition.field not in resource.fields:
            raise bad_query(f"Filtering on these fields is not supported: {condition.field}")
    records = resource.records(view)
    start = _start(resource, view, options.skiptoken)
    limit, bare, top_left = _limits(options, page_size)
    page = _page(_matching(records, start, options.conditions, resource.fields, view), limit)
    fields = chosen_fields(options, resource.fields)
    rows: list[Row] = []
    for record in page.found:
        key = _key(resource, view, record)
        row: Row = {"__metadata": _metadata(view, resource.path, key, resource.type_name)}
        for name, get in fields.items():
            row[name] = get(view, record)
        rows.append(row)
    following = None
    if page.more and not bare:
        following = next_link(request, _key(resource, view, page.found[-1]), top_left)
    return json_response(envelope(rows, following, bare=bare))


def read_entity(
    resource: Collection[R], view: View, request: WireRequest, key: str
) -> WireResponse:
    """One record by key, ``Resource(guid'...')``: an object, not a list."""
    start = _start(resource, view, key) - 1
    records = resource.records(view)
    record = records[start] if 0 <= start < len(records) else None
    if record is None:
        raise refusal(404, "Resource not found for the segment")
    fields = chosen_fields(parse_options(request), resource.fields)
    row: Row = {"__metadata": _metadata(view, resource.path, key, resource.type_name)}
    return json_response({"d": row | {name: get(view, record) for name, get in fields.items()}})


def _key(resource: Collection[R], view: View, record: R) -> str:
    serial = getattr(record, "serial")  # noqa: B009 - every record has one, R cannot say so
    if resource.kind is None:
        return f"{serial + 1}L"
    return f"guid'{view.guid(resource.kind, serial)}'"


def _start(resource: Collection[R], view: View, token: str | None) -> int:
    """The place after the record a key or skiptoken names."""
    if token is None:
        return 0
    if resource.kind is None:
        counted = _NUMBER_TOKEN.fullmatch(token)
        if counted is not None:
            return int(counted[1])
    else:
        named = _GUID_TOKEN.fullmatch(token)
        serial = None if named is None else view.serial(resource.kind, named[1].lower())
        if serial is not None:
            return serial + 1
    raise bad_query(f"Error in query syntax: $skiptoken={token}")


# -- sync ------------------------------------------------------------------------------------------


def read_sync(
    resource: SyncSet[R], view: View, request: WireRequest, page_size: int
) -> tuple[WireResponse, Page[tuple[int, R]]]:
    """One page in row-version order, and what was on it. Only the version may be filtered on."""
    options = parse_options(request)
    require_select(options)
    cursor, others = _cursor(options, resource)
    known: dict[str, Callable[[View, tuple[int, R]], object]] = {
        name: _second(get) for name, get in resource.fields.items()
    }
    known["Timestamp"] = lambda _, pair: str(pair[0])
    fields = chosen_fields(options, known)
    pairs = (
        pair
        for pair in resource.after(view, cursor)
        if all(holds(condition, known[condition.field](view, pair)) for condition in others)
    )
    limit, bare, top_left = _limits(options, page_size)
    page = _page(pairs, limit)
    rows: list[Row] = []
    for pair in page.found:
        row: Row = {"__metadata": _metadata(view, resource.path, f"{pair[0]}L", resource.type_name)}
        for name, get in fields.items():
            row[name] = get(view, pair)
        rows.append(row)
    following = None
    if page.more and not bare:
        following = next_link(request, f"{page.found[-1][0]}L", top_left)
    return json_response(envelope(rows, following, bare=bare)), page


def _second(get: Getter[R]) -> Callable[[View, tuple[int, R]], object]:
    return lambda view, pair: get(view, pair[1])


def _cursor(options: Options, resource: SyncSet[R]) -> tuple[int, tuple[Condition, ...]]:
    """The row version to go on after, and conditions on other fields (``sync/Deleted`` only)."""
    cursor = 0
    others: list[Condition] = []
    for condition in options.conditions:
        if condition.field not in resource.filterable:
            raise bad_query(f"Filtering on these fields is not supported: {condition.field}")
        if condition.field != "Timestamp":
            others.append(condition)
        elif not isinstance(condition.value, int) or condition.operator not in {"gt", "ge"}:
            raise bad_query("This $filter parameter is not supported for this resource")
        else:
            cursor = max(cursor, condition.value - (condition.operator == "ge"))
    if options.skiptoken is not None:
        counted = _NUMBER_TOKEN.fullmatch(options.skiptoken)
        if counted is None:
            raise bad_query(f"Error in query syntax: $skiptoken={options.skiptoken}")
        cursor = max(cursor, int(counted[1]))
    return cursor, tuple(others)

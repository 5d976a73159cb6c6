"""The division part of the API: rights, then the resource asked for."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from attrs import define, field, frozen

from sandbox.exact_online.divisions import DIVISION_FIELDS, HRM_DIVISION_FIELDS, me
from sandbox.exact_online.errors import SCOPE_VIOLATED, bad_query, refusal
from sandbox.exact_online.master_fields import Fields
from sandbox.exact_online.odata import (
    AMSTERDAM,
    Moment,
    envelope,
    next_link,
    parse_literal,
    parse_options,
    wire_moment,
)
from sandbox.exact_online.reading import (
    chosen_fields,
    read_collection,
    read_entity,
    read_sync,
)
from sandbox.exact_online.resources import (
    COLLECTIONS,
    ORGANISATION,
    SYNC_END_POINTS,
    SYNC_SETS,
)
from sandbox.exact_online.tokens import Grant
from sandbox.exact_online.view import User, View
from sandbox.records import Line
from sandbox.wire import WireRequest, WireResponse, json_response

_BY_KEY = re.compile(r"(?P<path>[\w/]+)\((?P<key>[^)]*)\)")
DIVISION_LISTS = frozenset({"system/Divisions", "system/AllDivisions", "hrm/Divisions"})
DIVISION_TYPE = "Exact.Web.Api.Models.System.Divisions"
LARGE_PAGE, SINGLE_PAGE = 1_000, 60


@frozen
class Call:
    """A request that passed the door: whose it is, and below which division."""

    request: WireRequest
    grant: Grant
    user: User
    division: str  # "current", or the number in the path as text
    path: str  # what follows the division

    @property
    def granted(self) -> frozenset[str]:
        return self.grant.divisions


@define(eq=False)
class Api:
    """Answers calls. What it may be told to do otherwise is in ``settings``."""

    views: Mapping[str, View]
    now_ms: Callable[[], int]
    rights: bool = True
    denied_areas: frozenset[str] = frozenset()
    refused: dict[str, str] = field(factory=dict)
    edits_between_pages: int = 0
    mandatory_filters: bool = False
    page_single: int = SINGLE_PAGE
    page_large: int = LARGE_PAGE

    def answer(self, call: Call) -> WireResponse:
        if call.request.method != "GET":
            return WireResponse(405)
        if (call.division, call.path) == ("current", "Me"):
            return self._me(call)
        if call.path in DIVISION_LISTS:
            return self._list_divisions(call)
        return self._resource(call, self._enter(call))

    # -- the door of a division --------------------------------------------------------------------

    def _enter(self, call: Call) -> View:
        view = self.views.get(call.division)
        if view is None or call.division not in call.granted:
            raise refusal(403, "Forbidden", "NoDivisionAccess")
        reason = self.refused.get(call.division)
        if not reason and view.blocking_status:
            reason = "DivisionBlocked"
        if not reason and view.status == 0:
            reason = "DivisionBlocked"  # assumed: what an inactive division answers is not known
        if reason:
            raise refusal(403, "Forbidden", reason)
        view.base_url = call.request.base_url
        view.versions.catch_up()
        return view

    def _may_read(self, call: Call) -> bool:
        return self.rights and call.user.rights

    def _check_area(self, area: str) -> None:
        if area in self.denied_areas:
            raise refusal(403, SCOPE_VIOLATED, SCOPE_VIOLATED)

    # -- resources ---------------------------------------------------------------------------------

    def _resource(self, call: Call, view: View) -> WireResponse:
        if call.path == "users/UserHasRights":
            return json_response({"d": {"UserHasRights": self._may_read(call)}})
        if call.path == "read/sync/Sync/SyncTimestamp":
            return self._sync_timestamp(call, view)
        if call.path in SYNC_SETS:
            return self._sync(call, view, call.path)
        return self._collection(call, view)

    def _collection(self, call: Call, view: View) -> WireResponse:
        path, key = call.path, None
        by_key = _BY_KEY.fullmatch(call.path)
        if by_key is not None:
            path, key = by_key["path"], by_key["key"]
        collection = COLLECTIONS.get(path)
        if collection is None:
            raise refusal(404, "Resource not found for the segment")
        self._check_area(collection.area)
        if not self._may_read(call):
            return json_response({"d": {"results": []}})
        if key is not None:
            return read_entity(collection, view, call.request, key)
        size = self.page_large if collection.large else self.page_single
        strict = self.mandatory_filters
        return read_collection(collection, view, call.request, size, strict=strict)

    def _sync(self, call: Call, view: View, path: str) -> WireResponse:
        resource = SYNC_SETS[path]
        self._check_area(resource.area)
        if not self._may_read(call):
            return json_response({"d": {"results": []}})
        response, page = read_sync(resource, view, call.request, self.page_large)
        if page.more and self.edits_between_pages and isinstance(page.found[0][1], Line):
            self.edits_between_pages -= 1
            view.books.change_amount(page.found[0][1].entry, 1)
        return response

    def _sync_timestamp(self, call: Call, view: View) -> WireResponse:
        """The row version behind which lie the changes since a moment (local time)."""
        query = call.request.query
        moment = parse_literal(query.get("modified", ""))
        name = str(parse_literal(query.get("endPoint", "''")))
        if not isinstance(moment, Moment) or name not in SYNC_END_POINTS:
            raise bad_query("Both modified and endPoint are required")
        wall = datetime.fromtimestamp(moment.ms / 1000, tz=UTC).replace(tzinfo=AMSTERDAM)
        since = round(wall.timestamp() * 1000)
        resource = SYNC_SETS[SYNC_END_POINTS[name]]
        cursor = 0
        for version, record in resource.after(view, 0):
            changed: int = getattr(record, "modified_ms", 0) or getattr(record, "at_ms", 0)
            if changed >= since:
                break
            cursor = version
        row = {"Modified": wire_moment(since), "API": name, "TimeStampAsBigInt": str(cursor)}
        return json_response({"d": {"results": [row]}})

    # -- me and the divisions ----------------------------------------------------------------------

    def _me(self, call: Call) -> WireResponse:
        any_view = next(iter(self.views.values()))
        known = me(call.user, any_view.identities, self.now_ms())
        options = parse_options(call.request)
        names = options.select or tuple(known)
        if unknown := [name for name in names if name not in known]:
            raise bad_query(f"Error in query syntax: no property named '{unknown[0]}'")
        metadata = {
            "uri": f"{call.request.base_url}/api/v1/current/Me(guid'{known['UserID']}')",
            "type": "Exact.Web.Api.Models.System.Me",
        }
        row: dict[str, object] = {"__metadata": metadata}
        return json_response({"d": {"results": [row | {name: known[name] for name in names}]}})

    def _list_divisions(self, call: Call) -> WireResponse:
        """``system``: all granted, over licences. The others: only the licence that owns the
        division in the path, and ``hrm`` with fewer fields.
        """
        if call.path == "system/Divisions":
            granted = [view for code, view in self.views.items() if code in call.granted]
            return self._divisions(call, granted, DIVISION_FIELDS)
        asked = self.views.get(call.division)
        if asked is None:
            raise refusal(403, "Forbidden", "NoDivisionAccess")
        same = [view for view in self.views.values() if view.licence == asked.licence]
        if call.path == "system/AllDivisions":
            return self._divisions(call, same, DIVISION_FIELDS)
        granted = [view for view in same if str(view.code) in call.granted]
        return self._divisions(call, granted, HRM_DIVISION_FIELDS)

    def _divisions(self, call: Call, shown: list[View], fields: Fields[View]) -> WireResponse:
        """A page of divisions. The division in the path is not looked at."""
        self._check_area(ORGANISATION)
        options = parse_options(call.request)
        chosen = chosen_fields(options, fields)
        start = 0
        if options.skiptoken is not None and options.skiptoken.rstrip("L").isdigit():
            last = int(options.skiptoken.rstrip("L"))
            start = sum(view.code <= last for view in shown)
        asked = self.views.get(call.division) or next(iter(self.views.values()))
        page = shown[start : start + self.page_single]
        base = f"{call.request.base_url}/api/v1/{call.division}/{call.path}"
        rows = [
            {"__metadata": {"uri": f"{base}({view.code})", "type": DIVISION_TYPE}}
            | {name: get(asked, view) for name, get in chosen.items()}
            for view in page
        ]
        following = None
        if start + self.page_single < len(shown):
            following = next_link(call.request, str(page[-1].code), None)
        return json_response(envelope(rows, following, bare=False))

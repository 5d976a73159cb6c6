"""Xero as one stand-in: login, identity and API, which are three hosts, at one address here."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from random import Random
from typing import ClassVar, Final

import msgspec

from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse, html_response, json_response
from sandbox.world import World
from sandbox.xero import masters
from sandbox.xero.consent import JOURNALS_SCOPE, authorise, page
from sandbox.xero.errors import (
    INSTANCE,
    Refused,
    forbidden,
    invalid,
    not_found,
    scope_missing,
    unauthorised,
)
from sandbox.xero.journals import Feed
from sandbox.xero.library import RESOURCES, Library
from sandbox.xero.limits import Limits, refusal
from sandbox.xero.listing import PAGE_SIZE_MAX, listed, since_ms, whole
from sandbox.xero.markup import xml_response
from sandbox.xero.tokens import Grant, Tokens
from sandbox.xero.trial_balance import Sums, trial_balance
from sandbox.xero.view import View, msmoment

_API: Final = "/api.xro/2.0/"
_CONNECTION: Final = re.compile(r"/connections/([0-9a-f-]{36})")
_DAY_LEFT_SECONDS: Final = 66_975
_PRACTICE: Final = {
    "id": INSTANCE,
    "tenantId": INSTANCE,
    "tenantType": "PRACTICE",
    "createdDateUtc": "2024-01-31T10:00:00.1234567",
    "updatedDateUtc": "2024-01-31T10:00:00.1234567",
}
"""No books of its own; as in older recordings without a name and an event."""

_PLAIN: Final = (
    "page_rows",
    "entitled",
    "forbidden",
    "concurrent",
    "without_pagination",
    "codes_only",
)
"""Settings that are attributes of the stand-in."""


class XeroSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything optional; a field left out stays as it is.

    ``limits``        True: 60 calls a minute and 5,000 a day per organisation; off by default
    ``page_rows``     rows on a page whatever ``pageSize`` asks for
    ``entitled``      False: the app may not ask for journals, nor read them
    ``disconnected``  organisations whose connection is removed now
    ``forbidden``     so many of the next calls to connected organisations are a 403 all the same
    ``scopes``        what every consent given so far covers from now on
    ``concurrent``    so many of the next calls are refused as too many at once
    ``without_pagination``  True: pages do not tell how many there are
    ``codes_only``    True: lines of documents name accounts by code, not by id
    """

    limits: bool | None = None
    page_rows: int | None = None
    entitled: bool | None = None
    disconnected: list[str] | None = None
    forbidden: int | None = None
    scopes: list[str] | None = None
    concurrent: int | None = None
    without_pagination: bool | None = None
    codes_only: bool | None = None


class Xero(StandIn):
    """The stand-in for login.xero.com, identity.xero.com and api.xero.com."""

    key: ClassVar[str] = "xero"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.limits = Limits()
        self.tokens = Tokens(self.clock, Random(f"{world.seed}:xero"))
        views = [View(books, world.identities) for books in world.books.values()]
        self.views = {view.tenant_id: view for view in views}
        self.feeds = {view.tenant_id: Feed(view) for view in views}
        self._libraries = {view.tenant_id: Library(view) for view in views}
        self._sums = {view.tenant_id: Sums(view) for view in views}
        self.page_rows = PAGE_SIZE_MAX
        self.entitled = True
        self.forbidden = 0
        self.concurrent = 0
        self.without_pagination = False
        self.codes_only = False

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        path = request.path
        if path == "/identity/connect/authorize":
            views = list(self.views.values())
            return authorise(request, views, self.tokens, entitled=self.entitled)
        if path == "/identity/error":
            return html_response(page("Sorry, something went wrong", ""), 400)
        if path in {"/connect/token", "/connect/revocation"}:
            is_token = path.endswith("token")
            return self.tokens.answer(request) if is_token else self.tokens.revocation(request)
        try:
            if path.lower().startswith("/connections"):  # official clients write it either way
                return self._connections(request)
            return self._accounting(request)
        except Refused as refused:
            return refused.response

    def _grant(self, request: WireRequest) -> Grant:
        access = self.tokens.access_of(request.bearer)
        if access is None:
            raise unauthorised("AuthenticationUnsuccessful")
        if access.expires_ms <= self.clock.now_ms():
            ended = datetime.fromtimestamp(access.expires_ms / 1000, UTC)
            raise unauthorised(f"TokenExpired: token expired at {ended:%m/%d/%Y %H:%M:%S}")
        return access.grant

    def _connections(self, request: WireRequest) -> WireResponse:
        self._grant(request)
        known = self.tokens.connections
        asked = _CONNECTION.fullmatch(request.path.lower())
        if asked is not None and request.method == "DELETE":
            tenant = next((each.tenant_id for each in known.values() if each.id == asked[1]), None)
            if tenant is None:
                raise not_found()
            del known[tenant]
            return WireResponse(204)
        event = request.query.get("authEventId")
        rows = [
            {
                "id": found.id,
                "authEventId": found.event_id,
                "tenantId": found.tenant_id,
                "tenantType": "ORGANISATION",
                "tenantName": self.views[found.tenant_id].company.name,
                "createdDateUtc": _seven_decimals(found.since_ms),
                "updatedDateUtc": _seven_decimals(found.since_ms),
            }
            for found in known.values()
            if event in {None, found.event_id}
        ]
        return json_response([*rows, _PRACTICE] if rows and event is None else rows)

    def _accounting(self, request: WireRequest) -> WireResponse:
        grant = self._grant(request)
        tenant = request.headers.get("xero-tenant-id", "").lower()
        view = self.views.get(tenant)
        if view is None or tenant not in self.tokens.connections:
            raise forbidden()
        if self.forbidden:
            self.forbidden -= 1
            raise forbidden()
        if self.concurrent:
            self.concurrent -= 1
            return refusal("Concurrent", None)
        now = self.clock.now_ms()
        refused = self.limits.refuse(tenant, now)
        if refused is not None:
            return refused
        if not request.path.startswith(_API):
            raise not_found()
        if request.method != "GET":
            return WireResponse(405)
        try:
            name, rows, pagination = self._rows(request, grant, view)
        except Refused as no:
            return no.response.with_headers(*self.limits.headers(tenant, now))
        answer: dict[str, object] = {
            "Id": INSTANCE,
            "Status": "OK",
            "ProviderName": "Monitr",
            "DateTimeUTC": msmoment(now),
        }
        if pagination is not None and not self.without_pagination:
            answer["pagination"] = pagination
        answer[name] = rows
        wants_json = "application/json" in request.headers.get("accept", "")
        response = json_response(answer) if wants_json else xml_response(answer)
        return response.with_headers(*self.limits.headers(tenant, now))

    def _rows(
        self, request: WireRequest, grant: Grant, view: View
    ) -> tuple[str, list[masters.Row], masters.Row | None]:
        name = request.path.removeprefix(_API).strip("/")
        if any(not value for value in request.query.values()):
            raise invalid("A query parameter is empty")
        if name == "Organisation":
            _need(grant, "accounting.settings")
            return "Organisations", [masters.organisation(view)], None
        if name == "Journals":
            if not self.entitled:
                raise scope_missing()
            _need(grant, JOURNALS_SCOPE)
            return "Journals", self._journals(request, view), None
        if name == "Reports/TrialBalance":
            _need(grant, "accounting.reports.trialbalance")
            return "Reports", [self._trial_balance(request, view)], None
        resource = RESOURCES.get(name)
        if resource is None:
            raise not_found()
        _need(grant, resource.scope)
        items = self._libraries[view.tenant_id].items(
            name,
            deleted=name != "BankTransfers" or request.query.get("includeDeleted") == "true",
            archived=request.query.get("includeArchived") == "true",
        )
        if not resource.paged:
            return name, whole(request, items), None
        if name == "ManualJournals" and "order" in request.query:
            return name, [item.make() for item in items], None  # ignores the page altogether
        rows, pagination = listed(request, items, lines=resource.lines, rows_max=self.page_rows)
        return name, list(map(_by_code, rows)) if self.codes_only else rows, pagination

    def _journals(self, request: WireRequest, view: View) -> list[masters.Row]:
        offset = request.query.get("offset", "0")
        if not offset.isdecimal():
            raise invalid("offset must be a number")
        return self.feeds[view.tenant_id].after(int(offset), since_ms(request))

    def _trial_balance(self, request: WireRequest, view: View) -> masters.Row:
        """Today when no date is asked for, which is not confirmed."""
        told = request.query.get("date")
        try:
            day = self.clock.now().date() if told is None else date.fromisoformat(told)
        except ValueError:
            raise invalid("The date could not be read") from None
        return trial_balance(self._sums[view.tenant_id], day, self.clock.now_ms())

    def administrations(self) -> list[Administration]:
        return [
            Administration(view.tenant_id, view.company.name, view.books, importable=view.is_active)
            for view in self.views.values()
        ]

    # -- misbehaviour ------------------------------------------------------------------------------

    def fault_answer(self, fault: Fault) -> WireResponse:
        if fault.kind is FaultKind.TOO_MANY:
            return refusal("Minute", 20)
        if fault.kind is FaultKind.DAILY_BUDGET:
            return refusal("Day", _DAY_LEFT_SECONDS)
        return plain_answer(fault)

    # -- told from outside -------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        self.tokens.revoke()

    def expire_tokens(self) -> None:
        self.tokens.expire_access()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """See ``XeroSettings``."""
        wanted = msgspec.convert(dict(settings), XeroSettings)
        for name in _PLAIN:
            value = getattr(wanted, name)
            if value is not None:
                setattr(self, name, value)
        if wanted.limits is not None:
            self.limits.enforced = wanted.limits
        for tenant in wanted.disconnected or []:
            self.tokens.connections.pop(tenant, None)
        if wanted.scopes is not None:
            for grant in self.tokens.grants:
                grant.scopes = frozenset(wanted.scopes)


def _by_code(row: masters.Row) -> masters.Row:
    items = row.get("LineItems")
    if not isinstance(items, list):
        return row
    kept = [{name: item[name] for name in item if name != "AccountID"} for item in items]
    return {**row, "LineItems": kept}


def _need(grant: Grant, scope: str) -> None:
    if not grant.scopes & {scope, f"{scope}.read"}:
        raise scope_missing()


def _seven_decimals(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}0000"

"""Moneybird as one stand-in: who may ask what, how often, and who answers."""

import re
from collections.abc import Mapping
from random import Random
from typing import ClassVar, Final

import msgspec
from attrs import evolve

from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.identity import Kind
from sandbox.moneybird import rows
from sandbox.moneybird.auditfile import Exports
from sandbox.moneybird.consent import authorise
from sandbox.moneybird.errors import Refused, bad_token, no_access, not_found
from sandbox.moneybird.limits import WINDOW_SECONDS, Limits
from sandbox.moneybird.paging import PER_PAGE_MAX, filters, paged
from sandbox.moneybird.reports import general_ledger, journal_entries
from sandbox.moneybird.sync import RESOURCES, synchronize
from sandbox.moneybird.tokens import Grant, Tokens
from sandbox.moneybird.view import PROJECTS, View
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse, json_response
from sandbox.world import World

_API = re.compile(r"/api/v2/(?P<administration>\d+)/(?P<path>[\w/]+?)(?:\.json)?")
_DOWNLOAD = re.compile(r"downloads/(?P<id>\d+)/download")
_STORAGE = "/storage/"
_TRADE = ("sales_invoices", "documents")
_MASTERS = ("settings", "sales_invoices", "documents", "estimates")
_EVERY = ("documents", "estimates", "sales_invoices", "bank", "settings")
_NO_EXPORT: Final = "contacts, documents, estimates, sales_invoices, bank and settings"


class MoneybirdSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything optional; a field left out stays as it is.

    ``limits``              True: 150 calls (50 of reports) in five minutes; off by default
    ``page_rows``           rows on a page whatever ``per_page`` asks for
    ``ledger_as_map``       True: the general ledger in its shape before March 2026
    ``null_selects``        False: ``project_id=null`` alone is not enough for journal entries
    ``project_every``       each so-many-th line carries a project
    ``forbidden``           ids that make a whole batch of the synchronization a 403
    ``scopes``              what every consent given so far covers from now on
    ``access_seconds``      life of access tokens from now on (0: no end, no ``expires_in``)
    ``rotates``             True: a refresh gives another refresh token and ends the old one
    ``fresh_seconds``       how long after its issue a token is still refused
    ``unique_numbers``      True: every ledger account has a number, audit files can be made
    """

    limits: bool | None = None
    page_rows: int | None = None
    ledger_as_map: bool | None = None
    null_selects: bool | None = None
    project_every: int | None = None
    forbidden: list[str] | None = None
    scopes: list[str] | None = None
    access_seconds: int | None = None
    rotates: bool | None = None
    fresh_seconds: float | None = None
    unique_numbers: bool | None = None


class Moneybird(StandIn):
    """The stand-in for moneybird.com: one host for sign-in and API."""

    key: ClassVar[str] = "moneybird"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.limits = Limits()
        self.tokens = Tokens(self.clock, Random(f"{world.seed}:moneybird"))
        self.exports = Exports(self.clock, Random(f"{world.seed}:moneybird-files"))
        self.views = {view.id: view for view in map(View, world.books.values())}
        self.page_rows = PER_PAGE_MAX
        self.ledger_as_map = False
        self.null_selects = True
        self.forbidden: frozenset[str] = frozenset()

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        if request.path == "/oauth/authorize":
            return authorise(request, list(self.views.values()), self.tokens)
        if request.path.startswith(_STORAGE):
            return self.exports.file(request.path.removeprefix(_STORAGE))
        now = self.clock.now_ms()
        refused = self.limits.refuse(request.path, now)
        if refused is not None:
            return refused
        if request.path == "/oauth/token":
            return self.tokens.answer(request)
        try:
            response = self._api(request)
        except Refused as refusal:
            response = refusal.response
        return response.with_headers(*self.limits.headers(now))

    def _api(self, request: WireRequest) -> WireResponse:
        grant = self.tokens.grant_of(request.bearer)
        if grant is None:
            raise bad_token()
        if request.path in {"/api/v2/administrations.json", "/api/v2/administrations"}:
            shown = [view for view in self.views.values() if view.id in grant.administrations]
            return json_response([rows.administration(view) for view in shown])
        asked = _API.fullmatch(request.path)
        if asked is None:
            raise not_found()
        view = self.views.get(asked["administration"])
        if view is None or view.id not in grant.administrations:
            raise not_found()
        return self._resource(request, grant, view, asked["path"])

    def _resource(self, request: WireRequest, grant: Grant, view: View, path: str) -> WireResponse:
        resource = RESOURCES.get(path.removesuffix("/synchronization"))
        if path.endswith("/synchronization") and resource is not None:
            _need_any(grant, resource.scopes)
            today = self.clock.now().date()
            return synchronize(resource, view, request, today, self.forbidden)
        if request.method == "POST":
            return self._post(request, grant, view, path)
        if request.method != "GET":
            return WireResponse(405)
        return self._get(request, grant, view, path)

    def _get(self, request: WireRequest, grant: Grant, view: View, path: str) -> WireResponse:
        today = self.clock.now().date()
        if path == "ledger_accounts":
            _need_any(grant, _MASTERS)
            return json_response([rows.ledger_account(view, a) for a in view.books.accounts])
        if path == "tax_rates":
            _need_any(grant, _MASTERS)
            return paged(
                request,
                view.books.tax_codes,
                lambda tax: rows.tax_rate(view, tax),
                default=25,
                rows_max=self.page_rows,
            )
        if path == "projects":
            _need_any(grant, ("settings",))
            shown = PROJECTS if filters(request, "state:active").get("state") else ()
            return paged(request, shown, lambda found: _project(view, *found), default=25)
        if path == "reports/general_ledger":
            _need_any(grant, ("bank",))
            return general_ledger(view, request, today, as_map=self.ledger_as_map)
        if path == "reports/journal_entries":
            if not set(_TRADE) <= grant.scopes:
                raise no_access("sales_invoices and documents")
            if not self.null_selects and request.query.get("project_id") == "null":
                request = evolve(
                    request, query_string=request.query_string.replace("project_id=null", "")
                )
            return journal_entries(view, request, today, self.page_rows)
        if path == "downloads":
            return self.exports.downloads(view, request)
        raise not_found()

    def _post(self, request: WireRequest, grant: Grant, view: View, path: str) -> WireResponse:
        if path == "reports/export/auditfile":
            if not set(_EVERY) <= grant.scopes:
                raise no_access(_NO_EXPORT)
            return self.exports.ask(view, request)
        download = _DOWNLOAD.fullmatch(path)
        if download is not None:
            return self.exports.link(view, request, download["id"])
        return WireResponse(405)

    def administrations(self) -> list[Administration]:
        return [
            Administration(view.id, view.company.name, view.books, importable=not view.suspended)
            for view in self.views.values()
        ]

    # -- misbehaviour ------------------------------------------------------------------------------

    def fault_answer(self, fault: Fault) -> WireResponse:
        """There is no limit per day: the longest wait known is the five minutes' window."""
        now = self.clock.now_ms()
        if fault.kind is FaultKind.TOO_MANY:
            return self.limits.answer(now, seconds=20)
        if fault.kind is FaultKind.DAILY_BUDGET:
            return self.limits.answer(now, seconds=WINDOW_SECONDS)
        return plain_answer(fault)

    # -- told from outside -------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        self.tokens.revoke()

    def expire_tokens(self) -> None:
        self.tokens.expire_access()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """See ``MoneybirdSettings``."""
        wanted = msgspec.convert(dict(settings), MoneybirdSettings)
        for name in ("page_rows", "ledger_as_map", "null_selects"):
            value = getattr(wanted, name)
            if value is not None:
                setattr(self, name, value)
        if wanted.limits is not None:
            self.limits.enforced = wanted.limits
        if wanted.project_every is not None:
            for view in self.views.values():
                view.project_every = wanted.project_every
        if wanted.forbidden is not None:
            self.forbidden = frozenset(wanted.forbidden)
        if wanted.unique_numbers is not None:
            self.exports.unique_numbers = wanted.unique_numbers
        self._apply_tokens(wanted)

    def _apply_tokens(self, wanted: MoneybirdSettings) -> None:
        if wanted.scopes is not None:
            for grant in self.tokens.grants:
                grant.scopes = frozenset(wanted.scopes)
        if wanted.access_seconds is not None:
            self.tokens.access_seconds = wanted.access_seconds or None
        if wanted.rotates is not None:
            self.tokens.rotates = wanted.rotates
        if wanted.fresh_seconds is not None:
            self.tokens.fresh_seconds = wanted.fresh_seconds


def _need_any(grant: Grant, scopes: tuple[str, ...]) -> None:
    if not grant.scopes & set(scopes):
        raise no_access(" or ".join(scopes))


def _project(view: View, serial: str, name: str) -> dict[str, object]:
    return {
        "id": view.number(Kind.PERIOD, int(serial) - 1),
        "name": name,
        "state": "active",
        "budget": None,
    }

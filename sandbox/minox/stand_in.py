"""Minox as one stand-in: who may ask what, how often, and who answers."""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import ClassVar, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from attrs import define, field

from sandbox.code_grant import Client, CodeGrant, Grant, Page
from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.minox import reports, rows
from sandbox.minox.view import FIRST_TENANT, SECOND_TENANT, View
from sandbox.records import Trait
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse, json_response, text_response
from sandbox.world import World

T = TypeVar("T")

SANDBOX_CLIENT_ID: Final = "monitr-sandbox"
SANDBOX_CLIENT_SECRET: Final = "sandbox-minox-secret-4d5e6f"  # noqa: S105 - good for the sandbox only

_API: Final = "/api/1"
_TENANT = re.compile(r"/api/1/tenant/(?P<tenant>\d+)(?P<rest>/.*)")
_ADMINISTRATION = re.compile(r"/administration/(?P<id>\d+)/(?P<path>.+)")
_LINES = re.compile(r"year/(?P<year>\d{4})/transaction_lines")
_BALANCE = re.compile(r"report/trialbalance/(?P<year>\d{4})")

_SCOPE_OF: Final[Mapping[str, str]] = {
    "ledger_account": "ledger_account:read",
    "journal": "journal:read",
    "vat": "vat:read",
    "customer": "customer:read",
    "supplier": "supplier:read",
}
_LISTED: Final[Mapping[str, Callable[[View], list[dict[str, object]]]]] = {
    "ledger_account": lambda view: [rows.ledger_account(view, one) for one in view.accounts()],
    "journal": lambda view: [rows.journal(view, one) for one in view.books.journals],
    "vat": lambda view: [rows.vat(view, one) for one in view.books.tax_codes],
    "customer": lambda view: [rows.contact(view, one) for one in view.customers()],
    "supplier": lambda view: [rows.contact(view, one) for one in view.suppliers()],
}
WINDOW_SECONDS: Final = 120
BUSY_SECONDS: Final = 20
DAILY_SECONDS: Final = 3_600


class MinoxSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything optional; a field left out stays as it is.

    ``limits``           True: 20 calls in 120 s per tenant; off by default
    ``page_rows``        rows on a page, with ``links.next``; 0: lists come whole (the default)
    ``next_as_token``    True: ``links.next`` is a token for ``next=`` instead of an address
    ``keyed``            True: ``collection`` is an object by number instead of an array
    ``balance_shape``    ``collection``, ``bare``, ``other-names`` or ``unreadable``
    ``opening_lines``    True: balances are carried into each year in period 0
    ``inspects``         False: there is no ``inspect`` call
    ``scopes``           what every consent given so far covers from now on
    ``access_seconds``   life of access tokens from now on
    """

    limits: bool | None = None
    page_rows: int | None = None
    next_as_token: bool | None = None
    keyed: bool | None = None
    balance_shape: str | None = None
    opening_lines: bool | None = None
    inspects: bool | None = None
    scopes: list[str] | None = None
    access_seconds: int | None = None


class Refused(Exception):
    """A request that gets ``response`` instead of what it asked for."""

    def __init__(self, response: WireResponse) -> None:
        super().__init__(f"{response.status}: {response.body[:200]!r}")
        self.response = response


def refusal(status: int, text: str) -> Refused:
    """Errors are an array of messages."""
    message = {"message_code": f"E{status}", "message_type": "error", "message": text}
    return Refused(json_response([message], status))


@define
class Limits:
    """20 calls in a window per tenant, whatever the token. Real ones depend on the load."""

    enforced: bool = False
    calls_max: int = 20
    _calls: dict[tuple[str, int], int] = field(factory=dict)

    def count(self, tenant: str, now_ms: int) -> None:
        window = now_ms // 1000 // WINDOW_SECONDS
        used = self._calls.get((tenant, window), 0)
        if self.enforced and used >= self.calls_max:
            raise Refused(self.answer(WINDOW_SECONDS))
        self._calls[tenant, window] = used + 1

    def answer(self, seconds: int) -> WireResponse:
        message = {"message_code": "E429", "message_type": "error", "message": "Too many requests"}
        return json_response([message], 429).with_headers(("retry-after", str(seconds)))

    def headers(self, tenant: str, now_ms: int) -> tuple[tuple[str, str], ...]:
        window = now_ms // 1000 // WINDOW_SECONDS
        left = self.calls_max - self._calls.get((tenant, window), 0) if self.enforced else 1_000
        return (
            ("x-rate-limit-limit", str(self.calls_max)),
            ("x-rate-limit-remaining", str(max(0, left))),
            ("x-rate-limit-reset", str((window + 1) * WINDOW_SECONDS * 1000)),
        )


class Minox(StandIn):
    """The stand-in for app.minox.nl: one host for sign-in and API."""

    key: ClassVar[str] = "minox"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.limits = Limits()
        self.grants = CodeGrant(
            clock=self.clock,
            random=Random(f"{world.seed}:minox"),
            client=Client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET),
            page=Page(product="Minox"),
        )
        self.views = {view.key: view for view in _views(world)}
        self.page_rows = 0
        self.next_as_token = False
        self.keyed = False
        self.balance_shape = "collection"
        self.inspects = True

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        if request.path == "/oauth/authorize":
            tenants = sorted({str(view.tenant_id) for view in self.views.values()})
            return self.grants.authorise(request, [(one, f"Klantnummer {one}") for one in tenants])
        if request.path == "/oauth/token":
            return self.grants.token_answer(request)
        try:
            if request.path.startswith(f"{_API}/inspect"):
                return self._inspect(request)
            return self._api(request)
        except Refused as refused:
            return refused.response

    def _inspect(self, request: WireRequest) -> WireResponse:
        """Which tenants an access token reaches; the client proves itself by HTTP Basic."""
        if not self.inspects:
            raise refusal(404, "Not found")
        word, _, told = request.headers.get("authorization", "").partition(" ")
        expected = f"{SANDBOX_CLIENT_ID}:{SANDBOX_CLIENT_SECRET}"
        if word.lower() != "basic" or b64decode(told).decode() != expected:
            raise refusal(401, "Unauthorized")
        if request.method == "POST":
            body = request.json()
            token = body.get("token") if isinstance(body, dict) else None
        else:
            token = request.path.removeprefix(f"{_API}/inspect/")
        grant = self.grants.grant_of(token)
        if grant is None:
            raise refusal(401, "Unauthorized")
        tenants = [{"tenant_id": int(one)} for one in sorted(grant.choices)]
        return json_response({"active": True, "linked_tenants": tenants})

    def _api(self, request: WireRequest) -> WireResponse:
        grant = self.grants.grant_of(request.bearer)
        if grant is None:
            raise refusal(401, "Unauthorized")
        found = _TENANT.fullmatch(request.path)
        if found is None or found["tenant"] not in grant.choices:
            raise refusal(404, "Tenant not found")
        now = self.clock.now_ms()
        self.limits.count(found["tenant"], now)
        answer = self._of_tenant(request, grant, found["tenant"], found["rest"])
        return answer.with_headers(*self.limits.headers(found["tenant"], now))

    def _of_tenant(
        self, request: WireRequest, grant: Grant, tenant: str, rest: str
    ) -> WireResponse:
        if request.method != "GET":
            return WireResponse(405)
        if rest == "/administration":
            _need(grant, "administration:read")
            shown = [v for v in self.views.values() if str(v.tenant_id) == tenant]
            return self._listed(request, shown, rows.administration)
        found = _ADMINISTRATION.fullmatch(rest)
        view = None if found is None else self.views.get(f"{tenant}/{found['id']}")
        if found is None or view is None:
            raise refusal(404, "Administration not found")
        return self._of_administration(request, grant, view, found["path"])

    def _of_administration(
        self, request: WireRequest, grant: Grant, view: View, path: str
    ) -> WireResponse:
        if path in _LISTED:
            _need(grant, _SCOPE_OF[path])
            return self._listed(request, _LISTED[path](view), lambda row: row)
        lines = _LINES.fullmatch(path)
        if lines is not None:
            _need(grant, "transaction:read")
            found = reports.lines(view, int(lines["year"]), request.query.get("period"))
            if found is None:
                raise refusal(404, "Fiscal year not found")
            return self._listed(request, found, lambda one: rows.any_line(view, one))
        balance = _BALANCE.fullmatch(path)
        if balance is not None:
            _need(grant, "report:read")
            told = reports.trial_balance(view, int(balance["year"]), request.query)
            if told is None:
                raise refusal(404, "Fiscal year not found")
            if request.content_type not in {"", "application/json"}:
                return text_response("%PDF-1.7 (sandbox)")
            return json_response(reports.shaped(told, self.balance_shape))
        raise refusal(404, "Not found")

    def _listed(
        self, request: WireRequest, found: Sequence[T], row: Callable[[T], object]
    ) -> WireResponse:
        """One page of a list; ``links.next`` is there as long as something follows."""
        told = request.query.get("next", "0")
        begin = int(told) if told.isdecimal() else 0
        end = begin + (self.page_rows or len(found))
        shown = [row(one) for one in found[begin:end]]
        links: dict[str, object] = {"self": f"{request.base_url}{request.path}", "next": None}
        if end < len(found):
            query = urlencode({**request.query, "next": str(end)})
            address = f"{request.base_url}{request.path}?{query}"
            links["next"] = str(end) if self.next_as_token else address
        collection: object = shown
        if self.keyed:
            collection = {str(place): one for place, one in enumerate(shown)}
        return json_response({"links": links, "collection": collection})

    def administrations(self) -> list[Administration]:
        return [
            Administration(view.key, view.company.name, view.books, importable=view.is_set_up)
            for view in self.views.values()
        ]

    # -- misbehaviour ------------------------------------------------------------------------------

    def fault_answer(self, fault: Fault) -> WireResponse:
        """There is no limit per day; the longer wait is made up."""
        if fault.kind is FaultKind.TOO_MANY:
            return self.limits.answer(BUSY_SECONDS)
        if fault.kind is FaultKind.DAILY_BUDGET:
            return self.limits.answer(DAILY_SECONDS)
        return plain_answer(fault)

    # -- told from outside -------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        self.grants.revoke()

    def expire_tokens(self) -> None:
        self.grants.expire_access()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """See ``MinoxSettings``."""
        wanted = msgspec.convert(dict(settings), MinoxSettings)
        for name in ("page_rows", "next_as_token", "keyed", "balance_shape", "inspects"):
            value = getattr(wanted, name)
            if value is not None:
                setattr(self, name, value)
        if wanted.limits is not None:
            self.limits.enforced = wanted.limits
        if wanted.opening_lines is not None:
            for view in self.views.values():
                view.opening_lines = wanted.opening_lines
        if wanted.scopes is not None:
            for grant in self.grants.grants:
                grant.scope = " ".join(wanted.scopes)
        if wanted.access_seconds is not None:
            self.grants.access_seconds = wanted.access_seconds


def _views(world: World) -> list[View]:
    """In each tenant the administrations are numbered from 1, so numbers are met twice."""
    views: list[View] = []
    taken: dict[int, int] = {}
    for books in world.books.values():
        is_other = books.company.trait is Trait.OTHER_LICENCE
        tenant = SECOND_TENANT if is_other else FIRST_TENANT
        taken[tenant] = taken.get(tenant, 0) + 1
        views.append(View(books, world.identities, tenant, taken[tenant]))
    return sorted(views, key=lambda view: (view.tenant_id, view.id))


def _need(grant: Grant, scope: str) -> None:
    if scope not in grant.scope.split():
        raise refusal(403, f"Scope {scope} is missing")

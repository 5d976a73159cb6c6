"""QuickBooks as one stand-in: signing in, one company per token, queries, reports, changes."""

import re
from collections.abc import Mapping
from random import Random
from typing import ClassVar, Final

import msgspec

from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.quickbooks import cdc, query, rows
from sandbox.quickbooks.consent import authorise
from sandbox.quickbooks.errors import (
    Refused,
    bad_token,
    not_supported,
    not_this_company,
    throttled,
)
from sandbox.quickbooks.limits import Limits
from sandbox.quickbooks.reports import REPORTS, Style
from sandbox.quickbooks.tokens import Tokens
from sandbox.quickbooks.view import SHOWN, View, moment
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse, json_response, text_response
from sandbox.world import World

_COMPANY: Final = re.compile(r"/v3/company/(?P<realm>\d+)/(?P<path>[\w/]+)")
_DISCOVERY: Final = frozenset(
    {
        "/.well-known/openid_configuration",
        "/.well-known/openid_sandbox_configuration",
    }
)
SINGLE_CURRENCY: Final = 2
"""The company without foreign currencies."""
XML_FAULT: Final = '<?xml version="1.0"?><IntuitResponse><Fault type="SERVICE"/></IntuitResponse>'


class QuickBooksSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything optional; a field left out stays as it is.

    ``calls_per_minute``   of one company; 500 unless told otherwise
    ``report_cells``       most cells in a report; what is beyond goes without an error
    ``cut_text``           False: a report that was cut does not say so
    ``slow_rows``          a report of more rows than this dies after two minutes with a 504
    ``old_columns``        True: column keys stand in ``ColType`` instead of ``MetaData``
    ``french``             True: titles and labels in French
    ``home_columns``       False: the journal drops the columns in home currency
    ``nested_balance``     True: the trial balance comes in sections
    ``numbers``            False: accounts have no numbers
    ``multi_currency``     whether companies know foreign currencies; not the second anyway
    ``closed_through``     the day through which books are closed; empty for none
    ``former_seconds``     how long a refresh token is taken after its value changed
    """

    calls_per_minute: int | None = None
    report_cells: int | None = None
    cut_text: bool | None = None
    slow_rows: int | None = None
    old_columns: bool | None = None
    french: bool | None = None
    home_columns: bool | None = None
    nested_balance: bool | None = None
    numbers: bool | None = None
    multi_currency: bool | None = None
    closed_through: str | None = None
    former_seconds: int | None = None


class QuickBooks(StandIn):
    """The stand-in for all hosts of QuickBooks Online: their paths never collide."""

    key: ClassVar[str] = "quickbooks"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.limits = Limits()
        self.tokens = Tokens(self.clock, Random(f"{world.seed}:quickbooks"))
        self.style = Style()
        self.numbers = True
        self.closed_through: str | None = "2025-12-31"
        shown = (books for books in world.books.values() if books.company.trait in SHOWN)
        self.views = {view.realm: view for view in map(View, shown)}
        for view in self.views.values():
            view.multi_currency = view.company.number != SINGLE_CURRENCY

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        path = request.path.rstrip("/")
        if path == "/connect/oauth2":
            return authorise(request, list(self.views.values()), self.tokens)
        if path == "/oauth2/v1/tokens/bearer":
            return self.tokens.answer(request)
        if path == "/v2/oauth2/tokens/revoke":
            return self.tokens.revoke_one(request)
        if path in _DISCOVERY:
            return json_response(_discovery(request.base_url))
        try:
            response = self._api(request, path)
        except Refused as refusal:
            response = refusal.response
        return response.with_headers(("intuit_tid", f"1-{len(request.path):08x}-sandbox"))

    def _api(self, request: WireRequest, path: str) -> WireResponse:
        asked = _COMPANY.fullmatch(path)
        if asked is None:
            raise not_supported(path)
        realm = asked["realm"]
        grant = self.tokens.grant_of(request.bearer)
        if grant is None:
            raise bad_token()
        view = self.views.get(realm)
        if view is None or realm != grant.realm or not grant.alive:
            raise not_this_company()
        refused = self.limits.refuse(realm, self.clock.now_ms())
        if refused is not None:
            return refused
        if "json" not in request.headers.get("accept", ""):
            return text_response(XML_FAULT)
        return json_response(self._resource(request, view, asked["path"]))

    def _resource(self, request: WireRequest, view: View, path: str) -> rows.Row:
        source = query.Source(view, self.numbers, self.closed_through)
        now = moment(self.clock.now_ms())
        if path == "query":
            return query.answer(source, _statement(request), now)
        if request.method != "GET":
            raise not_supported(f"{request.method} {path}")
        if path in {f"companyinfo/{view.realm}", "companyinfo/1"}:
            return {"CompanyInfo": rows.company_info(view), "time": now}
        if path == "preferences":
            return {"Preferences": next(query.objects(source, "Preferences")), "time": now}
        if path == "cdc":
            asked = request.query
            return cdc.answer(
                source,
                asked.get("entities", ""),
                asked.get("changedSince", ""),
                now_ms=self.clock.now_ms(),
                now=now,
            )
        kind, _, name = path.partition("/")
        if kind == "reports" and name in REPORTS:
            return REPORTS[name](view, request, self.style, self.clock.now().date(), now)
        return {**query.one(source, kind, name), "time": now}

    def administrations(self) -> list[Administration]:
        return [
            Administration(view.realm, view.company.name, view.books, importable=True)
            for view in self.views.values()
        ]

    # -- misbehaviour ------------------------------------------------------------------------------

    def fault_answer(self, fault: Fault) -> WireResponse:
        """Nothing in the answer tells a minute's limit from the month's."""
        if fault.kind in {FaultKind.TOO_MANY, FaultKind.DAILY_BUDGET}:
            return throttled()
        return plain_answer(fault)

    # -- told from outside -------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        self.tokens.revoke()

    def expire_tokens(self) -> None:
        self.tokens.expire_access()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """See ``QuickBooksSettings``."""
        wanted = msgspec.convert(dict(settings), QuickBooksSettings)
        if wanted.calls_per_minute is not None:
            self.limits.calls_per_minute = wanted.calls_per_minute
        if wanted.numbers is not None:
            self.numbers = wanted.numbers
        if wanted.closed_through is not None:
            self.closed_through = wanted.closed_through or None
        if wanted.former_seconds is not None:
            self.tokens.former_seconds = wanted.former_seconds
        if wanted.multi_currency is not None:
            for view in self.views.values():
                view.multi_currency = (
                    wanted.multi_currency and view.company.number != SINGLE_CURRENCY
                )
        self._apply_style(wanted)

    def _apply_style(self, wanted: QuickBooksSettings) -> None:
        had = self.style
        self.style = Style(
            cells_max=had.cells_max if wanted.report_cells is None else wanted.report_cells,
            slow_rows=had.slow_rows if wanted.slow_rows is None else wanted.slow_rows,
            old_columns=_told(wanted.old_columns, had.old_columns),
            french=_told(wanted.french, had.french),
            home_columns=_told(wanted.home_columns, had.home_columns),
            cut_text=_told(wanted.cut_text, had.cut_text),
            nested_balance=_told(wanted.nested_balance, had.nested_balance),
        )


def _told(wanted: bool | None, had: bool) -> bool:  # noqa: FBT001 - a setting and what it was
    return had if wanted is None else wanted


def _statement(request: WireRequest) -> str:
    """The query of a GET, or the body of a POST."""
    if request.method == "GET":
        return request.query.get("query", "")
    if request.content_type != "application/text":
        raise not_supported(f"content type {request.content_type}")
    return request.body.decode("utf-8", "replace")


def _discovery(origin: str) -> dict[str, object]:
    return {
        "issuer": "https://oauth.platform.intuit.com/op/v1",
        "authorization_endpoint": f"{origin}/connect/oauth2",
        "token_endpoint": f"{origin}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{origin}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{origin}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{origin}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }

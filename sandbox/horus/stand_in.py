"""Horus as one stand-in: the login server and a customer's database behind one port.

Everything but the rotation of refresh tokens, their told life and how they are revoked is assumed:
it is the contract that the adapter assumes as well, with every switch it may turn out to have.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import ClassVar, Final

import msgspec

from sandbox.code_grant import Client, CodeGrant, Grant, Page
from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.horus import rows
from sandbox.horus.rows import Row
from sandbox.horus.shapes import Shapes
from sandbox.horus.view import View
from sandbox.records import Entry
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse, json_response
from sandbox.world import World

SANDBOX_CLIENT_ID: Final = "monitr-sandbox"
SANDBOX_CLIENT_SECRET: Final = "sandbox-horus-secret-7a8b9c"  # noqa: S105 - good for the sandbox only

DATABASE: Final = "gouden-aar"
OTHER_DATABASE: Final = "archief"
SCOPE: Final = "horus"
_BASE = re.compile(r"/db/(?P<database>[\w-]+)/api(?P<rest>/.*)")
_FOLDER = re.compile(r"/folders/(?P<folder>[\w-]+)/(?P<path>\w+)")
REFRESH_SECONDS: Final = 2_592_000
BUSY_SECONDS: Final = 20
DAILY_SECONDS: Final = 3_600


class HorusSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything optional; a field left out stays as it is.

    ``endpoint``         ``token-field`` (default), ``discovery`` or ``untold``
    ``databases``        how many databases one login reaches (1 or 2)
    ``forbidden``        ids of folders that answer 403 below the list
    ``no_folders``       True: the list is empty, as for a Falco user without the accounting link
    ``pascal`` ``numbers`` ``cursor`` ``counts`` ``sideloads`` ``lines_beside`` ``page_rows``
                         see ``Shapes``
    ``opening_entries``  True: book years begin with an entry of type ``opening``
    ``drafts``           True: every list of entries ends with one that is not posted
    ``access_seconds`` ``refresh_seconds``   lives of tokens from now on
    """

    endpoint: str | None = None
    databases: int | None = None
    forbidden: list[str] | None = None
    no_folders: bool | None = None
    pascal: bool | None = None
    numbers: bool | None = None
    cursor: bool | None = None
    counts: bool | None = None
    sideloads: bool | None = None
    lines_beside: bool | None = None
    page_rows: int | None = None
    opening_entries: bool | None = None
    drafts: bool | None = None
    access_seconds: int | None = None
    refresh_seconds: int | None = None


_SHAPES: Final = (
    "pascal",
    "numbers",
    "cursor",
    "counts",
    "sideloads",
    "lines_beside",
    "page_rows",
)
_OWN: Final = ("endpoint", "databases", "no_folders", "drafts")


class Refused(Exception):
    """A request that gets ``response`` instead of what it asked for."""

    def __init__(self, response: WireResponse) -> None:
        super().__init__(f"{response.status}: {response.body[:200]!r}")
        self.response = response


def refusal(status: int, code: str, text: str) -> Refused:
    return Refused(json_response({"error": {"code": code, "message": text}}, status))


class Horus(StandIn):
    """``/oauth2`` is the login server, ``/db/<name>/api`` the interface of one database."""

    key: ClassVar[str] = "horus"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.shapes = Shapes()
        self.grants = CodeGrant(
            clock=self.clock,
            random=Random(f"{world.seed}:horus"),
            client=Client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET),
            page=Page(product="Horus"),
            refresh_seconds=REFRESH_SECONDS,
            tells_refresh_life=True,
            reuse_ends_grant=True,
            tells=self._told_with_tokens,
        )
        self.views = {view.id: view for view in self._made_views()}
        self.endpoint = "token-field"
        self.databases = 1
        self.forbidden: frozenset[str] = frozenset()
        self.no_folders = False
        self.drafts = False
        self._base_url = ""

    def _made_views(self) -> list[View]:
        return [View(books, self.world.identities) for books in self.world.books.values()]

    def _told_with_tokens(self, _: Grant) -> Mapping[str, object]:
        if self.endpoint != "token-field":
            return {}
        return {"api_endpoint": f"{self._base_url}/db/{DATABASE}/api"}

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        self._base_url = request.base_url
        if request.path == "/oauth2/authorize":
            choices = [(view.id, view.company.name) for view in self.views.values()]
            return self.grants.authorise(request, choices)
        if request.path == "/oauth2/token":
            return self.grants.token_answer(request)
        try:
            if request.path == "/revoke-refresh-token":
                return self._revoked(request)
            if request.path == "/oauth2/databases":
                return self._databases(request)
            found = _BASE.fullmatch(request.path)
            if found is None or found["database"] not in self._names():
                raise refusal(404, "not_found", "Unknown address")
            return self._api(request, found["rest"])
        except Refused as refused:
            return refused.response

    def _revoked(self, request: WireRequest) -> WireResponse:
        body = request.json()
        token = body.get("RefreshToken") if isinstance(body, dict) else None
        ended = isinstance(token, str) and self.grants.end_refresh(token)
        return WireResponse(200 if ended else 400)

    def _names(self) -> list[str]:
        return [DATABASE, OTHER_DATABASE][: self.databases]

    def _databases(self, request: WireRequest) -> WireResponse:
        self._granted(request)
        if self.endpoint != "discovery":
            raise refusal(404, "not_found", "Unknown address")
        found = [
            {"id": name, "name": name.title(), "apiEndpoint": f"{self._base_url}/db/{name}/api"}
            for name in self._names()
        ]
        return json_response(found)

    def _granted(self, request: WireRequest) -> Grant:
        grant = self.grants.grant_of(request.bearer)
        if grant is None:
            told = json_response({"error": {"code": "token", "message": "Invalid token"}}, 401)
            raise Refused(told.with_headers(("WWW-Authenticate", 'Bearer error="invalid_token"')))
        return grant

    def _api(self, request: WireRequest, rest: str) -> WireResponse:
        grant = self._granted(request)
        if request.method != "GET":
            return WireResponse(405)
        if rest == "/folders":
            shown = [view for view in self.views.values() if view.id in grant.choices]
            shown = [] if self.no_folders else shown
            return self.shapes.page(request, "folders", shown, rows.folder, lambda view: view.id)
        found = _FOLDER.fullmatch(rest)
        view = None if found is None else self.views.get(found["folder"])
        if found is None or view is None or view.id not in grant.choices:
            raise refusal(404, "not_found", "Unknown folder")
        if view.id in self.forbidden:
            raise refusal(403, "folder_not_allowed", "This folder is not open to you")
        return self._resource(request, view, found["path"])

    def _resource(self, request: WireRequest, view: View, path: str) -> WireResponse:
        since_ms = _since(request.query)
        if path == "bookentries":
            return self._entries(request, view, since_ms)
        if path == "balances":
            year = view.book_year(request.query.get("bookYearId", ""))
            if year is None:
                raise refusal(404, "not_found", "Unknown book year")
            return self._page(request, "balances", rows.balances(view, year), key="accountId")
        if path == "journals":
            return self._page(request, "journals", self._journals(view))
        if path not in _LISTS:
            raise refusal(404, "not_found", "Unknown address")
        envelope, listed = _LISTS[path]
        return self._page(request, envelope, listed(view, since_ms))

    def _page(
        self, request: WireRequest, envelope: str, told: Sequence[Row], key: str = "id"
    ) -> WireResponse:
        return self.shapes.page(request, envelope, told, lambda row: row, lambda row: str(row[key]))

    def _journals(self, view: View) -> list[Row]:
        told = [rows.journal(view, known) for known in view.books.journals]
        return [*told, rows.opening_journal(view)] if view.opening_entries else told

    # -- book entries ------------------------------------------------------------------------------

    def _entries(self, request: WireRequest, view: View, since_ms: int) -> WireResponse:
        """Each row is its entry and a function that gives its lines."""
        query = request.query
        asked = query.get("bookYearId")
        year = None if asked is None else view.book_year(asked)
        if asked is not None and year is None:
            raise refusal(404, "not_found", "Unknown book year")
        booked = [
            entry
            for entry in view.books.live_entries()
            if (year is None or entry.year == year.year) and view.changed_ms(entry) >= since_ms
        ]
        found: list[Entry | Row] = list(booked)
        if view.opening_entries and not since_ms:
            first = view.book_years()[0].year
            years = [y for y in view.book_years() if y.year > first and year in {None, y}]
            openings: list[Entry | Row] = [{"opening": known} for known in years]
            found = openings + found
        if since_ms:
            gone = view.deleted_since(since_ms)
            found += [rows.deleted_entry(view, entry, at_ms) for entry, at_ms in gone]
        if self.drafts and booked:
            draft = rows.entry(view, booked[0])
            found.append({**draft, "id": "draft-1", "number": None, "posted": False, "lines": []})
        wanted = query.get("include", "").split(",")
        return self.shapes.page(
            request,
            "bookEntries",
            found,
            lambda one: self._entry(view, one, with_lines="lines" in wanted),
            lambda one: str(self._entry(view, one, with_lines=False)["id"]),
            lambda shown: self._beside(view, shown, wanted),
        )

    def _entry(self, view: View, one: Entry | Row, *, with_lines: bool) -> Row:
        row, lines = self._written(view, one)
        if not with_lines or self.shapes.lines_beside or lines is None:
            return row
        return {**row, "lines": lines}

    def _written(self, view: View, one: Entry | Row) -> tuple[Row, list[Row] | None]:
        if isinstance(one, Entry):
            return rows.entry(view, one), [rows.line(view, line) for line in view.postings(one)]
        if "opening" in one:
            year = next(y for y in view.book_years() if y == one["opening"])
            return rows.opening_entry(view, year)
        return one, None

    def _beside(
        self, view: View, shown: Sequence[Entry | Row], wanted: Sequence[str]
    ) -> Mapping[str, object]:
        told: dict[str, object] = {}
        if self.shapes.lines_beside and "lines" in wanted:
            beside = []
            for one in shown:
                row, lines = self._written(view, one)
                beside += [{**line, "bookEntryId": row["id"]} for line in lines or ()]
            told["lines"] = beside
        if not self.shapes.sideloads:
            return told
        entries = [one for one in shown if isinstance(one, Entry)]
        if "journals" in wanted:
            told["journals"] = self._journals(view)
        if "accounts" in wanted:
            accounts = {line.account.serial for e in entries for line in e.lines if line.account}
            known = view.books.accounts
            told["accounts"] = [rows.account(view, known[serial]) for serial in sorted(accounts)]
        return told

    def administrations(self) -> list[Administration]:
        return [
            Administration(view.id, view.company.name, view.books, importable=view.active)
            for view in self.views.values()
        ]

    # -- misbehaviour ------------------------------------------------------------------------------

    def fault_answer(self, fault: Fault) -> WireResponse:
        waits = {FaultKind.TOO_MANY: BUSY_SECONDS, FaultKind.DAILY_BUDGET: DAILY_SECONDS}
        if fault.kind not in waits:
            return plain_answer(fault)
        body = {"error": {"code": "limit", "message": "Too many requests"}}
        return json_response(body, 429).with_headers(("Retry-After", str(waits[fault.kind])))

    # -- told from outside -------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        self.grants.revoke()

    def expire_tokens(self) -> None:
        self.grants.expire_access()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """See ``HorusSettings``."""
        wanted = msgspec.convert(dict(settings), HorusSettings)
        targets: tuple[tuple[object, tuple[str, ...]], ...] = (
            (self.shapes, _SHAPES),
            (self, _OWN),
            (self.grants, ("access_seconds", "refresh_seconds")),
        )
        for target, names in targets:
            for name in names:
                value = getattr(wanted, name)
                if value is not None:
                    setattr(target, name, value)
        if wanted.forbidden is not None:
            self.forbidden = frozenset(wanted.forbidden)
        if wanted.opening_entries is not None:
            for view in self.views.values():
                view.opening_entries = wanted.opening_entries


def _since(query: Mapping[str, str]) -> int:
    told = query.get("modifiedSince")
    if told is None:
        return 0
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise refusal(400, "bad_parameter", "modifiedSince is no timestamp") from None
    return int(moment.astimezone(UTC).timestamp() * 1000)


def _invoices(view: View, since_ms: int) -> list[Row]:
    found = [
        rows.invoice(view, entry)
        for entry in view.books.live_entries()
        if entry.invoice_number is not None and view.changed_ms(entry) >= since_ms
    ]
    if since_ms:
        found += [
            rows.deleted_invoice(view, entry, at_ms)
            for entry, at_ms in view.deleted_since(since_ms)
            if entry.invoice_number is not None
        ]
    return found


def _book_years(view: View, _: int) -> list[Row]:
    return [rows.book_year(view, known) for known in view.book_years()]


def _accounts(view: View, since_ms: int) -> list[Row]:
    return [rows.account(view, a) for a in view.books.accounts if a.modified_ms >= since_ms]


def _companies(view: View, since_ms: int) -> list[Row]:
    return [rows.company(view, c) for c in view.books.contacts if c.modified_ms >= since_ms]


def _vat_codes(view: View, _: int) -> list[Row]:
    return [rows.vat_code(view, tax) for tax in view.books.tax_codes]


_LISTS: Final[Mapping[str, tuple[str, Callable[[View, int], list[Row]]]]] = {
    "bookyears": ("bookYears", _book_years),
    "accounts": ("accounts", _accounts),
    "vatcodes": ("vatCodes", _vat_codes),
    "companies": ("companies", _companies),
    "invoices": ("invoices", _invoices),
}

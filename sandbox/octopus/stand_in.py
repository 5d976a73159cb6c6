"""Octopus as one stand-in: sign-in, dossiers, whole answers, quotas.

Settings:

======================  =========================================================================
``limits``              False: quotas are not counted
``quota_status``        the status with which a spent quota is refused (not published)
``disabled``            numbers of dossiers that cannot be opened
``hidden``              operations of which the user sees nothing (404)
``no_dossiers``         True: the user has access to none
``one_sided``           True: financial documents come without the bank's own line
``running_balances``    True: balances are running within the bookyear, not movements
``upside_down``         True: a debit is negative
``signed_credit_notes`` True: lines of credit notes are negative, as is the document
``small_letters``       True: the dossier's token is called ``dossiertoken``
======================  =========================================================================
"""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import ClassVar

import msgspec

from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.octopus import rows
from sandbox.octopus.asking import asked_bookyear, is_first_load, span
from sandbox.octopus.errors import (
    Refused,
    bad_parameters,
    nothing,
    quota_spent,
    refused,
)
from sandbox.octopus.quotas import Quotas
from sandbox.octopus.sessions import Sessions
from sandbox.octopus.view import NUMBERS, SHOWN, TRADE, View
from sandbox.records import Entry, LineRole, Trait
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse, json_response, text_response
from sandbox.world import World

API = "/octopus-rest-api/v1"
VERSION = "51.9.17"
_BOOKINGS = re.compile(r"bookyears/(?P<bookyear>-?\d+)/bookings/modified")
_JOURNALS = re.compile(r"bookyears/(?P<bookyear>\d+)/journals")
_JOURNAL = re.compile(r"bookyears/(?P<bookyear>\d+)/journals/F/(?P<number>\d+)")
_DOSSIER = re.compile(rf"{API}/dossiers/(?P<dossier>\d+)/(?P<path>.+)")


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    limits: bool | None = None
    quota_status: int | None = None
    disabled: list[str] | None = None
    hidden: list[str] | None = None
    no_dossiers: bool | None = None
    one_sided: bool | None = None
    running_balances: bool | None = None
    upside_down: bool | None = None
    signed_credit_notes: bool | None = None
    small_letters: bool | None = None


class Octopus(StandIn):
    """One user with access to several dossiers."""

    key: ClassVar[str] = "octopus"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.sessions = Sessions(self.clock, Random(f"{world.seed}:octopus"))
        self.quotas = Quotas(self.clock)
        self.views = {
            view.id: view
            for view in (View(books) for books in world.books.values())
            if view.company.trait in SHOWN
        }
        self.disabled = frozenset(
            view.id for view in self.views.values() if view.company.trait is Trait.INACTIVE
        )
        self.hidden: frozenset[str] = frozenset()
        self.no_dossiers = False
        self.one_sided = False
        self.running_balances = False
        self.upside_down = False
        self.signed_credit_notes = False

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        try:
            return self._answer(request)
        except Refused as refusal:
            return refusal.answer

    def _answer(self, request: WireRequest) -> WireResponse:
        plain: dict[tuple[str, str], Callable[[WireRequest], WireResponse]] = {
            ("GET", f"{API}/about/version"): lambda _: text_response(VERSION),
            ("POST", f"{API}/authentication"): self.sessions.authenticate,
            ("GET", f"{API}/authentication"): self.sessions.whoami,
            ("GET", f"{API}/dossiers"): self._listed,
            ("POST", f"{API}/dossiers"): self._opened,
            ("GET", "/oauth2/authorize"): self.sessions.authorise,
            ("POST", "/oauth2/authorize"): self.sessions.authorise,
            ("POST", f"{API}/oauth2/token"): self.sessions.token,
        }
        if (request.method, request.path) in plain:
            return plain[request.method, request.path](request)
        asked = _DOSSIER.fullmatch(request.path)
        if asked is None or request.method != "GET":
            return WireResponse(404)
        view = self.views.get(asked["dossier"])
        self.sessions.require(request.headers.get("dossiertoken"), asked["dossier"])
        if view is None:
            raise nothing("dossier")
        return self._read(view, asked["path"], request)

    def _listed(self, request: WireRequest) -> WireResponse:
        self.sessions.require(request.headers.get("token"), "user")
        self.quotas.spend("user", "dossiers")
        shown = [] if self.no_dossiers else list(self.views.values())
        return json_response([rows.dossier(view) for view in shown])

    def _opened(self, request: WireRequest) -> WireResponse:
        self.sessions.require(request.headers.get("token"), "user")
        self.quotas.spend("user", "connect")
        asked = request.query
        locale = asked.get("localeId", "0")
        if not asked.get("dossierId", "").isdecimal() or locale not in set("01234"):
            raise bad_parameters()
        view = self.views.get(asked["dossierId"])
        if view is None:
            raise nothing("dossier")
        if view.id in self.disabled or self.no_dossiers:
            raise refused(403, 403, "No rights on this dossier, or the dossier is disabled")
        return self.sessions.open(view.id)

    def _read(self, view: View, path: str, request: WireRequest) -> WireResponse:
        simple: dict[str, Callable[[View, WireRequest], object]] = {
            "bookyears": self._bookyears,
            "accounts/modified": self._accounts,
            "accounts/amounts/modified": self._amounts,
            "journals/modified": self._changed_journals,
            "relations/modified": self._relations,
            "vatcodes": self._vat_codes,
            "buysellbookings/modified": self._buy_sell,
            "financialdiversbookings/modified": self._financial_divers,
        }
        if path in simple:
            self._begin(view, path)
            return json_response(simple[path](view, request))
        if (asked := _BOOKINGS.fullmatch(path)) is not None:
            self._begin(view, "bookings/modified")
            return json_response(self._bookings(view, int(asked["bookyear"]), request))
        if (asked := _JOURNALS.fullmatch(path)) is not None:
            self._begin(view, "journals")
            return json_response(self._journals(view, int(asked["bookyear"])))
        if (asked := _JOURNAL.fullmatch(path)) is not None:
            self._begin(view, "journal")
            found = self._journal(view, int(asked["bookyear"]), int(asked["number"]))
            return json_response(found)
        return WireResponse(404)

    def _begin(self, view: View, operation: str) -> None:
        self.quotas.spend(view.id, operation)
        if operation in self.hidden:
            raise nothing(operation)

    # -- masters -----------------------------------------------------------------------------------

    def _bookyears(self, view: View, _: WireRequest) -> object:
        return [rows.bookyear(view, year) for year in view.years]

    def _accounts(self, view: View, request: WireRequest) -> object:
        since_ms, _ = span(request)
        numbers = view.numbers()
        newest = view.years[-1]
        found = [
            rows.account(
                account, numbers[account.serial], view.bookyear(year), newest=year == newest
            )
            for year in reversed(view.years)
            for account in view.books.accounts
            if account.modified_ms >= since_ms
        ]
        return _some({"modified": found, "deleted": []}, "modified accounts")

    def _amounts(self, view: View, request: WireRequest) -> object:
        if "modifiedTimeStamp" in request.query:
            span(request)
        by_serial = view.numbers()
        numbers = {each.code: by_serial[each.serial] for each in view.books.accounts}
        series: dict[tuple[int, int], dict[int, int]] = {}
        for (code, year, period), cents in view.books.trial_balance().items():
            series.setdefault((year, numbers[code]), {})[period] = cents
        found = []
        for (year, number), moved in series.items():
            before = 0
            for period, cents in sorted(moved.items()):
                before += cents
                shown = (before if self.running_balances else cents) * self._debit
                place = year * 100 + period
                found.append(rows.amount(view.bookyear(year), place, number, shown))
        return _some({"modified": found, "deleted": []}, "modified account amounts")

    def _journals(self, view: View, bookyear: int) -> object:
        if view.year_of(bookyear) is None:
            raise nothing("journals")
        return [rows.journal(view, journal, bookyear) for journal in view.books.journals]

    def _changed_journals(self, view: View, request: WireRequest) -> object:
        since_ms, _ = span(request)
        found = [
            rows.common_journal(view, journal, view.bookyear(year))
            for year in view.years
            for journal in view.books.journals
            if journal.modified_ms >= since_ms
        ]
        return _some(
            {"modifiedJournalServiceDataList": found, "deletedJournalList": []}, "journals"
        )

    def _journal(self, view: View, bookyear: int, number: int) -> object:
        for journal in view.books.journals:
            if view.journal_place(journal) == ("F", number) and view.year_of(bookyear):
                return rows.financial_journal(view, journal, bookyear)
        raise nothing("journal")

    def _relations(self, view: View, request: WireRequest) -> object:
        since_ms, _ = span(request)
        found = [
            rows.relation(view, contact)
            for contact in view.books.contacts
            if contact.modified_ms >= since_ms
        ]
        return _some({"modified": found, "deleted": []}, "modified relations")

    def _vat_codes(self, view: View, _: WireRequest) -> object:
        return [row for tax in view.books.tax_codes for row in rows.vat_codes(tax)]

    # -- bookings ----------------------------------------------------------------------------------

    @property
    def _debit(self) -> int:
        return -1 if self.upside_down else 1

    def _bookings(self, view: View, bookyear: int, request: WireRequest) -> object:
        asked = request.query
        kinds = {"-1": "", **{str(number): letter for letter, number in NUMBERS.items()}}
        letter = kinds.get(asked.get("journalTypeId", ""))
        if letter is None:
            raise bad_parameters()
        since_ms, to_ms = span(request)
        if (bookyear == -1 or not letter) and is_first_load(since_ms):
            raise bad_parameters()
        numbers = view.numbers()
        lines = [
            line
            for entry in view.documents(bookyear, letter, since_ms, to_ms)
            for line in self._lines(view, entry, numbers)
        ]
        gone = [
            rows.deleted_document(key) for key in view.deleted(bookyear, letter, since_ms, to_ms)
        ]
        return _some({"modifiedBookings": lines, "deletedBookings": gone}, "modified bookings")

    def _lines(self, view: View, entry: Entry, numbers: dict[int, int]) -> list[dict[str, object]]:
        key = view.key(entry)
        behind = entry.journal.account if self.one_sided and key.letter == "F" else None
        found = []
        for place, line in enumerate(entry.lines):
            if line.account is None or line.account is behind:
                continue
            row = rows.booking(view, line, key, numbers[line.account.serial], place)
            if self.upside_down:
                row["bookingAmount"] = rows.units(-line.cents)
                row["documentAmount"] = rows.units(-line.foreign_cents)
            found.append(row)
        return found

    def _buy_sell(self, view: View, request: WireRequest) -> object:
        bookyear = asked_bookyear(request)
        since_ms, to_ms = span(request)
        if bookyear == -1 and is_first_load(since_ms):
            raise bad_parameters()
        numbers = view.numbers()
        found = [
            rows.buy_sell(view, entry, numbers, signed=self.signed_credit_notes)
            for entry in view.documents(bookyear, "", since_ms, to_ms)
            if entry.kind in TRADE
            and request.query.get("journalKey") in {None, view.key(entry).journal_key}
            and any(line.role is LineRole.HEADER for line in entry.lines)
        ]
        year = view.year_of(bookyear)
        if year is not None and found:
            found.append(rows.reserved(view, year))
        return _some_rows(found, "bookings")

    def _financial_divers(self, view: View, request: WireRequest) -> object:
        bookyear = asked_bookyear(request)
        since_ms, to_ms = span(request)
        numbers = view.numbers()
        found = [
            rows.financial_divers(view, entry, numbers)
            for entry in view.documents(bookyear, "", since_ms, to_ms)
            if view.key(entry).letter in "FD"
            and request.query.get("journalKey") in {None, view.key(entry).journal_key}
        ]
        return _some_rows(found, "bookings")

    # -- told from outside -------------------------------------------------------------------------

    def administrations(self) -> list[Administration]:
        return [
            Administration(
                view.id, view.company.name, view.books, importable=view.id not in self.disabled
            )
            for view in self.views.values()
        ]

    def revoke_tokens(self) -> None:
        self.sessions.revoke()

    def expire_tokens(self) -> None:
        self.sessions.expire()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        wanted = msgspec.convert(dict(settings), Settings)
        if wanted.limits is not None:
            self.quotas.enforced = wanted.limits
        if wanted.quota_status is not None:
            self.quotas.status = wanted.quota_status
        if wanted.small_letters is not None:
            self.sessions.small_letters = wanted.small_letters
        if wanted.disabled is not None:
            self.disabled = frozenset(wanted.disabled)
        if wanted.hidden is not None:
            self.hidden = frozenset(wanted.hidden)
        for name in (
            "no_dossiers",
            "one_sided",
            "running_balances",
            "upside_down",
            "signed_credit_notes",
        ):
            value = getattr(wanted, name)
            if value is not None:
                setattr(self, name, value)

    def fault_answer(self, fault: Fault) -> WireResponse:
        if fault.kind is FaultKind.DAILY_BUDGET:
            return quota_spent(48, self.quotas.status)
        if fault.kind is FaultKind.TOO_MANY:
            return WireResponse(429, (("Retry-After", "20"),))
        return plain_answer(fault)


def _some(told: dict[str, list[dict[str, object]]], what: str) -> object:
    if not any(told.values()):
        raise nothing(what)
    return told


def _some_rows(found: list[dict[str, object]], what: str) -> object:
    if not found:
        raise nothing(what)
    return found

"""Twinfield as one stand-in: sign-in and cluster on one host, credits, refusals, services.

Settings:

=================  ==============================================================================
``limits``         False: credits are not counted
``certified``      True: the limits of a certified registration (500 a minute instead of 25)
``rows_max``       answers with more ledger rows time out on the way (504)
``announced``      so many rows more are announced in an answer than are sent
``closed_offices`` codes whose details are refused
``no_items``       True: the user may not see what customers and suppliers owe
``no_offices``     True: the user may enter no office
``year_end``       True: years are closed by Twinfield's own closing (see ``office``)
``wrong_cluster``  True: the next call says that the organisation lives elsewhere
``fault_status``   the HTTP status of the fault 354 (401 by the vendor's table; clients differ)
=================  ==============================================================================
"""

import re
from collections import deque
from collections.abc import Mapping
from html import escape
from random import Random
from typing import ClassVar
from xml.etree.ElementTree import Element

import msgspec
from attrs import evolve

from sandbox.faults import Fault as Misbehaviour
from sandbox.faults import FaultKind, plain_answer
from sandbox.request_log import redact_body
from sandbox.stand_in import Administration, StandIn
from sandbox.twinfield.browse import ITEM_CODES, TooMuch, answer
from sandbox.twinfield.markup import (
    TWINFIELD,
    Envelope,
    Fault,
    Refused,
    element,
    fault_response,
    opened,
    parsed,
    xml_response,
)
from sandbox.twinfield.office import SHOWN, Office
from sandbox.twinfield.process import listed_offices, read
from sandbox.twinfield.services import found, queried
from sandbox.twinfield.tokens import CONNECT, Tokens
from sandbox.wire import WireRequest, WireResponse, text_response
from sandbox.world import World

MINUTE_MS = 60_000
UNCERTIFIED, CERTIFIED = 25, 500
DAY_SECONDS = 24 * 3600
PROCESS, FINDER = "/webservices/processxml.asmx", "/webservices/finder.asmx"
_SERVICE = re.compile(r"/webservices/(?P<name>\w+)\.svc")
_TOKEN = re.compile(rb"(AccessToken[^>]*>)[^<]*")


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    limits: bool | None = None
    certified: bool | None = None
    rows_max: int | None = None
    announced: int | None = None
    closed_offices: list[str] | None = None
    no_items: bool | None = None
    no_offices: bool | None = None
    year_end: bool | None = None
    wrong_cluster: bool | None = None
    fault_status: int | None = None


class Twinfield(StandIn):
    """One organisation of one accountant, and one user in it."""

    key: ClassVar[str] = "twinfield"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.tokens = Tokens(self.clock, Random(f"{world.seed}:twinfield"))
        self.offices = {
            office.code: office
            for office in (Office(books, world.identities) for books in world.books.values())
            if office.company.trait in SHOWN
        }
        self.rows_max: int | None = None
        self.announced = 0
        self.closed: frozenset[str] = frozenset()
        self.no_items = False
        self.no_offices = False
        self.wrong_cluster = False
        self.fault_status = 401
        self.enforced = True
        self.credits_a_minute = UNCERTIFIED
        self._spent: deque[int] = deque()

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        sign_in = {
            f"{CONNECT}/authorize": self.tokens.authorise,
            f"{CONNECT}/token": self.tokens.answer,
            f"{CONNECT}/accesstokenvalidation": self.tokens.check,
        }.get(request.path)
        if sign_in is not None:
            return sign_in(request)
        if request.method != "POST" or not request.path.startswith("/webservices/"):
            return WireResponse(404)
        try:
            return self._served(request)
        except Fault as fault:
            return fault_response(fault)
        except TooMuch:
            return text_response("upstream request timeout", 504)

    def _served(self, request: WireRequest) -> WireResponse:
        asked = opened(request)
        if asked.token is None:
            raise Fault(500, 101, "Access token missing in request header.")
        if not self.tokens.is_good(asked.token):
            raise Fault(self.fault_status, 354, "Access denied. Token invalid.")
        if self.wrong_cluster:
            self.wrong_cluster = False
            raise Fault(500, 108, "Wrong cluster.")
        limited = self._limited()
        if limited is not None:
            return limited
        headers = self._credit_headers()
        return self._answered(request, asked).with_headers(*headers)

    def _answered(self, request: WireRequest, asked: Envelope) -> WireResponse:
        action = request.headers.get("soapaction", "").strip('"').removeprefix(TWINFIELD)
        service = _SERVICE.fullmatch(request.path)
        if service is not None:
            if action != f"{service['name']}/Query":
                raise Fault(500, 187, "Unknown action")
            return xml_response(queried(self._entered(asked), service["name"], asked.body))
        if (request.path, action) == (FINDER, "Search"):
            return xml_response(found(self._entered(asked), asked.body))
        if request.path != PROCESS or action not in {"ProcessXmlDocument", "ProcessXmlString"}:
            raise Fault(500, 187, "Unknown action")
        if action == "ProcessXmlString":
            told = asked.body.findtext(f"{{{TWINFIELD}}}xmlRequest") or ""
            inner = escape(self._processed(asked, parsed(told)), quote=False)
        else:
            found_inner = asked.body.find(f"{{{TWINFIELD}}}xmlRequest/*")
            inner = self._processed(asked, found_inner)
        return xml_response(
            f'<{action}Response xmlns="{TWINFIELD}"><{action}Result>'
            f"{inner}</{action}Result></{action}Response>"
        )

    def _processed(self, asked: Envelope, inner: Element | None) -> str:
        if inner is None:
            raise Fault(500, 187, "Invalid XML")
        try:
            if inner.tag == "list" and inner.findtext("type") == "offices":
                return listed_offices([] if self.no_offices else list(self.offices.values()))
            office = self._entered(asked)
            if inner.tag == "columns":
                return self._browsed(office, inner)
            return read(office, inner, self.closed)
        except Refused as refusal:
            name = {"columns": "browse"}.get(inner.tag, inner.findtext("type") or inner.tag)
            return element(name, "", msgtype="error", msg=refusal, result="0", xmlns="")

    def _browsed(self, office: Office, columns: Element) -> str:
        if self.no_items and columns.get("code") in ITEM_CODES:
            raise Refused("U heeft geen toegang tot deze browsecode.")
        return answer(office, columns, self.rows_max, self.announced)

    def _entered(self, asked: Envelope) -> Office:
        if asked.office is None:
            raise Fault(500, 101, "Company missing in request header.")
        office = self.offices.get(asked.office)
        if office is None:
            raise Fault(403, 102, "Access denied.")
        return office

    # -- credits -----------------------------------------------------------------------------------

    def _limited(self) -> WireResponse | None:
        """Every call here is a query of one credit."""
        if not self.enforced:
            return None
        now = self.clock.now_ms()
        while self._spent and self._spent[0] <= now - MINUTE_MS:
            self._spent.popleft()
        if len(self._spent) >= self.credits_a_minute:
            seconds = (self._spent[0] + MINUTE_MS - now) // 1000 + 1
            return self._too_many(seconds)
        self._spent.append(now)
        return None

    def _too_many(self, seconds: int) -> WireResponse:
        """The body is not known."""
        return WireResponse(429, (("Retry-After", str(seconds)), *self._credit_headers(0)))

    def _credit_headers(self, left: int | None = None) -> tuple[tuple[str, str], ...]:
        remaining = self.credits_a_minute - len(self._spent) if left is None else left
        return (
            ("X-RateLimit-Limit", str(self.credits_a_minute)),
            ("X-RateLimit-Remaining", str(remaining)),
            ("X-RateLimit-Credited", "1"),
        )

    # -- told from outside -------------------------------------------------------------------------

    def administrations(self) -> list[Administration]:
        return [
            Administration(
                office.key, office.name, office.books, importable=office.code not in self.closed
            )
            for office in self.offices.values()
        ]

    def revoke_tokens(self) -> None:
        self.tokens.revoke()

    def expire_tokens(self) -> None:
        self.tokens.expire_access()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        wanted = msgspec.convert(dict(settings), Settings)
        if wanted.limits is not None:
            self.enforced = wanted.limits
        if wanted.certified is not None:
            self.credits_a_minute = CERTIFIED if wanted.certified else UNCERTIFIED
        if wanted.closed_offices is not None:
            self.closed = frozenset(wanted.closed_offices)
        if wanted.no_items is not None:
            self.no_items = wanted.no_items
        if wanted.no_offices is not None:
            self.no_offices = wanted.no_offices
        if wanted.year_end is not None:
            for office in self.offices.values():
                office.year_end = wanted.year_end
        if wanted.wrong_cluster is not None:
            self.wrong_cluster = wanted.wrong_cluster
        self.rows_max = wanted.rows_max or self.rows_max
        self.announced = wanted.announced if wanted.announced is not None else self.announced
        self.fault_status = wanted.fault_status or self.fault_status

    def fault_answer(self, fault: Misbehaviour) -> WireResponse:
        """There is no limit per day; the longest wait a proxy or the vendor may name stands in."""
        if fault.kind is FaultKind.TOO_MANY:
            return self._too_many(20)
        if fault.kind is FaultKind.DAILY_BUDGET:
            return self._too_many(DAY_SECONDS // 4)
        return plain_answer(fault)

    def with_extra_fields(self, response: WireResponse) -> WireResponse:
        """Columns, elements and attributes nobody asked for."""
        body = response.body
        for before, added in (
            (b"<tr>", b'<tr><td field="sandbox.novelty" type="String">x</td>'),
            (b"</dimension>", b"<sandboxNovelty><nested>1</nested></sandboxNovelty></dimension>"),
            (b"</ArrayOfString>", b"<string>x</string></ArrayOfString>"),
            (b'result="1"', b'result="1" sandbox="x"'),
        ):
            body = body.replace(before, added)
        return evolve(response, body=body)

    def loggable_body(self, request: WireRequest) -> str:
        """SOAP bodies as they are, without the token."""
        if request.path.startswith("/webservices/"):
            return _TOKEN.sub(rb"\1***", request.body).decode("utf-8", "replace")
        return redact_body(request)

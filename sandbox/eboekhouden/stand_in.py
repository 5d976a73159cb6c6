"""e-Boekhouden.nl as one stand-in: REST below ``/v1``, SOAP at ``/soap.asmx``, the same books."""

import re
from collections.abc import Mapping
from random import Random
from typing import ClassVar, Final

import msgspec
from attrs import evolve

from sandbox.eboekhouden.rest import Rest, error, json_answer
from sandbox.eboekhouden.sessions import Sessions, token_of
from sandbox.eboekhouden.soap import Soap
from sandbox.eboekhouden.view import View
from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.request_log import redact_body
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse
from sandbox.world import World

SOAP_PATH: Final = "/soap.asmx"
_SESSION: Final = "/v1/session"
_SOURCE: Final = re.compile(r"[\w_ ]{1,10}", re.ASCII)
_SECRETS: Final = re.compile(
    rb"(<(?:\w+:)?(SessionID|Username|SecurityCode1|SecurityCode2)>)[^<]*", re.IGNORECASE
)
GRANTED: Final = 200
_WAIT_SECONDS: Final = 30
_LONG_WAIT_SECONDS: Final = 3_600


class EboekhoudenSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything optional; a field left out stays as it is.

    ``limit_max``         rows a REST page may have; more is answered PAGE_001
    ``balances``          False: ``/v1/ledger/balances`` is not there
    ``opening``           ``listed``, ``by-id`` (404 in lists only) or ``hidden``
    ``newest_first``      True: lists come in falling order
    ``row_ledgers``       False: rows of invoice payments do not name their account
    ``linked``            administrations linked to the token's creator; -1: EP_002
    ``token``             ``good``, ``expired`` or ``foreign`` (of the other country)
    ``session_seconds``   life of REST sessions from now on
    ``due_category``      where shifted VAT is owed
    ``memorial_sign``     -1: a positive row of a memorial debits its account
    ``opening_sign``      -1: a positive row of the opening balance is a credit
    ``second_debtors``    True: every other customer is on a second account of debtors
    ``accountant``        False: SOAP knows one administration
    ``mutations_max``     what GetMutaties cuts its answers to
    ``empty_error``       True: SOAP answers carry an empty ErrorMsg when all is well
    ``quota``             calls of GetMutaties left this month
    ``blocked``           a security code (``SECURITY_005``) every REST data call is refused with
    """

    limit_max: int | None = None
    balances: bool | None = None
    opening: str | None = None
    newest_first: bool | None = None
    row_ledgers: bool | None = None
    linked: int | None = None
    token: str | None = None
    session_seconds: int | None = None
    due_category: str | None = None
    memorial_sign: int | None = None
    opening_sign: int | None = None
    second_debtors: bool | None = None
    accountant: bool | None = None
    mutations_max: int | None = None
    empty_error: bool | None = None
    quota: int | None = None
    blocked: str | None = None


class Eboekhouden(StandIn):
    """The stand-in for api.e-boekhouden.nl and soap.e-boekhouden.nl, on one host."""

    key: ClassVar[str] = "eboekhouden"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.views = [View(books, world.identities) for books in world.books.values()]
        self.sessions = Sessions(self.clock, Random(f"{world.seed}:eboekhouden"))
        self.rest = Rest()
        self.soap = Soap(self.sessions, self.views)
        self.standing = "good"
        self.blocked = ""

    def handle(self, request: WireRequest) -> WireResponse:
        if request.path == SOAP_PATH:
            return self.soap.answer(request) if request.method == "POST" else WireResponse(405)
        if request.path == _SESSION:
            return self._session(request)
        session = self.sessions.find(_bare(request))
        if session is None or session.company is None:
            return WireResponse(401)
        if self.blocked:
            return error(403, self.blocked, "Administration is not accessible.", "security")
        if request.method != "GET":
            return WireResponse(405)
        return self.rest.answer(request, self.views[session.company - 1], self.views)

    def _session(self, request: WireRequest) -> WireResponse:
        if request.method == "DELETE":
            self.sessions.close(_bare(request))
            return WireResponse(204)
        if request.method != "POST":
            return WireResponse(405)
        try:
            asked = request.json() or {}
        except ValueError:
            asked = {}
        token = str(asked.get("accessToken") or "")
        company = self._company_of(token)
        if company is None:
            return self._refused(str(asked.get("source") or ""), token)
        refusal = self._refused(str(asked.get("source") or ""), token, known=True)
        if refusal.status != GRANTED:
            return refusal
        opened = self.sessions.open(company, ends=True)
        return json_answer({"token": opened, "expiresIn": self.sessions.life})

    def _company_of(self, token: str) -> int | None:
        """The administration of a token; None for one nobody made, or that was taken away."""
        numbers = [view.books.company.number for view in self.views]
        known = (number for number in numbers if token_of(number) == token)
        return next(known, None) if self.sessions.valid else None

    def _refused(self, source: str, token: str, *, known: bool = False) -> WireResponse:
        """The first reason to refuse a session; an empty 200 when there is none."""
        reasons = (
            (not source, (400, "API_SESSION_001", "Source is missing.")),
            (
                not _SOURCE.fullmatch(source),
                (400, "API_SESSION_002", "Source does not match pattern."),
            ),
            (not token, (400, "API_SESSION_003", "Access token is missing or empty.")),
            (not known, (403, "SECURITY_999", "Failure in authentication.")),
            (self.standing == "expired", (400, "API_SESSION_004", "Access token has expired.")),
            (self.standing == "foreign", (403, "SECURITY_011", "Wrong country domain.")),
        )
        for holds, (status, code, title) in reasons:
            if holds:
                return error(status, code, title, "security" if status == 403 else "validation")
        return WireResponse(GRANTED)

    def administrations(self) -> list[Administration]:
        """Neither interface tells a state: all that are listed can be read."""
        return [
            Administration(view.guid, view.books.company.name, view.books, importable=True)
            for view in self.views
        ]

    # -- misbehaviour ------------------------------------------------------------------------------

    def fault_answer(self, fault: Fault) -> WireResponse:
        """No limit is documented; clients are prepared for 429 with seconds."""
        if fault.kind is FaultKind.TOO_MANY:
            return WireResponse(429, (("Retry-After", str(_WAIT_SECONDS)),))
        if fault.kind is FaultKind.DAILY_BUDGET:
            return WireResponse(429, (("Retry-After", str(_LONG_WAIT_SECONDS)),))
        return plain_answer(fault)

    def with_extra_fields(self, response: WireResponse) -> WireResponse:
        if b"<soap:Envelope" not in response.body:
            return super().with_extra_fields(response)
        body = re.sub(
            rb"</(cMutatieList|cMutatieListRegel|cRelatie|cGrootboekrekening|cSaldo)>",
            rb"<SandboxNovelty><nested>1</nested></SandboxNovelty></\1>",
            response.body,
        )
        return evolve(response, body=body)

    def loggable_body(self, request: WireRequest) -> str:
        if request.path == SOAP_PATH:
            return _SECRETS.sub(rb"\1***", request.body).decode("utf-8", "replace")
        return redact_body(request)

    # -- told from outside -------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        self.sessions.valid = False
        self.sessions.forget()

    def expire_tokens(self) -> None:
        self.sessions.forget()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """See ``EboekhoudenSettings``."""
        wanted = msgspec.convert(dict(settings), EboekhoudenSettings)
        targets: dict[object, tuple[str, ...]] = {
            self.rest: ("limit_max", "balances", "opening", "newest_first", "row_ledgers"),
            self.soap: ("accountant", "mutations_max", "empty_error", "quota"),
            self: ("blocked",),
        }
        for view in self.views:
            targets[view] = ("due_category", "memorial_sign", "opening_sign", "second_debtors")
        for target, names in targets.items():
            for name in names:
                value = getattr(wanted, name)
                if value is not None:
                    setattr(target, name, value)
        if wanted.linked is not None:
            self.rest.linked = wanted.linked if wanted.linked >= 0 else None
        if wanted.token is not None:
            self.standing = wanted.token
        if wanted.session_seconds is not None:
            self.sessions.life = wanted.session_seconds


def _bare(request: WireRequest) -> str:
    """The session token, with or without the word before it."""
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()

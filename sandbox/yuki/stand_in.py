"""Yuki as one stand-in: one portal key over two domains, all services on one host.

Settings:

=================  ==============================================================================
``daily_calls``    calls a day and domain; 0: they are not counted
``rows_max``       an answer with more ledger lines times out in the service
``contacts_page``  contacts on a page (at most 100)
``closed``         services the key has no right for
``fiscal``         True: the fiscal books hold a correction that the commercial ones do not
``alone``          True: a new session ends those before it
``negative``       True: what suppliers are owed is negative in the list of open items
``foreign_items``  True: open items are in the currency of their invoice
``nameless``       True: open items do not name their document
``items``          False: there are no lists of open items
``days_before``    so long before its posting an open item is dated
``prefix``         what texts of kinds begin with (``TRM``: not translated)
``digest_max``     changes on a page, whatever is asked
``digest_unpaged`` True: every page of changes is the first one
``reference``      False: no reference scheme is told
``hidden``         numbers of companies the key does not reach
=================  ==============================================================================
"""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import ClassVar

import msgspec
from attrs import evolve

from sandbox.faults import Fault as Misbehaviour
from sandbox.faults import FaultKind, plain_answer
from sandbox.generator import FIRST_DAY
from sandbox.request_log import redact_body
from sandbox.stand_in import Administration, StandIn
from sandbox.wire import WireRequest, WireResponse
from sandbox.world import World
from sandbox.yuki import reports
from sandbox.yuki.administration import SHOWN, Ledger
from sandbox.yuki.markup import Call, Fault, called, element, fault_response, result
from sandbox.yuki.sessions import Sessions, too_many

SERVICES = frozenset(
    {"Accounting", "AccountingInfo", "ChangeDigest", "Contact", "Vat", "Archive", "Domains"}
)
_NOVEL = (b"TransactionInfo", b"GlAccount", b"GLAccount", b"Contact", b"VATCode", b"Item")
_SECRETS = re.compile(rb"(<(?:accessKey|sessionID)>)[^<]*")


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    daily_calls: int | None = None
    rows_max: int | None = None
    contacts_page: int | None = None
    closed: list[str] | None = None
    fiscal: bool | None = None
    alone: bool | None = None
    negative: bool | None = None
    foreign_items: bool | None = None
    nameless: bool | None = None
    items: bool | None = None
    days_before: int | None = None
    prefix: str | None = None
    digest_max: int | None = None
    digest_unpaged: bool | None = None
    reference: bool | None = None
    hidden: list[int] | None = None


class Yuki(StandIn):
    """Where a count of calls belongs to no domain, it is the first one's (assumed)."""

    key: ClassVar[str] = "yuki"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.sessions = Sessions(self.clock, Random(f"{world.seed}:yuki"))
        self.ledgers = {
            ledger.key: ledger
            for ledger in (Ledger(books, world.identities) for books in world.books.values())
            if ledger.company.trait in SHOWN
        }
        self.settings = Settings(contacts_page=reports.CONTACTS_PER_PAGE, closed=[], prefix="")
        self._operations: dict[tuple[str, str], Callable[[Call], str]] = {
            ("AccountingInfo", "GetGLAccountScheme"): self._of(reports.scheme),
            ("AccountingInfo", "GetRGSScheme"): self._reference_scheme,
            ("AccountingInfo", "GetPeriodDateTable"): self._period_table,
            ("AccountingInfo", "GetTransactionDetails"): self._details,
            ("Accounting", "GLAccountBalance"): self._balances,
            ("Accounting", "GLAccountBalanceFiscal"): self._balances,
            ("Accounting", "OutstandingDebtorItems"): self._open_items,
            ("Accounting", "OutstandingCreditorItems"): self._open_items,
            ("Contact", "SearchContacts"): self._contacts,
            ("Contact", "GetSuppliersAndCustomers"): self._contacts,
            ("Vat", "ActiveVATCodesList"): self._of(reports.vat_codes),
            ("ChangeDigest", "GetUpdatedAndDeletedTransactions"): self._digest,
        }

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        service = request.path.removeprefix("/ws/").removesuffix(".asmx")
        if request.path != f"/ws/{service}.asmx" or service not in SERVICES:
            return WireResponse(404)
        if request.method != "POST":
            return WireResponse(200, (("Content-Type", "text/html"),), b"<html>Yuki</html>")
        try:
            return self._served(called(request))
        except Fault as fault:
            return fault_response(fault)
        except reports.TooMuch:
            return fault_response(Fault("Timeout expired."))

    def _served(self, call: Call) -> WireResponse:
        if call.operation == "Authenticate":
            self.sessions.count(self._domain_of(call))
            session_id = self.sessions.authenticate(call.text("accessKey"))
            return result(call.operation, session_id)
        session = self.sessions.of(call.text("sessionID"))
        self.sessions.count(self._domain_of(call))
        if call.operation == "SetCurrentDomain":
            if call.text("domainID") not in self._domains():
                raise Fault("Domain not found")
            session.domain = call.text("domainID")
            return result(call.operation, None)
        if call.operation in {"Domains", "Administrations"}:
            listed = self._listed_domains if call.operation == "Domains" else self._listed
            return result(call.operation, listed())
        operation = self._operations.get((call.service, call.operation))
        if operation is None:
            raise Fault("Server did not recognize the value of HTTP Header SOAPAction", client=True)
        if call.service in (self.settings.closed or []):
            raise Fault(f"The access key has no rights for the web service {call.service}.")
        if call.service == "Contact" and session.domain != call.text("domainID"):
            return result(call.operation, reports.wrapped("Contacts", ""))
        return result(call.operation, operation(call))

    def _reached(self) -> list[Ledger]:
        hidden = self.settings.hidden or []
        return [one for one in self.ledgers.values() if one.company.number not in hidden]

    def _domains(self) -> dict[str, str]:
        """By id the name of its first company."""
        found: dict[str, str] = {}
        for ledger in self._reached():
            found.setdefault(ledger.domain_id, ledger.company.name)
        return found

    def _domain_of(self, call: Call) -> str:
        ledger = self.ledgers.get(call.text("administrationID"))
        first = next(iter(self._domains()), "")
        return ledger.domain_id if ledger else call.text("domainID") or first

    def _entered(self, call: Call) -> Ledger | None:
        """None for an id that is no administration: the answer is empty then."""
        found = self.ledgers.get(call.text("administrationID"))
        return found if found in self._reached() else None

    # -- operations --------------------------------------------------------------------------------

    def _of(self, report: Callable[[Ledger], str]) -> Callable[[Call], str]:
        def answer(call: Call) -> str:
            ledger = self._entered(call)
            return "" if ledger is None else report(ledger)

        return answer

    def _listed_domains(self) -> str:
        rows = "".join(
            f'<Domain ID="{key}">{element("Name", name)}'
            f"{element('URL', f'https://domein{place}.yukiworks.nl')}</Domain>"
            for place, (key, name) in enumerate(self._domains().items())
        )
        return reports.wrapped("Domains", rows)

    def _listed(self) -> str:
        rows = "".join(
            f'<Administration ID="{one.key}">{element("Name", one.company.name)}'
            f"{element('AddressLine')}{element('Postcode')}{element('City', one.company.city)}"
            f"{element('Country', one.company.country)}"
            f"{element('CoCNumber', one.company.registration)}"
            f"{element('VATNumber', one.company.vat_number)}"
            f"{element('StartDate', FIRST_DAY)}{element('DomainID', one.domain_id)}"
            f"{element('Active', str(one.active).lower())}</Administration>"
            for one in self._reached()
        )
        return reports.wrapped("Administrations", rows)

    def _reference_scheme(self, call: Call) -> str:
        ledger = self._entered(call)
        if self.settings.reference is False:
            raise Fault("Object reference not set to an instance of an object.")
        return "" if ledger is None else reports.reference_scheme(ledger)

    def _period_table(self, call: Call) -> str:
        ledger, year_id = self._entered(call), call.number("yearID")
        return "" if ledger is None else reports.period_table(ledger, year_id)

    def _balances(self, call: Call) -> str:
        ledger, day = self._entered(call), call.moment("transactionDate").date()
        is_fiscal = call.operation == "GLAccountBalanceFiscal"
        return "" if ledger is None else reports.balances(ledger, day, fiscal=is_fiscal)

    def _open_items(self, call: Call) -> str:
        ledger = self._entered(call)
        if self.settings.items is False:
            raise Fault("Object reference not set to an instance of an object.")
        style = reports.ItemStyle(
            prefix=self.settings.prefix or "",
            negative=bool(self.settings.negative),
            foreign=bool(self.settings.foreign_items),
            nameless=bool(self.settings.nameless),
            days_before=self.settings.days_before or 0,
        )
        return "" if ledger is None else reports.open_items(ledger, call, style)

    def _details(self, call: Call) -> str:
        ledger = self._entered(call)
        if ledger is None:
            return ""
        return reports.details(ledger, call, self.settings.rows_max, self.settings.prefix or "")

    def _contacts(self, call: Call) -> str:
        ledgers = [one for one in self._reached() if one.domain_id == call.text("domainID")]
        per_page = self.settings.contacts_page or reports.CONTACTS_PER_PAGE
        return reports.contacts(ledgers, call, per_page)

    def _digest(self, call: Call) -> str:
        ledger = self._entered(call)
        if ledger is None:
            return ""
        unpaged = bool(self.settings.digest_unpaged)
        return reports.digest(ledger, call, self.settings.digest_max, unpaged=unpaged)

    # -- told from outside -------------------------------------------------------------------------

    def administrations(self) -> list[Administration]:
        return [
            Administration(one.key, one.company.name, one.books, importable=one.active)
            for one in self._reached()
        ]

    def revoke_tokens(self) -> None:
        self.sessions.revoke()

    def expire_tokens(self) -> None:
        self.sessions.expire()

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        wanted = msgspec.convert(dict(settings), Settings)
        told = msgspec.structs.asdict(wanted)
        known = msgspec.structs.asdict(self.settings)
        merged = known | {name: value for name, value in told.items() if value is not None}
        self.settings = Settings(**merged)
        if wanted.daily_calls is not None:
            self.sessions.calls_a_day = wanted.daily_calls or None
        if wanted.alone is not None:
            self.sessions.alone = wanted.alone
        if wanted.fiscal is not None:
            for ledger in self.ledgers.values():
                ledger.fiscal = wanted.fiscal

    def fault_answer(self, fault: Misbehaviour) -> WireResponse:
        if fault.kind is FaultKind.DAILY_BUDGET:
            return fault_response(too_many())
        return plain_answer(fault)

    def with_extra_fields(self, response: WireResponse) -> WireResponse:
        """Elements and attributes nobody asked for."""
        body = response.body
        for name in _NOVEL:
            end = b"</" + name + b">"
            body = body.replace(end, b"<sandboxNovelty><id>x</id></sandboxNovelty>" + end)
        return evolve(response, body=body.replace(b"<Contact ID=", b'<Contact sandbox="x" ID='))

    def loggable_body(self, request: WireRequest) -> str:
        """SOAP bodies as they are, without key and session."""
        if request.path.startswith("/ws/"):
            return _SECRETS.sub(rb"\1***", request.body).decode("utf-8", "replace")
        return redact_body(request)

"""The SOAP service: operations by their body, answers with HTTP 200 whatever they say."""

from collections.abc import Callable
from datetime import date
from html import escape
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sandbox.eboekhouden.sessions import (
    SANDBOX_CODE_1,
    SANDBOX_CODE_2,
    SANDBOX_USER,
    Session,
    Sessions,
)
from sandbox.eboekhouden.view import Mutation, Row, View
from sandbox.records import Contact
from sandbox.wire import WireRequest, WireResponse

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
NAMESPACE: Final = "http://www.e-boekhouden.nl/soap"
MUTATIONS_MAX: Final = 500
MAIN_COMPANY: Final = 1

KINDS: Final = (
    "OpeningsSaldo",
    "FactuurOntvangen",
    "FactuurVerstuurd",
    "FactuurbetalingOntvangen",
    "FactuurbetalingVerstuurd",
    "GeldOntvangen",
    "GeldUitgegeven",
    "Memoriaal",
)


class SoapError(Exception):
    """``ErrorMsg`` of an answer."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def tag(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


def text(name: str, value: object) -> str:
    return tag(name, escape(str(value), quote=False))


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}00"


def moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def document(body: str, status: int = 200) -> WireResponse:
    told = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body>{body}</soap:Body></soap:Envelope>'
    )
    return WireResponse(status, (("Content-Type", "text/xml; charset=utf-8"),), told.encode())


class Soap:
    """``accountant``: other administrations can be listed and opened. ``mutations_max``: what a
    list is cut to, newest kept, without a word. ``quota``: calls of GetMutaties left, None: many.
    """

    def __init__(self, sessions: Sessions, views: list[View]) -> None:
        self.sessions = sessions
        self.views = views
        self.accountant = True
        self.mutations_max = MUTATIONS_MAX
        self.empty_error = False
        self.quota: int | None = None
        self._operations: dict[str, Callable[[View, Element], str]] = {
            "GetGrootboekrekeningen": self._accounts,
            "GetRelaties": self._relations,
            "GetMutaties": self._mutations,
            "GetSaldi": self._balances,
            "GetSaldo": self._balance,
            "GetOpenPosten": self._open_items,
            "GetKostenplaatsen": lambda _view, _asked: "",
        }

    def answer(self, request: WireRequest) -> WireResponse:
        try:
            body = fromstring(request.body).find(f"{{{ENVELOPE}}}Body/*")
        except (ParseError, DefusedXmlException):
            body = None
        if body is None or not body.tag.startswith(f"{{{NAMESPACE}}}"):
            return self._fault("soap:Client", "Server was unable to read request.")
        name = body.tag.rpartition("}")[2]
        action = request.headers.get("soapaction", "").strip('"')
        if action != f"{NAMESPACE}/{name}":
            return self._fault("soap:Client", f"Server did not recognize SOAPAction: {action}.")
        if name == "CloseSession":
            self.sessions.close(_text(body, "SessionID").strip("{}"))
            return document(f'<CloseSessionResponse xmlns="{NAMESPACE}" />')
        try:
            inside = self._told(name, body)
            if self.empty_error:
                inside = (
                    tag(
                        "ErrorMsg", "<LastErrorCode /><LastErrorDescription></LastErrorDescription>"
                    )
                    + inside
                )
        except SoapError as refused:
            inside = tag(
                "ErrorMsg",
                text("LastErrorCode", refused.code),
                text("LastErrorDescription", refused.text),
            )
            if name == "GetSaldo":
                inside += text("Saldo", 0)
        told = f'<{name}Response xmlns="{NAMESPACE}">{tag(f"{name}Result", inside)}'
        return document(f"{told}</{name}Response>")

    @staticmethod
    def _fault(code: str, said: str) -> WireResponse:
        inside = text("faultcode", code) + text("faultstring", said) + "<detail />"
        return document(tag("soap:Fault", inside), 500)

    # -- sessions ----------------------------------------------------------------------------------

    def _told(self, name: str, body: Element) -> str:
        if name in {"OpenSession", "OpenSessionSub"}:
            return self._open(name, body)
        session = self._session(body)
        if name == "GetAdministraties":
            return self._administrations()
        if name not in self._operations:
            raise SoapError("E0001", f"Onbekende functie {name}")
        company = session.company or MAIN_COMPANY
        return self._operations[name](self.views[company - 1], body)

    def _open(self, name: str, body: Element) -> str:
        wanted = (SANDBOX_USER, SANDBOX_CODE_1, SANDBOX_CODE_2)
        given = tuple(_text(body, key) for key in ("Username", "SecurityCode1", "SecurityCode2"))
        if given != wanted or not self.sessions.valid:
            raise SoapError("E0011", "Gebruikersnaam of beveiligingscode onjuist")
        company: int | None = MAIN_COMPANY
        if name == "OpenSessionSub":
            guid = _text(body, "AdministratieGUID")
            numbers = [place for place, view in enumerate(self.views, 1) if view.guid == guid]
            if not numbers or not self.accountant:
                raise SoapError("E0012", "Onbekende administratie")
            company = numbers[0]
        token = self.sessions.open(company, ends=False)
        return text("SessionID", f"{{{token}}}")

    def _session(self, body: Element) -> Session:
        session = self.sessions.find(_text(body, "SessionID").strip("{}"))
        if session is None:
            raise SoapError("E0023", "Sessie is verlopen")
        if _text(body, "SecurityCode2") != SANDBOX_CODE_2:
            raise SoapError("E0011", "Gebruikersnaam of beveiligingscode onjuist")
        return session

    # -- reading -----------------------------------------------------------------------------------

    def _administrations(self) -> str:
        if not self.accountant:
            return ""
        rows = [
            tag(
                "cAdministratie",
                text("Bedrijf", view.books.company.name),
                text("Plaats", view.books.company.city),
                text("Guid", view.guid),
                text("StartBoekjaar", f"{view.books.company.fiscal_start_month}"),
            )
            for view in self.views
        ]
        return tag("Administraties", *rows)

    def _accounts(self, view: View, body: Element) -> str:
        _need(body, "ID")
        wanted = _text(body, "Categorie")
        rows = [
            tag(
                "cGrootboekrekening",
                text("ID", ledger.id),
                text("Code", ledger.code),
                text("Omschrijving", ledger.name),
                text("Categorie", ledger.category),
                "<Groep />",
            )
            for ledger in view.ledgers()
            if not wanted or ledger.category == wanted
        ]
        return tag("Rekeningen", *rows) if rows else ""

    def _relations(self, view: View, body: Element) -> str:
        _need(body, "ID")
        rows = [_relation(view, contact) for contact in view.books.contacts]
        return tag("Relaties", *rows) if rows else ""

    def _mutations(self, view: View, body: Element) -> str:
        """The newest that match, cut without a word; both dates must be given."""
        if self.quota is not None:
            self.quota -= 1
            if self.quota < 0:
                raise SoapError("E0099", "Maximum aantal aanroepen per maand bereikt")
        _need(body, "MutatieNr")
        first, last = _day(body, "DatumVan"), _day(body, "DatumTm")
        number = int(_text(body, "MutatieNr"))
        low = int(_text(body, "MutatieNrVan") or 0)
        high = _text(body, "MutatieNrTm")
        found = [
            mutation
            for mutation in view.mutations().values()
            if first <= mutation.entry.date <= last
            and number in {0, mutation.id}
            and low <= mutation.id
            and (not high or mutation.id <= int(high))
        ]
        found.sort(key=lambda mutation: mutation.id)
        rows = [_mutation(mutation) for mutation in found[-self.mutations_max :]]
        return tag("Mutaties", *rows) if rows else ""

    def _balances(self, view: View, body: Element) -> str:
        wanted = _text(body, "Categorie")
        moved = view.movements(_day(body, "DatumVan", date.min), _day(body, "DatumTot", date.max))
        rows = [
            tag(
                "cSaldo",
                text("ID", ledger.id),
                text("Code", ledger.code),
                text("Categorie", ledger.category),
                text("Saldo", moved.get(ledger.id, 0) / 100),
            )
            for ledger in view.ledgers()
            if not wanted or ledger.category == wanted
        ]
        return tag("Saldi", *rows) if rows else ""

    def _balance(self, view: View, body: Element) -> str:
        moved = view.movements(_day(body, "DatumVan", date.min), _day(body, "DatumTot", date.max))
        code = _text(body, "GbCode")
        cents = sum(moved.get(one.id, 0) for one in view.ledgers() if one.code == code)
        return text("Saldo", cents / 100)

    def _open_items(self, view: View, body: Element) -> str:
        kind = {"Debiteuren": 2, "Crediteuren": 1}[_text(body, "OpSoort")]
        rows = [
            _open_item(mutation)
            for mutation in view.mutations().values()
            if mutation.type == kind and mutation.entry.open_cents
        ]
        return tag("Openposten", *rows) if rows else ""


def _text(body: Element, name: str) -> str:
    found = body.find(f".//{{{NAMESPACE}}}{name}")
    return "" if found is None else (found.text or "").strip()


def _need(body: Element, name: str) -> None:
    if not _text(body, name):
        raise SoapError("E0002", f"{name} ontbreekt")


def _day(body: Element, name: str, default: date | None = None) -> date:
    told = _text(body, name)
    if not told:
        if default is None:
            raise SoapError("E0003", f"{name} ontbreekt")
        return default
    return date.fromisoformat(told[:10])


def _relation(view: View, contact: Contact) -> str:
    return tag(
        "cRelatie",
        text("ID", view.relation_id(contact)),
        text("AddDatum", "2024-12-02T00:00:00"),
        text("Code", contact.number),
        text("Bedrijf", contact.name),
        text("Adres", contact.street),
        text("Postcode", contact.postcode),
        text("Plaats", contact.city),
        text("Land", contact.country),
        text("Email", contact.email),
        text("BTWNummer", contact.vat_number or ""),
        text("BP", "B"),
        text("LA", 0),
        text("Gb_ID", 0),
        text("GeenEmail", 0),
        text("NieuwsbriefgroepenCount", 0),
    )


def _mutation(mutation: Mutation) -> str:
    entry = mutation.entry
    term = (entry.due - entry.date).days if entry.due else ""
    rows = [_row(mutation, row) for row in mutation.rows]
    return tag(
        "cMutatieList",
        text("MutatieNr", mutation.id),
        text("Soort", KINDS[mutation.type]),
        text("Datum", moment(entry.date)),
        text("Rekening", mutation.main.code if mutation.main else ""),
        text("RelatieCode", entry.contact.number if entry.contact else ""),
        text("Factuurnummer", mutation.invoice_number),
        text("Boekstuk", entry.number),
        text("Omschrijving", entry.description),
        text("Betalingstermijn", term),
        text("InExBTW", "IN" if mutation.including else "EX"),
        tag("MutatieRegels", *rows) if rows else "",
    )


def _row(mutation: Mutation, row: Row) -> str:
    gross = row.net + row.vat
    if "VERL" in row.vat_code:  # the supplier is owed the net amount
        gross = row.net
    return tag(
        "cMutatieListRegel",
        text("BedragInvoer", money(gross if mutation.including else row.net)),
        text("BedragExclBTW", money(row.net)),
        text("BedragBTW", money(row.vat)),
        text("BedragInclBTW", money(gross)),
        text("BTWCode", row.vat_code),
        text("BTWPercentage", money(row.percentage)),
        text("Factuurnummer", row.invoice_number or ""),
        text("TegenrekeningCode", row.ledger.code),
        text("KostenplaatsID", 0),
    )


def _open_item(mutation: Mutation) -> str:
    contact = mutation.entry.contact
    unpaid = abs(mutation.entry.open_cents)
    return tag(
        "cOpenPost",
        text("MutDatum", moment(mutation.entry.date)),
        text("MutFactuur", mutation.invoice_number),
        text("RelCode", contact.number if contact else ""),
        text("RelBedrijf", contact.name if contact else ""),
        text("Bedrag", mutation.total / 100),
        text("Voldaan", (mutation.total - unpaid) / 100),
        text("Openstaand", unpaid / 100),
    )

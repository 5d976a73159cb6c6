"""REST v1: what each resource answers. Empty properties are left out, as the service does."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final
from urllib.parse import parse_qs

import msgspec

from sandbox.eboekhouden.filters import BadFilter, asked
from sandbox.eboekhouden.view import Ledger, Mutation, Row, View
from sandbox.records import Contact
from sandbox.wire import WireRequest, WireResponse

Json = dict[str, object]

_BY_ID: Final = re.compile(r"/v1/(?P<what>ledger|mutation|relation)/(?P<id>\d+)")
_BALANCE: Final = re.compile(r"/v1/ledger/(?P<id>\d+)/balance")
_MISSING: Final = {
    "ledger": ("LEDG_011", "Ledger not found."),
    "mutation": ("MUT_300", "Mutation not found."),
    "relation": ("REL_055", "Relation not found."),
}


class Money(msgspec.Struct):
    """Cents as a JSON number with the digits a double of this amount is printed with."""

    cents: int


def json_answer(value: object, status: int = 200) -> WireResponse:
    body = msgspec.json.encode(_raw(value))
    return WireResponse(status, (("Content-Type", "application/json; charset=utf-8"),), body)


def _raw(value: object) -> object:
    if isinstance(value, Money):
        return msgspec.Raw(repr(value.cents / 100).encode())
    if isinstance(value, Mapping):
        return {key: _raw(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_raw(item) for item in value]
    return value


def error(status: int, code: str, title: str, kind: str = "validation") -> WireResponse:
    told: Json = {"type": kind, "code": code, "title": title, "status": status, "traceId": "00-5a"}
    if kind == "security":
        told["securityType"] = 0
    else:
        told["errors"] = [title]
    return json_answer(told, status)


class Rest:
    """``limit_max``: rows a page may have. ``balances``: whether all come in one call.
    ``opening``: ``listed``, ``by-id`` or ``hidden``. ``newest_first``: the order of lists.
    ``linked``: administrations linked to the token's creator; None: an error instead.
    """

    def __init__(self) -> None:
        self.limit_max = 2_000
        self.balances = True
        self.opening = "listed"
        self.newest_first = False
        self.row_ledgers = True
        self.linked: int | None = 1

    def answer(self, request: WireRequest, view: View, others: list[View]) -> WireResponse:
        try:
            return self._answer(request, view, others)
        except BadFilter as refused:
            return error(400, refused.code, refused.title)
        except ValueError:
            return error(400, "ERR_002", "Invalid value.")

    def _answer(self, request: WireRequest, view: View, others: list[View]) -> WireResponse:
        fixed: dict[str, Callable[[], WireResponse]] = {
            "/v1/administration": _for_accountants,
            "/v1/administration/linked": lambda: self._linked(view, others),
            "/v1/ledger": lambda: self._page(request, _ledgers(view)),
            "/v1/ledger/balances": lambda: self._balances(request, view),
            "/v1/mutation": lambda: self._page(request, self._mutations(view)),
            "/v1/mutation/invoice/outstanding": lambda: _outstanding(request, view),
            "/v1/relation": lambda: self._page(request, _relations(view)),
        }
        if request.path in fixed:
            return fixed[request.path]()
        one = _BALANCE.fullmatch(request.path)
        if one is not None:
            return _balance(request, view, int(one["id"]))
        one = _BY_ID.fullmatch(request.path)
        return WireResponse(404) if one is None else self._one(view, one["what"], int(one["id"]))

    def _page(self, request: WireRequest, rows: Iterable[tuple[Json, Json]]) -> WireResponse:
        """``count`` is that of this answer, not of all there are."""
        wanted = asked(request.query_string, self.limit_max)
        kept = [shown for shown, filtered in rows if wanted.keeps(filtered)]
        if self.newest_first:
            kept.reverse()
        items = kept[wanted.offset : wanted.offset + wanted.limit]
        return json_answer({"items": items, "count": len(items)})

    def _linked(self, view: View, others: list[View]) -> WireResponse:
        if self.linked is None:
            return error(403, "EP_002", "Not for accountants.", "security")
        shown = [view, *[other for other in others if other is not view]][: self.linked]
        items = [{"guid": one.guid, "company": one.books.company.name} for one in shown]
        return json_answer({"items": items, "count": len(items)})

    def _mutations(self, view: View) -> Iterable[tuple[Json, Json]]:
        for mutation in view.mutations().values():
            if mutation.id or self.opening == "listed":
                head = _head(mutation)
                filtered = dict(head)
                filtered["invoiceNumber"] = mutation.invoice_number
                yield head, filtered

    def _one(self, view: View, what: str, number: int) -> WireResponse:
        if what == "mutation":
            mutation = view.mutations().get(number)
            if mutation is not None and (number or self.opening != "hidden"):
                return json_answer(self._detail(view, mutation))
        elif what == "relation":
            for contact in view.books.contacts:
                if view.relation_id(contact) == number:
                    return json_answer(_relation(view, contact))
        else:
            for ledger in view.ledgers():
                if ledger.id == number:
                    return json_answer(_ledger(ledger))
        return error(404, *_MISSING[what])

    def _detail(self, view: View, mutation: Mutation) -> Json:
        entry = mutation.entry
        term = (entry.due - entry.date).days if entry.due else None
        relation = entry.contact and view.relation_id(entry.contact)
        return {
            "id": mutation.id,
            "type": mutation.type,
            "date": entry.date.isoformat(),
            "description": entry.description or None,
            "termOfPayment": term,
            "ledgerId": mutation.main and mutation.main.id,
            "relationId": relation,
            "inExVat": "IN" if mutation.including else "EX",
            "invoiceNumber": mutation.invoice_number or None,
            "entryNumber": str(entry.number),
            "rows": [self._row(view, mutation, row) for row in mutation.rows],
            "vat": [{"vatCode": code, "amount": Money(cents)} for code, cents in mutation.vat],
        }

    def _row(self, view: View, mutation: Mutation, row: Row) -> Json:
        is_payment = row.relation is not None
        return {
            "ledgerId": None if is_payment and not self.row_ledgers else row.ledger.id,
            "vatCode": row.vat_code,
            "vatAmount": Money(row.vat) if mutation.per_row else None,
            "amount": Money(row.net + (row.vat if mutation.including else 0)),
            "description": None,
            "invoiceNumber": row.invoice_number,
            "relationId": view.relation_id(row.relation) if row.relation else None,
        }

    def _balances(self, request: WireRequest, view: View) -> WireResponse:
        """Said by two clients to exist, and absent from the description of January 2026."""
        if not self.balances:
            return WireResponse(404)
        moved = view.movements(*_days(request))
        items = [_told(ledger, moved.get(ledger.id, 0)) for ledger in view.ledgers()]
        return json_answer({"items": items, "count": len(items)})


def _for_accountants() -> WireResponse:
    return error(403, "EP_001", "Only for accountants.", "security")


def _head(mutation: Mutation) -> Json:
    return {
        "id": mutation.id,
        "type": mutation.type,
        "date": mutation.entry.date.isoformat(),
        "invoiceNumber": mutation.invoice_number or None,
        "ledgerId": mutation.main and mutation.main.id,
        "amount": Money(mutation.total),
        "entryNumber": str(mutation.entry.number),
    }


def _ledgers(view: View) -> Iterable[tuple[Json, Json]]:
    for ledger in view.ledgers():
        row = _ledger(ledger)
        yield row, row


def _ledger(ledger: Ledger) -> Json:
    return {
        "id": ledger.id,
        "code": ledger.code,
        "description": ledger.name,
        "category": ledger.category,
    }


def _relations(view: View) -> Iterable[tuple[Json, Json]]:
    """Lists tell three fields only, whatever can be filtered."""
    for contact in view.books.contacts:
        row: Json = {
            "id": view.relation_id(contact),
            "type": "B",
            "code": str(contact.number),
        }
        yield row, {**row, "name": contact.name, "email": contact.email, "city": contact.city}


def _relation(view: View, contact: Contact) -> Json:
    return {
        "id": view.relation_id(contact),
        "type": "B",
        "code": str(contact.number),
        "name": contact.name,
        "address": contact.street,
        "postalCode": contact.postcode or None,
        "city": contact.city,
        "country": contact.country,
        "emailAddress": contact.email,
        "vatNumber": contact.vat_number,
        "inactive": False,
    }


def _told(ledger: Ledger, cents: int) -> Json:
    return {"code": ledger.code, "type": ledger.category, "balance": Money(cents)}


def _days(request: WireRequest) -> tuple[date | None, date]:
    query = {key: values[-1] for key, values in parse_qs(request.query_string).items()}
    first = date.fromisoformat(query["from"]) if "from" in query else None
    return first, date.fromisoformat(query.get("to", "9999-12-31"))


def _balance(request: WireRequest, view: View, number: int) -> WireResponse:
    for ledger in view.ledgers():
        if ledger.id == number:
            moved = view.movements(*_days(request))
            return json_answer(_told(ledger, moved.get(number, 0)))
    return error(404, *_MISSING["ledger"])


def _outstanding(request: WireRequest, view: View) -> WireResponse:
    side = request.query.get("credDeb")
    if side not in {"C", "D"}:
        return error(400, "MUTA_007", "Credit/Debit must be 'C' or 'D'.")
    items: list[Json] = []
    for mutation in view.mutations().values():
        entry = mutation.entry
        if mutation.type != (1 if side == "C" else 2) or not entry.open_cents:
            continue
        contact = entry.contact
        unpaid = abs(entry.open_cents)
        items.append(
            {
                "date": entry.date.isoformat(),
                "mutationId": mutation.id,
                "invoiceNumber": mutation.invoice_number,
                "relationId": contact and view.relation_id(contact),
                "relationCode": contact and str(contact.number),
                "company": contact and contact.name,
                "totalAmount": Money(mutation.total),
                "paidAmount": Money(mutation.total - unpaid),
                "outstandingAmount": Money(unpaid),
            }
        )
    wanted = asked(request.query_string, 2_000)
    shown = items[wanted.offset : wanted.offset + wanted.limit]
    return json_answer({"items": shown, "count": len(shown)})

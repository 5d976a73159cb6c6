"""The invoices an import must arrive at: from the stand-in's books, not from its answers."""

from core.domain.books import Invoice, InvoiceDirection
from core.domain.money import parse_e4
from sandbox.records import Entry, JournalKind
from sandbox.server import Sandbox
from sandbox.truth import decimal_text
from sandbox.twinfield import Twinfield as StandIn
from sandbox.twinfield.office import DAYBOOKS, Office

KEY = "twinfield"


def office_of(sandbox: Sandbox, key: str) -> Office:
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    return next(one for one in stand_in.offices.values() if one.key == key)


def invoices_of(sandbox: Sandbox, key: str) -> dict[str, Invoice]:
    office = office_of(sandbox, key)
    told = (
        invoice_of(office, entry) for entry in office.entries() if entry.invoice_number is not None
    )
    return {invoice.key: invoice for invoice in told}


def invoice_of(office: Office, entry: Entry) -> Invoice:
    is_sale = entry.journal.kind is JournalKind.SALES
    sign = 1 if is_sale else -1
    number = office.number(entry)
    entry_key = f"{DAYBOOKS[entry.journal.kind]}/{number}"
    assert entry.contact is not None
    return Invoice(
        key=f"{entry_key}/1",
        direction=InvoiceDirection.SALES if is_sale else InvoiceDirection.PURCHASE,
        number=str(entry.invoice_number) if is_sale else number,
        contact_key=f"{'DEB' if is_sale else 'CRD'} {entry.contact.number}",
        date=entry.date,
        due_date=entry.due,
        currency=entry.currency,
        total_e4=sign * parse_e4(decimal_text(entry.lines[0].cents)),
        open_e4=sign * parse_e4(decimal_text(entry.open_cents)),
        reference=None if is_sale else entry.reference,
        entry_key=entry_key,
    )

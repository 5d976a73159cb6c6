"""The invoices an import must arrive at: from the stand-in's books, not from its answers."""

from core.domain.books import Invoice, InvoiceDirection
from core.domain.money import parse_e4
from sandbox.identity import Kind
from sandbox.records import Entry, JournalKind
from sandbox.server import Sandbox
from sandbox.truth import decimal_text
from sandbox.yuki import Yuki as StandIn
from sandbox.yuki.administration import Ledger as Presented

KEY = "yuki"


def presented(sandbox: Sandbox, key: str) -> Presented:
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    return stand_in.ledgers[key]


def invoices_of(sandbox: Sandbox, key: str) -> dict[str, Invoice]:
    ledger = presented(sandbox, key)
    told = (
        invoice_of(ledger, entry)
        for entry in ledger.books.live_entries()
        if entry.invoice_number is not None
    )
    return {invoice.key: invoice for invoice in told}


def invoice_of(ledger: Presented, entry: Entry) -> Invoice:
    """When it is due Yuki tells only while something is open."""
    is_sale = entry.journal.kind is JournalKind.SALES
    sign = 1 if is_sale else -1
    key = f"{ledger.guid(Kind.ENTRY, entry.serial)}/{entry.date}"
    assert entry.contact is not None
    return Invoice(
        key=key,
        direction=InvoiceDirection.SALES if is_sale else InvoiceDirection.PURCHASE,
        number=entry.reference or str(entry.invoice_number),
        contact_key=ledger.contact_id(entry.contact),
        date=entry.date,
        due_date=entry.due if entry.open_cents else None,
        currency=entry.currency,
        total_e4=sign * parse_e4(decimal_text(entry.lines[0].cents)),
        open_e4=sign * parse_e4(decimal_text(entry.open_cents)),
        entry_key=key,
    )
